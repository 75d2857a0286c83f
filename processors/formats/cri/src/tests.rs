use super::Cri;
use proptest::prelude::*;
use skidway_sdk::testing::{Entry, parse_chunks};
use skidway_sdk::{ChunkParser, Context, time::Clock};

const TIME: &str = "2026-11-25T14:30:08.123456789Z";
const NANO: u64 = 1_795_617_008_123_456_789;

fn read(text: &str) -> Vec<Entry> {
    parse_chunks(&Cri::configure("{}").unwrap(), text)
}

#[test]
fn a_line_becomes_a_record() {
    let entries = read(&format!("{TIME} stderr F   at main (x.js:1)  \n"));
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].time_unix_nano, entries[0].severity, entries[0].recognised), (NANO, 0, true));
    let message = "  at main (x.js:1)";
    assert_eq!(entries[0].body, message);
    assert_eq!(entries[0].pairs(), [("timestamp", TIME), ("log.iostream", "stderr"), ("message", message)]);
}

#[test]
fn offsets_tags_and_empty_texts() {
    let text = "2026-11-25T15:30:08.123456789+01:00 stdout F:x:y z\n2026-11-25T14:30:08Z stdout F \n\
                2026-11-25T14:30:08Z stdout F\n2026-11-25T14:30:09Z stdout P:x\n2026-11-25T14:30:09Z stdout F end\\n\n";
    let entries = read(text);
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[0].body.as_str(), entries[0].time_unix_nano), ("z", NANO));
    assert_eq!(entries[1].body, "end\\n");
}

#[test]
fn partial_lines_are_joined_by_stream() {
    let lines: String = [
        ("stdout", "P", "one "),
        ("stderr", "P", "x"),
        ("stdout", "P", "two "),
        ("stderr", "F", "y"),
        ("stdout", "F", "three "),
        ("stdout", "F", "four"),
    ]
    .iter()
    .map(|(stream, tag, text)| format!("{TIME} {stream} {tag} {text}\n"))
    .collect();
    let bodies: Vec<_> = read(&lines).into_iter().map(|entry| entry.body).collect();
    assert_eq!(bodies, ["one two three", "xy", "four"]);
}

#[test]
fn other_lines_are_left_as_they_are() {
    for line in [
        "2026-11-25T14:30:08Z web-1 sshd[1]: x",
        "2026-11-25T14:30:08Z stdout x",
        "2026-11-25T14:30:08Z stdout FF x",
        "2026-11-25T14:30:08Z stdin F x",
        "2026-11-25T14:30:08Z stdoutF x",
        "2026-11-25T14:30:08Z stdout",
        "2026-11-25T14:30:08Z",
        "stdout F x",
        "started",
    ] {
        let entries = read(&format!("{line}\n"));
        assert_eq!((entries[0].body.as_str(), entries[0].recognised), (line, false));
        assert_eq!(entries[0].pairs(), []);
    }
}

#[test]
fn it_has_no_settings() {
    assert!(Cri::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse_chunks` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec("(2026-11-25T14:30:0[0-9]Z (stdout|stderr) [FP]:?)?[a ü\u{0}]{0,5}\r?\n?", 0..8),
    ) {
        read(&lines.concat());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..60)) {
        let context = Context::new("", Clock::utc(0), true);
        Cri.parse(&text, &context).unwrap();
        Cri.parse(&[b"2026-11-25T14:30:08Z std".as_slice(), &text].concat(), &context).unwrap();
    }
}
