//! One payload to its end, however long that takes.
//!
//! A payload ends when each of its records was taken, or refused by the backend in
//! a way that must not be retried. Everything else is waited out: the records are
//! still in their files. Order is kept: the halves of a payload that was too large
//! are sent one after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{error, warn};

use crate::attempt::{Attempt, Status, answers};
use crate::backoff::{Backoff, Pace};
use crate::batch::Payload;
use crate::exporter::Exporter;
use crate::link::{Failure, Link, Trouble};

/// How many different reasons an [`Outcome`] keeps.
const MAX_REASONS: usize = 8;

/// When a payload that was not taken is sent again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// While the backend is away or overloaded.
    pub soon: Backoff,
    /// While something waits for a person, such as a wrong key. Between two tries
    /// at least its first interval passes.
    pub slow: Backoff,
    /// After how long a payload is given up, and its records are lost; zero: after
    /// the first try. `None`, the default: never, they wait in their files.
    pub give_up_after: Option<Duration>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { soon: Backoff::soon(), slow: Backoff::slow(), give_up_after: None }
    }
}

/// What became of a payload's records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Taken by the backend.
    pub delivered: u64,
    /// Refused by the backend for good. Together with `delivered`: all of them.
    pub rejected: u64,
    /// Why; the first few that differ.
    pub reasons: Vec<String>,
}

/// The stop signal came first. Nothing of the payload may count as delivered for
/// the checkpoint: it is sent again at the next start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stopped before the backend had taken all {records} records")]
pub struct Interrupted {
    /// How many records the payload has.
    pub records: usize,
    /// What was settled of it before, after a split.
    pub settled: Outcome,
}

/// Delivers payloads to one backend, one after the other. Clones deliver at the
/// same time and say only once between them that the backend is away.
#[derive(Debug, Clone)]
pub struct Delivery {
    exporter: Exporter,
    policy: RetryPolicy,
    link: Arc<Link>,
    stop: watch::Receiver<bool>,
    soon: Pace,
    slow: Pace,
    warned: Option<String>,
    halved: bool,
}

impl Delivery {
    /// Delivers through `exporter` until `stop` holds true, or its sender is gone.
    pub fn new(exporter: Exporter, policy: RetryPolicy, stop: watch::Receiver<bool>) -> Self {
        let link = Arc::new(Link::new(exporter.backend()));
        let (soon, slow) = (policy.soon.pace(), policy.slow.pace());
        Self { exporter, policy, link, stop, soon, slow, warned: None, halved: false }
    }

    /// Sends `payload` until all of it is taken or refused, or the stop signal
    /// comes. Dropping the future at any await is safe: the payload is the
    /// caller's.
    pub async fn deliver(&mut self, payload: &Payload) -> Result<Outcome, Interrupted> {
        let mut stop = self.stop.clone();
        let mut settled = Outcome::default();
        let end = tokio::select! {
            biased;
            // A sender that is gone will not take the signal back either.
            _ = stop.wait_for(|stop| *stop) => Err(()),
            () = self.deliver_all(payload, &mut settled) => Ok(()),
        };
        if settled.rejected > 0 {
            let reasons = settled.reasons.join("; ");
            let backend = self.exporter.backend();
            error!("backend {backend} rejected {} lines, which are lost: {reasons}", settled.rejected);
        }
        match end {
            Ok(()) => Ok(settled),
            Err(()) => Err(Interrupted { records: payload.len(), settled }),
        }
    }

    async fn deliver_all(&mut self, payload: &Payload, settled: &mut Outcome) {
        let mut waiting = vec![payload.clone()];
        while let Some(part) = waiting.pop() {
            let reason = match self.settle(&part).await {
                Settled::Taken { rejected, reason } => {
                    let rejected = rejected.min(part.len() as u64);
                    settled.delivered += part.len() as u64 - rejected;
                    settled.rejected += rejected;
                    reason.filter(|_| rejected > 0)
                }
                Settled::Refused(reason) => {
                    settled.rejected += part.len() as u64;
                    Some(reason)
                }
                Settled::TooLarge(status) => match part.split() {
                    Some((first, second)) => {
                        self.tell_halved(&part, status);
                        waiting.extend([second, first]);
                        None
                    }
                    None => {
                        settled.rejected += part.len() as u64;
                        Some(format!("answers {status} to a single record of {} bytes", part.body().len()))
                    }
                },
                Settled::Unwritable(reason) => match part.split() {
                    Some((first, second)) => {
                        waiting.extend([second, first]);
                        None
                    }
                    None => {
                        settled.rejected += part.len() as u64;
                        Some(reason)
                    }
                },
            };
            if let Some(reason) = reason
                && settled.reasons.len() < MAX_REASONS
                && !settled.reasons.contains(&reason)
            {
                settled.reasons.push(reason);
            }
        }
    }

    /// Sends one payload until the backend decides on it.
    async fn settle(&mut self, payload: &Payload) -> Settled {
        let prepared = match self.exporter.prepare(payload) {
            Ok(prepared) => prepared,
            Err(unwritable) => return Settled::Unwritable(unwritable.to_string()),
        };
        let started = Instant::now();
        loop {
            let (pause, reason) = match self.exporter.send(&prepared).await {
                Attempt::Delivered { rejected, message } => {
                    self.answered();
                    self.tell_warning(rejected, &message);
                    return Settled::Taken { rejected, reason: Some(message) };
                }
                Attempt::Refused { status, reason } => {
                    self.answered();
                    return Settled::Refused(answers(status, &reason));
                }
                Attempt::TooLarge { status } => {
                    self.answered();
                    return Settled::TooLarge(status);
                }
                Attempt::Retry { after, reason } => {
                    let trouble = Trouble::Passing;
                    self.link.failed(&Failure {
                        trouble,
                        reason: &reason,
                        fix: None,
                        records: payload.len(),
                    });
                    (self.soon.failed(after.unwrap_or_default()), reason)
                }
                Attempt::Hold { status, reason, fix } => {
                    let (trouble, reason) = (Trouble::Wrong(status), answers(status, &reason));
                    let fix = Some(fix.as_str());
                    self.link.failed(&Failure { trouble, reason: &reason, fix, records: payload.len() });
                    (self.slow.failed(self.policy.slow.initial()), reason)
                }
            };
            if let Some(limit) = self.policy.give_up_after
                && started.elapsed() + pause > limit
            {
                return Settled::Refused(format!("{reason}, and the configuration gives up after {limit:?}"));
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// The backend took or refused something.
    fn answered(&mut self) {
        self.link.answered();
        self.slow = self.policy.slow.pace();
        self.soon.succeeded();
    }

    /// A backend may take everything and still have something to say (OTLP
    /// specification, "Partial Success").
    fn tell_warning(&mut self, rejected: u64, message: &str) {
        if rejected == 0 && !message.is_empty() && self.warned.as_deref() != Some(message) {
            warn!("backend {} took all lines and warns: {message}", self.exporter.backend());
            self.warned = Some(message.to_owned());
        }
    }

    fn tell_halved(&mut self, payload: &Payload, status: Status) {
        if !self.halved {
            self.halved = true;
            warn!(
                "backend {} answers {status} to {} lines of {} bytes together: such batches go in halves, a smaller \
                 send_batch_max_size saves the detour",
                self.exporter.backend(),
                payload.len(),
                payload.body().len()
            );
        }
    }
}

/// The backend's last word on a payload.
enum Settled {
    Taken { rejected: u64, reason: Option<String> },
    Refused(String),
    TooLarge(Status),
    Unwritable(String),
}
