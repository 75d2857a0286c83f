//! Golden tests of parsers: a folder with `NAME.log` beside `NAME.expected.jsonl`.
//!
//! The log is what a file would hold; the other has one line for each record that is to be
//! made of it, in order ([`record`]). How they are tested stands in `skidway-test.yaml`
//! ([`settings`]).
//!
//! Invariants: the outcome depends on the files and the components alone, and not on how the
//! text was cut when it was parsed: each log is parsed as the agent reads a file that is
//! there, and then in many other ways, line by line among them.

mod record;
mod settings;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use similar::{Algorithm, DiffTag, capture_diff_slices_deadline};

use crate::bare::{Bare, Failure, Recipe, chunks, cuttings};
use crate::minimise;
use crate::show::Difference;
use crate::stage;
pub(crate) use record::Golden;
pub(crate) use settings::{Settings, zone};

const LOG: &str = "log";
const EXPECTED: &str = "expected.jsonl";
/// A log for a test has some hundred lines; each is parsed a dozen times.
const MAX_LOG_BYTES: u64 = 64 << 20;
/// So long two lists of records are aligned; after that, more of them count as changed than need be.
const TO_ALIGN: Duration = Duration::from_secs(2);

/// A log and what is expected of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Case {
    pub(crate) log: PathBuf,
    pub(crate) expected: PathBuf,
}

/// What a folder holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Cases {
    /// In the order of their names.
    pub(crate) cases: Vec<Case>,
    /// Expected records without a log.
    pub(crate) orphans: Vec<PathBuf>,
}

/// What became of a case.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// All records are as expected: so many.
    Good(usize),
    /// The expected records were written: so many.
    Written(usize),
    Bad(Wrong),
}

/// What is not as it must be.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// There are no expected records.
    NoneExpected,
    /// A line of the expected file says nothing that can be expected.
    Unreadable { line: usize, why: String },
    /// A component gave no answer, whichever way it was asked; these lines alone are enough.
    Failed { error: String, first_line: usize, lines: String },
    /// It gives another answer when it is asked again, or when the text is cut in another way.
    Unsteady { how: String, changes: Changes },
    /// It gives another answer than is expected.
    Changed(Changes),
}

/// How two lists of records differ.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Records on the right.
    pub(crate) records: usize,
    pub(crate) changes: Vec<Change>,
}

/// One record that is not as expected.
#[derive(Debug)]
pub(crate) struct Change {
    /// Counted from 1, among those on the right; on the left where there is no other.
    pub(crate) record: usize,
    /// Where it begins in the log, and its lines.
    pub(crate) place: Option<(usize, String)>,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    /// These fields differ, so many do not.
    Fields(Vec<Difference>, usize),
    /// Only on the left.
    Missing(Golden),
    /// Only on the right.
    New(Golden),
}

// === impl Cases ===

impl Cases {
    /// All in `folder` and below. Links to folders are not followed.
    pub(crate) fn find(folder: &Path) -> Result<Self> {
        let mut found = Self::default();
        for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
            let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
            let path = entry.path();
            if !path.is_file() {
                continue;
            }
            if path.extension() == Some(OsStr::new(LOG)) {
                found.cases.push(Case { log: path.to_owned(), expected: path.with_extension(EXPECTED) });
            } else if let Some(log) = log_of(path)
                && !log.is_file()
            {
                found.orphans.push(path.to_owned());
            }
        }
        found.cases.sort();
        Ok(found)
    }
}

/// The log that goes with a file of expected records.
fn log_of(expected: &Path) -> Option<PathBuf> {
    let name = expected.file_name()?.to_str()?.strip_suffix(EXPECTED)?;
    name.ends_with('.').then(|| expected.with_file_name(format!("{name}{LOG}")))
}

// === impl Case ===

impl Case {
    /// Parses the log and compares, or writes what is expected from now on.
    pub(crate) fn run(&self, recipe: &Recipe, update: bool) -> Result<Verdict> {
        let text = read_log(&self.log)?;
        let path = self.log.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
        let got = match steady(recipe, &path, &text)? {
            Ok(got) => got,
            Err(wrong) => return Ok(Verdict::Bad(wrong)),
        };
        let expected = match fs::read_to_string(&self.expected) {
            Ok(expected) => Some(expected),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", self.expected.display()));
            }
        };
        let changes = match expected.as_deref().map(read_expected) {
            None => Err(Wrong::NoneExpected),
            Some(Err(wrong)) => Err(wrong),
            Some(Ok(expected)) => Ok(Changes::between(&expected, &got, &text)),
        };
        Ok(match changes {
            Ok(changes) if changes.changes.is_empty() => Verdict::Good(got.len()),
            _ if update => {
                write_expected(&self.expected, &got)?;
                Verdict::Written(got.len())
            }
            Ok(changes) => Verdict::Bad(Wrong::Changed(changes)),
            Err(wrong) => Verdict::Bad(wrong),
        })
    }
}

/// The text of a log as components get it.
pub(crate) fn read_log(path: &Path) -> Result<String> {
    let size = path.metadata().with_context(|| format!("cannot read {}", path.display()))?.len();
    if size > MAX_LOG_BYTES {
        bail!("{} has {size} bytes; a log for a test has at most {MAX_LOG_BYTES}", path.display());
    }
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(stage::utf8(&bytes).into_owned())
}

fn read_expected(text: &str) -> Result<Vec<Golden>, Wrong> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(at, line)| Golden::read(line).map_err(|why| Wrong::Unreadable { line: at + 1, why });
    lines.map(read).collect()
}

