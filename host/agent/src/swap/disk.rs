//! What lies on the disk where components are looked for.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use skidway_plugin::{Digest, digest};

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OnDisk {
    Missing,
    /// Something that cannot be read.
    Unusable(String),
    /// A file with this content.
    File(Digest),
}

/// Tells a file's states apart without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Remembers what was read, so that only what changed is read again.
#[derive(Debug, Default)]
pub(super) struct Disk {
    seen: HashMap<PathBuf, (Option<Stamp>, OnDisk)>,
    /// Those beside the files.
    signatures: HashMap<PathBuf, Option<Stamp>>,
}

impl Disk {
    /// Looks at a path.
    pub(super) fn look(&mut self, path: &Path) -> OnDisk {
        let (stamp, content) = match stamp(path) {
            Ok(stamp) => match self.seen.get(path) {
                Some((Some(known), content)) if *known == stamp => return content.clone(),
                _ => match read(path) {
                    // It may be this process that cannot read for now: the next look reads again.
                    unusable @ OnDisk::Unusable(_) if !path.is_dir() => (None, unusable),
                    content => (Some(stamp), content),
                },
            },
            Err(error) if is_absence(&error) => (None, OnDisk::Missing),
            Err(error) => (None, OnDisk::Unusable(error.to_string())),
        };
        self.seen.insert(path.to_owned(), (stamp, content.clone()));
        content
    }

    /// Whether a path that was looked at looks different now.
    pub(super) fn has_changed(&self) -> bool {
        self.seen.iter().any(|(path, (known, _))| stamp(path).ok() != *known)
            || self.signatures.iter().any(|(path, known)| signature_stamp(path) != *known)
    }

    /// Those of the paths whose signature is another one than at the last look.
    pub(super) fn signed_anew(&mut self, paths: &[PathBuf]) -> Vec<PathBuf> {
        let mut look = |path: &PathBuf| {
            let now = signature_stamp(path);
            self.signatures.insert(path.clone(), now).is_some_and(|before| before != now)
        };
        paths.iter().filter(|path| look(path)).cloned().collect()
    }

    /// Forgets all paths but these.
    pub(super) fn keep(&mut self, paths: &[PathBuf]) {
        self.seen.retain(|path, _| paths.contains(path));
        self.signatures.retain(|path, _| paths.contains(path));
    }
}

/// How long ago a file was written to; none where that is not known, or in the future.
pub(super) fn age(path: &Path) -> Option<Duration> {
    let modified = fs::metadata(path).and_then(|meta| meta.modified()).ok()?;
    SystemTime::now().duration_since(modified).ok()
}

fn read(path: &Path) -> OnDisk {
    match digest(path) {
        Ok(digest) => OnDisk::File(digest),
        Err(error) => OnDisk::Unusable(error.to_string()),
    }
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let meta = fs::metadata(path)?;
    Ok(Stamp {
        device: meta.dev(),
        inode: meta.ino(),
        size: meta.size(),
        modified: (meta.mtime(), meta.mtime_nsec()),
        changed: (meta.ctime(), meta.ctime_nsec()),
    })
}

fn signature_stamp(component: &Path) -> Option<Stamp> {
    stamp(&skidway_trust::signature_path(component)).ok()
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wasm");
        let mut disk = Disk::default();
        assert_eq!(disk.look(&path), OnDisk::Missing);
        assert!(!disk.has_changed());
        fs::write(&path, "one").unwrap();
        assert!(disk.has_changed());
        assert_eq!(disk.look(&path), OnDisk::File(Digest::of(b"one")));
        assert!(!disk.has_changed());
        // The same content in another file.
        fs::write(folder.path().join("b"), "one").unwrap();
        fs::rename(folder.path().join("b"), &path).unwrap();
        assert!(disk.has_changed());
        assert_eq!(disk.look(&path), OnDisk::File(Digest::of(b"one")));
        fs::remove_file(&path).unwrap();
        assert_eq!(disk.look(&path), OnDisk::Missing);
    }

    #[test]
    fn a_signature_is_another_one_when_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a.wasm", "b.wasm"].map(|name| folder.path().join(name));
        let mut disk = Disk::default();
        assert!(disk.signed_anew(&paths).is_empty(), "nothing was known before");
        fs::write(folder.path().join("a.wasm.minisig"), "one").unwrap();
        assert!(disk.has_changed());
        assert_eq!(disk.signed_anew(&paths), [paths[0].clone()]);
        assert!(!disk.has_changed());
        assert!(disk.signed_anew(&paths).is_empty());
        fs::remove_file(folder.path().join("a.wasm.minisig")).unwrap();
        assert_eq!(disk.signed_anew(&paths), [paths[0].clone()]);
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe.wasm");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
            .unwrap();
        let mut disk = Disk::default();
        assert!(matches!(disk.look(&pipe), OnDisk::Unusable(_)));
        assert!(disk.has_changed(), "it is looked at again");
        assert!(matches!(disk.look(folder.path()), OnDisk::Unusable(_)));
    }
}
