//! Which faults there are, and which of them this machine can have.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::ValueEnum;

/// What can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Fault {
    /// The backend answers 400 and partial success.
    Reject,
    /// Real logrotate, beside rotation of our own.
    Logrotate,
    /// The disk of the state folder is full at times.
    DiskFull,
    /// The clock is another one after some restarts.
    Clock,
}

/// What goes wrong in this run.
#[derive(Debug)]
pub(crate) struct Faults {
    pub(crate) reject: bool,
    pub(crate) logrotate: bool,
    pub(crate) disk_full: bool,
    /// The library that moves the clock.
    pub(crate) clock: Option<PathBuf>,
    /// What is left out, and why.
    pub(crate) missing: Vec<Missing>,
}

/// A fault that this run does without.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) fault: Fault,
    pub(crate) reason: &'static str,
    pub(crate) wanted: bool,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.fault.to_possible_value();
        write!(f, "without {}: {}", name.as_ref().map_or("?", |name| name.get_name()), self.reason)
    }
}

impl Faults {
    /// All but what is left out, and what this machine does not have. `mounted` says whether the state folder has a
    /// small disk of its own.
    pub(crate) fn new(without: &[Fault], mounted: bool) -> Self {
        let mut missing = Vec::new();
        let mut has = |fault: Fault, is_there: bool, reason: &'static str| {
            let wanted = !without.contains(&fault);
            if !(wanted && is_there) {
                let reason = if wanted { reason } else { "as asked" };
                missing.push(Missing { fault, reason, wanted });
            }
            wanted && is_there
        };
        let library = clock_library();
        Self {
            reject: has(Fault::Reject, true, ""),
            logrotate: has(Fault::Logrotate, runs("logrotate"), "install the package logrotate"),
            disk_full: has(Fault::DiskFull, mounted, "no tmpfs can be mounted here"),
            clock: has(Fault::Clock, library.is_some(), "install the package faketime")
                .then_some(library)
                .flatten(),
            missing,
        }
    }
}

fn runs(program: &str) -> bool {
    let status = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Where Debian puts it, in the folder of the machine's architecture.
fn clock_library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    let folders = folders.chain([Path::new("/usr/lib").to_owned()]);
    // The agent has several threads.
    folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|path| path.is_file())
}
