//! Many agents after an outage do not run their gateway over. `examples/herd` draws the
//! same with ten thousand.
#![allow(clippy::unwrap_used, reason = "all of this crate is a test")]

#[path = "../examples/herd/simulation.rs"]
#[allow(dead_code, reason = "the example shows more")]
mod simulation;

use simulation::{Policy, Refusal, Scenario, Seen, Way, simulate};
use skidway_otlp::RetryPolicy;

/// A hundred requests a second when all is well.
const AGENTS: u32 = 1_000;
const CAPACITY: u32 = 200;
const CASES: [(Refusal, Refusal); 5] = [
    (Refusal::Silent, Refusal::Silent),
    (Refusal::Silent, Refusal::After(5)),
    (Refusal::After(30), Refusal::After(30)),
    (Refusal::WhenBack, Refusal::After(1)),
    (Refusal::WhenBack, Refusal::Silent),
];

fn scenario((away, overloaded): (Refusal, Refusal)) -> Scenario {
    Scenario { agents: AGENTS, capacity: CAPACITY, gone: 60, back: 660, end: 1_500, away, overloaded }
}

fn play(case: (Refusal, Refusal), way: Way, seed: u64) -> Seen {
    simulate(&scenario(case), &Policy { backoff: RetryPolicy::default().soon, way }, seed)
}

#[test]
fn after_ten_minutes_away_a_gateway_sees_at_most_twice_what_it_can_answer() {
    for case in CASES {
        for seed in 1..4 {
            let seen = play(case, Way::Paced, seed);
            assert!((90..110).contains(&seen.mean(30..60)), "{case:?}: {} a second", seen.mean(30..60));
            let peak = seen.peak(60..1_500);
            assert!(peak <= 2 * CAPACITY, "{case:?}, seed {seed}: {peak} requests in a second");
            let drained = seen.drained.map(|second| second - 660);
            // Eight full batches of each agent beside what is new take 80 s at the least.
            assert!(drained.is_some_and(|seconds| seconds <= 180), "{case:?}, seed {seed}: {drained:?}");
        }
    }
}

/// So that the bound above is one: agents that add no chance to what a gateway tells all of
/// them come back together.
#[test]
fn without_chance_on_top_of_retry_after_it_would_see_more() {
    let peaks = CASES.map(|case| play(case, Way::Anew, 1).peak(660..1_500));
    assert!(peaks.iter().max().is_some_and(|peak| *peak > 3 * CAPACITY), "{peaks:?}");
}

#[test]
fn remembering_the_last_batch_saves_refusals_where_the_gateway_has_little_to_spare() {
    let refused = |way| {
        let scenario = Scenario { capacity: 120, ..scenario((Refusal::Silent, Refusal::Silent)) };
        let policy = Policy { backoff: RetryPolicy::default().soon, way };
        simulate(&scenario, &policy, 1).refused_per_taken(660)
    };
    let (remembering, forgetting) = (refused(Way::Paced), refused(Way::Anew));
    assert!(remembering < 0.8 * forgetting, "{remembering} and {forgetting}");
}
