//! The processor, as /proc/cpuinfo has its first one (x86; other machines say less).

use std::fs;

/// A value by the end of its attribute's name.
pub(crate) fn value(name: &str) -> Option<String> {
    first(&fs::read_to_string("/proc/cpuinfo").ok()?, name)
}

/// The size of the cache in KB.
pub(crate) fn cache() -> Option<i64> {
    cache_of(&fs::read_to_string("/proc/cpuinfo").ok()?)
}

fn first(info: &str, name: &str) -> Option<String> {
    let key = match name {
        "vendor.id" => "vendor_id",
        "family" => "cpu family",
        "model.id" => "model",
        "model.name" => "model name",
        "stepping" => "stepping",
        _ => return None,
    };
    line(info, key).map(str::to_owned)
}

fn cache_of(info: &str) -> Option<i64> {
    line(info, "cache size")?.strip_suffix(" KB")?.parse().ok()
}

fn line<'a>(info: &'a str, key: &str) -> Option<&'a str> {
    let pairs = info.lines().filter_map(|line| line.split_once(':'));
    let mut values = pairs.filter(|(name, _)| name.trim() == key).map(|(_, value)| value.trim());
    values.next().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_processor_counts() {
        let info = "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n\
                    model name\t: Some CPU @ 2.50GHz\nstepping\t: 7\ncache size\t: 36608 KB\n\n\
                    processor\t: 1\nvendor_id\t: Other\n";
        let names = ["vendor.id", "family", "model.id", "model.name", "stepping"];
        let values = names.map(|name| first(info, name).unwrap());
        assert_eq!(values, ["GenuineIntel", "6", "85", "Some CPU @ 2.50GHz", "7"]);
        assert_eq!(cache_of(info), Some(36608));
        assert_eq!((first("", "family"), cache_of("cache size: many")), (None, None));
    }
}
