//! What a batch means for the files it came from.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use skidway_model::{FileKey, Span};
use skidway_otlp::Payload;
use skidway_state::Ledger;

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
    rejected: AtomicU64,
    /// A batch with some of its records was not delivered.
    spoiled: AtomicBool,
}

/// Records on their way, and where they came from.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) payload: Payload,
    pub(crate) parcels: Vec<Arc<Parcel>>,
    pub(crate) taken: Taken,
}

impl Parcel {
    pub(crate) fn new(ledger: Arc<Ledger>, file: FileKey) -> Self {
        Self {
            ledger,
            file,
            span: OnceLock::new(),
            rejected: AtomicU64::new(0),
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

    /// Notes that the backend refused some records of a batch it was in. Which
    /// parcel they came from is not known: the batch's last one stands for it.
    pub(crate) fn reject(&self, records: u64) {
        self.rejected.fetch_add(records, Ordering::AcqRel);
    }

    pub(crate) fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Acquire)
    }

    /// A batch with some of its records was given up: the span stays unacknowledged.
    pub(crate) fn spoil(&self) {
        self.spoiled.store(true, Ordering::Release);
    }

    /// Whether every record got its answer, for the last holder to ask.
    pub(crate) fn is_whole(&self) -> bool {
        !self.spoiled.load(Ordering::Acquire)
    }
}
