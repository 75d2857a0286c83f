//! One file that is being followed: where reading stands, what the last look at
//! it found, and when the next one is due.
//!
//! Invariants: `offset` is what the parser has taken, and only
//! [`Followed::consume`] moves it; nothing behind it is ever skipped; a handle
//! is closed only while the name leads to the file, and when it is opened again
//! nothing is read before it has turned out to be the same.

mod handle;
mod reading;

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use skidway_model::{Anchor, Identity, Lineage, Span};

use crate::head::{head_hash, lineage, next_lineage};
use crate::marks::Marks;
use crate::options::Options;
use crate::packed::Packed;
use handle::is_gone;
pub(crate) use handle::open;

/// How long a file that could not be read is left alone.
const RETRY: Duration = Duration::from_secs(1);

pub(crate) struct Followed {
    pub(crate) path: PathBuf,
    pub(crate) identity: Identity,
    pub(crate) lineage: Lineage,
    /// The next byte to hand over.
    pub(crate) offset: u64,
    /// What stands before it.
    pub(crate) anchor: Anchor,
    /// Places before it.
    pub(crate) marks: Marks,
    /// There was text up to here when it was read before, in this file or another one.
    pub(crate) read_to: u64,
    /// As of the last look, like `modified`. Where the file is compressed, more than
    /// `offset` while not all of it was read.
    pub(crate) length: u64,
    pub(crate) modified: SystemTime,
    /// When no path led here any more.
    pub(crate) leaving: Option<Instant>,
    /// It stands in the queue of files to read.
    pub(crate) queued: bool,
    /// When it was last read or opened, in the time of [`crate::handles`].
    pub(crate) used: u64,
    handle: Option<File>,
    /// How its text is got where the file is compressed.
    packed: Option<Box<Packed>>,
    /// What was read of the head is all that identifies it, or all there is.
    head_is_whole: bool,
    /// The length that is known to be that of the content whose head is known; less
    /// than `length` while the file grows and is closed.
    proven: u64,
    looked_at: Instant,
    grown_at: Instant,
    /// Something does not fit together: the next look must not trust the length.
    suspect: bool,
    /// It was opened again, and is not known to be the same yet.
    unproven: bool,
    /// Everything there is was offered; what would make another offer worth while.
    waiting: Option<Waiting>,
    offered: Option<Offered>,
    window: usize,
    stuck: bool,
    /// The next byte belongs to a line whose beginning was all that was wanted.
    surplus: bool,
    blocked_until: Option<Instant>,
    failing: Option<io::ErrorKind>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// For an end of whole lines that the parser held back.
    Settle,
    /// For the end of a line.
    LineFeed,
    /// For the other half of a character.
    Growth,
}

#[derive(Clone, Copy)]
struct Offered {
    length: usize,
    flush: bool,
    /// Bytes that were read behind the offer, and whether the file has still more.
    behind: usize,
    more: bool,
    /// Whether the offer, taken in full, leads into the rest of a truncated line.
    into_surplus: bool,
}

/// What a look found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Same,
    Changed {
        /// The head that identifies the file has become longer.
        identity_grew: bool,
    },
    /// The content is another one.
    Replaced,
    /// It is closed, and has to be opened to tell more.
    Closed,
    /// It is closed, and its name does not lead to it.
    Elsewhere,
}

/// What another file is to one that is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// It has everything that was read, or all of it that there was when it was made.
    Copy,
    /// It has some of what was read, and nothing else: it may become a copy.
    Beginning,
    Other,
}

/// A piece of the file to hand over.
pub(crate) struct Piece {
    pub(crate) span: Span,
    pub(crate) flush: bool,
    /// There is more text than was read for it.
    pub(crate) more: bool,
    pub(crate) surplus: bool,
}

// === impl Followed ===

