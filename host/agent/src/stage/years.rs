//! Which year a text without years is of: the reference time of each chunk.
//!
//! A parser takes the latest time for a stamp that is not (much) later than the reference.
//! So the reference has to lie behind the chunk, and less than a year behind its beginning.
//! The file's last change is such a time for its last lines, not for those of a backlog.
//! Therefore:
//! - Before the first chunk of a file is parsed, its text is looked through to its end,
//!   once, for the places where a New Year lies ([`Days`]). Years are counted from there
//!   backwards: the last line is of the year that the file's last change says.
//! - What was written since is of the year of the last change as it is then, without a
//!   look: it cannot span a New Year and half a year more, because the file was seen in
//!   between. That is how a file that is followed is read.
//! - A chunk that spans more than a parser can tell, of a quiet host, is cut at New Year
//!   and in the middle of the year.
//!
//! Never asked: what time it is now. What a file holds has the same years whenever it is
//! read, and a restart in the middle changes none, for they depend on what follows.
//!
//! What clocks do: stamps and last change are of the same clock, so when it jumps, they
//! jump together, and the last change is right for what was written then. When it goes
//! back by less than a year, the later of two last changes is right for both sides. One
//! before 2001 (a board without a clock of its own starts in 1970 or 2000) says nothing:
//! the one before it holds; where there is none, neither the stamps nor anybody else know
//! better, and the records say what the clock said.
//!
//! A February 29 puts its year, and those before it, back to a leap year.

use std::io::Read;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::days::{Day, Days, Turn, day};

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;
/// What is written between two changes of a file that lie this far apart needs no look: a
/// parser can tell with a tolerance of a week, and a line may come a month late.
const TELLING: u64 = 300 * DAY;
/// The reference lies this far behind the last line of a chunk, for lines that are late.
const BEHIND: u64 = 31 * DAY;
/// 2001-01-01. Clocks that were not set show less.
const PLAUSIBLE: u64 = 978_307_200 * SECOND;
/// So much is looked through before other files get their turn.
const AT_ONCE: u64 = 64 << 20;
/// So many lines at both ends of a chunk are looked at for a stamp.
const LINES: usize = 64;
/// A chunk is cut into so many pieces: some years of a quiet host. Whoever makes lines of
/// more years than that alternate has no years.
const MOST_PIECES: usize = 32;

/// What is known of a file's years.
#[derive(Debug, Default)]
pub(crate) struct Years {
    known: Known,
    /// The latest plausible last change.
    latest: u64,
}

#[derive(Debug, Default)]
enum Known {
    #[default]
    Nothing,
    /// Its text is being looked through.
    Looking(Days),
    Text {
        /// What stands before this was there when the file had last been changed then.
        end: u64,
        modified: u64,
        /// There are stamps, and these New Years in front of `end`.
        days: Option<Days>,
    },
}

/// A chunk, before it is parsed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'c> {
    pub(crate) bytes: &'c [u8],
    /// Where in the file it begins.
    pub(crate) start: u64,
    /// There is more of the file behind it.
    pub(crate) more: bool,
    /// The file's last change, in nanoseconds since 1970.
    pub(crate) modified: u64,
}

impl<'c> Part<'c> {
    /// What of it stands at or behind that place in the file.
    fn behind(&self, at: u64) -> &'c [u8] {
        let from = usize::try_from(at.saturating_sub(self.start)).unwrap_or(usize::MAX);
        self.bytes.get(from..).unwrap_or_default()
    }
}

/// Consecutive lines of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// Where in the chunk it ends.
    pub(crate) end: usize,
    /// No line of it was written later.
    pub(crate) reference: u64,
}

/// What follows a chunk, to look at.
pub(crate) struct Rest<R> {
    pub(crate) text: R,
    /// Looking can go on later.
    pub(crate) resumes: bool,
}

// === impl Years ===

