//! `skidway check`: validates a config and prints what it means.

use std::io::{Write as _, stderr, stdout};
use std::process::ExitCode;

use anyhow::Result;

use crate::cli::Check;
use crate::library::Library;
use crate::{logging, setup};

pub(crate) fn run(args: &Check) -> Result<ExitCode> {
    logging::start_for_command();
    let config = match setup::config(&args.files) {
        Ok(config) => config,
        Err(errors) => {
            writeln!(stderr(), "{errors}")?;
            return Ok(ExitCode::FAILURE);
        }
    };
    if let Err(error) =
        Library::of_config(None, &config).and_then(|library| setup::try_components(&library, &config))
    {
        writeln!(stderr(), "{}", setup::shown(&error))?;
        return Ok(ExitCode::FAILURE);
    }
    for warning in &config.warnings {
        writeln!(stderr(), "{warning}")?;
    }
    stdout().write_all(config.to_yaml().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
