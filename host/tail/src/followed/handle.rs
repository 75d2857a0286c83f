//! The handle of a followed file, which it does not have at all times, and the bytes
//! behind it, which may be compressed.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Instant;

use rustix::fs::OFlags;
use skidway_model::{Anchor, Span};
use skidway_state::Checkpoint;

use super::{Followed, Likeness, RETRY, Waiting, born};
use crate::ahead::Ahead;
use crate::gunzip::{TELLING, is_gzip};
use crate::head::{anchor_at, is_anchored, read_head};
use crate::options::{Compression, MAX_HEAD, Options};
use crate::packed;
use crate::resume::TELLING_HEAD;
use crate::scan::Node;

/// Opens a file to read, and never waits for the other end of a pipe.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

/// Whether an error says that nothing is there.
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Whether a file's text has to be unpacked.
pub(super) fn is_packed(file: &File, compression: Compression) -> io::Result<bool> {
    match compression {
        Compression::None => Ok(false),
        Compression::Gzip => Ok(true),
        Compression::Auto => Ok(is_gzip(read_head(file, TELLING as usize, &mut Vec::new())?)),
    }
}

/// Whether a file that was too short to tell now begins as a compressed one does.
pub(super) fn begins_packed(head: &[u8], known: usize, compression: Compression) -> bool {
    compression == Compression::Auto && (known as u64) < TELLING && is_gzip(head)
}

/// Leaves the text's first bytes in the buffer, as far as they are there; `false` when
/// there are fewer and more may come.
pub(super) fn head(file: &File, packed: bool, length: usize, buffer: &mut Vec<u8>) -> io::Result<bool> {
    if packed {
        buffer.resize(length.min(MAX_HEAD), 0);
        return packed::read_head(file, buffer);
    }
    let read = read_head(file, length, buffer)?.len();
    buffer.truncate(read);
    Ok(read as u64 >= TELLING)
}

// === impl Followed ===

impl Followed {
    pub(crate) fn node(&self) -> Node {
        (self.identity.device, self.identity.inode)
    }

    fn is_file_of(&self, metadata: &Metadata) -> bool {
        (metadata.dev(), metadata.ino()) == self.node() && self.was_born(born(metadata))
    }

    /// Whether it may have been made then: while it is closed, its inode may be given to
    /// another file.
    pub(crate) fn was_born(&self, unix_nano: u64) -> bool {
        let own = self.identity.born_unix_nano;
        own == unix_nano || own == 0 || unix_nano == 0
    }

    /// What the file system says of it; an error where it is closed and its name leads
    /// elsewhere.
    pub(crate) fn metadata(&self) -> io::Result<Metadata> {
        let Some(handle) = &self.handle else {
            let metadata = fs::metadata(&self.path)?;
            return if self.is_file_of(&metadata) {
                Ok(metadata)
            } else {
                Err(io::ErrorKind::NotFound.into())
            };
        };
        handle.metadata()
    }

