//! Files that are copied and emptied, as logrotate's `copytruncate` does.

use std::collections::BTreeMap;
use std::fs;

use skidway_test_support::sink::Answer;

use crate::lines::ubuntu;
use crate::rig::{PATIENCE, Rig};

const ONE_FILE: &str = "receivers: {filelog: {include: ['${env:LOGS}/syslog']}}";
const ALL_OF_THEM: &str = "receivers: {filelog: {include: ['${env:LOGS}/syslog*']}}";

fn copy_and_empty(rig: &Rig, to: &str) {
    fs::copy(rig.log_file("syslog"), rig.log_file(to)).unwrap();
    rig.writer("syslog").set_len(0).unwrap();
}

fn assert_each_once(rig: &Rig, text: &str) {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for body in rig.bodies(text.lines().count()) {
        *counted.entry(body).or_default() += 1;
    }
    let wanted: BTreeMap<String, usize> = text.lines().map(|line| (line.to_owned(), 1)).collect();
    assert_eq!(counted, wanted);
}

/// Lines that are written in the very moment of the rotation, whether a glob leads to
/// the copy or not.
#[test]
fn what_was_written_just_before_the_file_is_emptied_arrives() {
    for config in [ONE_FILE, ALL_OF_THEM] {
        let mut rig = Rig::new();
        rig.config(config);
        rig.append("syslog", ubuntu(0..20));
        rig.start();
        for turn in 1..6 {
            rig.records(turn * 20 - 10);
            rig.append("syslog", ubuntu(turn * 20..turn * 20 + 10));
            copy_and_empty(&rig, &format!("syslog.{turn}"));
            rig.append("syslog", ubuntu(turn * 20 + 10..turn * 20 + 20));
        }
        assert_each_once(&rig, &ubuntu(0..120));
        rig.stop();
        assert_each_once(&rig, &ubuntu(0..120));
        assert!(rig.said("ERROR").is_empty(), "{:?}", rig.said("ERROR"));
    }
}

#[test]
fn emptied_while_the_backend_is_away_and_the_agent_is_killed() {
    for config in [ONE_FILE, ALL_OF_THEM] {
        let mut rig = Rig::new();
        rig.config(config);
        rig.append("syslog", ubuntu(0..20));
        rig.start();
        rig.records(20);
        rig.wait_for_checkpoint("syslog", ubuntu(0..20).len() as u64);
        rig.sink.set_answer(Answer::Hang);
        rig.append("syslog", ubuntu(20..40));
        rig.sink.wait_for(PATIENCE, |state| state.requests.len() > 1).unwrap();
        copy_and_empty(&rig, "syslog.1");
        rig.append("syslog", ubuntu(40..50));
        rig.kill();
        rig.append("syslog", ubuntu(50..60));
        rig.sink.set_answer(Answer::Accept);
        rig.start();
        assert_each_once(&rig, &ubuntu(0..60));
        rig.stop();
    }
}

#[test]
fn emptied_and_compressed_while_nobody_looks() {
    let mut rig = Rig::new();
    rig.config(ONE_FILE);
    rig.append("syslog", ubuntu(0..20));
    rig.start();
    rig.records(20);
    rig.stop();
    rig.append("syslog", ubuntu(20..40));
    copy_and_empty(&rig, "syslog.1");
    let packed = std::process::Command::new("gzip").arg(rig.log_file("syslog.1")).status().unwrap();
    assert!(packed.success());
    rig.append("syslog", ubuntu(40..60));
    rig.start();
    assert_each_once(&rig, &ubuntu(0..60));
    rig.stop();
}

#[test]
fn without_a_copy_what_was_on_its_way_is_said_to_be_lost() {
    let mut rig = Rig::new();
    rig.config(ONE_FILE);
    rig.sink.set_answer(Answer::Hang);
    rig.append("syslog", ubuntu(0..20));
    rig.start();
    rig.sink.wait_for(PATIENCE, |state| !state.requests.is_empty()).unwrap();
    // The state says that they were read.
    let state = rig.folder().join("state/receivers/filelog/logs-otlphttp/checkpoints.json");
    let read_to = format!("\"read_to\":{}", ubuntu(0..20).len());
    let saved = || fs::read_to_string(&state).is_ok_and(|text| text.contains(&read_to));
    assert!(skidway_test_support::eventually(PATIENCE, saved));
    rig.kill();
    rig.writer("syslog").set_len(0).unwrap();
    rig.append("syslog", ubuntu(20..30));
    rig.sink.set_answer(Answer::Accept);
    rig.start();
    assert_each_once(&rig, &ubuntu(20..30));
    let said = rig.said("these bytes are lost");
    let range = format!("0..{}", ubuntu(0..20).len());
    assert!(said.len() == 1 && said[0].contains("ERROR") && said[0].contains(&range), "{said:?}");
    rig.stop();
}
