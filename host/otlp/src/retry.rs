//! One payload to its end, however long that takes.
//!
//! A payload ends when each of its records was taken, or was refused by the backend in
//! a way that must not be retried and is set aside as a dead letter. Everything else is
//! waited out: the records are still in their files. Order is kept: the halves of a
//! payload that was too large, or refused, are sent one after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::warn;

use crate::attempt::{Attempt, Status, answers};
use crate::backoff::{Backoff, Pace};
use crate::batch::Payload;
use crate::bisect::{Part, Search};
use crate::dead_letter::DeadLetters;
use crate::exporter::Exporter;
use crate::link::{Failure, Link, Trouble};
use crate::outcome::{Interrupted, Offered, Outcome};

/// How long to wait after dead letters could not be written.
const WRITE_AGAIN: Duration = Duration::from_secs(5);

/// When a payload that was not taken is sent again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryPolicy {
    /// While the backend is away or overloaded.
    pub soon: Backoff,
    /// While something waits for a person, such as a wrong key. Between two tries
    /// at least its first interval passes.
    pub slow: Backoff,
    /// After how long a payload is given up, and its records are refused ones; zero:
    /// after the first try. `None`, the default: never, they wait in their files.
    pub give_up_after: Option<Duration>,
    /// What happens to a request of which the backend says how many records it left
    /// out, but not which.
    pub partial: Partial,
}

/// How the records are found that a backend left out of a request it took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Partial {
    /// Its halves are sent again, until the records are found. The others are there
    /// more than once then, up to five times, with the same `log.record.uid`: the protocol
    /// has no way to ask without sending.
    #[default]
    Bisect,
    /// Nothing is sent again, as the protocol has it ("Partial Success"): all records of
    /// the request are set aside, and as many of them count as refused as the backend
    /// said.
    Whole,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            soon: Backoff::soon(),
            slow: Backoff::slow(),
            give_up_after: None,
            partial: Partial::default(),
        }
    }
}

/// Delivers payloads to one backend, one after the other. Clones deliver at the
/// same time and say only once between them that the backend is away.
#[derive(Debug, Clone)]
pub struct Delivery {
    exporter: Exporter,
    policy: RetryPolicy,
    dead_letters: Option<DeadLetters>,
    link: Arc<Link>,
    stop: watch::Receiver<bool>,
    soon: Pace,
    slow: Pace,
    warned: Option<String>,
    halved: bool,
}

/// What to do while the backend is away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Send again until it is back.
    Endless,
    /// Leave it at one try.
    None,
}

impl Delivery {
    /// Delivers through `exporter` until `stop` holds true, or its sender is gone.
    pub fn new(exporter: Exporter, policy: RetryPolicy, stop: watch::Receiver<bool>) -> Self {
        let link = Arc::new(Link::new(exporter.backend()));
        let (soon, slow) = (policy.soon.pace(), policy.slow.pace());
        let dead_letters = None;
        Self { exporter, policy, dead_letters, link, stop, soon, slow, warned: None, halved: false }
    }

    /// Sets refused records aside there. Without that they are the caller's, who has to say
    /// what becomes of them.
    #[must_use]
    pub fn with_dead_letters(self, dead_letters: DeadLetters) -> Self {
        Self { dead_letters: Some(dead_letters), ..self }
    }

    /// The same backend over the same connections, until another signal.
    #[must_use]
    pub fn until(self, stop: watch::Receiver<bool>) -> Self {
        Self { stop, ..self }
    }

    /// Sends `payload` until all of it is taken or refused, or the stop signal
    /// comes. Dropping the future at any await is safe: the payload is the
    /// caller's.
    pub async fn deliver(&mut self, payload: &Payload) -> Result<Outcome, Interrupted> {
        self.send(payload, Patience::Endless).await.map(|offered| offered.settled)
    }

    /// The same, but does not wait for a backend that is away: what it has not taken by
    /// then is the caller's.
    pub async fn offer(&mut self, payload: &Payload) -> Result<Offered, Interrupted> {
        self.send(payload, Patience::None).await
    }

    async fn send(&mut self, payload: &Payload, patience: Patience) -> Result<Offered, Interrupted> {
        let mut stop = self.stop.clone();
        let mut offered =
            Offered { settled: Outcome::default(), rest: Vec::new(), pause: Duration::default() };
        let end = tokio::select! {
            biased;
            // A sender that is gone will not take the signal back either.
            _ = stop.wait_for(|stop| *stop) => Err(()),
            () = self.send_parts(payload, patience, &mut offered) => Ok(()),
        };
        self.tell_refused(&offered.settled);
        match end {
            Ok(()) => Ok(offered),
            Err(()) => Err(Interrupted { records: payload.len(), settled: offered.settled }),
        }
    }

