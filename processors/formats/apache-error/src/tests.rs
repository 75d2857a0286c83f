use super::ApacheError;
use proptest::prelude::*;
use skidway_sdk::testing::{Entry, REFERENCE_UNIX_NANO, parse, parse_at, parse_one};
use skidway_sdk::{Context, Kind, Parser, time::Clock};

const STAMP: &str = "Wed Nov 25 14:30:08.123456 2026";
const NANO: u64 = 1_795_617_008_123_456_000;

fn read(text: &str) -> Vec<Entry> {
    parse(&ApacheError::configure("{}").unwrap(), text)
}

fn one(text: &str) -> Entry {
    parse_one(&ApacheError::configure("{}").unwrap(), text)
}

#[test]
fn a_line_of_2_4_becomes_a_record() {
    let line = format!(
        "[{STAMP}] [core:error] [pid 12:tid 140] (36)File name too long: [client 203.0.113.9:5123] AH00127: Cannot map x"
    );
    let entry = one(&format!("{line}\n"));
    assert_eq!(entry.body, line);
    assert_eq!((entry.time_unix_nano, entry.severity, entry.recognised), (NANO, 17, true));
    let expected = [
        ("timestamp", STAMP),
        ("apache.module", "core"),
        ("pid", "12"),
        ("thread.id", "140"),
        ("error.message", "(36)File name too long"),
        ("client.address", "203.0.113.9"),
        ("client.port", "5123"),
        ("message", "AH00127: Cannot map x"),
    ];
    assert_eq!(entry.pairs(), expected);
    assert_eq!(
        (entry.kind("client.port"), entry.kind("thread.id")),
        (Some(Kind::Integer), Some(Kind::Integer))
    );
}

#[test]
fn what_is_not_there_is_no_attribute() {
    let entry = one(&format!("[{STAMP}] [:notice] [pid 12] (x) caught SIGTERM\n"));
    let expected = [("timestamp", STAMP), ("pid", "12"), ("message", "(x) caught SIGTERM")];
    assert_eq!((entry.pairs().as_slice(), entry.severity), (&expected[..], 10));
    let entry = one(&format!("[{STAMP}] [proxy:trace3] [pid 12:tid 5] [remote 2001:db8::1:80] x\n"));
    assert_eq!((entry.get("client.address"), entry.get("client.port")), (Some("2001:db8::1"), Some("80")));
    assert_eq!(entry.severity, 1);
}

#[test]
fn the_place_in_the_source() {
    let entry = one(&format!(
        "[{STAMP}] [ssl:debug] [pid 1:tid 2] ssl_engine.c(88): (70014)End of file found: [client 192.0.2.1:5] AH1: x\n"
    ));
    let expected = [
        ("code.file.path", "ssl_engine.c"),
        ("code.line.number", "88"),
        ("error.message", "(70014)End of file found"),
        ("client.address", "192.0.2.1"),
        ("client.port", "5"),
        ("message", "AH1: x"),
    ];
    assert_eq!(entry.pairs()[4..], expected);
    for message in ["cannot read a.c(5): x", "a.c(5) x", "a.c(x): x", "a.c(): x", "a.c)(: x", "(a.c): x"] {
        let entry = one(&format!("[{STAMP}] [ssl:debug] [pid 1:tid 2] {message}\n"));
        assert_eq!((entry.get("message"), entry.get("code.file.path")), (Some(message), None));
    }
}

#[test]
fn a_line_of_2_2_becomes_a_record() {
    let entry = one(
        "[Wed Nov 25 14:30:08 2026] [error] [client 2001:db8::5] File does not exist: /x, referer: http://h/\n",
    );
    let expected = [
        ("timestamp", "Wed Nov 25 14:30:08 2026"),
        ("client.address", "2001:db8::5"),
        ("message", "File does not exist: /x, referer: http://h/"),
    ];
    assert_eq!(entry.pairs(), expected);
    let entry = one("[Wed Nov 25 14:30:08 2026] [warn] child [9] is gone\n");
    assert_eq!((entry.severity, entry.get("message")), (13, Some("child [9] is gone")));
}

#[test]
fn the_time_is_local() {
    let tokyo = Clock::new(REFERENCE_UNIX_NANO, [(0, 9 * 3600)]);
    let entries = parse_at(&ApacheError, &format!("[{STAMP}] [core:info] [pid 1] x\n"), &tokyo);
    assert_eq!(entries[0].time_unix_nano, NANO - 9 * 3600 * 1_000_000_000);
}

#[test]
fn indented_lines_continue_a_message() {
    let entries =
        read(&format!("  lost\n[{STAMP}] [wsgi:error] [pid 1] Traceback:\n  File \"x\"\n\ty\nKeyError\n"));
    let recognised: Vec<_> = entries.iter().map(|entry| entry.recognised).collect();
    assert_eq!(recognised, [false, true, false]);
    assert_eq!(entries[1].get("message"), Some("Traceback:\n  File \"x\"\n\ty"));
}

#[test]
fn other_lines_are_left_as_they_are() {
    for line in [
        "[Wed Nov 25 14:30:08 2026] started",
        "[Wed Nov 25 14:30:08 2026] [core:fatal] [pid 1] x",
        "[Wed Nov 25 14:30:08 2026] [trace9] x",
        "[Wed Nov 25 14:30:08] [error] x",
        "[Wed Nov 31 14:30:08 2026] [error] x",
        "[Wed Nov 25 14:30:08 2026] [error",
        "[   12.345678] usb 1-1: new device",
        "sh: 1: not found",
    ] {
        let entry = one(line);
        assert_eq!((entry.body.as_str(), entry.recognised, entry.pairs().len()), (line, false, 0));
    }
}

#[test]
fn it_has_no_settings() {
    assert!(ApacheError::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            r#"(\[Wed Nov 25 14:30:08(\.12)? 2026\] \[(core:)?error\] ?|  )?(a\.c\([5)(: ]{1,4})?(\[pid [1:tid ]{0,6}\]? )?(\(5\)[aü:] ?:? ?)?(\[client [a:1]{0,4}\]? ?)?[aü\]]{0,3}\n?"#, 0..6),
    ) {
        read(&lines.concat());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..60)) {
        let context = Context::new("", Clock::utc(0), true);
        skidway_sdk::parse(&ApacheError, &text, &context);
        let begun = format!("[{STAMP}] [core:error] [pid 1] (");
        skidway_sdk::parse(&ApacheError, &[begun.as_bytes(), &text].concat(), &context);
    }
}
