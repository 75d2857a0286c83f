//! One walk over the file system: which files match, which directories to watch
//! for changes, and what stood in the way.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use walkdir::WalkDir;

use crate::followed::born;
use crate::globs::{Globs, Pattern, Wild};

/// A file system's number and a file's number in it.
pub(crate) type Node = (u64, u64);

/// What one walk saw.
#[derive(Default)]
pub(crate) struct Scan {
    /// Regular files that match, each once, by node.
    pub(crate) files: BTreeMap<Node, Match>,
    /// Directories whose changes matter. The node tells a directory that was made
    /// again from the one that is watched.
    pub(crate) directories: HashMap<PathBuf, Node>,
    /// What matched or was to be entered, and could not be.
    pub(crate) problems: HashMap<PathBuf, Problem>,
}

/// A file under all the names it was found by.
pub(crate) struct Match {
    /// Real names before symbolic links.
    pub(crate) paths: Vec<(bool, PathBuf)>,
    /// Where a symbolic link leads, when that is not one of the paths.
    pub(crate) target: Option<PathBuf>,
    pub(crate) length: u64,
    /// When it was made, 0 where the file system does not tell.
    pub(crate) born_unix_nano: u64,
    /// When it was last written to, as far as the file system tells.
    pub(crate) modified: Option<SystemTime>,
}

/// Why a path is not followed.
#[derive(Debug)]
pub(crate) enum Problem {
    Unreadable(io::Error),
    NotAFile(&'static str),
}

// === impl Scan ===

impl Scan {
    pub(crate) fn new(globs: &Globs) -> Self {
        let mut scan = Self::default();
        for pattern in &globs.include {
            match pattern {
                Pattern::Literal(path) => scan.literal(path, globs),
                Pattern::Wild(wild) => scan.walk(wild, globs),
            }
        }
        for found in scan.files.values_mut() {
            found.paths.sort();
            found.paths.dedup();
        }
        scan
    }

    fn literal(&mut self, path: &Path, globs: &Globs) {
        self.watch_nearest(path.parent().unwrap_or(path));
        if globs.excludes(path) {
            return;
        }
        match path.metadata() {
            Ok(metadata) => {
                let linked = path.is_symlink();
                self.matched(path, linked, &metadata, true);
            }
            Err(error) => self.problem(path, error),
        }
    }

    fn walk(&mut self, wild: &Wild, globs: &Globs) {
        if !wild.root.is_dir() {
            self.watch_nearest(&wild.root);
            return;
        }
        // A directory is entered through a link only once, so that links in a
        // circle, or many that cross, cannot make the walk endless.
        let mut through_links = HashSet::new();
        let mut walk = WalkDir::new(&wild.root).follow_links(true);
        if let Some(depth) = wild.depth {
            walk = walk.max_depth(depth);
        }
        let mut walk = walk.into_iter();
        while let Some(entry) = walk.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.walk_problem(error, wild);
                    continue;
                }
            };
            let path = entry.path();
            let is_directory = entry.file_type().is_dir();
            let matches = wild.matches(path) && !globs.excludes(path);
            if !matches && !is_directory {
                continue;
            }
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                Err(error) => {
                    self.walk_problem(error, wild);
                    continue;
                }
            };
            if matches {
                self.matched(path, entry.path_is_symlink(), &metadata, !wild.takes_all);
            }
            if is_directory {
                let node = (metadata.dev(), metadata.ino());
                let again = entry.path_is_symlink() && !through_links.insert(node);
                if again || globs.closes(path) || !wild.enters(path) {
                    walk.skip_current_dir();
                } else {
                    self.directories.insert(path.to_owned(), node);
                }
            }
        }
    }

    fn matched(&mut self, path: &Path, linked: bool, metadata: &std::fs::Metadata, meant: bool) {
        let kind = metadata.file_type();
        if !kind.is_file() {
            let what = match () {
                () if kind.is_dir() && !meant => return,
                () if kind.is_dir() => "a directory",
                () if kind.is_fifo() => "a named pipe",
                () if kind.is_socket() => "a socket",
                () => "a device",
            };
            self.problems.insert(path.to_owned(), Problem::NotAFile(what));
            return;
        }
        let found = self.files.entry((metadata.dev(), metadata.ino())).or_insert_with(|| Match {
            paths: Vec::new(),
            target: None,
            length: metadata.len(),
            born_unix_nano: born(metadata),
            modified: metadata.modified().ok(),
        });
        found.paths.push((linked, path.to_owned()));
        // Changes are told to those who watch the directory where the file really is.
        if linked && let Ok(target) = path.canonicalize() {
            if let Some(folder) = target.parent() {
                self.watch_nearest(folder);
            }
            self.files
                .entry((metadata.dev(), metadata.ino()))
                .and_modify(|found| found.target = Some(target));
        }
    }

    /// Watches the directory, or while it does not exist the one where its
    /// nearest ancestor would appear.
    fn watch_nearest(&mut self, directory: &Path) {
        for folder in directory.ancestors() {
            if let Ok(metadata) = folder.metadata()
                && metadata.is_dir()
            {
                self.directories.insert(folder.to_owned(), (metadata.dev(), metadata.ino()));
                return;
            }
        }
    }

    fn walk_problem(&mut self, error: walkdir::Error, wild: &Wild) {
        if error.loop_ancestor().is_some() {
            return;
        }
        let path = error.path().unwrap_or(&wild.root).to_owned();
        if let Some(source) = error.into_io_error() {
            self.problem(&path, source);
        }
    }

    /// Notes what stands in the way; a path that is not there (any more) does not.
    pub(crate) fn problem(&mut self, path: &Path, error: io::Error) {
        if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) {
            self.problems.insert(path.to_owned(), Problem::Unreadable(error));
        }
    }
}

// === impl Match ===

impl Match {
    /// All names that lead to it.
    pub(crate) fn names(&self) -> impl Iterator<Item = PathBuf> {
        self.paths.iter().map(|(_, path)| path).chain(&self.target).cloned()
    }
}

// === impl Problem ===

impl Problem {
    /// Whether this is the same state, so that it need not be said again.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unreadable(a), Self::Unreadable(b)) => a.kind() == b.kind(),
            (Self::NotAFile(a), Self::NotAFile(b)) => a == b,
            _ => false,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "{error}"),
            Self::NotAFile(what) => write!(f, "it is {what}, not a regular file"),
        }
    }
}
