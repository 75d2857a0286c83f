use super::JsonLines;
use proptest::prelude::*;
use skidway_sdk::testing::{Entry, parse, parse_one};
use skidway_sdk::{Context, Kind, Parser, time::Clock};

fn one(text: &str) -> Entry {
    parse_one(&JsonLines::configure("{}").unwrap(), text)
}

#[test]
fn a_line_becomes_a_record() {
    let line = r#"{"time":"2026-11-25T14:30:08.5Z","level":"warn","msg":"disk \"a\" full","n":5,"f":0.5,"ok":true,"x":null,"tags":["a"],"o":{"b":1}}"#;
    let entry = one(&format!("{line}\r\n"));
    assert_eq!(entry.body, line);
    assert_eq!(
        (entry.time_unix_nano, entry.severity, entry.recognised),
        (1_795_617_008_500_000_000, 13, true)
    );
    let expected = [
        ("n", "5"),
        ("f", "0.5"),
        ("ok", "true"),
        ("tags", "[\"a\"]"),
        ("o", "{\"b\":1}"),
        ("timestamp", "2026-11-25T14:30:08.5Z"),
        ("message", "disk \"a\" full"),
    ];
    assert_eq!(entry.pairs(), expected);
    let kinds = [Kind::Integer, Kind::Float, Kind::Boolean, Kind::Json, Kind::Json, Kind::Text, Kind::Text];
    assert_eq!(entry.kinds, kinds);
}

#[test]
fn pinos_numbers() {
    let entry = one(r#"{"level":50,"time":1795617008500,"pid":12,"hostname":"web-1","msg":"no route"}"#);
    assert_eq!((entry.time_unix_nano, entry.severity), (1_795_617_008_500_000_000, 17));
    assert_eq!(entry.get("hostname"), Some("web-1"));
    assert_eq!(entry.kind("pid"), Some(Kind::Integer));
}

#[test]
fn the_last_value_of_a_key_counts() {
    let entry = one(r#"{"a":1,"b":2,"a":"x","\u0061":[3]}"#);
    assert_eq!(entry.pairs(), [("a", "[3]"), ("b", "2")]);
    assert_eq!(entry.kind("a"), Some(Kind::Json));
}

#[test]
fn names_that_nobody_would_call_one_are_left_out() {
    let long = "k".repeat(300);
    let entry = one(&format!("{{\"\":1,\"{long}\":2,\"ü\":3}}"));
    assert_eq!(entry.pairs(), [("ü", "3")]);
}

#[test]
fn huge_numbers_are_text() {
    let digits = "9".repeat(10_000);
    let entry = one(&format!("{{\"a\":{digits},\"b\":1e400,\"time\":{digits}}}"));
    assert_eq!((entry.get("a"), entry.kind("a")), (Some(digits.as_str()), Some(Kind::Text)));
    assert_eq!(entry.kind("b"), Some(Kind::Text));
    assert_eq!((entry.time_unix_nano, entry.get("time")), (0, Some(digits.as_str())));
}

#[test]
fn deep_nesting_is_not_followed() {
    let deep = format!("{{\"a\":{}}}", "[".repeat(100_000));
    assert!(!one(&deep).recognised);
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(!one(&deep).recognised);
}

#[test]
fn a_line_has_a_thousand_names_at_the_most() {
    let members: Vec<_> = (0..5000).map(|n| format!("\"k{n}\":{n}")).collect();
    let entry = one(&format!("{{{}}}", members.join(",")));
    assert!(entry.recognised);
    assert_eq!(entry.attributes.len(), 1024);
}

#[test]
fn what_is_no_object_is_left_as_it_is() {
    for line in [
        "started",
        "[1,2]",
        "\"{}\"",
        "{",
        "{level: info}",
        r#"{"level":"info""#,
        r#"{"level":"info"} {"level":"info"}"#,
        r#"x {"level":"info"}"#,
        r#"{"a":01}"#,
        r#"{"a":"b\"#,
    ] {
        let entry = one(line);
        assert_eq!((entry.body.as_str(), entry.recognised, entry.pairs().len()), (line, false, 0));
    }
}

#[test]
fn it_has_no_settings() {
    assert!(JsonLines::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            prop::collection::vec(r#"("(time|msg|message|level|a|\\u0061|ü|)":("(info|[a\\"nü]{0,4})"|[0-9]{1,12}|1\.5|null|\[\{\}\]|\{"b":1\}),?|[{}, x])"#, 0..5), 0..6),
    ) {
        let text: String = lines.iter().map(|line| format!("{{{}}}\n", line.join(","))).collect();
        parse(&JsonLines, &text);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..60)) {
        let context = Context::new("", Clock::utc(0), true);
        skidway_sdk::parse(&JsonLines, &text, &context);
        skidway_sdk::parse(&JsonLines, &[b"{\"msg\":\"".as_slice(), &text].concat(), &context);
    }
}
