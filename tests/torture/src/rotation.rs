//! The ways in which files are rotated.
//!
//! Rotated files are kept to the end: what was deleted before somebody could read it is nobody's fault.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;

use crate::log_file::Quiet;

/// How a file is rotated. Each file has one way, as it has in a configuration of logrotate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// `log` to `log.1`, `log.1` to `log.2`; the writer goes on with the old one for a while.
    Rename,
    /// Copied to `log.1` and emptied.
    CopyTruncate,
    /// Renamed, then compressed at once.
    RenameGzip,
    /// By logrotate itself.
    Logrotate(Logrotate),
}

/// What of logrotate's directives is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Logrotate {
    copytruncate: bool,
    dateext: bool,
    compress: Compress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Compress {
    No,
    Now,
    Delayed,
}

// === impl Way ===

impl Way {
    /// One of them for each file, so that a few files have all.
    pub(crate) fn of(index: usize, with_logrotate: bool, rng: &mut Rng) -> Self {
        const COMPRESS: [Compress; 3] = [Compress::No, Compress::Now, Compress::Delayed];
        match index % if with_logrotate { 5 } else { 3 } {
            0 => Self::Rename,
            1 => Self::CopyTruncate,
            2 => Self::RenameGzip,
            _ => Self::Logrotate(Logrotate {
                copytruncate: rng.bool(),
                dateext: rng.bool(),
                compress: COMPRESS[rng.usize(..COMPRESS.len())],
            }),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rename => "rename",
            Self::CopyTruncate => "copytruncate",
            Self::RenameGzip => "rename and gzip",
            Self::Logrotate(Logrotate { copytruncate: true, .. }) => "logrotate, copytruncate",
            Self::Logrotate(Logrotate { compress: Compress::No, .. }) => "logrotate",
            Self::Logrotate(_) => "logrotate, compress",
        }
    }

    /// Rotates a file that nobody writes to. `scratch` is a folder for logrotate's own files.
    pub(crate) fn rotate(
        self,
        path: &Path,
        file: &mut Quiet<'_>,
        scratch: &Path,
        rng: &mut Rng,
    ) -> Result<()> {
        let late = if rng.bool() { rng.u32(1..4) } else { 0 };
        match self {
            Self::Rename => {
                make_room(path)?;
                fs::rename(path, numbered(path, 1))?;
                file.was_moved(late)?;
            }
            Self::CopyTruncate => {
                make_room(path)?;
                run(Command::new("cp").arg("--preserve=mode").arg(path).arg(numbered(path, 1)))?;
                file.truncate()?;
            }
            Self::RenameGzip => {
                make_room(path)?;
                fs::rename(path, numbered(path, 1))?;
                // What is written to a file that gzip reads would be gone.
                file.was_moved(0)?;
                run(Command::new("gzip").arg(numbered(path, 1)))?;
            }
            Self::Logrotate(with) => {
                with.run(path, scratch)?;
                file.was_rotated(if with.compress == Compress::Now { 0 } else { late })?;
            }
        }
        Ok(())
    }
}

// === impl Logrotate ===

impl Logrotate {
    fn run(self, path: &Path, scratch: &Path) -> Result<()> {
        let name = path.file_name().context("a log file has a name")?.to_string_lossy();
        let config = scratch.join(format!("{name}.conf"));
        if !config.exists() {
            fs::write(&config, self.config(path))?;
        }
        let state = scratch.join(format!("{name}.state"));
        run(Command::new("logrotate").arg("--force").arg("--state").arg(state).arg(config))
    }

    fn config(self, path: &Path) -> String {
        let mut directives = vec!["rotate 10000", "notifempty"];
        directives.push(if self.copytruncate { "copytruncate" } else { "create 0644" });
        if self.dateext {
            // To the second, because a run here rotates more often than daily.
            directives.extend(["dateext", "dateformat -%Y%m%d-%s"]);
        }
        match self.compress {
            Compress::No => {}
            Compress::Now => directives.push("compress"),
            Compress::Delayed => directives.extend(["compress", "delaycompress"]),
        }
        format!("\"{}\" {{\n    {}\n}}\n", path.display(), directives.join("\n    "))
    }
}

/// Moves `log.1` and all behind it one further.
fn make_room(path: &Path) -> Result<()> {
    let names = |n| [numbered(path, n), with(numbered(path, n), ".gz")];
    let last = (1..).take_while(|&n| names(n).iter().any(|name| name.exists())).last().unwrap_or(0);
    for n in (1..=last).rev() {
        for (from, to) in names(n).iter().zip(names(n + 1)) {
            if from.exists() {
                fs::rename(from, to)?;
            }
        }
    }
    Ok(())
}

fn numbered(path: &Path, n: u32) -> PathBuf {
    with(path.to_owned(), &format!(".{n}"))
}

fn with(path: PathBuf, end: &str) -> PathBuf {
    let mut path = OsString::from(path);
    path.push(end);
    path.into()
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
