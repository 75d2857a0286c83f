//! From the bytes of a chunk to records: the part of the way that goes through the
//! sandbox. Used by `run` and `parse` alike.

mod choice;
mod days;
mod lines;
mod seats;
mod sections;
mod text;
mod years;
mod zone;

use std::io::Read;

use skidway_config::Encoding;
use skidway_model::{Attribute, Checked};
use skidway_plugin::{ContainedEnricher, ContainedParser, Context, Piece};
use skidway_tail::LineFeed;

use crate::swap::Seat;

pub(crate) use choice::{Choice, Score, best};
use lines::Lines;
pub(crate) use seats::Changes;
use seats::Seats;
pub(crate) use sections::Section;
use sections::Sections;
pub(crate) use text::{line_feed, utf8};
use years::Stretch;
pub(crate) use years::{Part, Rest, Years};
pub(crate) use zone::Zone;

/// What one lane parses and enriches with. Instances are its own: no lock.
pub(crate) struct Stage {
    parsers: Vec<ContainedParser>,
    enrichers: Vec<ContainedEnricher>,
    /// Where these are counted and exchanged.
    seats: Seats,
    zone: Zone,
    encoding: Encoding,
    sections: Sections,
    /// Records say where they come from.
    locates: bool,
    /// For text that is looked at before it is read.
    ahead: Vec<u8>,
}

/// A chunk and what is known about where it comes from.
pub(crate) struct Input<'c> {
    pub(crate) bytes: &'c [u8],
    pub(crate) path: &'c str,
    /// No line was written later: see [`Years`].
    pub(crate) reference_unix_nano: u64,
    pub(crate) flush: bool,
    /// Where in the file it begins.
    pub(crate) offset: u64,
    /// How many entries of the file came before it.
    pub(crate) entries_before: u64,
    /// What is known of the file and was asked for.
    pub(crate) file_attributes: &'c [Attribute],
}

/// What became of the lines of a chunk.
///
/// Lines that are not accounted for here belong to the entry before them:
/// `lines = records + dropped + skipped - extra` and those.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Bytes of the chunk that are dealt with.
    pub(crate) consumed: usize,
    /// Lines in them.
    pub(crate) lines: u64,
    /// Records handed on.
    pub(crate) records: u64,
    /// Entries and records that a component dropped on purpose.
    pub(crate) dropped: u64,
    /// Blank lines.
    pub(crate) skipped: u64,
    /// Records beyond one a line.
    pub(crate) extra: u64,
    /// Records, among the above, that the parser did not recognise.
    pub(crate) unrecognised: u64,
    /// Why the first of them was not, as far as the parser says.
    pub(crate) reason: String,
    /// Entries, as the parser counts them.
    pub(crate) entries: u64,
}

impl Tally {
    /// What became of the lines behind these.
    pub(crate) fn add(&mut self, next: Self) {
        self.consumed += next.consumed;
        self.lines += next.lines;
        self.records += next.records;
        self.dropped += next.dropped;
        self.skipped += next.skipped;
        self.extra += next.extra;
        if self.unrecognised == 0 {
            self.reason = next.reason;
        }
        self.unrecognised += next.unrecognised;
        self.entries += next.entries;
    }
}

/// Changes of format within one chunk that are followed. A file in which two
/// formats alternate line by line would otherwise be parsed line by line.
const MAX_SWITCHES: usize = 8;

impl Stage {
    /// `parsers` has at least one; with several, each file gets the one that fits.
    pub(crate) fn new(
        parsers: Vec<ContainedParser>,
        enrichers: Vec<ContainedEnricher>,
        zone: Zone,
        encoding: Encoding,
    ) -> Self {
        assert!(!parsers.is_empty(), "a stage needs a parser");
        let seats = Seats::fixed(parsers.len(), enrichers.len());
        let sections = Sections::default();
        Self { parsers, enrichers, seats, zone, encoding, sections, locates: false, ahead: Vec::new() }
    }

