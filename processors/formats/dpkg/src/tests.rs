use super::Dpkg;
use proptest::prelude::*;
use skidway_sdk::Parser;
use skidway_sdk::testing::{Entry, REFERENCE_UNIX_NANO, parse, parse_at, parse_one};
use skidway_sdk::time::Clock;

const STAMP: &str = "2026-11-22 12:00:00";

fn read(text: &str) -> Vec<Entry> {
    parse(&Dpkg::configure("{}").unwrap(), text)
}

fn one(text: &str) -> Entry {
    parse_one(&Dpkg::configure("{}").unwrap(), text)
}

#[test]
fn a_line_becomes_a_record() {
    let entry = one(&format!("{STAMP} upgrade libssl3:amd64 3.0.1 3.0.2\n"));
    assert_eq!((entry.time_unix_nano, entry.severity, entry.recognised), (REFERENCE_UNIX_NANO, 0, true));
    let expected = [
        ("timestamp", STAMP),
        ("package.action", "upgrade"),
        ("package.name", "libssl3"),
        ("package.architecture", "amd64"),
        ("package.version", "3.0.2"),
        ("package.previous_version", "3.0.1"),
        ("message", "upgrade libssl3:amd64 3.0.1 3.0.2"),
    ];
    assert_eq!(entry.pairs(), expected);
}

#[test]
fn versions_that_are_not_there_are_no_attributes() {
    for (action, version, previous) in [
        ("install a:all <none> 1", Some("1"), None),
        ("remove a:all 1 <none>", Some("1"), None),
        ("status not-installed a:all <none>", None, None),
        ("status installed a:all 1", Some("1"), None),
        ("purge a: <none> <none>", None, None),
    ] {
        let entry = one(&format!("{STAMP} {action}"));
        assert_eq!(entry.get("package.name"), Some("a"), "{action}");
        assert_eq!(
            (entry.get("package.version"), entry.get("package.previous_version")),
            (version, previous)
        );
    }
}

#[test]
fn the_time_is_local() {
    let parser = Dpkg::configure("{}").unwrap();
    let tokyo = Clock::new(REFERENCE_UNIX_NANO, [(0, 9 * 3600)]);
    for line in
        ["2026-11-22 21:00:00 startup archives unpack", "update-alternatives 2026-11-22 21:00:00: run"]
    {
        assert_eq!(parse_at(&parser, line, &tokyo)[0].time_unix_nano, REFERENCE_UNIX_NANO);
    }
}

#[test]
fn other_lines_are_left_as_they_are() {
    for line in [
        "2026-11-22 12:00:00 status fine a:all 1",
        "2026-11-22 12:00:00 install a:all 1",
        "2026-11-22 12:00:00 install a:all 1 2 3",
        "2026-11-22 12:00:00 install  1 2",
        "2026-11-22 12:00:00 startup of the machine",
        "2026-11-22 12:00:00 startup archives",
        "2026-11-22 12:00:00 conffile /etc/x ask",
        "2026-11-22 12:00:00 INFO [ssm-agent-worker] x",
        "2026-11-22 12:00:00,123 - util.py[DEBUG]: status installed",
        "2026-11-22T12:00:00Z status installed a:all 1",
        "update-alternatives: using /bin/less to provide /bin/pager",
        "update-alternatives 2026-11-22 12:00:00 run",
        "status installed a:all 1",
        "  2026-11-22 12:00:00 status installed a:all 1",
    ] {
        let entry = one(line);
        assert_eq!(
            (entry.body.as_str(), entry.recognised, entry.attributes.len()),
            (line.trim(), false, 0),
            "{line}"
        );
    }
}

#[test]
fn it_has_no_settings() {
    assert!(Dpkg::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            "(2026-11-22 12:00:00 |update-alternatives 2026-11-22 12:00:00)?(status installed |install |conffile |startup )?[a1:<ü\0\u{fffd} ]{0,6}(keep)?\r?\n?", 0..7),
    ) {
        read(&lines.concat());
    }

    #[test]
    fn any_line_is_read_without_a_panic(line in ".{0,40}") {
        read(&line);
        read(&format!("{STAMP} {line}"));
    }
}
