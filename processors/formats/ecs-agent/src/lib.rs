//! `ecs-agent.log` and `ecs-init.log` of Amazon ECS:
//! - `level=info time=2026-11-25T14:30:08Z msg="Registered container instance" module=client.go`
//! - `2026-11-25T14:30:08Z [INFO] Registering Instance with ECS`, up to version 1.43
//!
//! With `ECS_LOG_OUTPUT_FORMAT=json` the agent writes JSON as others do: that is read as
//! such. Fields that are no attribute by another name have their own.

use skidway_sdk::time::rfc3339;
use skidway_sdk::{Context, Kind, Line, Parser, Record, Text, cut, no_settings, severity_number};

static KEYS: [&str; 4] = ["timestamp", "message", "code.file.path", "error.message"];

/// The parser; it has no settings.
#[derive(Debug)]
pub struct EcsAgent;

impl Parser for EcsAgent {
    const KEYS: &'static [&'static str] = &KEYS;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        let known = match line {
            [b'l', ..] => fields(line, out),
            [b'0'..=b'9', ..] => words(line, out),
            // What the SDK of AWS puts behind an error.
            [b' ' | b'\t', ..] => return Line::Continuation,
            _ if line.starts_with(b"caused by: ") || line.starts_with(b"status code: ") => {
                return Line::Continuation;
            }
            _ => None,
        };
        if known.is_some() { Line::Entry } else { Line::Unrecognised }
    }
}

/// `level=LEVEL time=STAMP msg="text"`, and more fields.
#[inline]
fn fields(line: &[u8], out: &mut Record<'_>) -> Option<()> {
    let (level, rest) = cut::word(line.strip_prefix(b"level=")?);
    let severity = level.iter().all(u8::is_ascii_lowercase).then(|| severity_number(level))??;
    let (written, rest) = cut::word(rest.strip_prefix(b"time=")?);
    let stamp = rfc3339(written).filter(|stamp| stamp.len == written.len())?;
    let (message, mut rest) = value(rest.strip_prefix(b"msg=")?)?;
    out.time(stamp.unix_nano);
    out.severity(severity);
    out.attribute(KEYS[0], written);
    out.attribute_text(KEYS[1], message);
    while !rest.is_empty() {
        let (name, behind) = rest.split_at(rest.iter().position(|&byte| byte == b'=')?);
        let (value, behind) = value(behind.strip_prefix(b"=")?)?;
        match name {
            b"module" => out.attribute_text(KEYS[2], value),
            b"error" => out.attribute_text(KEYS[3], value),
            b"taskARN" | b"taskArn" => out.attribute_text("aws.ecs.task.arn", value),
            b"" => return None,
            _ => out.named(Text::plain(name), Kind::Text, value),
        }
        rest = behind;
    }
    Some(())
}

/// The value of a field, and the next field.
#[inline]
fn value(text: &[u8]) -> Option<(Text<'_>, &[u8])> {
    let (value, rest) = match text.strip_prefix(b"\"") {
        Some(inside) => Text::until_quote(inside)?,
        None => {
            let (value, rest) = cut::word(text);
            return Some((Text::plain(value), rest));
        }
    };
    match rest {
        [] => Some((value, rest)),
        _ => Some((value, rest.strip_prefix(b" ")?)),
    }
}

/// `STAMP [LEVEL] text`.
#[inline]
fn words(line: &[u8], out: &mut Record<'_>) -> Option<()> {
    let stamp = rfc3339(line)?;
    let (written, rest) = line.split_at_checked(stamp.len)?;
    let (level, message) = cut::within(rest.strip_prefix(b" ")?, b'[', b']')?;
    let severity = level.iter().all(u8::is_ascii_uppercase).then(|| severity_number(level))??;
    out.time(stamp.unix_nano);
    out.severity(severity);
    out.attribute(KEYS[0], written);
    out.attribute_to_end(KEYS[1], message.strip_prefix(b" ")?);
    Some(())
}

skidway_sdk::export_parser!(EcsAgent);

#[cfg(test)]
mod tests;
