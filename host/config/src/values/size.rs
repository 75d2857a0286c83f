//! Sizes as the collector writes them: `1MiB`, `1kb`, `1000`.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serializer};

use crate::read::refuse;

/// stanza's units (helper.ByteSize), case-insensitive.
const UNITS: [(&str, u64); 10] = [
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
];

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByteSize(pub(crate) u64);

/// The bytes `text` stands for, `None` where it is no size or out of range.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start().to_ascii_lowercase();
    let scale = UNITS.iter().find(|(name, _)| *name == unit)?.1;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut bytes = u128::from(whole.parse::<u64>().ok()?) * u128::from(scale);
    if !fraction.is_empty() {
        let digits = u32::try_from(fraction.len()).ok().filter(|&n| n <= 15)?;
        bytes += u128::from(fraction.parse::<u64>().ok()?) * u128::from(scale) / 10_u128.pow(digits);
    }
    // Stays within what YAML readers take for a number.
    u64::try_from(bytes).ok().filter(|&b| b <= i64::MAX as u64)
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        const HINT: &str = "write bytes, such as `1048576`, `1MiB` or `1kb`";

        impl Visitor<'_> for Reading {
            type Value = ByteSize;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as `1MiB`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ByteSize, E> {
                parse(text).map(ByteSize).ok_or_else(|| refuse(format_args!("`{text}` is no size"), HINT))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<ByteSize, E> {
                u64::try_from(number).map(ByteSize).map_err(|_| refuse("a size cannot be negative", HINT))
            }
        }

        deserializer.deserialize_any(Reading)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        match units.into_iter().find(|(_, scale)| self.0 > 0 && self.0.is_multiple_of(*scale)) {
            Some((name, scale)) => write!(f, "{}{name}", self.0 / scale),
            None => write!(f, "{}", self.0),
        }
    }
}

/// For `serialize_with`: bytes as `1MiB`, or as a number where no unit divides them.
pub(crate) fn size<S: Serializer>(bytes: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    if bytes.is_multiple_of(1 << 10) && *bytes > 0 {
        return serializer.collect_str(&ByteSize(*bytes));
    }
    serializer.serialize_u64(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_the_collector_reads() {
        let table = [
            ("0", 0),
            ("1000", 1000),
            ("1kb", 1000),
            ("1KB", 1000),
            ("1kib", 1024),
            ("1MiB", 1 << 20),
            ("1.5MiB", 3 << 19),
            ("16 KiB", 16 << 10),
            ("2b", 2),
        ];
        for (text, bytes) in table {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
        for text in ["", "MiB", "1xb", "-1", "1 2", "1.2.3kb", ".5mb", "99999999999tib", "1e3"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(bytes in prop_oneof![0_u64..1 << 40, (0_u64..5000).prop_map(|n| n << 20)]) {
            prop_assert_eq!(parse(&ByteSize(bytes).to_string()), Some(bytes));
        }
    }
}
