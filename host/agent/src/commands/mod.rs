//! One module per command of the command line.

pub(crate) mod check;
pub(crate) mod inspect;
pub(crate) mod parse;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod test;

use std::path::PathBuf;

use anyhow::Result;
use skidway_config::Components;

use crate::library::Library;

/// Where commands that end by themselves find components. Compiled ones are kept between
/// calls where the user has a cache folder.
pub(crate) fn library() -> Result<Library> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    let cache = base.map(|base| base.join("skidway").join("compiled"));
    Library::new(cache.as_deref(), Components::DIRECTORY.as_ref())
}

/// Nobody reads on.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
