//! Which of the files that match are followed, where only the first of them are
//! wanted: in an order that their names, or the times of their last change, give.
//!
//! Each rule sorts what the one before it left, so the last one decides and the
//! others break its ties. A file whose name does not fit is not followed.

use std::collections::{BTreeMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use regex::bytes::{Regex, RegexBuilder};

use crate::Error;
use crate::scan::{Match, Node};

/// Follow only the first files of an order.
#[derive(Debug, Clone, Default)]
pub struct Ordering {
    /// What takes a path apart into named groups; ASCII classes, matched anywhere
    /// in the path. Needed by all rules but [`SortType::Mtime`].
    pub regex: Option<String>,
    /// Its first group names the group of files in which `top_n` counts; all files
    /// are one group without it.
    pub group_by: Option<String>,
    /// How many are followed; zero: all whose names fit.
    pub top_n: usize,
    /// At least one.
    pub sort_by: Vec<SortBy>,
}

/// A rule of an [`Ordering`].
#[derive(Debug, Clone)]
pub struct SortBy {
    /// Which group of `regex` it looks at.
    pub key: String,
    /// What it takes that for.
    pub sort_type: SortType,
    /// The smallest or earliest first.
    pub ascending: bool,
}

/// What a rule compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortType {
    /// A whole number.
    Numeric,
    /// Bytes.
    Alphabetical,
    /// A time.
    Timestamp {
        /// As `strptime` reads it. Parts that are missing are those of the first
        /// moment of the year 0.
        layout: String,
        /// The time zone of times that name none; empty: UTC.
        location: String,
    },
    /// When the file was last written to; the key does not matter.
    Mtime,
}

/// An [`Ordering`] that can be carried out.
pub(crate) struct Order {
    regex: Option<Regex>,
    group_by: Option<Regex>,
    top_n: usize,
    rules: Vec<Rule>,
}

struct Rule {
    key: String,
    kind: Kind,
    ascending: bool,
}

enum Kind {
    Numeric,
    Alphabetical,
    Timestamp { layout: String, zone: TimeZone },
    Mtime,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Bytes(Vec<u8>),
    Time(Timestamp),
    Modified(SystemTime),
}

// === impl Ordering ===

impl Ordering {
    /// Whether it can be carried out.
    pub fn check(&self) -> Result<(), Error> {
        Order::new(self).map(drop)
    }
}

// === impl Order ===

impl Order {
    pub(crate) fn new(ordering: &Ordering) -> Result<Self, Error> {
        let fail = |option, what: String| Error::Ordering { option, what };
        let compile = |option, written: &Option<String>| {
            let compiled = written.as_deref().filter(|written| !written.is_empty()).map(|written| {
                RegexBuilder::new(written)
                    .unicode(false)
                    .build()
                    .map_err(|error| fail(option, error.to_string()))
            });
            compiled.transpose()
        };
        let regex = compile("regex", &ordering.regex)?;
        let group_by = compile("group_by", &ordering.group_by)?;
        if group_by.as_ref().is_some_and(|regex| regex.captures_len() < 2) {
            return Err(fail(
                "group_by",
                "it has no group: put the part that names the group into `(...)`".into(),
            ));
        }
        if ordering.sort_by.is_empty() {
            return Err(fail("sort_by", "it is empty: give at least one rule".into()));
        }
        let rules = ordering.sort_by.iter().map(|rule| Rule::new(rule, regex.as_ref()));
        let rules = rules.collect::<Result<_, _>>()?;
        Ok(Self { regex, group_by, top_n: ordering.top_n, rules })
    }

