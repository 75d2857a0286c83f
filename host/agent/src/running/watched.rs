//! Notices that a file of the config was changed.
//!
//! By looking, once a second on a tick that is there anyway: it costs one call to the system for
//! each file, and sees atomic replacement, writing in place and switched links alike. A change
//! counts when the next look finds the same, so that nobody reads half a file.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What tells one content of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

/// The files of the config.
#[derive(Debug)]
pub(crate) struct WatchedConfig {
    files: Vec<PathBuf>,
    known: Vec<Option<Stamp>>,
    last: Vec<Option<Stamp>>,
}

impl WatchedConfig {
    /// To be called before the files are read: what is written meanwhile is noticed then.
    pub(crate) fn new(files: &[PathBuf]) -> Self {
        let known: Vec<_> = files.iter().map(|path| stamp(path)).collect();
        Self { files: files.to_vec(), last: known.clone(), known }
    }

    /// Whether they have changed since this was last true, and are quiet again. A file that is
    /// gone is one in the middle of being replaced.
    pub(crate) fn have_changed(&mut self) -> bool {
        let now: Vec<_> = self.files.iter().map(|path| stamp(path)).collect();
        let quiet = now == self.last;
        self.last.clone_from(&now);
        if !quiet || now == self.known || now.iter().any(Option::is_none) {
            return false;
        }
        self.known = now;
        true
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let meta = path.metadata().ok()?;
    let modified = (meta.mtime(), meta.mtime_nsec());
    Some(Stamp { device: meta.dev(), inode: meta.ino(), size: meta.size(), modified })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn looks(watched: &mut WatchedConfig) -> [bool; 3] {
        [watched.have_changed(), watched.have_changed(), watched.have_changed()]
    }

    #[test]
    fn a_change_counts_once_and_when_it_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yaml");
        fs::write(&file, "a").unwrap();
        let mut watched = WatchedConfig::new(std::slice::from_ref(&file));
        assert_eq!(looks(&mut watched), [false; 3]);
        fs::write(&file, "half").unwrap();
        assert!(!watched.have_changed());
        fs::write(&file, "a whole one").unwrap();
        assert_eq!(looks(&mut watched), [false, true, false]);
        fs::remove_file(&file).unwrap();
        assert_eq!(looks(&mut watched), [false; 3], "it is being replaced");
        fs::write(&file, "another").unwrap();
        assert_eq!(looks(&mut watched), [false, true, false]);
    }

    #[test]
    fn a_switched_link_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for version in ["one", "two"] {
            fs::create_dir(path(version)).unwrap();
            fs::write(path(version).join("config.yaml"), "same size").unwrap();
        }
        symlink("one", path("..data")).unwrap();
        symlink("..data/config.yaml", path("config.yaml")).unwrap();
        let mut watched = WatchedConfig::new(&[path("config.yaml")]);
        symlink("two", path("..data_tmp")).unwrap();
        fs::rename(path("..data_tmp"), path("..data")).unwrap();
        assert_eq!(looks(&mut watched), [false, true, false]);
    }
}
