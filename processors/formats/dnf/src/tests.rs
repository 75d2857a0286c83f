use super::Dnf;
use proptest::prelude::*;
use skidway_sdk::Parser;
use skidway_sdk::testing::{Entry, REFERENCE_UNIX_NANO, parse, parse_one};

fn read(text: &str) -> Vec<Entry> {
    parse(&Dnf::configure("{}").unwrap(), text)
}

fn one(text: &str) -> Entry {
    parse_one(&Dnf::configure("{}").unwrap(), text)
}

#[test]
fn each_programs_stamp_is_read() {
    for (line, severity, message) in [
        ("2026-11-22T12:00:00+0000 DDEBUG Command: dnf makecache", 4, "Command: dnf makecache"),
        ("2026-11-22T12:00:00Z INFO === Started libdnf-0.69.0 ===", 9, "=== Started libdnf-0.69.0 ==="),
        ("2026-11-22T13:00:00+0100 [47] ERROR no", 17, "no"),
        ("Nov 22 12:00:00 INFO --- logging initialized ---", 9, "--- logging initialized ---"),
        ("WARN Nov-22 12:00:00 hy: no", 13, "hy: no"),
        ("WARN Nov-22 12:00:00  hy: no", 13, "hy: no"),
        ("Nov 22 12:00:00 Installed: a-1-2.x86_64", 0, "Installed: a-1-2.x86_64"),
    ] {
        let entry = one(&format!("{line}\n"));
        assert_eq!((entry.time_unix_nano, entry.severity), (REFERENCE_UNIX_NANO, severity), "{line}");
        assert_eq!((entry.get("message"), entry.recognised), (Some(message), true), "{line}");
    }
    assert_eq!(one("2026-11-22T12:00:00Z [47] INFO x").get("pid"), Some("47"));
}

#[test]
fn packages_are_taken_apart() {
    for (package, expected) in [
        ("nginx-1:1.26.3-1.el9.x86_64", Some(("nginx", "1:1.26.3-1.el9", "x86_64"))),
        ("python3-pip-wheel-21.3.1-2.noarch", Some(("python3-pip-wheel", "21.3.1-2", "noarch"))),
        ("1:perl-Error-0.17-2.noarch", Some(("perl-Error", "0.17-2", "noarch"))),
        ("389-ds-base-2.1-3.x86_64", Some(("389-ds-base", "2.1-3", "x86_64"))),
        ("libgcc.x86_64 4.8.5-28.el7", Some(("libgcc", "4.8.5-28.el7", "x86_64"))),
        ("12:dhclient", None),
        ("odd", None),
        ("a-1.x86_64", None),
        ("-1-1.x86_64", None),
        ("a-1-1.x86_64 and more", None),
    ] {
        for stamp in ["Nov 22 12:00:00", "2026-11-22T12:00:00Z SUBDEBUG"] {
            let entry = one(&format!("{stamp} Updated: {package}"));
            let read = entry.get("package.name").map(|name| {
                (name, entry.get("package.version").unwrap(), entry.get("package.architecture").unwrap())
            });
            assert_eq!(read, expected, "{package}");
            assert_eq!(entry.get("package.action"), Some("Updated"));
        }
    }
}

#[test]
fn the_table_of_a_transaction_belongs_to_its_entry() {
    let text = "2026-11-22T12:00:00Z INFO ====\n Package\n====\nInstalling:\n nginx\n\nTransaction Summary\n====\nInstall  1 Package\n\n2026-11-22T12:00:00Z INFO Total\n";
    assert_eq!(read(text).len(), 2);
    assert!(!read("Transaction Summary\n")[0].recognised);
}

#[test]
fn other_lines_are_left_as_they_are() {
    for line in [
        "2026-11-22T12:00:00+0000 web-1 sshd[842]: session closed",
        "2026-11-22T12:00:00Z I! text",
        "2026-11-22T12:00:00Z [INFO] pre-start",
        "2026-11-22 12:00:00 INFO text",
        "Nov 22 12:00:00 web-1 yum[1]: Installed: x",
        "Nov 22 12:00:00 web-1 INFO x",
        "Nov 22 12:00:00 Installed x",
        "Nov 22 12:00:00 Installed:",
        "INFO Nov 22 12:00:00 x",
        "INFO Nov-22 12:00:00x",
        "INFO Nov-32 12:00:00 x",
        "info Nov-22 12:00:00 x",
        "%post(nginx): scriptlet start",
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
    assert!(Dnf::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            "(2026-11-22T12:00:00Z |Nov 22 12:00:00 |INFO Nov-22 12:00:00)?(\\[1\\] )?(INFO |Installed: |==== )?[a1:.ü\0\u{fffd} -]{0,6}\r?\n?", 0..7),
    ) {
        read(&lines.concat());
    }

    #[test]
    fn any_line_is_read_without_a_panic(line in ".{0,40}") {
        read(&line);
        read(&format!("Nov 22 12:00:00 Installed: {line}"));
        read(&format!("INFO Nov-22 {line}"));
    }
}
