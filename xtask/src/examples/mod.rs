//! Parsers in every language, made as their authors make them.
//!
//! For each language that there is a template for: the example under `processors/examples`, and a project fresh from
//! `skidway new`. The commands that their READMEs print are run as they stand there, golden tests included, with the
//! agent that was just built; then it is measured what a line costs.
//!
//! A language is skipped, and that is said, where its tool chain is missing and cannot be installed; where `CI` is
//! set, and where it was asked for by name, that is an error.

mod c;
mod javascript;
mod project;
mod python;
mod rust;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{exec, packages};
use project::{Made, Project};

/// A language in which parsers are written.
struct Language {
    /// What `skidway new --lang` calls it.
    name: &'static str,
    /// Its example's folder under `processors/examples`.
    example: &'static str,
    /// Whether `skidway new` takes the SDK from a checkout for it.
    sdk: bool,
    /// Sees to its tool chain, and says what the commands need in their environment.
    set_up: fn(&Workspace) -> Result<Vec<Variable>>,
    /// Another way to build a fresh project.
    also: Option<Also>,
}

/// Commands for who has a program installed.
struct Also {
    program: &'static str,
    commands: &'static [&'static str],
}

/// Set for the commands of a project.
struct Variable {
    name: &'static str,
    value: OsString,
    /// Only where the command has this word in it.
    with: Option<&'static str>,
}

const LANGUAGES: &[Language] = &[rust::RUST, c::C, javascript::JAVASCRIPT, python::PYTHON];

/// Builds, tests and measures the projects of the languages that are named, or of all.
///
/// # Errors
/// There is no such language, a tool chain that must be there is missing, or a project is not as its README says.
pub(crate) fn run(workspace: &Workspace, agent: &Path, wanted: &[String]) -> Result<()> {
    if let Some(unknown) = wanted.iter().find(|name| LANGUAGES.iter().all(|one| one.name != **name)) {
        let names: Vec<_> = LANGUAGES.iter().map(|language| language.name).collect();
        bail!("there is no language `{unknown}`; there are {}", names.join(", "));
    }
    let mut rows = Vec::new();
    for language in LANGUAGES {
        if !wanted.is_empty() && wanted.iter().all(|name| name != language.name) {
            continue;
        }
        match exec::step(&format!("tool chain for {}", language.name), || (language.set_up)(workspace)) {
            Ok(environment) => rows.extend(language.make(workspace, agent, &environment)?.map(Row::Made)),
            Err(error) if wanted.is_empty() && env::var_os("CI").is_none() => {
                exec::note(&format!("skipped: {error:#}"));
                rows.push(Row::Skipped(language.name));
            }
            Err(error) => return Err(error.context(format!("examples in {}", language.name))),
        }
    }
    print(&rows);
    Ok(())
}

impl Language {
    /// The example, and a project from the template.
    fn make(&self, workspace: &Workspace, agent: &Path, environment: &[Variable]) -> Result<[Made; 2]> {
        let examples = workspace.root.join("processors/examples");
        let example = Project { folder: examples.join(self.example), agent, environment };
        let fresh = Project { folder: self.fresh(workspace, agent)?, agent, environment };
        Ok([
            exec::step(&format!("example {}", self.example), || example.make())?,
            exec::step(&format!("skidway new parser --lang {}", self.name), || {
                let made = fresh.make()?;
                self.build_otherwise(&fresh)?;
                Ok(made)
            })?,
        ])
    }

    fn build_otherwise(&self, fresh: &Project) -> Result<()> {
        let Some(also) = &self.also else { return Ok(()) };
        if packages::in_path(also.program).is_none() {
            exec::note(&format!("skipped: {} is not installed", also.program));
            return Ok(());
        }
        also.commands.iter().try_for_each(|command| fresh.run(command))
    }

    /// A project as a new user has it.
    fn fresh(&self, workspace: &Workspace, agent: &Path) -> Result<PathBuf> {
        let name = format!("new-{}", self.name);
        let folder = workspace.target.join("new").join(&name);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        let mut command = Command::new(agent);
        command.args(["new", "parser", &name, "--lang", self.name, "--dir"]).arg(&folder);
        if self.sdk {
            command.arg("--sdk").arg(&workspace.root);
        }
        exec::output_of(&mut command)?;
        Ok(folder)
    }
}

/// Installs Debian packages for what is missing of `programs`. Nobody is asked for a password for that.
fn need(programs: &[&str], debian: &[&str]) -> Result<()> {
    let missing = || programs.iter().copied().filter(|program| packages::in_path(program).is_none());
    if missing().next().is_none() {
        return Ok(());
    }
    if packages::is_root()? {
        exec::note(&format!("installing {}", debian.join(", ")));
        packages::install(debian)?;
    }
    match missing().next() {
        None => Ok(()),
        Some(program) => bail!("{program} is missing (Debian packages: {})", debian.join(", ")),
    }
}

enum Row {
    Made(Made),
    Skipped(&'static str),
}

#[expect(clippy::print_stdout, reason = "the table is this command's output")]
fn print(rows: &[Row]) {
    println!("{:<20} {:>12} {:>10}  (golden tests passed)", "project", "bytes", "ns a line");
    for row in rows {
        match row {
            Row::Made(made) => println!("{:<20} {:>12} {:>10}", made.name, made.bytes, made.nanoseconds),
            Row::Skipped(language) => println!("{language:<20} {:>12}", "skipped"),
        }
    }
}
