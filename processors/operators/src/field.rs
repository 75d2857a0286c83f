//! Places in an entry, as settings name them: `body`, `attributes.x`,
//! `resource["a.b"].c` (collector-contrib, `pkg/stanza/entry/field.go`).

use crate::entry::Entry;
use crate::value::{Map, Name, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    Body,
    Attributes,
    Resource,
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) root: Root,
    keys: Box<[Name]>,
    /// As it was written.
    written: Box<str>,
}

impl Field {
    /// Reads a place. Only with `rootable` may it be all attributes, or the whole
    /// resource.
    pub(crate) fn new(written: &str, rootable: bool) -> Result<Self, String> {
        let mut keys = split(written)?;
        let root = match keys.first().map(String::as_str) {
            Some("body") => Some(Root::Body),
            Some("attributes") => Some(Root::Attributes),
            Some("resource") => Some(Root::Resource),
            // A bare name is a member of the body.
            _ => None,
        };
        if root.is_some() {
            keys.remove(0);
        }
        let root = root.unwrap_or(Root::Body);
        if keys.is_empty() && root != Root::Body && !rootable {
            return Err(format!("`{written}` names no attribute; write `{written}.NAME`"));
        }
        Ok(Self { root, keys: keys.into_iter().map(Name::from).collect(), written: written.into() })
    }

    pub(crate) fn body() -> Self {
        Self { root: Root::Body, keys: [].into(), written: "body".into() }
    }

    pub(crate) fn attributes() -> Self {
        Self { root: Root::Attributes, keys: [].into(), written: "attributes".into() }
    }

    pub(crate) fn as_written(&self) -> &str {
        &self.written
    }

    /// Whether it is all attributes, or the whole resource or body.
    pub(crate) fn is_root(&self) -> bool {
        self.keys.is_empty()
    }

    #[inline]
    pub(crate) fn get<'e, 't>(&self, entry: &'e Entry<'t>) -> Option<&'e Value<'t>> {
        let mut keys = self.keys.iter();
        let mut value = match self.root {
            Root::Body => &entry.body,
            Root::Attributes => entry.attributes.get(keys.next()?)?,
            Root::Resource => entry.resource.get(keys.next()?)?,
        };
        for key in keys {
            let Value::Map(map) = value else { return None };
            value = map.get(key)?;
        }
        // An entry without a body has none.
        if self.is_root() && matches!(value, Value::Nil) { None } else { Some(value) }
    }

    /// As [`get`](Self::get), also for all attributes and the whole resource.
    pub(crate) fn copy<'t>(&self, entry: &Entry<'t>) -> Option<Value<'t>> {
        match (self.is_root(), self.root) {
            (true, Root::Attributes) => Some(Value::Map(entry.attributes.clone())),
            (true, Root::Resource) => Some(Value::Map(entry.resource.clone())),
            _ => self.get(entry).cloned(),
        }
    }

    /// Sets a value. The members of a map are merged into what is there.
    pub(crate) fn set<'t>(&self, entry: &mut Entry<'t>, value: Value<'t>) -> Result<(), &'static str> {
        if let Value::Map(map) = value {
            let place = self.place(entry, &self.keys);
            for (name, value) in map.0 {
                place.set(&name, value);
            }
            return Ok(());
        }
        match (self.keys.split_last(), self.root) {
            (None, Root::Body) => entry.body = value,
            (None, Root::Attributes) => return Err("cannot set attributes root"),
            (None, Root::Resource) => return Err("cannot set resource root"),
            (Some((last, path)), _) => self.place(entry, path).set(last, value),
        }
        Ok(())
    }

    /// Removes a value and gives it back.
    pub(crate) fn remove<'t>(&self, entry: &mut Entry<'t>) -> Option<Value<'t>> {
        let Some((last, path)) = self.keys.split_last() else {
            return match self.root {
                Root::Body => Some(std::mem::replace(&mut entry.body, Value::Nil)),
                Root::Attributes => Some(Value::Map(std::mem::take(&mut entry.attributes))),
                Root::Resource => Some(Value::Map(std::mem::take(&mut entry.resource))),
            };
        };
        let mut map = match self.root {
            Root::Attributes => &mut entry.attributes,
            Root::Resource => &mut entry.resource,
            Root::Body => match &mut entry.body {
                Value::Map(map) => map,
                _ => return None,
            },
        };
        for key in path {
            map = match map.0.iter_mut().find(|(name, _)| name == key) {
                Some((_, Value::Map(map))) => map,
                _ => return None,
            };
        }
        map.remove(last)
    }

    /// The map at the end of `path`; whatever stands in the way becomes one.
    fn place<'e, 't>(&self, entry: &'e mut Entry<'t>, path: &[Name]) -> &'e mut Map<'t> {
        let mut map = match self.root {
            Root::Attributes => &mut entry.attributes,
            Root::Resource => &mut entry.resource,
            Root::Body => {
                if !matches!(entry.body, Value::Map(_)) {
                    entry.body = Value::Map(Map::default());
                }
                match &mut entry.body {
                    Value::Map(map) => map,
                    _ => unreachable!("it was made a map right above"),
                }
            }
        };
        for key in path {
            map = map.map(key);
        }
        map
    }
}

