//! From a text to columns: lines are split, trimmed, joined and counted here, so
//! that a [`Parser`] has only single lines to think of.
//!
//! The rules, which are the OpenTelemetry Collector's where it has one:
//! - White space (space, tab, CR, LF) is trimmed off both ends of an entry; a line
//!   of nothing else is skipped and ends the entry before it, unless the parser says
//!   [`BLANK_LINES_JOIN`](Parser::BLANK_LINES_JOIN).
//! - [`Line::Continuation`] joins the line to the entry right before it: the body
//!   is then one span from the first line's start to the last one's end. Without
//!   an entry it is a record of its own, unrecognised.
//! - An entry at the end of the text waits for its continuation: it is not consumed
//!   unless the host says `flush`. Where a text is cut makes no difference for the
//!   records.
//! - Without `flush`, the text ends for this time where a line has a name
//!   ([`Record::named`]) for which there is no room beside those of the lines before it.
//!   With `flush` it cannot, and the attribute is left out.

use std::ops::ControlFlow;

use crate::Parsed;
use crate::bindings::lifecycle::skidway::processor::types::Attribute;
use crate::bindings::parser::exports::skidway::processor::parser as wit;
use crate::record::{Columns, Record};
use crate::time::Clock;

/// What a line turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// The first line of an entry.
    Entry,
    /// A further line of the entry before it. What was set in the record is dropped.
    Continuation,
    /// As [`Continuation`](Self::Continuation), and what was set in the record is added to
    /// the entry; it takes the place of what the entry has already.
    Addition,
    /// Nothing, on purpose: it is counted and not delivered.
    Skip,
    /// A line that this parser does not know. It is delivered as it stands, what
    /// was set in the record is dropped.
    Unrecognised,
}

/// A pure function from lines to records.
pub trait Parser: Sized + 'static {
    /// The names of its attributes in the order in which it sets them, each once. A
    /// parser works without; with them no name has to be searched for.
    const KEYS: &'static [&'static str] = &[];
    /// Whether an entry goes on behind blank lines, where a continuation follows them:
    /// chains of tracebacks have some.
    const BLANK_LINES_JOIN: bool = false;

    /// Makes a parser from the JSON text of the user's `config`, `{}` without one.
    ///
    /// # Errors
    /// What is wrong and what to write instead, shown to the user as it stands.
    fn configure(config: &str) -> Result<Self, String>;

    /// Reads one line: never empty, without its line end and trailing white space,
    /// valid UTF-8 in the agent. Leading white space is still there: it often marks
    /// a continuation.
    fn line(&self, line: &[u8], context: &Context, out: &mut Record<'_>) -> Line;
}

/// What a pure function over bytes cannot know by itself.
#[derive(Debug, Clone)]
pub struct Context {
    /// The file's path.
    pub path: String,
    /// How late the lines can be, and what the local time is: for stamps without a
    /// year or a zone.
    pub clock: Clock,
    /// No more bytes are coming soon: everything is consumed.
    pub flush: bool,
    /// Where the text begins in the file, in bytes.
    pub offset: u64,
    /// How many entries of the file came before this text.
    pub entries_before: u64,
    /// What the host knows of the file and the user asked for; see
    /// [`ChunkParser::owns_file_attributes`].
    pub file_attributes: Vec<Attribute>,
}

impl Context {
    /// The beginning of a file of which nothing else is known.
    pub fn new(path: &str, clock: Clock, flush: bool) -> Self {
        let path = path.to_owned();
        Self { path, clock, flush, offset: 0, entries_before: 0, file_attributes: Vec::new() }
    }
}

impl From<wit::Context> for Context {
    fn from(context: wit::Context) -> Self {
        Self {
            path: context.path,
            clock: Clock::new(
                context.reference_time_unix_nano,
                context.zone.iter().map(|change| (change.from_unix_second, change.utc_offset_second)),
            ),
            flush: context.flush,
            offset: context.offset,
            entries_before: context.entries_before,
            file_attributes: context.file_attributes,
        }
    }
}

/// A parser that sees a whole text: for formats in which lines alone say too
/// little. It keeps the books by itself; most parsers are better off as a
/// [`Parser`].
pub trait ChunkParser: Sized + 'static {
    /// As [`Parser::configure`].
    ///
    /// # Errors
    /// What is wrong and what to write instead, shown to the user as it stands. One
    /// that begins with the path of a setting and a colon is shown with its place in
    /// the user's file.
    fn configure(config: &str) -> Result<Self, String>;

    /// Whether records already carry [`Context::file_attributes`] where they
    /// should: the host adds nothing then.
    fn owns_file_attributes(&self) -> bool {
        false
    }

    /// Parses whole lines. What the answer must be like stands at `parser` in
    /// `wit/v0.1.0/processor.wit`.
    ///
    /// # Errors
    /// Why these lines cannot be parsed at all: the host halves them and asks again.
    fn parse(&self, text: &[u8], context: &Context) -> Result<Parsed, String>;
}

