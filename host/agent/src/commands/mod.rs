//! One module per command of the command line.

pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod componentize;
pub(crate) mod detect;
pub(crate) mod diff;
pub(crate) mod get;
pub(crate) mod inspect;
pub(crate) mod keygen;
pub(crate) mod measure;
pub(crate) mod new;
pub(crate) mod parse;
pub(crate) mod push;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod sign;
pub(crate) mod test;

use std::io::{Write as _, stderr};
use std::path::PathBuf;
use std::process::ExitCode;

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

/// The answer of a command whose exit code answers a question, such as whether two things are the
/// same: that it cannot answer is none of these.
pub(crate) fn answer(result: Result<ExitCode>) -> Result<ExitCode> {
    const NO_ANSWER: u8 = 2;
    match result {
        // `skidway diff … | head`: nobody waits for the answer.
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::FAILURE),
        Err(error) => {
            writeln!(stderr(), "error: {error:#}")?;
            Ok(ExitCode::from(NO_ANSWER))
        }
        answered => answered,
    }
}
