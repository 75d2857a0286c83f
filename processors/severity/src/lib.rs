//! Infers the severity of records that have none, as the ClickStack gateway does,
//! so that it is there whatever the backend:
//!
//! 1. an attribute `level`, `Level`, `LEVEL`, `severity`, `Severity`, `SEVERITY` or
//!    `log.level` with the name of a level, in this order;
//! 2. the first keyword in the first 256 bytes of the body, where a word begins:
//!    `alert`, `crit`, `emerg`, `fatal`: FATAL; `err`, `error`: ERROR; `warn`,
//!    `notice`: WARN; `debug`, `dbug`: DEBUG; `trace`: TRACE;
//! 3. INFO.
//!
//! All of 2 and 3 can be set: see [`settings`].

mod level;
pub mod settings;

use settings::Settings;
use skidway_sdk::{Changes, Enricher, Item};

/// The attributes that name a level, the first one that does counts.
const LEVEL_ATTRIBUTES: [&str; 7] =
    ["level", "Level", "LEVEL", "severity", "Severity", "SEVERITY", "log.level"];

/// The enricher.
#[derive(Debug)]
pub struct Severity {
    settings: Settings,
}

impl Enricher for Severity {
    fn configure(config: &str) -> Result<Self, String> {
        Ok(Self { settings: Settings::read(config)? })
    }

    fn reads(&self) -> Vec<&str> {
        LEVEL_ATTRIBUTES.into_iter().chain(self.settings.attribute.as_deref()).collect()
    }

    fn record(&self, record: &Item<'_>, out: &mut Changes<'_>) {
        if record.severity() != 0 && !self.settings.overwrite {
            return;
        }
        let severity = stated(record).unwrap_or_else(|| self.inferred(record));
        if severity != record.severity() {
            out.severity(severity);
        }
    }
}

impl Severity {
    fn inferred(&self, record: &Item<'_>) -> u8 {
        let settings = &self.settings;
        let attribute = settings.attribute.as_ref().and_then(|_| record.attribute(LEVEL_ATTRIBUTES.len()));
        let text = attribute.unwrap_or_else(|| record.body());
        let window = text.get(..settings.window).unwrap_or(text);
        settings.keywords.first_in(window).unwrap_or(settings.default)
    }
}

/// What an attribute says.
fn stated(record: &Item<'_>) -> Option<u8> {
    (0..LEVEL_ATTRIBUTES.len()).find_map(|name| level::stated(record.attribute(name)?))
}

skidway_sdk::export_enricher!(Severity);

#[cfg(test)]
mod tests;
