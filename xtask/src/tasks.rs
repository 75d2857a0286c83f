//! The commands, each of which does its own set-up.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{components, examples, exec, packages, toolchain};

pub(crate) fn setup() -> Result<()> {
    exec::step("wasm tool chain", toolchain::set_up).map(drop)
}

pub(crate) fn components() -> Result<()> {
    let workspace = Workspace::read()?;
    let built = build_components(&workspace)?;
    components::print(&built, &workspace.components());
    Ok(())
}

/// Runs every test there is, with `arguments` for `cargo test`.
pub(crate) fn test(arguments: &[String]) -> Result<()> {
    let workspace = Workspace::read()?;
    install(&[TORMENTORS, COUNTERPARTS].concat());
    build_components(&workspace)?;
    // The black-box tests start it. Built with the whole workspace's features, so the tests reuse it.
    exec::step("building the agent", || {
        exec::run(in_root(&workspace).args(["build", "--workspace", "--bin", "skidway"]))
    })?;
    exec::step("tests", || {
        let mut command = in_root(&workspace);
        command.args(["test", "--workspace"]).args(arguments);
        if env::var_os("SKIDWAY_BIN").is_none() {
            command.env("SKIDWAY_BIN", workspace.binary("debug", "skidway"));
        }
        let corpora = workspace.root.join("../shared/corpora");
        match (env::var_os("SKIDWAY_CORPORA"), corpora.canonicalize()) {
            (Some(_), _) => {}
            (None, Ok(corpora)) => {
                command.env("SKIDWAY_CORPORA", corpora);
            }
            (None, Err(_)) => exec::note("SKIDWAY_CORPORA is unset: tests against real lines are skipped"),
        }
        exec::run(&mut command)
    })?;
    if arguments.is_empty() {
        examples::run(&workspace, &workspace.binary("debug", "skidway"), &[])
    } else {
        Ok(())
    }
}

/// Builds the agent, and with it the parsers that are examples.
pub(crate) fn examples(languages: &[String]) -> Result<()> {
    let workspace = Workspace::read()?;
    build_components(&workspace)?;
    exec::step("building the agent", || {
        exec::run(in_root(&workspace).args(["build", "--package", "skidway", "--bin", "skidway"]))
    })?;
    examples::run(&workspace, &workspace.binary("debug", "skidway"), languages)
}

/// Builds the release agent and the workbench, and becomes the latter: Ctrl-C is its alone to handle.
pub(crate) fn workbench(task: &str, arguments: &[String]) -> Result<()> {
    let workspace = Workspace::read()?;
    build_components(&workspace)?;
    exec::step("building the agent (release)", || {
        let mut command = in_root(&workspace);
        exec::run(command.args([
            "build",
            "--release",
            "--package",
            "skidway",
            "--package",
            "skidway-workbench",
        ]))
    })?;
    let program = workspace.binary("release", "skidway-workbench");
    let error = Command::new(&program).current_dir(&workspace.root).arg(task).args(arguments).exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}

/// Builds the agent and its torturer, and becomes the latter. The agent for tests does: what it does wrong does not
/// depend on speed, and it checks its sums.
pub(crate) fn torture(arguments: &[String]) -> Result<()> {
    let (ours, rest): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| argument.as_str() == "--release");
    let workspace = Workspace::read()?;
    install(TORMENTORS);
    build_components(&workspace)?;
    let profile = if ours.is_empty() { "debug" } else { "release" };
    exec::step(&format!("building the agent ({profile})"), || {
        let mut command = in_root(&workspace);
        command.args(["build", "--package", "skidway", "--package", "skidway-torture", "--bins"]).args(&ours);
        exec::run(&mut command)
    })?;
    let program = workspace.binary(profile, "skidway-torture");
    let mut command = Command::new(&program);
    command.current_dir(&workspace.root).args(rest);
    if env::var_os("SKIDWAY_BIN").is_none() {
        command.env("SKIDWAY_BIN", workspace.binary(profile, "skidway"));
    }
    Err(command.exec()).with_context(|| format!("cannot start {}", program.display()))
}

/// What the torture run uses where it is there.
const TORMENTORS: &[&str] = &["logrotate", "faketime"];
/// What is tested against others' programs.
const COUNTERPARTS: &[&str] = &["minisign", "docker-registry"];

/// Programs that have a Debian package of their name. Who goes without one says so. Nobody is asked for a password
/// for that.
fn install(programs: &[&str]) {
    let mut missing = programs.to_vec();
    missing.retain(|program| packages::in_path(program).is_none());
    if missing.is_empty() {
        return;
    }
    let names = missing.join(" and ");
    exec::note(&format!("some tests take {names} (Debian packages)"));
    let installed =
        packages::is_root().and_then(|root| if root { packages::install(&missing) } else { Ok(()) });
    if let Err(error) = installed {
        exec::note(&format!("they go without {names}: {error:#}"));
    }
}

fn build_components(workspace: &Workspace) -> Result<Vec<components::Built>> {
    let route = exec::step("wasm tool chain", toolchain::set_up)?;
    exec::step("building components", || components::build(workspace, &route))
}

fn in_root(workspace: &Workspace) -> Command {
    let mut command = exec::cargo();
    command.current_dir(&workspace.root);
    command
}
