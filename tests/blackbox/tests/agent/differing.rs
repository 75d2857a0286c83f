//! `skidway diff`: how the records of two parsers differ.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::{Ended, skidway, skidway_reading};
use crate::lines::ubuntu;
use crate::rig::component;

const LINE: &str = "2026-03-04T05:06:07Z web-1 sshd[842]: no more sessions";

fn log(text: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn diff(old: &str, new: &str, arguments: &[&str], path: &Path) -> Ended {
    let usual = ["diff", "--parser", old, "--parser", new];
    skidway(&[&usual[..], arguments, &[path.to_str().unwrap()]].concat())
}

#[test]
fn the_same_parser_makes_identical_records() {
    let (_folder, path) = log(format!("{LINE}\nno syslog\n"));
    let same = component("ubuntu");
    let said = diff("ubuntu", same.to_str().unwrap(), &[], &path).ok();
    let expected = "records: 2 the same, 0 changed, 0 only in the old, 0 only in the new\n\
                    not recognised: 1 by the old, 1 by the new\nidentical\n";
    assert_eq!(said, expected);
    let piped = skidway_reading(&path, &["diff", "--parser", "ubuntu", "--parser", "ubuntu", "-"]).ok();
    assert_eq!(piped, expected);
}

#[test]
fn differences_are_shown_and_counted_by_field() {
    let (_folder, path) = log(format!("{LINE}\n\tand more\nno syslog\n"));
    let hostile = component("hostile");
    let ended = diff("ubuntu", hostile.to_str().unwrap(), &["--limit", "1"], &path);
    let place = path.display();
    let expected = format!(
        "{place}:1: {LINE}
    body                  old  \"{LINE}\\n\\tand more\"
                          new  \"{LINE}\"
    time                  old  \"2026-03-04T05:06:07Z\"
                          new  nothing
    attributes.timestamp  old  \"2026-03-04T05:06:07Z\"
                          new  nothing
    attributes.hostname   old  \"web-1\"
                          new  nothing
    attributes.unit       old  \"sshd\"
                          new  nothing
    attributes.pid        old  \"842\"
                          new  nothing
    attributes.message    old  \"no more sessions\\n\\tand more\"
                          new  \"{LINE}\"
records: 0 the same, 2 changed, 0 only in the old, 1 only in the new
  attributes.hostname   1 missing
  attributes.message    1 changed, 1 new
  attributes.pid        1 missing
  attributes.timestamp  1 missing
  attributes.unit       1 missing
  body                  1 changed
  time                  1 missing
not recognised: 1 by the old, 0 by the new
not accepted: the records are not identical
"
    );
    assert_eq!((ended.code, ended.out, ended.err), (Some(1), expected, String::new()));
    let painted = diff("ubuntu", hostile.to_str().unwrap(), &["--color", "always"], &path).out;
    assert!(painted.contains("old  \u{1b}[31m\"web-1\"\u{1b}[0m"), "{painted}");
}

#[test]
fn scripts_get_json_and_a_verdict() {
    let (_folder, path) = log(format!("{LINE}\nno syslog\n"));
    let ended =
        diff("amazon-linux", "ubuntu", &["--json", "--accept", "no-fewer-fields", "--limit", "1"], &path);
    let said: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((ended.code, &said["accepted"], &said["why_not"]), (Some(0), &json!(true), &json!(null)));
    assert_eq!((&said["same"], &said["changed"]), (&json!(1), &json!(1)));
    assert_eq!(said["fields"]["attributes.pid"], json!({"changed": 0, "missing": 0, "new": 1}));
    assert_eq!(said["unrecognised"], json!({"old": 2, "new": 1}));
    let fields = said["examples"][0]["fields"].as_array().unwrap();
    assert!(fields.contains(&json!({"field": "attributes.pid", "old": null, "new": "842"})), "{said}");
    // The other way round something is lost.
    let ended = diff("ubuntu", "amazon-linux", &["--accept", "no-fewer-fields", "--limit", "0"], &path);
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("not accepted: 1 records have no"), "{}", ended.out);
    assert!(ended.out.starts_with("records: "), "no examples were wanted: {}", ended.out);
}

#[test]
fn what_a_parser_fails_on_is_a_difference() {
    let (_folder, path) = log("line 1\npoison\nline 3\n");
    let hostile = component("hostile");
    let hostile = hostile.to_str().unwrap();
    let ended =
        diff(hostile, hostile, &["--parser-config", "{}", "--parser-config", "{\"do\":\"trap\"}"], &path);
    assert_eq!(ended.code, Some(1));
    for part in [
        "records: 2 the same, 1 changed",
        "attributes.skidway.error",
        "it trapped",
        "failed on: 0 by the old, 1 by the new",
    ] {
        assert!(ended.out.contains(part), "{part:?} is not in\n{}", ended.out);
    }
}

/// Blocks are compared one by one; entries lie across their ends, and the two parsers join them differently.
#[test]
fn large_files_are_compared_without_a_seam() {
    let entry = |n| format!("{}\n\tmore of {n}\n", ubuntu(n..n + 1).trim_end());
    let entries = 120_000;
    let text: String = (0..entries).map(entry).collect();
    assert!(text.len() > 17 << 19, "{}", text.len());
    let (_folder, path) = log(text);
    let said = diff("ubuntu", "ubuntu", &[], &path).ok();
    assert!(said.starts_with(&format!("records: {entries} the same, 0 changed")), "{said}");
    let hostile = component("hostile");
    let said = diff("ubuntu", hostile.to_str().unwrap(), &["--limit", "0"], &path).out;
    let expected =
        format!("records: 0 the same, {entries} changed, 0 only in the old, {entries} only in the new\n");
    assert!(said.starts_with(&expected), "{said}");
}

#[test]
fn wrong_usage_has_a_status_of_its_own() {
    let (_folder, path) = log(LINE);
    let path = path.to_str().unwrap();
    for (arguments, complaint) in [
        (vec!["--parser", "ubuntu", path], "--parser is given twice"),
        (vec!["--parser", "ubuntu", "--parser", "ubnutu", path], "ubnutu"),
        (vec!["--parser", "ubuntu", "--parser", "ubuntu", "/nowhere"], "cannot read /nowhere"),
        (
            vec!["--parser", "ubuntu", "--parser", "ubuntu", "--timezone", "Mars/Olympus", path],
            "no time zone",
        ),
        (vec!["--parser", "ubuntu", "--parser", "ubuntu", "--parser-config", "7", path], "is no JSON object"),
    ] {
        let ended = skidway(&[&["diff"], &arguments[..]].concat());
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{ended:?}");
        assert!(ended.err.contains(complaint), "{ended:?}");
    }
}
