//! Trying again what may work the next time.

use std::time::Duration;

use crate::error::RegistryError;

/// The pause after the first failure; each one after is twice as long, up to the most.
const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(20);

/// Calls `attempt` until it works, or fails for good, or has failed `retries` times more. `told` hears of
/// each failure that a pause follows.
pub(crate) async fn retrying<T>(
    retries: u32,
    told: &mut (dyn FnMut(&RegistryError, Duration) + Send),
    mut attempt: impl AsyncFnMut() -> Result<T, RegistryError>,
) -> Result<T, RegistryError> {
    let mut failures = 0;
    loop {
        match attempt().await {
            Err(error) if error.is_passing() && failures < retries => {
                let pause = pause(failures);
                told(&error, pause);
                tokio::time::sleep(pause).await;
                failures += 1;
            }
            other => return other,
        }
    }
}

/// Half of it is chance: many hosts fetch the same thing after the same failure.
fn pause(failures: u32) -> Duration {
    let full = FIRST.saturating_mul(1 << failures.min(10)).min(MOST);
    full.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(retries: u32, outcomes: Vec<Result<u32, RegistryError>>) -> (Result<u32, String>, usize, usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (mut outcomes, mut told) = (outcomes.into_iter(), 0);
        let result = runtime.block_on(retrying(retries, &mut |_, _| told += 1, async || {
            outcomes.next().expect("no further attempt is due")
        }));
        (result.map_err(|error| error.to_string()), outcomes.len(), told)
    }

    fn busy() -> Result<u32, RegistryError> {
        Err(RegistryError::Busy("503".to_owned()))
    }

    #[test]
    fn only_what_may_pass_is_tried_again_and_not_for_ever() {
        assert_eq!(run(5, vec![busy(), Ok(1), Ok(2)]), (Ok(1), 1, 1));
        assert_eq!(run(1, vec![busy(), busy(), Ok(2)]), (Err("the registry answers 503".into()), 1, 1));
        let (result, left, told) = run(5, vec![Err(RegistryError::NotFound), Ok(2)]);
        assert!(result.is_err());
        assert_eq!((left, told), (1, 0));
    }

    #[test]
    fn pauses_grow_to_a_bound() {
        for failures in 0..40 {
            let (pause, full) = (pause(failures), FIRST.saturating_mul(1 << failures.min(10)).min(MOST));
            assert!(pause >= full / 2 && pause <= full, "{failures}: {pause:?}");
        }
    }
}
