//! What a gateway sees of ten thousand agents while it is away and after it is back:
//! `cargo run -p skidway-otlp --example herd` writes `docs/herd.svg`, or what is
//! named, and prints the figures.
#![allow(clippy::print_stdout, reason = "figures on standard output are what this program is for")]

mod plot;
mod simulation;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use simulation::{Policy, Refusal, Scenario, Seen, Way, simulate};
use skidway_otlp::{Backoff, RetryPolicy};

/// Twice what the agents need when all is well.
const CAPACITY: u32 = 2_000;
const GONE: u64 = 60;
const BACK: u64 = GONE + 600;
const END: u64 = BACK + 840;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/herd.svg")),
        PathBuf::from,
    );
    let policies = policies()?;
    let cases = [
        ("away: no answer; overloaded: 503", Refusal::Silent, Refusal::Silent),
        ("away and overloaded: 429 with Retry-After: 30", Refusal::After(30), Refusal::After(30)),
        (
            "away: 503 with the moment of its return as Retry-After; overloaded: 503 with Retry-After: 1",
            Refusal::WhenBack,
            Refusal::After(1),
        ),
    ];
    let mut panels = Vec::new();
    for (title, away, overloaded) in cases {
        let seen =
            play(&format!("{title}; it answers {CAPACITY}/s"), CAPACITY, (away, overloaded), &policies);
        panels.push(plot::Panel { title, lines: seen });
    }
    for capacity in [1_200, 20_000] {
        let (title, away, overloaded) = cases[0];
        play(&format!("{title}; it answers {capacity}/s"), capacity, (away, overloaded), &policies);
    }
    plot::draw(&path, &panels)?;
    println!("\n{}", path.display());
    Ok(())
}

type Named<T> = (&'static str, T);

/// Plays a case with each policy and prints what was seen.
fn play(
    title: &str,
    capacity: u32,
    (away, overloaded): (Refusal, Refusal),
    policies: &[Named<Policy>],
) -> Vec<Named<Vec<u32>>> {
    let scenario = Scenario { agents: 10_000, capacity, gone: GONE, back: BACK, end: END, away, overloaded };
    println!("\n{title}");
    println!(
        "{:<30} {:>8} {:>16} {:>11} {:>18} {:>8}",
        "", "steady", "peak while away", "peak after", "refused per taken", "drained"
    );
    let seen = policies.iter().map(|(name, policy)| {
        let seen = simulate(&scenario, policy, 1);
        show(name, &seen);
        (*name, seen.requests)
    });
    seen.collect()
}

/// What is drawn last stands in front.
fn policies() -> Result<[Named<Policy>; 4], Box<dyn Error>> {
    let (second, most) = (Duration::from_secs(1), Duration::from_secs(30));
    // From zero to the interval.
    let full = Backoff::try_new(second / 2, 1.5, most / 2)?.around(1.0)?;
    let collector = Backoff::try_new(5 * second, 1.5, most)?.around(0.5)?;
    Ok([
        ("2 s to 30 s, no chance", Policy { backoff: Backoff::soon().around(0.0)?, way: Way::AnewAtLeast }),
        ("0 to 1 s, to 30 s, full jitter", Policy { backoff: full, way: Way::Anew }),
        ("5 s to 30 s, ± 50 %", Policy { backoff: collector, way: Way::AnewAtLeast }),
        ("Skidway", Policy { backoff: RetryPolicy::default().soon, way: Way::Paced }),
    ])
}

fn show(name: &str, seen: &Seen) {
    let drained = seen.drained.map_or("never".to_owned(), |second| format!("{} s", second - BACK));
    println!(
        "{name:<30} {:>6}/s {:>14}/s {:>9}/s {:>18.2} {drained:>8}",
        seen.mean(30..GONE),
        seen.peak(GONE..BACK),
        seen.peak(BACK..END),
        seen.refused_per_taken(BACK),
    );
}
