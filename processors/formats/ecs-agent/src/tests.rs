use super::EcsAgent;
use proptest::prelude::*;
use skidway_sdk::Parser;
use skidway_sdk::testing::{Entry, REFERENCE_UNIX_NANO, parse, parse_one};

const HEAD: &str = "level=info time=2026-11-22T12:00:00Z msg=";

fn read(text: &str) -> Vec<Entry> {
    parse(&EcsAgent::configure("{}").unwrap(), text)
}

fn one(text: &str) -> Entry {
    parse_one(&EcsAgent::configure("{}").unwrap(), text)
}

#[test]
fn a_line_becomes_a_record() {
    let entry = one(
        "level=error time=2026-11-22T12:00:00Z msg=\"cannot \\\"x\\\"\" task=\"a b\" taskArn=\"arn:1\" error=\"e\\n\\tf\" n=5 module=client.go\n",
    );
    assert_eq!((entry.time_unix_nano, entry.severity), (REFERENCE_UNIX_NANO, 17));
    let expected = [
        ("timestamp", "2026-11-22T12:00:00Z"),
        ("message", "cannot \"x\""),
        ("task", "a b"),
        ("aws.ecs.task.arn", "arn:1"),
        ("error.message", "e\n\tf"),
        ("n", "5"),
        ("code.file.path", "client.go"),
    ];
    assert_eq!(entry.pairs(), expected);
}

#[test]
fn older_lines_have_their_level_in_brackets() {
    let entries = read(
        "2026-11-22T12:00:00Z [CRITICAL] RequestError: send request failed\ncaused by: Post \"x\"\n\tstatus code: 0\n2026-11-22T12:00:00Z [INFO] next\n",
    );
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[0].time_unix_nano, entries[0].severity), (REFERENCE_UNIX_NANO, 18));
    let message = "RequestError: send request failed\ncaused by: Post \"x\"\n\tstatus code: 0";
    assert_eq!(entries[0].get("message"), Some(message));
}

#[test]
fn other_lines_are_left_as_they_are() {
    for line in [
        "level=info time=2026-11-22T12:00:00Z msg=\"open",
        "level=info time=2026-11-22T12:00:00Z msg=\"a\"b",
        "level=info time=2026-11-22T12:00:00Z msg=\"a\" b",
        "level=info time=2026-11-22T12:00:00Z msg=\"a\" =b",
        "level=info time=2026-11-22T12:00:00Z",
        "level=info time=yesterday msg=\"a\"",
        "level=INFO time=2026-11-22T12:00:00Z msg=\"a\"",
        "level=loud time=2026-11-22T12:00:00Z msg=\"a\"",
        "level=info msg=\"a\"",
        "time=2026-11-22T12:00:00Z level=info msg=\"a\"",
        "2026-11-22T12:00:00Z [info] a",
        "2026-11-22T12:00:00Z [INFO]a",
        "2026-11-22T12:00:00Z INFO a",
        "2026-11-22T12:00:00Z web-1 app[1]: [INFO] a",
        "{\"level\":\"info\",\"time\":\"2026-11-22T12:00:00Z\",\"msg\":\"a\"}",
        "caused by: nothing",
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
    assert!(EcsAgent::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            "(level=info time=2026-11-22T12:00:00Z msg=|2026-11-22T12:00:00Z \\[INFO\\])?[ a=\"\\\\nüx0\0\u{fffd}]{0,9}\r?\n?", 0..7),
    ) {
        read(&lines.concat());
    }

    #[test]
    fn any_line_is_read_without_a_panic(line in ".{0,40}") {
        read(&line);
        read(&format!("{HEAD}{line}"));
        read(&format!("{HEAD}\"a\" {line}"));
    }
}