/// A new file under another name first: a test that is stopped leaves the old one or the new one.
fn write_expected(path: &Path, records: &[Made]) -> Result<()> {
    let temporary = path.with_extension("jsonl.tmp");
    let write = || {
        let mut file = File::create(&temporary)?;
        let lines: String = records.iter().map(|made| made.golden.line() + "\n").collect();
        file.write_all(lines.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

// === parsing ===

/// A record and where in the log it begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Made {
    golden: Golden,
    offset: usize,
}

/// The records of `text`, if it is always the same ones.
fn steady(recipe: &Recipe, path: &str, text: &str) -> Result<Result<Vec<Made>, Wrong>> {
    let whole = chunks(text);
    let mut bare = recipe.start(path)?;
    let first = match made(&mut bare, text, &whole) {
        Ok(first) => first,
        Err(failure) => return failed(recipe, path, text, &failure).map(Err),
    };
    let ways = cuttings(text).map(|cuts| (cut_behind(text, &cuts), cuts));
    let again = [
        ("parsed once more by the same instance".to_owned(), whole.clone()),
        ("parsed once more by a new instance".to_owned(), whole),
    ];
    for (at, (how, cuts)) in again.into_iter().chain(ways).enumerate() {
        if at == 1 {
            bare = recipe.start(path)?;
        }
        let other = match made(&mut bare, text, &cuts) {
            Ok(other) => other,
            Err(failure) => return failed(recipe, path, text, &failure).map(Err),
        };
        if first != other {
            let expected: Vec<_> = first.into_iter().map(|made| made.golden).collect();
            let changes = Changes::between(&expected, &other, text);
            return Ok(Err(Wrong::Unsteady { how, changes }));
        }
    }
    Ok(Ok(first))
}

/// How the answers to one text differ, where they do.
pub(crate) fn unsteady(recipe: &Recipe, text: &str) -> Result<Option<Changes>> {
    Ok(match steady(recipe, "fuzz.log", text)? {
        Err(Wrong::Unsteady { changes, .. }) => Some(changes),
        _ => None,
    })
}

fn made(bare: &mut Bare, text: &str, cuts: &[usize]) -> Result<Vec<Made>, Failure> {
    let mut made = Vec::new();
    bare.run(text, cuts, &mut |seen| made.push(Made { golden: Golden::of(seen), offset: seen.offset }))?;
    for at in 0..made.len() {
        let lines = lines_of(&made, at, text);
        made[at].golden.leave_out_body(lines);
    }
    Ok(made)
}

/// What stands from where a record begins to where another one does.
fn lines_of<'t>(made: &[Made], at: usize, text: &'t str) -> &'t str {
    let offset = made[at].offset;
    let next = made[at..].iter().find(|next| next.offset > offset);
    trimmed(&text[offset..next.map_or(text.len(), |next| next.offset)])
}

/// As the SDK and the host trim lines.
fn trimmed(lines: &str) -> &str {
    lines.trim_matches([' ', '\t', '\r', '\n'])
}

/// A failure, with the fewest lines that bring it about.
fn failed(recipe: &Recipe, path: &str, text: &str, failure: &Failure) -> Result<Wrong> {
    let mut bare = recipe.start(path)?;
    let piece = &text[failure.piece.clone()];
    let is_same =
        |one: &Failure| std::mem::discriminant(&one.error) == std::mem::discriminant(&failure.error);
    let (at, lines) = minimise::lines(piece, &mut |text| bare.failure(text).as_ref().is_some_and(is_same));
    let error = bare.failure(&lines).map_or_else(|| failure.to_string(), |failure| failure.to_string());
    Ok(Wrong::Failed { error, first_line: line_number(text, failure.piece.start + at), lines })
}

fn cut_behind(text: &str, cuts: &[usize]) -> String {
    const NAMED: usize = 8;
    let mut lines: Vec<_> =
        cuts.iter().take(NAMED).map(|&cut| line_number(text, cut).saturating_sub(1).to_string()).collect();
    if cuts.len() > NAMED {
        lines.push(format!("{} more", cuts.len() - NAMED));
    }
    format!("parsed in pieces, cut behind line {}", lines.join(", "))
}

/// The line that `offset` is in, counted from 1.
fn line_number(text: &str, offset: usize) -> usize {
    memchr::memchr_iter(b'\n', &text.as_bytes()[..offset]).count() + 1
}

// === impl Changes ===

impl Changes {
    fn between(expected: &[Golden], got: &[Made], text: &str) -> Self {
        let mut changes = Vec::new();
        let lines = |at: usize| lines_of(got, at, text);
        let place = |at: usize| Some((line_number(text, got[at].offset), lines(at).to_owned()));
        let left: Vec<_> = expected.iter().map(Golden::line).collect();
        let right: Vec<_> = got.iter().map(|made| made.golden.line()).collect();
        let deadline = Some(Instant::now() + TO_ALIGN);
        for step in capture_diff_slices_deadline(Algorithm::Myers, &left, &right, deadline) {
            if step.tag() == DiffTag::Equal {
                continue;
            }
            let (old, new) = (step.old_range(), step.new_range());
            let both = old.len().min(new.len());
            for (from, to) in old.clone().zip(new.clone()) {
                let (fields, same) = expected[from].differences(&got[to].golden, lines(to));
                if !fields.is_empty() {
                    let what = What::Fields(fields, same);
                    changes.push(Change { record: to + 1, place: place(to), what });
                }
            }
            let missing = expected[old.start + both..old.end].iter().zip(old.start + both + 1..);
            changes.extend(missing.map(|(golden, record)| {
                let what = What::Missing(golden.clone());
                Change { record, place: None, what }
            }));
            changes.extend((new.start + both..new.end).map(|at| {
                let what = What::New(got[at].golden.clone());
                Change { record: at + 1, place: place(at), what }
            }));
        }
        Self { records: got.len(), changes }
    }
}
