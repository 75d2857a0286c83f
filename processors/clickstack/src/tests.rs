use skidway_sdk::testing::parse_and_enrich;
use skidway_sdk::{Context, Line, Parser, Record};

use super::*;

/// The line is the body; `word|` in front of it is an attribute `level`.
struct Lines;

impl Parser for Lines {
    fn configure(_: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        if let Some(end) = line.iter().position(|&byte| byte == b'|') {
            out.attribute("level", &line[..end]);
        }
        if line.starts_with(b"WARN ") {
            out.severity(13);
        }
        Line::Entry
    }
}

#[test]
fn json_becomes_flat_attributes() {
    let entries = parse_and_enrich(
        &Lines,
        &ClickStack::configure("{}").unwrap(),
        "request {\"a\":{\"b\":[1,true]},\"c\":\"x\",\"e\":{}} done\n{broken}\nplain\n",
    );
    assert_eq!(entries[0].pairs(), [("a.b.0", "1"), ("a.b.1", "true"), ("c", "x"), ("e", "{}")]);
    assert!(entries[1].pairs().is_empty() && entries[2].pairs().is_empty());
}

#[test]
fn severity_is_the_records_own_or_an_attributes_or_the_texts() {
    let severity = |line: &str| {
        let entry =
            parse_and_enrich(&Lines, &ClickStack::configure("{}").unwrap(), &format!("{line}\n")).remove(0);
        (entry.severity, entry.severity_text)
    };
    let pair = |number: u8, text: &str| (number, text.to_owned());
    assert_eq!(severity("WARN has one"), pair(13, "warn"));
    assert_eq!(severity("Loud|an error"), pair(0, "loud"));
    assert_eq!(severity("{\"level\":\"Info\",\"x\":\"error\"}"), pair(0, "info"));
    for (line, number, text) in [
        ("a CRITICAL failure", 21, "fatal"),
        ("an Error", 17, "error"),
        ("errno 5", 17, "error"),
        ("first a notice, then an error", 13, "warn"),
        ("DBUG x", 5, "debug"),
        ("trace", 1, "trace"),
        ("terror", 9, "info"),
        ("quiet", 9, "info"),
    ] {
        assert_eq!(severity(line), pair(number, text), "{line}");
    }
    let far = |count: usize| format!("{} error", "ä".repeat(count));
    assert_eq!(severity(&far(250)), pair(17, "error"));
    assert_eq!(severity(&far(251)), pair(17, "error"), "`err` is still within");
    assert_eq!(severity(&far(256)), pair(9, "info"));
}
