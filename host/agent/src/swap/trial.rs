//! A trial: a candidate runs on the same chunks beside the component that is in use, and what differs is counted.
//!
//! Invariant: nothing of what a candidate answers goes anywhere but into the report.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};

use super::supervisor::Message;
use crate::compare::{Made, Report};
use skidway_config::Accept;

/// Chunks a candidate may fail on where the running one does not. Each may cost its whole CPU time, on top of the
/// running one's.
const MAX_FAILURES: u64 = 3;

/// The report that all lanes of a slot add to.
#[derive(Debug)]
pub(crate) struct Trial {
    wanted: u64,
    chunks: AtomicU64,
    failures: AtomicU64,
    is_over: AtomicBool,
    report: Mutex<Report>,
    /// Why the candidate failed first.
    failure: Mutex<Option<String>>,
    done: Sender<Message>,
}

impl Trial {
    /// A trial over so many chunks.
    pub(super) fn new(wanted: u64, done: Sender<Message>) -> Self {
        Self {
            wanted: wanted.max(1),
            chunks: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            report: Mutex::default(),
            failure: Mutex::default(),
            done,
        }
    }

    /// Whether no further chunk is needed.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// How far it is: chunks so far, chunks in all.
    pub(super) fn progress(&self) -> (u64, u64) {
        (self.chunks.load(Ordering::Relaxed).min(self.wanted), self.wanted)
    }

    /// Both have parsed or enriched a chunk; where the candidate failed, why.
    pub(super) fn add(&self, text: &str, old: &Made<'_, '_>, new: Result<&Made<'_, '_>, String>) {
        {
            let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
            match new {
                Ok(new) => report.add(text, old, new),
                Err(why) => {
                    report.fail(old);
                    self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
                }
            }
            if report.failed.1 > report.failed.0 {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
        }
        let chunks = self.chunks.fetch_add(1, Ordering::Relaxed) + 1;
        let is_over = chunks >= self.wanted || self.failures.load(Ordering::Relaxed) >= MAX_FAILURES;
        if is_over && !self.is_over.swap(true, Ordering::AcqRel) {
            // The supervisor ends with the agent.
            let _ = self.done.send(Message::Decide);
        }
    }

    /// Takes the candidate, or tells why not; with the report.
    pub(super) fn verdict(&self, accept: Accept) -> (Result<(), String>, Report) {
        let report = self.report.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (verdict(&report, failure, accept), report)
    }
}

/// A candidate that fails where the running one does not is never taken: no difference of theirs could be meant.
fn verdict(report: &Report, failure: Option<String>, accept: Accept) -> Result<(), String> {
    if report.failed.1 > report.failed.0 {
        let why = report.loss().unwrap_or_default();
        return Err(failure.map_or(why.clone(), |failure| format!("{why}: {failure}")));
    }
    match accept {
        Accept::Always => Ok(()),
        Accept::NoFewerFields => report.loss().map_or(Ok(()), Err),
        Accept::Identical if report.is_identical() => Ok(()),
        Accept::Identical => Err(match &report.example {
            Some(example) => format!("it answers something else: {example}"),
            None => "it recognises other lines".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Count;

    fn report(missing: u64, added: u64) -> Report {
        let count = Count { missing, added, ..Count::default() };
        Report { fields: [("unit".to_owned(), count)].into(), ..Report::default() }
    }

    #[test]
    fn what_is_accepted() {
        let same = Report::default();
        let all = [Accept::Identical, Accept::NoFewerFields, Accept::Always];
        let taken = |report: &Report| all.map(|accept| verdict(report, None, accept).is_ok());
        assert_eq!(taken(&same), [true, true, true]);
        assert_eq!(taken(&report(0, 3)), [false, true, true]);
        assert_eq!(taken(&report(1, 0)), [false, false, true]);
        assert_eq!(taken(&Report { failed: (1, 2), ..same.clone() }), [false, false, false]);
        assert_eq!(taken(&Report { failed: (2, 2), ..same.clone() }), [true, true, true]);
        assert_eq!(taken(&Report { unrecognised: (1, 2), ..same.clone() }), [false, false, true]);
        assert_eq!(taken(&Report { unrecognised: (2, 1), ..same }), [false, true, true]);
    }

    #[test]
    fn it_is_over_after_so_many_chunks_or_some_failures() {
        let (done, told) = std::sync::mpsc::channel();
        let (old, new) = (Made::default(), Made::default());
        let trial = Trial::new(2, done.clone());
        trial.add("", &old, Ok(&new));
        assert!(!trial.is_over() && told.try_recv().is_err());
        trial.add("", &old, Ok(&new));
        trial.add("", &old, Ok(&new));
        assert!(trial.is_over());
        assert_eq!((told.try_iter().count(), trial.progress()), (1, (2, 2)));

        let records = skidway_plugin::raw_records("one\n").0;
        let old = Made { pieces: vec![(0, &records)], ..Made::default() };
        let failing = Trial::new(200, done);
        (0..MAX_FAILURES).for_each(|_| failing.add("one\n", &old, Err("it trapped".to_owned())));
        assert!(failing.is_over());
        let why = failing.verdict(Accept::Always).0.unwrap_err();
        assert_eq!(why, "it fails on 3 records, the running one on 0: it trapped");
    }
}
