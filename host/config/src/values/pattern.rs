//! File globs and regular expressions, compiled once to know that they can be.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::read::refuse;

/// A glob over file paths: `*` stays within a folder, `**` crosses folders.
#[derive(Clone, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// As the user wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Err(refuse("an empty glob matches no file", "write a path such as `/var/log/*.log`"));
        }
        match globset::GlobBuilder::new(&text).literal_separator(true).build() {
            Ok(_) => Ok(Self(text)),
            Err(error) => Err(refuse(
                format_args!("bad glob `{text}`: {}", error.kind()),
                "`*`, `**`, `?`, `[a-z]` and `{a,b}` have a meaning; `\\` before one takes it away",
            )),
        }
    }
}

impl Serialize for Glob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A regular expression that matches anywhere in a text unless it has anchors.
#[derive(Clone)]
pub struct Pattern(regex::Regex);

impl Pattern {
    /// The compiled expression.
    pub fn regex(&self) -> &regex::Regex {
        &self.0
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_str().fmt(f)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // 1 MiB: a pattern that needs more is no pattern for tag keys.
        regex::RegexBuilder::new(&text).size_limit(1 << 20).build().map(Self).map_err(|error| {
            let reason = match &error {
                regex::Error::CompiledTooBig(_) => "it compiles to more than 1 MiB".to_owned(),
                // The last line says what; those before draw the pattern.
                other => other.to_string().lines().last().unwrap_or("").replace("error: ", ""),
            };
            refuse(
                format_args!("bad regular expression `{text}`: {reason}"),
                "RE2 syntax, without look-around",
            )
        })
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}
