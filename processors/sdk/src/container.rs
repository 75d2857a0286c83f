//! Logs of containers: each line wraps what a container wrote to one of its streams,
//! and a long text comes in several lines. Parsers differ in the wrapping only.
//!
//! The rules:
//! - The body is what the container wrote, without white space at its end; so is the
//!   attribute `message`. White space at its beginning belongs to it: a stack trace is
//!   indented.
//! - A text in several lines is one record, which begins at its first line. Lines of
//!   the other stream may stand between; records are in the order of their first lines.
//! - A text whose end is still to come is not consumed, nor what follows it, unless the
//!   host says `flush`; nor is a text that ends behind the beginning of such a one. Its
//!   end is not waited for over more than [`MAX_BETWEEN`] lines of other texts, as a
//!   container that was killed never writes it, nor once [`MAX_WAITING`] texts wait.
//! - A line that wraps nothing but white space is skipped.

use crate::bindings::parser::exports::skidway::processor::parser::Parsed;
use crate::parse::{leading, trim_end};
use crate::record::Columns;
use crate::{Context, Kind, Text};

/// The attributes of a record, in their order.
pub static KEYS: [&str; 3] = ["timestamp", "log.iostream", "message"];

/// So many lines of others may stand between two parts of a text: a runtime writes the
/// parts one after the other, and what two streams write at once mixes in single lines.
pub const MAX_BETWEEN: u32 = 64;

/// So many texts and lines wait at the most: two streams in which there is always one to
/// come could go on forever.
pub const MAX_WAITING: usize = 256;

/// A stream of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// The stream of that name.
    #[inline]
    pub fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"stdout" => Some(Self::Stdout),
            b"stderr" => Some(Self::Stderr),
            _ => None,
        }
    }
}

/// What a line wraps.
#[derive(Debug, Clone, Copy)]
pub struct Part<'l> {
    /// When it was written, in nanoseconds since 1970-01-01T00:00:00Z.
    pub unix_nano: u64,
    /// The same as it stands in the line.
    pub timestamp: &'l [u8],
    /// Where it was written to.
    pub stream: Stream,
    /// The name of the stream as it stands in the line.
    pub stream_name: &'l [u8],
    /// What was written, without a line feed at its end.
    pub text: Text<'l>,
    /// Whether the text ends here.
    pub ends: bool,
}

/// Runs a parser of such lines over a text of whole lines. `part` reads one line,
/// without its line end; nothing where it does not know it.
#[inline]
pub fn parse<'t>(text: &'t [u8], context: &Context, part: impl Fn(&'t [u8]) -> Option<Part<'t>>) -> Parsed {
    let mut run = Run {
        columns: Columns::new(text, &KEYS),
        skipped: 0,
        unrecognised: Vec::new(),
        waiting: Vec::new(),
        open: [None, None],
    };
    let mut start = 0;
    for line_feed in memchr::memchr_iter(b'\n', text) {
        run.line(start, text.get(start..line_feed).unwrap_or(&[]), &part);
        start = line_feed + 1;
    }
    if context.flush {
        if start < text.len() {
            run.line(start, text.get(start..).unwrap_or(&[]), &part);
            start = text.len();
        }
        run.open = [None, None];
        run.settle();
    }
    let consumed = run.waiting.first().map_or(start, Waiting::origin);
    let entries = run.columns.len() as u32;
    Parsed {
        records: run.columns.into_records(),
        consumed: consumed as u32,
        skipped_lines: run.skipped,
        dropped: 0,
        entries,
        unrecognised: run.unrecognised,
        unrecognised_reason: String::new(),
    }
}

struct Run<'t> {
    columns: Columns,
    skipped: u32,
    unrecognised: Vec<u32>,
    /// Everything from the first text on whose end is to come; mostly empty.
    waiting: Vec<Waiting<'t>>,
    /// For each stream the text whose end is to come, by its place in `waiting`, and how
    /// many lines were between since its last part.
    open: [Option<(usize, u32)>; 2],
}

