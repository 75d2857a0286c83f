use std::collections::HashMap;
use std::path::{Path, PathBuf};

use skidway_model::Identity;

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
    checkpoints: Vec<Option<Checkpoint>>,
    by_node: HashMap<(u64, u64), usize>,
    by_path: HashMap<PathBuf, Vec<usize>>,
}

// === impl Resumer ===

impl Resumer {
    /// What an earlier run has left, or nothing on a first run.
    pub fn new(checkpoints: Option<Vec<Checkpoint>>) -> Self {
        let mut resumer = Self { first_run: checkpoints.is_none(), ..Self::default() };
        for (index, checkpoint) in checkpoints.unwrap_or_default().into_iter().enumerate() {
            let Identity { device, inode, .. } = checkpoint.identity;
            resumer.by_node.insert((device, inode), index);
            resumer.by_path.entry(checkpoint.path.clone()).or_default().push(index);
            resumer.checkpoints.push(Some(checkpoint));
        }
        resumer
    }

    /// No earlier run has left anything: see [`Resumer`].
    pub fn first_run(&self) -> bool {
        self.first_run
    }

    /// How many files are known and not yet found.
    pub fn unclaimed(&self) -> usize {
        self.checkpoints.iter().flatten().count()
    }

    /// The offset to go on from in the file with this name and identity, `length`
    /// bytes long. `head_hash` answers the hash of its first bytes, `None` when it
    /// has not as many.
    ///
    /// It is the file of a checkpoint when device and inode agree and it still
    /// begins as it did then; or when the name agrees and it begins as it did, with
    /// a head of at least 16 bytes: a file that was restored from a copy, or on a
    /// file system whose numbers change when it is mounted. Either way it must not
    /// be shorter than the checkpoint: then its content was replaced.
    pub fn find(
        &mut self,
        path: &Path,
        identity: &Identity,
        length: u64,
        head_hash: impl Fn(u32) -> Option<u64>,
    ) -> Option<u64> {
        let is_it = |known: &Checkpoint| {
            let Identity { head_len, head_hash: hash, .. } = known.identity;
            known.offset <= length && head_hash(head_len) == Some(hash)
        };
        let at = |index: &usize| self.checkpoints[*index].as_ref();
        let by_node = self.by_node.get(&(identity.device, identity.inode));
        let by_node = by_node.filter(|index| at(index).is_some_and(is_it));
        let by_path = || {
            let candidates = self.by_path.get(path)?.iter();
            candidates.rev().find(|index| {
                at(index).is_some_and(|known| known.identity.head_len >= TELLING_HEAD && is_it(known))
            })
        };
        let index = *by_node.or_else(by_path)?;
        self.checkpoints[index].take().map(|known| known.offset)
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

    fn identity(inode: u64, head: &[u8]) -> Identity {
        Identity { device: 1, inode, head_len: head.len() as u32, head_hash: hash(head) }
    }

    fn known(path: &str, inode: u64, head: &[u8], offset: u64) -> Resumer {
        let identity = identity(inode, head);
        let checkpoint = Checkpoint { path: path.into(), identity, offset, modified: SystemTime::UNIX_EPOCH };
        Resumer::new(Some(vec![checkpoint]))
    }

    fn find(resumer: &mut Resumer, path: &str, inode: u64, text: &[u8]) -> Option<u64> {
        let head_hash = |length: u32| text.get(..length as usize).map(hash);
        resumer.find(Path::new(path), &identity(inode, text), text.len() as u64, head_hash)
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
    fn a_file_shorter_than_the_checkpoint_was_replaced() {
        assert_eq!(find(&mut known("/a", 5, HEAD, 100), "/a", 5, HEAD), None);
        assert_eq!(find(&mut known("/a", 5, HEAD, 100), "/a", 6, HEAD), None);
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
        assert_eq!(resumer.unclaimed(), 1);
        assert_eq!(find(&mut resumer, "/a", 5, HEAD), Some(20));
        assert_eq!(resumer.unclaimed(), 0);
        assert_eq!(find(&mut resumer, "/a", 5, HEAD), None);
    }

    #[test]
    fn nothing_left_behind_is_a_first_run_and_an_empty_state_is_none() {
        assert!(Resumer::new(None).first_run());
        assert!(!Resumer::new(Some(Vec::new())).first_run());
    }
}
