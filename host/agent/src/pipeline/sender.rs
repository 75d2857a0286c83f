//! Delivers batches and lets the ledger know.

use std::sync::Arc;

use skidway_otlp::Delivery;
use skidway_state::Settled;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use super::parcel::{Batch, Parcel, Share};
use super::spooling::{Sent, Spooling};

/// The way from lanes to an exporter. Batches wait here in order; how many is
/// bounded by the room in flight, not by the channel.
#[derive(Debug, Clone)]
pub(crate) struct Sender(mpsc::UnboundedSender<Batch>);

impl Sender {
    /// Starts `consumers` tasks that deliver, by way of the spool where there is one. They
    /// end when every clone of the sender is gone and everything is delivered or on disk,
    /// or when the delivery is stopped.
    pub(crate) fn start(
        runtime: &Handle,
        delivery: &Delivery,
        consumers: usize,
        spooling: Option<Arc<Spooling>>,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let (batches_in, batches) = mpsc::unbounded_channel();
        let batches = Arc::new(Mutex::new(batches));
        for _ in 0..consumers.max(1) {
            let task = consume(Arc::clone(&batches), delivery.clone(), spooling.clone());
            tasks.spawn_on(task, runtime);
        }
        Self(batches_in)
    }

    /// Hands a batch over.
    pub(crate) fn send(&self, batch: Batch) {
        // Nobody receives any more after the delivery was stopped: the lines stay
        // in their files, unacknowledged.
        let _ = self.0.send(batch);
    }
}

async fn consume(
    batches: Arc<Mutex<mpsc::UnboundedReceiver<Batch>>>,
    mut delivery: Delivery,
    spooling: Option<Arc<Spooling>>,
) {
    loop {
        let next = batches.lock().await.recv().await;
        let Some(Batch { payload, shares, taken }) = next else { return };
        let sent = match &spooling {
            Some(spooling) => spooling.send(&mut delivery, &payload).await,
            None => {
                let outcome = delivery.deliver(&payload).await;
                outcome.ok().map(|outcome| Sent { outcome, spooled: Vec::new() })
            }
        };
        match sent {
            Some(sent) => settle(shares, &sent),
            None => {
                // What comes behind it must not go before it.
                tracing::debug!(records = payload.len(), "stopped before the backend had taken a batch");
                return;
            }
        }
        drop(payload);
        drop(taken);
    }
}

/// Tells each parcel what became of its records.
fn settle(shares: Vec<Share>, sent: &Sent) {
    let mut first = 0;
    for share in shares {
        let places = first..first + share.records;
        first = places.end;
        let (dead_lettered, spooled) = (sent.outcome.refused_within(&places), sent.spooled_within(&places));
        finish(share.answer(Settled { dead_lettered, spooled }));
    }
}

/// Tells the ledger, where this is the parcel's last holder.
pub(crate) fn finish(parcel: Arc<Parcel>) {
    if let Some(parcel) = Arc::into_inner(parcel)
        && parcel.is_whole()
        && let Some(span) = parcel.span()
    {
        parcel.ledger.settle(parcel.file, span, parcel.settled());
    }
}
