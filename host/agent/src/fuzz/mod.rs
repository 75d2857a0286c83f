//! Throws changed lines at a parser, without containment, until it fails or contradicts itself.
//!
//! A parser is a function: each text is parsed twice by the same instance, and once more cut
//! elsewhere; the three answers have to be the same. What is found is made small, and told
//! from what was found before by what went wrong, without the numbers in it.
//!
//! Invariant: the texts depend on the seed and on the corpora alone, and so does what is found in
//! a given number of them.

mod mutate;

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::Result;
use fastrand::Rng;
use skidway_model::Checked;
use skidway_plugin::CallError;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::bare::{Bare, Failure, Recipe, Seen, cuttings, line_ends};
use crate::{minimise, stage};

/// A parser that has so many flaws is looked at again when these are gone.
const MAX_FINDINGS: usize = 20;
/// Progress is told of this often.
const TELL: Duration = Duration::from_millis(250);

/// What is thrown at what.
pub(crate) struct Target<'r> {
    pub(crate) recipe: &'r Recipe,
    /// Whole lines of logs.
    pub(crate) corpus: Vec<Vec<u8>>,
}

/// Something that must not be.
#[derive(Debug)]
pub(crate) struct Finding {
    /// Which target.
    pub(crate) target: usize,
    /// What went wrong, in a word: part of a file's name.
    pub(crate) kind: &'static str,
    /// What went wrong, for people.
    pub(crate) what: String,
    /// A small text that brings it about.
    pub(crate) text: String,
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Calls of parsers.
    pub(crate) executions: u64,
    /// Texts.
    pub(crate) texts: u64,
    pub(crate) findings: usize,
    pub(crate) elapsed: Duration,
}

impl Progress {
    pub(crate) fn per_second(&self) -> u64 {
        (self.executions as f64 / self.elapsed.as_secs_f64().max(0.001)) as u64
    }
}

/// Goes through all targets in turn for so long. `tell` is called now and then.
pub(crate) fn run(
    targets: &[Target<'_>],
    seed: u64,
    time: Duration,
    tell: &mut dyn FnMut(&Progress),
) -> Result<(Vec<Finding>, Progress)> {
    let mut random = Rng::with_seed(seed);
    let mut bare: Vec<Bare> =
        targets.iter().map(|target| target.recipe.start("fuzz.log")).collect::<Result<_>>()?;
    let (mut findings, mut known) = (Vec::new(), BTreeSet::new());
    let (mut progress, start) = (Progress::default(), Instant::now());
    let mut told = start;
    while start.elapsed() < time && findings.len() < MAX_FINDINGS {
        for (index, (target, bare)) in targets.iter().zip(&mut bare).enumerate() {
            let bytes = mutate::lines(&target.corpus, &mut random);
            let text = stage::utf8(&bytes);
            let cuts: Vec<usize> = line_ends(&text).filter(|_| random.bool()).collect();
            progress.texts += 1;
            let Some(problem) = try_out(bare, &text, &cuts, &mut progress.executions) else { continue };
            if known.insert((index, problem.name())) {
                let text = smallest(bare, &problem, &text, &cuts);
                let what = problem.to_string();
                findings.push(Finding { target: index, kind: problem.kind(), what, text });
            }
        }
        progress.findings = findings.len();
        progress.elapsed = start.elapsed();
        if told.elapsed() > TELL {
            told = Instant::now();
            tell(&progress);
        }
    }
    Ok((findings, progress))
}

/// How a parser is not a function.
#[derive(Debug)]
enum Problem {
    Failed(Failure),
    /// The same text, another answer.
    Forgetful,
    /// The same text, cut elsewhere, another answer.
    Cut,
}

fn try_out(bare: &mut Bare, text: &str, cuts: &[usize], executions: &mut u64) -> Option<Problem> {
    let mut answer = |cuts: &[usize]| {
        *executions += 1 + cuts.len() as u64;
        digests(bare, text, cuts)
    };
    let first = match answer(&[]) {
        Ok(first) => first,
        Err(failure) => return Some(Problem::Failed(failure)),
    };
    for (cuts, problem) in [(&[][..], Problem::Forgetful), (cuts, Problem::Cut)] {
        match answer(cuts) {
            Ok(other) if other == first => {}
            Ok(_) => return Some(problem),
            Err(failure) => return Some(Problem::Failed(failure)),
        }
    }
    None
}

/// The fewest lines and characters with the same problem.
fn smallest(bare: &mut Bare, problem: &Problem, text: &str, cuts: &[usize]) -> String {
    let mut ignored = 0;
    let mut still = |text: &str| {
        // Where the text is another one the old cuts mean nothing; nearly all cuts show it.
        let mut ways = cuttings(text).take(4);
        ways.any(|cuts| {
            let found = try_out(bare, text, &cuts, &mut ignored);
            found.is_some_and(|found| found.name() == problem.name())
        })
    };
    if !still(text) {
        return up_to(text, problem, cuts).to_owned();
    }
    let (_, lines) = minimise::lines(text, &mut still);
    minimise::characters(&lines, &mut still)
}

/// What a parser had been given when it failed.
fn up_to<'t>(text: &'t str, problem: &Problem, cuts: &[usize]) -> &'t str {
    let all = 0..text.len();
    let piece: Range<usize> = match problem {
        Problem::Failed(failure) if cuts.contains(&failure.piece.end) => failure.piece.clone(),
        _ => all,
    };
    &text[piece]
}

