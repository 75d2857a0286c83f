//! A parser and its enrichers as they are, without containment: every failure shows, and so
//! does every record, whichever way the text is cut. For golden tests and for fuzzing.
//!
//! Nothing here depends on the clock, on the system's time zone, or on where a file lies.

use std::fmt;
use std::ops::Range;

use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use skidway_model::{Checked, FirstLine};
use skidway_plugin::{CallError, Component, Context, Enricher, Limits, Parser};

use crate::source::{CHUNK, MAX_ENTRY};
use crate::stage::Zone;

/// What is tried, and with what.
pub(crate) struct Recipe {
    pub(crate) parser: Component,
    /// The parser's configuration, JSON.
    pub(crate) config: String,
    pub(crate) enrichers: Vec<Component>,
    pub(crate) zone: TimeZone,
    pub(crate) reference_unix_nano: u64,
}

impl Recipe {
    /// Fresh instances. `path` is what they are told of the file.
    pub(crate) fn start(&self, path: &str) -> Result<Bare> {
        let limits = Limits::default();
        let enricher = |component: &Component| {
            Enricher::new(component, "{}", limits.clone())
                .with_context(|| format!("enricher {}", component.name()))
        };
        let parser = Parser::new(&self.parser, &self.config, limits.clone())
            .with_context(|| format!("parser {}", self.parser.name()))?;
        let context = Context {
            path: path.to_owned(),
            reference_time_unix_nano: self.reference_unix_nano,
            zone: Zone::new(self.zone.clone()).around(self.reference_unix_nano),
            ..Context::default()
        };
        Ok(Bare {
            parser,
            enrichers: self.enrichers.iter().map(enricher).collect::<Result<_, _>>()?,
            context,
        })
    }
}

/// One instance of each component.
pub(crate) struct Bare {
    parser: Parser,
    enrichers: Vec<Enricher>,
    context: Context,
}

/// One record of an answer.
pub(crate) struct Seen<'r> {
    pub(crate) records: &'r Checked<'r>,
    pub(crate) index: usize,
    /// Where in the whole text it begins.
    pub(crate) offset: usize,
    /// Whether the parser knew the line.
    pub(crate) recognised: bool,
}

/// A component that gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) component: String,
    pub(crate) error: CallError,
    /// What of the text it was given.
    pub(crate) piece: Range<usize>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.component, self.error)
    }
}

// === impl Bare ===

impl Bare {
    /// Parses `text` as it arrives up to each of `cuts`, which are ends of lines that ascend.
    pub(crate) fn run(
        &mut self,
        text: &str,
        cuts: &[usize],
        each: &mut dyn FnMut(&Seen<'_>),
    ) -> Result<(), Failure> {
        let (mut start, mut entries) = (0, 0);
        for end in cuts.iter().copied().filter(|&cut| cut < text.len()).chain([text.len()]) {
            let piece = &text[start..end];
            if piece.is_empty() {
                continue;
            }
            self.context.flush = end == text.len() || piece.len() >= MAX_ENTRY;
            (self.context.offset, self.context.entries_before) = (start as u64, entries);
            let failed = |component: &str, error| Failure {
                component: component.to_owned(),
                error,
                piece: start..end,
            };
            let answer =
                self.parser.parse(piece, &self.context).map_err(|error| failed(self.parser.name(), error))?;
            let mut records = answer.records;
            number(&mut records);
            for enricher in &mut self.enrichers {
                if !records.is_empty() {
                    enricher.enrich(&mut records).map_err(|error| failed(enricher.name(), error))?;
                }
            }
            for index in 0..records.len() {
                let as_parsed = records.first_lines()[index].nth;
                each(&Seen {
                    records: &records,
                    index,
                    offset: start + records.columns().origin[index] as usize,
                    recognised: answer.unrecognised.binary_search(&as_parsed).is_err(),
                });
            }
            start += answer.consumed;
            entries += u64::from(answer.entries);
        }
        Ok(())
    }

    /// Whether it fails on `text`, given at once.
    pub(crate) fn failure(&mut self, text: &str) -> Option<Failure> {
        self.run(text, &[], &mut |_| ()).err()
    }
}

/// Has records keep the number that the parser gave them: an enricher may drop some.
fn number(records: &mut Checked<'_>) {
    let mut numbers = 0..;
    records.locate(|_| FirstLine { offset: 0, hash: 0, nth: numbers.next().unwrap_or(u32::MAX) });
}

// === ways to cut a text ===

/// As the agent reads a file that is there already: whole lines, a chunk at a time.
pub(crate) fn chunks(text: &str) -> Vec<usize> {
    let mut cuts = Vec::new();
    let mut start = 0;
    while text.len() - start > CHUNK {
        let chunk = &text.as_bytes()[start..start + CHUNK];
        let end = memchr::memrchr(b'\n', chunk)
            .or_else(|| memchr::memchr(b'\n', &text.as_bytes()[start..]))
            .map_or(text.len(), |at| start + at + 1);
        cuts.push(end);
        start = end;
    }
    cuts
}

/// As the agent reads a file while it is written: line by line, and several lines at a time.
/// What is behind a [`CHUNK`] is cut there, too.
pub(crate) fn cuttings(text: &str) -> impl Iterator<Item = Vec<usize>> {
    // Line by line first: it finds most of what there is to find.
    const RARITIES: [u64; 9] = [1, 2, 2, 3, 3, 5, 5, 11, 11];
    let ends: Vec<usize> = line_ends(text).collect();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    RARITIES.into_iter().map(move |rarity| {
        let mut chosen = |_: &usize| {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (random >> 33).is_multiple_of(rarity)
        };
        ends.iter().copied().filter(|end| chosen(end)).collect()
    })
}

/// Where lines end, but for the last.
pub(crate) fn line_ends(text: &str) -> impl Iterator<Item = usize> {
    memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1).filter(|&end| end < text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_whole_lines() {
        assert!(chunks("a\nb\n").is_empty());
        let line = format!("{}\n", "a".repeat(99));
        let text = line.repeat(8_000);
        let cuts = chunks(&text);
        assert_eq!(cuts[0], CHUNK / 100 * 100);
        assert!(cuts.iter().all(|cut| cut % 100 == 0) && text.len() - cuts[cuts.len() - 1] <= CHUNK);
        let long = format!("{}\nb\n", "a".repeat(2 * CHUNK));
        assert_eq!(chunks(&long), [2 * CHUNK + 1]);
        assert_eq!(chunks(&long[..2 * CHUNK]), [2 * CHUNK]);
    }

    #[test]
    fn cuttings_are_ends_of_lines_and_always_the_same() {
        let text = "a\nbb\nccc\nd".repeat(5);
        let all: Vec<_> = cuttings(&text).collect();
        assert_eq!(all[0], line_ends(&text).collect::<Vec<_>>());
        assert!(all.iter().flatten().all(|&cut| text[..cut].ends_with('\n')));
        assert_eq!(all, cuttings(&text).collect::<Vec<_>>());
        assert_ne!(all[1], all[2]);
    }
}
