//! The books. One equation holds at every moment, whatever was delivered so far:
//!
//! ```text
//! lines read + records extra = delivered + dead-lettered + spooled + dropped + in flight
//!                            + lines joined + lines skipped
//! bytes read                 = acknowledged + dead-lettered + in flight
//! ```
//!
//! Every line begins a record, continues one (joined) or is none (skipped); a
//! record beyond the first of its line is extra. Every record is delivered, set aside as
//! a dead letter because the backend refuses it, handed to a spool on disk (which has
//! books of its own), dropped by a processor, or still in flight.

use std::fmt;

/// What became of the lines of one chunk, before its records are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lines {
    read: u64,
    records: u64,
    extra: u64,
    skipped: u64,
    dropped: u64,
}

/// Counts that no chunk of lines can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the counts of a chunk do not fit together: {read} lines, {records} records ({extra} of them extra, \
     {dropped} dropped), {skipped} lines skipped"
)]
#[expect(missing_docs, reason = "the arguments of Lines::new")]
pub struct Uneven {
    pub read: u64,
    pub records: u64,
    pub extra: u64,
    pub skipped: u64,
    pub dropped: u64,
}

/// What became of the records of a span that are no more in flight; those that are in
/// neither of these were delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// Refused by the backend for good, and set aside.
    pub dead_lettered: u64,
    /// On disk, to be delivered later.
    pub spooled: u64,
}

/// Sums since the start, and what is in flight now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes that parsers took.
    pub bytes_read: u64,
    /// Bytes whose records were all answered for, and not all of them by a refusal.
    pub bytes_acknowledged: u64,
    /// Bytes whose records were all set aside as dead letters.
    pub bytes_dead_lettered: u64,
    /// Bytes with records that wait for an answer.
    pub bytes_in_flight: u64,
    /// Lines that parsers took; the pieces of a line that was too long count one each.
    pub lines_read: u64,
    /// Lines that continue a record.
    pub lines_joined: u64,
    /// Lines that are no record on purpose, such as blank ones.
    pub lines_skipped: u64,
    /// Records beyond the first of their line.
    pub records_extra: u64,
    /// Records that processors dropped on purpose.
    pub records_dropped: u64,
    /// Records that the backend accepted.
    pub records_delivered: u64,
    /// Records that the backend refused for good, and that were set aside.
    pub records_dead_lettered: u64,
    /// Records that were handed to a spool on disk.
    pub records_spooled: u64,
    /// Records that wait for an answer.
    pub records_in_flight: u64,
}

/// The books do not balance: a flaw in Skidway, worth a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the books do not balance: {0}")]
pub struct Imbalance(Totals);

// === impl Lines ===

impl Lines {
    /// - `read`: lines consumed, a last one without line feed included;
    /// - `records`: records made of them;
    /// - `extra`: those of the records that begin in the same line as the one before;
    /// - `skipped`: lines that are in no record;
    /// - `dropped`: those of the records that processors dropped.
    ///
    /// The lines that remain continue a record. An error when fewer than none do,
    /// more records are dropped than there are, or all of them are extra.
    pub fn new(read: u64, records: u64, extra: u64, skipped: u64, dropped: u64) -> Result<Self, Uneven> {
        let beginning = records.checked_sub(extra).filter(|&beginning| beginning > 0 || records == 0);
        let fits =
            beginning.and_then(|beginning| beginning.checked_add(skipped)).is_some_and(|used| used <= read);
        if !fits || dropped > records {
            return Err(Uneven { read, records, extra, skipped, dropped });
        }
        Ok(Self { read, records, extra, skipped, dropped })
    }

    /// Lines that continue a record.
    pub fn joined(self) -> u64 {
        self.read - (self.records - self.extra) - self.skipped
    }

    /// Lines consumed.
    pub fn read(self) -> u64 {
        self.read
    }

    /// Records on their way to the backend.
    pub fn in_flight(self) -> u64 {
        self.records - self.dropped
    }
}

// === impl Totals ===

impl Totals {
    pub(crate) fn read(&mut self, bytes: u64, lines: Lines) {
        self.bytes_read += bytes;
        self.bytes_in_flight += bytes;
        self.lines_read += lines.read;
        self.lines_joined += lines.joined();
        self.lines_skipped += lines.skipped;
        self.records_extra += lines.extra;
        self.records_dropped += lines.dropped;
        self.records_in_flight += lines.in_flight();
    }

