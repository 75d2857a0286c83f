//! `skidway test`: golden tests of parsers.

use std::collections::BTreeMap;
use std::io::{self, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::bare::Recipe;
use crate::cli::Test;
use crate::golden::{Case, Cases, Change, Changes, Settings, Verdict, What, Wrong};
use crate::library::Library;
use crate::show::{Paint, Painter, line};
use crate::{commands, logging};

/// Wrong usage, as of the command line itself.
const USAGE: u8 = 2;

pub(crate) fn run(args: &Test) -> Result<ExitCode> {
    logging::start_for_command();
    match prepare(args) {
        Ok((cases, recipes)) => match golden(args, &cases, &recipes) {
            // `skidway test … | head` is no failure of its own.
            Err(error) if commands::is_broken_pipe(&error) => Ok(ExitCode::FAILURE),
            other => other,
        },
        Err(error) => {
            writeln!(stderr(), "error: {error:#}")?;
            Ok(ExitCode::from(USAGE))
        }
    }
}

/// How the logs of each folder are tested.
type Recipes = BTreeMap<PathBuf, Recipe>;

/// Finds what there is to test, and what with, before anything is tested.
fn prepare(args: &Test) -> Result<(Cases, Recipes)> {
    if !args.folder.is_dir() {
        bail!("{} is no folder; name one with NAME.log files in it", args.folder.display());
    }
    let cases = Cases::find(&args.folder)?;
    if cases.cases.is_empty() && cases.orphans.is_empty() {
        bail!("there is no NAME.log in {}: nothing to test", args.folder.display());
    }
    let over = overrides(args)?;
    let library = commands::library()?;
    let mut recipes = Recipes::new();
    for case in &cases.cases {
        let folder = folder_of(&case.log);
        if !recipes.contains_key(folder) {
            let recipe = recipe(folder, &over, &library)
                .with_context(|| format!("cannot test what is in {}", folder.display()))?;
            recipes.insert(folder.to_owned(), recipe);
        }
    }
    Ok((cases, recipes))
}

fn recipe(folder: &Path, over: &Settings, library: &Library) -> Result<Recipe> {
    let recipe = Settings::nearest(folder)?.recipe(over, library)?;
    // Its configuration is looked at by the component itself.
    recipe.start("")?;
    Ok(recipe)
}

fn overrides(args: &Test) -> Result<Settings> {
    let config = match &args.parser_config {
        None => None,
        Some(json) => Some(serde_json::from_str(json).context("--parser-config is no JSON object")?),
    };
    Ok(Settings {
        parser: args.parser.clone(),
        config,
        timezone: args.timezone.clone(),
        reference_time: args.reference_time,
        enrich: Some(args.enrich.clone()).filter(|names| !names.is_empty()),
        folder: PathBuf::new(),
    })
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(file)
}

fn golden(args: &Test, cases: &Cases, recipes: &Recipes) -> Result<ExitCode> {
    let mut report = Report { out: stdout(), painter: Painter::new(args.color), args, sum: Sum::default() };
    for case in &cases.cases {
        let name = case.log.display().to_string();
        let Some(recipe) = recipes.get(folder_of(&case.log)) else { continue };
        match case.run(recipe, args.update) {
            Ok(verdict) => report.case(&name, case, &verdict)?,
            Err(error) => report.unreadable(&name, &error)?,
        }
    }
    for orphan in &cases.orphans {
        report.orphan(orphan)?;
    }
    report.finish()
}

#[derive(Debug, Default)]
struct Sum {
    good: usize,
    records: usize,
    written: usize,
    bad: usize,
}

/// What people read.
struct Report<'a, W: Write> {
    out: W,
    painter: Painter,
    args: &'a Test,
    sum: Sum,
}

