//! What a tailer tells the lane.

use std::path::Path;
use std::time::SystemTime;

use skidway_model::{Anchor, FileKey, Identity, Lineage, Span};

/// Why a wait has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// There is a file to read or a notice to take.
    Files,
    /// A [`Waker`] asked for it.
    Waker,
    /// The deadline has passed.
    Deadline,
}

/// A piece of a file.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'b> {
    /// Which file.
    pub file: FileKey,
    /// Where in it.
    pub span: Span,
    /// Never empty. Whole lines; only with `flush` may the last one lack its line
    /// feed, because the file was silent for `flush_period`, or because the line is
    /// longer than `max_line` and goes on in the next chunk.
    pub bytes: &'b [u8],
    /// Nothing more is coming soon: the parser must consume everything.
    pub flush: bool,
    /// There is more text behind what was read for this.
    pub more: bool,
    /// The rest of a line that is truncated, or a piece of that rest: to be consumed
    /// and counted, not parsed. Nothing else is in such a chunk.
    pub surplus: bool,
}

/// Something that the ledger has to know, in the order in which it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// A file is followed from now on; reading begins at `offset`.
    Opened {
        /// Its key, never used before.
        file: FileKey,
        /// Where reading begins.
        offset: u64,
    },
    /// Its path or its identity has changed: see [`Tailer::file`]. It may be another
    /// file that holds the same text, which is read on in it.
    Changed {
        /// Which file.
        file: FileKey,
    },
    /// It is not followed any more; nothing will be read under this key.
    Closed {
        /// Which file.
        file: FileKey,
        /// Why.
        cause: Cause,
    },
}

/// Why a file is not followed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It is read to its end, and lives on under a name that does not match.
    Moved,
    /// It is read to its end, and no name leads to it.
    Deleted,
    /// Its content was replaced in place. What is there now is announced as another
    /// file right after this.
    Truncated {
        /// Bytes that are known to have been there and were never consumed: they
        /// are lost. Empty when none are known.
        lost: Span,
    },
}

/// What is known of a file as of the last look at it.
#[derive(Debug, Clone, Copy)]
pub struct FileInfo<'a> {
    /// A name that leads, or last led, to it.
    pub path: &'a Path,
    /// What it is. The head grows with a file that is shorter than the fingerprint.
    pub identity: Identity,
    /// Which text it holds.
    pub lineage: Lineage,
    /// The next byte to be handed over.
    pub offset: u64,
    /// What stands right before that byte, as far as this run has read it.
    pub anchor: Anchor,
    /// Bytes in it.
    pub length: u64,
    /// When it was last written to.
    pub modified: SystemTime,
}
