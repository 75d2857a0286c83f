//! Per file, the spans that were read, in order, and which of them are answered for: by
//! the backend, by a dead-letter file, by a spool on disk.
//!
//! Invariants:
//! - The spans of a file leave no gap: each begins where the one before ended.
//! - A checkpoint is the end of the answered prefix. It never moves back. Content
//!   that was replaced is another [`FileKey`], so a late answer about the old
//!   content cannot move the new one's.
//! - [`Totals::balance`] holds after every call.
//!
//! One lock, taken once per chunk and once per answer, never per line.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use skidway_model::{Anchor, FileKey, Lineage, Span};

use crate::{Checkpoint, Lines, Settled, Snapshot, Totals};

/// What is in flight between the files and the backend.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Books>);

/// A span that cannot be: a flaw in the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The file was never opened, or is closed.
    #[error("file {} is not open in the ledger", .0.0)]
    NotOpen(FileKey),
    /// Bytes were left out, or counted twice.
    #[error("file {} was read to {expected}, so {span} cannot come next", file.0)]
    Gap {
        /// Which file.
        file: FileKey,
        /// Where the next span must begin.
        expected: u64,
        /// What was given.
        span: Span,
    },
    /// Lines that have no bytes could never be answered for.
    #[error("file {} was read to {at}, and there cannot be lines in an empty span", file.0)]
    Empty {
        /// Which file.
        file: FileKey,
        /// Where the span begins and ends.
        at: u64,
    },
}

#[derive(Debug, Default)]
struct Books {
    files: BTreeMap<FileKey, File>,
    forgotten: Vec<Lineage>,
    totals: Totals,
    /// The next snapshot would be the same as the last one.
    is_saved: bool,
}

#[derive(Debug)]
struct File {
    life: Life,
    checkpoint: Checkpoint,
    /// Where the next span begins.
    next: u64,
    /// Everything between the checkpoint's offset and there.
    flights: VecDeque<Flight>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    /// Nothing more will be read; the checkpoint is still worth saving.
    Closed,
    /// The content is gone: only the answers for its records are still awaited.
    Forgotten,
}

#[derive(Debug)]
struct Flight {
    span: Span,
    /// What stands before the span's end.
    anchor: Anchor,
    records: u64,
    answered: bool,
}

// === impl Ledger ===

