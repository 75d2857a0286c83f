//! What the operating system says of this host: the collector's `system` detector
//! (resourcedetectionprocessor, internal/system there). Names and kinds of attributes
//! are its own and those of the semantic conventions.

mod cpu;
mod interfaces;
mod name;
mod os;

use skidway_model::{Attribute, Kind};

pub use name::{HostnameSource, host_name};
pub use os::{instance_id, machine_id};

/// What this crate can say.
pub const ATTRIBUTES: [&str; 13] = [
    "host.name",
    "os.type",
    "host.id",
    "host.arch",
    "host.ip",
    "host.mac",
    "os.description",
    "host.cpu.vendor.id",
    "host.cpu.family",
    "host.cpu.model.id",
    "host.cpu.model.name",
    "host.cpu.stepping",
    "host.cpu.cache.l2.size",
];

/// The attributes of these names, all but `host.name`, for which [`host_name`] may
/// have to ask the network. What this host does not say is left out.
pub fn attributes<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Attribute> {
    names.into_iter().filter_map(attribute).collect()
}

fn attribute(name: &str) -> Option<Attribute> {
    let text = |value: String| Some(Attribute::new(name, value));
    let list = |values: Vec<String>| Attribute {
        name: name.to_owned(),
        value: serde_json::Value::from(values).to_string(),
        kind: Kind::Json,
    };
    match name {
        "os.type" => text(std::env::consts::OS.to_owned()),
        "os.description" => text(os::description()),
        "host.id" => text(os::machine_id()?),
        "host.arch" => text(os::arch().to_owned()),
        "host.ip" => Some(list(interfaces::ips())),
        "host.mac" => Some(list(interfaces::macs())),
        "host.cpu.cache.l2.size" => {
            let kind = Kind::Integer;
            Some(Attribute { name: name.to_owned(), value: cpu::cache()?.to_string(), kind })
        }
        _ => text(cpu::value(name.strip_prefix("host.cpu.")?)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_by_default_is_known_everywhere() {
        let found = attributes(["host.name", "os.type"]);
        let found: Vec<_> = found.iter().map(|a| (a.name.as_str(), a.value.as_str())).collect();
        assert_eq!(found, [("os.type", "linux")], "the host's name is asked for separately");
    }

    #[test]
    fn every_attribute_has_its_kind() {
        for attribute in attributes(ATTRIBUTES) {
            match attribute.name.as_str() {
                "host.ip" | "host.mac" => {
                    let list: Vec<String> = serde_json::from_str(&attribute.value).unwrap();
                    assert_eq!(attribute.kind, Kind::Json, "{list:?}");
                }
                "host.cpu.cache.l2.size" => {
                    assert!(attribute.kind == Kind::Integer && attribute.value.parse::<i64>().is_ok());
                }
                _ => assert!(attribute.kind == Kind::Text && !attribute.value.is_empty(), "{attribute:?}"),
            }
        }
    }
}
