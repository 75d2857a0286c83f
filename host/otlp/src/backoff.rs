use std::time::Duration;

/// Pauses between tries: an interval grows from `initial` by `multiplier` each time
/// until `max`, and half of each pause is chance, so that many hosts do not come back at
/// the same moment. The other half is not, so that none comes back at once.
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

    /// For a backend that is away: up to 2 s, twice as long each time, up to 30 s (the
    /// collector begins with 5 s). It is soon back after a restart; what begins with
    /// less, or grows more slowly, multiplies the requests of all hosts just when their backend
    /// has too much to do.
    pub const fn soon() -> Self {
        Self { initial: Duration::from_secs(2), multiplier: 2.0, max: Duration::from_secs(30), spread: None }
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
    pub fn pace(self) -> Pace {
        Pace { next: self.initial, backoff: self }
    }

    fn draw(&self, longest: Duration) -> Duration {
        // Not of a generator of its own: a clone of that would draw the same pauses.
        let chance = fastrand::f64();
        match self.spread {
            None => longest.mul_f64(0.5 + chance / 2.0),
            Some(share) => longest.mul_f64(1.0 - share + 2.0 * share * chance),
        }
    }
}

/// A pause that a backend asks for is made longer by chance, up to this share of it:
/// it may have told all hosts the same moment.
const ON_TOP: f64 = 0.5;

/// Where in its backoff one who sends is.
///
/// It outlives a payload: a backend that was away for long comes back to many hosts
/// with many payloads each, and the first success does not mean that there is room
/// for all of them. So a success only halves the interval, and who is refused again
/// goes on where it stood. What that does to a gateway shows `examples/herd`.
#[derive(Debug, Clone)]
pub struct Pace {
    backoff: Backoff,
    /// The longest next pause.
    next: Duration,
}

impl Pace {
    /// The pause after a failure: at least `least`, and chance on top.
    pub fn failed(&mut self, least: Duration) -> Duration {
        let longest = self.next.max(least.mul_f64(ON_TOP));
        let grown = self.next.as_secs_f64() * self.backoff.multiplier;
        // A number too large for a Duration is past the maximum as well.
        self.next = Duration::try_from_secs_f64(grown).map_or(self.backoff.max, |d| d.min(self.backoff.max));
        least + self.backoff.draw(longest)
    }

    /// There was room.
    pub fn succeeded(&mut self) {
        self.next = (self.next / 2).max(self.backoff.initial);
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
        assert_eq!(new(2, 2.0, 30), Ok(Backoff::soon()));
        assert_eq!(new(30, 2.0, 300), Ok(Backoff::slow()));
    }

    #[test]
    fn a_spread_stays_around_the_interval() {
        let backoff = Backoff::try_new(Duration::from_millis(100), 1.0, Duration::from_millis(100)).unwrap();
        assert_eq!(backoff.around(1.5), Err(InvalidBackoff::Spread));
        assert_eq!(backoff.around(f64::NAN), Err(InvalidBackoff::Spread));
        fastrand::seed(1);
        let pauses = |share| {
            let mut pace = backoff.around(share).unwrap().pace();
            (0..1000).map(|_| pace.failed(Duration::ZERO)).collect::<Vec<_>>()
        };
        assert!(pauses(0.0).iter().all(|pause| *pause == Duration::from_millis(100)));
        let pauses = pauses(0.5);
        let (least, most) = (pauses.iter().min().unwrap(), pauses.iter().max().unwrap());
        assert!(*least >= Duration::from_millis(50) && *least < Duration::from_millis(60));
        assert!(*most <= Duration::from_millis(150) && *most > Duration::from_millis(140));
    }

    #[test]
    fn what_was_asked_for_comes_first_and_chance_on_top_of_it() {
        let (short, long) = (Duration::from_secs(2), Duration::from_secs(100));
        for _ in 0..200 {
            let pause = Backoff::soon().pace().failed(short);
            assert!(pause >= short + Duration::from_secs(1) && pause <= short * 2, "{pause:?}");
            // Hosts that were told the same moment come back over a quarter of that time.
            let pause = Backoff::soon().pace().failed(long);
            assert!(pause >= long.mul_f64(1.25) && pause <= long.mul_f64(1.5), "{pause:?}");
        }
    }

    #[test]
    fn a_success_halves_the_interval_down_to_the_first_one() {
        let mut pace = Backoff::soon().pace();
        for _ in 0..10 {
            pace.failed(Duration::ZERO);
        }
        pace.succeeded();
        pace.succeeded();
        let pause = pace.clone().failed(Duration::ZERO).as_secs_f64();
        assert!((3.75..=7.5).contains(&pause), "{pause}");
        for _ in 0..10 {
            pace.succeeded();
        }
        let pause = pace.failed(Duration::ZERO).as_secs_f64();
        assert!((1.0..=2.0).contains(&pause), "{pause}");
    }

    #[test]
    fn clones_do_not_pause_alike() {
        // Consumers of one queue are clones, and would come back together.
        let pauses = |mut pace: Pace| (0..8).map(|_| pace.failed(Duration::ZERO)).collect::<Vec<_>>();
        let pace = Backoff::soon().pace();
        assert_ne!(pauses(pace.clone()), pauses(pace));
    }

    proptest! {
        #[test]
        fn pauses_stay_below_a_ceiling_that_grows(
            initial in 1u64..10_000, multiplier in 1.0f64..1e300, more in 0u64..10_000, seed in any::<u64>(),
        ) {
            let (initial, max) = (Duration::from_millis(initial), Duration::from_millis(initial + more));
            let mut pace = Backoff::try_new(initial, multiplier, max).unwrap().pace();
            fastrand::seed(seed);
            let mut ceiling = initial;
            for _ in 0..50 {
                let pause = pace.failed(Duration::ZERO);
                prop_assert!(pause <= ceiling && pause >= ceiling.mul_f64(0.499), "{pause:?} of {ceiling:?}");
                prop_assert!(pace.next >= ceiling && pace.next <= max);
                ceiling = pace.next;
            }
        }
    }
}
