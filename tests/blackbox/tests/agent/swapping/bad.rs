//! A file that cannot be used changes nothing, and it is said why.

use std::fs;
use std::time::{Duration, SystemTime};

use super::Swapping;
use super::variants::{deploy, hostile_to, renaming, ubuntu, version};
use crate::command::skidway;
use crate::rig::component;

/// Nothing changes, the reason is said once, and the next good version is taken.
fn refused(mut swapping: Swapping, bytes: &[u8], complaint: &str, good: &[u8]) {
    // Old enough to be all of it.
    let temporary = swapping.parser.with_extension("tmp");
    fs::write(&temporary, bytes).unwrap();
    let old = SystemTime::now() - Duration::from_secs(60);
    fs::File::open(&temporary).unwrap().set_modified(old).unwrap();
    fs::rename(temporary, &swapping.parser).unwrap();
    let said = swapping.rig.wait_for_log("a changed component is not used");
    assert!(said.contains("WARN") && said.contains(complaint), "{said}");
    swapping.wait_for_more();
    assert_eq!((swapping.swaps(), swapping.rig.said("a changed component is not used").len()), (0, 1));
    deploy(&swapping.parser, good);
    swapping.wait_for_swaps(1);
    let records = swapping.end();
    assert!(records.iter().all(|record| record.attr("skidway.error").is_none()));
}

fn refused_for_ubuntu(bytes: &[u8], complaint: &str) {
    refused(Swapping::start(&ubuntu(), ""), bytes, complaint, &renaming());
}

#[test]
fn no_component() {
    refused_for_ubuntu(b"#!/bin/sh\n", "it is not WebAssembly");
}

#[test]
fn half_of_one() {
    refused_for_ubuntu(&ubuntu()[..20_000], "it is damaged");
}

#[test]
fn of_a_newer_version() {
    let newer = r#"(component (instance $i) (export "skidway:processor/parser@0.9.0" (instance $i)))"#;
    refused_for_ubuntu(&wat::parse_str(newer).unwrap(), "A newer agent is needed");
}

#[test]
fn of_another_role() {
    refused_for_ubuntu(&fs::read(component("severity")).unwrap(), "it is no parser");
}

#[test]
fn that_refuses_its_configuration() {
    let hostile = fs::read(component("hostile")).unwrap();
    let swapping = Swapping::start(&hostile, "config: {do: trap}");
    refused(swapping, &ubuntu(), "it refuses its configuration", &version(&hostile, 1));
}

#[test]
fn that_fails_on_whatever_it_sees() {
    let hostile = fs::read(component("hostile")).unwrap();
    for misdeed in ["trap", "loop", "grow", "unequal"] {
        let settings = format!("config: {{do: {misdeed}}}, limits: {{cpu: 100ms}}");
        let swapping = Swapping::start(&hostile, &settings);
        let complaint = "it fails on a sample of usual lines";
        refused(swapping, &hostile_to("web-1 "), complaint, &version(&hostile, 1));
    }
}

#[test]
fn other_than_what_the_config_pins() {
    let inspected = skidway(&["inspect", "--json", component("ubuntu").to_str().unwrap()]).ok();
    let inspected: serde_json::Value = serde_json::from_str(&inspected).unwrap();
    let digest = inspected["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    let mut swapping = Swapping::start(&ubuntu(), &format!("sha256: {digest}"));
    deploy(&swapping.parser, &renaming());
    let said = swapping.rig.wait_for_log("a changed component is not used");
    assert!(said.contains("WARN") && said.contains(&format!("not the pinned sha256:{digest}")), "{said}");
    swapping.wait_for_more();
    assert_eq!(swapping.swaps(), 0);
    swapping.end();
}

#[test]
fn a_folder_in_its_place() {
    let mut swapping = Swapping::start(&ubuntu(), "");
    fs::remove_file(&swapping.parser).unwrap();
    fs::create_dir(&swapping.parser).unwrap();
    swapping.rig.wait_for_log("it is no regular file");
    fs::remove_dir(&swapping.parser).unwrap();
    deploy(&swapping.parser, &renaming());
    swapping.wait_until_last_has("Unit");
    swapping.end();
}
