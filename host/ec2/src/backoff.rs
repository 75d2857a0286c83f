use crate::Error;
use std::time::Duration;

/// Growing pauses between tries: the first one at most `initial`, each next at most
/// twice as long, none longer than `max`. Half of each is chance, so that hosts that
/// started together do not ask together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    initial: Duration,
    max: Duration,
    multiplier: f64,
    /// Draws from around the pause instead: this share of it less or more.
    spread: Option<f64>,
}

impl Backoff {
    /// An error unless 0 < `initial` <= `max`.
    pub fn try_new(initial: Duration, max: Duration) -> Result<Self, Error> {
        if initial.is_zero() || initial > max {
            return Err(Error::Backoff { initial, max });
        }
        Ok(Self { initial, max, multiplier: 2.0, spread: None })
    }

    /// Grows by another factor, which is at least 1.
    pub fn growing(self, multiplier: f64) -> Result<Self, Error> {
        match multiplier.is_finite() && multiplier >= 1.0 {
            true => Ok(Self { multiplier, ..self }),
            false => Err(Error::Multiplier(multiplier)),
        }
    }

    /// Draws each pause from `share` of it less to `share` of it more, as the
    /// collector does (`randomization_factor`); 0 to 1.
    pub fn around(self, share: f64) -> Result<Self, Error> {
        match share {
            0.0..=1.0 => Ok(Self { spread: Some(share), ..self }),
            _ => Err(Error::Spread(share)),
        }
    }

    /// The pause after the `failures`-th failure in a row, counted from 1.
    pub(crate) fn pause(self, failures: u32) -> Duration {
        let steps = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
        let grown = self.initial.as_secs_f64() * self.multiplier.powi(steps);
        // A number too large for a Duration is past the maximum as well.
        let whole = Duration::try_from_secs_f64(grown).map_or(self.max, |pause| pause.min(self.max));
        match self.spread {
            None => whole.mul_f64(0.5 + fastrand::f64() / 2.0),
            Some(share) => whole.mul_f64(1.0 - share + 2.0 * share * fastrand::f64()),
        }
    }
}

/// 1 s to 30 s, the pauses of the collector's resource detection.
impl Default for Backoff {
    fn default() -> Self {
        Self { initial: Duration::from_secs(1), max: Duration::from_secs(30), multiplier: 2.0, spread: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_grows_to_its_limit_and_varies_by_half() {
        let backoff = Backoff::default();
        for (failures, whole) in [(1, 1.0), (2, 2.0), (5, 16.0), (6, 30.0), (33, 30.0), (u32::MAX, 30.0)] {
            for _ in 0..200 {
                let pause = backoff.pause(failures).as_secs_f64();
                assert!((whole / 2.0..=whole).contains(&pause), "{failures}: {pause}");
            }
        }
    }

    #[test]
    fn growth_and_spread_may_be_others() {
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        let backoff = Backoff::try_new(second, minute).unwrap();
        let exact = backoff.growing(3.0).unwrap().around(0.0).unwrap();
        assert_eq!([1, 2, 3, 9].map(|n| exact.pause(n).as_secs()), [1, 3, 9, 60]);
        assert!(backoff.growing(0.9).is_err() && backoff.growing(f64::NAN).is_err());
        assert!(backoff.around(1.1).is_err() && backoff.around(f64::NAN).is_err());
    }

    #[test]
    fn no_pause_at_all_and_a_limit_below_the_start_cannot_be_built() {
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        assert!(Backoff::try_new(second, second).is_ok());
        assert!(Backoff::try_new(Duration::ZERO, minute).is_err());
        assert!(Backoff::try_new(minute, second).is_err());
    }
}
