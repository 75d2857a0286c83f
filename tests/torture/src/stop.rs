//! One signal that ends all pauses.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Told once, heard by everybody.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    told: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    pub(crate) fn tell(&self) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Lets time pass, which is what a plan asks for; answers false when it is time to stop.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let (told, _) = self
            .changed
            .wait_timeout_while(told, time, |told| !*told)
            .unwrap_or_else(PoisonError::into_inner);
        !*told
    }
}
