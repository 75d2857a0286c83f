use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use skidway_model::{Anchor, Identity, Lineage};

use crate::Checkpoint;

/// A head shorter than this says too little about a file with another inode.
const TELLING_HEAD: u32 = 16;

/// Finds the checkpoint of a file that an earlier run has read.
///
/// A file that it does not know is a new one. Whether a new file that is there at
/// the start is read from its beginning depends on [`Resumer::first_run`]: on the
/// very first run that is the user's choice (`start_at`), as with the collector.
/// On any later run it appeared while nobody was looking, so it must be read from
/// its beginning, or its lines would be lost without a word.
#[derive(Debug, Default)]
pub struct Resumer {
    first_run: bool,
    /// Taken out once claimed: a file that is given the inode later is another one.
    known: BTreeMap<Lineage, Left>,
    /// All of them, claimed or not.
    names: BTreeSet<Lineage>,
    by_node: HashMap<(u64, u64), Vec<Lineage>>,
    by_path: HashMap<PathBuf, Vec<Lineage>>,
}

/// What an earlier run left of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// How far it was done with.
    pub checkpoint: Checkpoint,
    /// It was not followed any more when the run ended.
    pub gone: bool,
}

/// What can be asked of a file that was found.
pub trait Text {
    /// Its length in bytes; `u64::MAX` where that is not known.
    fn length(&self) -> u64;
    /// The hash of its first bytes; `None` when it has not as many.
    fn head_hash(&self, length: u32) -> Option<u64>;
    /// Whether these bytes stand before the offset, as far as that can be told. `same_node`:
    /// the file system says that it is the file in which they stood.
    fn is_anchored(&self, offset: u64, anchor: Anchor, same_node: bool) -> bool;
}

// === impl Resumer ===

impl Resumer {
    /// What an earlier run has left, or nothing on a first run.
    pub fn new(left: Option<Vec<Left>>) -> Self {
        let mut resumer = Self { first_run: left.is_none(), ..Self::default() };
        for left in left.unwrap_or_default() {
            let Checkpoint { path, identity, lineage, .. } = &left.checkpoint;
            resumer.by_node.entry((identity.device, identity.inode)).or_default().push(*lineage);
            resumer.by_path.entry(path.clone()).or_default().push(*lineage);
            resumer.names.insert(*lineage);
            resumer.known.insert(*lineage, left);
        }
        resumer
    }

    /// No earlier run has left anything: see [`Resumer`].
    pub fn first_run(&self) -> bool {
        self.first_run
    }

    /// Texts that are known and not yet found.
    pub fn unclaimed(&self) -> impl Iterator<Item = &Left> {
        self.known.values()
    }

    /// This text is found, by other means than [`find`](Self::find).
    pub fn claim(&mut self, lineage: Lineage) -> Option<Checkpoint> {
        self.known.remove(&lineage).map(|left| left.checkpoint)
    }

    /// Whether an earlier run has read a text of this name, found or not: a new text
    /// needs another one.
    pub fn knows(&self, lineage: Lineage) -> bool {
        self.names.contains(&lineage)
    }

