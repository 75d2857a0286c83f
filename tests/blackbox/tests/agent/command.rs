//! Commands that end by themselves.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use skidway_test_support::agent::binary;

use crate::rig::{Rig, compiled};

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Its output, if it went well.
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self.out
    }

    /// What it complained about, if it failed and printed nothing else.
    pub(crate) fn failed(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(1), ""), "{}", self.err);
        self.err
    }
}

/// `skidway` with nothing of the test's environment.
pub(crate) fn command(arguments: &[impl AsRef<std::ffi::OsStr>]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).env_clear().env("XDG_CACHE_HOME", cache_home()).stdin(Stdio::null());
    command
}

/// Where `parse` finds the components that were compiled for other tests.
fn cache_home() -> std::path::PathBuf {
    let home = compiled().with_file_name("cache-home");
    std::fs::create_dir_all(&home).unwrap();
    home
}

/// Runs `skidway` to its end.
pub(crate) fn skidway(arguments: &[impl AsRef<std::ffi::OsStr>]) -> Ended {
    run(command(arguments))
}

/// The same with a file as standard input.
pub(crate) fn skidway_reading(path: &Path, arguments: &[&str]) -> Ended {
    let mut command = command(arguments);
    command.stdin(File::open(path).unwrap());
    run(command)
}

/// `skidway check` on a rig's config and environment.
pub(crate) fn check(rig: &Rig) -> Ended {
    let mut command = command(&rig.command_line("check"));
    command.envs(rig.environment().iter().cloned());
    run(command)
}

/// `skidway replay` on a rig's config, environment and dead-letter file.
pub(crate) fn replay(rig: &Rig, arguments: &[&str]) -> Ended {
    let mut command = command(&rig.command_line("replay"));
    command.args(arguments).arg(rig.dead_letter_file()).envs(rig.environment().iter().cloned());
    run(command)
}

/// Runs a command to its end.
pub(crate) fn run(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}
