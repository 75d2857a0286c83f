//! `skidway compile`: the compiler as a process of its own; see `skidway_plugin::Program`.

use std::io::{Write as _, stderr, stdin, stdout};
use std::process::ExitCode;

use crate::cli::Compile;

pub(crate) fn run(args: &Compile) -> ExitCode {
    let (mut input, mut output) = (stdin().lock(), stdout().lock());
    match skidway_plugin::compile(args.memory, args.seconds, &mut input, &mut output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The other process says where it belongs.
            let _ = writeln!(stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
