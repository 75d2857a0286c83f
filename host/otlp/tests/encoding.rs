//! The encoder against prost's own structs, and payloads in halves.
#![allow(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::sync::Arc;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource as ProtoResource;
use proptest::prelude::*;
use prost::Message;
use skidway_model::{
    Attribute, Checked, FirstLine, Key, Kind, Lineage, MAX_JSON_DEPTH, MAX_SEVERITY, Records, Subject,
    severity_text,
};
use skidway_otlp::{BatchBuilder, Buffers, Constants, Malformed, Payload, Resource};

/// A record as a test thinks of it.
#[derive(Debug, Clone)]
struct Line {
    time: u64,
    severity: u8,
    body: String,
    /// Key index, value.
    attributes: Vec<(u16, String)>,
}

#[derive(Debug, Clone)]
struct Chunk {
    keys: Vec<Key>,
    lines: Vec<Line>,
    constants: Vec<(String, String)>,
    observed: u64,
    /// Whether attribute values stand in the scratch bytes rather than in the text.
    in_scratch: bool,
    /// Which of the resources its records have, as far as there are so many.
    resource: usize,
}

impl Chunk {
    /// The text and the columns that a parser would answer for it.
    fn columns(&self) -> (String, Records) {
        let text: String = self.lines.iter().flat_map(|line| [line.body.as_str(), "\n"]).collect();
        let mut values = String::new();
        let mut columns = Records { keys: self.keys.clone(), ..Records::default() };
        let all: String = self.lines.iter().flat_map(|l| &l.attributes).map(|(_, v)| v.as_str()).collect();
        let text = if self.in_scratch { text } else { text + &all };
        let base = if self.in_scratch { text.len() } else { text.len() - all.len() };
        let mut at = 0;
        for line in &self.lines {
            columns.origin.push(at);
            columns.time_unix_nano.push(line.time);
            columns.severity_number.push(line.severity);
            columns.body_start.push(at);
            at += line.body.len() as u32;
            columns.body_end.push(at);
            at += 1;
            for (key, value) in &line.attributes {
                columns.attribute_key.push(*key);
                columns.attribute_start.push((base + values.len()) as u32);
                values.push_str(value);
                columns.attribute_end.push((base + values.len()) as u32);
            }
            columns.attributes_end.push(columns.attribute_key.len() as u32);
        }
        if self.in_scratch {
            columns.scratch = values.into_bytes();
        }
        (text, columns)
    }

    fn expected(&self) -> impl Iterator<Item = LogRecord> {
        self.lines.iter().map(|line| {
            let own = line.attributes.iter().filter_map(|(key, value)| {
                let key = &self.keys[usize::from(*key)];
                (key.subject == Subject::Entry).then(|| any_pair(&key.name, typed(key.kind, value)))
            });
            let constant = self.constants.iter().map(|(name, value)| pair(name, text(value)));
            LogRecord {
                time_unix_nano: line.time,
                observed_time_unix_nano: self.observed,
                severity_number: line.severity.into(),
                severity_text: severity_text(line.severity).to_owned(),
                body: Some(AnyValue { value: Some(text(&line.body)) }),
                attributes: own.chain(constant).collect(),
                ..LogRecord::default()
            }
        })
    }
}

fn text(value: &str) -> Value {
    Value::StringValue(value.to_owned())
}

fn typed(kind: Kind, value: &str) -> AnyValue {
    let number = match kind {
        Kind::Text => None,
        Kind::Json => match serde_json::from_str(value) {
            Ok(value) => return json(&value),
            Err(_) => None,
        },
        Kind::Integer => value.parse().ok().map(Value::IntValue),
        Kind::Float => value.parse().ok().filter(|n: &f64| n.is_finite()).map(Value::DoubleValue),
        Kind::Boolean => value.parse().ok().map(Value::BoolValue),
    };
    AnyValue { value: Some(number.unwrap_or_else(|| text(value))) }
}

