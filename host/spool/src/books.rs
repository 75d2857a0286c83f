//! What came in and what became of it.

use std::fmt;
use std::ops::{AddAssign, SubAssign};

/// So much of a spool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Payloads.
    pub entries: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes that they take on disk.
    pub bytes: u64,
}

/// Sums since the spool was opened, and what waits now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Left by an earlier run, whether it could be read or not.
    pub found: Count,
    /// Put by this one.
    pub put: Count,
    /// Delivered.
    pub done: Count,
    /// Could not be read, and is lost.
    pub damaged: Count,
    /// Waits to be delivered.
    pub waiting: Count,
}

/// The books do not balance: a flaw in Skidway, worth a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the books of the spool do not balance: {0}")]
pub struct Imbalance(Totals);

impl Count {
    pub(crate) const NONE: Self = Self { entries: 0, records: 0, bytes: 0 };

    /// What this has more than `other`.
    pub(crate) fn beyond(self, other: Self) -> Self {
        Self {
            entries: self.entries.saturating_sub(other.entries),
            records: self.records.saturating_sub(other.records),
            bytes: self.bytes.saturating_sub(other.bytes),
        }
    }

    fn plus(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.entries += other.entries;
        self.records += other.records;
        self.bytes += other.bytes;
    }
}

impl SubAssign for Count {
    fn sub_assign(&mut self, other: Self) {
        *self = self.beyond(other);
    }
}

impl Totals {
    /// Found and put is done, damaged or waiting.
    pub fn balance(&self) -> Result<(), Imbalance> {
        let came = self.found.plus(self.put);
        let is = self.done.plus(self.damaged).plus(self.waiting);
        if came == is { Ok(()) } else { Err(Imbalance(*self)) }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries with {} records in {} bytes", self.entries, self.records, self.bytes)
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "found {}; put {}; done {}; damaged {}; waiting {}",
            self.found, self.put, self.done, self.damaged, self.waiting
        )
    }
}
