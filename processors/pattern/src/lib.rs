//! Go's regular expressions (RE2) over lines.
//!
//! A pattern is translated to the syntax of `regex-syntax` ([`syntax`]), compiled to
//! a small program ([`program`]) and run by a backtracker ([`run`]) that knows what
//! patterns for logs look like: runs of a class up to a byte that is not in it.
//! Where the structure leaves no choice nothing is tried twice, and mostly it leaves
//! none. The backtracker has a budget of steps; past it, and for patterns that the
//! program cannot express, `regex-automata` answers, in linear time.
//!
//! Invariants: both give the same captures for every pattern and text, those of
//! leftmost-first matching; offsets lie between characters; a match allocates
//! nothing once the [`Slots`] are large enough.

mod class;
mod fallback;
mod first;
mod program;
mod run;
mod syntax;

use fallback::Fallback;
use program::Program;
use regex_syntax::hir::Look;
use run::Memory;
pub use syntax::Error;

/// A compiled pattern.
#[derive(Debug)]
pub struct Pattern {
    names: Vec<Option<String>>,
    program: Option<Program>,
    fallback: Fallback,
    anchored: bool,
}

/// Where the groups of a match lie, and the memory that a match needs; to be used
/// again for the next one.
#[derive(Debug, Default)]
pub struct Slots {
    offsets: Vec<usize>,
    memory: Memory,
}

/// The offset of a group that took no part.
pub(crate) const UNSET: usize = usize::MAX;

impl Slots {
    /// Where group `group` begins and ends; 0 is the whole match. None where it
    /// took no part.
    #[inline]
    pub fn get(&self, group: usize) -> Option<(usize, usize)> {
        let (start, end) = (*self.offsets.get(2 * group)?, *self.offsets.get(2 * group + 1)?);
        (start != UNSET && end != UNSET).then_some((start, end))
    }
}

impl Pattern {
    /// Compiles a pattern as Go's `regexp` reads it.
    ///
    /// # Errors
    /// What is wrong with it, in the words of people who write such patterns.
    pub fn new(pattern: &str) -> Result<Self, Error> {
        let syntax::Translated { hir, names } = syntax::translate(pattern)?;
        let anchored = hir.properties().look_set_prefix().contains(Look::Start);
        let program = Program::new(&hir, anchored);
        let fallback = Fallback::new(&hir)?;
        Ok(Self { names, program, fallback, anchored })
    }

    /// The names of the groups; the first one is the whole match and has none.
    pub fn names(&self) -> &[Option<String>] {
        &self.names
    }

    /// Finds the first match in `text`, which is valid UTF-8, and notes its groups.
    #[inline]
    pub fn captures(&self, text: &[u8], slots: &mut Slots) -> bool {
        self.captures_at(text, 0, slots)
    }

    /// Finds the first match that begins at `from` or later, which is a place
    /// between characters. What stands before `from` counts for `^` and `\b`.
    #[inline]
    pub fn captures_at(&self, text: &[u8], from: usize, slots: &mut Slots) -> bool {
        let Slots { offsets, memory } = slots;
        offsets.clear();
        offsets.resize(2 * self.names.len(), UNSET);
        if self.anchored && from > 0 {
            return false;
        }
        if let Some(program) = &self.program
            && let Some(answer) = run::search(program, text, from, offsets, memory)
        {
            return answer;
        }
        offsets.fill(UNSET);
        self.fallback.search(text, from, offsets)
    }

    /// Whether there is a match anywhere.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.captures(text, &mut Slots::default())
    }

    /// The first match at `from` or later.
    pub fn find_at(&self, text: &[u8], from: usize, slots: &mut Slots) -> Option<(usize, usize)> {
        if self.captures_at(text, from, slots) { slots.get(0) } else { None }
    }
}

#[cfg(test)]
mod tests;
