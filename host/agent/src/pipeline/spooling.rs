//! The way over the disk, for exporters with `sending_queue.storage`: while the backend is
//! away batches go into a spool, so that files are read on and may be emptied.
//!
//! Invariants: while the spool holds something, every batch goes behind that, so records
//! of a file arrive in order. While it is empty, batches go past it, and nothing is
//! written. A batch in the spool is answered for as far as its file is concerned; the
//! spool has books of its own. At its limits it takes nothing: then the batch in hand
//! waits, and with it all reading.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use skidway_otlp::{Delivery, Outcome, Payload, common};
use skidway_spool::{Entry, PutError, Spool, Totals};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// How long to wait after the disk has refused something.
const AGAIN: Duration = Duration::from_secs(1);
/// How much is taken out of the spool at once, at the most; one entry always.
const TAKE_BYTES: usize = 4 << 20;

/// A spool, and what is known of the backend behind it.
#[derive(Debug)]
pub(crate) struct Spooling {
    spool: Spool,
    /// The backend is to be left alone until then.
    quiet_until: Mutex<Instant>,
    /// Nothing more comes: what is in the spool stays there.
    closing: watch::Sender<bool>,
    /// Everything is to end now.
    stop: watch::Receiver<bool>,
}

/// What became of a batch's records.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Delivered, or refused for good.
    pub(crate) outcome: Outcome,
    /// On the disk, by their places.
    pub(crate) spooled: Vec<Range<usize>>,
}

// === impl Sent ===

impl Sent {
    /// How many of the records at these places are on the disk.
    pub(crate) fn spooled_within(&self, places: &Range<usize>) -> u64 {
        common(&self.spooled, places)
    }
}

// === impl Spooling ===

impl Spooling {
    pub(crate) fn new(spool: Spool, stop: watch::Receiver<bool>) -> Self {
        let quiet_until = Mutex::new(Instant::now());
        Self { spool, quiet_until, closing: watch::Sender::new(false), stop }
    }

    pub(crate) fn totals(&self) -> Totals {
        self.spool.totals()
    }

    /// Saves how far it is delivered.
    pub(crate) fn save(&self) {
        // That it cannot be done is said there, and tried again.
        let _ = self.spool.save();
    }

    /// Ends [`drain`](Self::drain) after the request that is under way.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Delivers a batch, or puts it on the disk. `None`: stopped before either.
    pub(crate) async fn send(&self, delivery: &mut Delivery, payload: &Payload) -> Option<Sent> {
        let mut sent = Sent::default();
        let mut waiting = VecDeque::from([payload.clone()]);
        let mut first = 0;
        if self.spool.is_empty() {
            let offered = delivery.offer(payload).await.ok()?;
            sent.outcome = offered.settled;
            waiting = offered.rest.into();
            first = payload.len() - waiting.iter().map(Payload::len).sum::<usize>();
            if !waiting.is_empty() {
                self.leave_alone(offered.pause);
            }
        }
        while let Some(part) = waiting.pop_front() {
            let places = first..first + part.len();
            if self.put(&part).await? {
                first = places.end;
                sent.spooled.push(places);
            } else if let Some((front, back)) = part.split() {
                waiting.push_front(back);
                waiting.push_front(front);
            } else {
                sent.outcome.add(delivery.deliver(&part).await.ok()?, first);
                first = places.end;
            }
        }
        Some(sent)
    }

    /// Puts a payload on the disk, however long that takes. False for one that is larger
    /// than the whole spool; `None`: stopped before.
    async fn put(&self, payload: &Payload) -> Option<bool> {
        loop {
            let records = u32::try_from(payload.len()).unwrap_or(u32::MAX);
            match tokio::task::block_in_place(|| self.spool.put(payload.body(), records)) {
                Ok(()) => return Some(true),
                Err(PutError::TooLarge { .. }) => return Some(false),
                // The spool says these itself, once.
                Err(PutError::Full { needed }) => {
                    self.unless_stopped(self.spool.wait_for_room(needed)).await?;
                }
                Err(_) => self.unless_stopped(sleep(AGAIN)).await?,
            }
        }
    }

    /// Delivers what is in the spool, in order, until it is closed or stopped.
    pub(crate) async fn drain(&self, mut delivery: Delivery) {
        let mut closing = self.closing.subscribe();
        loop {
            let entries = async {
                self.spool.wait_for_entry().await;
                let quiet_until = *self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner);
                sleep_until(quiet_until).await;
                tokio::task::block_in_place(|| self.spool.next(TAKE_BYTES))
            };
            let entries = tokio::select! {
                biased;
                _ = closing.wait_for(|closing| *closing) => return,
                entries = entries => entries,
            };
            match entries {
                Ok(entries) => {
                    for entry in entries {
                        if self.deliver(&mut delivery, &mut closing, entry).await.is_none() {
                            return;
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!("{error}; trying again");
                    sleep(AGAIN).await;
                }
            }
        }
    }

    /// `None`: closed before the backend has answered for all of it.
    async fn deliver(
        &self,
        delivery: &mut Delivery,
        closing: &mut watch::Receiver<bool>,
        mut entry: Entry,
    ) -> Option<()> {
        let Ok(payload) = Payload::from_encoded(Bytes::from(std::mem::take(&mut entry.payload))) else {
            // Its checksum is right, so it was no payload when it was written.
            tracing::error!(records = entry.records, "a batch in the spool is none, and is lost");
            self.spool.done(&[entry]);
            return Some(());
        };
        let mut waiting = VecDeque::from([payload]);
        while let Some(part) = waiting.pop_front() {
            if *closing.borrow() {
                return None;
            }
            let offered = delivery.offer(&part).await.ok()?;
            if offered.rest.is_empty() {
                continue;
            }
            for rest in offered.rest.into_iter().rev() {
                waiting.push_front(rest);
            }
            tokio::select! {
                biased;
                _ = closing.wait_for(|closing| *closing) => return None,
                () = sleep(offered.pause) => {}
            }
        }
        self.spool.done(&[entry]);
        Some(())
    }

    fn leave_alone(&self, pause: Duration) {
        *self.quiet_until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + pause;
    }

    async fn unless_stopped(&self, wait: impl Future<Output = ()>) -> Option<()> {
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            // A sender that is gone will not take the signal back either.
            _ = stop.wait_for(|stop| *stop) => None,
            () = wait => Some(()),
        }
    }
}
