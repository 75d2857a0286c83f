//! The seats of a stage's components: where they are counted, and exchanged between two chunks.

use std::sync::Arc;

use skidway_plugin::{ContainedEnricher, ContainedParser, Context, Piece};

use super::{Choice, Stage};
use crate::bundled::general_formats;
use crate::swap::{Instance, Mailbox, News, Seat};

/// A seat for each parser and each enricher, in their order.
pub(super) struct Seats {
    mailbox: Option<Arc<Mailbox>>,
    parsers: Vec<Seat>,
    pub(super) enrichers: Vec<Seat>,
}

/// What else changes with the parsers.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Where parsers came in and where others were that are there no more, one after the other.
    moves: Vec<Move>,
    /// A parser puts on records itself what the one before left to the host, or no longer.
    pub(crate) file_attributes: bool,
}

#[derive(Debug)]
enum Move {
    Entered(usize),
    Left(usize),
}

// === impl Seats ===

impl Seats {
    /// Nothing is exchanged here.
    pub(super) fn fixed(parsers: usize, enrichers: usize) -> Self {
        let seats = |count| (0..count).map(|_| Seat::default()).collect();
        Self { mailbox: None, parsers: seats(parsers), enrichers: seats(enrichers) }
    }

    /// The chosen one of `parsers` has made `pieces` of a text, and they are used.
    pub(super) fn parsed(
        &mut self,
        parsers: &[ContainedParser],
        choice: Choice,
        text: &str,
        context: &Context,
        pieces: &[Piece<'_>],
    ) {
        // What no parser recognises is not held against the one that happens to pass it on.
        if choice.settled().is_none() && parsers.len() > 1 {
            return;
        }
        let index = choice.index();
        self.parsers[index].parsed(text, context, pieces, parsers[index].is_resting());
    }
}

// === impl Changes ===

impl Changes {
    /// Has a file's choice follow them.
    pub(crate) fn apply(&self, choice: &mut Choice) {
        for change in &self.moves {
            match *change {
                Move::Entered(index) => choice.enter(index),
                Move::Left(index) => choice.leave(index),
            }
        }
        choice.look_again();
    }
}

// === impl Stage ===

impl Stage {
    /// Has its components counted and exchanged. There is a seat for each.
    pub(crate) fn seated(self, mailbox: Arc<Mailbox>, parsers: Vec<Seat>, enrichers: Vec<Seat>) -> Self {
        assert_eq!((parsers.len(), enrichers.len()), (self.parsers.len(), self.enrichers.len()));
        Self { seats: Seats { mailbox: Some(mailbox), parsers, enrichers }, ..self }
    }

    /// Takes what is to replace its components; to be called between two chunks. One atomic load where there is
    /// nothing.
    #[inline]
    pub(crate) fn take_mail(&mut self) -> Option<Changes> {
        let mailbox = self.seats.mailbox.as_ref().filter(|mailbox| mailbox.has_mail())?;
        let mailbox = Arc::clone(mailbox);
        let mut changes = Changes::default();
        for (seat, news) in mailbox.take() {
            self.take_news(&mailbox, seat, news, &mut changes);
        }
        Some(changes)
    }

    fn take_news(&mut self, mailbox: &Mailbox, seat: u64, news: News, changes: &mut Changes) {
        if let News::Join(joining) = news {
            let (parser, seat) = *joining;
            let index = self.parsers.len().saturating_sub(general_formats().len());
            self.parsers.insert(index, ContainedParser::new(parser));
            self.seats.parsers.insert(index, seat);
            return changes.moves.push(Move::Entered(index));
        }
        let by_id = |seats: &[Seat]| seats.iter().position(|known| known.id() == seat);
        let (parser, enricher) = (by_id(&self.seats.parsers), by_id(&self.seats.enrichers));
        let place = match (parser, enricher) {
            (Some(index), _) => &mut self.seats.parsers[index],
            (None, Some(index)) => &mut self.seats.enrichers[index],
            // It has left.
            (None, None) => return mailbox.give_back(news),
        };
        match news {
            News::Replace(instance, tallies) => {
                mailbox.give_back(place.replaced(tallies));
                match (instance, parser, enricher) {
                    (Instance::Parser(new), Some(index), _) => {
                        let old = std::mem::replace(&mut self.parsers[index], ContainedParser::new(new));
                        let owns = self.parsers[index].owns_file_attributes();
                        changes.file_attributes |= owns != old.owns_file_attributes();
                        mailbox.give_back(old);
                    }
                    (Instance::Enricher(new), _, Some(index)) => {
                        let new = ContainedEnricher::new(new);
                        mailbox.give_back(std::mem::replace(&mut self.enrichers[index], new));
                    }
                    // A slot makes what its role says.
                    (instance, ..) => mailbox.give_back(instance),
                }
            }
            News::Try(candidate, trial) => mailbox.give_back(place.trial(Some((candidate, trial)))),
            News::StopTrial => mailbox.give_back(place.trial(None)),
            News::Leave => {
                if let Some(index) = parser {
                    mailbox.give_back((self.parsers.remove(index), self.seats.parsers.remove(index)));
                    changes.moves.push(Move::Left(index));
                }
            }
            News::Join(..) => {}
        }
    }
}
