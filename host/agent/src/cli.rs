//! The command line.

mod authoring;
mod testing;
mod trust;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use authoring::{Componentize, Language, New, NewParser, NewProject, World};
pub(crate) use testing::{Accept, Colour, Detect, Diff, Test};
pub(crate) use trust::{Access, Get, Keygen, Push, Sign};

/// Follows system logs on EC2 hosts and delivers them to any OTLP backend.
///
/// Lines are parsed and enriched in sandboxed WebAssembly components. Reads
/// OpenTelemetry Collector configs.
#[derive(Debug, Parser)]
#[command(name = "skidway", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Follow files and deliver their lines, until SIGTERM or Ctrl-C. On SIGUSR1 say how the books stand;
    /// on SIGHUP, or when its file changes, read the config again.
    Run(Run),
    /// Parse a file, or what comes on standard input, and print the records.
    Parse(Parse),
    /// Compare what a parser makes of logs with what is expected of it.
    Test(Test),
    /// Show how the records of two parsers differ.
    Diff(Diff),
    /// Say which parser `auto` gives a file to, and why.
    Detect(Detect),
    /// Say what a component is, without running it.
    Inspect(Inspect),
    /// Make a component of what a compiler built for wasm32-unknown-unknown.
    Componentize(Componentize),
    /// Write a project for a parser of your own, which builds and tests as it is.
    New(New),
    /// Make a key to sign components with.
    Keygen(Keygen),
    /// Sign components.
    Sign(Sign),
    /// Fetch components from a registry.
    Get(Get),
    /// Put a component into a registry.
    Push(Push),
    /// Check a config and print what it means, with all defaults.
    Check(Check),
    /// Send records again that a backend has refused, from a dead-letter file.
    Replay(Replay),
    /// Compile a component for another process of this program: from standard input to standard output.
    #[command(hide = true)]
    Compile(Compile),
    /// Measure how soon the bundled components are ready, for `cargo xtask bench`.
    #[command(hide = true)]
    Measure(Measure),
    /// Print a completion script, for example `skidway completion bash`.
    Completion {
        /// Which shell.
        shell: Shell,
    },
}

/// Where the config comes from.
#[derive(Debug, Args)]
pub(crate) struct ConfigFiles {
    /// The config; given several times, later files are merged over earlier ones.
    #[arg(long = "config", short, value_name = "FILE", required = true)]
    pub(crate) config: Vec<PathBuf>,
    /// Where to keep positions in files and compiled components.
    /// [default: the config's file_storage, then $STATE_DIRECTORY, then /var/lib/skidway]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) state_dir: Option<PathBuf>,
}

/// What `run` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 stopped as asked, 1 it could not start or failed while running, 2 wrong usage or config.\n\
Logs go to standard error: text on a terminal, JSON otherwise."
)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) files: ConfigFiles,
    /// How long to go on delivering after SIGTERM, in seconds. What is not
    /// delivered by then is read again at the next start.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) drain: u64,
}

/// What `replay` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "What the backend takes is removed from the file; what it refuses again stays in it. An agent may \
write to the file meanwhile.\n\n\
Example:\n  \
skidway replay --config /etc/skidway/config.yaml /var/lib/skidway/dead-letter/otlphttp.jsonl\n\n\
Exit codes: 0 all were taken, 1 some were not, 2 wrong usage or config."
)]
pub(crate) struct Replay {
    #[command(flatten)]
    pub(crate) files: ConfigFiles,
    /// The exporter to send them through.
    /// [default: for each record the one that it was refused by]
    #[arg(long, value_name = "ID")]
    pub(crate) exporter: Option<String>,
    /// Leave the file as it is.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Dead-letter files: JSON lines, as the agent writes them.
    #[arg(value_name = "DEADLETTER", required = true)]
    pub(crate) dead_letters: Vec<PathBuf>,
}

/// What `check` takes.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 the config can be run, 1 it cannot.")]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) files: ConfigFiles,
}

/// How `parse` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// One JSON object a record.
    Jsonl,
    /// A table for people.
    Table,
}

/// What `parse` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
skidway parse /var/log/syslog\n  \
skidway parse --parser ./my-parser.wasm --output table app.log\n  \
journalctl -o short-iso | skidway parse -")]
pub(crate) struct Parse {
    /// auto, ubuntu, amazon-linux, or the path of a component.
    #[arg(long, value_name = "PARSER", default_value = "auto")]
    pub(crate) parser: String,
    /// What changes records after the parser: severity, or the path of a
    /// component; `none` for nothing. May be given several times.
    #[arg(long, value_name = "COMPONENT", default_value = "severity")]
    pub(crate) enrich: Vec<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Output::Jsonl)]
    pub(crate) output: Output,
    /// The zone of time stamps that name none, such as Europe/Berlin.
    /// [default: the system's]
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
    /// Parse the file this many times without printing and say what a line costs.
    #[arg(long, value_name = "TIMES", hide = true)]
    pub(crate) bench: Option<u32>,
    /// A file; `-` for standard input.
    pub(crate) file: PathBuf,
}

/// What `measure` takes.
#[derive(Debug, Args)]
pub(crate) struct Measure {
    /// Where compiled components are kept.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) cache: PathBuf,
}

/// What `compile` takes.
#[derive(Debug, Args)]
pub(crate) struct Compile {
    /// Bytes of memory for it.
    pub(crate) memory: u64,
    /// Processor time for it.
    pub(crate) seconds: u64,
}

/// What `inspect` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0, or 1 where it is no component or a key was given and its signature is not good."
)]
pub(crate) struct Inspect {
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Check its signature with this key: the key, or its .pub file.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
    /// Check its signature with the keys of a config.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Vec<PathBuf>,
    /// A component.
    pub(crate) file: PathBuf,
}
