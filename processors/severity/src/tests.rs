//! The enricher as a whole, over records that a parser made.

use super::Severity;
use skidway_sdk::testing::{self, Entry};
use skidway_sdk::{Context, Enricher, Line, Parser, Record};

/// `key=value ... | text`, where a key `n` is the record's own severity.
struct Pairs;

const KEYS: [&str; 8] = ["level", "Level", "LEVEL", "severity", "Severity", "SEVERITY", "log.level", "note"];

impl Parser for Pairs {
    fn configure(_: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        for pair in line.split(|&byte| byte == b' ') {
            let Some(equals) = pair.iter().position(|&byte| byte == b'=') else { continue };
            let (key, value) = (&pair[..equals], &pair[equals + 1..]);
            match KEYS.iter().find(|known| known.as_bytes() == key) {
                Some(known) => out.attribute(known, value),
                None if key == b"n" => out.severity(std::str::from_utf8(value).unwrap().parse().unwrap()),
                None => {}
            }
        }
        Line::Entry
    }
}

fn enriched(config: &str, text: &str) -> Vec<u8> {
    let entries = testing::parse_and_enrich(&Pairs, &Severity::configure(config).unwrap(), text);
    entries.iter().map(|entry: &Entry| entry.severity).collect()
}

#[test]
fn the_gateways_levels() {
    let text = "an ALERT\ncritical\nemergency\nfatal!\n3 errors\nerr=1\nwarning\nnotice\ndebugging\ndbug\n\
        traceback\nfine\nterror and unwarned\n[warn] error\n";
    assert_eq!(enriched("{}", text), [21, 21, 21, 21, 17, 17, 13, 13, 5, 5, 1, 9, 9, 13]);
}

#[test]
fn a_record_that_has_a_severity_keeps_it() {
    assert_eq!(enriched("{}", "n=10 an error\nn=0 an error\n"), [10, 17]);
    assert_eq!(enriched(r#"{"overwrite": true}"#, "n=10 an error\nn=24 fine\n"), [17, 9]);
}

#[test]
fn an_attribute_that_names_a_level_comes_first() {
    for name in &KEYS[..7] {
        assert_eq!(enriched("{}", &format!("{name}=WARNING this is an error\n")), [13], "{name}");
        assert_eq!(enriched("{}", &format!("{name}=7 this is an error\n")), [17], "{name}");
    }
    assert_eq!(enriched("{}", "Level=fatal level=debug\nsome error\n"), [5, 17]);
    assert_eq!(enriched("{}", "LEVEL=info level=loud error\n"), [9]);
}

#[test]
fn only_the_window_is_searched() {
    let line = |spaces: usize| format!("{}debug\n", ".".repeat(spaces));
    assert_eq!(enriched("{}", &line(251)), [5]);
    assert_eq!(enriched("{}", &line(252)), [9]);
    assert_eq!(enriched(r#"{"window": 10}"#, &(line(5) + &line(6))), [5, 9]);
    assert_eq!(enriched(r#"{"window": 0}"#, "error\n"), [9]);
    let across = format!("{}é error\n", "x".repeat(255));
    assert_eq!(enriched("{}", &across), [9]);
}

#[test]
fn settings_change_what_is_found() {
    assert_eq!(enriched(r#"{"default": "unspecified"}"#, "fine\nan error\n"), [0, 17]);
    assert_eq!(enriched(r#"{"default": "debug"}"#, "fine\n"), [5]);
    let keywords = r#"{"keywords": {"Panic": "fatal2", "notice": "info2", "errno": "warn"}}"#;
    assert_eq!(enriched(keywords, "PANICKED\na notice\nerrno 5\nerror 5\n"), [22, 10, 13, 17]);
    let digits = r#"{"keywords": {"404": "warn", "_x": "error", "e4": "debug", "z": "fatal"}}"#;
    assert_eq!(enriched(digits, "a 404 b\na 40 4\n_X\nE404\na zoo\nZ\na z\n"), [13, 9, 17, 5, 21, 21, 21]);
    let from = r#"{"from": "note"}"#;
    assert_eq!(enriched(from, "error note=fine\nfine note=error\nan error\n"), [9, 17, 17]);
}