/// What a JSON value is in OTLP, written a second time, with prost's structs.
fn json(value: &serde_json::Value) -> AnyValue {
    use serde_json::Value as Json;
    let value = match value {
        Json::Null => None,
        Json::Bool(truth) => Some(Value::BoolValue(*truth)),
        Json::Number(number) if number.is_i64() => number.as_i64().map(Value::IntValue),
        Json::Number(number) => number.as_f64().map(Value::DoubleValue),
        Json::String(value) => Some(text(value)),
        Json::Array(items) => {
            Some(Value::ArrayValue(ArrayValue { values: items.iter().map(json).collect() }))
        }
        Json::Object(map) => {
            let values = map.iter().map(|(name, value)| any_pair(name, json(value))).collect();
            Some(Value::KvlistValue(KeyValueList { values }))
        }
    };
    AnyValue { value }
}

fn any_pair(name: &str, value: AnyValue) -> KeyValue {
    KeyValue { key: name.to_owned(), value: Some(value), ..KeyValue::default() }
}

fn pair(name: &str, value: Value) -> KeyValue {
    any_pair(name, AnyValue { value: Some(value) })
}

fn resource_logs(resource: &[Attribute]) -> ResourceLogs {
    let attributes = resource.iter().map(|a| any_pair(&a.name, typed(a.kind, &a.value))).collect();
    ResourceLogs {
        resource: Some(ProtoResource { attributes, ..ProtoResource::default() }),
        scope_logs: vec![ScopeLogs { scope: Some(Default::default()), ..ScopeLogs::default() }],
        ..ResourceLogs::default()
    }
}

/// Records that follow each other share a resource where it is the same.
fn expected(resources: &[Vec<Attribute>], chunks: &[Chunk]) -> ExportLogsServiceRequest {
    let mut groups: Vec<ResourceLogs> = Vec::new();
    for chunk in chunks.iter().filter(|chunk| !chunk.lines.is_empty()) {
        let group = resource_logs(&resources[chunk.resource % resources.len()]);
        if groups.last().is_none_or(|last| last.resource != group.resource) {
            groups.push(group);
        }
        let records = &mut groups.last_mut().unwrap().scope_logs[0].log_records;
        records.extend(chunk.expected());
    }
    if groups.is_empty() {
        groups.push(resource_logs(&resources[0]));
    }
    ExportLogsServiceRequest { resource_logs: groups }
}

fn encode(resources: &[Vec<Attribute>], chunks: &[Chunk]) -> Payload {
    let encoded: Vec<_> = resources.iter().map(|resource| Arc::new(Resource::new(resource))).collect();
    let mut batch = BatchBuilder::new(encoded[0].clone(), 64);
    for chunk in chunks {
        let (text, columns) = chunk.columns();
        let records = Checked::new(&text, columns).unwrap();
        let constants = Constants::new(chunk.constants.iter().map(|(a, b)| (a.as_str(), b.as_str())));
        if !records.is_empty() {
            batch.describe(&encoded[chunk.resource % encoded.len()]);
        }
        batch.append(&records, 0..records.len(), &constants, chunk.observed);
    }
    batch.finish()
}

fn resources() -> impl Strategy<Value = Vec<Vec<Attribute>>> {
    prop::collection::vec(resource(), 1..3)
}

/// Lengths around the places where a varint grows by a byte.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "\\PC{0,20}",
        2 => (90usize..140).prop_map(|n| "v".repeat(n)),
        1 => (16_200usize..16_500).prop_map(|n| "w".repeat(n)),
    ]
}

