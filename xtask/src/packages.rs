//! Programs of the system, and the Debian packages they come in.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::exec;

/// Where a program is that this one would find.
pub(crate) fn in_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Whether this is root's process.
///
/// # Errors
/// The system does not say.
pub(crate) fn is_root() -> Result<bool> {
    Ok(exec::output_of(Command::new("id").arg("-u"))? == "0")
}

/// Installs packages with apt-get, as root or through sudo.
///
/// # Errors
/// There is no apt-get or no right to use it, or it fails.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    ensure!(in_path("apt-get").is_some(), "apt-get is not installed");
    let as_root = is_root()?;
    ensure!(as_root || in_path("sudo").is_some(), "apt-get needs root, and sudo is not installed");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(if as_root { "env" } else { "sudo" });
        if !as_root {
            command.arg("env");
        }
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]).args(arguments);
        exec::note(&format!("{}apt-get {}", if as_root { "" } else { "sudo " }, arguments.join(" ")));
        exec::run(&mut command)
    };
    apt(&["update"])?;
    // Nothing that is installed is given up for this: Debian's own `rustc` would be.
    let mut arguments = vec!["install", "--yes", "--no-remove", "--no-install-recommends"];
    arguments.extend(packages);
    apt(&arguments)
}
