//! Telling whether a file that was found holds a text that was read before.

use std::path::Path;

use skidway_model::{Anchor, Identity};
use skidway_state::{Checkpoint, Text};

use crate::followed::Followed;
use crate::head::head_hash;
use crate::marks::Marks;
use crate::options::MAX_HEAD;

/// A shorter head tells nothing about another file.
pub(crate) const TELLING_HEAD: u32 = 16;

/// A file that was just found.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    /// The name it is taken to have.
    pub(crate) path: &'a Path,
    pub(crate) identity: &'a Identity,
    file: &'a Followed,
}

// === impl Found ===

impl<'a> Found<'a> {
    pub(crate) fn new(file: &'a Followed) -> Self {
        Self { path: &file.path, identity: &file.identity, file }
    }

    pub(crate) fn is_packed(&self) -> bool {
        self.file.is_packed()
    }

    /// Whether it is still the file of this checkpoint, with the same content.
    pub(crate) fn is_still(&self, known: &Checkpoint) -> bool {
        known.identity.same_node(self.identity) && self.goes_on(known)
    }

    /// Whether it, which is another file, holds the text of this checkpoint: it begins as
    /// that does, with enough to tell, and goes on like it where reading stands.
    pub(crate) fn holds(&self, known: &Checkpoint) -> bool {
        known.identity.head_len >= TELLING_HEAD && self.goes_on(known)
    }

    /// Whether it may be a copy that is shorter than the head which is known by now. Only
    /// what stands before the place where reading stands tells.
    pub(crate) fn may_hold(&self, known: &Checkpoint) -> bool {
        let Checkpoint { identity, offset, anchor, .. } = known;
        !self.is_packed()
            && anchor.len >= TELLING_HEAD
            && *offset <= self.length()
            && self.head_hash(identity.head_len).is_none()
            && self.is_anchored(*offset, *anchor, false)
    }

    /// The last of these places up to which it holds the text.
    pub(crate) fn last_of(&self, marks: &Marks) -> Option<(u64, Anchor)> {
        marks.within(self.length()).filter(|&(offset, anchor)| self.is_anchored(offset, anchor, false))
    }

    fn goes_on(&self, known: &Checkpoint) -> bool {
        let same_node = known.identity.same_node(self.identity);
        known.offset <= self.length()
            && self.begins_as(&known.identity)
            && self.is_anchored(known.offset, known.anchor, same_node)
    }

    /// Whether it begins as that file did, as far as that one's head was known.
    fn begins_as(&self, identity: &Identity) -> bool {
        let length = identity.head_len;
        if length == self.identity.head_len {
            return self.identity.head_hash == identity.head_hash;
        }
        self.head_hash(length) == Some(identity.head_hash)
    }
}

impl Text for Found<'_> {
    /// A compressed file has to be read for that.
    fn length(&self) -> u64 {
        if self.file.is_packed() { u64::MAX } else { self.file.length }
    }

    /// `None` also where it cannot be read, or where no head is that long.
    fn head_hash(&self, length: u32) -> Option<u64> {
        let length = length as usize;
        let mut buffer = Vec::new();
        let head = (length <= MAX_HEAD).then(|| self.file.head(length, &mut buffer))?.ok()?;
        (head.len() == length).then(|| head_hash(head))
    }

    /// A compressed file is unpacked for that where it is another one: who compresses
    /// writes a file once.
    fn is_anchored(&self, offset: u64, anchor: Anchor, same_node: bool) -> bool {
        let holds = match same_node {
            true => self.file.holds(offset, anchor),
            false => self.file.surely_holds(offset, anchor),
        };
        holds.unwrap_or(false)
    }
}
