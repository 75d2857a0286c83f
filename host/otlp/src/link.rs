//! What is said about a backend, and when: once as it goes away, once for each
//! further kind of trouble meanwhile, once as it is back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::{info, warn};

use crate::attempt::Status;

/// The state of a backend as far as it was told, shared by all that send to it.
#[derive(Debug)]
pub(crate) struct Link {
    backend: String,
    away: Mutex<Option<Away>>,
}

#[derive(Debug)]
struct Away {
    since: Instant,
    tries: u64,
    told: Vec<Trouble>,
}

/// Kinds of trouble that are worth a line of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It cannot be reached, is overloaded, or restarts: waiting helps.
    Passing,
    /// A person has to do something; the answer that says so.
    Wrong(Status),
}

/// An attempt that failed, as it is to be told.
pub(crate) struct Failure<'a> {
    pub(crate) trouble: Trouble,
    /// After "backend URL": `answers 503`.
    pub(crate) reason: &'a str,
    /// What to do, if there is anything.
    pub(crate) fix: Option<&'a str>,
    /// How many records were not taken.
    pub(crate) records: usize,
}

impl Link {
    pub(crate) fn new(backend: &str) -> Self {
        Self { backend: backend.to_owned(), away: Mutex::new(None) }
    }

    /// An attempt failed.
    pub(crate) fn failed(&self, failure: &Failure<'_>) {
        let new = {
            let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
            let away = away.get_or_insert_with(|| Away { since: Instant::now(), tries: 0, told: Vec::new() });
            away.tries += 1;
            let new = !away.told.contains(&failure.trouble);
            if new {
                away.told.push(failure.trouble);
            }
            new
        };
        if new {
            let (backend, Failure { reason, records, .. }) = (&self.backend, failure);
            match failure.fix {
                None => warn!(
                    "backend {backend} {reason}: {records} lines wait in their files, trying again until it \
                     takes them"
                ),
                Some(fix) => {
                    warn!("backend {backend} {reason}: {fix}; {records} lines wait in their files meanwhile")
                }
            }
        }
    }

    /// The backend took or refused something: it is there.
    pub(crate) fn answered(&self) {
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Away { since, tries, .. }) = away {
            let away = Duration::from_millis(since.elapsed().as_millis() as u64);
            info!("backend {} is back after {away:?} and {tries} failed tries", self.backend);
        }
    }
}
