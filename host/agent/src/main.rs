//! Skidway: follows logs on EC2 hosts, parses them in sandboxed components, and
//! delivers them over OTLP.

mod atomic;
mod bare;
mod books;
mod bundled;
mod cli;
mod commands;
mod compare;
mod exporter;
mod files;
mod fuzz;
mod golden;
mod health;
mod identity;
mod keys;
mod library;
mod logging;
mod memory;
mod metrics;
mod minimise;
mod owner;
mod pipeline;
mod print;
mod running;
mod serve;
mod setup;
mod show;
mod source;
mod spool;
mod stage;
mod swap;
mod templates;
mod way;
mod zones;

use std::io::{Write as _, stderr, stdout};
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory as _, Parser as _};

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(&cli.command) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &Command) -> Result<ExitCode> {
    let done = |result: Result<()>| result.map(|()| ExitCode::SUCCESS);
    match command {
        Command::Run(args) => commands::run::run(args),
        Command::Check(args) => commands::check::run(args),
        Command::Parse(args) => done(commands::parse::run(args)),
        Command::Test(args) => commands::test::run(args),
        Command::Diff(args) => commands::diff::run(args),
        Command::Detect(args) => commands::detect::run(args),
        Command::Componentize(args) => done(commands::componentize::run(args)),
        Command::New(args) => done(commands::new::run(args)),
        Command::Inspect(args) => commands::inspect::run(args),
        Command::Keygen(args) => done(commands::keygen::run(args)),
        Command::Sign(args) => done(commands::sign::run(args)),
        Command::Get(args) => commands::get::run(args),
        Command::Push(args) => done(commands::push::run(args)),
        Command::Replay(args) => commands::replay::run(args),
        Command::Compile(args) => Ok(commands::compile::run(args)),
        Command::Measure(args) => done(commands::measure::run(args)),
        Command::Completion { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "skidway", &mut stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}
