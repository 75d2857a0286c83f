//! A pattern as a list of steps, each with the place of the next one.
//!
//! Invariant: a loop's body takes at least one byte, so running it ends.

use regex_syntax::hir::{Hir, HirKind, Look, Repetition};

use crate::class::{Bytes, Class, Wide};
use crate::first::First;

/// A step. The places are indices of steps.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Match,
    /// These bytes, then on.
    Literal(Box<[u8]>, usize),
    /// One character of the class.
    One(usize, usize),
    /// Characters of the class.
    Run(Box<Run>),
    /// The first place, or else the second one.
    Either(usize, usize),
    /// Notes the offset in this slot.
    Save(usize, usize),
    Look(Look, usize),
}

/// As many characters of a class as possible, or as few as possible.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) class: usize,
    pub(crate) least: usize,
    /// `usize::MAX` for no bound.
    pub(crate) most: usize,
    pub(crate) greedy: bool,
    pub(crate) next: usize,
    /// What may stand behind the run.
    pub(crate) follow: First,
    /// What follows is never in the class: the run has one end.
    pub(crate) possessive: bool,
}

#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) steps: Vec<Step>,
    pub(crate) classes: Vec<Class>,
    pub(crate) start: usize,
    /// A match begins at the beginning of the text only.
    pub(crate) anchored: bool,
    /// What a match may begin with.
    pub(crate) first: First,
}

/// Larger programs are better off with an automaton.
const MAX_STEPS: usize = 2000;

impl Program {
    /// None where the pattern has something that the program does not express.
    pub(crate) fn new(hir: &Hir, anchored: bool) -> Option<Self> {
        let mut compiler = Compiler { steps: vec![Step::Match], classes: Vec::new() };
        let end = compiler.push(Step::Save(1, 0))?;
        let body = compiler.compile(hir, end)?;
        let start = compiler.push(Step::Save(0, body))?;
        let Compiler { steps, classes } = compiler;
        let first = First::of(&steps, &classes, start);
        let mut program = Self { steps, classes, start, anchored, first };
        program.look_ahead();
        Some(program)
    }

    /// Tells every run what may follow it.
    fn look_ahead(&mut self) {
        for place in 0..self.steps.len() {
            let Step::Run(run) = &self.steps[place] else { continue };
            let follow = First::of(&self.steps, &self.classes, run.next);
            let class = &self.classes[run.class];
            let apart = follow.is_known() && !overlap(&follow.bytes, &class.bytes);
            let possessive = apart && run.most == usize::MAX;
            if let Step::Run(run) = &mut self.steps[place] {
                run.possessive = possessive;
                run.follow = follow;
            }
        }
    }
}

fn overlap(a: &Bytes, b: &Bytes) -> bool {
    a.iter().zip(b).any(|(a, b)| *a && *b)
}

struct Compiler {
    steps: Vec<Step>,
    classes: Vec<Class>,
}

impl Compiler {
    fn push(&mut self, step: Step) -> Option<usize> {
        if self.steps.len() >= MAX_STEPS {
            return None;
        }
        self.steps.push(step);
        Some(self.steps.len() - 1)
    }

    /// The place of `hir`, which goes on at `next`.
    fn compile(&mut self, hir: &Hir, next: usize) -> Option<usize> {
        match hir.kind() {
            HirKind::Empty => Some(next),
            HirKind::Literal(literal) => self.push(Step::Literal(literal.0.clone(), next)),
            HirKind::Class(class) => {
                let class = self.class(Class::new(class)?);
                self.push(Step::One(class, next))
            }
            HirKind::Look(look) => {
                // Unicode's word boundaries are none of Go's.
                let known = matches!(
                    look,
                    Look::Start
                        | Look::End
                        | Look::StartLF
                        | Look::EndLF
                        | Look::WordAscii
                        | Look::WordAsciiNegate
                );
                if known { self.push(Step::Look(*look, next)) } else { None }
            }
            HirKind::Capture(capture) => {
                let slot = 2 * capture.index as usize;
                let end = self.push(Step::Save(slot + 1, next))?;
                let body = self.compile(&capture.sub, end)?;
                self.push(Step::Save(slot, body))
            }
            HirKind::Concat(parts) => {
                parts.iter().rev().try_fold(next, |next, part| self.compile(part, next))
            }
            HirKind::Alternation(branches) => {
                let (last, others) = branches.split_last()?;
                let last = self.compile(last, next)?;
                others.iter().rev().try_fold(last, |second, branch| {
                    let first = self.compile(branch, next)?;
                    self.push(Step::Either(first, second))
                })
            }
            HirKind::Repetition(repetition) => self.repetition(repetition, next),
        }
    }

    fn class(&mut self, class: Class) -> usize {
        self.classes.push(class);
        self.classes.len() - 1
    }

    fn repetition(&mut self, repetition: &Repetition, next: usize) -> Option<usize> {
        let Repetition { min, max, greedy, sub } = repetition;
        if let Some(class) = single(sub) {
            let class = self.class(class);
            return self.push(Step::Run(Box::new(Run {
                class,
                least: *min as usize,
                most: max.map_or(usize::MAX, |max| max as usize),
                greedy: *greedy,
                next,
                follow: First::default(),
                possessive: false,
            })));
        }
        // What may take nothing is repeated in a manner of its own.
        if sub.properties().minimum_len().is_none_or(|least| least == 0) && *max != Some(1) {
            return None;
        }
        let either =
            |first, second| if *greedy { Step::Either(first, second) } else { Step::Either(second, first) };
        let mut tail = next;
        match max {
            None => {
                // The loop's own place is known before its body is.
                let again = self.push(Step::Match)?;
                let body = self.compile(sub, again)?;
                self.steps[again] = either(body, next);
                tail = again;
            }
            Some(max) => {
                for _ in *min..*max {
                    let body = self.compile(sub, tail)?;
                    tail = self.push(either(body, next))?;
                }
            }
        }
        (0..*min).try_fold(tail, |next, _| self.compile(sub, next))
    }
}

/// The class of a pattern that is one character.
fn single(hir: &Hir) -> Option<Class> {
    match hir.kind() {
        HirKind::Class(class) => Class::new(class),
        HirKind::Literal(literal) => {
            let mut chars = std::str::from_utf8(&literal.0).ok()?.chars();
            chars.next().filter(|_| chars.next().is_none()).map(Class::one)
        }
        _ => None,
    }
}

impl Class {
    /// Whether a character past ASCII may be in it.
    pub(crate) fn has_wide(&self) -> bool {
        !matches!(self.wide, Wide::None)
    }
}
