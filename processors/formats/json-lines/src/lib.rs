//! One JSON object a line, as most libraries for structured logs write it:
//! `{"time":"2026-11-25T14:30:08Z","level":"info","msg":"started","port":8080}`.
//!
//! What is time, level and message stands at [`Fields`]. All other members are
//! attributes of their kinds, objects and arrays as JSON; `null` is left out, of a key
//! that is there twice the last value counts. The body is the line.

use skidway_sdk::fields::Fields;
use skidway_sdk::json::members;
use skidway_sdk::{Context, Line, Parser, Record, no_settings};

/// The parser; it has no settings.
#[derive(Debug)]
pub struct JsonLines;

impl Parser for JsonLines {
    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        let mut fields = Fields::default();
        if !members(line, |name, value| fields.add(name, value, out)) {
            return Line::Unrecognised;
        }
        fields.finish(out);
        Line::Entry
    }
}

skidway_sdk::export_parser!(JsonLines);

#[cfg(test)]
mod tests;
