//! Write a line function, get a sandboxed component.
//!
//! ```
//! use skidway_sdk::{Context, Line, Parser, Record, testing};
//!
//! /// `LEVEL text`, one entry a line.
//! struct Levels;
//!
//! impl Parser for Levels {
//!     fn configure(config: &str) -> Result<Self, String> {
//!         skidway_sdk::no_settings(config)?;
//!         Ok(Self)
//!     }
//!
//!     fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
//!         let Some(space) = line.iter().position(|&b| b == b' ') else { return Line::Unrecognised };
//!         out.severity(match &line[..space] {
//!             b"WARN" => 13,
//!             b"INFO" => 9,
//!             _ => return Line::Unrecognised,
//!         });
//!         out.attribute("message", &line[space + 1..]);
//!         Line::Entry
//!     }
//! }
//!
//! skidway_sdk::export_parser!(Levels);
//!
//! let entries = testing::parse(&Levels, "WARN disk is full\n");
//! assert_eq!(entries[0].severity, 13);
//! assert_eq!(entries[0].get("message"), Some("disk is full"));
//! ```
//!
//! The crate is a `cdylib` built for `wasm32-unknown-unknown`. The SDK splits the
//! text into lines, trims and joins them, keeps the books and hands columns to the
//! host; see [`Parser`], [`ChunkParser`], [`Enricher`] and [`Describer`] for what is left to
//! write.
//! Crates that use it build and test natively, where the export macros make nothing.

pub mod bindings;
mod config;
pub mod container;
pub mod cut;
mod describer;
mod enricher;
mod export;
pub mod fields;
pub mod http;
pub mod json;
pub mod log;
mod parse;
mod record;
mod severity;
pub mod syslog;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod text;
pub mod time;

pub use bindings::lifecycle::skidway::processor::types::{Attribute, Key, Kind, Records, Subject};
pub use bindings::parser::exports::skidway::processor::parser::Parsed;
pub use config::no_settings;
pub use describer::{Describer, Fact};
pub use enricher::{Changes, Enricher, Field, Item, enrich};
pub use parse::{ChunkParser, Context, Line, Parser, parse};
pub use record::Record;
pub use severity::{severity_name, severity_number};
pub use text::Text;

#[doc(hidden)]
pub use export::__private;
