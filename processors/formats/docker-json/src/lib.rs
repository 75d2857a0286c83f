//! What Docker's `json-file` driver writes for a container:
//! `{"log":"started\n","stream":"stdout","time":"2026-11-25T14:30:08.123456789Z"}`.
//!
//! A text without a line feed at its end goes on in the next line of its stream, which
//! is how Docker writes what is longer than 16 KiB. `attrs`, which the options `labels`
//! and `env` of the driver add, stay in the line.

use skidway_sdk::container::{self, Part, Stream};
use skidway_sdk::json::{Member, members};
use skidway_sdk::time::rfc3339;
use skidway_sdk::{ChunkParser, Context, Parsed, Text, no_settings};

/// The parser; it has no settings.
#[derive(Debug)]
pub struct DockerJson;

impl ChunkParser for DockerJson {
    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    fn parse(&self, text: &[u8], context: &Context) -> Result<Parsed, String> {
        Ok(container::parse(text, context, part))
    }
}

#[inline]
fn part(line: &[u8]) -> Option<Part<'_>> {
    let (mut log, mut stream_name, mut time, mut others) = (None, None, None, false);
    let object = members(line, |name, value| match (name.raw, value) {
        (b"log", Member::String(text)) => log = Some(text),
        (b"stream", Member::String(text)) => stream_name = Some(text.raw),
        (b"time", Member::String(text)) => time = Some(text.raw),
        (b"attrs", Member::Nested(_)) => {}
        _ => others = true,
    });
    if !object || others {
        return None;
    }
    let (timestamp, stream_name) = (time?, stream_name?);
    let stamp = rfc3339(timestamp).filter(|stamp| stamp.len == timestamp.len())?;
    let (text, ends) = without_line_feed(log?);
    Some(Part {
        unix_nano: stamp.unix_nano,
        timestamp,
        stream: Stream::named(stream_name)?,
        stream_name,
        text,
        ends,
    })
}

/// Takes the line feed off the end of a text, and tells whether there was one.
#[inline]
fn without_line_feed(text: Text<'_>) -> (Text<'_>, bool) {
    let Some(before) = text.raw.strip_suffix(b"\\n") else { return (text, false) };
    // In `\\n` the backslash is itself what is escaped.
    let backslashes = before.iter().rev().take_while(|&&byte| byte == b'\\').count();
    if backslashes % 2 == 1 { (text, false) } else { (Text::quoted(before), true) }
}

skidway_sdk::export_chunk_parser!(DockerJson);

#[cfg(test)]
mod tests;
