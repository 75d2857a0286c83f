//! Finds files, follows them through rotation, and hands over chunks of whole
//! lines. Made for one thread that reads, parses and passes on; see [`Tailer`].
//!
//! Invariants:
//! - The file is the buffer. A byte is handed over again until
//!   [`Tailer::consume`] has taken it, so whoever fails in between loses nothing.
//! - A file is what device, inode and first bytes say, whatever its name. Two
//!   names of one file are one file; two files with the same content are two.
//! - Content that was replaced in place gets a new [`FileKey`], so what is known
//!   about the old content (spans in flight, a parser that was chosen) cannot be
//!   taken for the new one's.
//! - A notification only means "look again"; every conclusion comes from asking
//!   the file system. Without notifications everything works, only slower.
//! - What is idle costs a small record, and a handle while there are enough: no
//!   thread, no buffer, no timer.

mod absent;
mod ahead;
mod copies;
mod cut;
mod discover;
mod facts;
mod followed;
mod globs;
mod gunzip;
mod handles;
mod head;
mod line;
mod marks;
mod notice;
mod options;
mod order;
mod packed;
mod resume;
mod scan;
mod series;
mod tailer;
mod turn;
mod watch;

pub use ahead::Ahead;
pub use facts::Facts;
pub use head::head_hash;
pub use line::{Ends, LineFeed};
pub use notice::{Cause, Chunk, FileInfo, Notice, Woken};
pub use options::{Compression, Error, LongLine, Options, StartAt};
pub use order::{Ordering, SortBy, SortType};
pub use skidway_model::{Anchor, FileKey, Identity, Lineage, Span};
pub use tailer::Tailer;
pub use watch::Waker;
