//! Files that are not followed at the moment, and what is to be remembered of them:
//! how far those were read that may come back, under a name or compressed.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use skidway_model::Identity;

use crate::discover::Found;
use crate::followed::Followed;
use crate::head::head_hash;
use crate::options::Compression;
use crate::scan::Node;
use crate::tailer::Tailer;

/// How many files that were let go are remembered.
const MAX_PARTED: usize = 1024;
/// A shorter head tells nothing about a file on another inode.
const TELLING_HEAD: u32 = 16;

#[derive(Default)]
pub(crate) struct Absent {
    parted: VecDeque<Parted>,
    /// Files of the first walk that could not be opened: how long they were, which
    /// is where `start_at: end` begins in them.
    pub(crate) present_at_start: HashMap<Node, u64>,
}

struct Parted {
    path: PathBuf,
    identity: Identity,
    offset: u64,
    /// It cannot come back, but a compressed copy may; its inode is another file's.
    deleted: bool,
}

// === impl Absent ===

impl Absent {
    /// Let go although it still exists: in a directory that could not be read, or
    /// under a name that does not match.
    pub(crate) fn part(&mut self, file: &Followed) {
        self.remember(file, false);
    }

    /// Read to its end and deleted.
    pub(crate) fn deleted(&mut self, file: &Followed) {
        self.remember(file, true);
    }

    fn remember(&mut self, file: &Followed, deleted: bool) {
        if self.parted.len() == MAX_PARTED {
            self.parted.pop_front();
        }
        let Followed { path, identity, offset, .. } = file;
        self.parted.push_back(Parted { path: path.clone(), identity: *identity, offset: *offset, deleted });
    }

    pub(crate) fn returned(&mut self, found: &Found<'_>) -> Option<u64> {
        let index = self.parted.iter().position(|Parted { identity: known, deleted, .. }| {
            !deleted
                && (known.device, known.inode) == (found.identity.device, found.identity.inode)
                && found.head_hash(known.head_len) == Some(known.head_hash)
        })?;
        self.parted.remove(index).map(|parted| parted.offset)
    }
}

// === impl Tailer ===

impl Tailer {
    /// Whether a file was written to a moment ago.
    pub(crate) fn is_young(&self, file: &Followed) -> bool {
        SystemTime::now().duration_since(file.modified).is_ok_and(|age| age < self.options.grace)
    }

    /// How much of a new file was read, or will be, under another name: rotation made
    /// it by compressing a file of the same folder. 0 for any other file.
    pub(crate) fn read_elsewhere(&mut self, file: &mut Followed) -> io::Result<u64> {
        if !file.is_packed() {
            return Ok(0);
        }
        let mut head = Vec::new();
        file.head(file.identity.head_len as usize, &mut head)?;
        let begins = |identity: &Identity| {
            let known = head.get(..identity.head_len as usize).filter(|_| identity.head_len >= TELLING_HEAD);
            known.is_some_and(|head| head_hash(head) == identity.head_hash)
        };
        // What is followed is read to its end, wherever that is.
        let followed = self.files.values().filter(|file| !file.is_packed());
        let followed = followed.map(|file| (&file.path, file.identity, file.length));
        let parted = self.absent.parted.iter().map(|parted| (&parted.path, parted.identity, parted.offset));
        let original = followed
            .chain(parted)
            .find(|(path, identity, _)| path.parent() == file.path.parent() && begins(identity));
        let Some((original, _, offset)) = original else { return Ok(0) };
        let original = original.display().to_string();
        let length = file.text_length()?;
        if length < offset {
            // It only begins like it.
            return Ok(0);
        }
        tracing::info!(path = %file.path.display(), original, offset,
            "a compressed copy of a file that was read: going on where that ended");
        Ok(offset)
    }

    /// Remembers a file that is let go.
    pub(crate) fn part(&mut self, file: &Followed, deleted: bool) {
        if !deleted {
            self.absent.part(file);
        } else if self.options.compression != Compression::None && !file.is_packed() {
            self.absent.deleted(file);
        }
    }

    /// Says what is wrong with the compressed data of a file.
    pub(crate) fn complain(&mut self, key: skidway_model::FileKey, now: std::time::Instant) {
        let Some(file) = self.files.get_mut(&key) else { return };
        if let Some(what) = file.complaint(now, &self.options) {
            tracing::warn!(path = %file.path.display(), text = file.length, what,
                "the file cannot be decompressed to its end; it is tried again when it changes");
        }
    }
}
