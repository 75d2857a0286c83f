//! A parser's project: a folder NAME with a README.md, whose `sh` blocks build `NAME.wasm` and test it, and with
//! `golden/*.log`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::Variable;
use crate::exec;

/// Bytes of text to measure with: a few chunks. One interpreter takes a second for that.
const BENCH_BYTES: usize = 1 << 20;
/// The best of so many runs counts.
const BENCH_RUNS: &str = "3";

pub(super) struct Project<'p> {
    pub(super) folder: PathBuf,
    /// What `skidway` means in its commands.
    pub(super) agent: &'p Path,
    pub(super) environment: &'p [Variable],
}

/// What became of a project.
pub(super) struct Made {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// What a line costs: the component and the way through the sandbox, in this build of the agent.
    pub(super) nanoseconds: String,
}

impl Project<'_> {
    /// Runs the commands of its README in their order, and measures what comes out.
    ///
    /// # Errors
    /// The README has no command, or one of them fails, or none of them makes the component.
    pub(super) fn make(&self) -> Result<Made> {
        let name = self.folder.file_name().context("a project is a folder")?.to_string_lossy().into_owned();
        let component = self.folder.join(format!("{name}.wasm"));
        if component.exists() {
            fs::remove_file(&component).with_context(|| format!("cannot remove {}", component.display()))?;
        }
        let readme = read(&self.folder.join("README.md"))?;
        let commands = commands(&readme);
        for needed in ["skidway test ", "skidway parse "] {
            ensure!(
                commands.iter().any(|command| command.starts_with(needed)),
                "{name}/README.md has no command `{needed}…`"
            );
        }
        for command in commands {
            self.run(command)?;
        }
        let bytes = fs::metadata(&component)
            .with_context(|| format!("the commands of {name}/README.md made no {name}.wasm"))?
            .len();
        Ok(Made { nanoseconds: self.measure(&component)?, name, bytes })
    }

    /// Runs a command as it would be typed in the project's folder.
    pub(super) fn run(&self, command: &str) -> Result<()> {
        exec::note(&format!("$ {command}"));
        exec::run(&mut self.shell(command)?)
    }

    fn shell(&self, line: &str) -> Result<Command> {
        let folder = self.agent.parent().context("the agent lies in a folder")?;
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([folder.to_owned()].into_iter().chain(env::split_paths(&path)))?;
        let mut command = Command::new("sh");
        command.args(["-e", "-c", line]).current_dir(&self.folder).env("PATH", path);
        // These are about the commands that started us, not about the project's.
        for (name, _) in env::vars_os() {
            let about_us = name.to_str().is_some_and(|name| {
                ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.starts_with(start))
                    || matches!(name, "CARGO_TARGET_DIR" | "RUSTFLAGS" | "CARGO_ENCODED_RUSTFLAGS")
            });
            if about_us {
                command.env_remove(name);
            }
        }
        for variable in self.environment {
            if variable.with.is_none_or(|word| line.contains(word)) {
                command.env(variable.name, &variable.value);
            }
        }
        Ok(command)
    }

    /// The golden logs over and over.
    fn measure(&self, component: &Path) -> Result<String> {
        let golden = self.folder.join("golden");
        let mut text = String::new();
        for entry in fs::read_dir(&golden).with_context(|| format!("cannot read {}", golden.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "log") {
                text += &read(&path)?;
            }
        }
        ensure!(!text.is_empty(), "{} holds no log", golden.display());
        let file = component.with_extension("bench.log");
        fs::write(&file, text.repeat(BENCH_BYTES / text.len() + 1))?;
        let mut command = Command::new(self.agent);
        command.args(["parse", "--enrich", "none", "--bench", BENCH_RUNS, "--parser"]);
        let measured = exec::output_of(command.arg(component).arg(&file));
        fs::remove_file(&file)?;
        measured
    }
}

/// The lines of all `sh` blocks.
fn commands(readme: &str) -> Vec<&str> {
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.flat_map(|(block, _)| block.lines()).collect()
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A variable for all commands.
pub(super) fn always(name: &'static str, value: impl Into<OsString>) -> Variable {
    Variable { name, value: value.into(), with: None }
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn commands_are_those_of_sh_blocks() {
        let readme = "# a\n```sh\none\ntwo\n```\n```yaml\nnone: 1\n```\n```sh\nthree\n```\n";
        assert_eq!(commands(readme), ["one", "two", "three"]);
    }
}
