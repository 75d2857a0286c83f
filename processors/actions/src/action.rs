use serde::Deserialize;
use serde_json::Value as Json;
use skidway_pattern::{Pattern, Slots};

use crate::hash::hash;
use crate::{Attributes, Value};

/// Actions, checked and ready.
#[derive(Debug)]
pub struct Actions(Vec<Action>);

/// Why actions cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which action, and mostly which of its settings: `[2].pattern`.
    pub path: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

#[derive(Debug)]
enum Action {
    /// Where the attribute is not there, where it is, or in both cases.
    Set {
        key: String,
        from: From,
        absent: bool,
        present: bool,
    },
    Delete {
        key: Option<String>,
        pattern: Option<Pattern>,
    },
    Hash {
        key: Option<String>,
        pattern: Option<Pattern>,
    },
    Extract {
        key: String,
        pattern: Pattern,
    },
    Convert {
        key: String,
        to: Type,
    },
}

#[derive(Debug)]
enum From {
    Value(Value),
    Attribute(String),
}

#[derive(Debug, Clone, Copy)]
enum Type {
    Integer,
    Float,
    Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    action: String,
    #[serde(default)]
    key: String,
    value: Option<Json>,
    #[serde(default)]
    from_attribute: String,
    #[serde(default)]
    pattern: String,
    #[serde(default)]
    converted_type: String,
}