fn number(kind: Kind) -> BoxedStrategy<String> {
    match kind {
        Kind::Text => words().boxed(),
        Kind::Integer => {
            prop_oneof![any::<i64>().prop_map(|n| n.to_string()), "[0-9]{0,25}", words()].boxed()
        }
        Kind::Float => prop_oneof![
            any::<f64>().prop_map(|n| n.to_string()),
            Just("inf".to_owned()),
            Just("1e999".to_owned()),
            words()
        ]
        .boxed(),
        Kind::Json => prop_oneof![
            Just(r#"{"a":[1,-2.5,1e3,18446744073709551615,null,true,{"":"x"}],"b":{}}"#.to_owned()),
            Just("7".to_owned()),
            words()
        ]
        .boxed(),
        Kind::Boolean => prop_oneof![any::<bool>().prop_map(|b| b.to_string()), words()].boxed(),
    }
}

fn key() -> impl Strategy<Value = Key> {
    let kind = prop_oneof![
        3 => Just(Kind::Text), 1 => Just(Kind::Integer), 1 => Just(Kind::Float), 1 => Just(Kind::Boolean),
        1 => Just(Kind::Json),
    ];
    let subject = prop_oneof![8 => Just(Subject::Entry), 1 => Just(Subject::Source)];
    let name = prop_oneof![8 => "[a-z.]{1,14}", 1 => "k{110,256}"];
    (name, kind, subject).prop_map(|(name, kind, subject)| Key { name, kind, subject })
}

fn line(keys: &[Key]) -> impl Strategy<Value = Line> + use<> {
    let attributes: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(i, key)| prop::option::weighted(0.8, number(key.kind)).prop_map(move |v| Some((i as u16, v?))))
        .collect();
    let time = prop_oneof![Just(0), any::<u64>()];
    (time, 0..=MAX_SEVERITY, words(), attributes).prop_map(|(time, severity, body, attributes)| Line {
        time,
        severity,
        body,
        attributes: attributes.into_iter().flatten().collect(),
    })
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("[a-z.]{0,9}", words()), 0..3)
}

fn chunk() -> impl Strategy<Value = Chunk> {
    let keys = prop::collection::vec(key(), 0..6).prop_map(|mut keys| {
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        keys.dedup_by(|a, b| a.name == b.name);
        keys
    });
    let lines = keys.prop_flat_map(|keys| {
        let lines = prop::collection::vec(line(&keys), 0..6);
        (Just(keys), lines)
    });
    let observed = prop_oneof![Just(0), any::<u64>()];
    (lines, pairs(), observed, any::<bool>(), 0usize..2).prop_map(
        |((keys, lines), constants, observed, in_scratch, resource)| Chunk {
            keys,
            lines,
            constants,
            observed,
            in_scratch,
            resource,
        },
    )
}

fn resource() -> impl Strategy<Value = Vec<Attribute>> {
    let typed = |(name, value)| Attribute { name, value, kind: Kind::Json };
    pairs().prop_map(move |pairs| pairs.into_iter().map(typed).collect())
}

/// Each record with its resource.
fn described(request: &ExportLogsServiceRequest) -> Vec<(Option<ProtoResource>, LogRecord)> {
    let groups = request.resource_logs.iter();
    let records = |group: &ResourceLogs| group.scope_logs[0].log_records.clone();
    groups.flat_map(|group| records(group).into_iter().map(|r| (group.resource.clone(), r))).collect()
}

