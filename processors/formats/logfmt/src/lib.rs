//! `key=value` pairs, as Go programs like to write them:
//! `time=2026-11-25T14:30:08Z level=info msg="took its time" took=1.5s`.
//!
//! What is time, level and message stands at [`Fields`]. All other pairs are text
//! attributes; a word without `=` is none. Prose with a `=` in it is not claimed: a line
//! begins with a pair, and most of it are pairs, at least two of them unless one is a
//! time, a level or a message.

use memchr::memchr;
use skidway_sdk::fields::Fields;
use skidway_sdk::json::Member;
use skidway_sdk::{Context, Line, Parser, Record, Text, no_settings};

/// The parser; it has no settings.
#[derive(Debug)]
pub struct Logfmt;

impl Parser for Logfmt {
    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        let mut fields = Fields::default();
        let (mut pairs, mut words) = (0u32, 0u32);
        let mut rest = line;
        while !rest.is_empty() {
            let len = rest.iter().take_while(|&&byte| is_key(byte)).count();
            let (key, behind) = rest.split_at(len);
            rest = match behind {
                [b'=', behind @ ..] if len > 0 => {
                    let Some((value, behind)) = value(behind) else { return Line::Unrecognised };
                    fields.add(Text::plain(key), Member::String(value), out);
                    pairs += 1;
                    behind
                }
                // What does not begin with a pair is something else.
                _ if pairs == 0 => return Line::Unrecognised,
                _ => {
                    words += 1;
                    behind.get(memchr(b' ', behind).unwrap_or(behind.len())..).unwrap_or(&[])
                }
            };
            rest = rest.trim_ascii_start();
        }
        let enough = if fields.found_any() { pairs >= words } else { pairs > words.max(1) };
        if !enough {
            return Line::Unrecognised;
        }
        fields.finish(out);
        Line::Entry
    }
}

#[inline]
fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/' | b'@') || byte >= 0x80
}

/// A value and what follows it; nothing where its quotes are wrong.
#[inline]
fn value(text: &[u8]) -> Option<(Text<'_>, &[u8])> {
    if let Some(inside) = text.strip_prefix(b"\"") {
        let (value, behind) = Text::until_quote(inside)?;
        return matches!(behind, [] | [b' ' | b'\t', ..]).then_some((value, behind));
    }
    let (value, behind) = text.split_at(memchr(b' ', text).unwrap_or(text.len()));
    memchr(b'"', value).is_none().then_some((Text::plain(value), behind))
}

skidway_sdk::export_parser!(Logfmt);

#[cfg(test)]
mod tests;
