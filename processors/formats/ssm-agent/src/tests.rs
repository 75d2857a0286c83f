use super::SsmAgent;
use proptest::prelude::*;
use skidway_sdk::testing::{Entry, REFERENCE_UNIX_NANO, check, parse, parse_at, parse_one};
use skidway_sdk::time::Clock;
use skidway_sdk::{Context, Parser};

const STAMP: &str = "2026-11-22 12:00:00";

fn read(text: &str) -> Vec<Entry> {
    parse(&SsmAgent::configure("{}").unwrap(), text)
}

fn one(text: &str) -> Entry {
    parse_one(&SsmAgent::configure("{}").unwrap(), text)
}

#[test]
fn a_line_becomes_a_record() {
    let entry = one(&format!(
        "{STAMP}.0372 ERROR [GetMessages @ service.go.149] [ssm-agent-worker] [MessageService] no\n"
    ));
    assert_eq!((entry.time_unix_nano, entry.severity), (REFERENCE_UNIX_NANO + 37_200_000, 17));
    let expected = [
        ("timestamp", "2026-11-22 12:00:00.0372"),
        ("code.function.name", "GetMessages"),
        ("code.file.path", "service.go"),
        ("code.line.number", "149"),
        ("unit", "ssm-agent-worker"),
        ("message", "[MessageService] no"),
    ];
    assert_eq!(entry.pairs(), expected);
    let entry = one(&format!("{STAMP} INFO [instanceID=i-1] [Whatever] x"));
    let expected = [("timestamp", STAMP), ("host.id", "i-1"), ("unit", "Whatever"), ("message", "x")];
    assert_eq!(entry.pairs(), expected);
}

#[test]
fn a_place_that_is_none_stays_in_the_message() {
    for place in [
        "Odd @ place",
        " @ a.go.1",
        "F @ a.go.",
        "F @ .1",
        "F @ a.go.x",
        "F @ a.go.1234567890",
        "F @@ a.go.1",
    ] {
        let entry = read(&format!("{STAMP} INFO [{place}] [ssm-agent-worker] x"));
        assert_eq!((entry[0].get("code.file.path"), entry[0].recognised), (None, false), "{place}");
    }
}

#[test]
fn replies_and_errors_of_several_lines() {
    let entries = read(&format!(
        "{STAMP} INFO [ssm-agent-worker] reply {{\n  \"a\": 1\n}}\n{STAMP} ERROR [ssm-agent-worker] e\ncaused by: x\nstatus code: 400\n"
    ));
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1].get("message"), Some("e\ncaused by: x\nstatus code: 400"));
}

#[test]
fn lines_without_a_name_count_in_files_that_are_named_after_it() {
    let parser = SsmAgent::configure("{}").unwrap();
    let text = format!("{STAMP} INFO Proxy environment variables:\n");
    for (path, unrecognised) in [
        ("/var/log/amazon/ssm/errors.log", 0),
        ("/srv/logs/amazon-ssm-agent.log.1", 0),
        ("amazon-ssm-agent.log", 0),
        ("/var/log/app.log", 1),
        ("/var/log/amazon-ssm-agent/app.log", 1),
    ] {
        let context = Context::new(path, Clock::utc(REFERENCE_UNIX_NANO), true);
        let parsed = skidway_sdk::parse(&parser, text.as_bytes(), &context);
        check(&text, &parsed, true).unwrap();
        assert_eq!(parsed.unrecognised.len(), unrecognised, "{path}");
    }
}

#[test]
fn the_time_is_local() {
    let tokyo = Clock::new(REFERENCE_UNIX_NANO, [(0, 9 * 3600)]);
    let line = "2026-11-22 21:00:00 INFO [ssm-agent-worker] x";
    assert_eq!(
        parse_at(&SsmAgent::configure("{}").unwrap(), line, &tokyo)[0].time_unix_nano,
        REFERENCE_UNIX_NANO
    );
}

#[test]
fn other_lines_are_left_as_they_are() {
    for line in [
        "2026-11-22 12:00:00 INFO Starting",
        "2026-11-22 12:00:00 INFO [main] org.example.App - x",
        "2026-11-22 12:00:00,123 INFO [ssm-agent-worker] x",
        "2026-11-22 12:00:00 info [ssm-agent-worker] x",
        "2026-11-22 12:00:00 NONE [ssm-agent-worker] x",
        "2026-11-22T12:00:00 INFO [ssm-agent-worker] x",
        "2026/11/22 12:00:00 INFO [ssm-agent-worker] x",
        "2026-11-22 12:00:00 status installed a:all 1",
        "2026-11-22 12:00:00,123 - util.py[INFO]: x",
        "2026-11-22T12:00:00Z web-1 amazon-ssm-agent[1]: 2026-11-22 12:00:00 INFO [ssm-agent-worker] x",
        "{",
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
    assert!(SsmAgent::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            "(2026-11-22 12:00:00(.1)? INFO )?(\\[F @ a.go.1\\] )?(\\[instanceID=i\\] )?(\\[ssm-cli\\])?[ a\\[\\]ü\0\u{fffd}]{0,5}\r?\n?", 0..7),
    ) {
        read(&lines.concat());
    }

    #[test]
    fn any_line_is_read_without_a_panic(line in ".{0,40}") {
        read(&line);
        read(&format!("{STAMP} INFO {line}"));
        read(&format!("{STAMP} INFO [{line}"));
    }
}
