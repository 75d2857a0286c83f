use std::cell::RefCell;
use std::rc::Rc;

use skidway_pattern::{Pattern, Slots};

use super::parse::Places;
use crate::chain::{Failure, Fate, Making, Operator, Surroundings};
use crate::entry::Entry;
use crate::field::Root;
use crate::settings::{Problem, Settings};
use crate::value::{Map, Name, Str, Value};

/// Named groups of a regular expression, as text.
#[derive(Debug)]
pub(crate) struct Regex {
    pattern: Pattern,
    /// The groups that have names.
    groups: Vec<(usize, Name)>,
    places: Places,
    slots: RefCell<Slots>,
}

pub(crate) const KNOWN: &[&str] = &["regex", "parse_from", "parse_to", "cache", "timestamp", "severity"];

const MISMATCH: &str = "regex pattern does not match";

impl Regex {
    pub(crate) fn new(settings: &Settings<'_>, making: &Making<'_>) -> Result<Self, Problem> {
        let written =
            settings.required("regex", "write a pattern with named groups, such as `^(?P<level>\\w+) `")?;
        let pattern = Pattern::new(written).map_err(|error| settings.wrong("regex", error.to_string()))?;
        let named = |(index, name): (usize, &Option<String>)| Some((index, Name::from(name.as_deref()?)));
        let groups: Vec<_> = pattern.names().iter().enumerate().filter_map(named).collect();
        if groups.is_empty() {
            return Err(settings.wrong("regex", "it has no named group; write at least one `(?P<name>...)`"));
        }
        Ok(Self { pattern, groups, places: Places::new(settings, making)?, slots: RefCell::default() })
    }

    /// A group's text; a group that took no part is empty.
    #[inline]
    fn value<'t>(text: &Str<'t>, slots: &Slots, group: usize) -> Value<'t> {
        let (start, end) = slots.get(group).unwrap_or((0, 0));
        Value::Text(match text {
            Str::Text(text) => Str::Text(text.get(start..end).unwrap_or("")),
            other => Str::Made(other.as_str().get(start..end).unwrap_or("").to_owned()),
        })
    }
}

impl Operator for Regex {
    #[inline]
    fn process<'t>(
        &self,
        entry: &mut Entry<'t>,
        surroundings: &Surroundings<'_>,
    ) -> Result<Fate<'_>, Failure> {
        let text = self.places.text(entry, "regex")?.clone();
        let slots = &mut *self.slots.borrow_mut();
        if !self.pattern.captures(text.as_str().as_bytes(), slots) {
            return Err(MISMATCH.into());
        }
        let groups = self.groups.iter().map(|(group, name)| (name, Self::value(&text, slots, *group)));
        if self.places.to.is_root() && self.places.to.root == Root::Attributes {
            for (name, value) in groups {
                entry.attributes.set(name, value);
            }
            self.places.finish(entry, surroundings)?;
        } else {
            let map = Map(groups.map(|(name, value)| (Rc::clone(name), value)).collect());
            self.places.write(entry, Value::Map(map), surroundings)?;
        }
        Ok(Fate::On)
    }
}
