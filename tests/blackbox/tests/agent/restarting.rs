//! What one run leaves to the next.

use crate::lines::ubuntu;
use crate::rig::{Books, PATIENCE, Rig};
use skidway_test_support::eventually;
use skidway_test_support::sink::Answer;
use std::collections::BTreeSet;
use std::fs;

#[test]
fn a_stopped_agent_misses_nothing_and_repeats_nothing() {
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    assert_eq!(rig.stop(), Books::all_delivered(10));

    rig.append("syslog", ubuntu(10..20));
    rig.start();
    rig.expect(&ubuntu(0..20));
    assert_eq!(rig.stop(), Books::all_delivered(10));
    rig.expect(&ubuntu(0..20));
}

#[test]
fn a_file_that_was_rotated_while_nobody_looked_is_read_to_its_end() {
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    rig.stop();

    rig.append("syslog", ubuntu(10..15));
    rig.rename("syslog", "syslog.1");
    rig.append("syslog", ubuntu(15..20));
    rig.start();
    let bodies: BTreeSet<_> = rig.bodies(20).into_iter().collect();
    assert_eq!(bodies, ubuntu(0..20).lines().map(ToOwned::to_owned).collect());
    assert_eq!(rig.stop(), Books::all_delivered(10));
}

#[test]
fn a_file_that_appeared_while_nobody_looked_is_read_from_its_beginning() {
    let mut rig = Rig::new();
    rig.config("receivers: {filelog: {start_at: end}}");
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.stop();
    rig.append("other.log", ubuntu(10..20));
    rig.start();
    rig.expect(&ubuntu(10..20));
}

#[test]
fn a_killed_agent_loses_nothing_that_was_in_flight() {
    let mut rig = Rig::new();
    rig.sink.set_answer(Answer::Hang);
    rig.append("syslog", ubuntu(0..100));
    rig.start();
    rig.sink.wait_for(PATIENCE, |state| !state.requests.is_empty()).unwrap();
    rig.kill();

    rig.sink.set_answer(Answer::Accept);
    rig.append("syslog", ubuntu(100..120));
    rig.start();
    rig.expect(&ubuntu(0..120));
    assert_eq!(rig.stop(), Books::all_delivered(120));
}

#[test]
fn a_killed_agent_goes_on_at_its_checkpoint() {
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..100));
    rig.start();
    rig.expect(&ubuntu(0..100));
    rig.wait_for_checkpoint("syslog", ubuntu(0..100).len() as u64);
    rig.kill();

    rig.append("syslog", ubuntu(100..120));
    rig.start();
    rig.expect(&ubuntu(0..120));
    assert_eq!(rig.stop(), Books::all_delivered(20));
}

#[test]
fn a_damaged_checkpoint_file_is_put_aside_and_everything_is_read_again() {
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    rig.stop();
    let state = rig.folder().join("state/receivers/filelog/logs-otlphttp");
    fs::write(state.join("checkpoints.json"), "{").unwrap();
    rig.start();
    assert_eq!(rig.bodies(20).len(), 20);
    assert!(state.join("checkpoints.json.corrupt").is_file());
    assert_eq!(rig.stop(), Books::all_delivered(10));
}

#[test]
fn start_at_end_takes_what_is_written_from_now_on() {
    let mut rig = Rig::new();
    rig.config("receivers: {filelog: {start_at: end}}");
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.append("syslog", ubuntu(10..20));
    rig.append("new.log", ubuntu(20..30));
    let bodies: BTreeSet<_> = rig.bodies(20).into_iter().collect();
    assert_eq!(bodies, ubuntu(10..30).lines().map(ToOwned::to_owned).collect());
    assert_eq!(rig.stop(), Books::all_delivered(20));
}

#[test]
fn a_last_line_without_an_end_waits_for_it_also_across_a_restart() {
    let mut rig = Rig::new();
    // Never give up waiting for the line feed.
    rig.config("receivers: {filelog: {force_flush_period: 0s}}");
    let all = ubuntu(0..3);
    let (first, rest) = all.split_at(all.len() - 10);
    rig.append("syslog", first);
    rig.start();
    rig.expect(&ubuntu(0..2));
    assert_eq!(rig.stop(), Books::all_delivered(2));
    assert_eq!(rig.checkpoint("syslog"), Some(ubuntu(0..2).len() as u64));

    rig.start();
    rig.append("syslog", rest);
    rig.expect(&all);
    assert_eq!(rig.stop(), Books::all_delivered(1));
}

