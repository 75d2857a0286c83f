//! Stamps without a year, one after the other: where in a text a New Year lies.
//!
//! Only lines that begin with a stamp of traditional syslog (`Nov  7 11:19:23`) count, and
//! of a stamp only its day: two bytes more than the ones that a line has in common with
//! the line before it are looked at nowhere.
//!
//! A New Year lies where the days fall back by more than half a year: `Dec 30`, `Jan  2`.
//! What else makes them fall or rise by as much is told apart:
//! - Back from the beginning of a year to its end, by a month at the most, is a line that
//!   came late: the New Year is taken back, and comes again with the next line.
//! - A clock that was not set at a boot shows `Jan  1`, and within two days of its own it
//!   shows again what comes after the lines before the boot: that is no New Year.
//! - Any other rise is a long silence, as in logs of what was installed.
//!
//! A year that passes without a single line in it cannot be seen.

use std::collections::VecDeque;

/// A day of a year that has a February 29, from 0.
pub(super) type Day = i32;

/// February 29.
const LEAP_DAY: Day = 31 + 28;
/// More than that is no disorder of lines.
const HALF_A_YEAR: Day = 366 / 2;
/// A line comes this late at the most, and a machine was off for this long.
const MONTH: Day = 31;
/// A clock that was not set shows January 1, or 2 after a while.
const UNSET: Day = 1;

/// The longest stamp at the start of a line: `Nov 17 11:19:23`.
pub(super) const HEAD: usize = 15;
/// What two stamps of one day have in common.
const DATE: usize = 6;

/// A text that has none in its first so many lines or bytes is taken for one without.
const SAMPLE_LINES: u32 = 64;
const SAMPLE: u64 = 64 << 10;
/// New Years that are remembered: a text with more of them is made to have them.
const MOST: usize = 1024;

/// A place where one year ends and another one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// Where the line begins that is of another year than the one before it.
    pub(super) at: u64,
    /// 1, or -1 where a line came late.
    pub(super) years: i16,
    /// The year that ends here has a February 29.
    pub(super) leap: bool,
}

/// Goes through a text, in pieces.
#[derive(Debug, Default)]
pub(super) struct Days {
    /// Where to go on.
    pub(super) at: u64,
    pub(super) turns: VecDeque<Turn>,
    /// The last day that was seen, and whether its year has a February 29.
    pub(super) last: Option<Day>,
    pub(super) leap: bool,
    in_line: bool,
    date: [u8; DATE],
    /// The day before the last New Year, while it may turn out to be none.
    boot: Option<Day>,
    began: u64,
    lines: u32,
    full: bool,
}

// === impl Days ===

impl Days {
    /// Begins at a line.
    pub(super) fn from(at: u64) -> Self {
        Self { at, began: at, ..Self::default() }
    }

    /// Whether there is no use in going on.
    pub(super) fn is_in_vain(&self) -> bool {
        let seen = self.lines >= SAMPLE_LINES || self.at - self.began >= SAMPLE;
        self.full || (self.last.is_none() && seen)
    }

    /// Takes what comes next, and answers how much of it; the rest is the beginning of a
    /// line that is too short to tell, and has to be shown again with what follows it.
    pub(super) fn see(&mut self, bytes: &[u8]) -> usize {
        let mut pos = 0;
        while pos < bytes.len() && !self.full {
            let rest = &bytes[pos..];
            if !self.in_line {
                if rest.len() < HEAD && !rest.contains(&b'\n') {
                    break;
                }
                self.line(self.at + pos as u64, rest);
            }
            let end = memchr::memchr(b'\n', rest);
            self.in_line = end.is_none();
            pos += end.map_or(rest.len(), |end| end + 1);
        }
        self.at += pos as u64;
        pos
    }

    #[inline]
    fn line(&mut self, at: u64, line: &[u8]) {
        if line.starts_with(&self.date) {
            return;
        }
        self.lines = self.lines.saturating_add(1);
        if let Some(day) = day(line) {
            self.date.copy_from_slice(&line[..DATE]);
            self.day(at, day);
        }
    }

    fn day(&mut self, at: u64, day: Day) {
        if let Some(last) = self.last.replace(day) {
            self.step(at, last, day);
        }
        self.leap |= day == LEAP_DAY;
    }

    fn step(&mut self, at: u64, last: Day, day: Day) {
        let rise = day - last;
        let boot = self.boot.take();
        if rise >= 366 - MONTH {
            self.turn(at, -1);
        } else if rise > HALF_A_YEAR {
            let returns = boot.is_some_and(|before| (-1..=MONTH).contains(&(day - before)));
            if returns && let Some(turn) = self.turns.pop_back() {
                self.leap |= turn.leap;
            }
        } else if rise < -HALF_A_YEAR {
            self.boot = (day <= UNSET).then_some(last);
            self.turn(at, 1);
        } else {
            self.boot = boot.filter(|_| day <= UNSET);
        }
    }

    fn turn(&mut self, at: u64, years: i16) {
        self.full = self.turns.len() >= MOST;
        self.turns.push_back(Turn { at, years, leap: std::mem::take(&mut self.leap) });
    }
}

