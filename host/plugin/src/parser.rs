//! Calling a parser, and believing nothing it answers.

use skidway_model::{Attribute, Checked, Invalid, Records};

use crate::Role;
use crate::component::{Component, LoadError};
use crate::limits::Limits;
use crate::store::{CallError, Sandbox, shorten};
use crate::wit::v0_1_0::{self, parsing};

/// What a parser is told besides the text; see `context` in the WIT file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// The file's path.
    pub path: String,
    /// No line was written later than this, give or take a wrong clock.
    pub reference_time_unix_nano: u64,
    /// From which second on which offset from UTC, in seconds, was in force.
    pub zone: Vec<(i64, i32)>,
    /// No more bytes are coming soon: everything must be consumed.
    pub flush: bool,
    /// Where the text begins in the file.
    pub offset: u64,
    /// How many entries of the file came before it.
    pub entries_before: u64,
    /// What is known of the file and was asked for.
    pub file_attributes: Vec<Attribute>,
}

impl Context {
    /// What to tell about the text that follows `bytes` bytes with so many entries.
    pub fn after(&self, bytes: usize, entries: u64) -> Self {
        let offset = self.offset + bytes as u64;
        Self { offset, entries_before: self.entries_before + entries, ..self.clone() }
    }
}

/// A parser's answer as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parsed {
    pub(crate) records: Records,
    pub(crate) consumed: u32,
    pub(crate) skipped_lines: u32,
    pub(crate) dropped: u32,
    pub(crate) entries: u32,
    pub(crate) unrecognised: Vec<u32>,
    pub(crate) unrecognised_reason: String,
}

/// A parser's answer, checked.
#[derive(Debug)]
pub struct Answer<'t> {
    /// The records, which speak of the text that was given.
    pub records: Checked<'t>,
    /// Bytes that are dealt with: up to a line's end, or everything.
    pub consumed: usize,
    /// Lines that became no record on purpose.
    pub skipped_lines: u32,
    /// Entries that became no record on purpose.
    pub dropped: u32,
    /// All entries: those that are records, were dropped, or were joined to others.
    pub entries: u32,
    /// Records whose lines were not recognised: ascending indices.
    pub unrecognised: Vec<u32>,
    /// Why the first of them was not, for people; often empty.
    pub unrecognised_reason: String,
}

/// A parser component with one instance; used by one thread at a time.
pub struct Parser {
    sandbox: Sandbox<parsing::ParserComponent>,
    owns_file_attributes: bool,
}

impl Parser {
    /// An instance of `component`, configured with `config` (JSON).
    pub fn new(component: &Component, config: &str, limits: Limits) -> Result<Self, LoadError> {
        require(component, Role::Parser)?;
        let mut sandbox = Sandbox::<parsing::ParserComponent>::new(component, config, limits)?;
        let owns_file_attributes = sandbox
            .call(0, |store, world| world.skidway_processor_parser().call_owns_file_attributes(store))
            .map_err(|error| LoadError::Start(error.to_string()))?;
        Ok(Self { sandbox, owns_file_attributes })
    }

    /// Whether records carry the file's attributes already.
    pub fn owns_file_attributes(&self) -> bool {
        self.owns_file_attributes
    }

    /// The component's name.
    pub fn name(&self) -> &str {
        self.sandbox.name()
    }

    /// Drops the instance: the next call makes a fresh one.
    pub fn let_go(&mut self) {
        self.sandbox.let_go();
    }

    /// Parses `text`. With an error nothing is consumed, and the next call meets a
    /// fresh instance.
    pub fn parse<'t>(&mut self, text: &'t str, context: &Context) -> Result<Answer<'t>, CallError> {
        let wire = v0_1_0::context(context);
        let parsed: Parsed = self
            .sandbox
            .call(text.len(), |store, world| {
                world.skidway_processor_parser().call_parse(store, text.as_bytes(), &wire)
            })?
            .map_err(|why| CallError::Refused(shorten(&why)))?
            .into();
        check(text, parsed, context.flush).map_err(|invalid| {
            self.sandbox.let_go();
            CallError::Invalid(invalid)
        })
    }
}

