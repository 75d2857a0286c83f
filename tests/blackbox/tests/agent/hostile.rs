//! Components that do harm. Every line arrives, the agent lives, and whatever is beside is not affected.

use crate::lines::ubuntu;
use crate::rig::{Books, Rig, component};
use skidway_test_support::sink::Record;
use std::time::{Duration, Instant};

/// Two receivers: one with the hostile parser, told what to do, one beside it.
fn two_receivers(misdeed: &str) -> Rig {
    let mut rig = Rig::new();
    rig.config(&format!(
        "receivers:
  filelog:
    include: ['${{env:LOGS}}/hostile.log']
    parser: {{component: {}, config: {{do: {misdeed}}}, limits: {{cpu: 200ms, memory: 16MiB}}}}
  filelog/beside:
    include: ['${{env:LOGS}}/beside.log']
    start_at: beginning
    parser: auto
service: {{pipelines: {{logs: {{receivers: [filelog, filelog/beside]}}}}}}",
        component("hostile").display()
    ));
    rig
}

/// Two hundred lines, one of them such that the component does what it was told to.
fn lines() -> (String, String) {
    let poison = "2026-03-04T05:06:07Z web-1 app: poison für alle".to_owned();
    (ubuntu(0..137) + &poison + "\n" + &ubuntu(137..199), poison)
}

fn of_file(records: &[Record], name: &str) -> Vec<Record> {
    records.iter().filter(|record| record.attr("log.file.name") == Some(name)).cloned().collect()
}

/// The agent after a misdeed: all lines of both files arrived, those beside it parsed.
fn after(misdeed: &str) -> (Rig, Vec<Record>) {
    let mut rig = two_receivers(misdeed);
    let (text, _) = lines();
    rig.append("hostile.log", &text);
    rig.append("beside.log", ubuntu(0..50));
    rig.start();
    let records = rig.records(250);
    let beside = of_file(&records, "beside.log");
    assert!(beside.iter().all(|record| record.attr("unit") == Some("job")), "{beside:?}");
    assert_eq!(beside.len(), 50);
    let hostile = of_file(&records, "hostile.log");
    let bodies: Vec<_> = hostile.iter().map(|record| record.body.as_str()).collect();
    assert_eq!(bodies, text.lines().collect::<Vec<_>>());
    (rig, hostile)
}

/// The line that causes it passes as it is and is marked with `reason`; all others are parsed, also later.
fn contained(misdeed: &str, reason: &str) {
    let (mut rig, records) = after(misdeed);
    let (_, poison) = lines();
    for record in &records {
        if record.body == poison {
            let error = record.attr("skidway.error");
            assert!(error.is_some_and(|error| error.contains(reason)), "it is marked with {error:?}");
            assert_eq!(record.attr("message"), None);
        } else {
            assert_eq!(record.attr("skidway.error"), None, "{record:?}");
            assert_eq!(record.attr("message"), Some(record.body.as_str()));
        }
    }
    rig.append("hostile.log", "a line after it\n");
    let later = of_file(&rig.records(251), "hostile.log").pop();
    assert_eq!(later.as_ref().and_then(|record| record.attr("message")), Some("a line after it"));
    assert_eq!(rig.stop(), Books::all_delivered(251));
    let said = rig.said("component fails on a line");
    assert!(said.len() == 1 && said[0].contains("WARN") && said[0].contains(reason), "{said:?}");
}

#[test]
fn traps() {
    contained("trap", "unreachable");
}

#[test]
fn never_returns() {
    let start = Instant::now();
    contained("loop", "CPU");
    assert!(start.elapsed() < Duration::from_secs(30), "it was stopped late");
}

#[test]
fn grows_past_its_memory() {
    contained("grow", "memory");
}

#[test]
fn recurses_without_end() {
    contained("recurse", "trapped");
}

#[test]
fn answers_columns_of_different_lengths() {
    contained("unequal", "");
}

#[test]
fn answers_offsets_past_the_end() {
    contained("past-end", "");
}

#[test]
fn answers_offsets_inside_of_a_character() {
    contained("inside-character", "");
}

#[test]
fn answers_more_records_than_there_can_be() {
    contained("many", "");
}

#[test]
fn claims_to_have_consumed_more_than_there_is() {
    contained("consume-more", "more than it was given");
}

#[test]
fn consumes_nothing() {
    contained("consume-nothing", "");
}

#[test]
fn consumes_up_to_the_middle_of_a_line() {
    contained("consume-middle", "");
}

#[test]
fn refuses_a_line() {
    contained("refuse", "as it was told to");
}

#[test]
fn answers_text_that_is_none() {
    contained("bad-scratch", "");
}

#[test]
fn floods_the_log() {
    let (mut rig, records) = after("flood");
    assert_eq!(records.len(), 200);
    assert_eq!(rig.stop(), Books::all_delivered(250));
    let (lines, bytes) = (rig.said("drip").len(), rig.said("drip").iter().map(String::len).max());
    assert!((1..=100).contains(&lines), "{lines} lines are in the log");
    assert!(bytes.is_some_and(|bytes| bytes < 5000), "one of them has {bytes:?} bytes");
}

