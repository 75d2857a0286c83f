use super::Kernel;
use proptest::prelude::*;
use skidway_sdk::Parser;
use skidway_sdk::testing::{Entry, REFERENCE_UNIX_NANO, parse, parse_at, parse_one};
use skidway_sdk::time::Clock;

fn read(text: &str) -> Vec<Entry> {
    parse(&Kernel::configure("{}").unwrap(), text)
}

fn one(text: &str) -> Entry {
    parse_one(&Kernel::configure("{}").unwrap(), text)
}

#[test]
fn seconds_since_the_start_are_no_time() {
    for (line, uptime, message) in [
        ("[    0.000000] Linux version 6.8", "0.000000", "Linux version 6.8"),
        ("[12345.678901] usb 1-1: new device", "12345.678901", "usb 1-1: new device"),
        ("[1234567.890123] x", "1234567.890123", "x"),
        ("[    1.000000]", "1.000000", ""),
        ("[    1.000000]  two spaces", "1.000000", " two spaces"),
    ] {
        let entry = one(line);
        assert_eq!((entry.time_unix_nano, entry.severity, entry.recognised), (0, 0, true), "{line}");
        assert_eq!(entry.pairs(), [("kernel.uptime", uptime), ("message", message)]);
    }
}

#[test]
fn dmesg_t_has_local_time() {
    let tokyo = Clock::new(REFERENCE_UNIX_NANO, [(0, 9 * 3600)]);
    let line = "[Sun Nov 22 21:00:00 2026] x";
    let entries = parse_at(&Kernel::configure("{}").unwrap(), line, &tokyo);
    assert_eq!(entries[0].time_unix_nano, REFERENCE_UNIX_NANO);
    assert_eq!(entries[0].pairs(), [("timestamp", "Sun Nov 22 21:00:00 2026"), ("message", "x")]);
}

#[test]
fn priorities_are_numbers_or_words() {
    for (start, severity, facility) in [
        ("<0>", 21, None),
        ("<3>", 17, None),
        ("<6>", 9, None),
        ("<30>", 9, Some("daemon")),
        ("<191>", 5, None),
        ("kern  :info  : ", 9, None),
        ("kern  :emerg : ", 21, None),
        ("daemon:err   : ", 17, Some("daemon")),
        ("user  :notice: ", 10, Some("user")),
    ] {
        let entry = one(&format!("{start}[    1.500000] x"));
        assert_eq!((entry.severity, entry.get("syslog.facility")), (severity, facility), "{start}");
        assert_eq!((entry.get("kernel.uptime"), entry.get("message")), (Some("1.500000"), Some("x")));
    }
}

#[test]
fn who_wrote_it() {
    for (line, caller) in [
        ("[    0.000000][    T0] x", "T0"),
        ("[  520.897104] [   T3919] x", "T3919"),
        ("[    0.000000][    C1] x", "C1"),
    ] {
        let entry = one(line);
        assert_eq!((entry.get("kernel.caller"), entry.get("message")), (Some(caller), Some("x")), "{line}");
    }
    assert_eq!(one("[    0.000000] [drm] x").get("message"), Some("[drm] x"));
    assert_eq!(one("[    0.000000] [T1] x").get("message"), Some("[T1] x"));
    let entry = one("[    0.000000] kernel: x");
    assert_eq!((entry.get("unit"), entry.get("message")), (Some("kernel"), Some("x")));
}

#[test]
fn indented_lines_continue_a_message() {
    let entries = read("[    0.000000] KERNEL supported cpus:\n                 Intel\n[    0.100000] y\n");
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].get("message"), Some("KERNEL supported cpus:\n                 Intel"));
}

#[test]
fn other_lines_are_left_as_they_are() {
    for line in [
        "[0.000000] x",
        "[    0.00000] x",
        "[    0.0000000] x",
        "[    0,000000] x",
        "[     .000000] x",
        "[    0.000000]x",
        "[OK] Started nginx",
        "[Sun Nov 22 12:00:00.123456 2026] [core:notice] [pid 7] x",
        "[Sun Nov 22 12:00 2026] x",
        "<6> x",
        "<192>[    0.000000] x",
        "<06>[    0.000000] x",
        "<+6>[    0.000000] x",
        "<13>Nov 22 12:00:00 h app: x",
        "kern  :loud  : [    0.000000] x",
        "kern  :info  :[    0.000000] x",
        "nobody:info  : [    0.000000] x",
        "Nov 22 12:00:00 h kernel: [    0.000000] x",
        "plain text",
    ] {
        let entry = one(line);
        assert_eq!(
            (entry.body.as_str(), entry.recognised, entry.attributes.len()),
            (line, false, 0),
            "{line}"
        );
        assert_eq!(entry.severity, 0);
    }
}

#[test]
fn it_has_no_settings() {
    assert!(Kernel::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            "(<[0-9]{1,2}>|kern  :info  : )?(\\[    0.000000\\]|\\[Sun Nov 22 12:00:00 2026\\])?( ?\\[    [TC]1\\])?[ \t]?[a\\[\\]ü\0\u{fffd}]{0,4}\r?\n?", 0..7),
    ) {
        read(&lines.concat());
    }

    #[test]
    fn any_line_is_read_without_a_panic(line in ".{0,40}") {
        read(&line);
        read(&format!("[    0.000000]{line}"));
        read(&format!("<{line}"));
    }
}
