//! nginx's error log:
//! `2026/11/25 14:30:08 [error] 123#124: *45 open() "/x" failed (2: No such file or directory), client: 203.0.113.9, server: _, request: "GET /x HTTP/1.1", host: "example.com"`.
//!
//! The time is local. What follows the message from `, client: ` on becomes attributes,
//! but only where all of it to the end of the line is what nginx writes there, and no
//! second client is in it: a path in a message, or a header, may hold anything, and must
//! not pass for another client. Otherwise it stays in the message.
//!
//! What a FastCGI server wrote goes on over several lines: those that are indented, and
//! PHP's.

use memchr::{memchr, memchr2, memmem};
use skidway_sdk::http::request_line;
use skidway_sdk::time::local;
use skidway_sdk::{Context, Kind, Line, Parser, Record, no_settings};

static KEYS: [&str; 15] = [
    "timestamp",
    "pid",
    "thread.id",
    "nginx.connection.id",
    "message",
    "client.address",
    "server.address",
    "http.request.method",
    "url.path",
    "url.query",
    "url.original",
    "network.protocol.version",
    "nginx.upstream",
    "http.request.header.host",
    "http.request.header.referer",
];

/// The parser; it has no settings.
#[derive(Debug)]
pub struct NginxError;

impl Parser for NginxError {
    const KEYS: &'static [&'static str] = &KEYS;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], context: &Context, out: &mut Record<'_>) -> Line {
        match read(line, context, out) {
            Some(()) => Line::Entry,
            None if continues(line) => Line::Continuation,
            None => Line::Unrecognised,
        }
    }
}

#[inline]
fn read(line: &[u8], context: &Context, out: &mut Record<'_>) -> Option<()> {
    let stamp = local(line, &context.clock)?;
    let (written, rest) = line.split_at_checked(stamp.len)?;
    let rest = rest.strip_prefix(b" [")?;
    let (level, rest) = rest.split_at_checked(memchr(b']', rest)?)?;
    let severity = severity(level)?;
    let (process, rest) = number(rest.strip_prefix(b"] ")?)?;
    let (thread, rest) = number(rest.strip_prefix(b"#")?)?;
    let rest = rest.strip_prefix(b":")?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);

    let [timestamp, pid, thread_id, connection, message, ..] = KEYS;
    out.time(stamp.unix_nano);
    out.severity(severity);
    out.attribute(timestamp, written);
    out.attribute(pid, process);
    out.attribute_as(thread_id, Kind::Integer, thread);
    let mut text = rest;
    if let Some((serial, rest)) = rest.strip_prefix(b"*").and_then(number)
        && let Some(rest) = rest.strip_prefix(b" ")
    {
        out.attribute_as(connection, Kind::Integer, serial);
        text = rest;
    }
    match fields(text) {
        Some((said, fields)) => {
            out.attribute(message, said);
            fields.describe(out);
        }
        None => out.attribute_to_end(message, text),
    }
    Some(())
}

fn continues(line: &[u8]) -> bool {
    match line {
        [b' ' | b'\t', ..] => true,
        [b'#', digit, ..] => digit.is_ascii_digit(),
        _ => line.starts_with(b"Stack trace:") || line.starts_with(b"PHP message: "),
    }
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
        _ => return None,
    })
}

/// Digits and what follows them.
#[inline]
fn number(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 { None } else { text.split_at_checked(digits) }
}

/// What the fields begin with.
const CLIENT: &[u8] = b", client: ";

/// What nginx says of a request behind a message.
#[derive(Default)]
struct Fields<'l> {
    client: &'l [u8],
    server: &'l [u8],
    request: &'l [u8],
    upstream: &'l [u8],
    host: &'l [u8],
    referrer: &'l [u8],
}

/// A message and the fields behind it.
#[inline]
fn fields(text: &[u8]) -> Option<(&[u8], Fields<'_>)> {
    // What stands behind this is the last field, and anybody's.
    let trusted = memmem::find(text, b", referrer: \"").and_then(|at| text.get(..at)).unwrap_or(text);
    memmem::find_iter(trusted, CLIENT).find_map(|at| {
        let (message, fields) = text.split_at_checked(at)?;
        Some((message, Fields::read(fields)?))
    })
}

impl<'l> Fields<'l> {
    /// Reads `, NAME: VALUE` up to the end of the line.
    #[inline]
    fn read(mut rest: &'l [u8]) -> Option<Self> {
        let mut fields = Self::default();
        while !rest.is_empty() {
            let named = rest.strip_prefix(b", ")?;
            let (name, behind) = named.split_at_checked(memchr(b':', named)?)?;
            let behind = behind.strip_prefix(b": ")?;
            if name == b"referrer" {
                fields.referrer = behind.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
                return memmem::find(fields.referrer, CLIENT).is_none().then_some(fields);
            }
            let (value, behind) = match behind.strip_prefix(b"\"") {
                Some(inside) => {
                    let (value, behind) = inside.split_at_checked(memchr(b'"', inside)?)?;
                    (value, behind.get(1..)?)
                }
                None => {
                    let word = behind.split_at_checked(memchr(b',', behind).unwrap_or(behind.len()))?;
                    memchr2(b' ', b'"', word.0).is_none().then_some(word)?
                }
            };
            match name {
                b"client" if fields.client.is_empty() => fields.client = value,
                b"server" => fields.server = value,
                b"request" => fields.request = value,
                b"upstream" => fields.upstream = value,
                b"host" => fields.host = value,
                // What a module asked for on its own, and the proxies of mail and TCP.
                b"subrequest" | b"login" | b"bytes from/to client" | b"bytes from/to upstream" => {}
                _ => return None,
            }
            rest = behind;
        }
        Some(fields)
    }

    #[inline]
    fn describe(&self, out: &mut Record<'_>) {
        let [_, _, _, _, _, client, server, ..] = KEYS;
        some(client, self.client, out);
        if self.server != b"_" {
            some(server, self.server, out);
        }
        let [.., method, path, query, original, version, upstream, host, referer] = KEYS;
        match request_line(self.request) {
            Some(line) => {
                some(method, line.method, out);
                some(path, line.path, out);
                some(query, line.query, out);
                if line.path.is_empty() {
                    some(original, line.target, out);
                }
                some(version, line.version, out);
            }
            None => some(original, self.request, out),
        }
        some(upstream, self.upstream, out);
        some(host, self.host, out);
        some(referer, self.referrer, out);
    }
}

#[inline]
fn some(key: &'static str, value: &[u8], out: &mut Record<'_>) {
    if !value.is_empty() {
        out.attribute(key, value);
    }
}

skidway_sdk::export_parser!(NginxError);

#[cfg(test)]
mod tests;
