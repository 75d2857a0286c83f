//! Goes on where a component fails: every line comes out.
//!
//! A failed call consumed nothing, so the host still has all lines. It asks again
//! with each half of them, a fresh instance each time, until the line that causes
//! it is alone; that line passes raw, marked with [`ERROR_KEY`](crate::ERROR_KEY).
//! A component that fails too often rests ([`Health`]), and its lines pass raw.

use std::time::Instant;

use skidway_model::Checked;

use crate::enricher::Enricher;
use crate::health::Health;
use crate::parser::{Answer, Context, Parser};
use crate::raw::{mark, raw_records};

/// Consecutive lines of a chunk, as records.
#[derive(Debug)]
pub struct Piece<'t> {
    /// The records; offsets count from the start of this piece's own text.
    pub records: Checked<'t>,
    /// Bytes of the piece's text that are dealt with. Less than all of it only in
    /// the last piece of a chunk.
    pub consumed: usize,
    /// Lines that became no record on purpose.
    pub skipped_lines: u32,
    /// Entries that became no record on purpose.
    pub dropped: u32,
    /// All entries, as the parser counts them.
    pub entries: u32,
    /// Records whose lines the parser did not recognise: ascending indices.
    pub unrecognised: Vec<u32>,
    /// Why the first of them was not, for people; often empty.
    pub unrecognised_reason: String,
    /// Whether the component failed on these lines, which passed raw.
    pub failed: bool,
}

/// A parser that never fails.
#[derive(Debug)]
pub struct ContainedParser {
    parser: Parser,
    health: Health,
}

impl ContainedParser {
    /// Takes over `parser`.
    pub fn new(parser: Parser) -> Self {
        Self { parser, health: Health::new() }
    }

    /// The component's name.
    pub fn name(&self) -> &str {
        self.parser.name()
    }

    /// Whether records carry the file's attributes already.
    pub fn owns_file_attributes(&self) -> bool {
        self.parser.owns_file_attributes()
    }

    /// The parser's own answer to a text that is only looked at, such as a sample.
    /// One that fails on several in a row is shown none for a while.
    pub fn try_parse<'t>(&mut self, text: &'t str, context: &Context) -> Option<Answer<'t>> {
        if !self.health.takes_samples(Instant::now()) {
            return None;
        }
        match self.parser.parse(text, context) {
            Ok(answer) => {
                self.health.stood_sample();
                Some(answer)
            }
            Err(error) => {
                self.health.failed_sample(self.parser.name(), &error, Instant::now());
                None
            }
        }
    }

    /// Gives its memory back: the next call makes a fresh instance.
    pub fn let_go(&mut self) {
        self.parser.let_go();
    }

    /// Whether lines pass as they are for now, after too many failures.
    pub fn is_resting(&self) -> bool {
        self.health.is_resting(Instant::now())
    }

    /// Parses `text`, one piece unless the component fails.
    pub fn parse<'t>(&mut self, text: &'t str, context: &Context) -> Vec<Piece<'t>> {
        let mut pieces = Vec::with_capacity(1);
        if self.health.begin(Instant::now()) {
            self.attempt(text, context, &mut pieces);
            if !self.health.is_resting(Instant::now()) && pieces.iter().all(|piece| !piece.failed) {
                self.health.succeeded(self.parser.name());
            }
        } else {
            pieces.push(self.raw(text, context, &"it rests after failing too often"));
        }
        pieces
    }

    fn attempt<'t>(&mut self, text: &'t str, context: &Context, pieces: &mut Vec<Piece<'t>>) {
        let error = match self.parser.parse(text, context) {
            Ok(answer) => return pieces.push(answer.into()),
            Err(error) => error,
        };
        let now = Instant::now();
        if self.health.failed(self.parser.name(), &error, now) {
            return pieces.push(self.raw(text, context, &error));
        }
        let Some(middle) = middle_line(text) else {
            self.health.isolated(self.parser.name(), &error, now);
            return pieces.push(self.raw(text, context, &error));
        };
        let (left, right) = text.split_at(middle);
        let known = pieces.len();
        self.attempt(left, &Context { flush: true, ..context.clone() }, pieces);
        let entries: u64 = pieces[known..].iter().map(|piece| u64::from(piece.entries)).sum();
        let context = &context.after(left.len(), entries);
        if self.health.is_resting(now) {
            pieces.push(self.raw(right, context, &error));
        } else {
            self.attempt(right, context, pieces);
        }
    }

    fn raw<'t>(&self, text: &'t str, context: &Context, error: &dyn std::fmt::Display) -> Piece<'t> {
        let (mut records, skipped_lines) = raw_records(text);
        // What the parser would have put on its records; else the host does.
        let file = if self.parser.owns_file_attributes() { &context.file_attributes[..] } else { &[] };
        mark(&mut records, self.parser.name(), error, file);
        let entries = records.len() as u32;
        Piece {
            records,
            consumed: text.len(),
            skipped_lines,
            dropped: 0,
            entries,
            unrecognised: Vec::new(),
            unrecognised_reason: String::new(),
            failed: true,
        }
    }
}

