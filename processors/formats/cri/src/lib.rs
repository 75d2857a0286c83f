//! What container runtimes write for Kubernetes (CRI):
//! `2026-11-25T14:30:08.123456789Z stdout F started`.
//!
//! `F` ends a text, `P` says that it goes on in the next line of its stream; further
//! tags behind a colon are passed over.

use memchr::memchr;
use skidway_sdk::container::{self, Part, Stream};
use skidway_sdk::time::rfc3339;
use skidway_sdk::{ChunkParser, Context, Parsed, Text, no_settings};

/// The parser; it has no settings.
#[derive(Debug)]
pub struct Cri;

impl ChunkParser for Cri {
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
    let stamp = rfc3339(line)?;
    let (timestamp, rest) = line.split_at_checked(stamp.len)?;
    let rest = rest.strip_prefix(b" ")?;
    let (stream_name, rest) = rest.split_at_checked(b"stdout".len())?;
    let (tag, rest) = rest.strip_prefix(b" ")?.split_first()?;
    // A text that is empty may have lost the blank before it.
    let text = match rest {
        [] => rest,
        [b' ', text @ ..] => text,
        [b':', ..] => rest.get(memchr(b' ', rest).map_or(rest.len(), |at| at + 1)..)?,
        _ => return None,
    };
    let ends = match tag {
        b'F' => true,
        b'P' => false,
        _ => return None,
    };
    Some(Part {
        unix_nano: stamp.unix_nano,
        timestamp,
        stream: Stream::named(stream_name)?,
        stream_name,
        text: Text::plain(text),
        ends,
    })
}

skidway_sdk::export_chunk_parser!(Cri);

#[cfg(test)]
mod tests;
