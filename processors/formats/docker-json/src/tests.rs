use super::DockerJson;
use proptest::prelude::*;
use skidway_sdk::testing::{Entry, parse_chunks};
use skidway_sdk::{ChunkParser, Context, time::Clock};

const TIME: &str = "2026-11-25T14:30:08.123456789Z";
const NANO: u64 = 1_795_617_008_123_456_789;

fn read(text: &str) -> Vec<Entry> {
    parse_chunks(&DockerJson::configure("{}").unwrap(), text)
}

fn line(log: &str, stream: &str) -> String {
    format!("{{\"log\":\"{log}\",\"stream\":\"{stream}\",\"time\":\"{TIME}\"}}\n")
}

#[test]
fn a_line_becomes_a_record() {
    let entries = read(&line(r"listening on \u003cany\u003e:80\n", "stdout"));
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].body, "listening on <any>:80");
    assert_eq!((entries[0].time_unix_nano, entries[0].severity, entries[0].recognised), (NANO, 0, true));
    let expected = [("timestamp", TIME), ("log.iostream", "stdout"), ("message", "listening on <any>:80")];
    assert_eq!(entries[0].pairs(), expected);
}

#[test]
fn a_text_goes_on_until_its_line_feed() {
    let text = line("one ", "stdout")
        + &line(r"x\n", "stderr")
        + &line("two ", "stdout")
        + &line(r"three\r\n", "stdout");
    let bodies: Vec<_> = read(&text).into_iter().map(|entry| entry.body).collect();
    assert_eq!(bodies, ["one two three", "x"]);
}

#[test]
fn an_escaped_backslash_before_an_n_is_no_line_feed() {
    let text = line(r"C:\\n", "stdout") + &line(r"ew\\\n", "stdout");
    let entries = read(&text);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].body, "C:\\new\\");
}

#[test]
fn the_order_of_keys_and_attrs_do_not_matter() {
    let text = format!(
        "{{ \"time\": \"{TIME}\", \"attrs\": {{\"tag\": \"web/1\"}}, \"stream\": \"stderr\", \"log\": \"  at x\\n\" }}\n"
    );
    let entries = read(&text);
    assert_eq!((entries[0].body.as_str(), entries[0].get("log.iostream")), ("  at x", Some("stderr")));
}

#[test]
fn other_objects_and_other_lines_are_left_as_they_are() {
    for text in [
        "{}".to_owned(),
        "started".to_owned(),
        line("x", "stdin"),
        line("x", "stdout").replace("2026-11", "2026-13"),
        line("x", "stdout").replace("Z\"", "\""),
        line("x", "stdout").replace("\"log\"", "\"msg\""),
        line("x", "stdout").replace("{", "{\"level\":\"info\","),
        line("x", "stdout").replace("}", ""),
        r#"{"log":5,"stream":"stdout","time":"2026-11-25T14:30:08Z"}"#.to_owned(),
    ] {
        let entries = read(&text);
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].body.as_str(), entries[0].recognised), (text.trim(), false));
        assert_eq!(entries[0].pairs(), []);
    }
}

#[test]
fn it_has_no_settings() {
    assert!(DockerJson::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse_chunks` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            (r#"([a ü]|\\[nt"\\]|\\u[0d][0-9]{3}){0,5}(\\n)?"#, "stdout|stderr", "[a{} \u{0}]{0,3}(\r\n|\n)?"), 0..6),
    ) {
        read(&lines.iter().map(|(log, stream, more)| line(log, stream) + more).collect::<String>());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..60)) {
        let context = Context::new("", Clock::utc(0), true);
        DockerJson.parse(&text, &context).unwrap();
        DockerJson.parse(&[b"{\"log\":\"".as_slice(), &text].concat(), &context).unwrap();
    }
}