impl Followed {
    /// Follows an open file from its beginning.
    pub(crate) fn new(
        path: PathBuf,
        handle: File,
        now: Instant,
        options: &Options,
        scratch: &mut Vec<u8>,
    ) -> io::Result<Self> {
        let metadata = handle.metadata()?;
        let packed = handle::is_packed(&handle, options.compression)?;
        let packed = packed.then(|| Box::new(Packed::new(metadata.len())));
        let whole = handle::head(&handle, packed.is_some(), options.fingerprint_size, scratch)?;
        let head = &scratch[..];
        let identity = Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            born_unix_nano: born(&metadata),
            head_len: head.len() as u32,
            head_hash: head_hash(head),
        };
        Ok(Self {
            path,
            lineage: lineage(identity.inode, identity.born_unix_nano, identity.head_hash),
            identity,
            offset: 0,
            anchor: Anchor::default(),
            marks: Marks::default(),
            read_to: 0,
            length: packed.as_ref().map_or(metadata.len(), |packed| packed.length()),
            modified: metadata.modified()?,
            leaving: None,
            queued: false,
            used: 0,
            proven: metadata.len(),
            handle: Some(handle),
            packed,
            head_is_whole: whole,
            looked_at: now,
            grown_at: now,
            suspect: false,
            unproven: false,
            waiting: None,
            offered: None,
            window: options.chunk_size,
            stuck: false,
            surplus: false,
            blocked_until: None,
            failing: None,
        })
    }

    /// Follows what the same open file has become, from its beginning.
    pub(crate) fn again(&self, now: Instant, options: &Options, scratch: &mut Vec<u8>) -> io::Result<Self> {
        let handle = self.handle.as_ref().ok_or(io::ErrorKind::NotFound)?.try_clone()?;
        let new = Self::new(self.path.clone(), handle, now, options, scratch)?;
        Ok(Self { leaving: self.leaving, lineage: next_lineage(self.lineage), ..new })
    }

    /// Bytes that are known to be there and were not taken.
    pub(crate) fn unread(&self) -> Span {
        Span::new(self.offset, self.length)
    }

    /// Asks the file system what has become of the file.
    ///
    /// The head and what stands before the offset are hashed whenever length or time
    /// have changed. That is two short reads per look, however many chunks are read
    /// between two looks, and it finds a file that was truncated and has grown past the
    /// old offset since, even where it begins as it did.
    pub(crate) fn look(
        &mut self,
        now: Instant,
        options: &Options,
        scratch: &mut Vec<u8>,
    ) -> io::Result<Look> {
        self.looked_at = now;
        let metadata = match self.metadata() {
            Err(error) if !self.is_open() && is_gone(&error) => return Ok(Look::Elsewhere),
            metadata => metadata?,
        };
        let (size, modified) = (metadata.len(), metadata.modified()?);
        let changed = size != self.size() || modified != self.modified;
        if !changed && !self.suspect && !self.unproven {
            return Ok(Look::Same);
        }
        let Some(handle) = &self.handle else {
            if size <= self.size() || self.suspect {
                return Ok(Look::Closed);
            }
            self.changed(size, modified, now);
            return Ok(Look::Changed { identity_grew: false });
        };
        let known = self.identity.head_len as usize;
        handle::head(handle, self.packed.is_some(), options.fingerprint_size.max(known), scratch)?;
        let head = &scratch[..];
        let same_head = head.get(..known).is_some_and(|head| head_hash(head) == self.identity.head_hash);
        let read = self.packed.as_ref().map_or(self.offset, |packed| packed.packed_read());
        // Only now there is enough to tell that it is compressed.
        let turned = self.packed.is_none() && handle::begins_packed(head, known, options.compression);
        if size < read || !same_head || turned || !self.holds(self.offset, self.anchor)? {
            return Ok(Look::Replaced);
        }
        let identity_grew = head.len() > known;
        if identity_grew {
            self.identity.head_len = head.len() as u32;
            self.identity.head_hash = head_hash(head);
        }
        if self.suspect {
            // Its length and its bytes do not agree: do not read in circles.
            self.suspect = false;
            self.blocked_until = Some(now + RETRY);
        }
        self.unproven = false;
        self.proven = size;
        if changed {
            self.changed(size, modified, now);
        }
        Ok(Look::Changed { identity_grew })
    }

    /// Bytes in the file as of the last look.
    fn size(&self) -> u64 {
        self.packed.as_ref().map_or(self.length, |packed| packed.size())
    }

    fn changed(&mut self, size: u64, modified: SystemTime, now: Instant) {
        if size > self.size() {
            self.grown_at = now;
            self.waiting = None;
        }
        self.length = match &mut self.packed {
            None => size,
            Some(packed) => {
                packed.changed(size);
                packed.length()
            }
        };
        self.modified = modified;
    }

    /// When there is something to hand over: in the past when there is now, `None`
    /// when only a change of the file can bring it about.
    pub(crate) fn due(&self, options: &Options) -> Option<Instant> {
        if self.offset >= self.length {
            return None;
        }
        if self.blocked_until.is_some() {
            return self.blocked_until;
        }
        match self.waiting {
            None => Some(self.grown_at),
            Some(Waiting::Settle) => Some(self.grown_at + options.settle),
            Some(Waiting::LineFeed) => self.partial_due(options),
            Some(Waiting::Growth) => self.leaving.map(|since| self.grown_at.max(since) + options.grace),
        }
    }

    pub(crate) fn is_due(&self, now: Instant, options: &Options) -> bool {
        self.due(options).is_some_and(|due| due <= now)
    }

    fn partial_due(&self, options: &Options) -> Option<Instant> {
        // Who compresses writes in pieces that know no lines.
        let inside = self.packed.as_ref().is_some_and(|packed| packed.is_inside());
        let least = if inside { options.grace } else { Duration::ZERO };
        match (options.flush_period.is_zero(), self.leaving) {
            (false, _) => Some(self.grown_at + options.flush_period.max(least)),
            // There will be no line feed: nobody could read the rest later.
            (true, Some(since)) => Some(self.grown_at.max(since) + options.grace),
            (true, None) => None,
        }
    }

    /// When the handle may be let go, for a file that no path leads to and that is
    /// read to its end.
    pub(crate) fn closes(&self, options: &Options) -> Option<Instant> {
        let since = self.leaving?;
        (self.offset >= self.length).then(|| self.grown_at.max(since) + options.grace)
    }

    /// When a file that no path leads to is to be looked at again: its changes may
    /// be told to nobody.
    pub(crate) fn next_look(&self, options: &Options) -> Option<Instant> {
        self.leaving.map(|_| self.looked_at + options.poll_interval)
    }

    /// When the passing of time alone makes something to do.
    pub(crate) fn alarm(&self, options: &Options) -> Option<Instant> {
        let due = if self.queued { None } else { self.due(options) };
        [due, self.closes(options), self.next_look(options), self.complains(options)]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next look must not trust that nothing has changed.
    pub(crate) fn mistrust(&mut self) {
        self.unproven = true;
    }

    /// When it was last seen to be longer than before.
    pub(crate) fn grown_at(&self) -> Instant {
        self.grown_at
    }

    /// The file has something that must be looked into before more is read.
    pub(crate) fn is_suspect(&self) -> bool {
        self.suspect || self.unproven
    }

    /// Notes a failure; `true` when it is news.
    pub(crate) fn failed(&mut self, now: Instant, kind: io::ErrorKind) -> bool {
        self.blocked_until = Some(now + RETRY);
        self.failing.replace(kind) != Some(kind)
    }

    /// Notes a success; `true` when it is news.
    pub(crate) fn succeeded(&mut self) -> bool {
        self.failing.take().is_some()
    }
}

/// When a file was made, 0 where the file system does not tell.
pub(crate) fn born(metadata: &Metadata) -> u64 {
    let born = metadata.created().ok().and_then(|born| born.duration_since(SystemTime::UNIX_EPOCH).ok());
    born.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or(0)
}
