//! Everything goes wrong at once: files are rotated while they are written, the backend answers as it likes, the agent
//! is killed, its disk is full, its clock is another one. At the end every line arrived.
//!
//! What is decided is drawn from a seed: the same seed writes the same lines, and rotates, kills and answers by the
//! same draws. What comes of it depends on time, too.
#![allow(clippy::print_stdout, reason = "the totals on standard output are what this program is for")]

mod arrivals;
mod backend;
mod books;
mod dead_letters;
mod faults;
mod journal;
mod keeper;
mod lines;
mod log_file;
mod place;
mod readings;
mod report;
mod rotation;
mod run;
mod splits;
mod stop;
mod verdict;

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;

use crate::faults::Fault;
use crate::place::Place;
use crate::run::Plan;

#[derive(Debug, Parser)]
#[command(name = "skidway-torture", version, about = "Torments the real agent and counts what arrives")]
struct Cli {
    /// For how long lines are written and things go wrong.
    #[arg(long, default_value_t = 3.0)]
    minutes: f32,
    /// Repeats the decisions of an earlier run. Without: another one each time.
    #[arg(long)]
    seed: Option<u64>,
    /// Log files.
    #[arg(long, default_value_t = 30)]
    files: u16,
    /// Lines a second, in all files together.
    #[arg(long, default_value_t = 3000, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Batches go to the disk while the backend is away (`sending_queue.storage`).
    #[arg(long)]
    storage: bool,
    /// Leaves faults out.
    #[arg(long, value_enum, value_delimiter = ',')]
    without: Vec<Fault>,
    /// Fails where a fault that was not left out cannot be had. The same as CI in the environment.
    #[arg(long)]
    all: bool,
    /// Keeps files and logs also if all is well.
    #[arg(long)]
    keep: bool,
    /// Set where mounts of this process are its own.
    #[arg(long, hide = true)]
    unshared: bool,
}

fn main() -> ExitCode {
    match torture(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well.
fn torture(cli: &Cli) -> Result<bool> {
    let seed = cli.seed.unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    if !cli.unshared {
        unshare(cli.seed.is_none().then_some(seed));
    }
    let time = Duration::try_from_secs_f32(cli.minutes * 60.0).context("--minutes")?;
    let plan = Plan { seed, time, files: cli.files, rate: cli.rate, storage: cli.storage };
    let place = Place::create(run::root(&target()?, seed), cli.unshared)?;
    eprintln!("seed {seed}: {:.1} minutes, {} files, in {}", cli.minutes, cli.files, place.root().display());
    let result = run::run(&plan, &cli.without, &place);
    let report = result.inspect_err(|_| place.keep_state()).with_context(|| repeat(cli, seed))?;
    print!("{report}");
    if cli.all || std::env::var_os("CI").is_some() {
        // Whether something can be mounted is not for packages to change.
        let missing =
            report.missing.iter().find(|missing| missing.wanted && missing.fault != Fault::DiskFull);
        ensure!(
            missing.is_none(),
            "this machine has to have it all, but runs {}",
            missing.map_or(String::new(), ToString::to_string)
        );
    }
    let failures = report.failures();
    for failure in &failures {
        eprintln!("FAILED: {failure}");
    }
    if failures.is_empty() && !cli.keep {
        place.remove()?;
    } else {
        place.keep_state();
        eprintln!("files, state and the agents' logs are in {}", place.root().display());
        eprintln!("{}", repeat(cli, seed));
    }
    Ok(failures.is_empty())
}

/// Becomes this program with mounts of its own, which end with it. Where that is not allowed, nothing happens.
fn unshare(drawn: Option<u64>) {
    let allowed = || {
        let mut command = Command::new("unshare");
        command.args(["--mount", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !rustix::process::geteuid().is_root() || !allowed() {
        return;
    }
    let Ok(own) = std::env::current_exe() else { return };
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]).arg(own).args(std::env::args_os().skip(1));
    if let Some(seed) = drawn {
        command.arg("--seed").arg(seed.to_string());
    }
    let error = command.arg("--unshared").exec();
    eprintln!("cannot have mounts of its own: {error}");
}

/// The folder that cargo builds into, in which this program lies.
fn target() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own
        .parent()
        .and_then(|profile| profile.parent())
        .context("this program lies in no target folder")?
        .to_owned())
}

fn repeat(cli: &Cli, seed: u64) -> String {
    format!(
        "the same again: cargo xtask torture --seed {seed} --minutes {} --files {} --rate {}{}",
        cli.minutes,
        cli.files,
        cli.rate,
        if cli.storage { " --storage" } else { "" }
    )
}
