//! Parses an audit log of pairs, as many applications write one of their own:
//!
//! ```text
//! audit ts=1795346363.080 seq=4711 event=file.open user="Anna K" ip=10.0.7.12 path=/srv/a.txt ok=false ms=38 reason="no \"write\" right"
//! ```
//!
//! `ts` (seconds since 1970), `seq` and `event` are in every line, in this order; what follows may be any of
//! [`FIELDS`]. Pairs that are not known stay in the body alone. What was not allowed is a warning.

use skidway_sdk::{Context, Kind, Line, Parser, Record, no_settings};

/// The parser; it has no settings.
pub struct Audit;

/// A pair's key, and the attribute that it becomes.
struct Field {
    key: &'static [u8],
    attribute: &'static str,
    kind: Kind,
}

const fn field(key: &'static str, attribute: &'static str, kind: Kind) -> Field {
    Field { key: key.as_bytes(), attribute, kind }
}

const FIELDS: &[Field] = &[
    field("seq", "audit.sequence", Kind::Integer),
    field("event", "event.name", Kind::Text),
    field("user", "user.name", Kind::Text),
    field("ip", "client.address", Kind::Text),
    field("path", "file.path", Kind::Text),
    field("ok", "audit.allowed", Kind::Boolean),
    field("ms", "audit.duration_ms", Kind::Float),
    field("reason", "audit.reason", Kind::Text),
];

const INFO: u8 = 9;
const WARN: u8 = 13;

impl Parser for Audit {
    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        read(line, out).map_or(Line::Unrecognised, |()| Line::Entry)
    }
}

fn read(line: &[u8], out: &mut Record<'_>) -> Option<()> {
    let mut rest = line.strip_prefix(b"audit ")?;
    out.time(unix_nano(pair(&mut rest, b"ts")?.plain())?);
    let sequence = pair(&mut rest, b"seq")?.plain();
    if sequence.is_empty() || !sequence.iter().all(u8::is_ascii_digit) {
        return None;
    }
    out.attribute_as(FIELDS[0].attribute, FIELDS[0].kind, sequence);
    out.attribute(FIELDS[1].attribute, pair(&mut rest, b"event")?.plain());
    out.severity(INFO);
    while !rest.is_empty() {
        let (key, value) = any_pair(&mut rest)?;
        let Some(field) = FIELDS.iter().find(|field| field.key == key) else { continue };
        if key == b"ok" && value.raw == b"false" {
            out.severity(WARN);
        }
        value.set(field, out);
    }
    Some(())
}

/// A value as it stands between its quotes, or without any.
struct Value<'l> {
    raw: &'l [u8],
    escaped: bool,
}

impl<'l> Value<'l> {
    fn plain(self) -> &'l [u8] {
        self.raw
    }

    fn set(&self, field: &Field, out: &mut Record<'_>) {
        if !self.escaped {
            // A part of the line: nothing is copied.
            return out.attribute_as(field.attribute, field.kind, self.raw);
        }
        let mut plain = Vec::with_capacity(self.raw.len());
        let mut bytes = self.raw.iter();
        while let Some(&byte) = bytes.next() {
            plain.push(if byte == b'\\' { *bytes.next().unwrap_or(&byte) } else { byte });
        }
        out.attribute_as(field.attribute, field.kind, &plain);
    }
}

/// The value of the pair at the start, which must have this key.
fn pair<'l>(rest: &mut &'l [u8], key: &[u8]) -> Option<Value<'l>> {
    let (found, value) = any_pair(rest)?;
    (found == key).then_some(value)
}

/// Takes the pair at the start of `rest`, and the space behind it.
fn any_pair<'l>(rest: &mut &'l [u8]) -> Option<(&'l [u8], Value<'l>)> {
    let equals = rest.iter().position(|&byte| byte == b'=')?;
    let (key, behind) = (&rest[..equals], &rest[equals + 1..]);
    if key.is_empty() || key.contains(&b' ') {
        return None;
    }
    let (value, behind) = match behind.strip_prefix(b"\"") {
        Some(quoted) => until_quote(quoted)?,
        None => {
            let end = behind.iter().position(|&byte| byte == b' ').unwrap_or(behind.len());
            (Value { raw: &behind[..end], escaped: false }, &behind[end..])
        }
    };
    *rest = match behind {
        [] => behind,
        [b' ', behind @ ..] => behind,
        _ => return None,
    };
    Some((key, value))
}

/// Up to the quote that no backslash stands before.
fn until_quote(quoted: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let (mut at, mut escaped) = (0, false);
    loop {
        match quoted.get(at)? {
            b'"' => return Some((Value { raw: &quoted[..at], escaped }, &quoted[at + 1..])),
            b'\\' => {
                escaped = true;
                at += 2;
            }
            _ => at += 1,
        }
    }
}

/// `1795346363.080`, up to nine digits behind the point.
fn unix_nano(seconds: &[u8]) -> Option<u64> {
    let seconds = std::str::from_utf8(seconds).ok()?;
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    if fraction.len() > 9 || !fraction.bytes().chain(whole.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let fraction: u64 = format!("{fraction:0<9}").parse().ok()?;
    whole.checked_mul(1_000_000_000)?.checked_add(fraction)
}

skidway_sdk::export_parser!(Audit);

#[cfg(test)]
mod tests {
    use super::*;
    use skidway_sdk::testing;

    #[test]
    fn values_are_unquoted() {
        let entry = testing::parse_one(&Audit, r#"audit ts=1.5 seq=1 event=e user="A \"B\" \\ C" ok=true"#);
        assert_eq!(entry.time_unix_nano, 1_500_000_000);
        assert_eq!(entry.get("user.name"), Some(r#"A "B" \ C"#));
    }

    #[test]
    fn what_is_cut_off_or_out_of_order_is_not_recognised() {
        for line in [
            "audit ts=1 seq=1",
            "audit seq=1 ts=1 event=e",
            "audit ts=1 seq=x event=e",
            "audit ts=1 seq=1 event=e user=\"A",
            "audit ts=1 seq=1 event=e user=\"A\\",
            "audit ts=1 seq=1 event=e user=\"A\"b=c",
            "audit ts=soon seq=1 event=e",
            "ts=1 seq=1 event=e",
        ] {
            assert!(!testing::parse_one(&Audit, line).recognised, "{line}");
        }
    }

    #[test]
    fn no_line_makes_it_fail() {
        let line = r#"audit ts=1795346363.080 seq=4711 event=file.open user="Anna \"K\"" ok=false ms=38"#;
        for end in 0..line.len() {
            testing::parse(&Audit, &line[..end]);
            testing::parse(&Audit, &line[end..]);
        }
    }
}
