use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use proptest::prelude::*;
use prost::Message as _;

use super::*;

fn value(value: Value) -> Option<AnyValue> {
    Some(AnyValue { value: Some(value) })
}

fn attribute(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn payload_of(records: Vec<LogRecord>) -> Payload {
    let text = |text: &str| value(Value::StringValue(text.to_owned()));
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(Resource {
                attributes: vec![attribute("host.id", text("i-1"))],
                ..Resource::default()
            }),
            scope_logs: vec![ScopeLogs {
                scope: Some(InstrumentationScope::default()),
                log_records: records,
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    };
    Payload::from_encoded(Bytes::from(request.encode_to_vec())).unwrap()
}

fn record(body: Option<AnyValue>) -> LogRecord {
    LogRecord { time_unix_nano: 1_764_064_800_123_456_789, body, ..LogRecord::default() }
}

fn lines(numbers: std::ops::Range<usize>) -> Payload {
    payload_of(numbers.map(|n| record(value(Value::StringValue(format!("line {n}"))))).collect())
}

fn letters(folder: &Path, max_bytes: u64, max_backups: usize) -> DeadLetters {
    let path = folder.join("dead-letter/otlphttp.jsonl");
    DeadLetters::new(Options { path, max_bytes, max_backups, exporter: "otlphttp".to_owned() })
}

fn read(path: &Path) -> Vec<Letter> {
    fs::read(path).unwrap().split_inclusive(|&byte| byte == b'\n').map(|l| Letter::read(l).unwrap()).collect()
}

#[test]
fn a_record_is_written_so_that_it_can_be_read_and_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let letters = letters(folder.path(), 1 << 20, 1);
    letters.write(&lines(0..3), "http://b/v1/logs", "answers 400 (no)").unwrap();
    let read = read(letters.path());
    assert_eq!(read.len(), 3);
    assert_eq!((read[1].exporter.as_str(), read[1].reason.as_str()), ("otlphttp", "answers 400 (no)"));
    assert_eq!(read[1].payload().unwrap(), lines(1..2));
    let text = fs::read_to_string(letters.path()).unwrap();
    assert!(text.contains(r#""stringValue":"line 1""#) && text.contains(r#""stringValue":"i-1""#), "{text}");
    assert_eq!(fs::metadata(letters.path()).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(letters.path().parent().unwrap()).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn what_json_cannot_hold_is_kept_all_the_same() {
    let mut deep = value(Value::StringValue("bottom".to_owned()));
    for _ in 0..60 {
        let values = vec![deep.take().unwrap()];
        deep = value(Value::ArrayValue(ArrayValue { values }));
    }
    let payload = payload_of(vec![record(deep)]);
    assert!(crate::json::decoded(&payload).is_err(), "deeper than the decoder goes");
    let folder = tempfile::tempdir().unwrap();
    let letters = letters(folder.path(), 1 << 20, 1);
    letters.write(&payload, "b", "r").unwrap();
    assert_eq!(read(letters.path())[0].payload().unwrap(), payload);
}

/// Killed in the middle of a write: what is there of the line was acknowledged to nobody.
#[test]
fn a_line_that_was_cut_short_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let letters = letters(folder.path(), 1 << 20, 1);
    letters.write(&lines(0..1), "b", "r").unwrap();
    let torn = "{\"time\":\"".to_owned() + &"x".repeat(10_000);
    let mut file = OpenOptions::new().append(true).open(letters.path()).unwrap();
    file.write_all(torn.as_bytes()).unwrap();
    letters.write(&lines(1..2), "b", "r").unwrap();
    let payloads: Vec<_> = read(letters.path()).iter().map(|letter| letter.payload().unwrap()).collect();
    assert_eq!(payloads, [lines(0..1), lines(1..2)]);
}

#[test]
fn the_files_are_bounded_and_what_goes_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let letters = letters(folder.path(), 1000, 2);
    for n in 0..20 {
        letters.write(&lines(n..n + 1), "b", "r").unwrap();
    }
    let files: Vec<_> = fs::read_dir(letters.path().parent().unwrap()).unwrap().map(|e| e.unwrap()).collect();
    assert_eq!(files.len(), 3);
    assert!(files.iter().all(|file| file.metadata().unwrap().len() <= 1000));
    assert_eq!(read(letters.path()).last().unwrap().payload().unwrap(), lines(19..20));
}

/// As `skidway replay` does, while others write.
#[test]
fn what_is_taken_out_is_taken_once_and_what_comes_meanwhile_stays() {
    let folder = tempfile::tempdir().unwrap();
    let letters = letters(folder.path(), 1 << 30, 1);
    let done = AtomicBool::new(false);
    let mut taken = Vec::new();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|w| {
                let letters = &letters;
                let write = move |n| letters.write(&lines(n..n + 1), &w.to_string(), "r").unwrap();
                scope.spawn(move || (0..200).for_each(write))
            })
            .collect();
        scope.spawn(|| {
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) || letters.path().exists() {
            let Ok(file) = File::open(letters.path()) else { continue };
            let mut text = String::new();
            (&file).read_to_string(&mut text).unwrap();
            let whole = text.rfind('\n').map_or(0, |end| end + 1);
            let mut read: Vec<Vec<u8>> = text[..whole].split_inclusive('\n').map(|l| l.into()).collect();
            // Every other one is refused again.
            let kept = read.split_off(read.len().div_ceil(2));
            assert!(keep_only(letters.path(), &file, whole as u64, &kept).unwrap());
            taken.extend(read);
        }
    });
    let letter = |line: &Vec<u8>| Letter::read(line).unwrap();
    let mut taken: Vec<_> =
        taken.iter().map(letter).map(|l| (l.backend.clone(), l.payload().unwrap().body().clone())).collect();
    assert_eq!(taken.len(), 400);
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), 400);
}