    async fn send_parts(&mut self, payload: &Payload, patience: Patience, offered: &mut Offered) {
        let mut search = Search::new(payload);
        while let Some(part) = search.next() {
            let records = part.payload.len();
            let (reason, refused) = match self.settle(&part.payload, patience).await {
                Settled::Taken => {
                    search.taken();
                    offered.settled.delivered += records as u64;
                    continue;
                }
                Settled::TakenPartly { refused, .. }
                    if refused < records && self.finds(&mut search, &part) =>
                {
                    continue;
                }
                Settled::TakenPartly { refused, reason } => (reason, refused.min(records)),
                Settled::Refused(_) if search.narrow(&part) => continue,
                Settled::Refused(reason) | Settled::GivenUp(reason) => (reason, records),
                Settled::TooLarge(status) if search.halve(&part) => {
                    self.tell_halved(&part.payload, status);
                    continue;
                }
                Settled::TooLarge(status) => {
                    let bytes = part.payload.body().len();
                    (format!("answers {status} to a single record of {bytes} bytes"), records)
                }
                Settled::Unwritable(_) if search.halve(&part) => continue,
                Settled::Unwritable(reason) => (reason, records),
                Settled::Away(pause) => {
                    offered.pause = pause;
                    offered.rest.push(part.payload);
                    offered.rest.extend(search.rest());
                    return;
                }
            };
            self.set_aside(&part.payload, &reason).await;
            let end = part.first + records;
            offered.settled.delivered += (records - refused) as u64;
            if refused < records {
                offered.settled.unsure.push(part.first..end);
            }
            offered.settled.refuse(end - refused..end, &reason);
        }
    }

    /// Whether the records that were left out of a part are searched for.
    fn finds(&self, search: &mut Search, part: &Part) -> bool {
        self.policy.partial == Partial::Bisect && search.narrow_taken(part)
    }

    /// Sends one payload until the backend decides on it.
    async fn settle(&mut self, payload: &Payload, patience: Patience) -> Settled {
        let prepared = match self.exporter.prepare(payload) {
            Ok(prepared) => prepared,
            Err(unwritable) => return Settled::Unwritable(unwritable.to_string()),
        };
        let started = Instant::now();
        loop {
            let (pause, reason) = match self.exporter.send(&prepared).await {
                Attempt::Delivered { rejected: 0, message } => {
                    self.answered();
                    self.tell_warning(&message);
                    return Settled::Taken;
                }
                Attempt::Delivered { rejected, message } => {
                    self.answered();
                    let refused = usize::try_from(rejected).unwrap_or(usize::MAX);
                    let reason = if message.is_empty() { "a partial success".to_owned() } else { message };
                    return Settled::TakenPartly { refused, reason };
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
            if patience == Patience::None {
                return Settled::Away(pause);
            }
            if let Some(limit) = self.policy.give_up_after
                && started.elapsed() + pause > limit
            {
                return Settled::GivenUp(format!("{reason}, and the configuration gives up after {limit:?}"));
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Writes refused records down, however long that takes: until then they are still
    /// in their files.
    async fn set_aside(&self, payload: &Payload, reason: &str) {
        let Some(dead_letters) = &self.dead_letters else { return };
        let mut failing = false;
        loop {
            let (dead_letters, payload) = (dead_letters.clone(), payload.clone());
            let (backend, reason) = (self.exporter.backend().to_owned(), reason.to_owned());
            let path = dead_letters.path().to_owned();
            let written =
                tokio::task::spawn_blocking(move || dead_letters.write(&payload, &backend, &reason)).await;
            let error = match written {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                // The runtime is being shut down.
                Err(error) => error.to_string(),
            };
            if !failing {
                warn!(path = %path.display(), error,
                    "refused records cannot be set aside: they and all behind them wait in their files until they can");
                failing = true;
            }
            tokio::time::sleep(WRITE_AGAIN).await;
        }
    }

    fn tell_refused(&self, settled: &Outcome) {
        let refused = settled.refused();
        if refused > 0
            && let Some(dead_letters) = &self.dead_letters
        {
            dead_letters.tell(refused, self.exporter.backend(), &settled.reasons);
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
    fn tell_warning(&mut self, message: &str) {
        if !message.is_empty() && self.warned.as_deref() != Some(message) {
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
    Taken,
    /// But for so many records; which ones, it does not say.
    TakenPartly {
        refused: usize,
        reason: String,
    },
    Refused(String),
    TooLarge(Status),
    Unwritable(String),
    GivenUp(String),
    /// No word at all: it should be left alone for so long.
    Away(Duration),
}