    /// Whether the choice can change because a file was written to.
    pub(crate) fn looks_at_changes(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.kind, Kind::Mtime))
    }

    /// Which of these files to follow.
    pub(crate) fn choose(&self, files: &BTreeMap<Node, Match>) -> HashSet<Node> {
        let mut groups: BTreeMap<&[u8], Vec<(Node, &Match, &Path)>> = BTreeMap::new();
        for (&node, found) in files {
            let Some((_, path)) = found.paths.first() else { continue };
            let group = match &self.group_by {
                None => Some(&b""[..]),
                Some(regex) => {
                    let captures = regex.captures(path.as_os_str().as_bytes());
                    captures.map(|captures| captures.get(1).map_or(&b""[..], |group| group.as_bytes()))
                }
            };
            if let Some(group) = group {
                groups.entry(group).or_default().push((node, found, path));
            }
        }
        groups.into_values().flat_map(|group| self.first_of(group)).collect()
    }

    fn first_of(&self, mut group: Vec<(Node, &Match, &Path)>) -> impl Iterator<Item = Node> {
        // Ties are the same on every walk.
        group.sort_by_key(|&(_, _, path)| path);
        for rule in &self.rules {
            let keyed = group.into_iter().filter_map(|file| Some((self.key(rule, file.1, file.2)?, file)));
            let mut keyed: Vec<_> = keyed.collect();
            keyed.sort_by(|(a, _), (b, _)| if rule.ascending { a.cmp(b) } else { b.cmp(a) });
            group = keyed.into_iter().map(|(_, file)| file).collect();
        }
        let wanted = if self.top_n == 0 { usize::MAX } else { self.top_n };
        group.into_iter().map(|(node, ..)| node).take(wanted)
    }

    fn key(&self, rule: &Rule, found: &Match, path: &Path) -> Option<Key> {
        let captures = match &self.regex {
            Some(regex) => Some(regex.captures(path.as_os_str().as_bytes())?),
            None => None,
        };
        let written = || {
            let group = captures.as_ref()?.name(&rule.key);
            Some(group.map_or(&b""[..], |group| group.as_bytes()))
        };
        match &rule.kind {
            Kind::Numeric => str::from_utf8(written()?).ok()?.parse().ok().map(Key::Number),
            Kind::Alphabetical => Some(Key::Bytes(written()?.to_owned())),
            Kind::Timestamp { layout, zone } => time(layout, written()?, zone).map(Key::Time),
            Kind::Mtime => found.modified.map(Key::Modified),
        }
    }
}

// === impl Rule ===

impl Rule {
    fn new(written: &SortBy, regex: Option<&Regex>) -> Result<Self, Error> {
        let fail = |option, what: String| Error::Ordering { option, what };
        let kind = match &written.sort_type {
            SortType::Numeric => Kind::Numeric,
            SortType::Alphabetical => Kind::Alphabetical,
            SortType::Mtime => Kind::Mtime,
            SortType::Timestamp { layout, location } => {
                if layout.is_empty() {
                    return Err(fail("sort_by.layout", "it is missing: write one such as `%Y%m%d`".into()));
                }
                // What can be written with a layout can be read with it.
                strtime::format(layout.as_str(), &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC))
                    .map_err(|error| fail("sort_by.layout", error.to_string()))?;
                let zone = if location.is_empty() { "UTC" } else { location };
                let zone =
                    TimeZone::get(zone).map_err(|error| fail("sort_by.location", error.to_string()))?;
                Kind::Timestamp { layout: layout.clone(), zone }
            }
        };
        if !matches!(kind, Kind::Mtime) {
            let Some(regex) = regex else {
                return Err(fail("regex", "it is missing: the rules of `sort_by` look at its groups".into()));
            };
            if !regex.capture_names().flatten().any(|name| name == written.key) {
                let what = format!("`regex` has no group `{0}`: write one as `(?P<{0}>...)`", written.key);
                return Err(fail("sort_by.regex_key", what));
            }
        }
        Ok(Self { key: written.key.clone(), kind, ascending: written.ascending })
    }
}

