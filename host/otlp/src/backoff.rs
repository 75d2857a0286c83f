use std::time::Duration;

/// Pauses between tries: an interval grows from `initial` by `multiplier` each time
/// until `max`, and each pause is drawn evenly from zero up to it ("full jitter"),
/// so that many hosts do not come back at the same moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    initial: Duration,
    multiplier: f64,
    max: Duration,
    /// Draws from around the interval instead: this share of it less or more.
    spread: Option<f64>,
}

/// Numbers that make no backoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what it means")]
pub enum InvalidBackoff {
    #[error("initial interval must be longer than zero")]
    Initial,
    #[error("multiplier must be a number of at least 1")]
    Multiplier,
    #[error("max interval must not be shorter than the initial one, nor longer than a day")]
    Max,
    #[error("spread must be a number from 0 to 1")]
    Spread,
}

impl Backoff {
    /// The first pause is up to `initial`, none is longer than `max`.
    pub fn try_new(initial: Duration, multiplier: f64, max: Duration) -> Result<Self, InvalidBackoff> {
        if initial.is_zero() {
            return Err(InvalidBackoff::Initial);
        }
        if !multiplier.is_finite() || multiplier < 1.0 {
            return Err(InvalidBackoff::Multiplier);
        }
        if max < initial || max > Duration::from_secs(86_400) {
            return Err(InvalidBackoff::Max);
        }
        Ok(Self { initial, multiplier, max, spread: None })
    }

    /// Draws each pause from the interval less `share` of it to the interval and
    /// `share` of it more, as the collector does (`randomization_factor`).
    pub fn around(self, share: f64) -> Result<Self, InvalidBackoff> {
        match share {
            0.0..=1.0 => Ok(Self { spread: Some(share), ..self }),
            _ => Err(InvalidBackoff::Spread),
        }
    }

    /// For a backend that is away: up to 1 s, half as long again each time, up to
    /// 30 s (the collector begins with 5 s).
    pub const fn soon() -> Self {
        Self { initial: Duration::from_secs(1), multiplier: 1.5, max: Duration::from_secs(30), spread: None }
    }

    /// For a fault that waits for a person: up to 30 s, twice as long each time, up
    /// to 5 minutes.
    pub const fn slow() -> Self {
        Self {
            initial: Duration::from_secs(30),
            multiplier: 2.0,
            max: Duration::from_secs(300),
            spread: None,
        }
    }

    /// The longest first pause.
    pub fn initial(&self) -> Duration {
        self.initial
    }

    /// From the beginning.
    pub(crate) fn steps(self) -> Steps {
        Steps { next: self.initial, backoff: self }
    }
}

/// Where in its backoff a delivery is.
#[derive(Debug, Clone)]
pub(crate) struct Steps {
    backoff: Backoff,
    next: Duration,
}

impl Steps {
    /// The next pause.
    pub(crate) fn pause(&mut self, random: &mut fastrand::Rng) -> Duration {
        let longest = self.next;
        let grown = longest.as_secs_f64() * self.backoff.multiplier;
        // A number too large for a Duration is past the maximum as well.
        self.next = Duration::try_from_secs_f64(grown).map_or(self.backoff.max, |d| d.min(self.backoff.max));
        match self.backoff.spread {
            None => longest.mul_f64(random.f64()),
            Some(share) => longest.mul_f64(1.0 - share + 2.0 * share * random.f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wrong_numbers_make_no_backoff() {
        let new = |initial, multiplier, max| {
            Backoff::try_new(Duration::from_secs(initial), multiplier, Duration::from_secs(max))
        };
        assert_eq!(new(0, 2.0, 5), Err(InvalidBackoff::Initial));
        for multiplier in [0.5, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(new(1, multiplier, 5), Err(InvalidBackoff::Multiplier));
        }
        assert_eq!(new(6, 2.0, 5), Err(InvalidBackoff::Max));
        assert_eq!(new(6, 2.0, 86_401), Err(InvalidBackoff::Max));
        assert_eq!(new(1, 1.5, 30), Ok(Backoff::soon()));
        assert_eq!(new(30, 2.0, 300), Ok(Backoff::slow()));
    }

    #[test]
    fn a_spread_stays_around_the_interval() {
        let backoff = Backoff::try_new(Duration::from_millis(100), 1.0, Duration::from_millis(100)).unwrap();
        assert_eq!(backoff.around(1.5), Err(InvalidBackoff::Spread));
        assert_eq!(backoff.around(f64::NAN), Err(InvalidBackoff::Spread));
        let mut random = fastrand::Rng::with_seed(1);
        let mut pauses = |share| {
            let mut steps = backoff.around(share).unwrap().steps();
            (0..1000).map(|_| steps.pause(&mut random)).collect::<Vec<_>>()
        };
        assert!(pauses(0.0).iter().all(|pause| *pause == Duration::from_millis(100)));
        let pauses = pauses(0.5);
        let (least, most) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
        assert!(*least >= Duration::from_millis(50) && *least < Duration::from_millis(60));
        assert!(*most <= Duration::from_millis(150) && *most > Duration::from_millis(140));
    }

    proptest! {
        #[test]
        fn pauses_stay_below_a_ceiling_that_grows(
            initial in 1u64..10_000, multiplier in 1.0f64..1e300, more in 0u64..10_000, seed in any::<u64>(),
        ) {
            let (initial, max) = (Duration::from_millis(initial), Duration::from_millis(initial + more));
            let mut steps = Backoff::try_new(initial, multiplier, max).unwrap().steps();
            let mut random = fastrand::Rng::with_seed(seed);
            let mut ceiling = initial;
            for _ in 0..50 {
                prop_assert!(steps.pause(&mut random) <= ceiling);
                prop_assert!(steps.next >= ceiling && steps.next <= max);
                ceiling = steps.next;
            }
        }
    }
}
