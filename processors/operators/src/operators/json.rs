use serde_json::Value as Parsed;

use super::parse::Places;
use crate::chain::{Failure, Fate, Making, Operator, Surroundings};
use crate::entry::Entry;
use crate::settings::{Problem, Settings};
use crate::value::{Map, Value};

/// The members of a JSON object. Numbers are floats unless the settings say
/// otherwise.
#[derive(Debug)]
pub(crate) struct Json {
    places: Places,
    integers: bool,
}

pub(crate) const KNOWN: &[&str] = &["parse_from", "parse_to", "parse_ints", "timestamp", "severity"];

impl Json {
    pub(crate) fn new(settings: &Settings<'_>, making: &Making<'_>) -> Result<Self, Problem> {
        Ok(Self { places: Places::new(settings, making)?, integers: settings.boolean("parse_ints")? })
    }

    fn value(&self, parsed: &Parsed) -> Value<'static> {
        match parsed {
            Parsed::Null => Value::Nil,
            Parsed::Bool(truth) => Value::Boolean(*truth),
            Parsed::Number(number) => match number.as_i64().filter(|_| self.integers) {
                Some(number) => Value::Integer(number),
                None => Value::Float(number.as_f64().unwrap_or(0.0)),
            },
            Parsed::String(text) => Value::made(text.as_str()),
            Parsed::Array(items) => Value::List(items.iter().map(|item| self.value(item)).collect()),
            Parsed::Object(map) => Value::Map(Map(map
                .iter()
                .map(|(name, value)| (name.as_str().into(), self.value(value)))
                .collect())),
        }
    }
}

impl Operator for Json {
    fn process<'t>(
        &self,
        entry: &mut Entry<'t>,
        surroundings: &Surroundings<'_>,
    ) -> Result<Fate<'_>, Failure> {
        let text = self.places.text(entry, "JSON")?;
        let parsed: Parsed = serde_json::from_str(text.as_str()).map_err(|error| error.to_string())?;
        if !parsed.is_object() {
            return Err("it is no JSON object".into());
        }
        let value = self.value(&parsed);
        self.places.write(entry, value, surroundings)?;
        Ok(Fate::On)
    }
}
