//! The short form of `cargo xtask torture`: a seed that nobody has seen, and those that have found something.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::process::Command;

/// Seeds that lines were lost or doubled with, for how many minutes, and why.
const FOUND: [(u64, &str); 1] = [
    // What had been put away as log.1 was compressed to log.2.gz while the agent was away, and read again. For longer
    // (1.5 minutes): a file that gzip was writing was taken for a new one where the clock was two days behind.
    (1, "0.2"),
];

fn torture(arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skidway-torture"));
    let status = command.args(arguments).status().unwrap();
    assert!(status.success(), "{status}; above stands how to repeat it");
}

#[test]
fn everything_arrives() {
    torture(&["--minutes", "0.35"]);
}

#[test]
fn everything_arrives_by_way_of_the_disk() {
    torture(&["--minutes", "0.2", "--storage"]);
}

#[test]
fn everything_arrives_where_something_was_found_before() {
    for (seed, minutes) in FOUND {
        torture(&["--seed", &seed.to_string(), "--minutes", minutes]);
    }
}