/// The time that is written in a name.
fn time(layout: &str, written: &[u8], zone: &TimeZone) -> Option<Timestamp> {
    let parts = strtime::BrokenDownTime::parse(layout, written).ok()?;
    if let Some(timestamp) = parts.timestamp() {
        return Some(timestamp);
    }
    let first = |part: Option<i8>| part.unwrap_or(1);
    let date = match parts.to_date() {
        Ok(date) => date,
        Err(_) => Date::new(parts.year().unwrap_or(0), first(parts.month()), first(parts.day())).ok()?,
    };
    let time = parts.to_time().unwrap_or(Time::midnight());
    let written = date.to_datetime(time);
    match parts.offset() {
        Some(offset) => offset.to_timestamp(written).ok(),
        None => zone.to_timestamp(written).ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;

    fn files(paths: &[&str]) -> BTreeMap<Node, Match> {
        let file = |(index, path): (usize, &&str)| {
            let modified = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(index as u64));
            let paths = vec![(false, PathBuf::from(path))];
            ((0, index as u64), Match { paths, target: None, length: 0, born_unix_nano: 0, modified })
        };
        paths.iter().enumerate().map(file).collect()
    }

    fn chosen(ordering: &Ordering, paths: &[&str]) -> Vec<String> {
        let files = files(paths);
        let nodes = Order::new(ordering).unwrap().choose(&files);
        let mut names: Vec<String> =
            nodes.iter().map(|node| files[node].paths[0].1.display().to_string()).collect();
        names.sort();
        names
    }

    fn by(key: &str, sort_type: SortType, ascending: bool) -> SortBy {
        SortBy { key: key.to_owned(), sort_type, ascending }
    }

    fn ordering(regex: &str, top_n: usize, sort_by: Vec<SortBy>) -> Ordering {
        Ordering { regex: Some(regex.to_owned()), group_by: None, top_n, sort_by }
    }

    const DAY: &str = r"/(?P<app>\w+)\.(?P<number>\d+)\.(?P<day>\d{8})\.log$";

    #[test]
    fn numbers_are_no_texts() {
        let paths = ["/a.9.20240101.log", "/a.10.20240101.log", "/a.x.log"];
        let highest =
            |kind, ascending| chosen(&ordering(DAY, 1, vec![by("number", kind, ascending)]), &paths);
        assert_eq!(highest(SortType::Numeric, false), ["/a.10.20240101.log"]);
        assert_eq!(highest(SortType::Numeric, true), ["/a.9.20240101.log"]);
        assert_eq!(highest(SortType::Alphabetical, false), ["/a.9.20240101.log"]);
    }

    #[test]
    fn the_last_rule_decides_and_the_others_break_ties() {
        let day = SortType::Timestamp { layout: "%Y%m%d".to_owned(), location: String::new() };
        let rules = vec![by("number", SortType::Numeric, false), by("day", day, false)];
        let paths = ["/a.9.20240101.log", "/a.1.20240131.log", "/a.3.20240131.log", "/a.7.20241301.log"];
        assert_eq!(chosen(&ordering(DAY, 1, rules.clone()), &paths), ["/a.3.20240131.log"]);
        // The last file has a thirteenth month, so it is in no order.
        assert_eq!(chosen(&ordering(DAY, 0, rules), &paths).len(), 3);
    }

    #[test]
    fn a_zone_decides_where_times_name_none() {
        let zone = |name: &str| TimeZone::get(name).unwrap();
        let at = |layout, text: &str, name| time(layout, text.as_bytes(), &zone(name)).map(|t| t.as_second());
        assert_eq!(at("%Y-%m-%d %H:%M:%S", "1970-01-01 01:00:00", "Europe/Berlin"), Some(0));
        assert_eq!(at("%Y-%m-%dT%H:%M:%S%z", "1970-01-01T01:00:00+0200", "UTC"), Some(-3600));
        assert_eq!(at("%s", "12", "UTC"), Some(12));
        assert!(at("%H:%M", "10:00", "UTC") < at("%H:%M", "10:01", "UTC"));
        assert_eq!(at("%Y", "soon", "UTC"), None);
    }

    #[test]
    fn each_group_has_its_first_ones() {
        let mut newest = ordering("", 1, vec![by("", SortType::Mtime, false)]);
        newest.group_by = Some(r"/(\w+)\.\d".to_owned());
        let paths = ["/a.1", "/a.2", "/b.1", "/other"];
        assert_eq!(chosen(&newest, &paths), ["/a.2", "/b.1"]);
    }

    #[test]
    fn what_cannot_work_is_said() {
        let refused = |ordering: &Ordering| Order::new(ordering).err().unwrap().to_string();
        let said = [
            (ordering("(", 1, vec![by("a", SortType::Numeric, true)]), "ordering_criteria.regex: "),
            (ordering("", 1, vec![by("a", SortType::Numeric, true)]), "it is missing"),
            (ordering("(?P<b>x)", 1, vec![by("a", SortType::Numeric, true)]), "no group `a`"),
            (ordering("x", 1, Vec::new()), "sort_by: it is empty"),
        ];
        for (ordering, wanted) in said {
            let said = refused(&ordering);
            assert!(said.contains(wanted), "{said}");
        }
        for (layout, location, wanted) in
            [("", "", "layout"), ("%!", "", "layout"), ("%Y", "Nowhere/At_All", "location")]
        {
            let kind = SortType::Timestamp { layout: layout.to_owned(), location: location.to_owned() };
            let said = refused(&ordering("(?P<a>x)", 1, vec![by("a", kind, true)]));
            assert!(said.contains(wanted), "{said}");
        }
    }
}