impl Years {
    /// Looks through the text from this chunk on, where that is needed; `rest` is what
    /// follows an offset. False while there is more to look at: then again, please.
    pub(crate) fn look<R: Read>(
        &mut self,
        part: &Part<'_>,
        rest: impl FnOnce(u64) -> Option<Rest<R>>,
        buffer: &mut Vec<u8>,
    ) -> bool {
        let end = part.start + part.bytes.len() as u64;
        let mut days = match std::mem::take(&mut self.known) {
            Known::Text { end: known, modified, days } if part.start < known => {
                self.known = Known::Text { end: known, modified, days };
                self.see_new(part);
                return true;
            }
            Known::Text { end: known, modified, .. } if part.modified.abs_diff(modified) <= TELLING => {
                // What follows the chunk was there, too: its end is not that of the text.
                let (known, modified) = if part.more { (known, modified) } else { (end, part.modified) };
                self.known = Known::Text { end: known, modified, days: None };
                return true;
            }
            Known::Looking(days) => days,
            Known::Text { .. } | Known::Nothing => Days::from(part.start),
        };
        days.see(part.behind(days.at));
        if part.more && !days.is_in_vain() {
            let mut is_done = false;
            if let Some(mut rest) = rest(days.at) {
                is_done = see(&mut days, &mut rest.text, buffer);
                if !is_done && rest.resumes {
                    self.known = Known::Looking(days);
                    return false;
                }
            }
            if !is_done {
                days = Days::default();
            }
        }
        let has_stamps = days.last.is_some() && !days.is_in_vain();
        let end = end.max(days.at);
        self.known = Known::Text { end, modified: part.modified, days: has_stamps.then_some(days) };
        true
    }

    /// A chunk that begins in text that was looked through may end behind it.
    fn see_new(&mut self, part: &Part<'_>) {
        if let Known::Text { end, modified, days: Some(days) } = &mut self.known
            && !part.behind(*end).is_empty()
        {
            days.see(part.behind(days.at));
            (*end, *modified) = (days.at.max(*end), part.modified);
        }
    }

    /// The references of a chunk that was looked at.
    pub(super) fn stretches(&mut self, part: &Part<'_>, zone: &TimeZone) -> Vec<Stretch> {
        let length = part.bytes.len();
        let is_plausible = part.modified >= PLAUSIBLE;
        let is_earlier = self.latest > part.modified && self.latest - part.modified <= TELLING;
        let modified =
            if is_plausible && !is_earlier { part.modified } else { self.latest.max(part.modified) };
        if is_plausible {
            self.latest = modified;
        }
        let whole = |reference| vec![Stretch { end: length, reference }];
        let Known::Text { modified: then, days: Some(days), end } = &mut self.known else {
            return whole(modified);
        };
        if part.start >= *end {
            return whole(modified);
        }
        while days.turns.front().is_some_and(|turn| turn.at <= part.start) {
            days.turns.pop_front();
        }
        let then = if *then >= PLAUSIBLE { *then } else { modified };
        let Some(calendar) = Calendar::new(part, days, then, zone) else { return whole(modified) };
        calendar.stretches(part, modified)
    }
}

/// Looks at a text to its end; false where there is more of it than is looked at in one go.
fn see(days: &mut Days, text: &mut impl Read, buffer: &mut Vec<u8>) -> bool {
    const PIECE: usize = 256 << 10;
    buffer.resize(PIECE, 0);
    let (mut kept, mut looked) = (0, 0);
    while looked < AT_ONCE && !days.is_in_vain() {
        // What cannot be read is not looked at; that it cannot be read is said elsewhere.
        let read = text.read(&mut buffer[kept..]).unwrap_or(0);
        if read == 0 {
            return true;
        }
        looked += read as u64;
        let filled = kept + read;
        let seen = days.see(&buffer[..filled]);
        buffer.copy_within(seen..filled, 0);
        kept = filled - seen;
    }
    days.is_in_vain()
}

/// The years of one chunk.
struct Calendar<'t> {
    zone: &'t TimeZone,
    /// The year it begins with, the New Years in it, the year it ends with.
    first_year: i16,
    turns: Vec<(u64, i16)>,
    last_year: i16,
    /// It ends in the year of the file's last change.
    is_last: bool,
    days: Option<(Day, Day)>,
}