#[test]
fn a_component_that_fails_on_every_line_rests_and_nothing_is_lost() {
    let mut rig = two_receivers("trap");
    let text: String = (0..2000).map(|n| format!("poison {n}\n")).collect();
    rig.append("hostile.log", &text);
    rig.append("beside.log", ubuntu(0..50));
    rig.start();
    let records = of_file(&rig.records(2050), "hostile.log");
    let bodies: Vec<_> = records.iter().map(|record| record.body.as_str()).collect();
    assert_eq!(bodies, text.lines().collect::<Vec<_>>());
    assert!(records.iter().all(|record| record.attr("skidway.error").is_some()));
    assert_eq!(rig.stop(), Books::all_delivered(2050));
    assert_eq!(rig.said("component keeps failing").len(), 1);
}

const MISDEEDS: [&str; 13] = [
    "trap",
    "loop",
    "grow",
    "recurse",
    "unequal",
    "past-end",
    "inside-character",
    "many",
    "consume-more",
    "consume-nothing",
    "consume-middle",
    "refuse",
    "bad-scratch",
];

#[test]
fn all_of_them_at_once_lose_no_line_and_take_no_more_memory_than_they_may() {
    let mut rig = Rig::new();
    let mut receivers = String::new();
    for misdeed in MISDEEDS {
        // Each under a name of its own, so that the log tells them apart.
        let path = rig.folder().join(format!("hostile-{misdeed}.wasm"));
        std::fs::copy(component("hostile"), &path).unwrap();
        receivers += &format!(
            "  filelog/{misdeed}:
    include: ['${{env:LOGS}}/{misdeed}.log']
    start_at: beginning
    parser: {{component: {}, config: {{do: {misdeed}}}, limits: {{cpu: 200ms, memory: 16MiB}}}}\n",
            path.display()
        );
    }
    let names = MISDEEDS.map(|misdeed| format!("filelog/{misdeed}")).join(", ");
    rig.config(&format!(
        "receivers:\n{receivers}  filelog/beside:
    include: ['${{env:LOGS}}/beside.log']
    start_at: beginning
    parser: auto
service: {{pipelines: {{logs: {{receivers: [filelog/beside, {names}]}}}}}}"
    ));
    let (text, poison) = lines();
    for misdeed in MISDEEDS {
        rig.append(&format!("{misdeed}.log"), &text);
    }
    rig.append("beside.log", ubuntu(0..200));
    rig.start();
    let all = 200 * (MISDEEDS.len() + 1);
    let records = rig.records(all);
    for misdeed in MISDEEDS {
        let own = of_file(&records, &format!("{misdeed}.log"));
        let bodies: Vec<_> = own.iter().map(|record| record.body.as_str()).collect();
        assert_eq!(bodies, text.lines().collect::<Vec<_>>(), "{misdeed}");
        let marked: Vec<_> = own.iter().filter(|record| record.attr("skidway.error").is_some()).collect();
        assert!(marked.len() == 1 && marked[0].body == poison, "{misdeed}: {marked:?}");
    }
    let beside = of_file(&records, "beside.log");
    assert!(beside.iter().all(|record| record.attr("unit") == Some("job")), "{beside:?}");
    let status = std::fs::read_to_string(format!("/proc/{}/status", rig.agent().pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    // What each may take, and what an agent without them takes.
    assert!(kilobytes < (16 * MISDEEDS.len() as u64 + 200) << 10, "it took {kilobytes} kB");
    assert_eq!(rig.stop(), Books::all_delivered(all as u64));
    for misdeed in MISDEEDS {
        let said = rig.said(&format!("hostile-{misdeed}"));
        assert!(said.iter().any(|line| line.contains("component fails on a line")), "{misdeed}: {said:?}");
    }
}

#[test]
fn an_enricher_that_does_harm_is_contained_as_well() {
    for misdeed in
        ["trap", "loop", "grow", "recurse", "unequal", "past-end", "inside-character", "many", "refuse"]
    {
        let mut rig = Rig::new();
        rig.config(&format!(
            "processors:
  wasm/hostile: {{component: {}, config: {{do: {misdeed}}}, limits: {{cpu: 200ms, memory: 16MiB}}}}
service: {{pipelines: {{logs: {{processors: [wasm/hostile, batch]}}}}}}",
            component("hostile").display()
        ));
        let (text, poison) = lines();
        rig.append("syslog", &text);
        rig.start();
        let records = rig.records(200);
        let bodies: Vec<_> = records.iter().map(|record| record.body.as_str()).collect();
        assert_eq!(bodies, text.lines().collect::<Vec<_>>(), "{misdeed}");
        for record in &records {
            let is_marked = record.attr("skidway.error").is_some();
            assert_eq!(is_marked, record.body == poison, "{misdeed}: {record:?}");
            assert_eq!(record.attr("source"), Some("ec2-host-logs"));
        }
        assert_eq!(rig.stop(), Books::all_delivered(200), "{misdeed}");
        assert_eq!(rig.said("component fails on a line").len(), 1, "{misdeed}");
    }
}
