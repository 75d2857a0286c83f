use super::Ubuntu;
use proptest::prelude::*;
use skidway_sdk::Parser;
use skidway_sdk::testing::{Entry, parse, parse_one};

const STAMP: &str = "2026-03-04T05:06:07.089+00:00";
const NANO: u64 = 1_772_600_767_089_000_000;

fn read(text: &str) -> Vec<Entry> {
    parse(&Ubuntu::configure("{}").unwrap(), text)
}

fn one(text: &str) -> Entry {
    parse_one(&Ubuntu::configure("{}").unwrap(), text)
}

#[test]
fn a_line_becomes_a_record() {
    let line = format!("{STAMP} web-1 sshd[842]: session closed for user ana");
    let entry = one(&format!("{line}\n"));
    assert_eq!(entry.body, line);
    assert_eq!((entry.time_unix_nano, entry.severity, entry.recognised), (NANO, 0, true));
    let expected = [
        ("timestamp", STAMP),
        ("hostname", "web-1"),
        ("unit", "sshd"),
        ("pid", "842"),
        ("message", "session closed for user ana"),
    ];
    assert_eq!(entry.pairs(), expected);
}

#[test]
fn what_is_not_there_is_no_attribute() {
    let entry = one(&format!("{STAMP} web-1 kernel: up\n"));
    assert_eq!(entry.get("pid"), None);
    let entry = one(&format!("{STAMP}: repeated\n"));
    assert_eq!(entry.pairs(), [("timestamp", STAMP), ("message", "repeated")]);
}

#[test]
fn stamps_end_in_any_offset() {
    for stamp in [
        "2026-03-04T05:06:07.089Z",
        "2026-03-04T05:06:07.089+0000",
        "2026-03-04T06:36:07.0890+01:30",
        "2026-03-04T05:06:07,089Z",
    ] {
        let entry = one(&format!("{stamp} h job: x"));
        assert_eq!((entry.time_unix_nano, entry.get("timestamp")), (NANO, Some(stamp)));
    }
}

#[test]
fn leading_white_space_continues_an_entry() {
    let text = format!("{STAMP} h app[1]: one\n\ttwo  \n  three\r\n{STAMP} h app[1]: four\n");
    let entries = read(&text);
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].body, format!("{STAMP} h app[1]: one\n\ttwo  \n  three"));
    assert_eq!(entries[0].get("message"), Some("one\n\ttwo  \n  three"));
    assert_eq!(entries[0].get("unit"), Some("app"));
    assert_eq!(entries[1].get("message"), Some("four"));
}

#[test]
fn a_message_that_is_empty_can_still_grow() {
    for start in ["h app:", "h app[1]:", "h app", "h", "app:"] {
        let entry = one(&format!("{STAMP} {start}\n\tmore\n"));
        assert_eq!(entry.get("message"), Some("\n\tmore"), "{start}");
    }
}

#[test]
fn a_continuation_of_nothing_is_a_record_of_its_own() {
    let text = format!("  lost\nno stamp\n  lost too\n{STAMP} h app: x\n\n  after a blank line\n");
    let entries = read(&text);
    let bodies: Vec<_> = entries.iter().map(|entry| (entry.body.as_str(), entry.recognised)).collect();
    let entry = format!("{STAMP} h app: x");
    let expected = [
        ("lost", false),
        ("no stamp", false),
        ("lost too", false),
        (entry.as_str(), true),
        ("after a blank line", false),
    ];
    assert_eq!(bodies, expected);
}

#[test]
fn lines_without_a_stamp_are_left_as_they_are() {
    for line in [
        "2026-03-04 05:06:07 status installed libc6",
        "Mar  4 05:06:07 h app: x",
        "<13>2026-03-04T05:06:07Z h app: x",
        "2026-02-30T05:06:07Z h app: x",
        "2026-03-04T05:06:07Z",
        "2026-03-04T05:06:07Zh app: x",
        "Traceback (most recent call last):",
    ] {
        let entry = one(&format!("{line}\n"));
        assert_eq!((entry.body.as_str(), entry.time_unix_nano, entry.recognised), (line, 0, false));
        assert_eq!(entry.pairs(), []);
    }
}

#[test]
fn line_ends_blank_lines_and_trailing_space() {
    let text = format!("\r\n{STAMP} h app: x \t\r\n \t\r\n\n{STAMP} h app: y");
    let entries = read(&text);
    assert_eq!(entries.iter().map(|entry| entry.get("message").unwrap()).collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(entries[0].body, format!("{STAMP} h app: x"));
    assert_eq!(read(""), []);
    assert_eq!(read("\n \n"), []);
}

#[test]
fn nuls_and_replaced_bytes_stay_in_the_text() {
    let text = format!("\0\0\0{STAMP} h app: a\0b \u{fffd}\u{fffd} ü\n");
    let entry = one(&text);
    assert_eq!(entry.body, text.trim_end());
    assert_eq!(entry.time_unix_nano, NANO);
    assert_eq!(entry.get("message"), Some("a\0b \u{fffd}\u{fffd} ü"));
    assert!(!one("\0\0\n").recognised);
}

#[test]
fn long_lines() {
    let message = "äx".repeat(400_000);
    let entry = one(&format!("{STAMP} h app: {message}\n"));
    assert_eq!(entry.get("message"), Some(message.as_str()));
    let line = "y".repeat(1 << 20);
    assert_eq!(one(&line).body, line);
}

#[test]
fn it_has_no_settings() {
    assert_eq!(Ubuntu::configure(r#"{"year": 1}"#).unwrap_err(), "it has no settings: leave `config` out");
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec("(2026-03-04T05:06:0[0-9]Z)?[ \t]{0,2}([a-c\\[\\]1: ü\0\u{fffd}]{0,9})\r?\n?", 0..8),
    ) {
        read(&lines.concat());
    }
}
