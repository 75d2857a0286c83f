//! Encodings of text, by their names.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::read::refuse;

/// How the characters of a file are encoded. A line feed is one byte in all of them.
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
        const HINT: &str = "`utf-8`, `iso-8859-1`, `windows-1252`, `shift_jis`, `euc-jp`, `gbk`, `big5`, `koi8-r` and the like";
        let text = String::deserialize(deserializer)?;
        let name = text.to_ascii_lowercase();
        match name.as_str() {
            "" | "utf-8" | "utf8" | "ascii" | "us-ascii" => return Ok(Self::Utf8),
            "latin1" | "iso-8859-1" | "iso8859-1" => return Ok(Self::Latin1),
            "utf-8-raw" | "utf8-raw" | "nop" => {
                let what = format_args!("`{text}` is not supported: records hold text");
                return Err(refuse(what, "`utf-8`, which puts U+FFFD in the place of invalid bytes"));
            }
            _ => {}
        }
        match encoding_rs::Encoding::for_label(name.as_bytes()) {
            None => Err(refuse(format_args!("there is no encoding `{text}`"), HINT)),
            // Two bytes a line feed, and one that stands for encodings nobody may read.
            Some(encoding)
                if [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE, encoding_rs::REPLACEMENT]
                    .contains(&encoding) =>
            {
                Err(refuse(format_args!("`{text}` is not supported yet"), "convert the file to UTF-8"))
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
