//! The bound on bytes that were read and are not yet acknowledged.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use skidway_tail::Waker;

/// Counts encoded bytes in flight. Shared by the lanes of a pipeline.
#[derive(Debug, Clone)]
pub(crate) struct Room(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: u64,
    used: AtomicU64,
    lanes: Mutex<Vec<Waker>>,
}

/// Room that one batch takes; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    room: Room,
    bytes: u64,
}

impl Room {
    pub(crate) fn new(limit: u64) -> Self {
        Self(Arc::new(Inner { limit, used: AtomicU64::new(0), lanes: Mutex::default() }))
    }

    /// A lane that is to be woken when there is room again.
    pub(crate) fn wake(&self, lane: Waker) {
        self.0.lanes.lock().unwrap_or_else(PoisonError::into_inner).push(lane);
    }

    /// Whether a lane may read on, `filled` being what its own batch holds. One
    /// batch is always allowed: a bound below its size must not stop everything.
    pub(crate) fn is_free(&self, filled: u64) -> bool {
        let used = self.0.used.load(Ordering::Acquire);
        used == 0 || used + filled < self.0.limit
    }

    pub(crate) fn take(&self, bytes: u64) -> Taken {
        self.0.used.fetch_add(bytes, Ordering::AcqRel);
        Taken { room: self.clone(), bytes }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.room.0.used.fetch_sub(self.bytes, Ordering::AcqRel);
        for lane in self.room.0.lanes.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            lane.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_stops_at_the_limit_and_goes_on_when_a_batch_is_done() {
        let room = Room::new(100);
        assert!(room.is_free(1000), "one batch is always allowed");
        let first = room.take(60);
        assert!(room.is_free(39));
        assert!(!room.is_free(40));
        drop(first);
        assert!(room.is_free(40));
    }
}
