//! `skidway test`: golden tests of parsers.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::command::{Ended, command, skidway};
use crate::rig::component;

const LINE: &str = "2026-03-04T05:06:07Z web-1 sshd[842]: error: no more sessions";
const EXPECTED: &str = r#"{"time":"2026-03-04T05:06:07Z","attributes":{"hostname":"web-1","message":"error: no more sessions","pid":"842","timestamp":"2026-03-04T05:06:07Z","unit":"sshd"}}"#;

/// A folder of tests.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
        self
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn test(&self, arguments: &[&str]) -> Ended {
        skidway(&[&["test"], arguments, &[self.0.path().to_str().unwrap()]].concat())
    }
}

fn differs(ended: Ended) -> String {
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), ""), "{}", ended.out);
    ended.out
}

fn assert_all_in(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn update_writes_what_is_then_expected() {
    let folder = Folder::new();
    folder.write("a.log", format!("{LINE}\nno syslog\n")).write("below/b.log", format!("{LINE}\n\tmore\n"));
    let said = differs(folder.test(&["--parser", "ubuntu"]));
    assert_all_in(
        &said,
        &["FAIL  ", "a.log: there is no a.expected.jsonl", "--update", "2 logs: 0 as expected, 2 failed"],
    );
    assert!(!folder.path("a.expected.jsonl").exists());

    let said = folder.test(&["--parser", "ubuntu", "--update"]).ok();
    assert_all_in(&said, &["a.expected.jsonl: 2 records", "2 written (3 records)"]);
    assert_eq!(folder.read("a.expected.jsonl"), format!("{EXPECTED}\n{{\"unrecognised\":true}}\n"));
    let joined = EXPECTED.replace("sessions", r"sessions\n\tmore");
    assert_eq!(folder.read("below/b.expected.jsonl"), format!("{joined}\n"), "the body is its lines");

    let said = folder.test(&["--parser", "ubuntu"]).ok();
    assert_all_in(&said, &["a.log: 2 records", "2 logs: 2 as expected (3 records)"]);
    // What is as expected is left alone, however it is written.
    let spaced = format!(
        "{}\n\n{{\"unrecognised\": true, \"body\": \"no syslog\"}}",
        EXPECTED.replace("05:06:07Z\",\"attr", "06:06:07+01:00\",\"attr")
    );
    folder.write("a.expected.jsonl", &spaced);
    folder.test(&["--parser", "ubuntu", "--update"]).ok();
    assert_eq!(folder.read("a.expected.jsonl"), spaced);
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 3, "no temporary file is left");
}

