use super::AmazonLinux;
use proptest::prelude::*;
use skidway_sdk::Parser;
use skidway_sdk::testing::{Entry, REFERENCE_UNIX_NANO, parse, parse_at, parse_one};
use skidway_sdk::time::Clock;

const SECOND: u64 = 1_000_000_000;

fn read(text: &str) -> Vec<Entry> {
    parse(&AmazonLinux::configure("{}").unwrap(), text)
}

fn one(text: &str) -> Entry {
    parse_one(&AmazonLinux::configure("{}").unwrap(), text)
}

#[test]
fn a_line_becomes_a_record() {
    let line = "Nov 22 11:59:59 db-7 dhclient[2001]: lease renewed";
    let entry = one(&format!("{line}\n"));
    assert_eq!(entry.body, line);
    assert_eq!(
        (entry.time_unix_nano, entry.severity, entry.recognised),
        (REFERENCE_UNIX_NANO - SECOND, 0, true)
    );
    let expected = [
        ("timestamp", "Nov 22 11:59:59"),
        ("hostname", "db-7"),
        ("unit", "dhclient"),
        ("pid", "2001"),
        ("message", "lease renewed"),
    ];
    assert_eq!(entry.pairs(), expected);
}

#[test]
fn days_have_one_digit_or_two() {
    for (stamp, day) in
        [("Nov  7 12:00:00", 7), ("Nov 7 12:00:00", 7), ("Nov 07 12:00:00", 7), ("Nov 17 12:00:00", 17)]
    {
        let entry = one(&format!("{stamp} h app: x\n"));
        assert_eq!(entry.time_unix_nano, REFERENCE_UNIX_NANO - (22 - day) * 86_400 * SECOND, "{stamp}");
        assert_eq!((entry.get("timestamp"), entry.get("unit")), (Some(stamp), Some("app")));
    }
}

#[test]
fn the_time_is_local_and_of_the_last_year_that_fits() {
    let parser = AmazonLinux::configure("{}").unwrap();
    let tokyo = Clock::new(REFERENCE_UNIX_NANO, [(0, 9 * 3600)]);
    let entries = parse_at(&parser, "Nov 22 21:00:00 h a: x\nNov 24 00:00:00 h a: y\n", &tokyo);
    assert_eq!(entries[0].time_unix_nano, REFERENCE_UNIX_NANO);
    // More than a day after the reference: last year's.
    assert_eq!(entries[1].time_unix_nano, REFERENCE_UNIX_NANO + 27 * 3600 * SECOND - 365 * 86_400 * SECOND);
}

#[test]
fn lines_without_host_tag_or_pid() {
    let entry = one("Oct 19 07:31:21 kernel: [12.5] sda: read only\n");
    assert_eq!((entry.get("hostname"), entry.get("unit"), entry.get("pid")), (None, Some("kernel"), None));
    let entry = one("Oct 19 07:31:21: ## last line said 3 times ##\n");
    assert_eq!(
        entry.pairs(),
        [("timestamp", "Oct 19 07:31:21"), ("message", "## last line said 3 times ##")]
    );
    let entry = one("Oct 19 07:31:21 h app[5]: message repeated 3 times: [ again]\n");
    assert_eq!(
        (entry.get("unit"), entry.get("message")),
        (Some("app"), Some("message repeated 3 times: [ again]"))
    );
}

#[test]
fn leading_white_space_continues_an_entry() {
    let entries =
        read("Nov  5 14:15:29 h app[1]: one\n\ttwo\nNov  5 14:15:30 h app[1]: three\nfour\n five\n");
    let bodies: Vec<_> = entries.iter().map(|entry| (entry.body.as_str(), entry.recognised)).collect();
    let expected = [
        ("Nov  5 14:15:29 h app[1]: one\n\ttwo", true),
        ("Nov  5 14:15:30 h app[1]: three", true),
        ("four", false),
        ("five", false),
    ];
    assert_eq!(bodies, expected);
    assert_eq!(entries[0].get("message"), Some("one\n\ttwo"));
}

#[test]
fn lines_without_a_stamp_are_left_as_they_are() {
    for line in [
        "2026-03-04T05:06:07Z h app: x",
        "<13>Oct 19 07:31:21 h app: x",
        "Okt 19 07:31:21 h app: x",
        "Feb 30 07:31:21 h app: x",
        "Oct 19 25:31:21 h app: x",
        "Oct 19 07:31:21",
        "Oct 19 07:31:21, h app: x",
        "[    0.000000] Linux version",
    ] {
        let entry = one(&format!("{line}\n"));
        assert_eq!((entry.body.as_str(), entry.time_unix_nano, entry.recognised), (line, 0, false));
        assert_eq!(entry.pairs(), []);
    }
}

#[test]
fn carriage_returns_nuls_and_replaced_bytes() {
    let entry = one("\0\0Nov 22 12:00:00 h app: a\0 \u{fffd} ü \r\n\r\n");
    assert_eq!(entry.body, "\0\0Nov 22 12:00:00 h app: a\0 \u{fffd} ü");
    assert_eq!((entry.time_unix_nano, entry.get("message")), (REFERENCE_UNIX_NANO, Some("a\0 \u{fffd} ü")));
}

#[test]
fn it_has_no_settings() {
    assert!(AmazonLinux::configure(r#"{"zone": "UTC"}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec("(Nov [ 12]?[0-9] 11:19:2[0-9])?[ \t]{0,2}([a-c\\[\\]1: ü\0\u{fffd}]{0,9})\r?\n?", 0..8),
    ) {
        read(&lines.concat());
    }
}
