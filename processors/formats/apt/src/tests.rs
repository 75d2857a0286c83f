use super::Apt;
use proptest::prelude::*;
use skidway_sdk::Parser;
use skidway_sdk::testing::{Entry, REFERENCE_UNIX_NANO, parse, parse_at, parse_one};
use skidway_sdk::time::Clock;

const STANZA: &str = "Start-Date: 2026-11-22  12:00:00
Commandline: apt-get install -y nginx
Requested-By: ana (1001)
Install: nginx:amd64 (1.24, automatic)
End-Date: 2026-11-22  12:00:09
";

fn read(text: &str) -> Vec<Entry> {
    parse(&Apt::configure("{}").unwrap(), text)
}

#[test]
fn a_stanza_becomes_a_record() {
    let entry = parse_one(&Apt::configure("{}").unwrap(), &format!("\n{STANZA}"));
    assert_eq!(entry.body, STANZA.trim());
    assert_eq!((entry.time_unix_nano, entry.severity, entry.recognised), (REFERENCE_UNIX_NANO, 0, true));
    let expected = [
        ("timestamp", "2026-11-22  12:00:00"),
        ("message", "apt-get install -y nginx"),
        ("process.command_line", "apt-get install -y nginx"),
        ("apt.requested_by", "ana (1001)"),
        ("apt.install", "nginx:amd64 (1.24, automatic)"),
        ("apt.end", "2026-11-22  12:00:09"),
    ];
    assert_eq!(entry.pairs(), expected);
}

#[test]
fn stanzas_are_told_apart_and_errors_are_errors() {
    let failed = "Start-Date: 2026-11-22  12:00:00\nError: Sub-process /usr/bin/dpkg returned an error code (1)\nEnd-Date: 2026-11-22  12:00:01\n";
    let entries = read(&format!("{STANZA}\n{failed}{STANZA}"));
    assert_eq!(entries.iter().map(|entry| entry.severity).collect::<Vec<_>>(), [0, 17, 0]);
    assert_eq!(entries[1].get("error.message"), Some("Sub-process /usr/bin/dpkg returned an error code (1)"));
    assert_eq!(entries[1].get("message"), None);
}

#[test]
fn a_session_is_all_that_was_on_the_terminal() {
    let session = "Log started: 2026-11-22  12:00:00\n(Reading database ... \r(Reading database ... 5%\r\nSetting up a (1) ...\r\n\r\nErrors were encountered while processing:\r\n a\r\nLog ended: 2026-11-22  12:00:01";
    let entries = read(&format!("{session}\n\n{session}\n"));
    assert_eq!(entries.iter().map(|entry| entry.body.as_str()).collect::<Vec<_>>(), [session, session]);
    assert!(entries[0].get("message").unwrap().contains("Setting up a (1) ...\r\n"));
    assert_eq!(entries[0].get("apt.end"), Some("2026-11-22  12:00:01"));
}

#[test]
fn the_time_is_local() {
    let tokyo = Clock::new(REFERENCE_UNIX_NANO, [(0, 9 * 3600)]);
    let entries = parse_at(&Apt::configure("{}").unwrap(), "Start-Date: 2026-11-22  21:00:00\n", &tokyo);
    assert_eq!(entries[0].time_unix_nano, REFERENCE_UNIX_NANO);
}

#[test]
fn without_a_start_nothing_is_recognised() {
    for line in [
        "Commandline: apt",
        "End-Date: 2026-11-22  12:00:00",
        "Log ended: 2026-11-22  12:00:00",
        "Setting up a (1) ...",
        "Start-Date: yesterday",
        "Start-Date: 2026-11-22 12:00:00",
        "Start-Date: 2026/11/22  12:00:00",
        "Start-Date: 2026-11-22  12:00:00 x",
        "Start-Date:2026-11-22  12:00:00",
        "Log started: 2026-02-30  12:00:00",
        "2026-11-22T12:00:00Z h app: x",
    ] {
        let entries = read(&format!("{line}\n"));
        assert_eq!((entries[0].recognised, entries[0].attributes.len()), (false, 0), "{line}");
    }
}

#[test]
fn it_has_no_settings() {
    assert!(Apt::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            "((Start-Date|End-Date|Log started): 2026-11-22  12:00:00|(Install|Error): [aü\0\u{fffd}]{0,3}|[ a:]{0,4})\r?\n", 0..8),
    ) {
        read(&lines.concat());
    }

    #[test]
    fn any_line_is_read_without_a_panic(line in ".{0,40}") {
        read(&line);
        read(&format!("Start-Date: {line}"));
    }
}
