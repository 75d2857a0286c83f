use super::WebAccess;
use proptest::prelude::*;
use skidway_sdk::testing::{Entry, parse, parse_one};
use skidway_sdk::{Context, Kind, Parser, time::Clock};

const STAMP: &str = "25/Nov/2026:14:30:08 +0000";
const NANO: u64 = 1_795_617_008_000_000_000;

fn one(text: &str) -> Entry {
    parse_one(&WebAccess::configure("{}").unwrap(), text)
}

/// A line with this request.
fn request(request: &str) -> Entry {
    one(&format!("192.0.2.1 - - [{STAMP}] \"{request}\" 200 1\n"))
}

#[test]
fn combined() {
    let line = format!(
        r#"203.0.113.9 - ana [{STAMP}] "GET /a%20b?c=d HTTP/1.1" 404 612 "https://example.com/x?y" "curl/8.5 (\"q\")""#
    );
    let entry = one(&format!("{line}\n"));
    assert_eq!(entry.body, line);
    assert_eq!((entry.time_unix_nano, entry.severity, entry.recognised), (NANO, 13, true));
    let expected = [
        ("timestamp", STAMP),
        ("client.address", "203.0.113.9"),
        ("user.name", "ana"),
        ("http.request.method", "GET"),
        ("url.path", "/a%20b"),
        ("url.query", "c=d"),
        ("network.protocol.version", "1.1"),
        ("http.response.status_code", "404"),
        ("http.response.body.size", "612"),
        ("http.request.header.referer", "https://example.com/x?y"),
        ("user_agent.original", "curl/8.5 (\"q\")"),
    ];
    assert_eq!(entry.pairs(), expected);
    assert_eq!(entry.kind("http.response.status_code"), Some(Kind::Integer));
    assert_eq!(entry.kind("http.response.body.size"), Some(Kind::Integer));
}

#[test]
fn common_and_what_is_not_there() {
    let entry = one(&format!("2001:db8::1 - - [{STAMP}] \"GET / HTTP/1.0\" 304 -\n"));
    let expected = [
        ("timestamp", STAMP),
        ("client.address", "2001:db8::1"),
        ("http.request.method", "GET"),
        ("url.path", "/"),
        ("network.protocol.version", "1.0"),
        ("http.response.status_code", "304"),
    ];
    assert_eq!(entry.pairs(), expected);
    assert_eq!(entry.severity, 9);
}

#[test]
fn a_virtual_host_in_front() {
    let entry =
        one(&format!("shop.example.com:443 192.0.2.1 - - [{STAMP}] \"GET / HTTP/2.0\" 500 1 \"-\" \"x\"\n"));
    assert_eq!(
        (entry.get("server.address"), entry.get("server.port")),
        (Some("shop.example.com"), Some("443"))
    );
    assert_eq!((entry.get("client.address"), entry.severity), (Some("192.0.2.1"), 17));
    assert_eq!(entry.kind("server.port"), Some(Kind::Integer));
    let entry = one(&format!("shop 192.0.2.1 - ana b [{STAMP}] \"GET / HTTP/2.0\" 200 1 \"-\" \"x\"\n"));
    assert_eq!((entry.get("server.address"), entry.get("user.name")), (Some("shop"), Some("ana b")));
}

#[test]
fn users_with_blanks_and_brackets() {
    for user in ["ana maria", "a[1]", "a [x", "[25/Nov"] {
        let entry = one(&format!("192.0.2.1 - {user} [{STAMP}] \"GET / HTTP/2.0\" 200 1\n"));
        assert_eq!((entry.get("user.name"), entry.get("client.address")), (Some(user), Some("192.0.2.1")));
        assert_eq!(entry.get("server.address"), None);
    }
}

