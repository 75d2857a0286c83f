//! What those who write parsers need.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What `componentize` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
skidway componentize target/wasm32-unknown-unknown/release/levels.wasm\n  \
skidway componentize levels.core.wasm -o /etc/skidway/processors/levels.wasm\n\n\
The component imports nothing but Skidway's own interface. `skidway new` shows how to build the module.")]
pub(crate) struct Componentize {
    /// Where to put the component; it is replaced in one go.
    /// [default: the module's name in the folder at hand]
    #[arg(short, long, value_name = "FILE.wasm")]
    pub(crate) output: Option<PathBuf>,
    /// What the module implements.
    /// [default: by what it exports]
    #[arg(long, value_enum)]
    pub(crate) world: Option<World>,
    /// A core module.
    #[arg(value_name = "MODULE.wasm")]
    pub(crate) module: PathBuf,
}

/// The worlds of `wit/v0.1.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum World {
    /// Lines in, records out.
    #[value(name = "parser-component")]
    Parser,
    /// Records in, changes out.
    #[value(name = "enricher-component")]
    Enricher,
    /// Facts about the host in, resource attributes out.
    #[value(name = "describer-component")]
    Describer,
}

/// What `new` takes.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct New {
    #[command(subcommand)]
    pub(crate) what: NewProject,
}

/// The projects that `new` writes.
#[derive(Debug, Subcommand)]
pub(crate) enum NewProject {
    /// Lines in, records out.
    Parser(NewParser),
}

/// What `new parser` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
skidway new parser levels\n  \
skidway new parser audit --lang c --dir ~/parsers/audit\n\n\
The project's README.md has the commands to build it, to test it and to run it. Nothing is overwritten.")]
pub(crate) struct NewParser {
    /// The language. Parsers in Rust and C are small and cost some hundred nanoseconds a line;
    /// those in JavaScript and Python have 12 and 18 MB and cost ten to thirty microseconds.
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    pub(crate) lang: Language,
    /// The project's folder, which must be empty or not be there yet.
    /// [default: NAME in the folder at hand]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) dir: Option<PathBuf>,
    /// Rust: a checkout of Skidway to take the SDK from.
    /// [default: its repository]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) sdk: Option<PathBuf>,
    /// What to call it: lower-case letters, digits and single hyphens.
    pub(crate) name: String,
}

/// Languages that there is a template for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// With skidway-sdk, built by cargo.
    Rust,
    /// With skidway.h, built by clang without a C library.
    C,
    /// With skidway.js, built by Node.js and componentize-js.
    Javascript,
    /// With skidway.py, built by Python and componentize-py.
    Python,
}
