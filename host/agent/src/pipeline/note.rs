//! Says that lines were not recognised: now and then, never once per line.

use std::time::{Duration, Instant};

use crate::stage::Tally;

/// At most this often, for all files of a lane together.
const SAY_EVERY: Duration = Duration::from_secs(600);

/// Lines that passed without being understood.
#[derive(Debug, Default)]
pub(crate) struct Unrecognised {
    since: u64,
    said: Option<Instant>,
}

impl Unrecognised {
    /// Counts what a chunk of `path` brought.
    pub(crate) fn note(&mut self, tally: &Tally, path: &str, parser: &str) {
        self.since += tally.unrecognised;
        if tally.unrecognised == 0 || self.said.is_some_and(|said| said.elapsed() < SAY_EVERY) {
            return;
        }
        let lines = std::mem::take(&mut self.since);
        self.said = Some(Instant::now());
        if tally.reason.is_empty() {
            tracing::info!(
                lines,
                latest_file = path,
                parser,
                "lines that the parser does not recognise pass as they are, without a time of their own"
            );
        } else {
            tracing::warn!(
                lines,
                latest_file = path,
                parser,
                reason = tally.reason,
                "lines that do not fit pass as they are"
            );
        }
    }
}
