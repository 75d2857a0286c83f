//! What a component has done so far, counted once per chunk, and whether that is worse than before.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counts that lanes add to; shared by all that use the same component in the same way.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    chunks: AtomicU64,
    records: AtomicU64,
    unrecognised: AtomicU64,
    failed: AtomicU64,
    /// Lines that went wrong are to be told to the supervisor.
    pub(super) is_watched: AtomicBool,
    /// They have been, and it has not looked yet.
    pub(super) is_told: AtomicBool,
}

/// [`Tallies`] at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Chunks, or pieces of such.
    pub(crate) chunks: u64,
    /// Records in them.
    pub(crate) records: u64,
    /// Those of them that it did not recognise.
    pub(crate) unrecognised: u64,
    /// Those that passed raw because it failed or rested.
    pub(crate) failed: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.chunks += other.chunks;
        self.records += other.records;
        self.unrecognised += other.unrecognised;
        self.failed += other.failed;
    }
}

impl Tallies {
    /// Adds a chunk.
    pub(super) fn add(&self, counts: Counts) {
        self.chunks.fetch_add(counts.chunks, Ordering::Relaxed);
        self.records.fetch_add(counts.records, Ordering::Relaxed);
        self.unrecognised.fetch_add(counts.unrecognised, Ordering::Relaxed);
        self.failed.fetch_add(counts.failed, Ordering::Relaxed);
    }

    /// How they stand.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            chunks: self.chunks.load(Ordering::Relaxed),
            records: self.records.load(Ordering::Relaxed),
            unrecognised: self.unrecognised.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }
}

/// What counts as worse. A share must have risen by so much of all records and to so many times what it was: a
/// component that recognised nothing before is not worse for a line in a thousand, and one that did not recognise
/// half of the lines is not worse for a few more.
struct Rise {
    /// Records that went wrong, at least: fewer are chance.
    wrong: u64,
    /// Records to judge by, at least.
    records: u64,
    /// Records of the one before to judge by, at least.
    before: u64,
    share: f64,
    times: f64,
}

/// A failure is never the lines' fault alone, and costs a pause: five are enough, should there be no other line.
const FAILED: Rise = Rise { wrong: 5, records: 5, before: 0, share: 0.005, times: 2.0 };
/// What is not recognised depends on what is written, which changes from minute to minute.
const UNRECOGNISED: Rise = Rise { wrong: 20, records: 100, before: 100, share: 0.05, times: 2.0 };

impl Rise {
    fn is_in(&self, old: (u64, u64), new: (u64, u64)) -> bool {
        let (before, after) = (share(old), share(new));
        new.0 >= self.wrong
            && new.1 >= self.records
            && old.1 >= self.before
            && after - before >= self.share
            && after >= before * self.times
    }
}

fn share((wrong, records): (u64, u64)) -> f64 {
    if records == 0 { 0.0 } else { wrong as f64 / records as f64 }
}

/// Why a component that took over does worse than the one before, if it does: both rates.
pub(super) fn worse(old: Counts, new: Counts) -> Option<String> {
    let kinds = [
        (&FAILED, "it fails on", (old.failed, old.records), (new.failed, new.records)),
        (
            &UNRECOGNISED,
            "it does not recognise",
            (old.unrecognised, old.records),
            (new.unrecognised, new.records),
        ),
    ];
    let (_, what, old, new) = kinds.into_iter().find(|(rise, _, old, new)| rise.is_in(*old, *new))?;
    let percent = |rate: (u64, u64)| 100.0 * share(rate);
    let (wrong, records) = new;
    Some(format!(
        "{what} {wrong} of {records} records ({:.1} %), the one before on {:.1} %",
        percent(new),
        percent(old)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(records: u64, unrecognised: u64, failed: u64) -> Counts {
        Counts { chunks: 1, records, unrecognised, failed }
    }

    #[test]
    fn a_component_that_fails_is_worse_however_few_lines_there_are() {
        let good = counts(10_000, 10, 0);
        assert_eq!(worse(good, counts(4, 0, 4)), None);
        let why = worse(good, counts(5, 0, 5)).unwrap();
        assert_eq!(why, "it fails on 5 of 5 records (100.0 %), the one before on 0.0 %");
        assert!(worse(good, counts(1000, 0, 6)).is_some());
        assert_eq!(worse(good, counts(10_000, 0, 6)), None, "a poison line now and then");
    }

    #[test]
    fn one_that_failed_before_is_not_worse_for_failing() {
        assert_eq!(worse(counts(1000, 0, 500), counts(1000, 0, 600)), None);
        assert!(worse(counts(1000, 0, 100), counts(1000, 0, 250)).is_some());
    }

    #[test]
    fn unrecognised_lines_have_to_be_many() {
        let good = counts(10_000, 100, 0);
        assert_eq!(worse(good, counts(99, 99, 0)), None, "too few to judge by");
        assert_eq!(worse(good, counts(1000, 50, 0)), None, "5 % and not 5 % more");
        assert!(worse(good, counts(1000, 61, 0)).is_some());
        assert_eq!(worse(counts(1000, 500, 0), counts(1000, 900, 0)), None, "not twice as many");
    }

    #[test]
    fn one_that_hardly_ran_says_nothing_of_the_lines() {
        assert_eq!(worse(counts(99, 0, 0), counts(200, 200, 0)), None);
        assert!(worse(counts(100, 0, 0), counts(200, 200, 0)).is_some());
        assert!(worse(Counts::default(), counts(200, 0, 200)).is_some());
    }
}
