//! `skidway detect`: which parser `auto` gives a file to, and why.

use std::cmp::Reverse;
use std::io::{Cursor, Read as _, Write, stdout};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use skidway_config::Encoding;
use skidway_plugin::Limits;

use crate::cli::Detect;
use crate::library::Library;
use crate::show::{Paint, Painter, count, line};
use crate::source::{CHUNK, Source, each_chunk};
use crate::stage::{self, Score, Section, Stage, Zone};
use crate::{commands, logging};

pub(crate) fn run(args: &Detect) -> Result<ExitCode> {
    logging::start_for_command();
    commands::answer(detect(args))
}

fn detect(args: &Detect) -> Result<ExitCode> {
    let library = commands::library()?;
    let (painter, mut out) = (Painter::new(args.color), stdout().lock());
    let mut code = ExitCode::SUCCESS;
    for path in &args.files {
        let found = Found::about(path, &library)?;
        if found.first().is_none() {
            code = ExitCode::FAILURE;
        }
        if args.json {
            writeln!(out, "{}", found.json())?;
        } else {
            found.write(&mut out, painter)?;
        }
    }
    Ok(code)
}

/// What was found out about a file.
struct Found<'p> {
    path: &'p Path,
    /// The beginning of it, by which parsers are judged.
    sample: String,
    candidates: Vec<Candidate>,
    sections: Vec<Section>,
}

struct Candidate {
    name: String,
    /// None where it fails on the sample.
    score: Option<Score>,
}

impl Candidate {
    fn recognised(&self) -> usize {
        self.score.as_ref().map_or(0, |score| score.recognised)
    }
}

impl<'p> Found<'p> {
    fn about(path: &'p Path, library: &Library) -> Result<Self> {
        let parsers = library.all_parsers(&Limits::default())?;
        let stage = Stage::new(parsers, Vec::new(), Zone::new(TimeZone::UTC), Encoding::Utf8);
        let mut stage = stage.explaining();
        let mut source = Source::open(path)?;
        let unreadable = || format!("cannot read {}", path.display());
        // What an agent reads first of a file that is there.
        let mut head = Vec::new();
        source.text.by_ref().take(CHUNK as u64).read_to_end(&mut head).with_context(unreadable)?;
        let whole = if head.len() < CHUNK { None } else { memchr::memrchr(b'\n', &head) };
        let text = stage::utf8(&head[..whole.map_or(head.len(), |at| at + 1)]).into_owned();
        let (sampled, scores) = stage.scores(&text, source.modified_unix_nano);
        let names = stage.parser_names().map(str::to_owned);
        let candidates = names.zip(scores).map(|(name, score)| Candidate { name, score }).collect();
        source.text = Box::new(Cursor::new(head).chain(source.text));
        each_chunk(&mut source, &mut stage, &mut |_| Ok(())).with_context(unreadable)?;
        let sections = stage.sections().to_vec();
        Ok(Self { path, sample: text[..sampled].to_owned(), candidates, sections })
    }

    /// The parser that the file is given to, or that the first lines which are recognised are.
    fn first(&self) -> Option<usize> {
        let scores: Vec<_> = self.candidates.iter().map(|one| one.score.clone()).collect();
        stage::best(&scores).or_else(|| self.sections.iter().find_map(|section| section.parser))
    }

    fn name(&self, section: &Section) -> Option<&str> {
        section.parser.map(|parser| self.candidates[parser].name.as_str())
    }

    /// Sections with the numbers of their first and last lines.
    fn numbered(&self) -> impl Iterator<Item = (u64, u64, &Section)> {
        let mut end = 0;
        self.sections.iter().map(move |section| {
            let first = end + 1;
            end += section.lines;
            (first, end, section)
        })
    }