impl Actions {
    /// Reads the list of actions as the collector's config has it.
    ///
    /// # Errors
    /// The first action that cannot be carried out.
    pub fn read(list: &Json) -> Result<Self, Problem> {
        let items = list.as_array().map_or(&[][..], Vec::as_slice);
        let read = |(index, item): (usize, &Json)| {
            Action::read(item).map_err(|(setting, message)| Problem {
                path: if setting.is_empty() { format!("[{index}]") } else { format!("[{index}].{setting}") },
                message,
            })
        };
        items.iter().enumerate().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Carries out all actions, in their order.
    pub fn apply(&self, attributes: &mut dyn Attributes) {
        for action in &self.0 {
            action.apply(attributes);
        }
    }
}

type Wrong = (&'static str, String);

impl Action {
    fn read(item: &Json) -> Result<Self, Wrong> {
        let written: Written =
            serde_json::from_value(item.clone()).map_err(|error| ("", error.to_string()))?;
        let kind = written.action.to_ascii_lowercase();
        let by_pattern = matches!(kind.as_str(), "delete" | "hash") && !written.pattern.is_empty();
        if written.key.is_empty() && !by_pattern {
            return Err(("key", "it is missing: name the attribute".to_owned()));
        }
        let set = |absent, present| {
            let from = match (&written.value, written.from_attribute.is_empty()) {
                (Some(value), true) => From::Value(value_of(value)),
                (None, false) => From::Attribute(written.from_attribute.clone()),
                (None, true) => {
                    return Err(("value", "it is missing: write `value` or `from_attribute`".to_owned()));
                }
                (Some(_), false) => {
                    return Err((
                        "from_attribute",
                        "there is a `value` already: keep one of them".to_owned(),
                    ));
                }
            };
            Ok(Self::Set { key: written.key.clone(), from, absent, present })
        };
        let key = Some(written.key.clone()).filter(|key| !key.is_empty());
        match kind.as_str() {
            "insert" => set(true, false),
            "update" => set(false, true),
            "upsert" => set(true, true),
            "delete" => Ok(Self::Delete { key, pattern: optional(&written.pattern)? }),
            "hash" => Ok(Self::Hash { key, pattern: optional(&written.pattern)? }),
            "extract" => Ok(Self::Extract { key: written.key, pattern: groups(&written.pattern)? }),
            "convert" => Ok(Self::Convert { key: written.key, to: kind_of(&written.converted_type)? }),
            "" => Err((
                "action",
                "it is missing: write insert, update, upsert, delete, hash, extract or convert".to_owned(),
            )),
            _ => Err((
                "action",
                format!(
                    "`{}` is unknown; there are insert, update, upsert, delete, hash, extract, convert",
                    written.action
                ),
            )),
        }
    }

    fn apply(&self, attributes: &mut dyn Attributes) {
        match self {
            Self::Set { key, from, absent, present } => {
                let is_there = attributes.get(key).is_some();
                let value = match from {
                    From::Value(value) => Some(value.clone()),
                    From::Attribute(name) => attributes.get(name),
                };
                if let Some(value) = value
                    && if is_there { *present } else { *absent }
                {
                    attributes.set(key, value);
                }
            }
            Self::Delete { key, pattern } => {
                for key in matching(attributes, key.as_deref(), pattern.as_ref()) {
                    attributes.remove(&key);
                }
            }
            Self::Hash { key, pattern } => {
                for key in matching(attributes, key.as_deref(), pattern.as_ref()) {
                    if let Some(value) = attributes.get(&key) {
                        attributes.set(&key, hash(&value));
                    }
                }
            }
            Self::Extract { key, pattern } => extract(attributes, key, pattern),
            Self::Convert { key, to } => {
                if let Some(value) = attributes.get(key).and_then(|value| convert(&value, *to)) {
                    attributes.set(key, value);
                }
            }
        }
    }
}

/// The attribute `key` and all whose name has a match of `pattern`.
fn matching(attributes: &dyn Attributes, key: Option<&str>, pattern: Option<&Pattern>) -> Vec<String> {
    let mut keys: Vec<String> = key.iter().map(|key| (*key).to_owned()).collect();
    if let Some(pattern) = pattern {
        keys.extend(attributes.keys().into_iter().filter(|name| pattern.is_match(name.as_bytes())));
    }
    keys
}

fn extract(attributes: &mut dyn Attributes, key: &str, pattern: &Pattern) {
    let Some(Value::Text(text)) = attributes.get(key) else { return };
    let mut slots = Slots::default();
    if !pattern.captures(text.as_bytes(), &mut slots) {
        return;
    }
    for (group, name) in pattern.names().iter().enumerate().skip(1) {
        let Some(name) = name else { continue };
        // A group that took no part is an empty text, as in Go.
        let value = slots.get(group).and_then(|(start, end)| text.get(start..end)).unwrap_or("");
        attributes.set(name, Value::Text(value.to_owned()));
    }
}

fn convert(value: &Value, to: Type) -> Option<Value> {
    match (to, value) {
        (Type::Text, value) => Some(Value::Text(value.spell())),
        (Type::Integer, Value::Text(text)) => text.parse().ok().map(Value::Integer),
        (Type::Integer, Value::Float(number)) => Some(Value::Integer(*number as i64)),
        (Type::Float, Value::Text(text)) => text.parse().ok().map(Value::Float),
        (Type::Float, Value::Integer(number)) => Some(Value::Float(*number as f64)),
        (Type::Integer | Type::Float, _) => None,
    }
}

fn value_of(json: &Json) -> Value {
    match json {
        Json::String(text) => Value::Text(text.clone()),
        Json::Bool(truth) => Value::Boolean(*truth),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Integer(number),
            None => Value::Float(number.as_f64().unwrap_or(0.0)),
        },
        other => Value::Json(other.to_string()),
    }
}

fn kind_of(name: &str) -> Result<Type, Wrong> {
    match name {
        "int" => Ok(Type::Integer),
        "double" => Ok(Type::Float),
        "string" => Ok(Type::Text),
        "" => Err(("converted_type", "it is missing: write int, double or string".to_owned())),
        _ => Err(("converted_type", format!("`{name}` is unknown; there are int, double, string"))),
    }
}

fn optional(pattern: &str) -> Result<Option<Pattern>, Wrong> {
    if pattern.is_empty() { Ok(None) } else { compile(pattern).map(Some) }
}

fn compile(pattern: &str) -> Result<Pattern, Wrong> {
    Pattern::new(pattern).map_err(|error| ("pattern", error.to_string()))
}

/// A pattern for `extract`: every group needs a name.
fn groups(pattern: &str) -> Result<Pattern, Wrong> {
    if pattern.is_empty() {
        return Err(("pattern", "it is missing: write a regular expression with named groups".to_owned()));
    }
    let pattern = compile(pattern)?;
    let names = &pattern.names()[1..];
    if names.is_empty() || names.iter().any(Option::is_none) {
        return Err(("pattern", "each group needs a name, as in `(?P<user>\\w+)`".to_owned()));
    }
    Ok(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    fn apply(actions: Json, attributes: &[(&str, Value)]) -> Vec<(String, Value)> {
        let mut attributes: Vec<_> =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Actions::read(&actions).unwrap().apply(&mut attributes);
        attributes
    }

    fn pairs(attributes: &[(&str, Value)]) -> Vec<(String, Value)> {
        attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn insert_update_and_upsert_differ_in_what_must_be_there() {
        let given = [("a", text("1"))];
        let act =
            |action: &str, key: &str| apply(json!([{"action": action, "key": key, "value": 2}]), &given);
        assert_eq!(act("insert", "a"), pairs(&given));
        assert_eq!(act("insert", "b"), pairs(&[("a", text("1")), ("b", Value::Integer(2))]));
        assert_eq!(act("update", "a"), pairs(&[("a", Value::Integer(2))]));
        assert_eq!(act("update", "b"), pairs(&given));
        assert_eq!(act("upsert", "a"), pairs(&[("a", Value::Integer(2))]));
        assert_eq!(act("UPSERT", "b"), pairs(&[("a", text("1")), ("b", Value::Integer(2))]));
    }

    #[test]
    fn a_value_may_come_from_another_attribute_that_is_there() {
        let actions = json!([
            {"action": "insert", "key": "b", "from_attribute": "a"},
            {"action": "upsert", "key": "c", "from_attribute": "nobody"},
        ]);
        assert_eq!(
            apply(actions, &[("a", Value::Float(1.5))]),
            pairs(&[("a", Value::Float(1.5)), ("b", Value::Float(1.5))])
        );
    }

    #[test]
    fn attributes_go_by_name_and_by_pattern() {
        let given = [("user.id", text("1")), ("user.name", text("x")), ("host", text("h"))];
        assert_eq!(apply(json!([{"action": "delete", "pattern": "^user"}]), &given), pairs(&given[2..]));
        let both = json!([{"action": "delete", "key": "host", "pattern": "id$"}]);
        assert_eq!(apply(both, &given), pairs(&given[1..2]));
    }

    #[test]
    fn hashes_are_those_of_the_bytes() {
        let actions = json!([{"action": "hash", "pattern": "."}]);
        let hashed = apply(actions, &[("a", text("abc")), ("b", text("")), ("c", Value::Boolean(true))]);
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let one = "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a";
        assert_eq!(hashed, pairs(&[("a", text(abc)), ("b", text("")), ("c", text(one))]));
    }

    #[test]
    fn groups_become_attributes_where_the_pattern_matches() {
        let actions = json!([{"action": "extract", "key": "url", "pattern": "^(?P<scheme>\\w+)://(?P<host>[^:/]+)(:(?P<port>\\d+))?"}]);
        assert_eq!(Actions::read(&actions).unwrap_err().path, "[0].pattern");
        let actions = json!([{"action": "extract", "key": "url", "pattern": "^(?P<scheme>\\w+)://(?P<host>[^:/]+)(?::(?P<port>\\d+))?"}]);
        let given = [("url", text("http://x/y")), ("host", text("old"))];
        assert_eq!(
            apply(actions.clone(), &given),
            pairs(&[
                ("url", text("http://x/y")),
                ("host", text("x")),
                ("scheme", text("http")),
                ("port", text(""))
            ])
        );
        assert_eq!(apply(actions, &[("url", text("none"))]), pairs(&[("url", text("none"))]));
    }

    #[test]
    fn values_change_their_type_where_they_can() {
        let act = |to: &str, value: Value| {
            let actions = json!([{"action": "convert", "key": "a", "converted_type": to}]);
            apply(actions, &[("a", value)]).remove(0).1
        };
        assert_eq!(act("int", text("42")), Value::Integer(42));
        assert_eq!(act("int", text("4x")), text("4x"));
        assert_eq!(act("int", Value::Float(2.9)), Value::Integer(2));
        assert_eq!(act("double", text("1.5")), Value::Float(1.5));
        assert_eq!(act("string", Value::Boolean(true)), text("true"));
    }

    #[test]
    fn what_cannot_be_done_is_said_with_its_place() {
        let table = [
            (json!([{"action": "insert", "value": 1}]), "[0].key"),
            (json!([{"action": "insert", "key": "a"}]), "[0].value"),
            (
                json!([{"action": "insert", "key": "a", "value": 1, "from_attribute": "b"}]),
                "[0].from_attribute",
            ),
            (json!([{"action": "delete", "key": "a"}, {"action": "drop", "key": "a"}]), "[1].action"),
            (json!([{"action": "delete", "pattern": "("}]), "[0].pattern"),
            (json!([{"action": "convert", "key": "a", "converted_type": "bool"}]), "[0].converted_type"),
            (json!([{"action": "extract", "key": "a"}]), "[0].pattern"),
            (json!([{"key": "a"}]), "[0].action"),
            (json!([{"key": "a", "actoin": "insert"}]), "[0]"),
        ];
        for (actions, path) in table {
            assert_eq!(Actions::read(&actions).unwrap_err().path, path, "{actions}");
        }
    }
}
