//! `skidway diff`: how the records of two parsers differ.

mod sides;

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use skidway_plugin::{ContainedParser, Limits};

use crate::cli::{Accept, Diff};
use crate::compare::{self, RECORD, Report, differences};
use crate::library::{self, Library};
use crate::print::value_of;
use crate::show::{Difference, Paint, Painter, line};
use crate::stage::Zone;
use crate::{commands, golden, logging};
use sides::{Block, Sides};

pub(crate) fn run(args: &Diff) -> Result<ExitCode> {
    logging::start_for_command();
    commands::answer(diff(args))
}

fn diff(args: &Diff) -> Result<ExitCode> {
    let mut sides = sides(args, &commands::library()?)?;
    let (painter, mut out) = (Painter::new(args.color), stdout().lock());
    let mut sum = Sum::default();
    for path in &args.files {
        let file = path.display().to_string();
        sides.over(path, &mut |block| {
            for example in sum.add(block, &file, args.limit) {
                if args.json {
                    sum.examples.push(example.json());
                } else {
                    example.write(&mut out, painter)?;
                }
            }
            Ok(())
        })?;
    }
    let refused = sum.refused(args.accept);
    if args.json {
        writeln!(out, "{}", sum.json(refused.as_deref()))?;
    } else {
        sum.write(&mut out, painter, args.accept, refused.as_deref())?;
    }
    Ok(if refused.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn sides(args: &Diff, library: &Library) -> Result<Sides> {
    let [old, new] = &args.parser[..] else {
        bail!("--parser is given twice: the old one, then the new one");
    };
    let (old_config, new_config) = match &args.parser_config[..] {
        [] => ("{}", "{}"),
        [both] => (both.as_str(), both.as_str()),
        [old, new] => (old.as_str(), new.as_str()),
        _ => bail!("--parser-config is given once or twice: for the old parser, then for the new one"),
    };
    let parser = |name: &str, config: &str| -> Result<ContainedParser> {
        serde_json::from_str::<Map<String, Value>>(config).context("--parser-config is no JSON object")?;
        library.parser(&library::Source::read(name), None, config, &Limits::default())
    };
    let zone = golden::zone(Some(&args.timezone))?;
    Ok(Sides { parsers: [parser(old, old_config)?, parser(new, new_config)?], zone: Zone::new(zone) })
}

/// Over all files.
#[derive(Default)]
struct Sum {
    report: Report,
    /// Records of the old and of the new one.
    records: [u64; 2],
    shown: usize,
    examples: Vec<Value>,
}

/// A record that is not the same, or is there only once.
struct Example {
    place: String,
    text: String,
    differences: Vec<Difference>,
}

impl Sum {
    /// Counts what differs in a block; answers the first records that do, as many as are wanted.
    fn add(&mut self, block: &Block<'_>, file: &str, limit: usize) -> Vec<Example> {
        self.report.add(block.text, block.old, block.new);
        let records = |made: &compare::Made<'_, '_>| -> u64 {
            made.pieces.iter().map(|(_, records)| records.len() as u64).sum()
        };
        self.records[0] += records(block.old);
        self.records[1] += records(block.new);
        let mut examples: Vec<Example> = Vec::new();
        if self.shown >= limit {
            return examples;
        }
        let mut at = None;
        differences(block.text, block.old, block.new, &mut |one| {
            let offset = one.line.as_ptr().addr() - block.text.as_ptr().addr();
            if at != Some(offset) {
                if self.shown >= limit {
                    return;
                }
                (at, self.shown) = (Some(offset), self.shown + 1);
                let before = memchr::memchr_iter(b'\n', &block.text.as_bytes()[..offset]).count();
                let place = format!("{file}:{}", block.lines_before + before + 1);
                examples.push(Example { place, text: one.line.to_owned(), differences: Vec::new() });
            }
            if let Some(example) = examples.last_mut().filter(|_| at == Some(offset)) {
                example.differences.push(readable(one));
            }
        });
        examples
    }

    /// Why the new one is not accepted.
    fn refused(&self, accept: Accept) -> Option<String> {
        match accept {
            Accept::Identical => {
                (!self.report.is_identical()).then(|| "the records are not identical".to_owned())
            }
            Accept::NoFewerFields => self.report.loss(),
        }
    }

    /// Records that are there only in the old one, only in the new one, and in both but not the same.
    fn counts(&self) -> [u64; 3] {
        let only = self.report.fields.get(RECORD).cloned().unwrap_or_default();
        [only.missing, only.added, self.records[0] - self.report.equal - only.missing]
    }

    fn write(
        &self,
        out: &mut dyn Write,
        painter: Painter,
        accept: Accept,
        refused: Option<&str>,
    ) -> Result<()> {
        let [only_old, only_new, changed] = self.counts();
        let equal = self.report.equal;
        writeln!(
            out,
            "records: {equal} the same, {changed} changed, {only_old} only in the old, {only_new} only in the new"
        )?;
        let fields = self.report.fields.iter().filter(|(field, _)| *field != RECORD);
        let width = self.report.fields.keys().map(String::len).max().unwrap_or(0);
        for (field, count) in fields {
            let counts = [(count.changed, "changed"), (count.missing, "missing"), (count.added, "new")];
            let counts = counts.iter().filter(|(number, _)| *number > 0);
            let counts: Vec<_> = counts.map(|(number, what)| format!("{number} {what}")).collect();
            writeln!(out, "  {:width$}  {}", crate::show::printable(field), counts.join(", "))?;
        }
        for (what, (old, new)) in
            [("not recognised", self.report.unrecognised), ("failed on", self.report.failed)]
        {
            if old + new > 0 {
                writeln!(out, "{what}: {old} by the old, {new} by the new")?;
            }
        }
        match (refused, accept) {
            (Some(why), _) => writeln!(out, "{}", painter.paint(Paint::Bad, format!("not accepted: {why}")))?,
            (None, Accept::Identical) => writeln!(out, "{}", painter.paint(Paint::Good, "identical"))?,
            (None, Accept::NoFewerFields) => {
                writeln!(out, "{}", painter.paint(Paint::Good, "accepted: nothing is missing"))?;
            }
        }
        Ok(())
    }

    fn json(self, refused: Option<&str>) -> Value {
        let [only_old, only_new, changed] = self.counts();
        let fields = self.report.fields.iter().filter(|(field, _)| *field != RECORD);
        let fields: Map<_, _> = fields
            .map(|(field, count)| {
                let counts = json!({"changed": count.changed, "missing": count.missing, "new": count.added});
                (field.clone(), counts)
            })
            .collect();
        let sides = |(old, new): (u64, u64)| json!({"old": old, "new": new});
        json!({
            "same": self.report.equal,
            "changed": changed,
            "only_old": only_old,
            "only_new": only_new,
            "fields": fields,
            "unrecognised": sides(self.report.unrecognised),
            "failed": sides(self.report.failed),
            "accepted": refused.is_none(),
            "why_not": refused,
            "examples": self.examples,
        })
    }
}

impl Example {
    fn write(&self, out: &mut dyn Write, painter: Painter) -> Result<()> {
        let place = painter.paint(Paint::Strong, &self.place);
        writeln!(out, "{place}: {}", painter.paint(Paint::Faint, line(&self.text)))?;
        painter.differences(out, "    ", ["old", "new"], &self.differences)?;
        Ok(())
    }

    fn json(&self) -> Value {
        let fields: Vec<_> = self
            .differences
            .iter()
            .map(|one| json!({"field": one.field, "old": one.left, "new": one.right}))
            .collect();
        json!({"place": self.place, "line": self.text, "fields": fields})
    }
}

/// Times as people read them, values in JSON's types.
fn readable(one: &compare::Difference<'_>) -> Difference {
    let value = |value: &Option<compare::Value<'_>>| {
        let value = value.as_ref()?;
        if one.field == "time"
            && let Ok(nano) = value.text.parse()
            && let Ok(time) = Timestamp::from_nanosecond(nano)
        {
            return Some(Value::from(time.to_string()));
        }
        Some(value_of(value.kind, value.text.as_bytes()))
    };
    Difference { field: one.field.to_owned(), left: value(&one.old), right: value(&one.new) }
}
