//! Checkpoints on disk.
//!
//! A state folder holds `checkpoints.json`, the one that was saved before it as
//! `checkpoints.previous.json`, and `lock`. The format, version 2:
//!
//! ```json
//! {"crc32": "0f5c8e21", "version": 2, "generation": 17,
//!  "host": {"instance": "i-0abc", "machine": "4c4c..."}, "files": [{"path": "/var/log/syslog",
//!   "device": 64769, "inode": 131, "born_unix_nano": 1763000000000000000,
//!   "head_len": 1000, "head_hash": "85944171f73967e8", "lineage": "af63dc4c8601ec8c",
//!   "offset": 52043, "anchor_len": 256, "anchor_hash": "cbf29ce484222325", "read_to": 60000,
//!   "modified_unix_nano": 1764000000000000000, "gone_since_unix": 1764003600}]}
//! ```
//!
//! `path` is an array of bytes where it is not UTF-8; `gone_since_unix` is there
//! for files that were not followed any more at that time; the checksum is that of
//! everything behind it, from the comma to the last brace.
//!
//! Invariants: the file is replaced as a whole, by a rename, after the new content
//! is on disk, so a crash leaves the old or the new one, never a mixture, and
//! what a crash left under the temporary name is never read. A file that does not
//! agree with its checksum is never believed: then the one before it counts, whose
//! checkpoints stand further back, so lines come twice and none is lost; without
//! that one, files are read from their beginning. A state that was written on
//! another host is not used at all. Whoever has the folder open holds the lock; the
//! system lets go of it when the process ends.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use skidway_model::Lineage;

use crate::{Checkpoint, Host, Left, Resumer, Snapshot};

mod format;

const NAME: &str = "checkpoints.json";
const PREVIOUS: &str = "checkpoints.previous.json";
const TEMPORARY: &str = "checkpoints.json.tmp";
const LOCK: &str = "lock";
/// Far more than the entries of ten thousand files; what is larger is not ours.
const MAX_BYTES: u64 = 256 << 20;
/// How long a file that is gone is remembered: long enough to be found again under
/// the name a weekly rotation gave it.
const KEEP_GONE: Duration = Duration::from_secs(7 * 24 * 3600);
/// How many such files at the most, the latest ones.
const MAX_GONE: usize = 10_000;

/// The checkpoints of one receiver, on disk.
#[derive(Debug)]
pub struct StateFile {
    folder: PathBuf,
    generation: u64,
    host: Host,
    entries: BTreeMap<Lineage, Entry>,
    /// What is on disk is not what is in `entries`.
    changed: bool,
    /// Held for as long as the folder is ours.
    _lock: File,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    checkpoint: Checkpoint,
    /// When it was first missing from what is followed.
    gone_since: Option<SystemTime>,
}

/// Why the state cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The folder cannot be made or entered.
    #[error("cannot use the state folder {}: {source}{}", path.display(), remedy(path, source))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another agent has it.
    #[error("the state folder {} is in use by another skidway{}; stop that one or choose another folder", path.display(), holder(*pid))]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The process that has it, when it says so.
        pid: Option<u32>,
    },
    /// A later version has written it.
    #[error("{} is of format {found}, and this version knows formats up to {known}: run the newer version, or move the file away to start afresh", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The latest format known here.
        known: u64,
    },
    /// It is there and cannot be read.
    #[error("cannot read {}: {source}; make it readable for this user, or move it away to start afresh", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It cannot be written; what is on disk is the state before.
    #[error("cannot write {}: {source}; checkpoints stay where they were, so lines may be sent again after a restart", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What is wrong with a folder, where more can be said than the system says, and what to
