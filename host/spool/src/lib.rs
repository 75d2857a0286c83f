//! A bounded queue of payloads on disk, for when a backend is away.
//!
//! A payload that was [`put`](Spool::put) is on disk when that returns. Payloads
//! leave in the order in which they came ([`next`](Spool::next), then
//! [`done`](Spool::done)). At its limits the spool takes nothing more; it never
//! drops anything.
//!
//! The folder holds segments, `0000000001.spool` and so on, which are only ever
//! appended to, and `position`. All numbers are little-endian.
//!
//! ```text
//! segment:  "skwspool" · version u32 · mark [8] · crc32 u32        then entries:
//! entry:    mark [8] · stored u32 · length u32 · records u32 · written u64
//!           · crc32 of what is stored u32 · crc32 of this head u32 · stored bytes
//! position: "skwplace" · version u32 · read: segment u64, offset u64
//!           · written: segment u64, offset u64 · crc32 u32
//! ```
//!
//! What is stored is the payload, compressed with Zstandard; `length` is its own
//! length, `written` is in milliseconds since 1970. The mark is random and belongs
//! to one segment: what a log line says cannot be taken for an entry. Whatever a
//! later version changes, the version and the checksum of a segment's head stay at
//! their places, and so do the version and the checksum at the end of `position`.
//!
//! Invariants:
//! - What was put is never lost in a crash: it is synced, and so is the folder
//!   for a segment that is new.
//! - `position` is replaced as a whole. It may stand before what is done, then
//!   entries are delivered again; it never stands behind. Without it, everything
//!   that is there is delivered.
//! - It is saved before a segment is deleted, and a number is never used twice, so
//!   a segment that is missing is seen.
//! - It says how far segments were written, too: an unreadable end behind that is
//!   a write that a crash cut short, whose payload was never acknowledged. It is
//!   cut off. Anything else that cannot be read is damage, said at ERROR, and its
//!   segment is kept as `.damaged`.
//! - A full disk refuses what is put, and nothing else: a spool is opened and delivered
//!   on it, and the folder and the position are written when there is room.
//! - [`Totals::balance`] holds after every call.
//!
//! Calls block for as long as the disk takes; only the waits are asynchronous. The
//! folder must belong to one spool at a time: it lies in a state folder, whose lock
//! is held.

mod books;
mod disk;
mod error;
mod format;
mod opening;
mod position;
mod queue;
mod segment;
mod spool;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

pub use books::{Count, Imbalance, Totals};
pub use error::{PutError, SpoolError};
pub use format::MAX_PAYLOAD;
pub use spool::Spool;

/// The usual size of a segment: disk space comes back in pieces of it.
pub const SEGMENT_BYTES: u64 = 16 << 20;

/// Where a spool lies, and what bounds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Made where it is missing, with mode 0700; on a full disk as soon as there is room.
    pub folder: PathBuf,
    /// How much of the disk its segments may take. Segments that are kept as damaged,
    /// three at the most, come on top.
    pub max_bytes: u64,
    /// When the oldest entry is older than this, nothing more is taken until it is
    /// delivered. `None`: however old it is.
    pub max_age: Option<Duration>,
    /// The size from which on a new segment is begun; at most a quarter of `max_bytes`.
    pub segment_bytes: u64,
}

/// What an earlier run left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// What waits to be delivered.
    pub waiting: Count,
    /// What cannot be read; entries and records are those that are known of.
    pub damaged: Count,
    /// Segments that are not there any more, with whatever was in them.
    pub missing_segments: u64,
    /// Bytes of a write that was cut short. Nothing is lost with them.
    pub torn_bytes: u64,
}

/// A payload that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As it was put.
    pub payload: Vec<u8>,
    /// How many records are in it.
    pub records: u32,
    /// When it was put.
    pub written: SystemTime,
    segment: u64,
    at: u64,
    count: Count,
}