impl<'t> From<Answer<'t>> for Piece<'t> {
    fn from(answer: Answer<'t>) -> Self {
        let Answer { records, consumed, skipped_lines, dropped, entries, unrecognised, unrecognised_reason } =
            answer;
        Self {
            records,
            consumed,
            skipped_lines,
            dropped,
            entries,
            unrecognised,
            unrecognised_reason,
            failed: false,
        }
    }
}

/// The start of the line nearest to the middle, which leaves lines on both sides.
fn middle_line(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let half = bytes.len() / 2;
    let before = memchr::memrchr(b'\n', &bytes[..half]).map(|at| at + 1);
    let after = memchr::memchr(b'\n', &bytes[half..]).map(|at| half + at + 1);
    before.or(after).filter(|&at| at < bytes.len())
}

/// An enricher that never fails.
#[derive(Debug)]
pub struct ContainedEnricher {
    enricher: Enricher,
    health: Health,
    failed: u64,
}

impl ContainedEnricher {
    /// Takes over `enricher`.
    pub fn new(enricher: Enricher) -> Self {
        Self { enricher, health: Health::new(), failed: 0 }
    }

    /// Whether records pass as they are for now, after too many failures.
    pub fn is_resting(&self) -> bool {
        self.health.is_resting(Instant::now())
    }

    /// How many records passed as they were so far, because the component failed or rested.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Enriches `records` and hands them to `out`, in order, in one piece unless
    /// the component fails. Returns how many were dropped on purpose.
    pub fn enrich<'t>(&mut self, mut records: Checked<'t>, out: &mut dyn FnMut(Checked<'t>)) -> usize {
        if records.is_empty() {
            return 0;
        }
        if !self.health.begin(Instant::now()) {
            self.mark(&mut records, &"it rests after failing too often");
            out(records);
            return 0;
        }
        let mut failed = false;
        let dropped = self.attempt(records, out, &mut failed);
        if !failed {
            self.health.succeeded(self.enricher.name());
        }
        dropped
    }

    fn attempt<'t>(
        &mut self,
        mut records: Checked<'t>,
        out: &mut dyn FnMut(Checked<'t>),
        failed: &mut bool,
    ) -> usize {
        let error = match self.enricher.enrich(&mut records) {
            Ok(dropped) => {
                out(records);
                return dropped;
            }
            Err(error) => error,
        };
        *failed = true;
        let now = Instant::now();
        let rests = self.health.failed(self.enricher.name(), &error, now);
        if rests || records.len() == 1 {
            if !rests {
                self.health.isolated(self.enricher.name(), &error, now);
            }
            self.mark(&mut records, &error);
            out(records);
            return 0;
        }
        let mut second = records.split_off(records.len() / 2);
        let dropped = self.attempt(records, out, failed);
        if self.health.is_resting(now) {
            self.mark(&mut second, &error);
            out(second);
            return dropped;
        }
        dropped + self.attempt(second, out, failed)
    }

    fn mark(&mut self, records: &mut Checked<'_>, error: &dyn std::fmt::Display) {
        self.failed += records.len() as u64;
        mark(records, self.enricher.name(), error, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_lines() {
        assert_eq!(middle_line("one\ntwo\n"), Some(4));
        assert_eq!(middle_line("one\ntwo"), Some(4));
        assert_eq!(middle_line("a\na very long second line\n"), Some(2));
        assert_eq!(middle_line("a very long first line\nb\n"), Some(23));
        assert_eq!(middle_line("one line\n"), None);
        assert_eq!(middle_line("one line"), None);
        assert_eq!(middle_line(""), None);
    }
}
