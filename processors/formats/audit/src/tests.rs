use super::Audit;
use proptest::prelude::*;
use skidway_sdk::Parser;
use skidway_sdk::testing::{Entry, REFERENCE_UNIX_NANO, parse, parse_one};

const HEAD: &str = "type=SYSCALL msg=audit(1795348800.123:456): ";

fn read(text: &str) -> Vec<Entry> {
    parse(&Audit::configure("{}").unwrap(), text)
}

fn one(text: &str) -> Entry {
    parse_one(&Audit::configure("{}").unwrap(), text)
}

#[test]
fn a_line_becomes_a_record() {
    let message = "arch=c000003e syscall=59 success=yes exit=-2 ppid=1 pid=1226 auid=1000 comm=\"cat\" exe=\"/usr/bin/cat\" key=\"shadow\"\u{1d}ARCH=x86_64 SYSCALL=execve AUID=\"ubuntu\"";
    let entry = one(&format!("node=web-1 {HEAD}{message}\n"));
    assert_eq!((entry.time_unix_nano, entry.severity), (REFERENCE_UNIX_NANO + 123_000_000, 0));
    let expected = [
        ("timestamp", "1795348800.123"),
        ("hostname", "web-1"),
        ("audit.type", "SYSCALL"),
        ("audit.id", "456"),
        ("audit.architecture", "c000003e"),
        ("audit.syscall", "59"),
        ("audit.result", "yes"),
        ("audit.exit", "-2"),
        ("process.parent_pid", "1"),
        ("pid", "1226"),
        ("audit.audit_user.id", "1000"),
        ("process.executable.name", "cat"),
        ("process.executable.path", "/usr/bin/cat"),
        ("audit.key", "shadow"),
        ("audit.architecture_name", "x86_64"),
        ("audit.syscall_name", "execve"),
        ("audit.audit_user.name", "ubuntu"),
        ("message", message),
    ];
    assert_eq!(entry.pairs(), expected);
}

#[test]
fn fields_of_what_programs_report_stand_in_quotes() {
    let entry = one(&format!(
        "{HEAD}pid=1 msg='op=PAM:authentication acct=\"a b\" addr=203.0.113.9 terminal=ssh res=failed'"
    ));
    for (key, value) in [
        ("audit.operation", "PAM:authentication"),
        ("user.name", "a b"),
        ("client.address", "203.0.113.9"),
        ("audit.terminal", "ssh"),
        ("audit.result", "failed"),
    ] {
        assert_eq!(entry.get(key), Some(value));
    }
}

#[test]
fn encoded_values_stay_and_missing_ones_are_none() {
    let entry = one(&format!(
        "{HEAD}proctitle=636174002F6574632F exe=2F612062 addr=? key=(null) tty=(none) acct=\"\""
    ));
    assert_eq!(entry.get("audit.proctitle"), Some("636174002F6574632F"));
    assert_eq!(entry.get("process.executable.path"), Some("2F612062"));
    for key in ["client.address", "audit.key", "audit.terminal", "user.name"] {
        assert_eq!(entry.get(key), None, "{key}");
    }
}

#[test]
fn numbers_that_are_none_are_no_attributes() {
    let entry = one(&format!("{HEAD}syscall=execve exit=99999999999999999999 ses=- uid=0x0 auid=4294967295"));
    for key in ["audit.syscall", "audit.exit", "audit.session", "process.real_user.id"] {
        assert_eq!(entry.get(key), None, "{key}");
    }
    assert_eq!(entry.get("audit.audit_user.id"), Some("4294967295"));
}

#[test]
fn names_are_whole_and_quotes_that_do_not_end_hide_nothing() {
    let entry = one(&format!("{HEAD}old-auid=7 x.pid=8 \"pid=9 comm=\"open pid=10"));
    assert_eq!((entry.get("audit.audit_user.id"), entry.get("pid")), (None, Some("10")));
}

#[test]
fn other_lines_are_left_as_they_are() {
    for line in [
        "type=SYSCALL msg=audit(11/22/26 12:00:00.123:456) : arch=x86_64",
        "type=SYSCALL msg=audit(1795348800:456): x",
        "type=SYSCALL msg=audit(1795348800.123): x",
        "type=SYSCALL msg=audit(1795348800.123:x): x",
        "type=SYSCALL msg=audit(1795348800.123:456) x",
        "type=SYSCALL msg=audit(5.123:456): x",
        "type=syscall msg=audit(1795348800.123:456): x",
        "type= msg=audit(1795348800.123:456): x",
        "type=error msg=\"a\" a=b",
        "node=web-1",
        "audit: type=1400 audit(1795348800.123:456): apparmor=\"STATUS\"",
        "----",
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
    assert!(Audit::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            "(type=A msg=audit\\(1795348800.123:4\\): )?((pid|uid|key|msg)=?[\"' ?=a1ü\u{1d}\0\u{fffd}]{0,4}){0,4}\r?\n?", 0..6),
    ) {
        read(&lines.concat());
    }

    #[test]
    fn any_line_is_read_without_a_panic(line in ".{0,40}") {
        read(&line);
        read(&format!("{HEAD}{line}"));
    }
}