/// Runs a parser over a text of whole lines. This is the component's `parse`; call
/// it natively through [`testing`](crate::testing), which also checks the answer.
#[inline]
pub fn parse<P: Parser>(parser: &P, text: &[u8], context: &Context) -> Parsed {
    let mut run =
        Run { columns: Columns::new(text, P::KEYS), skipped: 0, unrecognised: Vec::new(), open: None };
    let mut start = 0;
    let mut full = false;
    for line_feed in memchr::memchr_iter(b'\n', text) {
        if run.line(parser, text, start, line_feed, context).is_break() {
            full = true;
            break;
        }
        start = line_feed + 1;
    }
    if context.flush && start < text.len() {
        let _flush_has_no_break = run.line(parser, text, start, text.len(), context);
        start = text.len();
    }
    // What stands before the line that found no room is complete.
    if !context.flush
        && !full
        && let Some(entry) = run.open.take()
    {
        run.columns.pop();
        start = entry.origin;
        run.skipped -= entry.blank_lines;
    }
    let entries = run.columns.len() as u32;
    Parsed {
        records: run.columns.into_records(),
        consumed: start as u32,
        skipped_lines: run.skipped,
        dropped: 0,
        entries,
        unrecognised: run.unrecognised,
        unrecognised_reason: String::new(),
    }
}

struct Run {
    columns: Columns,
    skipped: u32,
    unrecognised: Vec<u32>,
    /// The entry that the next line may continue: the last record.
    open: Option<Entry>,
}

struct Entry {
    /// Where its first line starts.
    origin: usize,
    /// The place of the attribute that grows with it.
    open_ended: Option<usize>,
    /// How many blank lines were skipped since.
    blank_lines: u32,
}

impl Run {
    /// Breaks at an entry that belongs into the next answer.
    #[inline]
    fn line<P: Parser>(
        &mut self,
        parser: &P,
        text: &[u8],
        start: usize,
        end: usize,
        context: &Context,
    ) -> ControlFlow<()> {
        let line = trim_end(text.get(start..end).unwrap_or(&[]));
        if line.is_empty() {
            self.blank::<P>();
            return ControlFlow::Continue(());
        }
        let end = start + line.len();
        match parser.line(line, context, &mut Record::new(&mut self.columns)) {
            Line::Entry if self.columns.overflown() && !context.flush && self.columns.len() > 0 => {
                self.columns.discard();
                return ControlFlow::Break(());
            }
            Line::Entry => {
                let open_ended = self.columns.take_open_ended();
                self.columns.push(start, start + leading(line), end);
                self.open = Some(Entry { origin: start, open_ended, blank_lines: 0 });
            }
            Line::Continuation => match &self.open {
                Some(entry) => {
                    let open_ended = entry.open_ended;
                    self.columns.discard();
                    self.columns.extend_last(end, open_ended);
                }
                None => self.unrecognised(line, start, end),
            },
            Line::Addition => match &self.open {
                Some(entry) => {
                    let open_ended = entry.open_ended;
                    self.columns.add_to_last();
                    self.columns.extend_last(end, open_ended);
                }
                None => self.unrecognised(line, start, end),
            },
            Line::Unrecognised => self.unrecognised(line, start, end),
            Line::Skip => {
                self.columns.discard();
                self.skip();
            }
        }
        ControlFlow::Continue(())
    }

    fn blank<P: Parser>(&mut self) {
        match &mut self.open {
            Some(entry) if P::BLANK_LINES_JOIN => {
                entry.blank_lines += 1;
                self.skipped += 1;
            }
            _ => self.skip(),
        }
    }

    fn skip(&mut self) {
        self.skipped += 1;
        self.open = None;
    }

    fn unrecognised(&mut self, line: &[u8], start: usize, end: usize) {
        self.columns.discard();
        self.unrecognised.push(self.columns.len() as u32);
        self.columns.push(start, start + leading(line), end);
        self.open = None;
    }
}

pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[inline]
pub(crate) fn trim_end(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., last] = line {
        if !is_space(*last) {
            break;
        }
        line = rest;
    }
    line
}

/// How many bytes of white space a line starts with.
#[inline]
pub(crate) fn leading(line: &[u8]) -> usize {
    line.iter().take_while(|&&byte| is_space(byte)).count()
}
