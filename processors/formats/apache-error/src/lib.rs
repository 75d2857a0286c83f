//! Apache's error log, that of 2.4 and that of 2.2:
//! `[Wed Nov 25 14:30:08.123456 2026] [core:error] [pid 1:tid 2] [client 203.0.113.9:5123] AH00126: Invalid URI`,
//! `[Wed Nov 25 14:30:08 2026] [error] [client 203.0.113.9] File does not exist: /x`.
//!
//! The time is local. Before the client stand, with the levels for debugging, the place
//! in the source, as `core.c(4436): `, and what the system said, as
//! `(13)Permission denied: `; then comes the message, with the referrer at its end.
//! Lines that are indented continue a message.

use memchr::{memchr, memmem, memrchr};
use skidway_sdk::time::ctime;
use skidway_sdk::{Context, Kind, Line, Parser, Record, no_settings};

static KEYS: [&str; 10] = [
    "timestamp",
    "apache.module",
    "pid",
    "thread.id",
    "code.file.path",
    "code.line.number",
    "error.message",
    "client.address",
    "client.port",
    "message",
];

/// The parser; it has no settings.
#[derive(Debug)]
pub struct ApacheError;

impl Parser for ApacheError {
    const KEYS: &'static [&'static str] = &KEYS;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], context: &Context, out: &mut Record<'_>) -> Line {
        if let [b' ' | b'\t', ..] = line {
            return Line::Continuation;
        }
        match read(line, context, out) {
            Some(()) => Line::Entry,
            None => Line::Unrecognised,
        }
    }
}

#[inline]
fn read(line: &[u8], context: &Context, out: &mut Record<'_>) -> Option<()> {
    let inside = line.strip_prefix(b"[")?;
    let stamp = ctime(inside, &context.clock)?;
    let (written, rest) = inside.split_at_checked(stamp.len)?;
    let (level, mut rest) = bracket(rest.strip_prefix(b"] ")?)?;
    let (module, level) = match memchr(b':', level) {
        Some(at) => (Some(level.get(..at)?), level.get(at + 1..)?),
        None => (None, level),
    };

    let [timestamp, module_name, pid, thread_id, file, line_number, error, address, port, message] = KEYS;
    out.time(stamp.unix_nano);
    out.severity(severity(level)?);
    out.attribute(timestamp, written);
    if let Some(module) = module.filter(|module| !module.is_empty()) {
        out.attribute(module_name, module);
    }
    if let Some((process, behind)) = bracket(rest)
        && let Some(process) = process.strip_prefix(b"pid ")
    {
        let (process, thread) = match memmem::find(process, b":tid ") {
            Some(at) => (process.get(..at)?, process.get(at + 5..)?),
            None => (process, &[][..]),
        };
        out.attribute(pid, process);
        if !thread.is_empty() {
            out.attribute_as(thread_id, Kind::Integer, thread);
        }
        rest = behind;
    }
    if let Some((path, number, behind)) = source(rest) {
        out.attribute(file, path);
        out.attribute_as(line_number, Kind::Integer, number);
        rest = behind;
    }
    if let Some((said, behind)) = system_error(rest) {
        out.attribute(error, said);
        rest = behind;
    }
    if let Some((client, behind)) = bracket(rest)
        && let Some(client) = client.strip_prefix(b"client ").or_else(|| client.strip_prefix(b"remote "))
    {
        // Only 2.4 names the port, and always: an IPv6 address may end like one.
        let number = if module.is_some() { memrchr(b':', client) } else { None };
        out.attribute(address, number.and_then(|at| client.get(..at)).unwrap_or(client));
        if let Some(number) = number.and_then(|at| client.get(at + 1..)) {
            out.attribute_as(port, Kind::Integer, number);
        }
        rest = behind;
    }
    out.attribute_to_end(message, rest);
    Some(())
}

/// What stands in the brackets at the start of `text`, and what follows them and a
/// blank.
#[inline]
fn bracket(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"[")?;
    let (inside, behind) = inside.split_at_checked(memchr(b']', inside)?)?;
    let behind = behind.get(1..)?;
    Some((inside, behind.strip_prefix(b" ").unwrap_or(behind)))
}

/// `core.c`, `4436` and what follows `core.c(4436): `.
#[inline]
fn source(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (path, behind) = text.split_at_checked(memchr(b'(', text)?)?;
    let (number, behind) = behind.get(1..)?.split_at_checked(memchr(b')', behind)?.checked_sub(1)?)?;
    let is_place = path.ends_with(b".c") && !path.contains(&b' ') && !number.is_empty();
    let behind = behind.strip_prefix(b"): ")?;
    (is_place && number.iter().all(u8::is_ascii_digit)).then_some((path, number, behind))
}

/// `(13)Permission denied` in front of `: `.
#[inline]
fn system_error(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let number = text.strip_prefix(b"(")?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if number == 0 || text.get(number + 1) != Some(&b')') {
        return None;
    }
    let at = memmem::find(text, b": ")?;
    Some((text.get(..at)?, text.get(at + 2..)?))
}

#[inline]
fn severity(level: &[u8]) -> Option<u8> {
    Some(match level {
        b"error" => 17,
        b"warn" => 13,
        b"notice" => 10,
        b"info" => 9,
        b"debug" => 5,
        b"crit" => 18,
        b"alert" => 19,
        b"emerg" => 21,
        [b't', b'r', b'a', b'c', b'e', b'1'..=b'8'] => 1,
        _ => return None,
    })
}

skidway_sdk::export_parser!(ApacheError);

#[cfg(test)]
mod tests;
