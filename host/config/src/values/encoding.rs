//! Encodings of text, by their names.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::problem::nearest;
use crate::read::refuse;

/// How the characters of a file are encoded. A line feed is one byte in all of them
/// but UTF-16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8; each byte that is part of no character becomes U+FFFD.
    Utf8,
    /// ISO 8859-1: each byte is the character of that number. (On the Web the name
    /// means Windows-1252, which differs from 0x80 to 0x9F; here it does not.)
    Latin1,
    /// Any other one that has a name on the Web.
    Other(&'static encoding_rs::Encoding),
}

/// The names to offer to who writes another one; there are more.
const NAMES: [&str; 14] = [
    "utf-8",
    "utf-16le",
    "utf-16be",
    "iso-8859-1",
    "iso-8859-15",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "koi8-r",
    "shift_jis",
    "euc-jp",
    "euc-kr",
    "gb18030",
    "big5",
];

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Latin1 => "iso-8859-1",
            Self::Other(encoding) => encoding.name(),
        }
    }
}

impl<'de> Deserialize<'de> for Encoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let name = text.to_ascii_lowercase();
        match name.as_str() {
            // The receiver says what becomes of the raw ones.
            "" | "utf-8" | "utf8" | "ascii" | "us-ascii" | "utf-8-raw" | "utf8-raw" => return Ok(Self::Utf8),
            "latin1" | "iso-8859-1" | "iso8859-1" => return Ok(Self::Latin1),
            // Without a word on the order of bytes, the low one comes first.
            "utf-16" | "utf16" | "utf-16le" | "utf16le" => return Ok(Self::Other(encoding_rs::UTF_16LE)),
            "utf-16be" | "utf16be" => return Ok(Self::Other(encoding_rs::UTF_16BE)),
            "nop" => {
                let what = format_args!("`{text}` is not supported: records hold text");
                return Err(refuse(what, "`utf-8`, which puts U+FFFD in the place of invalid bytes"));
            }
            _ => {}
        }
        match encoding_rs::Encoding::for_label(name.as_bytes()) {
            None => {
                let hint = nearest(&name, "encodings", NAMES);
                Err(refuse(format_args!("there is no encoding `{text}`"), hint))
            }
            // It stands for encodings that are too dangerous to read.
            Some(encoding) if encoding == encoding_rs::REPLACEMENT => {
                Err(refuse(format_args!("`{text}` is not supported"), "convert the file to UTF-8"))
            }
            Some(encoding) => Ok(Self::Other(encoding)),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Encoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
