//! The lane's side: where it finds what is to take the place of its components.
//!
//! A lane has one [`Mailbox`], and looks once a turn whether there is something in it: one atomic load between two
//! chunks. A [`Seat`] is the place of one component in the lane; letters are addressed to it. What a lane has no use
//! for any more goes back to the supervisor, which has the time to drop it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use skidway_model::Checked;
use skidway_plugin::{Context, Parser, Piece};

use super::instance::Instance;
use super::supervisor::Message;
use super::tallies::{Counts, Tallies};
use super::trial::Trial;
use crate::compare::Made;

/// What a seat is told.
#[derive(Debug)]
pub(crate) enum News {
    /// This takes over, and is counted there.
    Replace(Instance, Arc<Tallies>),
    /// This runs beside the component in use.
    Try(Instance, Arc<Trial>),
    /// What was tried is not tried any longer.
    StopTrial,
    /// A further parser for `auto`, with a seat of its own.
    Join(Box<(Parser, Seat)>),
    /// The parser of this seat is no longer one of `auto`'s.
    Leave,
}

/// News for a seat.
pub(crate) type Letter = (u64, News);

/// What the supervisor has for a lane.
#[derive(Debug)]
pub(crate) struct Mailbox {
    has_mail: AtomicBool,
    letters: Mutex<Vec<Letter>>,
    supervisor: Sender<Message>,
}

impl Mailbox {
    pub(super) fn new(supervisor: Sender<Message>) -> Self {
        Self { has_mail: AtomicBool::new(false), letters: Mutex::default(), supervisor }
    }

    /// Leaves a letter. A seat whose lane has not looked since gets the latest news alone.
    pub(super) fn post(&self, seat: u64, news: News) {
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(news, News::Join(..)) {
            // What joined and was not noticed yet stays, to be replaced.
            let is_replaced = |old: &News| match news {
                News::Replace(..) | News::Leave => !matches!(old, News::Join(..)),
                _ => matches!(old, News::Try(..) | News::StopTrial),
            };
            letters.retain(|(known, old)| *known != seat || !is_replaced(old));
        }
        letters.push((seat, news));
        self.has_mail.store(true, Ordering::Release);
    }

    /// Whether there is something in it.
    #[inline]
    pub(crate) fn has_mail(&self) -> bool {
        self.has_mail.load(Ordering::Acquire)
    }

    /// What is in it.
    pub(crate) fn take(&self) -> Vec<Letter> {
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        self.has_mail.store(false, Ordering::Release);
        std::mem::take(&mut letters)
    }

    /// Gives back what is not used any more.
    pub(crate) fn give_back(&self, used: impl Send + 'static) {
        // It is dropped here where the supervisor has ended.
        let _ = self.supervisor.send(Message::Used(Box::new(used)));
    }
}

/// The place of a component in a lane. The default one is where nothing is exchanged.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    id: u64,
    /// Of all components that sat in seats like this one.
    totals: Arc<Tallies>,
    /// Of the one that sits there now.
    own: Arc<Tallies>,
    is_resting: Arc<AtomicBool>,
    trial: Option<(Instance, Arc<Trial>)>,
    supervisor: Option<Sender<Message>>,
}

impl Seat {
    pub(super) fn new(totals: Arc<Tallies>, own: Arc<Tallies>, supervisor: Sender<Message>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let is_resting = Arc::default();
        Self { id, totals, own, is_resting, trial: None, supervisor: Some(supervisor) }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn is_resting(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_resting)
    }

    /// Another component sits there now. What was on trial comes back.
    pub(crate) fn replaced(&mut self, own: Arc<Tallies>) -> Option<Instance> {
        self.own = own;
        self.is_resting.store(false, Ordering::Relaxed);
        self.trial(None)
    }

    /// Something is on trial from now on, or nothing. What was comes back.
    pub(crate) fn trial(&mut self, trial: Option<(Instance, Arc<Trial>)>) -> Option<Instance> {
        std::mem::replace(&mut self.trial, trial).map(|(candidate, _)| candidate)
    }

    /// Whether something is on trial.
    #[inline]
    pub(crate) fn has_trial(&self) -> bool {
        self.trial.as_ref().is_some_and(|(_, trial)| !trial.is_over())
    }

    /// The parser that sits there has parsed a text into these pieces, which are used.
    pub(crate) fn parsed(&mut self, text: &str, context: &Context, pieces: &[Piece<'_>], is_resting: bool) {
        let counts = pieces.iter().fold(Counts { chunks: 1, ..Counts::default() }, |counts, piece| {
            let records = piece.records.len() as u64;
            Counts {
                records: counts.records + records,
                unrecognised: counts.unrecognised + piece.unrecognised.len() as u64,
                failed: counts.failed + if piece.failed { records } else { 0 },
                ..counts
            }
        });
        self.count(counts, is_resting);
        if !self.has_trial() {
            return;
        }
        let Some((Instance::Parser(candidate), trial)) = &mut self.trial else { return };
        let mut old = Made { unrecognised: counts.unrecognised, failed: counts.failed, ..Made::default() };
        let mut consumed = 0;
        for piece in pieces {
            old.pieces.push((consumed, &piece.records));
            consumed += piece.consumed;
        }
        if consumed == 0 {
            return;
        }
        // What was left for later is not shown to the candidate: it would have to be asked about it again.
        let text = &text[..consumed];
        match candidate.parse(text, &Context { flush: true, ..context.clone() }) {
            Ok(answer) => {
                let unrecognised = answer.unrecognised.len() as u64;
                trial.add(
                    text,
                    &old,
                    Ok(&Made { pieces: vec![(0, &answer.records)], unrecognised, failed: 0 }),
                );
            }
            Err(error) => trial.add(text, &old, Err(error.to_string())),
        }
    }

    /// The enricher that sits there has made `after` of so many records, of which it failed on some. `before` is what
    /// they were, where something is on trial.
    pub(crate) fn enriched(
        &mut self,
        (records, failed): (usize, u64),
        is_resting: bool,
        before: Option<Checked<'_>>,
        after: &[Checked<'_>],
    ) {
        let counts = Counts { chunks: 1, records: records as u64, unrecognised: 0, failed };
        self.count(counts, is_resting);
        let (Some((Instance::Enricher(candidate), trial)), Some(mut records)) = (&mut self.trial, before)
        else {
            return;
        };
        if records.is_empty() {
            return;
        }
        let text = records.text();
        let pieces = after.iter().map(|records| (0, records)).collect();
        let old = Made { pieces, failed, unrecognised: 0 };
        match candidate.enrich(&mut records) {
            Ok(_) => trial.add(text, &old, Ok(&Made { pieces: vec![(0, &records)], ..Made::default() })),
            Err(error) => trial.add(text, &old, Err(error.to_string())),
        }
    }

    fn count(&self, counts: Counts, is_resting: bool) {
        self.totals.add(counts);
        self.own.add(counts);
        self.is_resting.store(is_resting, Ordering::Relaxed);
        let went_wrong = counts.failed > 0 || counts.unrecognised > 0;
        if went_wrong
            && self.own.is_watched.load(Ordering::Relaxed)
            && !self.own.is_told.swap(true, Ordering::AcqRel)
            && let Some(supervisor) = &self.supervisor
        {
            // The supervisor ends with the agent.
            let _ = supervisor.send(Message::Decide);
        }
    }
}