    /// Why the parser was chosen, or none.
    fn why(&self) -> String {
        let best = self.candidates.iter().map(Candidate::recognised).max().unwrap_or(0);
        let alike: Vec<_> = self.candidates.iter().filter(|one| one.recognised() * 10 >= best * 9).collect();
        match (&alike[..], self.first()) {
            _ if self.sample.trim().is_empty() => "there is nothing in it to judge by".to_owned(),
            (_, None) => "no parser recognises anything in it; its lines are delivered as they are. \
                          `skidway new parser NAME` makes a project for a parser of your own"
                .to_owned(),
            (_, Some(first)) if best == 0 => {
                let name = &self.candidates[first].name;
                format!("no parser recognises the beginning; {name} recognises what follows")
            }
            ([only], _) => format!("{} recognises most", only.name),
            ([first, others @ ..], _) => {
                let others: Vec<_> = others.iter().map(|one| one.name.as_str()).collect();
                format!(
                    "{} and {} recognise as much; {} comes first in the list",
                    first.name,
                    others.join(", "),
                    first.name
                )
            }
            ([], _) => String::new(),
        }
    }

    fn write(&self, out: &mut dyn Write, painter: Painter) -> Result<()> {
        let choice = match self.first() {
            Some(first) => painter.paint(Paint::Good, self.candidates[first].name.clone()),
            None => painter.paint(Paint::Bad, "no parser".to_owned()),
        };
        writeln!(out, "{}: {choice}", self.path.display())?;
        writeln!(out, "  {}", self.why())?;
        let lines = self.sample.lines().count();
        let head = format!("judged by its first {}:", count(lines, "line"));
        writeln!(out, "  {}", painter.paint(Paint::Faint, head))?;
        // The best first; the order of the list among equals.
        let mut candidates: Vec<_> = self.candidates.iter().collect();
        candidates.sort_by_key(|one| Reverse(one.recognised()));
        let width = candidates.iter().map(|one| one.name.len()).max().unwrap_or(0);
        for candidate in candidates {
            let name = &candidate.name;
            let Some(score) = &candidate.score else {
                writeln!(out, "    {name:width$}  it fails on them")?;
                continue;
            };
            let (recognised, lines, share) = (score.recognised, score.lines, share(score));
            write!(out, "    {name:width$}  {recognised:>5} of {lines:<5} {share:>3} %")?;
            match self.unrecognised(score) {
                Some((number, text)) => {
                    let text = painter.paint(Paint::Faint, line(text));
                    writeln!(out, "  not line {number}: {text}")?;
                }
                None => writeln!(out)?,
            }
        }
        if self.sections.len() > 1 {
            writeln!(out, "  {}", painter.paint(Paint::Faint, "its format changes:"))?;
            for (first, last, section) in self.numbered() {
                let name = self.name(section).unwrap_or("no parser");
                let recognised = section.records - section.unrecognised;
                let records = count(section.records as usize, "record");
                writeln!(
                    out,
                    "    {name:width$}  lines {first} to {last}, {recognised} of {records} recognised"
                )?;
            }
        }
        Ok(())
    }

    /// The first line that a parser does not recognise.
    fn unrecognised(&self, score: &Score) -> Option<(usize, &str)> {
        let at = score.first_unrecognised?;
        let number = memchr::memchr_iter(b'\n', &self.sample.as_bytes()[..at]).count() + 1;
        Some((number, self.sample[at..].lines().next().unwrap_or("")))
    }

    fn json(&self) -> Value {
        let score = |candidate: &Candidate| {
            let Some(score) = &candidate.score else {
                return json!({"parser": candidate.name, "fails": true});
            };
            let unrecognised = self
                .unrecognised(score)
                .map(|(number, text)| json!({"line": number, "text": text, "reason": score.reason}));
            json!({
                "parser": candidate.name,
                "recognised": score.recognised,
                "lines": score.lines,
                "share": score.recognised as f64 / score.lines.max(1) as f64,
                "first_unrecognised": unrecognised,
            })
        };
        let section = |(first, last, section): (u64, u64, &Section)| {
            json!({
                "parser": self.name(section),
                "first_line": first,
                "last_line": last,
                "records": section.records,
                "recognised": section.records - section.unrecognised,
            })
        };
        json!({
            "file": self.path.to_string_lossy(),
            "parser": self.first().map(|first| &self.candidates[first].name),
            "why": self.why(),
            "sample_lines": self.sample.lines().count(),
            "scores": self.candidates.iter().map(score).collect::<Vec<_>>(),
            "sections": self.numbered().map(section).collect::<Vec<_>>(),
        })
    }
}

/// In percent; all of them only where it is all of them.
fn share(score: &Score) -> usize {
    score.recognised * 100 / score.lines.max(1)
}