#[test]
fn what_is_added_at_the_end() {
    let entry =
        |tail: &str| one(&format!("192.0.2.1 - - [{STAMP}] \"GET / HTTP/2.0\" 200 1 \"-\" \"x\"{tail}\n"));
    let of = |tail: &str| {
        let entry = entry(tail);
        let get = |name: &str| entry.get(name).map(ToOwned::to_owned);
        (get("http.request.header.x-forwarded-for"), get("http.server.request.duration"))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(of(r#" "-""#), (None, None));
    assert_eq!(of(r#" "198.51.100.7, 10.0.0.1""#), (some("198.51.100.7, 10.0.0.1"), None));
    assert_eq!(of(r#" "-" 0.123 0.120 ."#), (None, some("0.123")));
    assert_eq!(of(" 0.004"), (None, some("0.004")));
    assert_eq!(of(" 1234567"), (None, some("1.234567")));
    assert_eq!(of(" 42"), (None, some("0.000042")));
    assert_eq!(of(" 12345678901234567"), (None, some("12345678901.234567")));
    assert_eq!(of(" rt=0.1 other"), (None, None));
    assert_eq!(of(" 1.2.3"), (None, None));
    assert_eq!(entry(" 0.004").kind("http.server.request.duration"), Some(Kind::Float));
}

#[test]
fn odd_requests() {
    let entry = request("GET http://example.com/a?b HTTP/1.1");
    assert_eq!((entry.get("url.original"), entry.get("url.path")), (Some("http://example.com/a?b"), None));
    let entry = request(r"\x16\x03\x01\x02");
    assert_eq!(entry.get("message"), Some("\u{16}\u{3}\u{1}\u{2}"));
    assert_eq!(entry.get("http.request.method"), None);
    let entry = request("-");
    assert_eq!((entry.get("message"), entry.recognised), (None, true));
    let entry = request("");
    assert_eq!((entry.get("message"), entry.recognised), (None, true));
    let entry = request(r#"GET /\"x\"?q=\xc3\xbc HTTP/1.1"#);
    assert_eq!((entry.get("url.path"), entry.get("url.query")), (Some("/\"x\""), Some("q=ü")));
}

#[test]
fn lines_of_other_formats_and_cut_ones_are_left_as_they_are() {
    for line in [
        format!("192.0.2.1 - - [{STAMP}] \"GET / HTTP/1.1\" 200"),
        format!("192.0.2.1 - - [{STAMP}] \"GET / HTT"),
        format!("192.0.2.1 - - [{STAMP}] \"GET / HTTP/1.1\" 200 12 \"-\" \"Mozilla/5.0 (X1"),
        format!("192.0.2.1 - - [{STAMP}] GET / 200 1"),
        format!("192.0.2.1 - - [{STAMP}] \"GET / HTTP/1.1\" 2000 1"),
        format!("192.0.2.1 - - [{STAMP}] \"GET / HTTP/1.1\" 200 1k"),
        format!("192.0.2.1 - - [{STAMP}] \"GET / HTTP/1.1\" 200 1x y"),
        format!("192.0.2.1 - - {STAMP} \"GET / HTTP/1.1\" 200 1"),
        format!("192.0.2.1 [{STAMP}] \"GET / HTTP/1.1\" 200 1"),
        "192.0.2.1 - - [31/Nov/2026:14:30:08 +0000] \"GET / HTTP/1.1\" 200 1".to_owned(),
        "2026/11/25 14:30:08 [error] 1#1: *1 x".to_owned(),
        "started".to_owned(),
    ] {
        let entry = one(&line);
        assert_eq!((entry.body.as_str(), entry.recognised, entry.pairs().len()), (line.as_str(), false, 0));
    }
}

#[test]
fn it_has_no_settings() {
    assert!(WebAccess::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            r#"([a.]{1,3} )?[a:1]{1,3} - [-ü\[]{1,3} \[25/Nov/2026:14:30:0[0-9] \+0000\] "(GET )?[/a?ü\\"x]{0,5}( HTTP/1.1)?" (200|-) (5|-)( "[\\"ü]{0,3}" "x")?( "-")?( [0-9.]{0,4})?\n"#, 0..6),
    ) {
        parse(&WebAccess, &lines.concat());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..60)) {
        let context = Context::new("", Clock::utc(0), true);
        skidway_sdk::parse(&WebAccess, &text, &context);
        let begun = format!("h - - [{STAMP}] \"GET / HTTP/1.1\" 200 5");
        skidway_sdk::parse(&WebAccess, &[begun.as_bytes(), &text].concat(), &context);
    }

    #[test]
    fn microseconds_are_seconds(number in 0u64..100_000_000_000_000_000) {
        let mut out = [b'0'; 24];
        let read = std::str::from_utf8(super::microseconds(number.to_string().as_bytes(), &mut out).unwrap()).unwrap();
        prop_assert_eq!(read, format!("{}.{:06}", number / 1_000_000, number % 1_000_000));
    }
}
