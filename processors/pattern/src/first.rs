//! What may stand at a place where a program goes on.

use regex_syntax::hir::Look;

use crate::class::{Bytes, Class};
use crate::program::Step;

/// The bytes that a continuation may begin with.
#[derive(Debug, Clone)]
pub(crate) struct First {
    pub(crate) bytes: Bytes,
    /// It may match at the end of the text.
    pub(crate) end: bool,
    /// It may match without looking at the next byte: nothing is known.
    unknown: bool,
    /// Its only byte, where it has one and does not match at the end.
    pub(crate) only: Option<u8>,
}

impl Default for First {
    fn default() -> Self {
        Self { bytes: [true; 256], end: true, unknown: true, only: None }
    }
}

impl First {
    /// Of what goes on at `place`.
    pub(crate) fn of(steps: &[Step], classes: &[Class], place: usize) -> Self {
        let mut first = Self { bytes: [false; 256], end: false, unknown: false, only: None };
        let mut seen = vec![false; steps.len()];
        let mut open = vec![place];
        while let Some(place) = open.pop() {
            if std::mem::replace(&mut seen[place], true) {
                continue;
            }
            match &steps[place] {
                Step::Match => return Self::default(),
                Step::Literal(bytes, next) => match bytes.first() {
                    Some(&byte) => first.bytes[usize::from(byte)] = true,
                    None => open.push(*next),
                },
                Step::One(class, _) => first.add(&classes[*class]),
                Step::Run(run) => {
                    first.add(&classes[run.class]);
                    if run.least == 0 {
                        open.push(run.next);
                    }
                }
                Step::Either(a, b) => open.extend([*a, *b]),
                Step::Save(_, next) => open.push(*next),
                // What stands behind it must be empty as well.
                Step::Look(Look::End, _) => first.end = true,
                Step::Look(Look::EndLF, _) => {
                    first.end = true;
                    first.bytes[usize::from(b'\n')] = true;
                }
                Step::Look(_, next) => open.push(*next),
            }
        }
        let mut set = (0..=255u8).filter(|&byte| first.bytes[usize::from(byte)]);
        first.only = match (set.next(), set.next(), first.end) {
            (Some(byte), None, false) => Some(byte),
            _ => None,
        };
        first
    }

    /// Whether it rules anything out.
    pub(crate) fn is_known(&self) -> bool {
        !self.unknown
    }

    /// Whether what goes on may match at `at`.
    #[inline]
    pub(crate) fn allows(&self, text: &[u8], at: usize) -> bool {
        text.get(at).map_or(self.end, |&byte| self.bytes[usize::from(byte)])
    }

    fn add(&mut self, class: &Class) {
        for byte in 0..128 {
            self.bytes[byte] |= class.bytes[byte];
        }
        if class.has_wide() {
            self.bytes[0xc0..].fill(true);
        }
    }
}
