//! Runs a program: tries what it prefers, and goes back where that does not match,
//! which is the order of preference that leftmost-first matching means.

use regex_syntax::hir::Look;

use crate::UNSET;
use crate::class::is_boundary;
use crate::program::{Program, Run, Step};

/// What a match needs besides its offsets.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    stack: Vec<Back>,
}

/// A place to go back to.
#[derive(Debug, Clone, Copy)]
enum Back {
    /// This step at this offset.
    Step { place: usize, at: usize },
    /// A greedy run gives back: it may end before `at`, not before `least`.
    Shorter { place: usize, at: usize, least: usize },
    /// A lazy run goes on from `at`, having taken `taken` characters.
    Longer { place: usize, at: usize, taken: usize },
    /// A slot as it was.
    Slot { slot: usize, offset: usize },
}

/// Steps allowed per byte of the text, and besides: far more than lines need, and
/// little against what an automaton would take for the rest.
const STEPS_PER_BYTE: usize = 32;
const STEPS: usize = 1024;
/// Bytes that a run goes over in about the time of a step.
const BYTES_PER_STEP: usize = 8;

/// Looks for the first match from `from` on. None: the budget is used up.
pub(crate) fn search(
    program: &Program,
    text: &[u8],
    from: usize,
    offsets: &mut [usize],
    memory: &mut Memory,
) -> Option<bool> {
    let budget = STEPS + STEPS_PER_BYTE * (text.len() - from);
    let mut machine = Machine { program, text, offsets, stack: &mut memory.stack, budget };
    if program.anchored {
        return machine.at(from);
    }
    let mut start = from;
    loop {
        if program.first.is_known() {
            start = match program.first.only {
                Some(byte) => match memchr::memchr(byte, &text[start..]) {
                    Some(length) => start + length,
                    None => return Some(false),
                },
                None => {
                    let here = (start..=text.len()).find(|&at| program.first.allows(text, at));
                    let Some(here) = here else { return Some(false) };
                    here
                }
            };
        }
        if is_boundary(text, start) {
            if machine.at(start)? {
                return Some(true);
            }
            machine.offsets.fill(UNSET);
        }
        if start == text.len() {
            return Some(false);
        }
        start += 1;
    }
}

struct Machine<'a> {
    program: &'a Program,
    text: &'a [u8],
    offsets: &'a mut [usize],
    stack: &'a mut Vec<Back>,
    budget: usize,
}

