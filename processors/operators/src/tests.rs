//! Operators as people write them, against records as the collector makes them.

use serde_json::{Value as Json, json};
use skidway_sdk::time::Clock;
use skidway_sdk::{Attribute, ChunkParser, Context, Kind, Subject};

use super::*;

mod chains;
mod config;
mod cuts;
mod guide;
mod parsers;

/// 2026-11-22T12:00:00Z, the last change of the file.
const NOW: u64 = 1_795_348_800_000_000_000;

/// A record, as JSON to compare.
fn records(parsed: &Parsed, text: &str) -> Vec<Json> {
    let columns = &parsed.records;
    let scratch = std::str::from_utf8(&columns.scratch).unwrap();
    let part = |start: u32, end: u32| {
        let (start, end) = (start as usize, end as usize);
        if end <= text.len() { &text[start..end] } else { &scratch[start - text.len()..end - text.len()] }
    };
    let mut first = 0;
    let mut all = Vec::new();
    for i in 0..columns.origin.len() {
        let (mut attributes, mut resource) = (serde_json::Map::new(), serde_json::Map::new());
        for at in first..columns.attributes_end[i] as usize {
            let key = &columns.keys[usize::from(columns.attribute_key[at])];
            let value = part(columns.attribute_start[at], columns.attribute_end[at]);
            let value = match key.kind {
                Kind::Text => Json::from(value),
                Kind::Float => value.parse::<f64>().unwrap().into(),
                _ => serde_json::from_str(value).unwrap(),
            };
            let map = if key.subject == Subject::Source { &mut resource } else { &mut attributes };
            assert!(map.insert(key.name.clone(), value).is_none(), "{} is there twice", key.name);
        }
        first = columns.attributes_end[i] as usize;
        let body = part(columns.body_start[i], columns.body_end[i]);
        let is_json = columns.body_json.contains(&(i as u32));
        let mut record = json!({
            "body": if is_json { serde_json::from_str(body).unwrap() } else { Json::from(body) },
            "attributes": attributes,
        });
        if !resource.is_empty() {
            record["resource"] = resource.into();
        }
        if columns.time_unix_nano[i] != 0 {
            record["time"] = time(columns.time_unix_nano[i]).into();
        }
        let text = columns.severity_text_start.get(i).map(|&start| part(start, columns.severity_text_end[i]));
        if columns.severity_number[i] != 0 || text.is_some_and(|text| !text.is_empty()) {
            record["severity"] = json!([columns.severity_number[i], text.unwrap()]);
        }
        if parsed.unrecognised.contains(&(i as u32)) {
            record["failed"] = true.into();
        }
        all.push(record);
    }
    all
}

fn time(unix_nano: u64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(unix_nano as i64)).unwrap().to_string()
}

fn context(flush: bool) -> Context {
    let mut context = Context::new("/var/log/test.log", Clock::utc(NOW), flush);
    let name = Attribute { name: "log.file.name".into(), value: "test.log".into() };
    context.file_attributes = vec![name];
    context
}

fn make(config: &Json) -> Operators {
    Operators::configure(&config.to_string()).unwrap_or_else(|why| panic!("{why}: {config}"))
}

/// Parses a whole text; what is checked besides is what the host checks.
fn parse(config: &Json, text: &str) -> Parsed {
    let parsed = make(config).parse(text.as_bytes(), &context(true)).unwrap();
    assert_eq!(parsed.consumed as usize, text.len());
    assert!(parsed.records.origin.is_sorted());
    parsed
}

/// The records that these operators make of a text, without `log.file.name`.
fn run(operators: Json, text: &str) -> Vec<Json> {
    let parsed = parse(&json!({"operators": operators}), text);
    let mut records = records(&parsed, text);
    for record in &mut records {
        record["attributes"].as_object_mut().unwrap().remove("log.file.name");
    }
    records
}

/// What one line becomes.
fn one(operators: Json, line: &str) -> Json {
    let mut records = run(operators, &format!("{line}\n"));
    assert_eq!(records.len(), 1, "{records:?}");
    records.remove(0)
}

fn attributes(operators: Json, line: &str) -> Json {
    one(operators, line)["attributes"].clone()
}