    /// Has the first line of each record found.
    pub(crate) fn locating(self, locates: bool) -> Self {
        Self { locates, ..self }
    }

    /// Has [`Stage::sections`] kept.
    pub(crate) fn explaining(self) -> Self {
        Self { sections: Sections::wanted(), ..self }
    }

    /// Which parser had which part of all texts so far.
    pub(crate) fn sections(&self) -> &[Section] {
        self.sections.all()
    }

    /// How well each parser fits the beginning of a text, by which a file is given to one; and how
    /// much of the text that is.
    pub(crate) fn scores(&mut self, text: &str, reference_unix_nano: u64) -> (usize, Vec<Option<Score>>) {
        let zone = self.zone.around(reference_unix_nano);
        let context = Context { reference_time_unix_nano: reference_unix_nano, zone, ..Context::default() };
        (choice::sample(text).len(), choice::scores(&mut self.parsers, text, &context))
    }

    /// The names of all parsers, in the order in which they are preferred.
    pub(crate) fn parser_names(&self) -> impl Iterator<Item = &str> {
        self.parsers.iter().map(ContainedParser::name)
    }

    /// Whether records of a file carry its attributes already.
    pub(crate) fn owns_file_attributes(&self, choice: Choice) -> bool {
        self.parsers[choice.index()].owns_file_attributes()
    }

    /// The name of the parser that a file is read with.
    pub(crate) fn parser_name(&self, choice: Choice) -> &str {
        self.parsers[choice.index()].name()
    }

    /// Looks through what is not read yet of a file, where that is needed to know of which
    /// year a chunk is: see [`Years::look`].
    pub(crate) fn look_ahead<R: Read>(
        &mut self,
        years: &mut Years,
        part: &Part<'_>,
        rest: impl FnOnce(u64) -> Option<Rest<R>>,
    ) -> bool {
        // A stamp has no such form in units of two bytes.
        line_feed(self.encoding) != LineFeed::Byte || years.look(part, rest, &mut self.ahead)
    }

    /// Of which years a chunk is that was looked at: mostly all of it of one.
    pub(crate) fn stretches(&self, years: &mut Years, part: &Part<'_>) -> Vec<Stretch> {
        years.stretches(part, self.zone.zone())
    }

