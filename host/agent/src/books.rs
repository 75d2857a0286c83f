//! What a way's records have become: in memory, on disk, and in the log.

use std::sync::Arc;

use skidway_state::{Ledger, StateFile, Totals};

use crate::identity::Identity;
use crate::owner;
use crate::pipeline::Spooling;

/// The books of one way.
pub(crate) struct Books {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) state: StateFile,
    pub(crate) spooling: Option<Arc<Spooling>>,
    pub(crate) identity: Identity,
    /// The last save failed, and that was said.
    pub(crate) failing: bool,
}

impl Books {
    /// Saves checkpoints, where they have moved.
    pub(crate) fn save(&mut self) {
        let identified = self.identity.has_changed();
        if identified {
            self.state.identify(&owner::now(&self.identity));
        }
        if let Some(spooling) = &self.spooling {
            spooling.save();
        }
        if !identified && !self.failing && !self.ledger.has_changed() {
            return;
        }
        match self.state.save(&self.ledger.snapshot()) {
            Ok(_) if self.failing => {
                tracing::info!("checkpoints are saved again");
                self.failing = false;
            }
            Err(error) if !self.failing => {
                tracing::warn!(
                    "{error}; trying on, and lines since the last save would be sent twice after a crash"
                );
                self.failing = true;
            }
            Ok(_) | Err(_) => {}
        }
    }
}

/// Says how the books stand: at the end, and whenever SIGUSR1 asks. They balance, or it
/// is an error. `past` is what became of the records of ways that are no more.
pub(crate) fn show<'b>(all: impl Iterator<Item = &'b Books> + Clone, past: &[Totals]) -> bool {
    let totals: Totals = all.clone().map(|books| books.ledger.totals()).chain(past.iter().copied()).sum();
    tracing::info!(
        lines_read = totals.lines_read,
        records_delivered = totals.records_delivered,
        records_dead_lettered = totals.records_dead_lettered,
        records_spooled = totals.records_spooled,
        records_dropped = totals.records_dropped,
        records_extra = totals.records_extra,
        lines_joined = totals.lines_joined,
        lines_skipped = totals.lines_skipped,
        in_flight = totals.records_in_flight,
        bytes_read = totals.bytes_read,
        bytes_acknowledged = totals.bytes_acknowledged,
        bytes_dead_lettered = totals.bytes_dead_lettered,
        bytes_in_flight = totals.bytes_in_flight,
        "books"
    );
    let mut balanced = totals.balance().inspect_err(|imbalance| tracing::error!("{imbalance}")).is_ok();
    for spooling in all.filter_map(|books| books.spooling.as_ref()) {
        let totals = spooling.totals();
        tracing::info!(
            records_found = totals.found.records,
            records_put = totals.put.records,
            records_done = totals.done.records,
            records_damaged = totals.damaged.records,
            records_waiting = totals.waiting.records,
            bytes_waiting = totals.waiting.bytes,
            "books of the spool"
        );
        balanced &= totals.balance().inspect_err(|imbalance| tracing::error!("{imbalance}")).is_ok();
    }
    balanced
}
