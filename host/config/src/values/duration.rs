//! Durations as Go writes them: `1h30m`, `1.5s`, `200ms`.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serializer};

use crate::read::refuse;

/// Go's units (time.ParseDuration), longest name first where one begins another.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
/// Go counts nanoseconds in an i64: about 292 years.
const MAX_NANOS: u128 = i64::MAX as u128;

/// A duration, not negative, as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GoDuration(pub(crate) Duration);

/// The duration `text` stands for, `None` where it is none or out of range.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut nanos: u128 = 0;
    while !rest.is_empty() {
        let number_len = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, more) = rest.split_at(number_len);
        let unit_len = more.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(more.len());
        let (unit, more) = more.split_at(unit_len);
        let scale = UNITS.iter().find(|(name, _)| *name == unit)?.1;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() == 0 || fraction.contains('.') {
            return None;
        }
        if !whole.is_empty() {
            nanos = nanos.checked_add(whole.parse::<u64>().ok().map(u128::from)?.checked_mul(scale)?)?;
        }
        // Past 18 digits nothing is left of an hour's nanoseconds.
        let digits = &fraction[..fraction.len().min(18)];
        if !digits.is_empty() {
            nanos += digits.parse::<u128>().ok()? * scale / 10_u128.pow(digits.len() as u32);
        }
        rest = more;
    }
    (!text.is_empty() && nanos <= MAX_NANOS).then(|| {
        let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
        Duration::new(seconds as u64, rest as u32)
    })
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        const HINT: &str = "write a number with a unit, such as `200ms`, `10s`, `5m` or `1h30m`";

        impl Visitor<'_> for Reading {
            type Value = GoDuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `10s`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<GoDuration, E> {
                match parse(text) {
                    Some(duration) => Ok(GoDuration(duration)),
                    None if text.starts_with('-') => {
                        Err(refuse(format_args!("`{text}` is a negative duration"), HINT))
                    }
                    None => Err(refuse(format_args!("`{text}` is no duration"), HINT)),
                }
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<GoDuration, E> {
                if number == 0 {
                    return Ok(GoDuration(Duration::ZERO));
                }
                Err(refuse("a duration needs a unit", HINT))
            }
        }

        deserializer.deserialize_any(Reading)
    }
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        if nanos == 0 {
            return f.write_str("0s");
        }
        if nanos < 1_000_000_000 {
            let (name, scale) = [("ms", 1_000_000), ("us", 1_000), ("ns", 1)]
                .into_iter()
                .find(|(_, scale)| nanos.is_multiple_of(*scale))
                .unwrap_or(("ns", 1));
            return write!(f, "{}{name}", nanos / scale);
        }
        let seconds = self.0.as_secs();
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}m")?;
        }
        let fraction = self.0.subsec_nanos();
        match (seconds, fraction) {
            (0, 0) => Ok(()),
            (_, 0) => write!(f, "{seconds}s"),
            _ => write!(f, "{seconds}.{}s", format!("{fraction:09}").trim_end_matches('0')),
        }
    }
}

/// For `serialize_with`: a duration as text.
pub(crate) fn duration<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&GoDuration(*duration))
}

/// The same for one that may be left out; it is skipped then.
#[expect(clippy::ref_option, reason = "what serde hands over")]
pub(crate) fn optional_duration<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&GoDuration(duration.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_go_reads() {
        let table = [
            ("0", 0),
            ("0s", 0),
            ("10s", 10_000_000_000),
            ("200ms", 200_000_000),
            ("1.5s", 1_500_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("1h1m1s1ms1us1ns", 3_661_001_001_001),
            ("5µs", 5_000),
            ("5μs", 5_000),
            ("+5m", 300_000_000_000),
            ("0.000000001s", 1),
            ("0.3333333333333333333h", 1_199_999_999_999),
            ("9223372036854775807ns", i64::MAX as u128),
        ];
        for (text, nanos) in table {
            assert_eq!(parse(text).map(|d| d.as_nanos()), Some(nanos), "{text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        let table = [
            "",
            "+",
            "10",
            "s",
            ".s",
            "1 s",
            "1d",
            "1w",
            "-1s",
            "1.2.3s",
            "10S",
            "ten",
            "1e3s",
            "3000000h",
            "9223372036854775808ns",
            "99999999999999999999s",
            "1s ",
            "1s-1s",
        ];
        for text in table {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(nanos in prop_oneof![0_u64..10_000_000_000, 0..=i64::MAX as u64]) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse(&GoDuration(duration).to_string()), Some(duration));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9.a-zµ+-]{0,24}") {
            let _ = parse(&text);
        }
    }
}