pub(crate) fn require(component: &Component, wanted: Role) -> Result<(), LoadError> {
    let roles = &component.inspection().roles;
    if roles.contains(&wanted) {
        return Ok(());
    }
    Err(LoadError::Role { wanted, roles: roles.clone() })
}

fn check(text: &str, parsed: Parsed, flush: bool) -> Result<Answer<'_>, Invalid> {
    let consumed = parsed.consumed as usize;
    let wrong = |why| Err(Invalid::Consumed { consumed: parsed.consumed, len: text.len(), why });
    if consumed > text.len() {
        return wrong("that is more than it was given");
    }
    if consumed < text.len() {
        if flush {
            return wrong("with `flush` it has to consume everything");
        }
        if consumed > 0 && text.as_bytes()[consumed - 1] != b'\n' {
            return wrong("that is not at the end of a line");
        }
    }
    let count = parsed.records.origin.len();
    if u64::from(parsed.dropped) + u64::from(parsed.skipped_lines) > consumed as u64 {
        return wrong("more entries are said to be dropped or skipped than there are bytes");
    }
    if parsed.skipped_lines > 0 {
        let ends = memchr::memchr_iter(b'\n', &text.as_bytes()[..consumed]).count();
        let lines = ends + usize::from(consumed > 0 && text.as_bytes()[consumed - 1] != b'\n');
        let (skipped, is_some) = (parsed.skipped_lines as usize, count > 0 || parsed.dropped > 0);
        if skipped + usize::from(is_some) > lines {
            return wrong("more lines are said to be skipped than its records leave");
        }
    }
    if parsed.records.origin.last().is_some_and(|&origin| origin as usize >= consumed) {
        return wrong("a record begins past that");
    }
    let strictly = parsed.unrecognised.windows(2).all(|pair| pair[0] < pair[1]);
    if !strictly || parsed.unrecognised.last().is_some_and(|&last| last as usize >= count) {
        return Err(Invalid::Range { column: "unrecognised", index: 0 });
    }
    Ok(Answer {
        records: Checked::new(text, parsed.records)?,
        consumed,
        skipped_lines: parsed.skipped_lines,
        dropped: parsed.dropped,
        entries: parsed.entries,
        unrecognised: parsed.unrecognised,
        unrecognised_reason: shorten(&parsed.unrecognised_reason),
    })
}

impl std::fmt::Debug for Parser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Parser").field(&self.name()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consumed(consumed: u32, flush: bool) -> Result<usize, Invalid> {
        check("ab\ncd\n", Parsed { consumed, ..Parsed::default() }, flush).map(|answer| answer.consumed)
    }

    #[test]
    fn only_whole_lines_are_consumed() {
        assert_eq!(consumed(0, false), Ok(0));
        assert_eq!(consumed(3, false), Ok(3));
        assert_eq!(consumed(6, true), Ok(6));
        assert!(consumed(2, false).is_err());
        assert!(consumed(7, false).is_err());
        assert!(consumed(u32::MAX, false).is_err());
        assert!(consumed(3, true).is_err());
    }

    #[test]
    fn lines_are_left_for_its_records() {
        let records = || Records {
            origin: vec![0],
            time_unix_nano: vec![0],
            severity_number: vec![0],
            body_start: vec![0],
            body_end: vec![2],
            attributes_end: vec![0],
            ..Records::default()
        };
        let skipping = |skipped_lines, records| {
            let parsed = Parsed { consumed: 6, skipped_lines, records, ..Parsed::default() };
            check("ab\ncd\n", parsed, true).is_ok()
        };
        assert!(skipping(1, records()) && skipping(2, Records::default()));
        assert!(!skipping(2, records()) && !skipping(3, Records::default()));
    }

    #[test]
    fn unrecognised_names_records_that_exist() {
        let parsed = Parsed { consumed: 6, unrecognised: vec![0], ..Parsed::default() };
        assert!(check("ab\ncd\n", parsed, false).is_err());
    }
}