    /// Its first bytes, as far as they are there.
    pub(crate) fn head<'b>(&self, length: usize, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        let handle = self.handle.as_ref().ok_or(io::ErrorKind::NotFound)?;
        head(handle, self.is_packed(), length, buffer)?;
        Ok(buffer)
    }

    /// Whether it holds what the anchor says before this offset; a compressed file is not
    /// unpacked to see.
    pub(crate) fn holds(&self, offset: u64, anchor: Anchor) -> io::Result<bool> {
        let handle = self.handle.as_ref().ok_or(io::ErrorKind::NotFound)?;
        Ok(self.is_packed() || is_anchored(handle, false, offset, anchor)?)
    }

    /// The same, and a compressed file is unpacked to see.
    pub(crate) fn surely_holds(&self, offset: u64, anchor: Anchor) -> io::Result<bool> {
        let handle = self.handle.as_ref().ok_or(io::ErrorKind::NotFound)?;
        is_anchored(handle, self.is_packed(), offset, anchor)
    }

    /// What stands in its text before this offset, as far as that can be told; a
    /// compressed file is unpacked to see.
    pub(crate) fn text_before(&self, offset: u64) -> io::Result<Anchor> {
        match &self.handle {
            Some(handle) => anchor_at(handle, self.is_packed(), offset),
            None => Ok(Anchor::default()),
        }
    }

    /// What another plain file may be to this one.
    pub(crate) fn compare(&self, other: &Self) -> io::Result<Likeness> {
        // No copy is longer than its original.
        if self.is_packed() || other.is_packed() || other.length > self.length {
            return Ok(Likeness::Other);
        }
        let length = u64::from(self.identity.head_len).min(other.length) as usize;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        if self.head(length, &mut ours)? != other.head(length, &mut theirs)? {
            return Ok(Likeness::Other);
        }
        if length >= TELLING_HEAD as usize
            && other.length < self.offset
            && other.anchor_at(other.length)? == self.anchor_at(other.length)?
        {
            return Ok(Likeness::Copy);
        }
        if other.length < self.offset || length < TELLING_HEAD as usize {
            return Ok(Likeness::Beginning);
        }
        let is_copy = other.holds(self.offset, self.anchor)?;
        Ok(if is_copy { Likeness::Copy } else { Likeness::Other })
    }

    /// It holds this text, and is to be read on from there.
    pub(crate) fn go_on(&mut self, known: &Checkpoint) {
        self.begin_at(known.offset);
        (self.lineage, self.anchor, self.read_to) = (known.lineage, known.anchor, known.read_to);
    }

    /// A copy may have been made before the last lines were written. `length` is that of
    /// the text in this file.
    pub(crate) fn say_what_is_cut_off(&mut self, length: u64) {
        let lost = Span::new(length.max(self.offset), self.read_to);
        if !lost.is_empty() {
            tracing::error!(path = %self.path.display(), bytes = lost.len(), range = %lost,
                "the text ends before what was there when it was read last: these bytes are lost");
            self.read_to = length;
        }
    }

    /// How far it is read, and how much there is.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            path: self.path.clone(),
            identity: self.identity,
            lineage: self.lineage,
            offset: self.offset,
            anchor: self.anchor,
            read_to: self.lost().end,
            modified: self.modified,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.handle.is_some()
    }

    /// Everything that is known to be there was taken.
    pub(crate) fn is_drained(&self) -> bool {
        self.offset >= self.length
    }

    /// Whether nothing is at risk when it is closed: its name leads to it, and it is
    /// not about to be given up as it is.
    pub(crate) fn can_be_closed(&self, options: &Options) -> bool {
        let silence = matches!(self.waiting, Some(Waiting::Settle | Waiting::LineFeed));
        let midway = self.packed.as_ref().is_some_and(|packed| packed.is_midway());
        self.leaving.is_none() && !midway && !(silence && self.due(options).is_some())
    }

    pub(crate) fn close(&mut self) {
        self.rest();
        self.handle = None;
    }

    /// Opens it by this name; `false` when that leads to another file or to none.
    pub(crate) fn open_by(&mut self, path: &Path) -> io::Result<bool> {
        let handle = match open(path) {
            Ok(handle) => handle,
            Err(error) if is_gone(&error) => return Ok(false),
            Err(error) => return Err(error),
        };
        let metadata = handle.metadata()?;
        if !self.is_file_of(&metadata) {
            return Ok(false);
        }
        self.handle = Some(handle);
        self.unproven = true;
        self.blocked_until = None;
        Ok(true)
    }

    /// There are too many open files: it is looked at again then.
    pub(crate) fn wait_until(&mut self, then: Instant) {
        self.blocked_until = Some(then);
    }

    /// Only the walk can tell where it has gone.
    pub(crate) fn wait_for_walk(&mut self, now: Instant) {
        self.blocked_until = Some(now + RETRY);
    }

    /// The walk has found it under another name.
    pub(crate) fn walked(&mut self) {
        if self.handle.is_none() {
            self.blocked_until = None;
        }
    }

    /// Bytes that are known to have been there, when all of them are gone.
    pub(crate) fn lost(&self) -> Span {
        let known = self.packed.as_ref().map_or(self.proven, |packed| packed.text_known());
        Span::new(self.offset, known.max(self.read_to).max(self.offset))
    }

    pub(crate) fn is_packed(&self) -> bool {
        self.packed.is_some()
    }

    /// The text from there on, to look at.
    pub(crate) fn ahead(&self, from: u64) -> Option<Ahead> {
        let handle = self.handle.as_ref().filter(|_| !self.unproven)?.try_clone().ok()?;
        match &self.packed {
            None => Some(Ahead::plain(handle, from, self.length.max(from))),
            Some(packed) => Ahead::packed(handle, from, packed.known()),
        }
    }

    /// Whether its head tells one file from another, and whether it is compressed.
    pub(crate) fn head_is_whole(&self) -> bool {
        self.head_is_whole
    }

    /// Reads on from there.
    pub(crate) fn begin_at(&mut self, offset: u64) {
        self.offset = offset;
        if let Some(packed) = &mut self.packed {
            packed.begin_at(offset);
            self.length = packed.length();
        }
    }

    /// Notes what stands before the place where reading begins.
    pub(crate) fn learn_anchor(&mut self) -> io::Result<()> {
        self.anchor = self.anchor_at(self.offset)?;
        Ok(())
    }

    fn anchor_at(&self, offset: u64) -> io::Result<Anchor> {
        match (&self.packed, &self.handle) {
            (None, Some(handle)) => anchor_at(handle, false, offset),
            _ => Ok(Anchor::default()),
        }
    }

    /// The text's length, which a compressed file has to be read for.
    pub(crate) fn text_length(&mut self) -> io::Result<u64> {
        match (&mut self.packed, &self.handle) {
            (Some(packed), Some(handle)) => packed.pass_over_all(handle),
            _ => Ok(self.length),
        }
    }

    /// It takes memory to go on where it stands.
    pub(crate) fn is_unpacking(&self) -> bool {
        self.packed.as_ref().is_some_and(|packed| packed.is_unpacking())
    }

    /// It is about to take that memory.
    pub(crate) fn is_to_unpack(&self) -> bool {
        self.packed.as_ref().is_some_and(|packed| packed.is_to_begin())
    }

    /// Gives back memory that is not needed while nothing is read.
    pub(crate) fn rest(&mut self) {
        if let Some(packed) = &mut self.packed {
            packed.rest();
            self.length = packed.length();
        }
    }

    /// What is wrong with the compressed data, once.
    pub(crate) fn complaint(&mut self, now: Instant, options: &Options) -> Option<&'static str> {
        let silent = self.complains(options).is_some_and(|due| now >= due);
        self.packed.as_mut()?.complaint(silent)
    }

    /// When a file whose end is missing has been silent for too long.
    pub(super) fn complains(&self, options: &Options) -> Option<Instant> {
        let packed = self.packed.as_ref()?;
        packed.is_cut_off().then(|| self.grown_at + options.grace)
    }
}
