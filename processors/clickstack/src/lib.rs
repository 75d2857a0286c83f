//! What the log pipeline of ClickStack's gateway does to a record, for pipelines
//! that go past the gateway (hyperdx, `docker/otel-collector/config.yaml`,
//! `transform`):
//!
//! 1. A JSON object in the body, from its first `{` to its last `}`, or a body that
//!    is one, becomes attributes, which replace those that are there. All attributes
//!    that are maps or lists are then flattened: `a.b`, `a.0`.
//! 2. A record without severity gets the text of one from its attributes.
//! 3. Without such an attribute, the first keyword in the first 256 characters of
//!    the body decides; without one it is `info`.
//! 4. The text of the severity is in lower case.

mod json;
mod keyword;

use skidway_keywords::Keywords;
use skidway_sdk::{Changes, Enricher, Item, severity_name};

/// The enricher. It has no settings.
#[derive(Debug)]
pub struct ClickStack(Keywords);

skidway_sdk::export_enricher!(ClickStack);

/// Attributes that say how severe a record is, the first one that is there counts.
const LEVELS: [&str; 7] = ["level", "Level", "LEVEL", "severity", "Severity", "SEVERITY", "log.level"];

impl Enricher for ClickStack {
    fn configure(config: &str) -> Result<Self, String> {
        skidway_sdk::no_settings(config)?;
        Ok(Self(keyword::keywords()))
    }

    fn reads(&self) -> Vec<&str> {
        LEVELS.to_vec()
    }

    fn record(&self, record: &Item<'_>, out: &mut Changes<'_>) {
        let merged = json::merge(record, out);
        let number = record.severity();
        let text = record.severity_text().unwrap_or(severity_name(number).as_bytes());
        if number != 0 || !text.is_empty() {
            if text.iter().any(u8::is_ascii_uppercase) {
                out.severity_as(number, &text.to_ascii_lowercase());
            } else {
                out.severity_as(number, text);
            }
            return;
        }
        let from_body =
            |name: &&str| merged.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_bytes());
        let attribute = |(index, name): (usize, &&str)| from_body(name).or_else(|| record.attribute(index));
        if let Some(level) = LEVELS.iter().enumerate().find_map(|named| attribute((named.0, named.1))) {
            return out.severity_as(0, &level.to_ascii_lowercase());
        }
        let (number, text) = keyword::infer(&self.0, record.body());
        out.severity_as(number, text.as_bytes());
    }
}

#[cfg(test)]
mod tests;
