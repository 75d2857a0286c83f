//! `amazon-cloudwatch-agent.log`, in the three forms that its parts write:
//! - `2026-11-25T14:30:08Z I! [logagent] starting`, what came from Telegraf
//! - `2026-11-25T14:30:08Z I! {"caller":"service@v0.124.0/service.go:266","msg":"Starting"}`,
//!   what came from the OpenTelemetry collector
//! - `2026/11/25 14:30:08 I! Valid Json input schema.`, in local time, from the programs
//!   that prepare its configuration; some of their lines have no stamp or no level
//!
//! A configuration that is printed, in TOML, YAML or JSON, belongs to the entry before it.

use skidway_sdk::json::{Member, members};
use skidway_sdk::time::{Clock, Stamp, local, rfc3339};
use skidway_sdk::{Context, Line, Parser, Record, Text, cut, no_settings};

static KEYS: [&str; 4] = ["timestamp", "unit", "code.file.path", "message"];

/// What the programs that prepare the configuration say without a level.
const WITHOUT_LEVEL: [&[u8]; 3] =
    [b"Reading json config file path: ", b"Configuration validation ", b"Under path : "];

/// How a YAML configuration of the collector begins its parts.
const YAML_PARTS: [&[u8]; 6] =
    [b"connectors:", b"exporters:", b"extensions:", b"processors:", b"receivers:", b"service:"];

/// The parser; it has no settings.
#[derive(Debug)]
pub struct CloudwatchAgent;

impl Parser for CloudwatchAgent {
    const KEYS: &'static [&'static str] = &KEYS;
    const BLANK_LINES_JOIN: bool = true;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], context: &Context, out: &mut Record<'_>) -> Line {
        let found = match line.first() {
            Some(b'0'..=b'9') => stamped(line, &context.clock),
            _ => entry(line, None, true),
        };
        let Some(entry) = found else {
            return if is_configuration(line) { Line::Continuation } else { Line::Unrecognised };
        };
        if let Some(stamp) = entry.stamp {
            out.time(stamp.unix_nano);
            out.attribute(KEYS[0], line.get(..stamp.len).unwrap_or(&[]));
        }
        out.severity(entry.level);
        message(entry.rest, out);
        Line::Entry
    }
}

struct Entry<'l> {
    stamp: Option<Stamp>,
    level: u8,
    rest: &'l [u8],
}

#[inline]
fn stamped<'l>(line: &'l [u8], clock: &Clock) -> Option<Entry<'l>> {
    let go = line.get(4) == Some(&b'/');
    let stamp = if go { local(line, clock) } else { rfc3339(line) }?;
    let rest = line.get(stamp.len..)?.strip_prefix(b" ")?;
    entry(rest, Some(stamp), go)
}

/// What follows the stamp, if there is one; `preparing` says that it could be of a program
/// that prepares the configuration.
#[inline]
fn entry(rest: &[u8], stamp: Option<Stamp>, preparing: bool) -> Option<Entry<'_>> {
    match level(rest) {
        Some(level) => Some(Entry { stamp, level, rest: rest.split_at(3).1 }),
        None if preparing && WITHOUT_LEVEL.iter().any(|start| rest.starts_with(start)) => {
            Some(Entry { stamp, level: 0, rest })
        }
        None => None,
    }
}

/// The severity of `I! ` and its like.
#[inline]
fn level(text: &[u8]) -> Option<u8> {
    let [level, b'!', b' ', ..] = text else { return None };
    match level {
        b'T' => Some(1),
        b'D' => Some(5),
        b'I' => Some(9),
        b'W' => Some(13),
        b'E' => Some(17),
        b'F' => Some(21),
        _ => None,
    }
}

/// Reads what follows the level: a part's name in brackets and a text, or the collector's
/// JSON.
#[inline]
fn message(rest: &[u8], out: &mut Record<'_>) {
    if rest.starts_with(b"{\"caller\":") && collector(rest, out) {
        return;
    }
    // Telegraf writes a colon behind the brackets now and then.
    let (unit, message) = match cut::within(rest, b'[', b']') {
        Some((unit, message)) if is_name(unit) => (unit, message.strip_prefix(b":").unwrap_or(message)),
        _ => (&[][..], rest),
    };
    if !unit.is_empty() {
        out.attribute(KEYS[1], unit);
    }
    out.attribute_to_end(KEYS[3], message.strip_prefix(b" ").unwrap_or(message));
}

fn is_name(text: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/' | b':');
    !text.is_empty() && text.iter().all(plain)
}

/// The collector's fields; false where they are no JSON object.
fn collector(text: &[u8], out: &mut Record<'_>) -> bool {
    if !members(text, |_, _| {}) {
        return false;
    }
    members(text, |name, value| match (name.raw, value) {
        (b"msg", Member::String(message)) => out.attribute_text(KEYS[3], message),
        (b"name" | b"otelcol.component.id", Member::String(unit)) => out.attribute_text(KEYS[1], unit),
        (b"error", Member::String(error)) => out.attribute_text("error.message", error),
        (b"stacktrace", Member::String(trace)) => out.attribute_text("code.stacktrace", trace),
        (b"caller", Member::String(caller)) => place(caller, out),
        _ => out.member(name, value),
    });
    true
}

/// Where in the source a line was written: `service@v0.124.0/service.go:266`.
fn place(caller: Text<'_>, out: &mut Record<'_>) {
    match cut::at_last(caller.raw, b':') {
        Some((file, number))
            if !number.is_empty() && number.len() < 10 && cut::digits(number).1.is_empty() =>
        {
            out.attribute_text(KEYS[2], Text { raw: file, ..caller });
            out.attribute_as("code.line.number", skidway_sdk::Kind::Integer, number);
        }
        _ => out.attribute_text(KEYS[2], caller),
    }
}

/// Whether a line is one of a configuration that is printed.
fn is_configuration(line: &[u8]) -> bool {
    match line {
        [b' ' | b'\t', ..] | [b'{' | b'}' | b']'] => true,
        // A table of TOML: `[agent]`, `[[inputs.cpu]]`.
        [b'[', inside @ .., b']'] => {
            let inside = match inside {
                [b'[', inside @ .., b']'] => inside,
                _ => inside,
            };
            is_name(inside)
        }
        _ => YAML_PARTS.iter().any(|part| match line.strip_prefix(*part) {
            Some(rest) => matches!(rest, [] | b" {}" | b" []"),
            None => false,
        }),
    }
}

skidway_sdk::export_parser!(CloudwatchAgent);

#[cfg(test)]
mod tests;