    pub(crate) fn settled(&mut self, bytes: u64, records: u64, settled: Settled) {
        let dead_lettered = settled.dead_lettered.min(records);
        let spooled = settled.spooled.min(records - dead_lettered);
        self.bytes_in_flight -= bytes;
        if records > 0 && dead_lettered == records {
            self.bytes_dead_lettered += bytes;
        } else {
            self.bytes_acknowledged += bytes;
        }
        self.records_in_flight -= records;
        self.records_delivered += records - dead_lettered - spooled;
        self.records_dead_lettered += dead_lettered;
        self.records_spooled += spooled;
    }

    /// Whether everything that was read is accounted for.
    pub fn balance(&self) -> Result<(), Imbalance> {
        let lines = self.lines_read + self.records_extra
            == self.records_delivered
                + self.records_dead_lettered
                + self.records_spooled
                + self.records_dropped
                + self.records_in_flight
                + self.lines_joined
                + self.lines_skipped;
        let bytes =
            self.bytes_read == self.bytes_acknowledged + self.bytes_dead_lettered + self.bytes_in_flight;
        if lines && bytes { Ok(()) } else { Err(Imbalance(*self)) }
    }
}

/// Adds the books of several receivers.
impl std::iter::Sum for Totals {
    fn sum<I: Iterator<Item = Self>>(books: I) -> Self {
        books.fold(Self::default(), |a, b| Self {
            bytes_read: a.bytes_read + b.bytes_read,
            bytes_acknowledged: a.bytes_acknowledged + b.bytes_acknowledged,
            bytes_dead_lettered: a.bytes_dead_lettered + b.bytes_dead_lettered,
            bytes_in_flight: a.bytes_in_flight + b.bytes_in_flight,
            lines_read: a.lines_read + b.lines_read,
            lines_joined: a.lines_joined + b.lines_joined,
            lines_skipped: a.lines_skipped + b.lines_skipped,
            records_extra: a.records_extra + b.records_extra,
            records_dropped: a.records_dropped + b.records_dropped,
            records_delivered: a.records_delivered + b.records_delivered,
            records_dead_lettered: a.records_dead_lettered + b.records_dead_lettered,
            records_spooled: a.records_spooled + b.records_spooled,
            records_in_flight: a.records_in_flight + b.records_in_flight,
        })
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} lines read + {} records extra = {} delivered + {} dead-lettered + {} spooled + {} dropped + {} in \
             flight + {} lines joined + {} skipped; {} bytes read = {} acknowledged + {} dead-lettered + {} in flight",
            self.lines_read,
            self.records_extra,
            self.records_delivered,
            self.records_dead_lettered,
            self.records_spooled,
            self.records_dropped,
            self.records_in_flight,
            self.lines_joined,
            self.lines_skipped,
            self.bytes_read,
            self.bytes_acknowledged,
            self.bytes_dead_lettered,
            self.bytes_in_flight,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_record_and_not_skipped_is_joined() {
        let lines = Lines::new(10, 6, 1, 2, 3).unwrap();
        assert_eq!((lines.joined(), lines.in_flight()), (3, 3));
    }

    #[test]
    fn counts_that_cannot_be_are_refused() {
        for (read, records, extra, skipped, dropped) in [
            (1, 2, 0, 0, 0),
            (2, 1, 2, 0, 0),
            (2, 1, 1, 0, 0),
            (2, 1, 0, 2, 0),
            (2, 1, 0, 0, 2),
            (1, 1, 0, u64::MAX, 0),
        ] {
            let error = Lines::new(read, records, extra, skipped, dropped).unwrap_err();
            assert_eq!(error, Uneven { read, records, extra, skipped, dropped });
        }
    }

    #[test]
    fn one_record_too_few_is_noticed() {
        let mut totals = Totals::default();
        totals.read(100, Lines::new(10, 6, 1, 2, 3).unwrap());
        totals.balance().unwrap();
        totals.records_in_flight -= 1;
        assert!(totals.balance().unwrap_err().to_string().contains("10 lines read"));
        totals.records_in_flight += 1;
        totals.bytes_acknowledged += 1;
        totals.balance().unwrap_err();
    }
}
