//! A pipeline at work, and how it ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use skidway_config::Pipeline;
use skidway_tail::Waker;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::books::Books;
use crate::identity::Identity;
use crate::metrics;

/// One receiver of it on its way to one exporter.
pub(crate) struct RunningWay {
    pub(super) name: String,
    pub(super) lane: std::thread::JoinHandle<()>,
    pub(super) waker: Waker,
    pub(super) books: Books,
    pub(super) source: metrics::Source,
    /// The folder of its spool.
    pub(super) spool: Option<PathBuf>,
}

/// A pipeline at work.
pub(crate) struct RunningPipeline {
    /// What it was made of.
    pub(super) pipeline: Pipeline,
    pub(super) identity: Identity,
    pub(super) ways: Vec<RunningWay>,
    /// Tells lanes to stop reading.
    pub(super) stop: Arc<AtomicBool>,
    /// Tells senders to give up.
    pub(super) give_up: watch::Sender<bool>,
    pub(super) deliveries: JoinSet<()>,
    /// What brings spools to their backends.
    pub(super) drains: JoinSet<()>,
}

impl RunningPipeline {
    pub(crate) fn books(&self) -> impl Iterator<Item = &Books> + Clone {
        self.ways.iter().map(|way| &way.books)
    }

    pub(crate) fn save(&mut self) {
        self.ways.iter_mut().for_each(|way| way.books.save());
    }

    /// Whether a lane has ended by itself.
    pub(crate) fn has_lost_a_lane(&self) -> bool {
        self.ways.iter().any(|way| way.lane.is_finished())
    }

    pub(crate) fn sources(&self) -> impl Iterator<Item = metrics::Source> {
        self.ways.iter().map(|way| way.source.clone())
    }

    pub(crate) fn spools(&self) -> impl Iterator<Item = PathBuf> {
        self.ways.iter().filter_map(|way| way.spool.clone())
    }

    /// Tells it to read no more.
    pub(crate) fn stop_reading(&self) {
        self.stop.store(true, Ordering::Release);
        self.ways.iter().for_each(|way| way.waker.wake());
    }

    /// After [`stop_reading`](Self::stop_reading): waits for its lanes, whose last batches are
    /// with their senders then. False: one had ended by a flaw.
    pub(crate) fn join_lanes(self) -> (EndingPipeline, bool) {
        let mut healthy = true;
        let mut all_books = Vec::new();
        for RunningWay { name, lane, books, .. } in self.ways {
            if lane.join().is_err() {
                healthy = false;
                tracing::warn!(
                    "lane {name} ended by a flaw of the agent; its lines are read again at the next start"
                );
            }
            all_books.push(books);
        }
        let Self { pipeline, give_up, deliveries, drains, .. } = self;
        (EndingPipeline { name: pipeline.name, books: all_books, give_up, deliveries, drains }, healthy)
    }
}

/// A pipeline that reads no more.
pub(crate) struct EndingPipeline {
    name: String,
    pub(crate) books: Vec<Books>,
    give_up: watch::Sender<bool>,
    deliveries: JoinSet<()>,
    drains: JoinSet<()>,
}

impl EndingPipeline {
    /// Waits for all that was read to be delivered. May be dropped and called again.
    pub(crate) async fn delivered(&mut self) {
        // The lanes' senders are gone: deliveries end when all is sent.
        while self.deliveries.join_next().await.is_some() {}
    }

    /// What is not delivered by now is left in its files.
    pub(crate) async fn give_up(&mut self) {
        let waiting: u64 = self.books.iter().map(|books| books.ledger.totals().records_in_flight).sum();
        if waiting > 0 {
            tracing::warn!(
                pipeline = self.name,
                records = waiting,
                "not everything was delivered; the rest is read again at the next start"
            );
        }
        self.give_up.send_replace(true);
        self.delivered().await;
    }

    /// Leaves what is in spools where it is. The requests that are under way are waited
    /// for, or they would be made again at the next start.
    pub(crate) async fn close_spools(&mut self, deadline: Instant) {
        self.books.iter().filter_map(|books| books.spooling.as_ref()).for_each(|spooling| spooling.close());
        let all_closed = async { while self.drains.join_next().await.is_some() {} };
        // What is not answered by then is delivered again.
        let _ = tokio::time::timeout_at(deadline.into(), all_closed).await;
        self.drains.shutdown().await;
    }

    pub(crate) fn save(&mut self) {
        self.books.iter_mut().for_each(Books::save);
    }
}
