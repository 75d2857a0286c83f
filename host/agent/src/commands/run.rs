//! `skidway run`: builds everything, runs until a signal, drains.

use std::io::{Write as _, stderr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use skidway_config::Warning;

use crate::cli::Run;
use crate::running::{Agent, WatchedConfig};
use crate::setup::{self, WRONG_CONFIG};

pub(crate) fn run(args: &Run) -> Result<ExitCode> {
    let watched = WatchedConfig::new(&args.files.config);
    let config = match setup::started(&args.files)? {
        Ok(config) => config,
        Err(wrong) => return Ok(wrong),
    };
    for Warning(problem) in &config.warnings {
        let at = problem.at.as_ref().map(ToString::to_string);
        tracing::warn!(at, hint = problem.hint, "config: {}", problem.message);
    }
    raise_open_files();
    match Agent::build(config, &args.files, watched, Duration::from_secs(args.drain)) {
        Ok(agent) => agent.run(),
        Err(error) if error.is::<skidway_config::Errors>() => {
            writeln!(stderr(), "{}", setup::shown(&error))?;
            Ok(ExitCode::from(WRONG_CONFIG))
        }
        Err(error) => {
            tracing::error!("cannot start: {error:#}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Each followed file is one handle: a thousand, the usual soft limit, are soon
/// used up, and the hard limit is there to be used.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!("cannot raise the limit of open files above {:?}: {error}", limit.current);
    }
}
