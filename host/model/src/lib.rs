//! What every room speaks of: chunks of bytes, columns of records, file
//! identities, resource attributes. This crate does no I/O and trusts no column
//! that it has not checked.
//!
//! The life of a record: a [`Span`] of a file is read, a parser answers
//! [`Records`] about its text, [`Checked::new`] makes sure that every number in
//! them can be used, enrichers answer a [`Patch`], [`Checked::apply`] checks and
//! merges it, and the encoder reads what is left, column by column.

mod attribute;
mod check;
mod columns;
mod file;
mod line;
mod patch;
mod severity;

pub use attribute::Attribute;
pub use check::{Checked, Invalid};
pub use columns::{Key, Kind, MAX_JSON_DEPTH, MAX_KEY_BYTES, Patch, Records, SEVERITY_UNCHANGED, Subject};
pub use file::{Anchor, FileKey, Identity, Lineage, Span};
pub use line::FirstLine;
pub use severity::{MAX_SEVERITY, severity_text};