// === impl Problem ===

impl Problem {
    fn kind(&self) -> &'static str {
        match self {
            Self::Failed(failure) => match failure.error {
                CallError::Trap(_) => "trap",
                CallError::OutOfTime(_) => "time-out",
                CallError::OutOfMemory(_) => "memory",
                CallError::OutOfOutput(_) => "output",
                CallError::Invalid(_) => "wrong-answer",
                CallError::Refused(_) => "refusal",
                _ => "failure",
            },
            Self::Forgetful => "twice",
            Self::Cut => "cut",
        }
    }

    /// The same for all that is the same flaw: without numbers.
    fn name(&self) -> String {
        let what = match self {
            Self::Failed(failure) if !matches!(failure.error, CallError::OutOfTime(_)) => failure.to_string(),
            _ => self.kind().to_owned(),
        };
        what.chars().filter(|c| !c.is_ascii_digit()).take(200).collect()
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed(failure) => failure.fmt(f),
            Self::Forgetful => f.write_str("the same bytes twice, another answer"),
            Self::Cut => f.write_str("the same bytes cut elsewhere, another answer"),
        }
    }
}

// === answers ===

/// All of an answer, to compare: one number a record.
fn digests(bare: &mut Bare, text: &str, cuts: &[usize]) -> Result<Vec<u64>, Failure> {
    let mut digests = Vec::new();
    bare.run(text, cuts, &mut |seen| digests.push(digest(seen)))?;
    Ok(digests)
}

fn digest(seen: &Seen<'_>) -> u64 {
    let (records, index): (&Checked<'_>, usize) = (seen.records, seen.index);
    let mut digest = seen.offset as u64;
    let mut add = |bytes: &[u8]| digest = xxh3_64_with_seed(bytes, digest);
    add(&records.columns().time_unix_nano[index].to_le_bytes());
    add(&[
        records.columns().severity_number[index],
        seen.recognised.into(),
        records.body_is_json(index).into(),
    ]);
    add(records.severity_text(index));
    add(records.body(index));
    // In any order: which attribute comes first means nothing.
    let attribute = |(key, value): (u16, &[u8])| {
        let key = &records.keys()[usize::from(key)];
        let subject = xxh3_64(key.name.as_bytes()) ^ (key.kind as u64) << 8 ^ key.subject as u64;
        xxh3_64_with_seed(value, subject)
    };
    digest.wrapping_add(records.attributes(index).map(attribute).fold(0, u64::wrapping_add))
}
