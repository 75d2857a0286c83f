use crate::Error;
use std::time::Duration;

/// Growing pauses between tries: the first one at most `initial`, each next at most
/// twice as long, none longer than `max`. Half of each is chance, so that hosts that
/// started together do not ask together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    initial: Duration,
    max: Duration,
}

impl Backoff {
    /// An error unless 0 < `initial` <= `max`.
    pub fn try_new(initial: Duration, max: Duration) -> Result<Self, Error> {
        if initial.is_zero() || initial > max {
            return Err(Error::Backoff { initial, max });
        }
        Ok(Self { initial, max })
    }

    /// The pause after the `failures`-th failure in a row, counted from 1.
    pub(crate) fn pause(self, failures: u32) -> Duration {
        let doubled = 2_u32.checked_pow(failures.saturating_sub(1));
        let whole = doubled.and_then(|n| self.initial.checked_mul(n)).unwrap_or(self.max).min(self.max);
        whole.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// 1 s to 30 s, the pauses of the collector's resource detection.
impl Default for Backoff {
    fn default() -> Self {
        Self { initial: Duration::from_secs(1), max: Duration::from_secs(30) }
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
    fn no_pause_at_all_and_a_limit_below_the_start_cannot_be_built() {
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        assert!(Backoff::try_new(second, second).is_ok());
        assert!(Backoff::try_new(Duration::ZERO, minute).is_err());
        assert!(Backoff::try_new(minute, second).is_err());
    }
}
