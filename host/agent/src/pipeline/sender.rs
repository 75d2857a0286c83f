//! Delivers batches and lets the ledger know.

use std::sync::Arc;

use skidway_otlp::Delivery;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use super::parcel::{Batch, Parcel};

/// The way from lanes to an exporter. Batches wait here in order; how many is
/// bounded by the room in flight, not by the channel.
#[derive(Debug, Clone)]
pub(crate) struct Sender(mpsc::UnboundedSender<Batch>);

impl Sender {
    /// Starts `consumers` tasks that deliver. They end when every clone of the
    /// sender is gone and everything is delivered, or when the delivery is stopped.
    pub(crate) fn start(
        runtime: &Handle,
        delivery: &Delivery,
        consumers: usize,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let (batches_in, batches) = mpsc::unbounded_channel();
        let batches = Arc::new(Mutex::new(batches));
        for _ in 0..consumers.max(1) {
            let task = consume(Arc::clone(&batches), delivery.clone());
            tasks.spawn_on(task, runtime);
        }
        Self(batches_in)
    }

    /// Hands a batch over.
    pub(crate) fn send(&self, batch: Batch) {
        // Nobody receives any more after the delivery was stopped: the lines stay
        // in their files, unacknowledged.
        if let Err(mpsc::error::SendError(batch)) = self.0.send(batch) {
            give_up(batch.parcels);
        }
    }
}

async fn consume(batches: Arc<Mutex<mpsc::UnboundedReceiver<Batch>>>, mut delivery: Delivery) {
    loop {
        let next = batches.lock().await.recv().await;
        let Some(Batch { payload, parcels, taken }) = next else { return };
        match delivery.deliver(&payload).await {
            Ok(outcome) => {
                if let Some(last) = parcels.last() {
                    last.reject(outcome.rejected);
                }
                parcels.into_iter().for_each(finish);
            }
            Err(interrupted) => {
                tracing::debug!("{interrupted}");
                give_up(parcels);
            }
        }
        drop(payload);
        drop(taken);
    }
}

/// Tells the ledger, where this is the parcel's last holder.
pub(crate) fn finish(parcel: Arc<Parcel>) {
    if let Some(parcel) = Arc::into_inner(parcel)
        && parcel.is_whole()
        && let Some(span) = parcel.span()
    {
        parcel.ledger.acknowledge(&[(parcel.file, span)], parcel.rejected());
    }
}

fn give_up(parcels: Vec<Arc<Parcel>>) {
    for parcel in parcels {
        parcel.spoil();
    }
}
