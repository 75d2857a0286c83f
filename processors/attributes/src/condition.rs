//! Which records are meant: all that are listed must hold, of each list one entry
//! (for `attributes` all).

use serde_json::{Map, Value as Json};
use skidway_actions::Value;
use skidway_pattern::Pattern;
use skidway_sdk::{Item, Subject, severity_name};

use crate::record::value;

#[derive(Debug)]
pub(crate) struct Condition {
    bodies: Vec<Text>,
    severity_texts: Vec<Text>,
    attributes: Vec<(String, Option<Wanted>)>,
    severity: Option<Severity>,
}

/// A text that must be there, as a whole or by a pattern.
#[derive(Debug)]
enum Text {
    Strict(String),
    Pattern(Box<Pattern>),
}

#[derive(Debug)]
enum Wanted {
    Text(Text),
    Value(Value),
}

#[derive(Debug)]
struct Severity {
    min: u8,
    match_undefined: bool,
}

const KEYS: [&str; 5] = ["match_type", "bodies", "severity_texts", "attributes", "severity_number"];

impl Condition {
    pub(crate) fn new(json: &Json, path: &str) -> Result<Self, String> {
        let map = json.as_object().ok_or_else(|| format!("{path}: it is no map of conditions"))?;
        if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("{path}.{key}: unknown condition; there are {}", KEYS.join(", ")));
        }
        let patterns = match map.get("match_type").and_then(Json::as_str) {
            Some("strict") => false,
            Some("regexp") => true,
            Some(other) => {
                return Err(format!("{path}.match_type: `{other}` is unknown; there are strict and regexp"));
            }
            None => return Err(format!("{path}.match_type: it is missing; write strict or regexp")),
        };
        let text = |text: &str, place: &str| match patterns {
            false => Ok(Text::Strict(text.to_owned())),
            true => Pattern::new(text)
                .map(Box::new)
                .map(Text::Pattern)
                .map_err(|error| format!("{place}: {error}")),
        };
        let texts = |key: &str| -> Result<Vec<Text>, String> {
            let items = map.get(key).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
            let one = |(index, item): (usize, &Json)| {
                let place = format!("{path}.{key}[{index}]");
                text(item.as_str().ok_or_else(|| format!("{place}: it is no text"))?, &place)
            };
            items.iter().enumerate().map(one).collect()
        };
        let mut attributes = Vec::new();
        let listed = map.get("attributes").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        for (index, item) in listed.iter().enumerate() {
            let place = format!("{path}.attributes[{index}]");
            let key = item.get("key").and_then(Json::as_str).filter(|key| !key.is_empty());
            let key = key.ok_or_else(|| format!("{place}.key: it is missing; name the attribute"))?;
            let wanted = match item.get("value") {
                None | Some(Json::Null) => None,
                Some(Json::String(wanted)) => Some(Wanted::Text(text(wanted, &format!("{place}.value"))?)),
                Some(Json::Bool(truth)) => Some(Wanted::Value(Value::Boolean(*truth))),
                Some(Json::Number(number)) => Some(Wanted::Value(match number.as_i64() {
                    Some(number) => Value::Integer(number),
                    None => Value::Float(number.as_f64().unwrap_or(0.0)),
                })),
                Some(_) => return Err(format!("{place}.value: it is no text, number, true or false")),
            };
            attributes.push((key.to_owned(), wanted));
        }
        let severity = match map.get("severity_number") {
            None | Some(Json::Null) => None,
            Some(json) => Some(Severity::new(json, &format!("{path}.severity_number"))?),
        };
        let condition =
            Self { bodies: texts("bodies")?, severity_texts: texts("severity_texts")?, attributes, severity };
        if condition.is_empty() {
            return Err(format!(
                "{path}: it has no condition; write bodies, severity_texts, attributes or severity_number"
            ));
        }
        Ok(condition)
    }

    fn is_empty(&self) -> bool {
        self.bodies.is_empty()
            && self.severity_texts.is_empty()
            && self.attributes.is_empty()
            && self.severity.is_none()
    }

    pub(crate) fn holds(&self, record: &Item<'_>) -> bool {
        let one_of =
            |texts: &[Text], text: &[u8]| texts.is_empty() || texts.iter().any(|wanted| wanted.takes(text));
        let number = record.severity();
        let text = record.severity_text().unwrap_or(severity_name(number).as_bytes());
        one_of(&self.bodies, record.body())
            && one_of(&self.severity_texts, text)
            && self.severity.as_ref().is_none_or(|severity| severity.takes(number))
            && self.attributes.iter().all(|(key, wanted)| {
                let mut own = record.attributes().filter(|field| field.subject == Subject::Entry);
                own.find(|field| field.name == key).is_some_and(|field| match wanted {
                    None => true,
                    Some(Wanted::Text(text)) => text.takes(field.value),
                    Some(Wanted::Value(wanted)) => value(field.kind, field.value) == *wanted,
                })
            })
    }
}

impl Text {
    fn takes(&self, text: &[u8]) -> bool {
        match self {
            Self::Strict(wanted) => wanted.as_bytes() == text,
            Self::Pattern(pattern) => pattern.is_match(text),
        }
    }
}

impl Severity {
    fn new(json: &Json, place: &str) -> Result<Self, String> {
        let empty = Map::new();
        let map = json.as_object().unwrap_or(&empty);
        let min = match map.get("min") {
            Some(Json::Number(number)) => number.as_u64().and_then(|number| u8::try_from(number).ok()),
            Some(Json::String(name)) => {
                (1..=24).find(|&number| severity_name(number).eq_ignore_ascii_case(name))
            }
            _ => None,
        };
        let min = min.filter(|min| (1..=24).contains(min)).ok_or_else(|| {
            format!("{place}.min: it is no severity; write a number from 1 to 24 or a name such as WARN")
        })?;
        Ok(Self { min, match_undefined: map.get("match_undefined") == Some(&Json::Bool(true)) })
    }

    fn takes(&self, number: u8) -> bool {
        if number == 0 { self.match_undefined } else { number >= self.min }
    }
}