impl Machine<'_> {
    /// Whether there is a match that begins at `start`.
    fn at(&mut self, start: usize) -> Option<bool> {
        self.stack.clear();
        let (mut place, mut at) = (self.program.start, start);
        loop {
            self.budget = self.budget.checked_sub(1)?;
            let went = match &self.program.steps[place] {
                Step::Match => return Some(true),
                Step::Literal(literal, next) => {
                    self.text[at..].starts_with(literal).then(|| (*next, at + literal.len()))
                }
                Step::One(class, next) => {
                    self.program.classes[*class].step(self.text, at).map(|length| (*next, at + length))
                }
                Step::Run(run) => self.run(run, place, at),
                Step::Either(first, second) => {
                    self.stack.push(Back::Step { place: *second, at });
                    Some((*first, at))
                }
                Step::Save(slot, next) => {
                    let offset = std::mem::replace(&mut self.offsets[*slot], at);
                    // Nothing to go back to: nothing to restore.
                    if !self.stack.is_empty() {
                        self.stack.push(Back::Slot { slot: *slot, offset });
                    }
                    Some((*next, at))
                }
                Step::Look(look, next) => self.look(*look, at).then_some((*next, at)),
            };
            match went {
                Some(further) => (place, at) = further,
                None => match self.back()? {
                    Some(further) => (place, at) = further,
                    None => return Some(false),
                },
            }
        }
    }

    /// The last choice that has another way.
    fn back(&mut self) -> Option<Option<(usize, usize)>> {
        while let Some(back) = self.stack.pop() {
            self.budget = self.budget.checked_sub(1)?;
            match back {
                Back::Slot { slot, offset } => self.offsets[slot] = offset,
                Back::Step { place, at } => return Some(Some((place, at))),
                Back::Shorter { place, at, least } => {
                    let Step::Run(run) = &self.program.steps[place] else { continue };
                    if let Some(at) = self.shorter(run, at, least)? {
                        if at > least {
                            self.stack.push(Back::Shorter { place, at, least });
                        }
                        return Some(Some((run.next, at)));
                    }
                }
                Back::Longer { place, at, taken } => {
                    let Step::Run(run) = &self.program.steps[place] else { continue };
                    if let Some(further) = self.longer(run, place, at, taken) {
                        return Some(Some(further));
                    }
                }
            }
        }
        Some(None)
    }

    /// The nearest place before `at` where what follows the run may match.
    fn shorter(&mut self, run: &Run, at: usize, least: usize) -> Option<Option<usize>> {
        let mut end = at;
        while end > least {
            end -= 1;
            if is_boundary(self.text, end) && run.follow.allows(self.text, end) {
                return Some(Some(end));
            }
            // Bytes that are passed over here are looked at, not matched.
            if end.is_multiple_of(BYTES_PER_STEP) {
                self.budget = self.budget.checked_sub(1)?;
            }
        }
        Some(None)
    }

    /// Counts what a run has gone over.
    #[inline]
    fn spend(&mut self, bytes: usize) {
        self.budget = self.budget.saturating_sub(bytes / BYTES_PER_STEP);
    }

    #[inline]
    fn run(&mut self, run: &Run, place: usize, at: usize) -> Option<(usize, usize)> {
        if !run.greedy {
            return self.lazy(run, place, at);
        }
        let class = &self.program.classes[run.class];
        if class.is_bytewise() && run.least <= 1 && run.most == usize::MAX {
            let end = class.run_end(self.text, at);
            self.spend(end - at);
            let least = if run.least == 0 {
                at
            } else {
                at + self.text.get(at).map_or(1, |&byte| crate::class::char_len(byte))
            };
            if end < least {
                return None;
            }
            if !run.possessive && end > least {
                self.stack.push(Back::Shorter { place, at: end, least });
            }
            return Some((run.next, end));
        }
        let (mut end, mut taken, mut least) = (at, 0, at);
        while taken < run.most
            && let Some(length) = class.step(self.text, end)
        {
            end += length;
            taken += 1;
            if taken == run.least {
                least = end;
            }
        }
        self.spend(end - at);
        if taken < run.least {
            return None;
        }
        if !run.possessive && end > least {
            self.stack.push(Back::Shorter { place, at: end, least });
        }
        Some((run.next, end))
    }

    fn lazy(&mut self, run: &Run, place: usize, at: usize) -> Option<(usize, usize)> {
        let class = &self.program.classes[run.class];
        let mut end = at;
        for _ in 0..run.least {
            end += class.step(self.text, end)?;
        }
        self.stop(run, place, end, run.least)
    }

    /// A lazy run that ended at `at` takes one character more, and on.
    fn longer(&mut self, run: &Run, place: usize, at: usize, taken: usize) -> Option<(usize, usize)> {
        if taken >= run.most {
            return None;
        }
        let length = self.program.classes[run.class].step(self.text, at)?;
        self.stop(run, place, at + length, taken + 1)
    }

    /// Lets a lazy run end at the first place from `at` on where what follows may
    /// match.
    fn stop(&mut self, run: &Run, place: usize, at: usize, taken: usize) -> Option<(usize, usize)> {
        let class = &self.program.classes[run.class];
        let from = at;
        let (mut at, mut taken) = (at, taken);
        while !run.follow.allows(self.text, at) {
            if taken >= run.most {
                return None;
            }
            at += class.step(self.text, at)?;
            taken += 1;
        }
        self.spend(at - from);
        self.stack.push(Back::Longer { place, at, taken });
        Some((run.next, at))
    }

    fn look(&self, look: Look, at: usize) -> bool {
        let is_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        let boundary = || {
            let before = at.checked_sub(1).and_then(|before| self.text.get(before));
            is_word(before) != is_word(self.text.get(at))
        };
        match look {
            Look::Start => at == 0,
            Look::End => at == self.text.len(),
            Look::StartLF => at == 0 || self.text[at - 1] == b'\n',
            Look::EndLF => self.text.get(at).is_none_or(|&byte| byte == b'\n'),
            Look::WordAscii => boundary(),
            Look::WordAsciiNegate => !boundary(),
            // Programs have no others.
            _ => false,
        }
    }
}
