//! Files of a spool by their names, and writing to them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Larger numbers are not ours, and one more never overflows.
const MAX_NUMBER: u64 = 1_000_000_000_000_000;
/// How many damaged segments are kept, the latest ones.
const MAX_DAMAGED: usize = 3;

pub(crate) fn segment(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.spool"))
}

fn damaged(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:010}.damaged"))
}

/// The numbers of its segments, ascending.
pub(crate) fn segments(folder: &Path) -> io::Result<Vec<u64>> {
    numbered(folder, "spool")
}

/// The numbers of those that are kept as damaged.
pub(crate) fn damaged_segments(folder: &Path) -> io::Result<Vec<u64>> {
    numbered(folder, "damaged")
}

fn numbered(folder: &Path, extension: &str) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(numbers),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let path = PathBuf::from(entry.file_name());
        if path.extension().is_none_or(|known| known != extension) || !entry.file_type()?.is_file() {
            continue;
        }
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let is_name = stem.len() >= 10 && stem.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(number) = stem.parse().ok().filter(|number| is_name && *number <= MAX_NUMBER) {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Makes the folder, so that it is still there after a crash.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    let new: Vec<_> = folder.ancestors().take_while(|path| !path.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for parent in new.iter().filter_map(|path| path.parent()) {
        // A relative path begins in the working directory.
        sync(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })?;
    }
    Ok(())
}

/// A new file, in the place of what may be there. The folder is made where it is missing:
/// the disk may have been too full for it before.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let open = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match (open(), path.parent()) {
        (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
            make(folder)?;
            open()
        }
        (opened, _) => opened,
    }
}

/// Whether there was no room for it, which may pass.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Writes at an offset; it is on disk afterwards.
pub(crate) fn write(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    #[cfg(test)]
    fault::write(file, bytes, at)?;
    file.write_all_at(bytes, at)?;
    file.sync_data()
}

/// Names of the folder are on disk afterwards.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Keeps a damaged segment for people to look at. Where it is, if it is still there.
pub(crate) fn put_aside(folder: &Path, number: u64) -> io::Result<PathBuf> {
    let aside = damaged(folder, number);
    fs::rename(segment(folder, number), &aside)?;
    let kept = damaged_segments(folder)?;
    for old in &kept[..kept.len().saturating_sub(MAX_DAMAGED)] {
        fs::remove_file(damaged(folder, *old))?;
    }
    Ok(aside)
}

/// A disk that is full after so many bytes, for tests.
#[cfg(test)]
pub(crate) mod fault {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// From now on so many bytes can be written in this thread; `None`: any number.
    pub(crate) fn leave(bytes: Option<usize>) {
        LEFT.set(bytes);
    }

    pub(super) fn write(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        let Some(left) = LEFT.get() else { return Ok(()) };
        let fits = bytes.len().min(left);
        LEFT.set(Some(left - fits));
        if fits == bytes.len() {
            return Ok(());
        }
        file.write_all_at(&bytes[..fits], at)?;
        Err(io::ErrorKind::StorageFull.into())
    }
}
