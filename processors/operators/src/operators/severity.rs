use serde_json::Value as Json;
use skidway_sdk::severity_name;
use skidway_stamp::severity::{Mapping, Preset, number};

use super::parse::required;
use super::time::MISSING;
use crate::chain::{Failure, Fate, Operator, Surroundings};
use crate::entry::Entry;
use crate::field::Field;
use crate::settings::{Problem, Settings, kind};
use crate::value::{Str, Value};

/// Reads the severity of an entry (collector-contrib,
/// `operator/helper/severity.go`).
#[derive(Debug)]
pub(crate) struct Severity {
    from: Field,
    mapping: Mapping,
    overwrite: bool,
}

pub(crate) const KNOWN: &[&str] = &["parse_from", "preset", "mapping", "overwrite_text", "overwrite_with"];

impl Severity {
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self, Problem> {
        let preset = match settings.text("preset")?.unwrap_or("default") {
            "none" => Preset::None,
            "otel" | "aliases" => Preset::Otel,
            // Any other name is the default one in the collector, too.
            _ => Preset::Default,
        };
        let mut mapping = Mapping::new(preset);
        if let Some(json) = settings.get("mapping") {
            let path = settings.at("mapping");
            let words = Settings::new(json, &path)?;
            for (name, values) in words.entries() {
                let severity = number(name).ok_or_else(|| {
                    words.wrong(name, "it is no severity; write trace, debug, info, warn, error or fatal, with 2 to 4 behind it")
                })?;
                let values = match values {
                    Json::Array(values) => values.as_slice(),
                    one => std::slice::from_ref(one),
                };
                for value in values {
                    add(&mut mapping, value, severity).map_err(|why| words.wrong(name, why))?;
                }
            }
        }
        let overwrite = settings.boolean("overwrite_text")? || settings.boolean("overwrite_with")?;
        Ok(Self { from: required(settings, "parse_from", false)?, mapping, overwrite })
    }

    pub(crate) fn read(&self, entry: &mut Entry<'_>) -> Result<(), Failure> {
        let (severity, text) = match self.from.get(entry).ok_or(MISSING)? {
            Value::Text(text) => (self.mapping.find(text.as_str()), text.clone()),
            Value::Integer(number) => self.numeric(*number),
            Value::Float(number) if number.fract() == 0.0 => self.numeric(*number as i64),
            other => return Err(format!("type {} cannot be a severity", other.kind()).into()),
        };
        entry.severity = severity;
        entry.severity_text =
            if self.overwrite && severity != 0 { Str::Text(severity_name(severity)) } else { text };
        Ok(())
    }

    fn numeric<'t>(&self, number: i64) -> (u8, Str<'t>) {
        let text = number.to_string();
        (self.mapping.find(&text), Str::Made(text))
    }
}

/// Adds a word, a number, a range of numbers or a class of HTTP answers.
fn add(mapping: &mut Mapping, value: &Json, severity: u8) -> Result<(), String> {
    match value {
        Json::Number(number) => mapping.word(&number.to_string(), severity),
        Json::String(text) => match text.as_str() {
            "2xx" | "3xx" | "4xx" | "5xx" => {
                let hundred = i64::from(text.as_bytes()[0] - b'0') * 100;
                mapping.range(hundred, hundred + 99, severity).map_err(|error| error.to_string())?;
            }
            word => mapping.word(word, severity),
        },
        Json::Object(range) => {
            let bound = |key| range.get(key).and_then(Json::as_i64);
            let (Some(min), Some(max)) = (bound("min"), bound("max")) else {
                return Err("a range needs `min` and `max`, both whole numbers".to_owned());
            };
            mapping.range(min, max, severity).map_err(|error| error.to_string())?;
        }
        other => return Err(format!("it is {}, not text, a number or a range", kind(other))),
    }
    Ok(())
}

impl Operator for Severity {
    fn process<'t>(&self, entry: &mut Entry<'t>, _: &Surroundings<'_>) -> Result<Fate<'_>, Failure> {
        self.read(entry)?;
        Ok(Fate::On)
    }
}
