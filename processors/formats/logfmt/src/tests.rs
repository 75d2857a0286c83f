use super::Logfmt;
use proptest::prelude::*;
use skidway_sdk::testing::{Entry, parse, parse_one};
use skidway_sdk::{Context, Parser, time::Clock};

fn one(text: &str) -> Entry {
    parse_one(&Logfmt::configure("{}").unwrap(), text)
}

#[test]
fn a_line_becomes_a_record() {
    let line = r#"time=2026-11-25T14:30:08Z level=error msg="cannot open \"a b\": gone" path=/a=b took=1.5s empty= q="""#;
    let entry = one(&format!("{line}\n"));
    assert_eq!(entry.body, line);
    assert_eq!(
        (entry.time_unix_nano, entry.severity, entry.recognised),
        (1_795_617_008_000_000_000, 17, true)
    );
    let expected = [
        ("path", "/a=b"),
        ("took", "1.5s"),
        ("empty", ""),
        ("q", ""),
        ("timestamp", "2026-11-25T14:30:08Z"),
        ("message", "cannot open \"a b\": gone"),
    ];
    assert_eq!(entry.pairs(), expected);
}

#[test]
fn the_forms_that_programs_write() {
    let entry = one("ts=1795617008.25 lvl=dbug caller=main.go:12 msg=started");
    assert_eq!((entry.time_unix_nano, entry.severity), (1_795_617_008_250_000_000, 5));
    assert_eq!(entry.get("caller"), Some("main.go:12"));
    let entry = one("method=GET path=/ status=200");
    assert_eq!(entry.pairs(), [("method", "GET"), ("path", "/"), ("status", "200")]);
    let entry = one("level=info msg=started with words");
    assert_eq!((entry.recognised, entry.get("message")), (true, Some("started")));
    assert!(one("level=warn").recognised);
    assert_eq!(one("größe=5 b=ü").pairs(), [("größe", "5"), ("b", "ü")]);
}

#[test]
fn prose_and_other_formats_are_not_claimed() {
    for line in [
        "x=5",
        "x=5 is the result",
        "the result is x=5 y=6 z=7",
        "a=1 b=2 but there are more words",
        "level=info Starting up the server now",
        "=5 a=6",
        "a=1 b=\"open",
        "a=1 b=\"x\"y",
        "a=1 b=x\"y",
        "http://h/?a=b c=d",
        "[1] a=1 b=2",
        "Nov 25 14:30:08 h kernel: [UFW BLOCK] IN=eth0 OUT= MAC=00 SRC=10.0.0.1",
        "2026-11-25T14:30:08Z a=1 b=2",
        "{\"a\":\"b=c d=e\"}",
        "plain words",
        "  a=1 b=2",
    ] {
        let entry = one(line);
        assert_eq!((entry.recognised, entry.pairs().len()), (false, 0), "{line}");
    }
}

#[test]
fn it_has_no_settings() {
    assert!(Logfmt::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            prop::collection::vec(r#"((time|msg|level|a|ü)=)?("[a \\"ü]{0,4}"|info|[a=ü\u{0}]{0,3}|2026-11-25T14:30:08Z)"#, 0..5), 0..6),
    ) {
        let text: String = lines.iter().map(|line| line.join(" ") + "\n").collect();
        parse(&Logfmt, &text);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..60)) {
        let context = Context::new("", Clock::utc(0), true);
        skidway_sdk::parse(&Logfmt, &text, &context);
        skidway_sdk::parse(&Logfmt, &[b"level=info a=\"".as_slice(), &text].concat(), &context);
    }
}