#[test]
fn a_file_that_was_put_aside_meanwhile_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let letters = letters(folder.path(), 1 << 30, 1);
    letters.write(&lines(0..1), "b", "r").unwrap();
    let file = File::open(letters.path()).unwrap();
    fs::rename(letters.path(), folder.path().join("aside")).unwrap();
    assert!(!keep_only(letters.path(), &file, 0, &[]).unwrap());
    letters.write(&lines(1..2), "b", "r").unwrap();
    assert!(!keep_only(letters.path(), &file, 0, &[]).unwrap());
    assert_eq!(read(letters.path()).len(), 1);
}

#[test]
fn lines_that_are_no_letters_say_why() {
    let said = |line: &str| Letter::read(line.as_bytes()).map(|_| ()).unwrap_err().to_string();
    assert!(said("{").starts_with("is not JSON of a dead letter"), "{}", said("{"));
    let empty = r#"{"time":"","exporter":"","backend":"","reason":""}"#;
    assert_eq!(said(empty), "has no `request`");
    let bad =
        Letter::read(empty.replace('}', r#","protobuf":"!"}"#).as_bytes()).unwrap().payload().unwrap_err();
    assert!(bad.to_string().contains("base64"), "{bad}");
}

fn values() -> impl Strategy<Value = Option<AnyValue>> {
    let leaf = prop_oneof![
        "\\PC{0,12}".prop_map(Value::StringValue),
        any::<i64>().prop_map(Value::IntValue),
        any::<bool>().prop_map(Value::BoolValue),
        (-1e300f64..1e300).prop_map(Value::DoubleValue),
    ];
    let nested = leaf.prop_recursive(4, 24, 4, |inner| {
        let some = inner.prop_map(|value| AnyValue { value: Some(value) });
        prop_oneof![
            prop::collection::vec(some.clone(), 0..4)
                .prop_map(|values| Value::ArrayValue(ArrayValue { values })),
            prop::collection::vec(("[a-z.]{1,8}", some), 0..4).prop_map(|pairs| {
                let values = pairs.into_iter().map(|(key, value)| attribute(&key, Some(value))).collect();
                Value::KvlistValue(KeyValueList { values })
            }),
        ]
    });
    prop_oneof![
        9 => nested.prop_map(|value| Some(AnyValue { value: Some(value) })),
        // What JSON's `null` becomes in an attribute.
        1 => Just(Some(AnyValue { value: None })),
    ]
}

proptest! {
    #[test]
    fn what_comes_back_is_what_was_refused(
        body in values(), attributes in prop::collection::vec(("[a-z.]{1,8}", values()), 0..4),
        time in any::<u64>(), severity in 0i32..25,
    ) {
        let attributes = attributes.into_iter().map(|(key, value)| attribute(&key, value)).collect();
        let record = LogRecord {
            time_unix_nano: time, observed_time_unix_nano: 7, severity_number: severity, attributes, ..record(body)
        };
        let payload = payload_of(vec![record]);
        let mut line = Vec::new();
        Letter::of(&payload, "e", "b", "r").write(&mut line).unwrap();
        prop_assert_eq!(Letter::read(&line).unwrap().payload().unwrap(), payload);
    }
}
