//! The collector's operators (collector-contrib, `pkg/stanza/docs/operators`) as
//! one component.
//!
//! Its settings are those of a `filelog` receiver that concern entries: the list of
//! operators, `multiline`, `attributes` and so on; see [`Operators::configure`]. A
//! text is split into entries ([`split`]), each passes the operators ([`chain`],
//! [`run`]) and becomes a row of columns ([`emit`]).
//!
//! Invariant: entries are dealt with in the order of the text, and what is not
//! consumed leaves no trace, so that offering it again gives the same records.

mod chain;
mod emit;
mod entry;
mod expression;
mod field;
mod operators;
mod run;
mod settings;
mod split;
mod statics;
mod value;
mod zones;

use serde_json::Value as Json;
use skidway_sdk::{ChunkParser, Context, Parsed};

use chain::Chain;
use settings::Settings;
use split::Splitter;
use statics::Statics;
use zones::Zones;

/// The operators of one receiver.
#[derive(Debug)]
pub struct Operators {
    splitter: Splitter,
    statics: Statics,
    chain: Chain,
}

skidway_sdk::export_chunk_parser!(Operators);

/// All settings.
const KNOWN: &[&str] = &[
    "operators",
    "attributes",
    "resource",
    "multiline",
    "preserve_leading_whitespaces",
    "preserve_trailing_whitespaces",
    "max_log_size",
    "max_log_size_behavior",
    "include_file_record_number",
    "include_file_record_offset",
    "zones",
];

impl ChunkParser for Operators {
    fn configure(config: &str) -> Result<Self, String> {
        let json: Json = serde_json::from_str(config).map_err(|error| error.to_string())?;
        let make = || {
            let settings = Settings::new(&json, "")?;
            settings.only(&[KNOWN])?;
            let zones = Zones::new(&settings)?;
            Ok(Self {
                splitter: Splitter::new(&settings)?,
                statics: Statics::new(&settings)?,
                chain: Chain::new(settings.list("operators")?, "operators", &zones)?,
            })
        };
        make().map_err(|problem: settings::Problem| problem.to_string())
    }

    fn owns_file_attributes(&self) -> bool {
        true
    }

    fn parse(&self, text: &[u8], context: &Context) -> Result<Parsed, String> {
        let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
        Ok(run::run(self, text, context))
    }
}

#[cfg(test)]
mod tests;
