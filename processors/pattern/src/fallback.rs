//! The engine that answers every pattern in linear time.

use std::sync::{Mutex, PoisonError};

use regex_automata::nfa::thompson::pikevm::{Cache, PikeVM};
use regex_automata::nfa::thompson::{Compiler, Config};
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

use crate::UNSET;
use crate::syntax::Error;

/// A pattern whose automaton is larger is not meant for lines.
const MAX_AUTOMATON: usize = 4 << 20;

#[derive(Debug)]
pub(crate) struct Fallback {
    engine: PikeVM,
    /// Only ever used by one thread at a time; a pattern may be sent to another.
    cache: Mutex<Cache>,
}

impl Fallback {
    pub(crate) fn new(hir: &Hir) -> Result<Self, Error> {
        let config = Config::new().nfa_size_limit(Some(MAX_AUTOMATON));
        let automaton = Compiler::new().configure(config).build_from_hir(hir).map_err(|error| match error
            .size_limit()
        {
            Some(_) => Error::new("it is too large: repeat less, or smaller things"),
            None => Error::new(error.to_string()),
        })?;
        let engine = PikeVM::new_from_nfa(automaton).map_err(|error| Error::new(error.to_string()))?;
        let cache = Mutex::new(engine.create_cache());
        Ok(Self { engine, cache })
    }

    /// Fills in the offsets of the first match at `from` or later.
    pub(crate) fn search(&self, text: &[u8], from: usize, offsets: &mut [usize]) -> bool {
        let mut slots: Vec<Option<NonMaxUsize>> = vec![None; offsets.len()];
        let input = Input::new(text).range(from..).anchored(Anchored::No);
        let cache = &mut *self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.engine.search_slots(cache, &input, &mut slots);
        if found.is_none() {
            return false;
        }
        for (offset, slot) in offsets.iter_mut().zip(slots) {
            *offset = slot.map_or(UNSET, NonMaxUsize::get);
        }
        true
    }
}
