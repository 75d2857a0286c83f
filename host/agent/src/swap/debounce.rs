//! When to look at files that are being changed: not between the two halves of a write, and not never because
//! somebody goes on writing.

use std::time::{Duration, Instant};

/// Copying a component takes less between two writes, and nobody waits for longer than this.
pub(super) const QUIET: Duration = Duration::from_millis(300);
/// What keeps changing is looked at this often all the same: it may be a file beside the one that matters.
pub(super) const LONGEST: Duration = Duration::from_secs(5);

/// Gathers changes.
#[derive(Debug, Default)]
pub(super) struct Debounce {
    first: Option<Instant>,
    last: Option<Instant>,
    again: Option<Instant>,
}

impl Debounce {
    /// Something changed.
    pub(super) fn changed(&mut self, now: Instant) {
        self.first.get_or_insert(now);
        self.last = Some(now);
    }

    /// Asks for another look, whether something changes or not.
    pub(super) fn again(&mut self, at: Instant) {
        self.again = Some(self.again.map_or(at, |known| known.min(at)));
    }

    /// When the next look is due.
    pub(super) fn due(&self) -> Option<Instant> {
        let settled = self.last.zip(self.first).map(|(last, first)| (last + QUIET).min(first + LONGEST));
        settled.into_iter().chain(self.again).min()
    }

    /// Whether a look is due, which is then taken to happen.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let is_due = self.due().is_some_and(|due| now >= due);
        if is_due {
            *self = Self::default();
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(100);

    #[test]
    fn a_look_waits_for_quiet() {
        let (mut debounce, start) = (Debounce::default(), Instant::now());
        assert_eq!(debounce.due(), None);
        debounce.changed(start);
        debounce.changed(start + STEP);
        assert!(!debounce.take(start + QUIET));
        assert!(debounce.take(start + STEP + QUIET));
        assert!(!debounce.take(start + STEP + QUIET), "once");
    }

    #[test]
    fn what_never_rests_is_looked_at_all_the_same() {
        let (mut debounce, start) = (Debounce::default(), Instant::now());
        let looks = (0..200).filter(|&n| {
            debounce.changed(start + STEP * n);
            debounce.take(start + STEP * n)
        });
        assert_eq!(looks.count(), 3, "in 20 s, each 5 s after the first change");
    }

    #[test]
    fn another_look_may_be_asked_for() {
        let (mut debounce, start) = (Debounce::default(), Instant::now());
        debounce.again(start + 3 * QUIET);
        debounce.again(start + 2 * QUIET);
        assert_eq!(debounce.due(), Some(start + 2 * QUIET));
        assert!(debounce.take(start + 2 * QUIET));
        assert_eq!(debounce.due(), None);
    }
}
