//! Per file, the spans that were read, in order, and which of them the backend
//! has answered for.
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
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use skidway_model::{FileKey, Identity, Span};

use crate::{Checkpoint, Lines, Snapshot, Totals};

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
    forgotten: Vec<Identity>,
    totals: Totals,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    identity: Identity,
    modified: SystemTime,
    life: Life,
    checkpoint: u64,
    read_to: u64,
    /// Everything between the checkpoint and `read_to`.
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
    records: u64,
    answered: bool,
}

// === impl Ledger ===

impl Ledger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// A file is followed from now on, from this offset. A key that is known
    /// already is left as it is.
    pub fn open(&self, file: FileKey, path: &Path, identity: Identity, modified: SystemTime, offset: u64) {
        self.books().files.entry(file).or_insert_with(|| File {
            path: path.to_owned(),
            identity,
            modified,
            life: Life::Open,
            checkpoint: offset,
            read_to: offset,
            flights: VecDeque::new(),
        });
    }

    /// The file's name, head or time has changed.
    pub fn update(&self, file: FileKey, path: &Path, identity: Identity, modified: SystemTime) {
        if let Some(known) = self.books().files.get_mut(&file) {
            if known.path != path {
                known.path = path.to_owned();
            }
            known.identity = identity;
            known.modified = modified;
        }
    }

    /// The span is read and parsed; its records are in flight from now on. A span
    /// without records in flight (all lines blank, all records dropped) waits for
    /// no answer.
    pub fn read(&self, file: FileKey, span: Span, lines: Lines) -> Result<(), LedgerError> {
        let books = &mut *self.books();
        let known = books.files.get_mut(&file).filter(|known| known.life == Life::Open);
        let known = known.ok_or(LedgerError::NotOpen(file))?;
        if span.start != known.read_to {
            return Err(LedgerError::Gap { file, expected: known.read_to, span });
        }
        if span.is_empty() {
            let at = span.start;
            return if lines.read() == 0 { Ok(()) } else { Err(LedgerError::Empty { file, at }) };
        }
        let answered = lines.in_flight() == 0;
        books.totals.read(span.len(), lines);
        if answered {
            books.totals.answered(span.len(), 0, 0);
        }
        known.read_to = span.end;
        known.flights.push_back(Flight { span, records: lines.in_flight(), answered });
        known.advance();
        Ok(())
    }

    /// The backend has answered for these spans for good: `rejected` of all their
    /// records it refused, the others it accepted. In any order; spans that are not
    /// in flight (any more) are left out.
    pub fn acknowledge(&self, spans: &[(FileKey, Span)], rejected: u64) {
        self.books().answer(spans, rejected);
    }

    /// The backend has refused all records of these spans for good.
    pub fn reject(&self, spans: &[(FileKey, Span)]) {
        self.books().answer(spans, u64::MAX);
    }

    /// Nothing more will be read from the file. Its checkpoint still moves with the
    /// answers, and stays in the state file for a while in case it is found again.
    pub fn close(&self, file: FileKey) {
        if let Some(known) = self.books().files.get_mut(&file)
            && known.life == Life::Open
        {
            known.life = Life::Closed;
        }
    }

    /// The content of the file exists no more (truncated, deleted): nothing is saved
    /// about it. Its records are still counted when they are answered for.
    pub fn forget(&self, file: FileKey) {
        let books = &mut *self.books();
        if let Some(known) = books.files.get_mut(&file)
            && known.life != Life::Forgotten
        {
            known.life = Life::Forgotten;
            books.forgotten.push(known.identity);
            if known.flights.is_empty() {
                books.files.remove(&file);
            }
        }
    }

    /// What to save now. A closed file that is answered for to its end is in one
    /// more snapshot and then left to the state file, and a forgotten one is named
    /// once: so every snapshot must be given to it.
    pub fn snapshot(&self) -> Snapshot {
        let books = &mut *self.books();
        let saved = books.files.values().filter(|file| file.life != Life::Forgotten);
        let checkpoints = saved.map(File::checkpoint).collect();
        books.files.retain(|_, file| file.life != Life::Closed || !file.flights.is_empty());
        Snapshot { checkpoints, forgotten: std::mem::take(&mut books.forgotten) }
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
        self.books().files.get(&file).map(|file| file.checkpoint)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Books ===

impl Books {
    fn answer(&mut self, spans: &[(FileKey, Span)], mut rejected: u64) {
        for &(key, span) in spans {
            let Some(file) = self.files.get_mut(&key) else { continue };
            let Ok(index) = file.flights.binary_search_by_key(&span.start, |flight| flight.span.start) else {
                continue;
            };
            let flight = &mut file.flights[index];
            if flight.answered || flight.span != span {
                continue;
            }
            flight.answered = true;
            let refused = rejected.min(flight.records);
            rejected -= refused;
            self.totals.answered(span.len(), flight.records - refused, refused);
            file.advance();
            if file.life == Life::Forgotten && file.flights.is_empty() {
                self.files.remove(&key);
            }
        }
    }
}

// === impl File ===

impl File {
    fn advance(&mut self) {
        while let Some(flight) = self.flights.pop_front_if(|flight| flight.answered) {
            self.checkpoint = flight.span.end;
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            path: self.path.clone(),
            identity: self.identity,
            offset: self.checkpoint,
            modified: self.modified,
        }
    }
}

#[cfg(test)]
mod tests;