    /// Turns `input` into records, handed to `out` in the order of their lines.
    /// `choice` is the file's, and is changed when its format does.
    pub(crate) fn process(
        &mut self,
        input: &Input<'_>,
        choice: &mut Choice,
        out: &mut dyn FnMut(Checked<'_>),
    ) -> Tally {
        let text = text::readable(input.bytes, self.encoding);
        let context = Context {
            path: input.path.to_owned(),
            reference_time_unix_nano: input.reference_unix_nano,
            zone: self.zone.around(input.reference_unix_nano),
            flush: input.flush,
            offset: input.offset,
            entries_before: input.entries_before,
            file_attributes: input.file_attributes.to_vec(),
        };
        let mut lines = self.locates.then(|| Lines::new(input.bytes, &text, self.encoding, input.offset));
        let mut tally = Tally::default();
        let mut rest: &str = &text;
        let mut context = context;
        for _ in 0..MAX_SWITCHES {
            choice.settle(&mut self.parsers, rest, &context);
            let pieces = self.parsers[choice.index()].parse(rest, &context);
            let Some(switch) = choice.switch_at(&mut self.parsers, rest, &pieces, &context) else {
                self.take(*choice, rest, &context, pieces, &mut lines, &mut tally, out);
                rest = "";
                break;
            };
            let cut = switch.until.unwrap_or(switch.at);
            let (known, others) = rest[..cut].split_at(switch.at);
            let parts = [(*choice, known), (choice.lent(switch), others)];
            for (choice, part) in parts.into_iter().filter(|(_, part)| !part.is_empty()) {
                let whole = Context { flush: true, ..context.clone() };
                let pieces = self.parsers[choice.index()].parse(part, &whole);
                self.take(choice, part, &whole, pieces, &mut lines, &mut tally, out);
                context = context.after(part.len(), 0);
                context.entries_before = input.entries_before + tally.entries;
            }
            if switch.until.is_none() {
                choice.follow(switch);
            }
            rest = &rest[cut..];
        }
        if !rest.is_empty() {
            let pieces = self.parsers[choice.index()].parse(rest, &context);
            self.take(*choice, rest, &context, pieces, &mut lines, &mut tally, out);
        }
        tally.consumed = text::original_len(input.bytes, &text, tally.consumed, self.encoding);
        tally
    }

    /// What a parser has made of a text is used.
    #[expect(clippy::too_many_arguments, reason = "what is known of a text, and where it goes")]
    fn take(
        &mut self,
        choice: Choice,
        text: &str,
        context: &Context,
        pieces: Vec<Piece<'_>>,
        lines: &mut Option<Lines<'_>>,
        tally: &mut Tally,
        out: &mut dyn FnMut(Checked<'_>),
    ) {
        self.seats.parsed(&self.parsers, choice, text, context, &pieces);
        self.sections.note(choice, text, &pieces);
        self.hand_on(text, pieces, lines, tally, out);
    }

    fn hand_on(
        &mut self,
        text: &str,
        pieces: Vec<Piece<'_>>,
        lines: &mut Option<Lines<'_>>,
        tally: &mut Tally,
        out: &mut dyn FnMut(Checked<'_>),
    ) {
        let mut start = 0;
        for mut piece in pieces {
            // Before anything is dropped: what an enricher does must not change how
            // records of one line are counted.
            if let Some(lines) = lines {
                lines.locate(tally.consumed, &mut piece.records);
            }
            let lines = count_lines(&text[start..start + piece.consumed]);
            start += piece.consumed;
            let made = piece.records.len() as u64;
            let dropped = enrich(&mut self.enrichers, &mut self.seats.enrichers, piece.records, out);
            let used = lines.saturating_sub(u64::from(piece.skipped_lines));
            tally.consumed += piece.consumed;
            tally.lines += lines;
            // A parser that claims more blank lines than there are lines is not believed.
            tally.skipped += lines - used;
            tally.records += made - dropped;
            tally.dropped += dropped + u64::from(piece.dropped);
            tally.extra += (made + u64::from(piece.dropped)).saturating_sub(used);
            tally.entries += u64::from(piece.entries);
            if tally.unrecognised == 0 {
                tally.reason = piece.unrecognised_reason;
            }
            tally.unrecognised += piece.unrecognised.len() as u64;
        }
    }
}

fn enrich<'t>(
    enrichers: &mut [ContainedEnricher],
    seats: &mut [Seat],
    records: Checked<'t>,
    out: &mut dyn FnMut(Checked<'_>),
) -> u64 {
    let (Some((first, others)), Some((seat, seats))) = (enrichers.split_first_mut(), seats.split_first_mut())
    else {
        out(records);
        return 0;
    };
    // Only for a trial are records copied.
    let before = seat.has_trial().then(|| records.clone());
    let (mut after, mut later) = (Vec::new(), 0);
    let (count, failed) = (records.len(), first.failed());
    let dropped = first.enrich(records, &mut |records: Checked<'t>| {
        if before.is_some() {
            after.push(records.clone());
        }
        later += enrich(others, seats, records, out);
    });
    seat.enriched((count, first.failed() - failed), first.is_resting(), before, &after);
    dropped as u64 + later
}

fn count_lines(text: &str) -> u64 {
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64;
    ends + u64::from(!text.is_empty() && !text.ends_with('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_line_without_a_line_feed_counts() {
        assert_eq!(count_lines(""), 0);
        assert_eq!(count_lines("\n"), 1);
        assert_eq!(count_lines("a\nb\n"), 2);
        assert_eq!(count_lines("a\nb"), 2);
    }
}
