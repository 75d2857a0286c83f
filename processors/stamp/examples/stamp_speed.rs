//! Nanoseconds per stamp: `cargo run --release -p skidway-stamp --example stamp_speed`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::time::Instant;

use skidway_stamp::{Layout, Zone};

fn main() {
    let cases = [
        (Layout::gotime("2006-01-02T15:04:05.999999-07:00"), "2025-11-17T20:55:44.826796+00:00"),
        (Layout::strptime("%b %d %H:%M:%S").expect("a good layout"), "Nov 17 20:55:44"),
    ];
    let zone = Zone::utc();
    for (layout, stamp) in cases {
        let best = (0..7).map(|_| {
            let start = Instant::now();
            for _ in 0..500_000 {
                assert!(layout.parse(std::hint::black_box(stamp.as_bytes()), &zone, 1 << 60).is_ok());
            }
            start.elapsed().as_nanos() / 500_000
        });
        println!("{stamp}: {} ns", best.min().unwrap_or(0));
    }
}
