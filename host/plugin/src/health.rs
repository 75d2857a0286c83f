//! When a component that keeps failing is left alone, and for how long.

use std::time::{Duration, Instant};

/// Failed calls that one chunk may cost. Isolating one line among two thousand
/// takes eleven; past this the component is broken, not the line.
const FAILURES_PER_CHUNK: u32 = 48;
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// Samples in a row that a component may fail on before it is shown none for a while: it may take all of its
/// time on each, and every file has some.
const FAILED_SAMPLES: u32 = 3;
/// Single failed lines are said at most this often.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// The record of one component in one lane.
#[derive(Debug)]
pub(crate) struct Health {
    failures: u32,
    pause: Duration,
    resting_until: Option<Instant>,
    said: Option<Instant>,
    unsaid: u64,
    failed_samples: u32,
    no_samples_until: Option<Instant>,
    sample_pause: Duration,
}

impl Health {
    pub(crate) fn new() -> Self {
        Self {
            failures: 0,
            pause: FIRST_PAUSE,
            resting_until: None,
            said: None,
            unsaid: 0,
            failed_samples: 0,
            no_samples_until: None,
            sample_pause: FIRST_PAUSE,
        }
    }

    /// A chunk begins: may the component be called?
    pub(crate) fn begin(&mut self, now: Instant) -> bool {
        self.failures = 0;
        self.resting_until.is_none_or(|until| now >= until)
    }

    pub(crate) fn is_resting(&self, now: Instant) -> bool {
        self.resting_until.is_some_and(|until| now < until)
    }

    /// A call failed. True when the component has to rest from now on.
    pub(crate) fn failed(&mut self, component: &str, error: &dyn std::fmt::Display, now: Instant) -> bool {
        self.failures += 1;
        // A component that was tried again after a rest has no credit left.
        if self.failures <= FAILURES_PER_CHUNK && self.resting_until.is_none() {
            return false;
        }
        self.resting_until = Some(now + self.pause);
        let pause = self.pause;
        tracing::warn!(
            component,
            ?pause,
            "component keeps failing; lines pass as they are for a while: {error}"
        );
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        true
    }

    /// Whether a sample may be shown to the component.
    pub(crate) fn takes_samples(&self, now: Instant) -> bool {
        !self.is_resting(now) && self.no_samples_until.is_none_or(|until| now >= until)
    }

    pub(crate) fn stood_sample(&mut self) {
        (self.failed_samples, self.no_samples_until, self.sample_pause) = (0, None, FIRST_PAUSE);
    }

    /// It failed on a text that was only looked at, which says nothing of lines that are its own.
    pub(crate) fn failed_sample(&mut self, component: &str, error: &dyn std::fmt::Display, now: Instant) {
        self.failed_samples += 1;
        if self.failed_samples < FAILED_SAMPLES {
            return;
        }
        let pause = self.sample_pause;
        tracing::warn!(component, ?pause, "component fails on samples; files are judged without it: {error}");
        self.no_samples_until = Some(now + pause);
        self.sample_pause = (pause * 2).min(LONGEST_PAUSE);
    }

    /// A whole chunk went through.
    pub(crate) fn succeeded(&mut self, component: &str) {
        if self.resting_until.take().is_some() {
            tracing::info!(component, "component works again");
            self.pause = FIRST_PAUSE;
        }
    }

    /// One record could not be processed: said now and then, with how many more.
    pub(crate) fn isolated(&mut self, component: &str, error: &dyn std::fmt::Display, now: Instant) {
        if self.said.is_some_and(|said| now.duration_since(said) < SAY_EVERY) {
            self.unsaid += 1;
            return;
        }
        let more = std::mem::take(&mut self.unsaid);
        self.said = Some(now);
        tracing::warn!(component, more, "component fails on a line, which passes as it is: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exhaust(health: &mut Health, now: Instant) -> u32 {
        (1..1000).find(|_| health.failed("c", &"e", now)).unwrap()
    }

    #[test]
    fn rests_after_too_many_failures_and_longer_each_time() {
        let (mut health, start) = (Health::new(), Instant::now());
        assert!(health.begin(start));
        assert_eq!(exhaust(&mut health, start), FAILURES_PER_CHUNK + 1);
        assert!(health.is_resting(start));
        assert!(!health.begin(start + Duration::from_secs(9)));

        let later = start + FIRST_PAUSE;
        assert!(health.begin(later));
        assert_eq!(exhaust(&mut health, later), 1, "no credit after a rest");
        assert!(!health.begin(later + Duration::from_secs(19)));

        let again = later + Duration::from_secs(20);
        assert!(health.begin(again));
        health.succeeded("c");
        assert_eq!(exhaust(&mut health, again), FAILURES_PER_CHUNK + 1);
        assert!(health.begin(again + FIRST_PAUSE));
    }

    #[test]
    fn who_fails_on_samples_is_shown_none_for_a_while() {
        let (mut health, start) = (Health::new(), Instant::now());
        for _ in 0..FAILED_SAMPLES {
            assert!(health.takes_samples(start));
            health.failed_sample("c", &"e", start);
        }
        assert!(!health.takes_samples(start) && health.begin(start), "its own lines it still gets");
        let later = start + FIRST_PAUSE;
        assert!(health.takes_samples(later));
        health.failed_sample("c", &"e", later);
        assert!(!health.takes_samples(later + FIRST_PAUSE), "the pause grows");
        health.stood_sample();
        assert!(health.takes_samples(later));
    }

    #[test]
    fn the_pause_has_an_end() {
        let (mut health, mut now) = (Health::new(), Instant::now());
        for _ in 0..20 {
            health.begin(now);
            exhaust(&mut health, now);
            now += LONGEST_PAUSE;
        }
        assert_eq!(health.pause, LONGEST_PAUSE);
    }
}
