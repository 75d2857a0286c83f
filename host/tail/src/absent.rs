//! Files that are not followed at the moment, and what is to be remembered of them:
//! how far those were read that may come back, under a name or compressed.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::time::{Instant, SystemTime};

use skidway_model::{FileKey, Identity};
use skidway_state::Checkpoint;

use crate::copies::is_rotated;
use crate::followed::Followed;
use crate::head::head_hash;
use crate::marks::Marks;
use crate::resume::{Found, TELLING_HEAD};
use crate::scan::Node;
use crate::tailer::Tailer;

/// How many texts that were let go are remembered.
const MAX_PARTED: usize = 1024;
/// How many files that may be being written: more than rotation writes at a time.
const MAX_YOUNG: usize = 1024;

#[derive(Default)]
pub(crate) struct Absent {
    parted: VecDeque<Parted>,
    /// Files of the first walk that could not be opened: how long they were, which
    /// is where `start_at: end` begins in them.
    pub(crate) present_at_start: HashMap<Node, u64>,
    /// Files that may still be being written, as they were when they were seen so first.
    young: HashMap<Node, Seen>,
    /// Compressed copies of which all is read in their originals, and their size then.
    spare: HashMap<Node, u64>,
}

/// What of a new file is read under another name.
pub(crate) enum Elsewhere {
    Nothing,
    /// Everything before this.
    UpTo(Checkpoint),
    /// Everything that is in it now.
    All,
    /// It begins as another one does and ends before that: it is being made of it, or it
    /// is another text.
    Beginning,
}

#[derive(Clone, Copy)]
struct Seen {
    modified: SystemTime,
    length: u64,
    since: Instant,
}

struct Parted {
    known: Checkpoint,
    marks: Marks,
    /// The file does not hold it any more, so it can only come back as a copy.
    lost: bool,
}

// === impl Absent ===

impl Absent {
    /// Let go although it still exists: in a directory that could not be read, or
    /// under a name that does not match.
    pub(crate) fn part(&mut self, file: &Followed) {
        self.remember(file, false);
    }

    /// It was deleted, or holds another text now, and no copy was found.
    pub(crate) fn lost(&mut self, file: &Followed) {
        self.remember(file, true);
    }

    fn remember(&mut self, file: &Followed, lost: bool) {
        if self.parted.len() == MAX_PARTED {
            self.parted.pop_front();
        }
        let marks = file.marks.clone();
        // What is behind that is said to be lost by now.
        let known = Checkpoint { read_to: file.offset, ..file.checkpoint() };
        self.parted.push_back(Parted { known, marks, lost });
    }

    /// Where to go on in a file that is back, or that turns out to be the copy of one
    /// that is gone.
    pub(crate) fn returned(&mut self, found: &Found<'_>) -> Option<Checkpoint> {
        let place = |Parted { known, marks, lost }: &Parted| match lost {
            true if found.is_packed() || !is_rotated(found.path, &known.path) => None,
            true if found.holds(known) => Some((known.offset, known.anchor)),
            // Some of what was read was written after it was copied. Behind the mark, lines
            // come twice; nobody can tell whether they are the same.
            true => found.last_of(marks),
            false => found.is_still(known).then_some((known.offset, known.anchor)),
        };
        let (index, (offset, anchor)) =
            self.parted.iter().enumerate().find_map(|(index, parted)| Some((index, place(parted)?)))?;
        let Parted { known, .. } = self.parted.remove(index)?;
        Some(Checkpoint { offset, anchor, ..known })
    }
}

// === impl Tailer ===

impl Tailer {
    /// Whether a file that is not followed yet may still be being written: it was not seen
    /// unchanged for a while. Its own time says nothing, because the clock may be another
    /// one than its writer's, or have been moved.
    pub(crate) fn is_young(&mut self, file: &Followed, now: Instant) -> bool {
        let (young, grace) = (&mut self.absent.young, self.options.grace);
        let fresh = Seen { modified: file.modified, length: file.length, since: now };
        if young.len() >= MAX_YOUNG && !young.contains_key(&file.node()) {
            young.retain(|_, seen| now < seen.since + 2 * grace);
        }
        let seen = young.entry(file.node()).or_insert(fresh);
        if (seen.modified, seen.length) != (fresh.modified, fresh.length) {
            *seen = fresh;
        }
        let is_young = now < seen.since + grace;
        if !is_young {
            young.remove(&file.node());
        }
        is_young
    }

