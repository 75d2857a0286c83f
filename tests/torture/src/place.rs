//! The folders of a run, and the small disk that its state folder lies on.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// Enough for what the agent keeps, two spools at their limit included, and filled within a moment.
const STATE_DISK: &str = "size=64m,mode=0700";

#[derive(Debug)]
pub(crate) struct Place {
    root: PathBuf,
    /// The state folder is a disk of its own.
    pub(crate) mounted: bool,
}

// === impl Place ===

impl Place {
    /// Folders of a run, in the place of an earlier one with the same name. With `may_mount` the state folder gets
    /// a disk of its own where that is possible; the mount belongs to this process's namespace and ends with it.
    pub(crate) fn create(root: PathBuf, may_mount: bool) -> Result<Self> {
        match fs::remove_dir_all(&root) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", root.display()));
            }
            _ => {}
        }
        let mut place = Self { root, mounted: false };
        for folder in [place.logs(true), place.logs(false), place.agents(), place.scratch(), place.state()] {
            DirBuilder::new().recursive(true).mode(0o755).create(&folder)?;
            // Logrotate leaves folders alone that others may write to, whatever the umask.
            fs::set_permissions(&folder, Permissions::from_mode(0o755))?;
        }
        place.mounted = may_mount && mount(&place.state());
        Ok(place)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Log files: those whose rotated names match the agent's globs, and those whose do not.
    pub(crate) fn logs(&self, rotated_match: bool) -> PathBuf {
        self.root.join(if rotated_match { "logs/all" } else { "logs/live" })
    }

    /// What each of the agents said.
    pub(crate) fn agents(&self) -> PathBuf {
        self.root.join("agents")
    }

    /// Files of the tools.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.root.join("scratch")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    /// Takes all that is left of the state's disk. Writes until nothing goes in; to be called again and again, because
    /// the agent gives room back when it tries again.
    pub(crate) fn fill_disk(&self) -> io::Result<()> {
        let mut filler = OpenOptions::new().create(true).append(true).open(self.filler())?;
        let block = vec![0; 1 << 16];
        for size in [block.len(), 4096, 1] {
            loop {
                match filler.write(&block[..size]) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    pub(crate) fn free_disk(&self) -> io::Result<()> {
        fs::remove_file(self.filler())
    }

    fn filler(&self) -> PathBuf {
        self.state().join("filler")
    }

    /// Copies the state out of its disk, which ends with this process.
    pub(crate) fn keep_state(&self) {
        if self.mounted {
            let copy = self.root.join("state-at-the-end");
            let _ = Command::new("cp").arg("-a").arg(self.state()).arg(copy).status();
        }
    }

    /// Removes everything.
    pub(crate) fn remove(self) -> io::Result<()> {
        if self.mounted {
            let _ = Command::new("umount").arg(self.state()).status();
        }
        fs::remove_dir_all(&self.root)
    }
}

fn mount(folder: &Path) -> bool {
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "-o", STATE_DISK, "skidway-torture"]).arg(folder);
    command.output().is_ok_and(|output| output.status.success())
}
