use super::CloudInit;
use proptest::prelude::*;
use skidway_sdk::Parser;
use skidway_sdk::testing::{Entry, REFERENCE_UNIX_NANO, parse, parse_at, parse_one};
use skidway_sdk::time::Clock;

const STAMP: &str = "2026-11-22 12:00:00,123";

fn read(text: &str) -> Vec<Entry> {
    parse(&CloudInit::configure("{}").unwrap(), text)
}

fn one(text: &str) -> Entry {
    parse_one(&CloudInit::configure("{}").unwrap(), text)
}

#[test]
fn a_line_becomes_a_record_in_utc() {
    let line = format!("{STAMP} - util.py[WARNING]: Running module x failed");
    let tokyo = Clock::new(REFERENCE_UNIX_NANO, [(0, 9 * 3600)]);
    let entries = parse_at(&CloudInit::configure("{}").unwrap(), &line, &tokyo);
    assert_eq!((entries[0].time_unix_nano, entries[0].severity), (REFERENCE_UNIX_NANO + 123_000_000, 13));
    let expected =
        [("timestamp", STAMP), ("code.file.path", "util.py"), ("message", "Running module x failed")];
    assert_eq!(entries[0].pairs(), expected);
}

#[test]
fn banners_say_stage_version_and_uptime() {
    let entry = one(
        "Cloud-init v. 24.1 running 'modules:final' at Sun, 22 Nov 2026 13:00:00 +0100. Up 7.20 seconds.",
    );
    assert_eq!(entry.time_unix_nano, REFERENCE_UNIX_NANO);
    assert_eq!(entry.get("cloud_init.stage"), Some("modules:final"));
    assert_eq!((entry.get("cloud_init.version"), entry.get("system.uptime")), (Some("24.1"), Some("7.20")));
    let entry = one(
        "Cloud-init v. 24.1 finished at Sun, 22 Nov 2026 12:00:00 +0000. Datasource DataSourceEc2Local.  Up 66.00 seconds",
    );
    assert_eq!(
        (entry.get("cloud_init.stage"), entry.get("system.uptime")),
        (Some("finished"), Some("66.00"))
    );
    for uptime in ["Up seconds", "Up 1e9 seconds", "Up 7. seconds", "Up .5 seconds", "Up 7 minutes", ""] {
        let entry = one(&format!("Cloud-init v. 1 finished at Sun, 22 Nov 2026 12:00:00 +0000. {uptime}"));
        assert_eq!((entry.recognised, entry.get("system.uptime")), (true, None), "{uptime}");
    }
}

#[test]
fn chains_of_tracebacks_belong_to_their_entry() {
    let text = format!(
        "{STAMP} - a.py[DEBUG]: failed\nTraceback (most recent call last):\n  File \"x\", line 1, in f\nyaml.scanner.ScannerError: bad\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"x\", line 2, in g\nKeyError\n{STAMP} - a.py[DEBUG]: next\n"
    );
    let entries = read(&text);
    assert_eq!(entries.len(), 2);
    assert!(entries[0].get("message").unwrap().ends_with("in g\nKeyError"));
}

#[test]
fn what_other_programs_print_is_left_as_it_is() {
    for line in [
        "Generating public/private rsa key pair.",
        "Setting up nginx (1.24.0-2ubuntu7.1) ...",
        "Error: no such file",
        "Cloud-init v. 24.1 finished some day",
        "Cloud-init v. 24.1 running 'init at Sun, 22 Nov 2026 12:00:00 +0000",
        "2026-11-22 12:00:00,123 INFO util.py: x",
        "2026-11-22 12:00:00,123 - my file.py[INFO]: x",
        "2026-11-22 12:00:00,123 - util.py[info]: x",
        "2026-11-22 12:00:00,123 - util.py[INFO] x",
        "2026-11-22 12:00:00 status installed a:all 1",
        "ci-information: x",
        "Traceback (most recent call last):",
    ] {
        let text = format!("{line}\n{STAMP} - a.py[INFO]: x\n");
        assert!(!read(&text)[0].recognised, "{line}");
    }
    let entries = read(&format!("{STAMP} - a.py[WARNING]: x\n+ echo\nError: other\n"));
    assert_eq!(entries.iter().filter(|entry| entry.recognised).count(), 1);
}

#[test]
fn it_has_no_settings() {
    assert!(CloudInit::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            "(2026-11-22 12:00:00,1 - a[\\[.](INFO\\]:)?|Cloud-init v. |ci-info: |  |aError: )?[ a:'\\]ü\0\u{fffd}]{0,5}\r?\n", 0..7),
    ) {
        read(&lines.concat());
    }

    #[test]
    fn any_line_is_read_without_a_panic(line in ".{0,40}") {
        read(&line);
        read(&format!("{STAMP} - {line}"));
        read(&format!("Cloud-init v. 1 finished at Sun, 22 Nov 2026 12:00:00 +0000{line}"));
    }
}