/// The day of the stamp that a line begins with.
pub(super) fn day(line: &[u8]) -> Option<Day> {
    let [m1, m2, m3, b' ', rest @ ..] = line else { return None };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| Day::from(byte - b'0'));
    let (of_month, rest) = match rest {
        [b' ', ones, b' ', rest @ ..] | [ones, b' ', rest @ ..] => (digit(*ones)?, rest),
        [tens, ones, b' ', rest @ ..] => (10 * digit(*tens)? + digit(*ones)?, rest),
        _ => return None,
    };
    let [h1, h2, b':', n1, n2, b':', s1, s2, ..] = rest else { return None };
    if ![h1, h2, n1, n2, s1, s2].into_iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (before, days) = match &[m1, m2, m3].map(u8::to_ascii_lowercase) {
        b"jan" => (0, 31),
        b"feb" => (31, 29),
        b"mar" => (60, 31),
        b"apr" => (91, 30),
        b"may" => (121, 31),
        b"jun" => (152, 30),
        b"jul" => (182, 31),
        b"aug" => (213, 31),
        b"sep" => (244, 30),
        b"oct" => (274, 31),
        b"nov" => (305, 30),
        b"dec" => (335, 31),
        _ => return None,
    };
    (1..=days).contains(&of_month).then_some(before + of_month - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(lines: &[&str], chunk: usize) -> Days {
        let text: String = lines.iter().map(|line| format!("{line} 11:19:23 host unit: x\n")).collect();
        let (mut days, mut shown) = (Days::from(0), 0);
        while shown < text.len() {
            shown = (shown + chunk).min(text.len());
            let from = days.at as usize;
            days.see(&text.as_bytes()[from..shown]);
        }
        assert_eq!(days.at as usize, text.len());
        days
    }

    /// Which lines are of another year than the one before them, and by how much.
    fn turns(lines: &[&str]) -> Vec<(usize, i16)> {
        let at = |turn: &Turn| {
            let mut begins = 0;
            let place = lines.iter().position(|line| {
                let is_it = begins == turn.at;
                begins += line.len() as u64 + 23;
                is_it
            });
            (place.unwrap(), turn.years)
        };
        let whole = seen(lines, 1 << 20);
        for chunk in [1, 7, 16, 50] {
            assert_eq!(seen(lines, chunk).turns, whole.turns, "in pieces of {chunk}");
        }
        whole.turns.iter().map(at).collect()
    }

    #[test]
    fn new_years_are_found() {
        assert_eq!(turns(&["Nov  7", "Nov 8", "Nov 7", "Dec 31"]), []);
        assert_eq!(turns(&["Dec 31", "Jan  1", "Jun 30", "Dec 31", "Jan 01"]), [(1, 1), (4, 1)]);
        assert_eq!(turns(&["Aug 20", "Jan 12"]), [(1, 1)]);
        assert_eq!(turns(&["Jun 20", "Mar 12"]), [], "less than half a year is disorder");
    }

    #[test]
    fn a_late_line_takes_its_year_back() {
        assert_eq!(turns(&["Dec 31", "Jan  1", "Dec 31", "Jan  1"]), [(1, 1), (2, -1), (3, 1)]);
    }

    #[test]
    fn a_clock_that_was_not_set_makes_no_new_year() {
        assert_eq!(turns(&["Sep 10", "Jan  1", "Jan  1", "Sep 12"]), []);
        assert_eq!(turns(&["Sep 10", "Jan  1", "Jan  2", "Jan  1", "Sep 9", "Jan  3"]), [(5, 1)]);
        assert_eq!(turns(&["Sep 10", "Jan  1", "Jan 20", "Sep 12"]), [(1, 1)], "silence");
        assert_eq!(turns(&["Sep 10", "Jan  5", "Sep 12"]), [(1, 1)], "a log with few lines");
        assert_eq!(turns(&["Jan  5", "Sep 10", "Jan  7"]), [(2, 1)], "the same");
    }

    #[test]
    fn leap_days_belong_to_the_year_that_ends() {
        let days = seen(&["Feb 29", "Dec 31", "Jan  1", "Mar  1"], 100);
        assert_eq!((days.turns[0].leap, days.leap, days.last), (true, false, Some(60)));
        assert!(seen(&["Dec 31", "Jan  1", "Feb 29"], 100).leap);
    }

    #[test]
    fn the_forms_of_a_stamp() {
        assert_eq!(day(b"Jan  1 00:00:00"), Some(0));
        assert_eq!(day(b"jan 1 00:00:00 x"), Some(0));
        assert_eq!(day(b"Dec 31 23:59:60.5"), Some(365));
        for line in [
            "",
            "Jan",
            "Jan 32 00:00:00",
            "Feb 30 00:00:00",
            "Xyz  1 00:00:00",
            "Jan  1 00:00",
            "Jan 1 0:00:00 ",
        ] {
            assert_eq!(day(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn what_has_no_stamps_is_given_up_and_so_is_what_has_too_many() {
        let mut days = Days::from(0);
        days.see("2026-11-22T10:15:30 host unit: x\n".repeat(70).as_bytes());
        assert!(days.is_in_vain());
        let mut days = Days::from(0);
        days.see("Dec 31 23:59:59 x\nJan  1 00:00:00 x\n".repeat(MOST).as_bytes());
        assert!(days.is_in_vain() && days.turns.len() <= MOST + 1);
    }
}
