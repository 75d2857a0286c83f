//! SHA-256 digests as people copy them.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

use crate::read::refuse;

/// 64 hexadecimal digits, with or without `sha256:` before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sha256(pub(crate) [u8; 32]);

/// `None` where the text is no digest.
fn parse(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text).as_bytes();
    let mut digest = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(digest)
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;

        impl Visitor<'_> for Reading {
            type Value = Sha256;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a SHA-256 digest")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Sha256, E> {
                let hint = "64 hexadecimal digits, as `sha256sum` and `skidway inspect` print them";
                parse(text).map(Sha256).ok_or_else(|| refuse("it is no SHA-256 digest", hint))
            }
        }

        // As it was written: 64 digits may look like a number.
        deserializer.deserialize_identifier(Reading)
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        let text = "00112233445566778899aabbccddeeff".repeat(2);
        assert_eq!(parse(&text).map(|digest| Sha256(digest).to_string()), Some(text.clone()));
        assert_eq!(parse(&format!("sha256:{}", text.to_uppercase())), parse(&text));
        for wrong in ["", "00", &text[1..], &format!("{text}0"), &format!("g{}", &text[1..])] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
