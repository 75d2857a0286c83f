//! JSON in a body to attributes.

use serde_json::{Map, Value};
use skidway_sdk::{Changes, Item, Kind, Subject};

/// Attributes deeper than this are left as JSON.
const MAX_DEPTH: usize = 32;

/// Sets the attributes that the body has, and answers those that are text.
pub(crate) fn merge(record: &Item<'_>, out: &mut Changes<'_>) -> Vec<(String, String)> {
    let body = record.body();
    let Some(object) = object(body) else { return Vec::new() };
    let Ok(members) = serde_json::from_slice::<Map<String, Value>>(object) else { return Vec::new() };
    let mut flat = Vec::new();
    // What is there already is flattened as well, once there is JSON.
    for field in
        record.attributes().filter(|field| field.subject == Subject::Entry && field.kind == Kind::Json)
    {
        if let Ok(value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_slice(field.value) {
            out.remove(field.name);
            flatten(field.name, value, 0, &mut flat);
        }
    }
    for (name, value) in members {
        flatten(&name, value, 0, &mut flat);
    }
    let mut texts = Vec::new();
    for (name, value) in flat {
        if name.is_empty() || name.len() > MAX_NAME {
            continue;
        }
        let (kind, text) = match value {
            Value::String(text) => {
                texts.push((name.clone(), text.clone()));
                (Kind::Text, text)
            }
            Value::Bool(truth) => (Kind::Boolean, truth.to_string()),
            // The gateway's reader has floats only.
            Value::Number(number) => (Kind::Float, number.to_string()),
            other => (Kind::Json, other.to_string()),
        };
        out.set_as(&name, kind, text.as_bytes());
    }
    texts
}

/// The longest name that the interface takes.
const MAX_NAME: usize = 256;

/// From the first opening brace to the last closing one.
fn object(body: &[u8]) -> Option<&[u8]> {
    let start = memchr::memchr(b'{', body)?;
    let end = memchr::memrchr(b'}', body)?;
    body.get(start..=end)
}

fn flatten(name: &str, value: Value, depth: usize, flat: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) if depth < MAX_DEPTH && !map.is_empty() => {
            for (key, value) in map {
                flatten(&format!("{name}.{key}"), value, depth + 1, flat);
            }
        }
        Value::Array(items) if depth < MAX_DEPTH && !items.is_empty() => {
            for (index, value) in items.into_iter().enumerate() {
                flatten(&format!("{name}.{index}"), value, depth + 1, flat);
            }
        }
        value => flat.push((name.to_owned(), value)),
    }
}
