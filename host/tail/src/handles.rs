//! Which files are open, and which are being decompressed: no more at once than
//! allowed, the others in turn.
//!
//! Invariants: a file that no path leads to keeps its handle, and so does one whose
//! end of silence is near; a file that is opened again by its path is the one that
//! was closed, or it is not touched; keys and notices know nothing of handles.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::DirEntryExt;
use std::path::PathBuf;
use std::time::Instant;

use rustix::io::Errno;
use skidway_model::FileKey;

use crate::followed::Followed;
use crate::notice::{Cause, Notice};
use crate::tailer::Tailer;

/// The open files, those first that were not read for the longest time.
pub(crate) struct Handles {
    limit: usize,
    open: BTreeSet<(u64, FileKey)>,
    clock: u64,
    /// Some of them have come to their end meanwhile.
    unpacking: BTreeSet<FileKey>,
}

/// How many files are decompressed at once; each takes about 100 KB besides the text
/// that was not taken yet.
const MAX_UNPACKING: usize = 16;

// === impl Handles ===

impl Handles {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, open: BTreeSet::new(), clock: 0, unpacking: BTreeSet::new() }
    }

    /// Notes that an open file is used now.
    pub(crate) fn used(&mut self, key: FileKey, file: &mut Followed) {
        if file.used == self.clock && self.clock > 0 {
            return;
        }
        self.open.remove(&(file.used, key));
        self.clock += 1;
        file.used = self.clock;
        self.open.insert((file.used, key));
    }

    fn closed(&mut self, key: FileKey, file: &Followed) {
        self.open.remove(&(file.used, key));
    }
}

// === impl Tailer ===

impl Tailer {
    /// Sees to it that one more file can be opened. Idle ones are closed first, then
    /// those with something left to read; `false` when none can be spared now.
    pub(crate) fn make_room(&mut self) -> bool {
        while self.handles.open.len() >= self.handles.limit {
            let spare = |idle: bool| {
                let mut keys = self.handles.open.iter().map(|&(_, key)| key);
                keys.find(|key| {
                    let file = self.files.get(key);
                    file.is_some_and(|file| file.can_be_closed(&self.options) && (!idle || file.is_drained()))
                })
            };
            let Some(key) = spare(true).or_else(|| spare(false)) else { return false };
            let Some(file) = self.files.get_mut(&key) else { return false };
            tracing::trace!(path = %file.path.display(), "closed for a while");
            file.close();
            self.handles.closed(key, file);
        }
        true
    }

    /// Opens a file that was closed for a while; `false` when it is not open after
    /// that, or not the same file any more.
    pub(crate) fn open_again(&mut self, key: FileKey, now: Instant) -> bool {
        if self.files.get(&key).is_none_or(Followed::is_open) {
            return self.files.contains_key(&key);
        }
        let room = self.make_room();
        let Some(file) = self.files.get_mut(&key) else { return false };
        if !room {
            file.wait_until(now + self.options.poll_interval);
            return false;
        }
        let path = file.path.clone();
        match file.open_by(&path) {
            Ok(true) => {
                self.handles.used(key, file);
                self.look(key, now);
                self.files.get(&key).is_some_and(Followed::is_open)
            }
            // Rotated: the walk finds out where it has gone.
            Ok(false) => {
                file.wait_for_walk(now);
                self.scan_wanted = true;
                false
            }
            Err(error) => {
                if is_crowded(&error) {
                    file.wait_until(now + self.options.poll_interval);
                    self.lower_limit();
                } else if file.failed(now, error.kind()) {
                    tracing::warn!(path = %path.display(), %error, "cannot open the file again; trying again");
                }
                false
            }
        }
    }

    /// No path that the walk took leads to this closed file any more: looks for it
    /// where it was, under whatever name. `false` when it is not followed any more or
    /// has to wait.
    pub(crate) fn open_leaving(&mut self, key: FileKey, now: Instant) -> bool {
        if !self.make_room() {
            self.crowded = true;
            return false;
        }
        let Some(file) = self.files.get_mut(&key) else { return false };
        for path in [file.path.clone()].into_iter().chain(names_beside(file)) {
            match file.open_by(&path) {
                Ok(true) => {
                    file.leaving = Some(now);
                    self.handles.used(key, file);
                    self.look(key, now);
                    return self.files.contains_key(&key);
                }
                Ok(false) => {}
                Err(error) if is_crowded(&error) => {
                    self.crowded = true;
                    self.lower_limit();
                    return false;
                }
                Err(_) => {}
            }
        }
        self.vanished(key);
        false
    }

    fn vanished(&mut self, key: FileKey) {
        let Some(file) = self.remove(key) else { return };
        let (path, unread) = (file.path.display(), file.unread());
        if unread.is_empty() {
            tracing::info!(%path, offset = file.offset, "let go of a file that is gone, read to its end");
        } else {
            tracing::error!(%path, bytes = unread.len(), range = %unread,
                "the file was moved or deleted while it was closed, and is not found: these bytes are lost \
                 unless it comes back. To keep more files open, raise `max_concurrent_files`");
        }
        // Should it appear again, it goes on from here.
        self.absent.part(&file);
        self.notices.push_back(Notice::Closed { file: key, cause: Cause::Moved });
    }

    /// Whether it is the turn of a file to be decompressed. Others that wait for more
    /// to be written make room; one that is in the middle goes on.
    pub(crate) fn may_unpack(&mut self, key: FileKey, now: Instant) -> bool {
        if !self.files.get(&key).is_some_and(Followed::is_to_unpack) {
            return true;
        }
        let most = MAX_UNPACKING.min(self.handles.limit / 2);
        let Self { files, handles, .. } = self;
        handles.unpacking.retain(|key| files.get(key).is_some_and(Followed::is_unpacking));
        if handles.unpacking.len() >= most {
            let spare = |key: &FileKey| files.get(key).is_some_and(|file| file.is_drained());
            if let Some(spare) = handles.unpacking.iter().copied().find(spare) {
                handles.unpacking.remove(&spare);
                files.entry(spare).and_modify(Followed::rest);
            }
        }
        let turn = handles.unpacking.len() < most;
        if turn {
            handles.unpacking.insert(key);
        } else if let Some(file) = files.get_mut(&key) {
            file.wait_until(now + self.options.poll_interval);
        }
        turn
    }

    /// Takes a file out of everything that knows of it.
    pub(crate) fn remove(&mut self, key: FileKey) -> Option<Followed> {
        let file = self.files.remove(&key)?;
        self.series.leave(key);
        self.by_node.remove(&file.node());
        self.handles.closed(key, &file);
        Some(file)
    }

    /// The system allows fewer open files than the options do. Some are left to the
    /// rest of the process.
    pub(crate) fn lower_limit(&mut self) {
        let open = self.handles.open.len();
        let limit = open.saturating_sub(open / 8 + 8).max(2);
        if limit < self.handles.limit {
            self.handles.limit = limit;
            tracing::warn!(
                limit,
                "the system allows no more open files, so files are opened in turn; to change that, raise \
                 the limit of open files (`ulimit -n`, `LimitNOFILE=`)"
            );
        }
    }
}

/// Whether an error says that too many files are open.
pub(crate) fn is_crowded(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// Names in the folder of a file that lead, or led a moment ago, to its inode.
fn names_beside(file: &Followed) -> Vec<PathBuf> {
    let (_, inode) = file.node();
    let Some(folder) = file.path.parent() else { return Vec::new() };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().filter(|entry| entry.ino() == inode).map(|entry| entry.path()).collect()
}