    /// The checkpoint of the file with this name and identity.
    ///
    /// It is the file of a checkpoint when it is the same for the file system and still
    /// begins as it did then; or when the name agrees and it begins as it did, with
    /// a head of at least 16 bytes: a file that was restored from a copy, or on a
    /// file system whose numbers change when it is mounted. Either way it must not
    /// be shorter than the checkpoint, and what stands before that must be what stood
    /// there: else its content was replaced.
    pub fn find(&mut self, path: &Path, identity: &Identity, text: &impl Text) -> Option<Checkpoint> {
        let is_it = |known: &Checkpoint| {
            let Identity { head_len, head_hash, .. } = known.identity;
            let same_node = known.identity.same_node(identity);
            known.offset <= text.length()
                && text.head_hash(head_len) == Some(head_hash)
                && text.is_anchored(known.offset, known.anchor, same_node)
        };
        let checkpoint = |lineage: &&Lineage| self.known.get(*lineage).map(|left| &left.checkpoint);
        let by_node = self.by_node.get(&(identity.device, identity.inode)).into_iter().flatten();
        let mut by_node = by_node.filter(|lineage| {
            checkpoint(lineage).is_some_and(|known| known.identity.same_node(identity) && is_it(known))
        });
        let by_path = self.by_path.get(path).into_iter().flatten();
        let mut by_path = by_path.rev().filter(|lineage| {
            checkpoint(lineage).is_some_and(|known| known.identity.head_len >= TELLING_HEAD && is_it(known))
        });
        let lineage = *by_node.next().or_else(|| by_path.next())?;
        self.claim(lineage)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    const HEAD: &[u8] = b"a head of more than sixteen bytes";

    /// Any function of the bytes will do: the real one is the tailer's.
    fn hash(head: &[u8]) -> u64 {
        head.iter().fold(7, |hash, &byte| hash * 31 % 1_000_003 + u64::from(byte))
    }

    impl Text for &[u8] {
        fn length(&self) -> u64 {
            self.len() as u64
        }

        fn head_hash(&self, length: u32) -> Option<u64> {
            self.get(..length as usize).map(hash)
        }

        fn is_anchored(&self, offset: u64, anchor: Anchor, _: bool) -> bool {
            let before = &self[..offset as usize];
            hash(&before[before.len() - anchor.len as usize..]) == anchor.hash
        }
    }

    fn identity(inode: u64, head: &[u8]) -> Identity {
        Identity { device: 1, inode, born_unix_nano: 0, head_len: head.len() as u32, head_hash: hash(head) }
    }

    /// A checkpoint in a text that begins with `head`.
    fn known(path: &str, inode: u64, head: &[u8], offset: u64) -> Resumer {
        let anchor = Anchor { len: 0, hash: hash(b"") };
        let checkpoint = Checkpoint {
            path: path.into(),
            identity: identity(inode, head),
            lineage: Lineage(inode),
            offset,
            anchor,
            read_to: offset,
            modified: SystemTime::UNIX_EPOCH,
        };
        Resumer::new(Some(vec![Left { checkpoint, gone: false }]))
    }

    fn anchored(mut resumer: Resumer, before: &[u8]) -> Resumer {
        for left in resumer.known.values_mut() {
            left.checkpoint.anchor = Anchor { len: before.len() as u32, hash: hash(before) };
        }
        resumer
    }

    fn find(resumer: &mut Resumer, path: &str, inode: u64, text: &[u8]) -> Option<u64> {
        resumer.find(Path::new(path), &identity(inode, text), &text).map(|known| known.offset)
    }

    #[test]
    fn the_same_inode_and_head_go_on_under_any_name() {
        let grown = [HEAD, b" and more"].concat();
        assert_eq!(find(&mut known("/a", 5, HEAD, 20), "/a", 5, &grown), Some(20));
        assert_eq!(find(&mut known("/a", 5, HEAD, 20), "/a.1", 5, &grown), Some(20));
        assert_eq!(find(&mut known("/a", 5, b"abc", 3), "/a", 5, b"abcdef"), Some(3));
        assert_eq!(find(&mut known("/a", 5, b"", 0), "/a", 5, b"abcdef"), Some(0));
    }

    #[test]
    fn an_inode_that_was_given_to_another_file_is_not_taken_for_it() {
        assert_eq!(
            find(&mut known("/a", 5, HEAD, 20), "/b", 5, b"quite another file, longer than that"),
            None
        );
        assert_eq!(find(&mut known("/a", 5, HEAD, 20), "/a", 5, &HEAD[..10]), None);
    }

    #[test]
    fn a_file_that_was_made_later_is_another_one_however_it_begins() {
        let mut resumer = known("/a", 5, HEAD, 20);
        for left in resumer.known.values_mut() {
            left.checkpoint.identity.born_unix_nano = 7;
        }
        let born = |born_unix_nano| Identity { born_unix_nano, ..identity(5, HEAD) };
        assert_eq!(resumer.find(Path::new("/b"), &born(8), &HEAD), None);
        assert!(resumer.find(Path::new("/b"), &born(7), &HEAD).is_some());
    }

    #[test]
    fn a_file_shorter_than_the_checkpoint_was_replaced() {
        assert_eq!(find(&mut known("/a", 5, HEAD, 100), "/a", 5, HEAD), None);
        assert_eq!(find(&mut known("/a", 5, HEAD, 100), "/a", 6, HEAD), None);
    }

    #[test]
    fn what_stands_before_the_checkpoint_tells_content_that_begins_alike() {
        let text = [HEAD, b" old old old"].concat();
        let mut resumer = anchored(known("/a", 5, HEAD, text.len() as u64), b"old old");
        assert_eq!(find(&mut resumer, "/a", 5, &[HEAD, b" new new new, and more"].concat()), None);
        assert_eq!(find(&mut resumer, "/a", 5, &text), Some(text.len() as u64));
    }

    #[test]
    fn the_same_name_and_a_telling_head_are_a_copy() {
        assert_eq!(find(&mut known("/a", 5, HEAD, 20), "/a", 6, HEAD), Some(20));
        assert_eq!(find(&mut known("/a", 5, HEAD, 20), "/b", 6, HEAD), None);
        assert_eq!(find(&mut known("/a", 5, b"too short", 9), "/a", 6, b"too short to tell"), None);
    }

    #[test]
    fn a_checkpoint_is_claimed_once() {
        let mut resumer = known("/a", 5, HEAD, 20);
        assert_eq!(resumer.unclaimed().count(), 1);
        assert_eq!(find(&mut resumer, "/a", 5, HEAD), Some(20));
        assert_eq!(resumer.unclaimed().count(), 0);
        assert_eq!(find(&mut resumer, "/a", 5, HEAD), None);
    }

    #[test]
    fn nothing_left_behind_is_a_first_run_and_an_empty_state_is_none() {
        assert!(Resumer::new(None).first_run());
        assert!(!Resumer::new(Some(Vec::new())).first_run());
    }
}
