//! Which files are followed, where that takes more than their names, and what they
//! are made of.

use serde::{Deserialize, Serialize};

/// Follow only the first files of an order (the collector's `ordering_criteria`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ordering {
    /// What takes a path apart into named groups; needed by all rules but `mtime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// Its first group names the group of files in which `top_n` counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_by: Option<String>,
    /// How many are followed, at least one.
    pub top_n: usize,
    /// Each sorts what the one before it left; at least one.
    pub sort_by: Vec<SortBy>,
}

/// A rule of an [`Ordering`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SortBy {
    /// What the rule takes the group for.
    pub sort_type: SortType,
    /// Which group of the pattern it looks at; empty for `mtime`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub regex_key: String,
    /// The smallest or earliest first.
    pub ascending: bool,
    /// How a time is written; empty for what is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub layout: String,
    /// The zone of times that name none; empty: UTC.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub location: String,
}

/// What a rule compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SortType {
    /// Whole numbers.
    Numeric,
    /// Bytes.
    Alphabetical,
    /// Times that stand in the name.
    Timestamp,
    /// When the files were last written to.
    Mtime,
}

/// Which files are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileCompression {
    /// None: bytes are text.
    #[serde(rename = "")]
    None,
    /// All, with gzip.
    Gzip,
    /// Those that begin as gzip files do.
    Auto,
}
