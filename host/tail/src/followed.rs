//! One file that is being followed: where reading stands, what the last look at
//! it found, and when the next one is due.
//!
//! Invariants: `offset` is what the parser has taken, and only
//! [`Followed::consume`] moves it; nothing behind it is ever skipped; the handle
//! stays open until the file is let go, so a name that moves on takes nothing
//! with it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::OFlags;
use skidway_model::{Identity, Span};

use crate::cut::{Around, Cut, cut};
use crate::head::{head_hash, read_at, read_head};
use crate::options::{LongLine, Options};
use crate::scan::Node;

/// How long a file that could not be read is left alone.
const RETRY: Duration = Duration::from_secs(1);

pub(crate) struct Followed {
    pub(crate) path: PathBuf,
    pub(crate) identity: Identity,
    /// The next byte to hand over.
    pub(crate) offset: u64,
    /// As of the last look, like `modified`.
    pub(crate) length: u64,
    pub(crate) modified: SystemTime,
    /// When no path led here any more.
    pub(crate) leaving: Option<Instant>,
    /// It stands in the queue of files to read.
    pub(crate) queued: bool,
    handle: File,
    looked_at: Instant,
    grown_at: Instant,
    /// Something does not fit together: the next look must not trust the length.
    suspect: bool,
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
}

/// A piece of the file to hand over.
pub(crate) struct Piece {
    pub(crate) span: Span,
    pub(crate) flush: bool,
    pub(crate) surplus: bool,
}

/// Opens a file to read, and never waits for the other end of a pipe.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
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
        let head = read_head(&handle, options.fingerprint_size, scratch)?;
        Ok(Self {
            path,
            identity: Identity {
                device: metadata.dev(),
                inode: metadata.ino(),
                head_len: head.len() as u32,
                head_hash: head_hash(head),
            },
            offset: 0,
            length: metadata.len(),
            modified: metadata.modified()?,
            leaving: None,
            queued: false,
            handle,
            looked_at: now,
            grown_at: now,
            suspect: false,
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
    pub(crate) fn again(self, now: Instant, options: &Options, scratch: &mut Vec<u8>) -> io::Result<Self> {
        let leaving = self.leaving;
        Ok(Self { leaving, ..Self::new(self.path, self.handle, now, options, scratch)? })
    }

    pub(crate) fn node(&self) -> Node {
        (self.identity.device, self.identity.inode)
    }

    pub(crate) fn handle(&self) -> &File {
        &self.handle
    }

    /// Bytes that are known to be there and were not taken.
    pub(crate) fn unread(&self) -> Span {
        Span::new(self.offset, self.length)
    }

    /// Asks the file system what has become of the file.
    ///
    /// The head is hashed whenever length or time have changed. That is one short
    /// read per look, however many chunks are read between two looks, and it finds
    /// a file that was truncated and has grown past the old offset since.
    pub(crate) fn look(
        &mut self,
        now: Instant,
        fingerprint_size: usize,
        scratch: &mut Vec<u8>,
    ) -> io::Result<Look> {
        self.looked_at = now;
        let metadata = self.handle.metadata()?;
        let (length, modified) = (metadata.len(), metadata.modified()?);
        if length == self.length && modified == self.modified && !self.suspect {
            return Ok(Look::Same);
        }
        let head = read_head(&self.handle, fingerprint_size.max(self.identity.head_len as usize), scratch)?;
        let known = self.identity.head_len as usize;
        let same_head = head.get(..known).is_some_and(|head| head_hash(head) == self.identity.head_hash);
        if length < self.offset || !same_head {
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
        if length > self.length {
            self.grown_at = now;
            self.waiting = None;
        }
        self.length = length;
        self.modified = modified;
        Ok(Look::Changed { identity_grew })
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

    fn partial_due(&self, options: &Options) -> Option<Instant> {
        match (options.flush_period.is_zero(), self.leaving) {
            (false, _) => Some(self.grown_at + options.flush_period),
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
        [due, self.closes(options), self.next_look(options)].into_iter().flatten().min()
    }

    /// Reads the next piece into the buffer's beginning. `None`: there is nothing
    /// to hand over at the moment.
    pub(crate) fn read(
        &mut self,
        now: Instant,
        options: &Options,
        buffer: &mut Vec<u8>,
    ) -> io::Result<Option<Piece>> {
        self.offered = None;
        self.blocked_until = None;
        let sizes = options.sizes();
        loop {
            fit(buffer, self.window, options.chunk_size);
            let read = read_at(&self.handle, self.offset, &mut buffer[..self.window])?;
            let end = self.offset + read as u64;
            if end < self.length && read < self.window {
                self.suspect = true;
                return Ok(None);
            }
            if end > self.length {
                self.length = end;
                self.modified = self.handle.metadata()?.modified()?;
                self.grown_at = now;
            }
            let around = Around {
                more: end < self.length,
                stuck: self.stuck,
                settled: now >= self.grown_at + options.settle,
                flush_partial: self.partial_due(options).is_some_and(|due| now >= due),
                leaving: self.leaving.is_some_and(|since| now >= self.grown_at.max(since) + options.grace),
                surplus: self.surplus,
            };
            let (length, flush, into_surplus) = match cut(&buffer[..read], around, sizes) {
                Cut::Take { length, flush } => {
                    let line_ended = sizes.line_feed.last_end(&buffer[..length]) == Some(length);
                    (length, flush, self.surplus && !line_ended)
                }
                Cut::Split { length } => (length, true, options.on_long_line == LongLine::Truncate),
                Cut::Grow => {
                    self.window = (self.window * 2).min(sizes.line_window());
                    continue;
                }
                Cut::Wait => {
                    let half = around.flush_partial || around.surplus;
                    self.waiting = Some(if half { Waiting::Growth } else { Waiting::LineFeed });
                    return Ok(None);
                }
            };
            let behind = read - length;
            self.offered = Some(Offered { length, flush, behind, more: around.more, into_surplus });
            let span = Span::new(self.offset, self.offset + length as u64);
            return Ok(Some(Piece { span, flush, surplus: self.surplus }));
        }
    }

    /// Moves on behind what the parser took of the last piece.
    pub(crate) fn consume(&mut self, bytes: u64, options: &Options) {
        let Some(offered) = self.offered.take() else { return };
        let bytes = bytes.min(offered.length as u64);
        self.offset += bytes;
        let rest = offered.length as u64 - bytes;
        if bytes > 0 {
            self.window = options.chunk_size;
            self.stuck = false;
            // Of an offer that was not taken in full, the rest belongs to the same line.
            self.surplus = if rest == 0 { offered.into_surplus } else { self.surplus };
        } else if offered.more {
            let largest = options.sizes().largest_window();
            self.stuck = self.window >= largest;
            self.window = (self.window * 2).min(largest);
        }
        self.waiting = match () {
            () if offered.more || offered.flush => None,
            () if rest > 0 => Some(Waiting::Settle),
            () if offered.behind > 0 => Some(Waiting::LineFeed),
            () => None,
        };
    }

    /// The file has something that must be looked into before more is read.
    pub(crate) fn is_suspect(&self) -> bool {
        self.suspect
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

/// Makes room for a window, and gives back what a larger one took.
fn fit(buffer: &mut Vec<u8>, window: usize, chunk: usize) {
    if buffer.len() < window {
        buffer.resize(window, 0);
    } else if window <= chunk && buffer.len() > chunk {
        buffer.truncate(chunk);
        buffer.shrink_to_fit();
    }
}
