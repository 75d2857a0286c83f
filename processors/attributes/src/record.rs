use skidway_actions::{Attributes, Value};
use skidway_sdk::{Changes, Item, Kind, Subject};

/// A record's attributes, and which of them have changed.
pub(crate) struct OfRecord {
    known: Vec<(String, Value)>,
    changed: Vec<String>,
}

impl OfRecord {
    pub(crate) fn new(record: &Item<'_>) -> Self {
        let own = record.attributes().filter(|field| field.subject == Subject::Entry);
        let known = own.map(|field| (field.name.to_owned(), value(field.kind, field.value))).collect();
        Self { known, changed: Vec::new() }
    }

    /// Hands over what has changed.
    pub(crate) fn write(self, out: &mut Changes<'_>) {
        for name in &self.changed {
            match self.known.get(name) {
                None => out.remove(name),
                Some(value) => {
                    let (kind, text) = match value {
                        Value::Text(text) => (Kind::Text, text),
                        Value::Integer(number) => (Kind::Integer, number.to_string()),
                        Value::Float(number) => (Kind::Float, number.to_string()),
                        Value::Boolean(truth) => (Kind::Boolean, truth.to_string()),
                        Value::Json(json) => (Kind::Json, json),
                    };
                    out.set_as(name, kind, text.as_bytes());
                }
            }
        }
    }

    fn change(&mut self, key: &str) {
        if !self.changed.iter().any(|known| known == key) {
            self.changed.push(key.to_owned());
        }
    }
}

/// A value as its kind has it; text where it is none of it.
pub(crate) fn value(kind: Kind, bytes: &[u8]) -> Value {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let typed = match kind {
        Kind::Text => None,
        Kind::Integer => text.parse().ok().map(Value::Integer),
        Kind::Float => text.parse().ok().map(Value::Float),
        Kind::Boolean => text.parse().ok().map(Value::Boolean),
        Kind::Json => Some(Value::Json(text.clone())),
    };
    typed.unwrap_or(Value::Text(text))
}

impl Attributes for OfRecord {
    fn get(&self, key: &str) -> Option<Value> {
        self.known.get(key)
    }

    fn set(&mut self, key: &str, value: Value) {
        self.known.set(key, value);
        self.change(key);
    }

    fn remove(&mut self, key: &str) {
        if self.known.get(key).is_some() {
            Attributes::remove(&mut self.known, key);
            self.change(key);
        }
    }

    fn keys(&self) -> Vec<String> {
        self.known.keys()
    }
}