/// A line or a text that becomes a record once nothing is open.
enum Waiting<'t> {
    /// `all` is what its parts say, empty while it is `first` alone and whole.
    Text {
        origin: usize,
        first: Part<'t>,
        all: Vec<u8>,
    },
    Unrecognised {
        origin: usize,
        line: &'t [u8],
    },
}

impl Waiting<'_> {
    fn origin(&self) -> usize {
        match self {
            Self::Text { origin, .. } | Self::Unrecognised { origin, .. } => *origin,
        }
    }
}

impl<'t> Run<'t> {
    #[inline]
    fn line(&mut self, origin: usize, line: &'t [u8], part: &impl Fn(&'t [u8]) -> Option<Part<'t>>) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match part(line) {
            Some(part) if part.ends && self.waiting.is_empty() => self.text(origin, &part, None),
            Some(part) => self.part(origin, part),
            None if self.waiting.is_empty() => self.unrecognised(origin, line),
            None => self.wait(Waiting::Unrecognised { origin, line }),
        }
    }

    /// A part of a text, while others wait or of one that will.
    #[cold]
    fn part(&mut self, origin: usize, part: Part<'t>) {
        let stream = part.stream as usize;
        let begun = self.open[stream].take();
        let place = match begun {
            Some((place, _)) => {
                if let Some(Waiting::Text { all, .. }) = self.waiting.get_mut(place) {
                    part.text.unescape(all);
                }
                place
            }
            None => {
                let mut all = Vec::new();
                if !part.ends {
                    part.text.unescape(&mut all);
                }
                self.waiting.push(Waiting::Text { origin, first: part, all });
                self.waiting.len() - 1
            }
        };
        if !part.ends {
            self.open[stream] = Some((place, 0));
        }
        self.between(1 - stream);
        self.settle();
    }

    fn wait(&mut self, line: Waiting<'t>) {
        self.waiting.push(line);
        self.between(0);
        self.between(1);
        self.settle();
    }

    /// Counts a line between the parts of what is open in a stream.
    fn between(&mut self, stream: usize) {
        self.open[stream] = self.open[stream]
            .map(|(place, lines)| (place, lines + 1))
            .filter(|(_, lines)| *lines <= MAX_BETWEEN);
    }

    /// Makes records of what waits, where nothing is open.
    fn settle(&mut self) {
        if self.waiting.len() >= MAX_WAITING {
            self.open = [None, None];
        }
        if self.open != [None, None] {
            return;
        }
        for one in std::mem::take(&mut self.waiting) {
            match one {
                Waiting::Text { origin, first, all } => self.text(origin, &first, Some(all)),
                Waiting::Unrecognised { origin, line } => self.unrecognised(origin, line),
            }
        }
    }

    /// A text that is complete: `all` of it where it came in parts.
    #[inline]
    fn text(&mut self, origin: usize, part: &Part<'_>, all: Option<Vec<u8>>) {
        let (start, end) = match &all {
            Some(all) if !all.is_empty() => self.columns.copy(trim_end(all)),
            _ if part.text.escaped => self.columns.unescape(part.text, trim_end),
            _ => self.columns.span(trim_end(part.text.raw)),
        };
        if start == end {
            self.skipped += 1;
            return;
        }
        let [timestamp, stream, message] = KEYS;
        self.columns.time(part.unix_nano);
        let written = self.columns.span(part.timestamp);
        self.columns.set(timestamp, Kind::Text, written.0, written.1);
        let name = self.columns.span(part.stream_name);
        self.columns.set(stream, Kind::Text, name.0, name.1);
        self.columns.set(message, Kind::Text, start, end);
        self.columns.push(origin, start as usize, end as usize);
    }

    #[cold]
    fn unrecognised(&mut self, origin: usize, line: &[u8]) {
        let trimmed = trim_end(line);
        let start = leading(trimmed);
        if start == trimmed.len() {
            self.skipped += 1;
            return;
        }
        self.unrecognised.push(self.columns.len() as u32);
        self.columns.push(origin, origin + start, origin + trimmed.len());
    }
}

#[cfg(test)]
mod tests;
