//! `skidway test --fuzz`: lines that a parser does not stand.
//!
//! A finding becomes a log in the folder `fuzz` beside those that it was made of, so that it is a
//! golden test from then on: once the parser is mended, `--update` writes what is expected of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{IsTerminal as _, Write as _, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use xxhash_rust::xxh3::xxh3_64;

use super::report::Report;
use super::{Recipes, folder_of};
use crate::cli::Test;
use crate::fuzz::{self, Finding, Progress, Target};
use crate::golden::{self, Cases, read_log};
use crate::show::{Paint, Painter, count, line};

/// Where findings go, beside the logs.
const FOLDER: &str = "fuzz";

pub(super) fn run(args: &Test, seconds: u64, cases: &Cases, recipes: &Recipes) -> Result<ExitCode> {
    // What was found before is thrown, too, together with the logs that it was made of.
    let mut corpora: BTreeMap<&Path, Vec<Vec<u8>>> = BTreeMap::new();
    for case in &cases.cases {
        let lines = read_log(&case.log)?;
        let lines = lines.split_inclusive('\n').map(|line| line.as_bytes().to_vec());
        corpora.entry(home(folder_of(&case.log), recipes)).or_default().extend(lines);
    }
    corpora.retain(|_, lines| !lines.is_empty());
    let (folders, targets): (Vec<_>, Vec<_>) = corpora
        .into_iter()
        .filter_map(|(folder, corpus)| Some((folder, Target { recipe: recipes.get(folder)?, corpus })))
        .unzip();
    if targets.is_empty() {
        bail!("the logs in {} are empty: there is nothing to change", args.folder.display());
    }
    let painter = Painter::new(args.color);
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    let mut out = stdout().lock();
    writeln!(out, "seed {seed}")?;
    let is_terminal = stderr().is_terminal();
    let mut tell = |progress: &Progress| {
        if is_terminal {
            // Without a terminal nobody sees it, and whether it can be written says nothing.
            let _ =
                write!(stderr(), "\r\x1b[K{} of {seconds} s, {}", progress.elapsed.as_secs(), done(progress));
        }
    };
    let (findings, progress) = fuzz::run(&targets, seed, Duration::from_secs(seconds), &mut tell)?;
    if is_terminal {
        write!(stderr(), "\r\x1b[K")?;
    }
    for finding in &findings {
        let place = write_finding(folders[finding.target], finding);
        let word = painter.paint(Paint::Bad, "FOUND");
        writeln!(out, "{word} {}", finding.what)?;
        for text in finding.text.split_inclusive('\n') {
            writeln!(out, "    {}", painter.paint(Paint::Faint, line(text)))?;
        }
        if let Some(changes) = golden::unsteady(targets[finding.target].recipe, &finding.text)? {
            Report::new(&mut out, painter, args.limit).changes(&changes, ["first", "then"])?;
        }
        match place {
            Ok(path) => writeln!(out, "  in {}", path.display())?,
            Err((path, error)) => writeln!(
                out,
                "  as JSON, for {} cannot be written ({error}): {}",
                path.display(),
                serde_json::Value::from(finding.text.as_str())
            )?,
        }
    }
    let paint = if findings.is_empty() { Paint::Good } else { Paint::Bad };
    writeln!(out, "{}", painter.paint(paint, done(&progress)))?;
    if findings.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "once the parser is mended, `skidway test --update` makes a test of each")?;
    Ok(ExitCode::FAILURE)
}

/// The folder of the logs that findings in `folder` were made of.
fn home<'p>(folder: &'p Path, recipes: &Recipes) -> &'p Path {
    let above = folder.parent().filter(|above| folder.ends_with(FOLDER) && recipes.contains_key(*above));
    above.unwrap_or(folder)
}

/// What was done so far.
fn done(progress: &Progress) -> String {
    let found = match progress.findings {
        0 => "nothing found".to_owned(),
        some => format!("{} found", count(some, "flaw")),
    };
    let (texts, executions, rate) = (progress.texts, progress.executions, progress.per_second());
    format!("{texts} texts, {executions} calls, {rate} a second: {found}")
}

/// A name by what is in it: the same finding does not make a second file.
fn write_finding(folder: &Path, finding: &Finding) -> Result<PathBuf, (PathBuf, std::io::Error)> {
    let folder = if folder.ends_with(FOLDER) { folder.to_owned() } else { folder.join(FOLDER) };
    let name = format!("{}-{:08x}.log", finding.kind, xxh3_64(finding.text.as_bytes()) as u32);
    let path = folder.join(name);
    let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, &finding.text));
    written.map(|()| path.clone()).map_err(|error| (path, error))
}
