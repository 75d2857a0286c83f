//! Headers: names that may be set, and values that are never shown.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::read::refuse;

/// A value that no log, message or printed config may show: it prints as
/// `[redacted]` everywhere but where it is asked for by [`Secret::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A value that never becomes a header.
    pub(crate) fn unchecked(text: String) -> Self {
        Self(text)
    }

    /// The value itself, for the request it is meant for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // RFC 9110, 5.5: visible characters, spaces and tabs. Checked here so that a
        // key with a line feed at its end is found now, not with the first request.
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(refuse(
                "a header value cannot hold line feeds or other control characters",
                "look for a line feed at the end of the variable",
            ));
        }
        Ok(Self(text))
    }
}

/// The name of a header, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HeaderName(pub(crate) String);

/// Headers that say how the body is framed: the exporter's own.
const RESERVED: [&str; 6] =
    ["content-type", "content-encoding", "content-length", "transfer-encoding", "connection", "host"];

impl<'de> Deserialize<'de> for HeaderName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?.to_ascii_lowercase();
        // RFC 9110, 5.6.2: token.
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(token) {
            return Err(refuse(
                format_args!("`{name}` is no header name"),
                "letters, digits and `-` make a name",
            ));
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(refuse(format_args!("header `{name}` is set by the exporter"), "leave it out"));
        }
        Ok(Self(name))
    }
}