/// do about it.
fn remedy(path: &Path, error: &io::Error) -> String {
    // The first that is there: below it nothing could be made.
    let first = path.ancestors().find_map(|path| Some((path, path.metadata().ok()?)));
    let own = rustix::process::geteuid().as_raw();
    match (error.kind(), first) {
        (io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists, Some((path, _))) => {
            format!("; {} is in the way: move it, or choose another folder", path.display())
        }
        (io::ErrorKind::PermissionDenied, Some((path, is))) if is.uid() != own => format!(
            "; {} belongs to user {} and this is user {own}: run as that user, `chown -R {own}` it, or choose \
             another folder",
            path.display(),
            is.uid()
        ),
        _ => "; make it writable for this user, or choose another folder".to_owned(),
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

// === impl StateFile ===

impl StateFile {
    /// Takes the folder for this process, makes it where it is missing (0700), and
    /// reads what an earlier run on this host left. A file that cannot be understood is
    /// moved aside to `checkpoints.json.corrupt`, said at WARN, and the one before it
    /// counts.
    pub fn open(folder: &Path, host: &Host) -> Result<(Self, Resumer), StateError> {
        make(folder).map_err(|source| StateError::Folder { path: folder.to_owned(), source })?;
        let lock = lock(folder)?;
        try_to_write(folder)?;
        let Found { saved, first_run, ruins } = load_latest(folder)?;
        let generation = saved.generation;
        let is_ours = host.may_be(&saved.host);
        if !is_ours {
            tracing::warn!(state = %folder.display(), written_on = %saved.host, this_is = %host,
                "the state was written on another host, as in a copy of its disk: starting afresh");
        }
        let before = if is_ours { saved } else { format::Saved::default() };
        // Of ruins nobody can tell whose they are.
        let first_run = first_run || (!is_ours && !ruins);
        let host = host.or(&before.host);
        // On a first run even an empty state is worth writing: it says that there
        // was a first run.
        let changed = first_run || host != before.host;
        let left =
            |entry: &Entry| Left { checkpoint: entry.checkpoint.clone(), gone: entry.gone_since.is_some() };
        let left = (!first_run).then(|| before.entries.iter().map(left).collect());
        let entries = before.entries.into_iter().map(|entry| (entry.checkpoint.lineage, entry)).collect();
        let state = Self { folder: folder.to_owned(), generation, host, entries, changed, _lock: lock };
        Ok((state, Resumer::new(left)))
    }

    /// More is known of this host. A state that turns out to be another host's is this
    /// one's from now on: its checkpoints are in use already.
    pub fn identify(&mut self, host: &Host) {
        let all = host.or(&self.host);
        if all == self.host {
            return;
        }
        if !host.may_be(&self.host) {
            tracing::warn!(state = %self.folder.display(), written_on = %self.host, this_is = %host,
                "the state turns out to be from another host, as in a copy of its disk: lines that this copy holds \
                 of the other one's logs may have been passed over or sent");
        }
        self.host = all;
        self.changed = true;
    }

    /// Whether an earlier run left something in this folder.
    pub fn exists(folder: &Path) -> bool {
        [NAME, PREVIOUS].iter().any(|name| folder.join(name).exists())
    }

    /// Whether no run has had this folder yet.
    pub fn is_new(folder: &Path) -> bool {
        !Self::exists(folder) && !folder.join(LOCK).exists()
    }

    /// Saves a snapshot; `false` when there was nothing to write. Files that are not
    /// in it are kept for 7 days, at most 10,000 of them. After an error the snapshot
    /// is not lost: the next call writes it.
    pub fn save(&mut self, snapshot: &Snapshot) -> Result<bool, StateError> {
        self.save_at(snapshot, SystemTime::now())
    }

    fn save_at(&mut self, snapshot: &Snapshot, now: SystemTime) -> Result<bool, StateError> {
        self.merge(snapshot, now);
        if !self.changed {
            return Ok(false);
        }
        let path = self.folder.join(NAME);
        self.write(&path).map_err(|source| StateError::Write { path, source })?;
        self.generation += 1;
        self.changed = false;
        Ok(true)
    }

    fn merge(&mut self, snapshot: &Snapshot, now: SystemTime) {
        for forgotten in &snapshot.forgotten {
            self.changed |= self.entries.remove(forgotten).is_some();
        }
        let mut present = BTreeMap::new();
        for checkpoint in &snapshot.checkpoints {
            // A text that was let go and found again is there twice, until all of the
            // first time is answered for. Where both stand alike the later one has it.
            let earliest = present.entry(checkpoint.lineage).or_insert(checkpoint);
            if checkpoint.offset <= earliest.offset {
                *earliest = checkpoint;
            }
        }
        for (&lineage, &checkpoint) in &present {
            let known = self.entries.get(&lineage);
            if known.is_none_or(|known| known.gone_since.is_some() || known.checkpoint != *checkpoint) {
                self.entries.insert(lineage, Entry { checkpoint: checkpoint.clone(), gone_since: None });
                self.changed = true;
            }
        }
        let mut gone = Vec::new();
        for (lineage, entry) in &mut self.entries {
            if !present.contains_key(lineage) {
                if entry.gone_since.is_none() {
                    entry.gone_since = Some(now);
                    self.changed = true;
                }
                gone.push((entry.gone_since, *lineage));
            }
        }
        gone.sort_unstable();
        let too_many = gone.len().saturating_sub(MAX_GONE);
        for (index, (since, lineage)) in gone.into_iter().enumerate() {
            let age = since.and_then(|since| now.duration_since(since).ok()).unwrap_or_default();
            if index < too_many || age > KEEP_GONE {
                self.entries.remove(&lineage);
                self.changed = true;
            }
        }
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let temporary = self.folder.join(TEMPORARY);
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let content = format::encode(self.generation + 1, &self.host, self.entries.values())?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        if let Err(error) = file.write_all(&content).and_then(|()| file.sync_all()) {
            // Half a file on a disk that is full is of no use to anybody.
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        // Between the two renames there is the one before only, which counts then.
        match fs::rename(path, self.folder.join(PREVIOUS)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(&temporary, path)?;
        File::open(&self.folder)?.sync_all()
    }
}

/// Makes the folder where it is missing, for good.
fn make(folder: &Path) -> io::Result<()> {
    let missing = folder.ancestors().take_while(|path| !path.is_dir()).count();
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Each name that is new stands in the folder above it. A relative path may have none.
    for above in folder.ancestors().skip(1).take(missing).filter(|above| !above.as_os_str().is_empty()) {
        // Not every file system does that, and not everybody may read that folder.
        if let Err(error) = File::open(above).and_then(|above| above.sync_all()) {
            tracing::debug!(path = %above.display(), %error, "cannot sync the folder above a new one");
        }
    }
    Ok(())
}

/// Finds out whether this user can make files there, before anything depends on it. A disk
/// that is full may have room later.
fn try_to_write(folder: &Path) -> Result<(), StateError> {
    let temporary = folder.join(TEMPORARY);
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary) {
        Err(source)
            if matches!(
                source.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            Err(StateError::Folder { path: folder.to_owned(), source })
        }
        _ => {
            // If it cannot be removed, saving says so.
            let _ = fs::remove_file(&temporary);
            Ok(())
        }
    }
}

/// Takes the folder, or says who has it. A lock that leads elsewhere is not followed: who
/// owns the folder may not be who runs this.
fn lock(folder: &Path) -> Result<File, StateError> {
    let unusable = |source| StateError::Folder { path: folder.to_owned(), source };
    let path = folder.join(LOCK);
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits() as i32)
        .open(path)
        .map_err(unusable)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => {
            let mut holder = String::new();
            let read = (&file).take(20).read_to_string(&mut holder);
            let pid = read.ok().and_then(|_| holder.trim().parse().ok());
            return Err(StateError::InUse { path: folder.to_owned(), pid });
        }
        Err(error) => return Err(unusable(error.into())),
    }
    // Only for the message above: whether it can be written does not matter.
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}

/// What an earlier run left.
struct Found {
    saved: format::Saved,
    /// There was none.
    first_run: bool,
    /// There was a later one, which cannot be understood.
    ruins: bool,
}

/// The latest state that is whole. Without any, but with ruins, it is not a first run:
/// the files were read, so they are read from their beginning.
fn load_latest(folder: &Path) -> Result<Found, StateError> {
    let mut ruins = false;
    for name in [NAME, PREVIOUS] {
        match load(&folder.join(name))? {
            Loaded::Whole(saved) => {
                if name == PREVIOUS {
                    tracing::warn!(state = %folder.display(), generation = saved.generation,
                        "going on from the state before the last one: some lines are sent again");
                }
                return Ok(Found { saved, first_run: false, ruins });
            }
            Loaded::Missing => {}
            Loaded::Corrupt => ruins = true,
        }
    }
    if ruins {
        tracing::warn!(state = %folder.display(),
            "no state is left to go on from: files are read from their beginning, so lines are sent again");
    }
    Ok(Found { saved: format::Saved::default(), first_run: !ruins, ruins })
}

enum Loaded {
    Whole(format::Saved),
    Missing,
    /// Moved aside.
    Corrupt,
}

fn load(path: &Path) -> Result<Loaded, StateError> {
    let unreadable = |source| StateError::Read { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Loaded::Missing),
        Err(error) => return Err(unreadable(error)),
    };
    let mut text = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut text).map_err(unreadable)?;
    let decoded = if text.len() as u64 > MAX_BYTES {
        Err(format::Undecodable::Corrupt("it is too large".to_owned()))
    } else {
        format::decode(&text)
    };
    match decoded {
        Ok(saved) => Ok(Loaded::Whole(saved)),
        Err(format::Undecodable::Newer(found)) => {
            Err(StateError::Newer { path: path.to_owned(), found, known: format::VERSION })
        }
        Err(format::Undecodable::Corrupt(error)) => {
            let aside = path.with_extension("json.corrupt");
            fs::rename(path, &aside).map_err(unreadable)?;
            tracing::warn!(path = %path.display(), moved_to = %aside.display(), error,
                "the state file cannot be understood");
            Ok(Loaded::Corrupt)
        }
    }
}

#[cfg(test)]
mod tests;
