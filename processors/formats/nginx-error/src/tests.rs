use super::NginxError;
use proptest::prelude::*;
use skidway_sdk::testing::{Entry, REFERENCE_UNIX_NANO, parse, parse_at, parse_one};
use skidway_sdk::{Context, Kind, Parser, time::Clock};

const STAMP: &str = "2026/11/25 14:30:08";
const NANO: u64 = 1_795_617_008_000_000_000;

fn read(text: &str) -> Vec<Entry> {
    parse(&NginxError::configure("{}").unwrap(), text)
}

fn one(text: &str) -> Entry {
    parse_one(&NginxError::configure("{}").unwrap(), text)
}

#[test]
fn a_line_becomes_a_record() {
    let line = format!(
        "{STAMP} [error] 123#124: *45 open() \"/srv/a, b\" failed (2: No such file or directory), client: 203.0.113.9, \
         server: www.example.com, request: \"GET /a,%20b?c=d HTTP/1.1\", upstream: \"http://10.0.0.2:8080/a\", \
         host: \"example.com\", referrer: \"https://example.com/?q=\"a, b\"\""
    );
    let entry = one(&format!("{line}\n"));
    assert_eq!(entry.body, line);
    assert_eq!((entry.time_unix_nano, entry.severity, entry.recognised), (NANO, 17, true));
    let expected = [
        ("timestamp", STAMP),
        ("pid", "123"),
        ("thread.id", "124"),
        ("nginx.connection.id", "45"),
        ("message", "open() \"/srv/a, b\" failed (2: No such file or directory)"),
        ("client.address", "203.0.113.9"),
        ("server.address", "www.example.com"),
        ("http.request.method", "GET"),
        ("url.path", "/a,%20b"),
        ("url.query", "c=d"),
        ("network.protocol.version", "1.1"),
        ("nginx.upstream", "http://10.0.0.2:8080/a"),
        ("http.request.header.host", "example.com"),
        ("http.request.header.referer", "https://example.com/?q=\"a, b\""),
    ];
    assert_eq!(entry.pairs(), expected);
    assert_eq!((entry.kind("thread.id"), entry.kind("pid")), (Some(Kind::Integer), Some(Kind::Text)));
}

#[test]
fn lines_without_a_request() {
    let entry = one(&format!("{STAMP} [notice] 1#1: signal process started\n"));
    assert_eq!((entry.severity, entry.get("message")), (10, Some("signal process started")));
    assert_eq!((entry.get("client.address"), entry.get("nginx.connection.id")), (None, None));
    let entry = one(&format!(
        "{STAMP} [crit] 1#1: *7 SSL_do_handshake() failed, client: 2001:db8::5, server: 0.0.0.0:443\n"
    ));
    assert_eq!(entry.get("client.address"), Some("2001:db8::5"));
    assert_eq!((entry.severity, entry.get("server.address")), (18, Some("0.0.0.0:443")));
    let entry =
        one(&format!("{STAMP} [emerg] 1#1: bind() to 0.0.0.0:80 failed (98: Address already in use)\n"));
    assert_eq!(entry.severity, 21);
    let entry = one(&format!("{STAMP} [alert] 1#1: *broken\n"));
    assert_eq!(entry.get("message"), Some("*broken"));
}

#[test]
fn the_time_is_local() {
    let tokyo = Clock::new(REFERENCE_UNIX_NANO, [(0, 9 * 3600)]);
    let entries = parse_at(&NginxError, &format!("{STAMP} [info] 1#1: x\n"), &tokyo);
    assert_eq!(entries[0].time_unix_nano, NANO - 9 * 3600 * 1_000_000_000);
}

