//! Programs of the system that some tests need.

use std::env;
use std::path::{Path, PathBuf};

/// Where a program is.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = env::split_paths(&path).collect();
    folders.extend(["/usr/bin", "/usr/sbin"].map(|folder| Path::new(folder).to_owned()));
    folders.into_iter().map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Whether a program is there. `cargo xtask test` installs it where it may; in CI it has to be there.
pub(crate) fn is_there(program: &str) -> bool {
    let found = find(program).is_some();
    assert!(found || env::var_os("CI").is_none(), "{program} has to be installed here");
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}
