//! Records that a backend refused for good, in a file: nothing is lost, and somebody can
//! look at them, mend the cause and send them again (`skidway replay`).
//!
//! One line a record, see [`Letter`]. The file and its folder are the user's alone, as
//! logs may hold secrets. A record is set aside when its line is on the disk
//! (`fdatasync`), not before: the checkpoint moves past it then. The file is renamed
//! when it is full, and the oldest of the renamed ones is deleted at the bound: only then
//! are records lost, and that is said at ERROR with their number.
//!
//! Writers and `skidway replay` lock the file (`flock`) while they change it; who then
//! holds a file that has lost its name opens the new one.

mod letter;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use crate::batch::Payload;
use crate::rotation::{Rotation, delete};

pub use letter::{Letter, Unreadable};

/// At most this often somebody is told of refused records.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Where refused records go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The file. Its folder is made (0700) where it is missing.
    pub path: PathBuf,
    /// How long it may get in bytes before it is put aside.
    pub max_bytes: u64,
    /// How many that were put aside are kept; at least one.
    pub max_backups: usize,
    /// Who refused them: the exporter's id, written with each record.
    pub exporter: String,
}

/// Keeps refused records. Clones write to the same file.
#[derive(Debug, Clone)]
pub struct DeadLetters(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    /// Records that nobody was told of.
    since: u64,
    at: Option<Instant>,
}

// === impl DeadLetters ===

impl DeadLetters {
    /// Nothing is made before there is a record to keep.
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Inner { options, told: Mutex::default() }))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.0.options.path
    }

    /// Writes down each record of a payload. After an error none of them counts as
    /// written.
    pub(crate) fn write(&self, payload: &Payload, backend: &str, reason: &str) -> io::Result<()> {
        let Options { path, exporter, .. } = &self.0.options;
        let mut lines = Vec::new();
        for single in payload.singles() {
            Letter::of(&single, exporter, backend, reason).write(&mut lines)?;
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file = self.open_for(lines.len() as u64)?;
        let before = take_back_torn(&file)?;
        file.write_all(&lines).and_then(|()| file.sync_data()).inspect_err(|_| {
            // A part of a line would spoil the next one as well.
            let _ = file.set_len(before);
        })?;
        if before == 0 {
            sync_folder(path)?;
        }
        Ok(())
    }

    /// The file, locked, with room for so many bytes.
    fn open_for(&self, more: u64) -> io::Result<File> {
        let Options { path, max_bytes, max_backups, .. } = &self.0.options;
        loop {
            let file = open_locked(path)?;
            let length = file.metadata()?.len();
            if length == 0 || length + more <= *max_bytes {
                return Ok(file);
            }
            let rotation =
                Rotation { max_bytes: *max_bytes, max_backups: *max_backups, ..Rotation::default() };
            let surplus = rotation.put_aside(path, jiff::Zoned::now())?;
            for old in &surplus {
                tracing::error!(path = %old.display(), records = count_lines(old),
                    "refused records are lost: there are more than the dead-letter files may hold; raise \
                     `dead_letter.max_megabytes` or `max_backups`, and see why the backend refuses them");
            }
            delete(&surplus);
            sync_folder(path)?;
        }
    }

    /// Says that records were refused, now and then: what a backend does to one batch it
    /// may do to all.
    pub(crate) fn tell(&self, refused: u64, backend: &str, reasons: &[String]) {
        let mut told = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.since += refused;
        if told.at.is_some_and(|at| at.elapsed() < SAY_EVERY) {
            return;
        }
        told.at = Some(Instant::now());
        let (lines, path) = (std::mem::take(&mut told.since), self.path().display());
        tracing::warn!(
            "backend {backend} refused {lines} lines: {}; they are in {path}, from where `skidway replay` sends \
             them again",
            reasons.join("; ")
        );
    }
}

/// Opens the file to append, for this process alone. One that was taken away while this
/// waited for the lock is not it.
fn open_locked(path: &Path) -> io::Result<File> {
    loop {
        let file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path)?;
        flock(&file, FlockOperation::LockExclusive)?;
        let (held, named) = (file.metadata()?, fs::metadata(path));
        if named.is_ok_and(|named| (named.dev(), named.ino()) == (held.dev(), held.ino())) {
            return Ok(file);
        }
    }
}

/// Takes back a line that a crash has cut short: it was acknowledged to nobody. Answers how
/// long the file is.
fn take_back_torn(file: &File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let mut whole = length;
    let mut piece = [0; 4096];
    while whole > 0 {
        let from = whole.saturating_sub(piece.len() as u64);
        let bytes = &mut piece[..(whole - from) as usize];
        file.read_exact_at(bytes, from)?;
        match bytes.iter().rposition(|&byte| byte == b'\n') {
            Some(end) => {
                whole = from + end as u64 + 1;
                break;
            }
            None => whole = from,
        }
    }
    if whole < length {
        file.set_len(whole)?;
    }
    Ok(whole)
}

/// Makes the names in a file's folder last.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

/// How long the file is at a moment in which nobody writes to it.
pub fn whole_length(path: &Path) -> io::Result<u64> {
    let file = File::open(path)?;
    flock(&file, FlockOperation::LockShared)?;
    Ok(file.metadata()?.len())
}

/// Leaves these lines and those behind `read_to` in a dead-letter file, from which
/// everything before that was read by this handle: the others were sent again. A file
/// without lines is deleted. False, and nothing is changed, where another file has the
/// name by now.
pub fn keep_only(path: &Path, read: &File, read_to: u64, lines: &[Vec<u8>]) -> io::Result<bool> {
    if fs::metadata(path).is_err() {
        return Ok(false);
    }
    let locked = open_locked(path)?;
    let (is, was) = (locked.metadata()?, read.metadata()?);
    if (is.dev(), is.ino()) != (was.dev(), was.ino()) {
        return Ok(false);
    }
    let mut kept = lines.concat();
    let mut later = read;
    later.seek(SeekFrom::Start(read_to))?;
    later.read_to_end(&mut kept)?;
    if kept.is_empty() {
        fs::remove_file(path)?;
        return Ok(true);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    let temporary = PathBuf::from(name);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    // The agent has to write to it on, whoever this is.
    fchown(&file, Some(is.uid()), Some(is.gid()))?;
    file.write_all(&kept)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_folder(path)?;
    Ok(true)
}

fn count_lines(path: &Path) -> u64 {
    let lines = File::open(path).map(|file| BufReader::new(file).split(b'\n').map_while(Result::ok).count());
    lines.unwrap_or(0) as u64
}

#[cfg(test)]
mod tests;