    /// How much of a new file was read, or will be, under another name: rotation made
    /// it by compressing a file of the same folder, or is doing so.
    pub(crate) fn read_elsewhere(&mut self, file: &mut Followed, now: Instant) -> io::Result<Elsewhere> {
        if !file.is_packed() {
            return Ok(Elsewhere::Nothing);
        }
        let size = file.metadata()?.len();
        // The original may be gone by now.
        if self.absent.spare.get(&file.node()) == Some(&size) {
            return Ok(Elsewhere::All);
        }
        let mut head = Vec::new();
        file.head(file.identity.head_len as usize, &mut head)?;
        let begins = |identity: &Identity| {
            let known = head.get(..identity.head_len as usize).filter(|_| identity.head_len >= TELLING_HEAD);
            known.is_some_and(|head| head_hash(head) == identity.head_hash)
        };
        let beside = |path: &Path| path.parent() == file.path.parent();
        let is_original =
            |other: &Followed| !other.is_packed() && beside(&other.path) && begins(&other.identity);
        let original = self.files.iter().find(|(_, other)| is_original(other)).map(|(key, _)| *key);
        // How long it is by now: what was written last is read in one of them only.
        if let Some(key) = original {
            self.files.entry(key).and_modify(Followed::mistrust);
            self.look(key, now);
        }
        let original = original.and_then(|key| self.files.get(&key)).filter(|other| is_original(other));
        let known = match original {
            // What is followed is read to its end, wherever that is.
            Some(original) => {
                let anchor = original.text_before(original.length)?;
                Checkpoint { offset: original.length, anchor, ..original.checkpoint() }
            }
            None => {
                let mut parted = self.absent.parted.iter().map(|Parted { known, .. }| known);
                match parted.find(|known| beside(&known.path) && begins(&known.identity)) {
                    Some(known) => known.clone(),
                    None => return Ok(Elsewhere::Nothing),
                }
            }
        };
        let length = file.text_length()?;
        if length < known.offset {
            let before = original.map(|original| original.text_before(length)).transpose()?;
            let is_copy = is_rotated(&file.path, &known.path)
                && before.is_some_and(|before| before.len >= TELLING_HEAD)
                && before == Some(file.text_before(length)?);
            // Lines that were written behind the copy are read in the original.
            if !is_copy {
                return Ok(Elsewhere::Beginning);
            }
            if self.absent.spare.len() >= MAX_YOUNG {
                self.absent.spare.clear();
            }
            self.absent.spare.insert(file.node(), size);
            return Ok(Elsewhere::All);
        }
        if !file.surely_holds(known.offset, known.anchor)? {
            // It only begins like it.
            return Ok(Elsewhere::Nothing);
        }
        tracing::info!(path = %file.path.display(), original = %known.path.display(), offset = known.offset,
            "a compressed copy of a file that was read: going on where that ended");
        Ok(Elsewhere::UpTo(known))
    }

    /// Remembers a file that is let go.
    pub(crate) fn part(&mut self, file: &Followed, deleted: bool) {
        if !deleted {
            self.absent.part(file);
        } else if !file.is_packed() {
            self.absent.lost(file);
        }
    }

    /// Says what is wrong with the compressed data of a file.
    pub(crate) fn complain(&mut self, key: FileKey, now: std::time::Instant) {
        let Some(file) = self.files.get_mut(&key) else { return };
        if let Some(what) = file.complaint(now, &self.options) {
            tracing::warn!(path = %file.path.display(), text = file.length, what,
                "the file cannot be decompressed to its end; it is tried again when it changes");
        }
    }
}