#[test]
fn a_last_line_that_never_ends_is_delivered_when_the_file_is_silent() {
    let mut rig = Rig::new();
    rig.config("receivers: {filelog: {force_flush_period: 50ms}}");
    rig.append("syslog", ubuntu(0..3).trim_end());
    rig.start();
    rig.expect(&ubuntu(0..3));
    assert_eq!(rig.stop(), Books::all_delivered(3));
}

#[test]
fn a_line_that_is_too_long_is_split_and_nothing_is_lost() {
    let mut rig = Rig::new();
    // Of characters of one and of three bytes, so that some end where a piece does.
    let filler = "a日本語".repeat((3 << 20) / 10);
    let long = format!("{} {filler}", ubuntu(1..2).trim_end());
    rig.append("syslog", format!("{}{long}\n{}", ubuntu(0..1), ubuntu(2..3)));
    rig.start();
    // 3 MiB and the header, in pieces of 1 MiB.
    let bodies = rig.bodies(6);
    assert_eq!(bodies[0], ubuntu(0..1).trim_end());
    assert!(
        bodies[1..5].concat() == long,
        "pieces of {:?}",
        bodies.iter().map(String::len).collect::<Vec<_>>()
    );
    assert_eq!(bodies[5], ubuntu(2..3).trim_end());
    assert_eq!(rig.stop(), Books::all_delivered(6));
}

#[test]
fn a_file_that_was_replaced_while_nobody_looked_is_read_from_its_beginning() {
    // Shorter than what was read of the old one, and longer.
    for lines in [5, 50] {
        let mut rig = Rig::new();
        rig.append("syslog", ubuntu(0..20));
        rig.start();
        rig.expect(&ubuntu(0..20));
        rig.stop();
        rig.writer("syslog").set_len(0).unwrap();
        rig.append("syslog", ubuntu(20..20 + lines));
        rig.start();
        rig.expect(&ubuntu(0..20 + lines));
        assert_eq!(rig.stop(), Books::all_delivered(lines as u64));
    }
}

#[test]
fn a_killed_agent_under_load_loses_nothing() {
    const LINES: usize = 30_000;
    let mut rig = Rig::new();
    rig.config("processors: {batch: {send_batch_size: 500, send_batch_max_size: 500}}");
    rig.append("syslog", ubuntu(0..LINES));
    for most in [1, 5_000, 12_000] {
        rig.start();
        rig.records(most);
        rig.kill();
    }
    rig.start();
    rig.sink
        .wait_for(PATIENCE, |state| state.records.iter().any(|r| r.body.ends_with("line 29999")))
        .unwrap();
    rig.stop();
    let bodies: BTreeSet<_> = rig.sink.bodies().into_iter().collect();
    assert!(bodies == ubuntu(0..LINES).lines().map(ToOwned::to_owned).collect(), "{} lines", bodies.len());
}

#[test]
fn checkpoints_that_cannot_be_saved_are_said_once_and_nothing_stops() {
    let mut rig = Rig::new();
    rig.start();
    let state = rig.folder().join("state/receivers/filelog/logs-otlphttp");
    assert!(eventually(PATIENCE, || state.join("checkpoints.json").is_file()), "the first run is not noted");
    // In the place of the file that is written first.
    let blocked = state.join("checkpoints.json.tmp");
    fs::create_dir(&blocked).unwrap();
    rig.append("syslog", ubuntu(0..10));
    rig.wait_for_log("trying on");
    rig.expect(&ubuntu(0..10));
    fs::remove_dir(&blocked).unwrap();
    rig.wait_for_log("checkpoints are saved again");
    assert_eq!(rig.stop(), Books::all_delivered(10));
    assert_eq!(rig.said("trying on").len(), 1);
    assert_eq!(rig.checkpoint("syslog"), Some(ubuntu(0..10).len() as u64));
}