#[test]
fn differences_are_shown_by_record_and_field() {
    let folder = Folder::new();
    folder.write("a.log", format!("{LINE}\n{LINE} again\n{LINE} and again\n"));
    let expected = [
        EXPECTED.replace("\"842\"", "842").replace("\"unit\"", "\"units\""),
        EXPECTED.replace("sessions", "sessions again"),
        r#"{"attributes":{"message":"gone"}}"#.to_owned(),
        EXPECTED.replace("sessions", "sessions and again"),
    ];
    folder.write("a.expected.jsonl", expected.join("\n"));
    let said = differs(folder.test(&["--parser", "ubuntu"]));
    let shown = "\
a.log: 2 records not as expected, 3 in all
  record 1, line 1: 2026-03-04T05:06:07Z web-1 sshd[842]: error: no more sessions
    attributes.pid    expected  842
                      got       \"842\"
    attributes.unit   expected  nothing
                      got       \"sshd\"
    attributes.units  expected  \"sshd\"
                      got       nothing
    … 4 fields the same
  record 3: expected, but is not there
    {\"attributes\":{\"message\":\"gone\"}}
1 log: 0 as expected, 1 failed (0 records)
";
    assert!(said.ends_with(shown), "{said}");
    assert!(!said.contains('\u{1b}'), "a pipe gets no colours");
    let said = differs(folder.test(&["--parser", "ubuntu", "--color", "always", "--limit", "1"]));
    assert_all_in(
        &said,
        &[
            "expected  \u{1b}[31m842\u{1b}[0m",
            "got       \u{1b}[32m\"842\"\u{1b}[0m",
            "… and 1 further record;",
        ],
    );
}

#[test]
fn a_file_beside_the_logs_says_how() {
    let folder = Folder::new();
    let wasm = component("amazon-linux");
    fs::copy(&wasm, folder.path("mine.wasm")).unwrap();
    folder
        .write("skidway-test.yaml", "parser: ./mine.wasm\ntimezone: Europe/Berlin\nreference_time: 2024-03-01T00:00:00Z\nenrich: [severity]\n")
        .write("old/a.log", "Feb 29 05:06:07 web-1 sshd[842]: error: no more sessions\n")
        .write("new/skidway-test.yaml", "parser: ubuntu\n")
        .write("new/b.log", format!("{LINE}\n"))
        .write("new/b.expected.jsonl", EXPECTED);
    folder.test(&["--update"]).ok();
    let made = folder.read("old/a.expected.jsonl");
    assert_all_in(
        &made,
        &[r#"{"time":"2024-02-29T04:06:07Z","severity_number":17,"severity_text":"ERROR","#],
    );
    folder.test(&[]).ok();
    // The command line wins.
    let said = differs(folder.test(&["--timezone", "UTC"]));
    assert_all_in(
        &said,
        &["2024-02-29T04:06:07Z", "2024-02-29T05:06:07Z", "2 logs: 1 as expected, 1 failed"],
    );
    let said = differs(folder.test(&["--reference-time", "2026-11-22T12:00:00Z", "--enrich", "none"]));
    assert_all_in(&said, &["severity_number", "time "]);
}

#[test]
fn neither_the_clock_nor_the_time_zone_of_the_machine_matter() {
    let folder = Folder::new();
    folder.write("a.log", "Dec 31 23:00:00 web-1 cron[1]: old\nNov 21 10:00:00 web-1 cron[1]: new\n");
    let mut command =
        command(&["test", "--parser", "amazon-linux", "--update", folder.0.path().to_str().unwrap()]);
    assert!(command.env("TZ", "Asia/Tokyo").output().unwrap().status.success());
    let made = folder.read("a.expected.jsonl");
    assert_all_in(&made, &[r#""time":"2025-12-31T23:00:00Z""#, r#""time":"2026-11-21T10:00:00Z""#]);
}

#[test]
fn a_component_that_fails_is_shown_with_its_line() {
    let folder = Folder::new();
    let hostile = component("hostile");
    let lines: String =
        (0..300).map(|n| if n == 211 { "a poison line\n".into() } else { format!("line {n}\n") }).collect();
    folder.write("a.log", lines);
    for (misdeed, complaint) in [
        ("trap", "hostile: it trapped"),
        ("past-end", "hostile: its answer is wrong"),
        ("refuse", "hostile: it refused: refuse: as it was told to"),
        ("loop", "of CPU time"),
    ] {
        let config = format!("{{\"do\":{misdeed:?}}}");
        let said = differs(folder.test(&[
            "--update",
            "--parser",
            hostile.to_str().unwrap(),
            "--parser-config",
            &config,
        ]));
        assert_all_in(&said, &["at line 212: ", complaint, "\n    a poison line\n"]);
        assert!(!said.contains("line 210"), "{said}");
    }
    assert!(!folder.path("a.expected.jsonl").exists(), "what fails is not written");
}

#[test]
fn a_parser_that_does_not_always_say_the_same_is_shown() {
    let folder = Folder::new();
    folder.write("a.log", "line 1\npoison 2\nline 3\nline 4\n");
    let hostile = component("hostile");
    for (misdeed, how) in [
        ("cuts", "parsed in pieces, cut behind line 1, 2, 3, it gives other records"),
        ("remembers", "parsed once more by the same instance, it gives other records"),
    ] {
        let config = format!("{{\"do\":{misdeed:?}}}");
        let said = differs(folder.test(&["--parser", hostile.to_str().unwrap(), "--parser-config", &config]));
        assert_all_in(&said, &[how, "severity_number  at once"]);
    }
}

#[test]
fn crlf_and_bytes_that_are_no_characters_are_tested_as_they_are() {
    let folder = Folder::new();
    folder.write("a.log", [LINE.as_bytes(), b"\r\n\tmore \xff\xfe\r\n\r\n", LINE.as_bytes()].concat());
    folder.test(&["--parser", "ubuntu", "--update"]).ok();
    assert_all_in(&folder.read("a.expected.jsonl"), &["sessions\\r\\n\\tmore \u{fffd}\u{fffd}\""]);
    folder.test(&["--parser", "ubuntu"]).ok();
}

#[test]
fn what_cannot_be_compared_is_a_failure() {
    let folder = Folder::new();
    folder
        .write("a.log", format!("{LINE}\n"))
        .write("a.expected.jsonl", format!("{EXPECTED}\n{{\"servity\":1}}\n"))
        .write("gone.expected.jsonl", "{}");
    let said = differs(folder.test(&["--parser", "ubuntu"]));
    assert_all_in(
        &said,
        &["a.expected.jsonl:2: unknown field `servity`", "gone.expected.jsonl: there is no log", "2 failed"],
    );
}

#[test]
fn wrong_usage_has_a_status_of_its_own() {
    let folder = Folder::new();
    let usage = |arguments: &[&str]| {
        let ended = folder.test(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{ended:?}");
        ended.err
    };
    assert_all_in(&usage(&["--parser", "ubuntu"]), &["there is no NAME.log in "]);
    folder.write("a.log", LINE);
    assert_all_in(&usage(&[]), &["which parser?", "--parser", "skidway-test.yaml"]);
    assert_all_in(&usage(&["--parser", "ubnutu"]), &["there is no component ubnutu"]);
    assert_all_in(&usage(&["--parser", "severity"]), &["severity", "parser"]);
    assert_all_in(&usage(&["--parser", "ubuntu", "--parser-config", "{\"a\":1}"]), &["configur"]);
    assert_all_in(
        &usage(&["--parser", "ubuntu", "--parser-config", "7"]),
        &["--parser-config is no JSON object"],
    );
    assert_all_in(
        &usage(&["--parser", "ubuntu", "--timezone", "Mars/Olympus"]),
        &["no time zone Mars/Olympus"],
    );
    folder.write("skidway-test.yaml", "parsre: ubuntu\n");
    assert_all_in(&usage(&[]), &["skidway-test.yaml", "unknown field `parsre`"]);
    let nowhere = skidway(&[Path::new("test"), Path::new("/nowhere")]);
    assert!(nowhere.code == Some(2) && nowhere.err.contains("/nowhere is no folder"), "{nowhere:?}");
}
