//! Stands the real agent between an EC2 metadata service and an OTLP receiver, both of our own, and shows
//! (`demo`) or measures (`bench`, `files`, `outage`, `hostile`) what it does.
#![allow(clippy::print_stdout, reason = "tables on standard output are what this program is for")]

mod bench;
mod books;
mod demo;
mod files;
mod generate;
mod hostile;
mod lines;
mod outage;
mod process;
mod report;
mod swapping;
mod tables;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "skidway-workbench", version, about = "Shows and measures the real agent")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Delivers the sample log and prints what arrived.
    Demo(demo::Options),
    /// Measures the agent on generated lines.
    Bench(bench::Options),
    /// Measures the agent on many files, a large backlog and a deep tree.
    Files(files::Options),
    /// Measures the agent on a backend that is away for a while.
    Outage(outage::Options),
    /// Runs the agent with all hostile components at once.
    Hostile(hostile::Options),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(options) => demo::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Files(options) => files::run(&options),
        Command::Outage(options) => outage::run(&options),
        Command::Hostile(options) => hostile::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
