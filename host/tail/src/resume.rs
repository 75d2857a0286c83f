//! What an earlier run knows of texts, and what it is asked.

use std::path::{Path, PathBuf};

use skidway_model::{Anchor, Identity, Lineage};

use crate::followed::Followed;
use crate::head::head_hash;
use crate::options::MAX_HEAD;

/// Where to go on in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The next byte to read. Past the file's end it counts as 0: the content was
    /// replaced.
    pub offset: u64,
    /// Which text it is.
    pub lineage: Lineage,
}

/// A text that was read before, and where it was then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The name its file had.
    pub path: PathBuf,
    /// What that file was.
    pub identity: Identity,
    /// Which text it is.
    pub lineage: Lineage,
    /// The next byte to read.
    pub offset: u64,
    /// What stands before it.
    pub anchor: Anchor,
    /// There was text up to here, at least.
    pub read_to: u64,
    /// It was not followed any more.
    pub gone: bool,
}

/// Knows how far files were read by an earlier run.
pub trait Resume {
    /// Where to go on, or `None` for a file never seen. Asked when a file is found.
    fn resume(&mut self, found: &Found<'_>) -> Option<Place>;

    /// Whether a text of this name was read by an earlier run.
    fn knows(&self, _lineage: Lineage) -> bool {
        false
    }

    /// Texts for which [`resume`](Self::resume) has found no file.
    fn missing(&self) -> Vec<Known> {
        Vec::new()
    }

    /// The tailer has found this one itself.
    fn claim(&mut self, _lineage: Lineage) {}
}

impl<F: FnMut(&Found<'_>) -> Option<Place>> Resume for F {
    fn resume(&mut self, found: &Found<'_>) -> Option<Place> {
        self(found)
    }
}

/// A file that was just found.
pub struct Found<'a> {
    /// The name it was found by.
    pub path: &'a Path,
    /// What it is.
    pub identity: Identity,
    /// Its length in bytes; `u64::MAX` where it is compressed, which has to be read for
    /// that.
    pub length: u64,
    pub(crate) file: &'a Followed,
}

impl<'a> Found<'a> {
    pub(crate) fn new(file: &'a Followed) -> Self {
        let length = if file.is_packed() { u64::MAX } else { file.length };
        Self { path: &file.path, identity: file.identity, length, file }
    }

    /// The hash of the file's first `length` bytes; `None` where it is shorter,
    /// cannot be read, or where no head is that long.
    pub fn head_hash(&self, length: u32) -> Option<u64> {
        let length = length as usize;
        let mut buffer = Vec::new();
        let head = (length <= MAX_HEAD).then(|| self.file.head(length, &mut buffer))?.ok()?;
        (head.len() == length).then(|| head_hash(head))
    }

    /// Whether the file holds what the anchor says before this offset; `true` where it
    /// is compressed, which is not unpacked for that.
    pub fn is_anchored(&self, offset: u64, anchor: Anchor) -> bool {
        self.file.holds(offset, anchor).unwrap_or(false)
    }

    /// Whether it begins as that file did, as far as that one's head was known.
    pub(crate) fn begins_as(&self, identity: &Identity) -> bool {
        let length = identity.head_len;
        if length == self.identity.head_len {
            return self.identity.head_hash == identity.head_hash;
        }
        self.head_hash(length) == Some(identity.head_hash)
    }
}

// === impl Known ===

impl Known {
    pub(crate) fn of(file: &Followed) -> Self {
        Self {
            path: file.path.clone(),
            identity: file.identity,
            lineage: file.lineage,
            offset: file.offset,
            anchor: file.anchor,
            read_to: file.offset,
            gone: false,
        }
    }

    pub(crate) fn place(&self) -> Place {
        Place { offset: self.offset, lineage: self.lineage }
    }

    /// Whether this file, which is another one, holds the text: it begins as that does,
    /// with enough to tell, and goes on like it where reading stands.
    pub(crate) fn is_in(&self, found: &Found<'_>) -> bool {
        self.identity.head_len >= TELLING_HEAD
            && self.offset <= found.length
            && found.begins_as(&self.identity)
            && found.is_anchored(self.offset, self.anchor)
    }

    /// Whether this is still the same file with the same content.
    pub(crate) fn is_still(&self, found: &Found<'_>) -> bool {
        self.identity.same_node(&found.identity)
            && self.offset <= found.length
            && found.begins_as(&self.identity)
            && found.is_anchored(self.offset, self.anchor)
    }
}

/// A shorter head tells nothing about another file.
pub(crate) const TELLING_HEAD: u32 = 16;