impl<W: Write> Report<'_, W> {
    fn case(&mut self, name: &str, case: &Case, verdict: &Verdict) -> io::Result<()> {
        match verdict {
            Verdict::Good(records) => {
                self.sum.good += 1;
                self.sum.records += records;
                self.head(Paint::Good, "ok", name, &count(*records, "record"))
            }
            Verdict::Written(records) => {
                self.sum.written += 1;
                self.sum.records += records;
                let expected = case.expected.display();
                self.head(Paint::Strong, "wrote", &expected.to_string(), &count(*records, "record"))
            }
            Verdict::Bad(wrong) => self.bad(name, case, wrong),
        }
    }

    fn head(&mut self, paint: Paint, word: &str, name: &str, what: &str) -> io::Result<()> {
        let word = self.painter.paint(paint, format!("{word:5}"));
        writeln!(self.out, "{word} {name}: {what}")
    }

    fn bad(&mut self, name: &str, case: &Case, wrong: &Wrong) -> io::Result<()> {
        self.sum.bad += 1;
        match wrong {
            Wrong::NoneExpected => {
                let hint = format!(
                    "there is no {}; run with --update to write it, then read it",
                    file_name(&case.expected)
                );
                self.head(Paint::Bad, "FAIL", name, &hint)
            }
            Wrong::Unreadable { line, why } => {
                let place = format!("{}:{line}", case.expected.display());
                self.head(Paint::Bad, "FAIL", &place, &format!("{why}; --update writes the file anew"))
            }
            Wrong::Failed { error, first_line, lines } => {
                self.head(Paint::Bad, "FAIL", name, &format!("at line {first_line}: {error}"))?;
                self.lines(lines)
            }
            Wrong::Unsteady { how, changes } => {
                self.head(Paint::Bad, "FAIL", name, &format!("{how}, it gives other records"))?;
                self.changes(changes, ["at once", "then"])
            }
            Wrong::Changed(changes) => {
                let changed = count(changes.changes.len(), "record");
                let what = format!("{changed} not as expected, {} in all", changes.records);
                self.head(Paint::Bad, "FAIL", name, &what)?;
                self.changes(changes, ["expected", "got"])
            }
        }
    }

    fn changes(&mut self, changes: &Changes, sides: [&str; 2]) -> io::Result<()> {
        for change in changes.changes.iter().take(self.args.limit) {
            self.change(change, sides)?;
        }
        match changes.changes.len().saturating_sub(self.args.limit) {
            0 => Ok(()),
            more => writeln!(self.out, "  … and {}; --limit shows more", count(more, "further record")),
        }
    }

    fn change(&mut self, change: &Change, sides: [&str; 2]) -> io::Result<()> {
        let (at_line, text) = match &change.place {
            Some((number, text)) => (format!(", line {number}"), line(text)),
            None => Default::default(),
        };
        let record = self.painter.paint(Paint::Strong, format!("record {}{at_line}", change.record));
        match &change.what {
            What::Fields(differences, same) => {
                writeln!(self.out, "  {record}: {}", self.painter.paint(Paint::Faint, text))?;
                self.painter.differences(&mut self.out, "    ", sides, differences)?;
                if *same > 0 {
                    let same = format!("… {} the same", count(*same, "field"));
                    writeln!(self.out, "    {}", self.painter.paint(Paint::Faint, same))?;
                }
                Ok(())
            }
            What::Missing(golden) => {
                writeln!(self.out, "  {record}: {}, but is not there", sides[0])?;
                writeln!(self.out, "    {}", self.painter.paint(Paint::Left, line(&golden.line())))
            }
            What::New(golden) => {
                let text = self.painter.paint(Paint::Faint, text);
                writeln!(self.out, "  {record}: {}, but not {}: {text}", sides[1], sides[0])?;
                writeln!(self.out, "    {}", self.painter.paint(Paint::Right, line(&golden.line())))
            }
        }
    }

    /// Lines of a log that do harm.
    fn lines(&mut self, lines: &str) -> io::Result<()> {
        const SHOWN: usize = 5;
        for text in lines.lines().take(SHOWN) {
            writeln!(self.out, "    {}", self.painter.paint(Paint::Faint, line(text)))?;
        }
        match lines.lines().count().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => writeln!(self.out, "    … and {}", count(more, "further line")),
        }
    }

    fn unreadable(&mut self, name: &str, error: &anyhow::Error) -> io::Result<()> {
        self.sum.bad += 1;
        self.head(Paint::Bad, "FAIL", name, &format!("{error:#}"))
    }

    fn orphan(&mut self, path: &Path) -> io::Result<()> {
        self.sum.bad += 1;
        let name = path.display().to_string();
        self.head(Paint::Bad, "FAIL", &name, "there is no log that it belongs to; delete it or add the log")
    }

    fn finish(mut self) -> Result<ExitCode> {
        let Sum { good, records, written, bad } = self.sum;
        let mut parts = vec![format!("{good} as expected")];
        if written > 0 {
            parts.push(format!("{written} written"));
        }
        if bad > 0 {
            parts.push(format!("{bad} failed"));
        }
        let paint = if bad > 0 { Paint::Bad } else { Paint::Good };
        let sum = format!("{}: {}", count(good + written + bad, "log"), parts.join(", "));
        let records = count(records, "record");
        writeln!(self.out, "{} ({records})", self.painter.paint(paint, sum))?;
        Ok(if bad > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
