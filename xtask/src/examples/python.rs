//! Python: componentize-py, which the project installs for itself into an environment of its own.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use super::{Language, Variable, need};
use crate::workspace::Workspace;
use crate::{exec, packages};

pub(super) const PYTHON: Language =
    Language { name: "python", example: "traceback-python", sdk: false, set_up, also: None };

/// Debian has a part of Python's standard library in packages of its own.
const VENV: &str = "python3-venv";

fn set_up(workspace: &Workspace) -> Result<Vec<Variable>> {
    need(&["python3"], &["python3", VENV])?;
    if !can_make_environments() && packages::is_root()? {
        exec::note(&format!("installing {VENV}"));
        packages::install(&[VENV])?;
    }
    ensure!(can_make_environments(), "python3 cannot make environments (Debian package: {VENV})");
    test_sdk(workspace)?;
    Ok(Vec::new())
}

fn can_make_environments() -> bool {
    let mut command = Command::new("python3");
    command.args(["-c", "import ensurepip, venv"]).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs the SDK's own tests without a sandbox: with the bindings that components have.
fn test_sdk(workspace: &Workspace) -> Result<()> {
    let folder = workspace.target.join("python");
    let programs = folder.join("bin");
    let bindings = folder.join("bindings");
    let requirements = workspace.root.join("processors/examples/traceback-python/requirements.txt");
    let sdk = workspace.root.join("processors/sdk-python");
    exec::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let mut install = Command::new(programs.join("pip"));
    exec::run(install.args(["install", "--quiet", "--require-hashes", "--requirement"]).arg(requirements))?;
    if bindings.exists() {
        std::fs::remove_dir_all(&bindings)?;
    }
    exec::run(
        Command::new(programs.join("componentize-py"))
            .arg("--wit-path")
            .arg(workspace.root.join("wit/v0.1.0"))
            .args(["--world", "parser-component", "bindings"])
            .arg(&bindings),
    )?;
    exec::run(unit_tests(&programs.join("python"), &sdk).env("PYTHONPATH", &bindings))
}

fn unit_tests(python: &Path, folder: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "unittest", "--quiet"]).current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}
