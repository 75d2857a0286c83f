//! What a batch means for the files it came from.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use skidway_model::{FileKey, Span};
use skidway_otlp::Payload;
use skidway_state::{Ledger, Settled};

use super::room::Taken;

/// A piece of a file whose records are on their way. Its records may be in several
/// batches: it is done when the last of them is.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) file: FileKey,
    /// Known when the parser has said how much it took, which is before the lane
    /// lets go of the parcel.
    span: OnceLock<Span>,
    dead_lettered: AtomicU64,
    spooled: AtomicU64,
    /// A batch with some of its records was not delivered.
    spoiled: AtomicBool,
}

/// Records on their way, and where they came from.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) payload: Payload,
    /// In the order of the payload's records.
    pub(crate) shares: Vec<Share>,
    pub(crate) taken: Taken,
}

/// So many records of a batch are of this parcel. Dropped without an answer for them, the
/// parcel is spoiled.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) parcel: Arc<Parcel>,
    pub(crate) records: usize,
    answered: bool,
}

impl Share {
    pub(crate) fn new(parcel: Arc<Parcel>, records: usize) -> Self {
        Self { parcel, records, answered: false }
    }

    /// This became of its records, and the others of them were delivered.
    pub(crate) fn answer(mut self, some: Settled) -> Arc<Parcel> {
        self.answered = true;
        self.parcel.settle(some);
        Arc::clone(&self.parcel)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if !self.answered {
            self.parcel.spoil();
        }
    }
}

impl Parcel {
    pub(crate) fn new(ledger: Arc<Ledger>, file: FileKey) -> Self {
        Self {
            ledger,
            file,
            span: OnceLock::new(),
            dead_lettered: AtomicU64::new(0),
            spooled: AtomicU64::new(0),
            spoiled: AtomicBool::new(false),
        }
    }

    /// Says which bytes it stands for. Only the first call counts.
    pub(crate) fn covers(&self, span: Span) {
        let _ = self.span.set(span);
    }

    /// The bytes it stands for.
    pub(crate) fn span(&self) -> Option<Span> {
        self.span.get().copied()
    }

    /// Notes what became of some of its records; the others of the same batch were
    /// delivered.
    fn settle(&self, some: Settled) {
        self.dead_lettered.fetch_add(some.dead_lettered, Ordering::AcqRel);
        self.spooled.fetch_add(some.spooled, Ordering::AcqRel);
    }

    /// What became of all of them, for the last holder to ask.
    pub(crate) fn settled(&self) -> Settled {
        let (dead_lettered, spooled) = (&self.dead_lettered, &self.spooled);
        Settled {
            dead_lettered: dead_lettered.load(Ordering::Acquire),
            spooled: spooled.load(Ordering::Acquire),
        }
    }

    /// A batch with some of its records was given up: the span stays unacknowledged.
    fn spoil(&self) {
        self.spoiled.store(true, Ordering::Release);
    }

    /// Whether every record got its answer, for the last holder to ask.
    pub(crate) fn is_whole(&self) -> bool {
        !self.spoiled.load(Ordering::Acquire)
    }
}
