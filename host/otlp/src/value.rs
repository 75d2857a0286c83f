//! Values that are not simply text, as `AnyValue` messages (opentelemetry-proto,
//! `common.proto`).

use prost::encoding::encode_varint;
use serde_json::Value;
use skidway_model::{Kind, MAX_JSON_DEPTH};

use crate::wire::{
    LIST_ITEM, VALUE_ARRAY, VALUE_BOOL, VALUE_DOUBLE, VALUE_INT, VALUE_MAP, VALUE_STRING, field, pair,
};

/// The `AnyValue` of `value` read as its kind; as text where it is none of it. A
/// float that is not finite stays text: many backends keep attributes as JSON,
/// which has no such numbers.
pub(crate) fn any(out: &mut Vec<u8>, kind: Kind, value: &[u8]) {
    let text = std::str::from_utf8(value).unwrap_or("");
    let read = match kind {
        Kind::Text => None,
        Kind::Integer => text.parse().ok().map(|number| integer(out, number)),
        Kind::Float => text.parse().ok().filter(|number: &f64| number.is_finite()).map(|n| float(out, n)),
        Kind::Boolean => text.parse().ok().map(|truth| boolean(out, truth)),
        Kind::Json => {
            let value: Option<Value> = serde_json::from_str(text).ok();
            value.filter(|value| depth(value) <= MAX_JSON_DEPTH).map(|value| json(out, &value))
        }
    };
    if read.is_none() {
        field(out, VALUE_STRING, value);
    }
}

fn integer(out: &mut Vec<u8>, number: i64) {
    out.push(VALUE_INT);
    encode_varint(number as u64, out);
}

fn float(out: &mut Vec<u8>, number: f64) {
    out.push(VALUE_DOUBLE);
    out.extend_from_slice(&number.to_le_bytes());
}

fn boolean(out: &mut Vec<u8>, truth: bool) {
    out.extend_from_slice(&[VALUE_BOOL, u8::from(truth)]);
}

/// How deep a value is nested: 0 for one that is no map and no list. serde_json
/// reads nothing that is deeper than 127, so this ends.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn json(out: &mut Vec<u8>, value: &Value) {
    match value {
        // An `AnyValue` without a value.
        Value::Null => {}
        Value::Bool(truth) => boolean(out, *truth),
        Value::Number(number) => match number.as_i64() {
            Some(number) => integer(out, number),
            None => float(out, number.as_f64().unwrap_or(0.0)),
        },
        Value::String(text) => field(out, VALUE_STRING, text.as_bytes()),
        Value::Array(items) => {
            let mut list = Vec::new();
            for item in items {
                field(&mut list, LIST_ITEM, &message(item));
            }
            field(out, VALUE_ARRAY, &list);
        }
        Value::Object(map) => {
            let mut list = Vec::new();
            for (name, value) in map {
                pair(&mut list, LIST_ITEM, name, &message(value));
            }
            field(out, VALUE_MAP, &list);
        }
    }
}

fn message(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    json(&mut out, value);
    out
}
