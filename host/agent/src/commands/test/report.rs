//! What `skidway test` prints.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::golden::{Case, Change, Changes, Verdict, What, Wrong};
use crate::show::{Paint, Painter, count, line};

#[derive(Debug, Default)]
struct Sum {
    good: usize,
    records: usize,
    written: usize,
    bad: usize,
}

/// What people read.
pub(super) struct Report<W: Write> {
    out: W,
    painter: Painter,
    /// How many records of a log are shown.
    limit: usize,
    sum: Sum,
}

impl<W: Write> Report<W> {
    pub(super) fn new(out: W, painter: Painter, limit: usize) -> Self {
        Self { out, painter, limit, sum: Sum::default() }
    }

    pub(super) fn case(&mut self, name: &str, case: &Case, verdict: &Verdict) -> io::Result<()> {
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

    /// Records that are not the same on both sides.
    pub(super) fn changes(&mut self, changes: &Changes, sides: [&str; 2]) -> io::Result<()> {
        for change in changes.changes.iter().take(self.limit) {
            self.change(change, sides)?;
        }
        match changes.changes.len().saturating_sub(self.limit) {
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

    pub(super) fn unreadable(&mut self, name: &str, error: &anyhow::Error) -> io::Result<()> {
        self.sum.bad += 1;
        self.head(Paint::Bad, "FAIL", name, &format!("{error:#}"))
    }

    pub(super) fn orphan(&mut self, path: &Path) -> io::Result<()> {
        self.sum.bad += 1;
        let name = path.display().to_string();
        self.head(Paint::Bad, "FAIL", &name, "there is no log that it belongs to; delete it or add the log")
    }

    pub(super) fn finish(mut self) -> Result<ExitCode> {
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

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
