//! What the file system says of a file besides its content.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, Uid, User};
use skidway_model::FileKey;

use crate::tailer::Tailer;

/// Facts about one file, asked of the system one by one and at every call: to be
/// kept by whoever needs them often. They change when a file is renamed, and owners
/// and permissions also without anybody being told.
#[derive(Debug)]
pub struct Facts<'a> {
    path: &'a Path,
    metadata: Metadata,
}

// === impl Facts ===

impl Facts<'_> {
    /// The path with all symbolic links followed; the path itself once the file is
    /// gone.
    pub fn resolved(&self) -> PathBuf {
        self.path.canonicalize().unwrap_or_else(|_| self.path.to_owned())
    }

    /// The name of the user who owns it; `None` where the number has no name.
    pub fn owner(&self) -> Option<String> {
        User::from_uid(Uid::from_raw(self.metadata.uid())).ok().flatten().map(|user| user.name)
    }

    /// The name of the group that owns it; `None` where the number has no name.
    pub fn group(&self) -> Option<String> {
        Group::from_gid(Gid::from_raw(self.metadata.gid())).ok().flatten().map(|group| group.name)
    }

    /// Who may read, write and execute, as three octal digits: `640`.
    pub fn permissions(&self) -> String {
        format!("{:03o}", self.metadata.mode() & 0o777)
    }
}

// === impl Tailer ===

impl Tailer {
    /// What the file system says of a file; `None` once it is closed.
    pub fn facts(&self, file: FileKey) -> Option<Facts<'_>> {
        let file = self.files.get(&file)?;
        Some(Facts { path: &file.path, metadata: file.metadata().ok()? })
    }
}