/// The parts of `a.b["c.d"]`.
fn split(written: &str) -> Result<Vec<String>, String> {
    let wrong = |why: &str| Err(format!("`{written}` is no field: {why}"));
    let mut keys = Vec::new();
    let mut rest = written;
    loop {
        if let Some(bracket) = rest.strip_prefix('[') {
            let Some(quote) = bracket.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
                return wrong("a name in brackets needs quotes, as in `attributes[\"a.b\"]`");
            };
            let Some((name, after)) = bracket[1..].split_once(quote) else {
                return wrong("a quote is not closed");
            };
            let Some(after) = after.strip_prefix(']') else { return wrong("a bracket is not closed") };
            keys.push(name.to_owned());
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end == 0 {
                return wrong("a name is missing");
            }
            keys.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        rest = match rest.chars().next() {
            None => return Ok(keys),
            Some('.') if rest.len() > 1 => &rest[1..],
            Some('[') => rest,
            _ => return wrong("a name is missing"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parted_at_points_and_brackets() {
        let keys = |written| split(written).unwrap();
        assert_eq!(keys("attributes.a.b"), ["attributes", "a", "b"]);
        assert_eq!(keys("attributes[\"a.b\"]['c'].d"), ["attributes", "a.b", "c", "d"]);
        assert_eq!(keys("attributes.a['b']"), ["attributes", "a", "b"]);
        for wrong in ["", ".", "a.", "a..b", "a[b]", "a[\"b]", "a[\"b\"", "a[\"b\"]c", "[\"\"]x"] {
            assert!(split(wrong).is_err(), "{wrong}");
        }
        assert!(Field::new("attributes", false).is_err());
        assert!(Field::new("attributes", true).unwrap().is_root());
        let bare = Field::new("message", false).unwrap();
        assert_eq!((bare.root, bare.keys.len()), (Root::Body, 1));
    }

    #[test]
    fn values_are_set_found_and_removed() {
        let field = |written| Field::new(written, true).unwrap();
        let mut entry = Entry { body: Value::made("text"), ..Entry::default() };
        field("attributes.a.b").set(&mut entry, Value::Integer(1)).unwrap();
        assert!(matches!(field("attributes.a.b").get(&entry), Some(Value::Integer(1))));
        assert!(field("attributes.a.b.c").get(&entry).is_none());
        field("body.x").set(&mut entry, Value::Boolean(true)).unwrap();
        assert!(matches!(field("body").get(&entry), Some(Value::Map(_))), "what stood in the way is gone");
        let map = field("attributes").remove(&mut entry).unwrap();
        field("resource.r").set(&mut entry, map).unwrap();
        assert!(matches!(field("resource.r.a.b").get(&entry), Some(Value::Integer(1))));
        assert!(field("resource.r.a.b").remove(&mut entry).is_some());
        assert!(field("resource.r.a.b").remove(&mut entry).is_none());
        assert!(field("attributes").set(&mut entry, Value::Nil).is_err());
        assert!(field("body").remove(&mut entry).is_some());
        assert!(field("body").get(&entry).is_none());
    }
}
