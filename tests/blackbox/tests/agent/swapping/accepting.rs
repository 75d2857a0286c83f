//! What is compared before it takes over, and what is taken back afterwards.

use std::fs;
use std::time::Duration;

use skidway_test_support::eventually;

use super::Swapping;
use super::variants::{deploy, hostile_to, renaming, ubuntu, version};
use crate::lines;
use crate::rig::component;

const SHADOW: &str = "swap: {mode: shadow, chunks: 5, accept: no-fewer-fields}";

#[test]
fn what_answers_the_same_is_taken_after_its_trial() {
    let mut swapping = Swapping::start(&ubuntu(), "swap: {mode: shadow, chunks: 5, accept: identical}");
    deploy(&swapping.parser, &version(&ubuntu(), 1));
    swapping.rig.wait_for_log("component is on trial");
    let said = swapping.rig.wait_for_log("component has stood its trial");
    assert!(said.contains("5 chunks") && said.contains("INFO"), "{said}");
    swapping.wait_for_swaps(1);
    swapping.wait_for_more();
    swapping.end();
}

#[test]
fn what_loses_a_field_is_set_aside_with_a_report() {
    let mut swapping = Swapping::start(&ubuntu(), SHADOW);
    deploy(&swapping.parser, &renaming());
    let said = swapping.rig.wait_for_log("component is set aside after its trial");
    for part in ["WARN", "attributes.unit", "missing", "attributes.Unit", "5 chunks", "job["] {
        assert!(said.contains(part), "no {part} in {said}");
    }
    swapping.wait_for_more();
    // Looked at again, and the same: it is not tried again.
    deploy(&swapping.parser, &renaming());
    assert!(!eventually(Duration::from_secs(1), || swapping.rig.said("component is on trial").len() > 1));
    deploy(&swapping.parser, &version(&ubuntu(), 1));
    swapping.wait_for_swaps(1);
    let records = swapping.end();
    assert!(records.iter().all(|record| record.attr("unit").is_some() && record.attr("Unit").is_none()));
}

#[test]
fn what_is_accepted_always_is_taken_with_all_its_differences() {
    let mut swapping = Swapping::start(&ubuntu(), "swap: {mode: shadow, chunks: 5, accept: always}");
    deploy(&swapping.parser, &renaming());
    let said = swapping.rig.wait_for_log("component has stood its trial");
    assert!(said.contains("attributes.unit"), "{said}");
    swapping.wait_until_last_has("Unit");
    swapping.end();
}

#[test]
fn what_fails_on_live_lines_is_set_aside_and_nobody_notices() {
    let hostile = fs::read(component("hostile")).unwrap();
    let settings = "config: {do: trap}, swap: {mode: shadow, chunks: 100, accept: always}";
    let mut swapping = Swapping::start(&hostile, settings);
    deploy(&swapping.parser, &hostile_to(".25000"));
    let said = swapping.rig.wait_for_log("component is set aside after its trial");
    assert!(said.contains("WARN") && said.contains("it trapped"), "{said}");
    let records = swapping.end();
    assert!(records.iter().all(|record| record.attr("skidway.error").is_none()));
}

#[test]
fn what_changes_during_its_trial_is_tried_anew() {
    let mut swapping = Swapping::start(&ubuntu(), "swap: {mode: shadow, chunks: 100000}");
    deploy(&swapping.parser, &version(&ubuntu(), 1));
    swapping.rig.wait_for_log("component is on trial");
    deploy(&swapping.parser, &version(&ubuntu(), 2));
    assert!(eventually(crate::rig::PATIENCE, || swapping.rig.said("component is on trial").len() == 2));
    // Back to what runs: nothing is left to try.
    deploy(&swapping.parser, &ubuntu());
    swapping.wait_for_more();
    swapping.end();
}

#[test]
fn an_enricher_is_compared_on_what_it_gets() {
    let mut rig = crate::rig::Rig::new();
    let path = rig.folder().join("enricher.wasm");
    deploy(&path, &fs::read(component("severity")).unwrap());
    rig.config(&format!(
        "processors: {{wasm/severity: {{component: {}, swap: {{mode: shadow, chunks: 5, accept: identical}}}}}}",
        path.display()
    ));
    let mut swapping = Swapping { rig, parser: path, flow: None };
    swapping.run();
    deploy(&swapping.parser, &fs::read(component("clickstack")).unwrap());
    let said = swapping.rig.wait_for_log("component is set aside after its trial");
    assert!(said.contains("severity_text"), "{said}");
    deploy(&swapping.parser, &version(&fs::read(component("severity")).unwrap(), 1));
    swapping.wait_for_swaps(1);
    let records = swapping.end();
    assert!(records.iter().all(|record| record.severity_text == "INFO"));
}

#[test]
fn what_recognises_nothing_is_taken_back() {
    let mut swapping = Swapping::start(&ubuntu(), "");
    swapping.wait_for("lines enough to compare with", |records| records.len() > 150);
    deploy(&swapping.parser, &fs::read(component("amazon-linux")).unwrap());
    let said = swapping.rig.wait_for_log("component is taken back");
    for part in ["WARN", "does not recognise", "100.0 %", "0.0 %"] {
        assert!(said.contains(part), "no {part} in {said}");
    }
    swapping.wait_until_last_has("unit");
    // It stays where it is, and is not tried again.
    assert!(!eventually(Duration::from_secs(1), || swapping.swaps() > 1));
    deploy(&swapping.parser, &renaming());
    swapping.wait_until_last_has("Unit");
    swapping.end();
}

#[test]
fn what_begins_to_fail_is_taken_back() {
    let hostile = fs::read(component("hostile")).unwrap();
    let mut swapping = Swapping::start(&hostile, "config: {do: trap}");
    deploy(&swapping.parser, &hostile_to(".25000"));
    let said = swapping.rig.wait_for_log("component is taken back");
    assert!(said.contains("WARN") && said.contains("it fails on"), "{said}");
    swapping.wait_for_more();
    let records = swapping.end();
    let failed = |record: &skidway_test_support::sink::Record| record.attr("skidway.error").is_some();
    assert!(records.iter().any(failed) && !failed(records.last().unwrap()));
}

#[test]
fn nothing_is_taken_back_where_that_is_off() {
    let swapping = Swapping::start(&ubuntu(), "swap: {rollback: 0s}");
    deploy(&swapping.parser, &fs::read(component("amazon-linux")).unwrap());
    swapping.wait_for_swaps(1);
    swapping.wait_for_more();
    swapping.wait_for("300 lines that are not recognised", |records| {
        records.iter().filter(|record| record.attr("unit").is_none()).count() > 300
    });
    assert!(swapping.rig.said("component is taken back").is_empty());
    swapping.end();
}

#[test]
fn the_lines_are_those_of_the_sample() {
    assert!(lines::ubuntu(0..1).contains(".250000+00:00 web-1 "), "what the hostile variants look for");
}
