//! Nanoseconds per line for the patterns of ClickStack's guide:
//! `cargo run --release -p skidway-pattern --example pattern_speed`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::time::Instant;

use skidway_pattern::{Pattern, Slots};

fn main() {
    let tail = r"(?P<hostname>\S+) (?P<unit>\S+?)(?:\[(?P<pid>\d+)\])?: (?P<message>.*)$";
    let text = "session opened for user ubuntu(uid=1000) by ubuntu(uid=0), from 10.0.0.7 port 51514 ssh2";
    let cases = [
        (r"^(?P<timestamp>\S+) ", "2025-11-17T20:55:44.826796+00:00"),
        (r"^(?P<timestamp>\w+ \d+ \d{2}:\d{2}:\d{2}) ", "Nov 17 20:55:44"),
    ];
    for (head, stamp) in cases {
        let pattern = Pattern::new(&format!("{head}{tail}")).expect("a good pattern");
        let line = format!("{stamp} ip-10-0-0-1 sshd[1234]: {text}");
        let mut slots = Slots::default();
        let best = (0..7).map(|_| {
            let start = Instant::now();
            for _ in 0..200_000 {
                assert!(pattern.captures(std::hint::black_box(line.as_bytes()), &mut slots));
            }
            start.elapsed().as_nanos() / 200_000
        });
        println!("{} bytes: {} ns", line.len(), best.min().unwrap_or(0));
    }
}
