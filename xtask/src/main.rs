//! `cargo xtask`: builds the components, then the agent around them, and shows, tests or measures the whole.
//!
//! Order matters and is kept here: the agent embeds the components, so they are built first, by whichever
//! tool chain this machine can have (see `toolchain`).

#[path = "../../processors/bundled.rs"]
mod bundled;
mod components;
mod examples;
mod exec;
mod packages;
mod tasks;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
Builds, shows, tests and measures Skidway.

Usage: cargo xtask COMMAND [ARGUMENTS]

Commands:
  setup                 Makes sure that guests can be built for wasm32-unknown-unknown
  components            Builds every component into target/components, checks it and prints its size
  examples [LANG…]      Builds, tests and measures a parser in every language, by the commands of the
                        projects' READMEs, and prints a table
  test [ARGS…]          Builds the components, then runs all tests, and the examples; with ARGS, which
                        go to `cargo test`, only those tests
  demo [--keep]         Delivers the sample log through the real agent and prints what arrived;
                        with --keep it goes on tailing until Ctrl-C
  bench [ARGS…]         Measures the release agent on generated lines and prints a table:
                        --lines N, --runs N, --compression none,gzip,zstd, --markdown
  files [ARGS…]         Measures the release agent on many idle files, a backlog and a deep tree, and
                        fails where a bound is broken: --idle N, --backlog GB, --deep DIRS, --seconds N
  outage [ARGS…]        Measures how the release agent gets over a backend that is away while files are
                        rotated: --lines N, --seconds N
  hostile [ARGS…]       Runs the release agent with all hostile components at once, and fails where a line
                        is lost, a bound broken or nothing said: --seconds N (60), --rate LINES_A_SECOND
  torture [ARGS…]       Kills the agent again and again while its files are rotated, its backend
                        fails, its disk is full and its clock jumps, and counts what arrives:
                        --minutes N (3), --seed S, --files N, --rate LINES_A_SECOND, --storage,
                        --without reject,logrotate,disk-full,clock, --keep, --release
  help                  Prints this

Environment:
  SKIDWAY_WASM_ROUTE    Where the wasm tool chain comes from. `rustup`: `rustup target add`.
                        `debian`: the packages rustc-web and rust-web-src, with which the standard
                        library is built from source. Unset: what is installed, else rustup, else debian.
  SKIDWAY_COMPONENTS    Folder with ready-made components for the agent to embed (for packagers)
  SKIDWAY_CORPORA       Folder with real log lines for the tests that read some; default:
                        ../shared/corpora where it exists
  NO_COLOR              No colours";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            exec::failure(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let Some((command, rest)) = arguments.split_first() else {
        eprintln!("{HELP}");
        bail!("a command is missing");
    };
    match command.as_str() {
        "help" | "--help" | "-h" => show_help(),
        // `cargo test` has help of its own.
        "test" => tasks::test(rest),
        "setup" | "components" | "examples" | "demo" | "bench" | "files" | "outage" | "hostile"
        | "torture"
            if asks_for_help(rest) =>
        {
            show_help()
        }
        "setup" => no_arguments(command, rest).and_then(|()| tasks::setup()),
        "components" => no_arguments(command, rest).and_then(|()| tasks::components()),
        "examples" => tasks::examples(rest),
        "demo" | "bench" | "files" | "outage" | "hostile" => tasks::workbench(command, rest),
        "torture" => tasks::torture(rest),
        unknown => {
            eprintln!("{HELP}");
            bail!("there is no command `{unknown}`")
        }
    }
}

fn asks_for_help(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument == "--help" || argument == "-h")
}

#[expect(clippy::print_stdout, reason = "help that was asked for is this program's output")]
fn show_help() -> Result<()> {
    println!("{HELP}");
    Ok(())
}

fn no_arguments(command: &str, rest: &[String]) -> Result<()> {
    match rest.first() {
        None => Ok(()),
        Some(argument) => bail!("`{command}` takes no argument, but `{argument}` was given"),
    }
}
