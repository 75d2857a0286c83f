use serde_json::json;
use skidway_sdk::testing::{Entry, parse_and_enrich};
use skidway_sdk::{Context, Kind, Line, Parser, Record};

use super::*;

/// The first word is the attribute `word`, the length of the line `size`.
struct Words;

impl Parser for Words {
    fn configure(_: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        out.attribute("word", line.split(|&byte| byte == b' ').next().unwrap_or_default());
        out.attribute_as("size", Kind::Integer, line.len().to_string().as_bytes());
        out.severity(if line.starts_with(b"WARN") { 13 } else { 0 });
        Line::Entry
    }
}

fn run(config: &Json, text: &str) -> Vec<Entry> {
    parse_and_enrich(&Words, &Attributes::configure(&config.to_string()).unwrap(), text)
}

#[test]
fn attributes_of_chosen_records_change() {
    let config = json!({
        "include": {"match_type": "regexp", "bodies": ["^a", "^b"]},
        "exclude": {"match_type": "strict", "attributes": [{"key": "word", "value": "b"}]},
        "actions": [
            {"action": "insert", "key": "new", "value": true},
            {"action": "upsert", "key": "copy", "from_attribute": "size"},
            {"action": "delete", "key": "word"},
        ],
    });
    let entries = run(&config, "a 1\nb 2\nc 3\n");
    assert_eq!(entries[0].pairs(), [("size", "3"), ("new", "true"), ("copy", "3")]);
    assert_eq!(entries[1].pairs(), [("word", "b"), ("size", "3")]);
    assert_eq!(entries[2].pairs(), [("word", "c"), ("size", "3")]);
}

#[test]
fn records_go_that_are_not_chosen() {
    let bodies = |config: Json| -> Vec<String> {
        let text = "WARN x\nnone\nanother\n";
        run(&config, text).into_iter().map(|entry| entry.body).collect()
    };
    let filter = |include: Json| json!({"drop": true, "include": include});
    let severity = |min: Json, undefined: bool| {
        filter(json!({"match_type": "strict", "severity_number": {"min": min, "match_undefined": undefined}}))
    };
    assert_eq!(bodies(severity(json!("WARN"), false)), ["WARN x"]);
    assert_eq!(bodies(severity(json!(17), true)), ["none", "another"]);
    assert_eq!(bodies(filter(json!({"match_type": "strict", "severity_texts": ["WARN"]}))), ["WARN x"]);
    assert_eq!(bodies(filter(json!({"match_type": "strict", "bodies": ["none"]}))), ["none"]);
    assert_eq!(
        bodies(filter(json!({"match_type": "regexp", "attributes": [{"key": "word", "value": "^.o"}]}))),
        ["none"]
    );
    assert_eq!(
        bodies(filter(json!({"match_type": "strict", "attributes": [{"key": "size", "value": 7}]}))),
        ["another"]
    );
    let exclude = json!({"drop": true, "exclude": {"match_type": "regexp", "bodies": ["n"]}});
    assert_eq!(bodies(exclude), ["WARN x"]);
}

#[test]
fn what_is_wrong_has_its_place() {
    let table = [
        (json!({"includ": {}}), "includ: unknown setting; there are include, exclude, actions, drop"),
        (json!({"include": {}}), "include.match_type: it is missing; write strict or regexp"),
        (
            json!({"include": {"match_type": "expr"}}),
            "include.match_type: `expr` is unknown; there are strict and regexp",
        ),
        (
            json!({"include": {"match_type": "strict"}}),
            "include: it has no condition; write bodies, severity_texts, attributes or severity_number",
        ),
        (
            json!({"exclude": {"match_type": "regexp", "bodies": ["a", "("]}}),
            "exclude.bodies[1]: unclosed group",
        ),
        (
            json!({"exclude": {"match_type": "strict", "attributes": [{"value": 1}]}}),
            "exclude.attributes[0].key: it is missing; name the attribute",
        ),
        (
            json!({"exclude": {"match_type": "strict", "severity_number": {"min": "LOUD"}}}),
            "exclude.severity_number.min: it is no severity; write a number from 1 to 24 or a name such as WARN",
        ),
        (
            json!({"actions": [{"action": "insert", "key": "a"}]}),
            "actions[0].value: it is missing: write `value` or `from_attribute`",
        ),
    ];
    for (config, expected) in table {
        assert_eq!(Attributes::configure(&config.to_string()).unwrap_err(), expected, "{config}");
    }
}
