//! The encoder against prost's own structs, and payloads in halves.
#![allow(clippy::unwrap_used, reason = "a helper of a test may fail it")]

use std::sync::Arc;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource as ProtoResource;
use proptest::prelude::*;
use prost::Message;
use skidway_model::{Attribute, Checked, Key, Kind, MAX_SEVERITY, Records, severity_text};
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
            let own = line.attributes.iter().map(|(key, value)| {
                let key = &self.keys[usize::from(*key)];
                pair(&key.name, typed(key.kind, value))
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

fn typed(kind: Kind, value: &str) -> Value {
    let number = match kind {
        Kind::Text => None,
        Kind::Integer => value.parse().ok().map(Value::IntValue),
        Kind::Float => value.parse().ok().filter(|n: &f64| n.is_finite()).map(Value::DoubleValue),
        Kind::Boolean => value.parse().ok().map(Value::BoolValue),
    };
    number.unwrap_or_else(|| text(value))
}

fn pair(name: &str, value: Value) -> KeyValue {
    KeyValue { key: name.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn expected(resource: &[Attribute], chunks: &[Chunk]) -> ExportLogsServiceRequest {
    let attributes = resource.iter().map(|a| pair(&a.name, text(&a.value))).collect();
    let scope_logs = ScopeLogs {
        scope: Some(Default::default()),
        log_records: chunks.iter().flat_map(Chunk::expected).collect(),
        ..ScopeLogs::default()
    };
    let resource_logs = ResourceLogs {
        resource: Some(ProtoResource { attributes, ..ProtoResource::default() }),
        scope_logs: vec![scope_logs],
        ..ResourceLogs::default()
    };
    ExportLogsServiceRequest { resource_logs: vec![resource_logs] }
}

fn encode(resource: &[Attribute], chunks: &[Chunk]) -> Payload {
    let mut batch = BatchBuilder::new(Arc::new(Resource::new(resource)), 64);
    for chunk in chunks {
        let (text, columns) = chunk.columns();
        let records = Checked::new(&text, columns).unwrap();
        let constants = Constants::new(chunk.constants.iter().map(|(a, b)| (a.as_str(), b.as_str())));
        batch.append(&records, &constants, chunk.observed);
    }
    batch.finish()
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
        Kind::Boolean => prop_oneof![any::<bool>().prop_map(|b| b.to_string()), words()].boxed(),
    }
}

fn key() -> impl Strategy<Value = Key> {
    let kind = prop_oneof![
        3 => Just(Kind::Text), 1 => Just(Kind::Integer), 1 => Just(Kind::Float), 1 => Just(Kind::Boolean)
    ];
    let name = prop_oneof![8 => "[a-z.]{1,14}", 1 => "k{110,256}"];
    (name, kind).prop_map(|(name, kind)| Key { name, kind })
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
    (lines, pairs(), observed, any::<bool>()).prop_map(|((keys, lines), constants, observed, in_scratch)| {
        Chunk { keys, lines, constants, observed, in_scratch }
    })
}

fn resource() -> impl Strategy<Value = Vec<Attribute>> {
    pairs().prop_map(|pairs| pairs.into_iter().map(|(name, value)| Attribute { name, value }).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn records_arrive_as_they_were_and_in_the_bytes_prost_would_write(
        resource in resource(), chunks in prop::collection::vec(chunk(), 0..4),
    ) {
        let payload = encode(&resource, &chunks);
        let decoded = ExportLogsServiceRequest::decode(payload.body().clone()).unwrap();
        prop_assert_eq!(&decoded, &expected(&resource, &chunks));
        prop_assert_eq!(&decoded.encode_to_vec()[..], &payload.body()[..]);
        prop_assert_eq!(payload.len(), chunks.iter().map(|c| c.lines.len()).sum::<usize>());
    }

    #[test]
    fn halves_hold_the_same_records_and_resource(resource in resource(), chunks in prop::collection::vec(chunk(), 0..4)) {
        let payload = encode(&resource, &chunks);
        let whole = ExportLogsServiceRequest::decode(payload.body().clone()).unwrap();
        let records: Vec<_> = payload.records().map(|r| LogRecord::decode(r).unwrap()).collect();
        prop_assert_eq!(&records, &whole.resource_logs[0].scope_logs[0].log_records);
        let Some((first, second)) = payload.split() else {
            prop_assert!(payload.len() < 2);
            return Ok(());
        };
        prop_assert_eq!(first.len() + second.len(), payload.len());
        prop_assert!(!first.is_empty() && !second.is_empty());
        let mut joined = Vec::new();
        for half in [&first, &second] {
            prop_assert_eq!(&Payload::from_encoded(half.body().clone()).unwrap(), half);
            let mut decoded = ExportLogsServiceRequest::decode(half.body().clone()).unwrap();
            prop_assert_eq!(&decoded.encode_to_vec()[..], &half.body()[..]);
            joined.append(&mut decoded.resource_logs[0].scope_logs[0].log_records);
            prop_assert_eq!(&decoded.resource_logs[0].resource, &whole.resource_logs[0].resource);
        }
        prop_assert_eq!(joined, records);
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
        let mut bytes = encode(&[], std::slice::from_ref(&chunk)).body().to_vec();
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
    Chunk { keys, lines: (0..n).map(line).collect(), constants, observed: 1, in_scratch: false }
}

#[test]
fn a_batch_counts_what_it_holds() {
    let resource = Arc::new(Resource::new(&[Attribute::new("host.id", "i-1")]));
    let mut batch = BatchBuilder::new(resource, 1024);
    assert!(batch.is_empty());
    assert_eq!((batch.records(), batch.bytes()), (0, 0));
    let (text, columns) = lines(3).columns();
    batch.append(&Checked::new(&text, columns).unwrap(), &Constants::default(), 1);
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
        batch.append(&Checked::new(&text, columns).unwrap(), &Constants::default(), 1);
        batch.finish()
    };
    let first = encode(20).body().to_vec();
    encode(3);
    assert_eq!(encode(20).body()[..], first);
}

#[test]
fn other_requests_are_malformed() {
    let mut two = expected(&[], &[lines(2)]);
    two.resource_logs.push(two.resource_logs[0].clone());
    let mut schema = expected(&[], &[lines(2)]);
    schema.resource_logs[0].schema_url = "https://schema".into();
    let mut scopes = expected(&[], &[lines(2)]);
    let scope = scopes.resource_logs[0].scope_logs[0].clone();
    scopes.resource_logs[0].scope_logs.push(scope);
    for request in [ExportLogsServiceRequest::default(), two, schema, scopes] {
        assert_eq!(Payload::from_encoded(request.encode_to_vec().into()), Err(Malformed));
    }
    let mut bare = expected(&[], &[lines(2)]);
    bare.resource_logs[0].resource = None;
    bare.resource_logs[0].scope_logs[0].scope = None;
    let payload = Payload::from_encoded(bare.encode_to_vec().into()).unwrap();
    assert_eq!(payload.split().map(|(a, b)| (a.len(), b.len())), Some((1, 1)));
    assert_eq!(Payload::from_encoded(Bytes::new()), Err(Malformed));
}