fn logs(request: &ExportLogsServiceRequest) -> Vec<LogRecord> {
    described(request).into_iter().map(|(_, record)| record).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn records_arrive_as_they_were_and_in_the_bytes_prost_would_write(
        resources in resources(), chunks in prop::collection::vec(chunk(), 0..4),
    ) {
        let payload = encode(&resources, &chunks);
        let decoded = ExportLogsServiceRequest::decode(payload.body().clone()).unwrap();
        prop_assert_eq!(&decoded, &expected(&resources, &chunks));
        prop_assert_eq!(&decoded.encode_to_vec()[..], &payload.body()[..]);
        prop_assert_eq!(payload.len(), chunks.iter().map(|c| c.lines.len()).sum::<usize>());
    }

    #[test]
    fn halves_hold_the_same_records_and_resource(resources in resources(), chunks in prop::collection::vec(chunk(), 0..4)) {
        let payload = encode(&resources, &chunks);
        let whole = ExportLogsServiceRequest::decode(payload.body().clone()).unwrap();
        let records: Vec<_> = payload.records().map(|r| LogRecord::decode(r).unwrap()).collect();
        prop_assert_eq!(&records, &logs(&whole));
        let Some((first, second)) = payload.split() else {
            prop_assert!(payload.len() < 2);
            return Ok(());
        };
        prop_assert_eq!(first.len() + second.len(), payload.len());
        prop_assert!(!first.is_empty() && !second.is_empty());
        let mut joined = Vec::new();
        for half in [&first, &second] {
            prop_assert_eq!(&Payload::from_encoded(half.body().clone()).unwrap(), half);
            let decoded = ExportLogsServiceRequest::decode(half.body().clone()).unwrap();
            prop_assert_eq!(&decoded.encode_to_vec()[..], &half.body()[..]);
            joined.extend(described(&decoded));
        }
        prop_assert_eq!(joined, described(&whole));
    }

    #[test]
    fn garbage_is_malformed_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(payload) = Payload::from_encoded(bytes.into()) {
            prop_assert_eq!(payload.records().count(), payload.len());
            payload.split();
        }
    }

    #[test]
    fn a_damaged_payload_never_panics(chunk in chunk(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = encode(&[Vec::new()], std::slice::from_ref(&chunk)).body().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if cut {
            bytes.truncate(at);
        }
        if let Ok(payload) = Payload::from_encoded(bytes.into())
            && let Some((first, second)) = payload.split()
        {
            prop_assert_eq!(first.len() + second.len(), payload.len());
        }
    }
}

fn lines(n: usize) -> Chunk {
    let line = |i| Line { time: i as u64, severity: 9, body: format!("line {i}"), attributes: Vec::new() };
    let (keys, constants) = (Vec::new(), Vec::new());
    Chunk { keys, lines: (0..n).map(line).collect(), constants, observed: 1, in_scratch: false, resource: 0 }
}

#[test]
fn a_batch_counts_what_it_holds() {
    let resource = Arc::new(Resource::new(&[Attribute::new("host.id", "i-1")]));
    let mut batch = BatchBuilder::new(resource, 1024);
    assert!(batch.is_empty());
    assert_eq!((batch.records(), batch.bytes()), (0, 0));
    let (text, columns) = lines(3).columns();
    batch.append(&Checked::new(&text, columns).unwrap(), 0..3, &Constants::default(), 1);
    assert!(!batch.is_empty());
    assert_eq!(batch.records(), 3);
    let bytes = batch.bytes();
    let payload = batch.finish();
    let head = payload.body().len() - bytes;
    assert!((10..80).contains(&head), "a header of {head} bytes");
}

#[test]
fn a_buffer_that_went_round_gives_the_same_bytes() {
    let buffers = Buffers::new(4096);
    let resource = Arc::new(Resource::new(&[Attribute::new("host.id", "i-1")]));
    let encode = |n| {
        let (text, columns) = lines(n).columns();
        let mut batch = BatchBuilder::with_buffers(resource.clone(), &buffers);
        batch.append(&Checked::new(&text, columns).unwrap(), 0..n, &Constants::default(), 1);
        batch.finish()
    };
    let first = encode(20).body().to_vec();
    encode(3);
    assert_eq!(encode(20).body()[..], first);
}

#[test]
fn a_body_may_be_json_and_a_severity_may_have_a_text_of_its_own() {
    let (text, mut columns) = lines(3).columns();
    columns.scratch = br#"{"a":1}loud"#.to_vec();
    let base = text.len() as u32;
    (columns.body_start[1], columns.body_end[1]) = (base, base + 7);
    columns.body_json = vec![1, 2];
    columns.severity_number[0] = 0;
    columns.severity_text_start = vec![base + 7, 0, base + 7];
    columns.severity_text_end = vec![base + 11, 0, base + 11];
    let records = Checked::new(&text, columns).unwrap();
    let mut batch = BatchBuilder::new(Arc::new(Resource::new(&[])), 64);
    batch.append(&records, 0..3, &Constants::default(), 1);
    let request = ExportLogsServiceRequest::decode(batch.finish().body().clone()).unwrap();
    let records = logs(&request);
    let severities: Vec<_> = records.iter().map(|r| (r.severity_number, r.severity_text.as_str())).collect();
    assert_eq!(severities, [(0, "loud"), (9, ""), (9, "loud")]);
    assert_eq!(records[1].body, Some(json(&serde_json::json!({"a": 1}))));
    assert_eq!(
        records[2].body,
        Some(AnyValue { value: Some(Value::StringValue("line 2".into())) }),
        "no JSON stays text"
    );
}