impl Ledger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// A file is followed from now on, from the checkpoint's offset. A key that is
    /// known already is left as it is.
    pub fn open(&self, file: FileKey, checkpoint: Checkpoint) {
        self.change().files.entry(file).or_insert_with(|| File {
            life: Life::Open,
            next: checkpoint.offset,
            checkpoint,
            flights: VecDeque::new(),
        });
    }

    /// The file's name, identity or time has changed. How far it is done with is the
    /// ledger's own business.
    pub fn update(&self, file: FileKey, now: Checkpoint) {
        if let Some(File { checkpoint, .. }) = self.change().files.get_mut(&file) {
            checkpoint.path = now.path;
            checkpoint.identity = now.identity;
            checkpoint.modified = now.modified;
        }
    }

    /// The span is read and parsed; its records are in flight from now on. `anchor` is
    /// what stands before its end. A span without records in flight (all lines blank,
    /// all records dropped) waits for no answer.
    pub fn read(&self, file: FileKey, span: Span, anchor: Anchor, lines: Lines) -> Result<(), LedgerError> {
        let books = &mut *self.change();
        let known = books.files.get_mut(&file).filter(|known| known.life == Life::Open);
        let known = known.ok_or(LedgerError::NotOpen(file))?;
        let expected = known.next;
        if span.start != expected {
            return Err(LedgerError::Gap { file, expected, span });
        }
        if span.is_empty() {
            let at = span.start;
            return if lines.read() == 0 { Ok(()) } else { Err(LedgerError::Empty { file, at }) };
        }
        let answered = lines.in_flight() == 0;
        books.totals.read(span.len(), lines);
        if answered {
            books.totals.settled(span.len(), 0, Settled::default());
        }
        known.next = span.end;
        known.checkpoint.read_to = span.end.max(known.checkpoint.read_to);
        known.flights.push_back(Flight { span, anchor, records: lines.in_flight(), answered });
        known.advance();
        Ok(())
    }

    /// The records of this span are answered for, for good. In any order; a span that is
    /// not in flight (any more) is left out.
    pub fn settle(&self, file: FileKey, span: Span, settled: Settled) {
        self.change().settle(file, span, settled);
    }

    /// Nothing more will be read from the file. Its checkpoint still moves with the
    /// answers, and stays in the state file for a while in case it is found again.
    pub fn close(&self, file: FileKey) {
        if let Some(known) = self.change().files.get_mut(&file)
            && known.life == Life::Open
        {
            known.life = Life::Closed;
        }
    }

    /// The content of the file exists no more (truncated, deleted). Until everything
    /// read of it is answered for it is still saved: should the run end before, a copy
    /// may be found.
    pub fn forget(&self, file: FileKey) {
        let books = &mut *self.change();
        if let Some(known) = books.files.get_mut(&file) {
            known.life = Life::Forgotten;
            books.forget_answered(file);
        }
    }

    /// What to save now. A closed file that is answered for to its end is in one
    /// more snapshot and then left to the state file, and a forgotten one is named
    /// once: so every snapshot must be given to it.
    pub fn snapshot(&self) -> Snapshot {
        let books = &mut *self.books();
        let checkpoints: Vec<_> = books.files.values().map(|file| file.checkpoint.clone()).collect();
        books.files.retain(|_, file| file.life != Life::Closed || !file.flights.is_empty());
        books.is_saved = books.files.len() == checkpoints.len();
        Snapshot { checkpoints, forgotten: std::mem::take(&mut books.forgotten) }
    }

    /// Whether another snapshot is worth while. With many idle files, to make one and to
    /// compare it with what was saved would be most of what they cost.
    pub fn has_changed(&self) -> bool {
        !self.books().is_saved
    }

    /// The books at this moment.
    pub fn totals(&self) -> Totals {
        self.books().totals
    }

    /// Bytes of spans that wait for an answer.
    pub fn in_flight_bytes(&self) -> u64 {
        self.books().totals.bytes_in_flight
    }

    /// Everything before this byte has been answered for; `None` for a file that
    /// the ledger does not know (any more).
    pub fn checkpoint(&self, file: FileKey) -> Option<u64> {
        self.books().files.get(&file).map(|file| file.checkpoint.offset)
    }

    fn change(&self) -> MutexGuard<'_, Books> {
        let mut books = self.books();
        books.is_saved = false;
        books
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Books ===

impl Books {
    fn settle(&mut self, key: FileKey, span: Span, settled: Settled) {
        let Some(file) = self.files.get_mut(&key) else { return };
        let Ok(index) = file.flights.binary_search_by_key(&span.start, |flight| flight.span.start) else {
            return;
        };
        let flight = &mut file.flights[index];
        if flight.answered || flight.span != span {
            return;
        }
        flight.answered = true;
        self.totals.settled(span.len(), flight.records, settled);
        file.advance();
        self.forget_answered(key);
    }

    /// Lets go of a file whose content is gone and whose records are all answered for.
    fn forget_answered(&mut self, key: FileKey) {
        let is_done = |file: &File| file.life == Life::Forgotten && file.flights.is_empty();
        if let Some(file) = self.files.get(&key).filter(|file| is_done(file)) {
            self.forgotten.push(file.checkpoint.lineage);
            self.files.remove(&key);
        }
    }
}

// === impl File ===

impl File {
    fn advance(&mut self) {
        while let Some(flight) = self.flights.pop_front_if(|flight| flight.answered) {
            self.checkpoint.offset = flight.span.end;
            self.checkpoint.anchor = flight.anchor;
        }
    }
}

#[cfg(test)]
mod tests;