/// What a client writes into its path or its headers does not pass for another client.
#[test]
fn a_client_is_not_forged() {
    let real = "client: 203.0.113.9, server: s, request: \"GET /x HTTP/1.1\", host: \"h\"";
    for forged in [
        "client: 9.9.9.9",
        "client: 9.9.9.9, server: x",
        "client: 9.9.9.9, server: x, request: \"",
        "client: 9.9.9.9, server: x, request: \"GET / HTTP/1.1\", host: \"",
        "client: 9.9.9.9, referrer: \"",
        "client: 9.9.9.9, host: \"a\"",
    ] {
        let in_path =
            one(&format!("{STAMP} [error] 1#1: *1 open() \"/, {forged}\" failed (2: No), {real}\n"));
        assert_ne!(in_path.get("client.address"), Some("9.9.9.9"), "{forged}");
        let in_header = one(&format!(
            "{STAMP} [error] 1#1: *1 open() \"/\" failed (2: No), {real}, referrer: \"a\", {forged}\"\n"
        ));
        assert_ne!(in_header.get("client.address"), Some("9.9.9.9"), "{forged}");
    }
    let plain =
        one(&format!("{STAMP} [error] 1#1: *1 open() \"/, client: 9.9.9.9\" failed (2: No), {real}\n"));
    assert_eq!(plain.get("client.address"), Some("203.0.113.9"));
    // A quote in a request keeps what follows from being read, not more.
    let quote = one(&format!(
        "{STAMP} [error] 1#1: *1 x, client: 203.0.113.9, server: s, request: \"GET /\"y HTTP/1.1\", host: \"h\", \
         referrer: \"a, client: 9.9.9.9, server: y, request: \"z\"\n"
    ));
    assert_eq!(quote.get("client.address"), None);
    assert!(quote.get("message").unwrap().starts_with("x, client: 203.0.113.9"));
}

#[test]
fn odd_requests() {
    let of = |request: &str| {
        one(&format!("{STAMP} [info] 1#1: *1 x, client: 192.0.2.1, server: _, request: \"{request}\"\n"))
    };
    let entry = of("CONNECT h:443 HTTP/1.1");
    assert_eq!((entry.get("url.original"), entry.get("server.address")), (Some("h:443"), None));
    assert_eq!(of("\\x16\\x03").get("url.original"), Some("\\x16\\x03"));
    assert_eq!(of("").get("url.original"), None);
}

#[test]
fn what_php_said_belongs_to_its_line() {
    let text = format!(
        "{STAMP} [error] 1#1: *1 FastCGI sent in stderr: \"PHP message: PHP Fatal error: x in /a.php:3\nStack trace:\n\
         #0 {{main}}\n  thrown in /a.php on line 3\" while reading, client: 192.0.2.1\nPHP message: y\n{STAMP} [info] 1#1: next\nother\n"
    );
    let entries = read(&text);
    assert_eq!(entries.len(), 3);
    assert!(entries[0].get("message").unwrap().ends_with("PHP message: y"));
    assert_eq!(entries[0].get("message").unwrap().lines().count(), 5);
    assert_eq!((entries[2].body.as_str(), entries[2].recognised), ("other", false));
}

#[test]
fn other_lines_are_left_as_they_are() {
    for line in [
        "2026/11/25 14:30:08 listening on :80",
        "2026/11/25 14:30:08 [error] no process",
        "2026/11/25 14:30:08 [fatal] 1#1: x",
        "2026/11/25 14:30:08 [error] 1: x",
        "2026/11/25 14:30:08 [error] 1#1 x",
        "2026/11/31 14:30:08 [error] 1#1: x",
        "2026/11/25 14:30:08 I! x",
        "started",
    ] {
        let entry = one(line);
        assert_eq!((entry.body.as_str(), entry.recognised, entry.pairs().len()), (line, false, 0));
    }
}

#[test]
fn it_has_no_settings() {
    assert!(NginxError::configure(r#"{"a": 1}"#).is_err());
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec(
            r#"(2026/11/25 14:30:08 \[error\] 1#1: (\*5 )?|#1|  )?[aü "]{0,4}(, (client|request|referrer|host): "?[a:ü/"]{0,4}"?){0,4}\n?"#, 0..6),
    ) {
        read(&lines.concat());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..60)) {
        let context = Context::new("", Clock::utc(0), true);
        skidway_sdk::parse(&NginxError, &text, &context);
        let begun = format!("{STAMP} [error] 1#1: *1 x, client: ");
        skidway_sdk::parse(&NginxError, &[begun.as_bytes(), &text].concat(), &context);
    }
}
