use super::CloudwatchAgent;
use proptest::prelude::*;
use skidway_sdk::Parser;
use skidway_sdk::testing::{Entry, REFERENCE_UNIX_NANO, parse, parse_at, parse_one};
use skidway_sdk::time::Clock;

fn read(text: &str) -> Vec<Entry> {
    parse(&CloudwatchAgent::configure("{}").unwrap(), text)
}

fn one(text: &str) -> Entry {
    parse_one(&CloudwatchAgent::configure("{}").unwrap(), text)
}

#[test]
fn a_line_becomes_a_record() {
    let line = "2026-11-22T12:00:00Z E! [outputs.cloudwatchlogs] Aws error received";
    let entry = one(&format!("{line}\n"));
    assert_eq!((entry.body.as_str(), entry.time_unix_nano, entry.severity), (line, REFERENCE_UNIX_NANO, 17));
    let expected = [
        ("timestamp", "2026-11-22T12:00:00Z"),
        ("unit", "outputs.cloudwatchlogs"),
        ("message", "Aws error received"),
    ];
    assert_eq!(entry.pairs(), expected);
}

#[test]
fn the_collectors_fields_become_attributes() {
    let entry = one(
        r#"2026-11-22T12:00:00Z W! {"caller":"a@v0.1.0/b.go:78","msg":"say \"no\"","name":"awsemf","error":"e","n":2,"ok":true}"#,
    );
    let expected = [
        ("timestamp", "2026-11-22T12:00:00Z"),
        ("code.file.path", "a@v0.1.0/b.go"),
        ("code.line.number", "78"),
        ("message", "say \"no\""),
        ("unit", "awsemf"),
        ("error.message", "e"),
        ("n", "2"),
        ("ok", "true"),
    ];
    assert_eq!(entry.pairs(), expected);
    for caller in ["b.go", "b.go:", "b.go:x1", "b.go:12345678901"] {
        let entry = one(&format!("2026-11-22T12:00:00Z I! {{\"caller\":\"{caller}\",\"msg\":\"\"}}"));
        assert_eq!((entry.get("code.file.path"), entry.get("code.line.number")), (Some(caller), None));
    }
    let broken = one(r#"2026-11-22T12:00:00Z I! {"caller":"a"#);
    assert_eq!(broken.get("message"), Some(r#"{"caller":"a"#));
}

#[test]
fn the_programs_that_prepare_it_write_local_time() {
    let parser = CloudwatchAgent::configure("{}").unwrap();
    let tokyo = Clock::new(REFERENCE_UNIX_NANO, [(0, 9 * 3600)]);
    let entries = parse_at(&parser, "2026/11/22 21:00:00 I! Valid Json input schema.\n", &tokyo);
    assert_eq!((entries[0].time_unix_nano, entries[0].severity), (REFERENCE_UNIX_NANO, 9));
    let entry = one("2026/11/22 12:00:00 Reading json config file path: /opt/a.json ...");
    assert_eq!((entry.severity, entry.recognised), (0, true));
    assert_eq!(one("I! Detected the instance is EC2").pairs(), [("message", "Detected the instance is EC2")]);
}

#[test]
fn a_printed_configuration_belongs_to_the_entry_before_it() {
    let text = "2026/11/22 12:00:00 D! toml config [agent]\n  interval = \"60s\"\n\n[inputs]\n\n  [[inputs.cpu]]\n[[outputs.x]]\n2026/11/22 12:00:00 D! yaml\nreceivers: {}\nservice:\n    a: b\n2026/11/22 12:00:00 D! json {\n  \"a\": 1\n}\n";
    assert_eq!(read(text).len(), 3);
    assert_eq!(read("[inputs]\nservice:\n}\n").iter().filter(|entry| entry.recognised).count(), 0);
}

#[test]
fn other_lines_are_left_as_they_are() {
    for line in [
        "2026-11-22T12:00:00Z web-1 sshd[842]: session closed",
        "2026-11-22T12:00:00Z INFO text",
        "2026-11-22T12:00:00Z I!text",
        "2026-11-22T12:00:00Z Reading json config file path: x",
        "2026-11-22 12:00:00 I! text",
        "2026/11/22 12:00:00 [error] 12#12: *1 open() failed",
        "2026/11/22 12:00:00 any program in Go",
        "2026-02-30T12:00:00Z I! text",
        "2024-03-25T14:14:11.425Z\tDEBUG\taws/a.go:1\ttext",
        "X! text",
        "service: nginx",
        "[] x",
        "panic: runtime error",
    ] {
        let entry = one(line);
        assert_eq!(
            (entry.body.as_str(), entry.recognised, entry.attributes.len()),
            (line, false, 0),
            "{line}"
        );
    }
}

#[test]
fn it_has_no_settings() {
    assert!(CloudwatchAgent::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            "((2026-03-04T05:06:07Z|2026/03/04 05:06:07) )?([IE]! )?(\\{\"caller\":\"[a:1]{0,3}\",)?[\\[\\]{} a:ü\0\u{fffd}\"]{0,7}\r?\n?", 0..7),
    ) {
        read(&lines.concat());
    }

    #[test]
    fn any_line_is_read_without_a_panic(line in ".{0,40}") {
        read(&line);
        read(&format!("2026-03-04T05:06:07Z I! {line}"));
    }
}