impl<'t> Calendar<'t> {
    /// Counts back from the end of the text.
    fn new(part: &Part<'_>, days: &Days, modified: u64, zone: &'t TimeZone) -> Option<Self> {
        let latest = zone.to_datetime(timestamp(modified.saturating_add(DAY))).date();
        let mut year = latest.year() - i16::from(days.last? > day_of(latest));
        let (at_end, end) = (year, part.start + part.bytes.len() as u64);
        year = leap(year, days.leap);
        let (mut turns, mut last_year) = (Vec::new(), None);
        for Turn { at, years, leap: is_leap } in days.turns.iter().rev() {
            if *at < end {
                last_year.get_or_insert(year);
                turns.push((*at, year));
            }
            year = leap(year - years, *is_leap);
        }
        turns.reverse();
        let last_year = last_year.unwrap_or(year);
        let is_last = last_year == at_end;
        let days = first_day(part.bytes).zip(last_day(part.bytes));
        Some(Self { zone, first_year: year, turns, last_year, is_last, days })
    }

    fn stretches(&self, part: &Part<'_>, modified: u64) -> Vec<Stretch> {
        let whole = |reference| vec![Stretch { end: part.bytes.len(), reference }];
        let Some((first, last)) = self.days else {
            // No stamp to be seen: whatever there is lies in that year.
            return whole(if self.is_last {
                modified
            } else {
                self.end_of(self.last_year, 365).min(modified)
            });
        };
        let (first, last) = (self.end_of(self.first_year, first), self.end_of(self.last_year, last));
        if last.abs_diff(first) <= TELLING && self.turns.len() <= 1 {
            return whole(last.saturating_add(BEHIND).min(modified));
        }
        self.halves(part, modified)
    }

    /// Cuts a chunk where a half of a year ends.
    fn halves(&self, part: &Part<'_>, modified: u64) -> Vec<Stretch> {
        const JULY: Day = 182;
        let mut stretches: Vec<Stretch> = Vec::new();
        let (mut year, mut turns) = (self.first_year, self.turns.iter().peekable());
        let (mut half, mut begins) = (None, 0);
        for end in memchr::memchr_iter(b'\n', part.bytes).map(|at| at + 1).chain([part.bytes.len()]) {
            if let Some(&(_, next)) = turns.next_if(|(at, _)| *at == part.start + begins as u64) {
                year = next;
            }
            if let Some(day) = day(&part.bytes[begins..end]) {
                let this = (year, day >= JULY);
                if half.is_some_and(|half| half != this) && stretches.len() < MOST_PIECES {
                    stretches.push(Stretch { end: begins, reference: self.end_of_half(half, modified) });
                }
                half = Some(this);
            }
            begins = end;
        }
        let reference = self.end_of_half(half, modified);
        stretches.push(Stretch { end: part.bytes.len(), reference });
        stretches
    }

    fn end_of_half(&self, half: Option<(i16, bool)>, modified: u64) -> u64 {
        const END_OF_JUNE: Day = 181;
        let Some((year, second)) = half else { return modified };
        self.end_of(year, if second { 365 } else { END_OF_JUNE }).saturating_add(BEHIND).min(modified)
    }

    /// The end of a local day.
    fn end_of(&self, year: i16, day: Day) -> u64 {
        let first = Date::new(year, 1, 1).unwrap_or(Date::MIN);
        // Days are counted as in a leap year.
        let day = day - Day::from(!first.in_leap_year() && day > 59);
        let next = first.checked_add((day + 1).days()).unwrap_or(first);
        let end = self.zone.to_timestamp(next.at(0, 0, 0, 0)).unwrap_or(Timestamp::MIN);
        u64::try_from(end.as_nanosecond()).unwrap_or(0)
    }
}

fn timestamp(unix_nano: u64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(unix_nano)).unwrap_or(Timestamp::MAX)
}

/// As of a year that has a February 29.
fn day_of(date: Date) -> Day {
    let day = Day::from(date.day_of_year()) - 1;
    day + Day::from(!date.in_leap_year() && day >= 59)
}

/// The last leap year up to this one, where there has to be one.
fn leap(year: i16, wanted: bool) -> i16 {
    let is_leap = |year: &i16| Date::new(*year, 1, 1).is_ok_and(Date::in_leap_year);
    if wanted { (year - 8..=year).rev().find(is_leap).unwrap_or(year) } else { year }
}

fn first_day(bytes: &[u8]) -> Option<Day> {
    bytes.split_inclusive(|&byte| byte == b'\n').take(LINES).find_map(day)
}

fn last_day(bytes: &[u8]) -> Option<Day> {
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    text.rsplit(|&byte| byte == b'\n').take(LINES).find_map(day)
}

#[cfg(test)]
mod tests;