#[test]
fn json_that_is_nested_too_deep_stays_text() {
    for (depth, is_text) in [(MAX_JSON_DEPTH, false), (MAX_JSON_DEPTH + 1, true), (5_000, true)] {
        let value = "[".repeat(depth) + &"]".repeat(depth);
        let resource = Resource::new(&[Attribute { name: "a".into(), value, kind: Kind::Json }]);
        let payload = BatchBuilder::new(Arc::new(resource), 64).finish();
        let request = ExportLogsServiceRequest::decode(payload.body().clone()).unwrap();
        let resource = request.resource_logs[0].resource.clone().unwrap();
        let value = resource.attributes[0].value.clone().unwrap().value.unwrap();
        assert_eq!(matches!(value, Value::StringValue(_)), is_text, "{depth}");
    }
}

#[test]
fn other_requests_are_malformed() {
    let request = || expected(&[Vec::new()], &[lines(2)]);
    let mut schema = request();
    schema.resource_logs[0].schema_url = "https://schema".into();
    let mut scopes = request();
    let scope = scopes.resource_logs[0].scope_logs[0].clone();
    scopes.resource_logs[0].scope_logs.push(scope);
    for request in [ExportLogsServiceRequest::default(), schema, scopes] {
        assert_eq!(Payload::from_encoded(request.encode_to_vec().into()), Err(Malformed));
    }
    let mut bare = request();
    bare.resource_logs[0].resource = None;
    bare.resource_logs[0].scope_logs[0].scope = None;
    let payload = Payload::from_encoded(bare.encode_to_vec().into()).unwrap();
    assert_eq!(payload.split().map(|(a, b)| (a.len(), b.len())), Some((1, 1)));
    assert_eq!(Payload::from_encoded(Bytes::new()), Err(Malformed));
}

#[test]
fn records_whose_lines_are_known_carry_their_uid_unless_they_have_one() {
    let (text, mut columns) = lines(3).columns();
    columns.keys = vec![Key::text("log.record.uid"), Key::text("other")];
    columns.attribute_key = vec![1, 0];
    columns.attribute_start = vec![0, 0];
    columns.attribute_end = vec![4, 4];
    columns.attributes_end = vec![1, 2, 2];
    let constants = Constants::new([("source", "test")]).with_uid(Lineage(0xfe));
    let uids = |records: &Checked<'_>| -> Vec<Vec<String>> {
        let mut batch = BatchBuilder::new(Arc::new(Resource::new(&[])), 64);
        batch.append(records, 0..3, &constants, 1);
        let request = ExportLogsServiceRequest::decode(batch.finish().body().clone()).unwrap();
        let of = |record: LogRecord| -> Vec<String> {
            let uids = record.attributes.iter().filter(|pair| pair.key == "log.record.uid");
            uids.map(|pair| format!("{:?}", pair.value)).collect()
        };
        logs(&request).into_iter().map(of).collect()
    };
    let mut records = Checked::new(&text, columns).unwrap();
    assert_eq!(uids(&records).concat().len(), 1, "the parser's, while nobody knows the lines");
    records.locate(|origin| FirstLine { offset: origin as u64, hash: 7, nth: 0 });
    let found = uids(&records);
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [1; 3]);
    assert!(found[0][0].contains("00000000000000fe-000000000000-00000007"), "{found:?}");
    assert!(found[1][0].contains("line"), "the parser's own: {found:?}");
    assert!(found[2][0].contains("00000000000000fe-00000000000e-00000007"), "{found:?}");
}
