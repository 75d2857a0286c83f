//! Records for people to read, as the collector's debug exporter prints them.

mod text;

use std::fmt;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::attempt::Attempt;
use crate::batch::Payload;
use crate::exporter::{Prepared, Unwritable};
use crate::json;

/// How much is printed, where, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How much.
    pub verbosity: Verbosity,
    /// Where.
    pub output: Output,
    /// How many batches are printed in a second before some are left out.
    pub sampling_initial: u64,
    /// Of further ones in that second, each so many-th is printed; 1: all, 0: none.
    pub sampling_thereafter: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            verbosity: Verbosity::Basic,
            output: Output::Stdout,
            sampling_initial: 2,
            sampling_thereafter: 1,
        }
    }
}

/// How much is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// How many records there are in a batch.
    Basic,
    /// A line for each record.
    Normal,
    /// Everything.
    Detailed,
}

/// Where it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Output {
    Stdout,
    Stderr,
}

/// Clones print in turn, a batch at a time.
#[derive(Clone)]
pub(crate) struct Debug {
    options: Options,
    sampling: Arc<Mutex<Sampling>>,
}

impl fmt::Debug for Debug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

impl Debug {
    pub(crate) fn new(options: Options) -> Self {
        Self { options, sampling: Arc::default() }
    }

    pub(crate) fn backend(&self) -> &'static str {
        match self.options.output {
            Output::Stdout => "standard output",
            Output::Stderr => "standard error",
        }
    }

    pub(crate) fn prepare(&self, payload: &Payload) -> Result<Prepared, Unwritable> {
        let request = json::decoded(payload)?;
        let body = match self.options.verbosity {
            Verbosity::Basic => text::basic(&request),
            Verbosity::Normal => text::normal(&request),
            Verbosity::Detailed => text::detailed(&request),
        };
        Ok(Prepared { body: body.into(), encoding: None })
    }

    pub(crate) fn send(&self, prepared: &Prepared) -> Attempt {
        let mut sampling = self.sampling.lock().unwrap_or_else(PoisonError::into_inner);
        if !sampling.wants(&self.options, Instant::now()) {
            return Attempt::delivered();
        }
        let written = match self.options.output {
            Output::Stdout => io::stdout().lock().write_all(&prepared.body),
            Output::Stderr => io::stderr().lock().write_all(&prepared.body),
        };
        match written {
            Ok(()) => Attempt::delivered(),
            Err(error) => Attempt::Retry { after: None, reason: format!("cannot be written to: {error}") },
        }
    }
}

/// How many batches there were in this second.
#[derive(Default)]
struct Sampling {
    since: Option<Instant>,
    batches: u64,
}

impl Sampling {
    fn wants(&mut self, options: &Options, now: Instant) -> bool {
        if self.since.is_none_or(|since| now >= since + Duration::from_secs(1)) {
            self.since = Some(now);
            self.batches = 0;
        }
        self.batches += 1;
        match self.batches.checked_sub(options.sampling_initial) {
            None | Some(0) => true,
            Some(further) => options.sampling_thereafter > 0 && further % options.sampling_thereafter == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_counts_within_a_second() {
        let options = Options { sampling_initial: 2, sampling_thereafter: 3, ..Options::default() };
        let (mut sampling, now) = (Sampling::default(), Instant::now());
        let wanted: Vec<_> = (0..9).map(|_| sampling.wants(&options, now)).collect();
        assert_eq!(wanted, [true, true, false, false, true, false, false, true, false]);
        assert!(sampling.wants(&options, now + Duration::from_secs(1)));
        let never = Options { sampling_initial: 0, sampling_thereafter: 0, ..options };
        assert!(!Sampling::default().wants(&never, now));
    }
}
