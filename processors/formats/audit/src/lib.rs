//! The Linux audit daemon's `audit.log`:
//! `type=SYSCALL msg=audit(1795617008.123:456): arch=c000003e syscall=59 success=yes …`, with
//! `node=NAME ` in front where it is told to write that.
//!
//! Fields keep their values as they are written: what auditd encodes in hexadecimal digits,
//! because it has spaces or quotes in it, stays so, and so does 4294967295 for an id that is
//! not set. With `log_format = ENRICHED` names for numbers follow behind a byte 0x1d. Fields
//! that have no attribute here are in the message. Records of one event share `audit.id` and
//! the time; they are not joined.

use memchr::memchr2;
use skidway_sdk::time::unix;
use skidway_sdk::{Context, Kind, Line, Parser, Record, cut, no_settings};

mod fields;

use fields::{KEYS, field};

/// The parser; it has no settings.
#[derive(Debug)]
pub struct Audit;

impl Parser for Audit {
    const KEYS: &'static [&'static str] = &KEYS;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        let (node, rest) = match line.strip_prefix(b"node=") {
            Some(rest) => cut::word(rest),
            None => (&[][..], line),
        };
        let Some(head) = head(rest) else { return Line::Unrecognised };
        out.time(head.unix_nano);
        out.attribute(KEYS[0], head.stamp);
        if !node.is_empty() {
            out.attribute(KEYS[1], node);
        }
        out.attribute(KEYS[2], head.kind);
        out.attribute_as("audit.id", Kind::Integer, head.id);
        fields_of(head.message, out);
        out.attribute(KEYS[3], head.message);
        Line::Entry
    }
}

struct Head<'l> {
    kind: &'l [u8],
    stamp: &'l [u8],
    unix_nano: u64,
    id: &'l [u8],
    message: &'l [u8],
}

/// `type=TYPE msg=audit(SECONDS.MILLISECONDS:ID): `.
#[inline]
fn head(line: &[u8]) -> Option<Head<'_>> {
    let (kind, rest) = cut::word(line.strip_prefix(b"type=")?);
    let (inside, rest) = cut::within(rest.strip_prefix(b"msg=audit")?, b'(', b')')?;
    let message = rest.strip_prefix(b":")?;
    let (stamp, id) = cut::at_last(inside, b':')?;
    let (seconds, fraction) = cut::digits(stamp);
    let (milliseconds, end) = cut::digits(fraction.strip_prefix(b".")?);
    let plain = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_[]".contains(byte);
    // Seconds have ten digits until the year 2286.
    let is_head = !kind.is_empty()
        && kind.iter().all(plain)
        && seconds.len() == 10
        && milliseconds.len() == 3
        && end.is_empty()
        && is_integer(id);
    is_head.then_some(())?;
    let unix_nano = unix(stamp)?.unix_nano;
    Some(Head { kind, stamp, unix_nano, id, message: message.strip_prefix(b" ").unwrap_or(message) })
}

/// Sets the attributes of `name=value` pairs, those within `msg='…'` among them.
#[inline]
fn fields_of(message: &[u8], out: &mut Record<'_>) {
    let mut rest = message;
    while let Some(at) = memchr2(b'=', b'"', rest) {
        let (before, behind) = rest.split_at(at);
        let Some(behind) = behind.strip_prefix(b"=") else {
            // A quote that belongs to no field: `op="x"` has one behind the `=`.
            rest = behind.get(1..).unwrap_or(&[]);
            continue;
        };
        let from = before.iter().rposition(|&byte| !is_name(byte)).map_or(0, |at| at + 1);
        let name = before.get(from..).unwrap_or(&[]);
        let (value, left) = value(behind);
        if !value.is_empty() && value != b"?" && value != b"(null)" && value != b"(none)" {
            field(name, value, out);
        }
        rest = left;
    }
}

#[inline]
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// A value and what follows it. One in single quotes is a list of fields itself: only the
/// quote is passed over.
#[inline]
fn value(text: &[u8]) -> (&[u8], &[u8]) {
    match text {
        [b'"', ..] => cut::within(text, b'"', b'"').unwrap_or((&[], text.split_at(1).1)),
        [b'\'', rest @ ..] => (&[], rest),
        _ => {
            let ends = |byte: &u8| matches!(byte, b' ' | b'\'' | 0x1d | b',');
            text.split_at(text.iter().position(ends).unwrap_or(text.len()))
        }
    }
}

/// Whether a text is a number that 64 bits hold.
fn is_integer(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    !digits.is_empty() && digits.len() <= 18 && digits.iter().all(u8::is_ascii_digit)
}

skidway_sdk::export_parser!(Audit);

#[cfg(test)]
mod tests;
