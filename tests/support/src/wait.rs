use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A condition that did not come true in time, and what was there instead.
#[derive(Debug, Clone)]
pub struct TimedOut {
    /// How long was waited.
    pub waited: Duration,
    /// The state at the end, for whoever reads the failed test.
    pub state: String,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not so after {:?}: {}", self.waited, self.state)
    }
}

impl std::error::Error for TimedOut {}

/// Asks again and again until `condition` holds, at most for `within`; answers
/// whether it held.
///
/// For what nobody announces: a file that another process writes, a process that
/// ends. It is the one place that pauses between two looks (it parks the thread for
/// 2 ms); whatever announces itself is waited for with a condition variable.
pub fn eventually(within: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + within;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// State that one side changes and the other one waits for.
#[derive(Debug, Default)]
pub(crate) struct Watched<T> {
    state: Mutex<T>,
    changed: Condvar,
}

impl<T> Watched<T> {
    pub(crate) fn new(state: T) -> Self {
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Reads, or changes what nobody waits for. A panic of another test thread
    /// does not make the state unreadable.
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes all who wait.
    pub(crate) fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// Waits until `condition` holds; `describe` tells what was there if it never does.
    pub(crate) fn wait(
        &self,
        within: Duration,
        condition: impl Fn(&T) -> bool,
        describe: impl Fn(&T) -> String,
    ) -> Result<(), TimedOut> {
        let (state, result) = self
            .changed
            .wait_timeout_while(self.lock(), within, |state| !condition(state))
            .unwrap_or_else(PoisonError::into_inner);
        if result.timed_out() && !condition(&state) {
            return Err(TimedOut { waited: within, state: describe(&state) });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eventually_gives_up_after_its_time_and_not_before() {
        let start = Instant::now();
        assert!(!eventually(Duration::from_millis(20), || false));
        assert!(start.elapsed() >= Duration::from_millis(20));
        let mut looks = 0;
        assert!(eventually(Duration::from_secs(5), || {
            looks += 1;
            looks == 3
        }));
    }

    #[test]
    fn a_change_from_another_thread_ends_the_wait() {
        let watched = Watched::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| watched.update(|n| *n += 1));
            watched.wait(Duration::from_secs(5), |n| *n == 1, |n| n.to_string()).unwrap();
        });
        let late = watched.wait(Duration::from_millis(5), |n| *n == 2, |n| format!("n is {n}"));
        assert_eq!(late.unwrap_err().state, "n is 1");
    }
}
