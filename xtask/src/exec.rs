//! Running other programs, and saying on standard error what is being done and how long it took.

use std::env;
use std::ffi::OsStr;
use std::io::{IsTerminal, stderr};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// A command of the cargo that started us.
///
/// What `cargo run` put into the environment about this crate is taken out again: build scripts that watch
/// those variables would otherwise run anew with every change between `cargo` and `cargo xtask`.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let about_us = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_")
                || name.starts_with("CARGO_MANIFEST_")
                || matches!(name, "CARGO_PRIMARY_PACKAGE" | "CARGO_BIN_NAME" | "CARGO_CRATE_NAME" | "OUT_DIR")
        });
        if about_us {
            command.env_remove(name);
        }
    }
    command
}

/// Runs the command with our own streams.
///
/// # Errors
/// It cannot be started, or ends with another status than 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs the command and hands back what it wrote to standard output, without white space around it.
///
/// # Errors
/// As [`run`], or the output is not UTF-8.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !output.status.success() {
        bail!("`{}` ended with {}", shown(command), output.status);
    }
    let text = String::from_utf8(output.stdout).with_context(|| format!("output of `{}`", shown(command)))?;
    Ok(text.trim().to_owned())
}

/// The command as one would type it, without the variables set for it.
fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or(command.get_program())];
    words.extend(command.get_args());
    words.iter().map(|word| OsStr::to_string_lossy(word)).collect::<Vec<_>>().join(" ")
}

/// Says what is about to happen, does it, and says how long it took.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("{} {what} …", paint("1;36", "==>"));
    let start = Instant::now();
    let result = work()?;
    eprintln!("{} {what}: {:.1} s", paint("1;32", "<=="), start.elapsed().as_secs_f64());
    Ok(result)
}

/// A remark that belongs to the running step.
pub(crate) fn note(text: &str) {
    eprintln!("    {text}");
}

/// The error with everything that led to it, on one line each.
pub(crate) fn failure(error: &anyhow::Error) {
    eprintln!("{} {error}", paint("1;31", "error:"));
    for cause in error.chain().skip(1) {
        eprintln!("  caused by: {cause}");
    }
}

fn paint(code: &str, text: &str) -> String {
    let wanted = stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if wanted { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}
