use super::*;
use crate::client::{Answered, send};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use std::io::{self, Write};

const SOON: Duration = Duration::from_secs(10);

fn text(value: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) })
}

fn pair(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: text(value), ..KeyValue::default() }
}

fn log(body: &str) -> LogRecord {
    LogRecord {
        time_unix_nano: 1,
        observed_time_unix_nano: 2,
        severity_number: 9,
        severity_text: "INFO".to_owned(),
        body: text(body),
        attributes: vec![pair("unit", "sshd")],
        ..LogRecord::default()
    }
}

fn request(log_records: Vec<LogRecord>) -> Vec<u8> {
    let scope = InstrumentationScope { name: "skidway".to_owned(), ..InstrumentationScope::default() };
    let resource = Resource { attributes: vec![pair("host.id", "i-0abc")], ..Resource::default() };
    let scope_logs = ScopeLogs { scope: Some(scope), log_records, ..ScopeLogs::default() };
    let resource_logs =
        ResourceLogs { resource: Some(resource), scope_logs: vec![scope_logs], ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![resource_logs] }.encode_to_vec()
}

fn three() -> Vec<u8> {
    request(vec![log("one"), log("two"), log("three")])
}

fn post(sink: &OtlpSink, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Answered> {
    let mut all = vec![("Content-Type", "application/x-protobuf")];
    all.extend(headers);
    send(sink.addr(), "POST /v1/logs", &all, body)
}

fn status(sink: &OtlpSink, body: &[u8]) -> Option<u16> {
    post(sink, &[], body).map(|answered| answered.status).ok()
}

#[test]
fn a_record_arrives_with_all_it_belongs_to() {
    let sink = OtlpSink::start().unwrap();
    let answered = post(&sink, &[("Authorization", "key")], &three()).unwrap();
    assert_eq!(answered.status, 200);
    let response = ExportLogsServiceResponse::decode(&answered.body[..]).unwrap();
    assert_eq!(response.partial_success, None);

    sink.wait_delivered(SOON, 3).unwrap();
    assert_eq!(sink.bodies(), ["one", "two", "three"]);
    let record = &sink.records()[1];
    assert_eq!((record.time_unix_nano, record.observed_time_unix_nano), (1, 2));
    assert_eq!((record.severity_number, record.severity_text.as_str()), (9, "INFO"));
    assert_eq!(record.attributes["unit"], "sshd");
    assert_eq!(record.attr("pid"), None);
    assert_eq!(record.resource_attr("host.id"), Some("i-0abc"));
    assert_eq!(record.scope.name, "skidway");
    assert_eq!(record.headers["authorization"], "key");
}

#[test]
fn compressed_bodies_are_read_and_their_bytes_counted() {
    let sink = OtlpSink::start_counting().unwrap();
    let plain = three();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&plain).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(&plain[..], 0).unwrap();
    assert_eq!(post(&sink, &[("content-encoding", "gzip")], &gzip).unwrap().status, 200);
    assert_eq!(post(&sink, &[("content-encoding", "zstd")], &zstd).unwrap().status, 200);
    assert_eq!(post(&sink, &[], &plain).unwrap().status, 200);
    sink.read(|state| {
        assert_eq!(state.delivered, 9);
        assert_eq!(state.wire_bytes, (gzip.len() + zstd.len() + plain.len()) as u64);
        assert_eq!(state.decoded_bytes, 3 * plain.len() as u64);
        assert!(state.records.is_empty(), "this one only counts");
        assert!(state.first_delivery.unwrap() < state.last_delivery.unwrap());
    });
}

#[test]
fn what_is_no_request_is_refused_and_said_why() {
    let sink = OtlpSink::start().unwrap();
    let refused = |answered: Answered, status: u16, why: &str| {
        assert_eq!(answered.status, status);
        let error = RpcStatus::decode(&answered.body[..]).unwrap();
        assert!(error.code != 0 && error.message.contains(why), "{error:?}");
    };
    refused(post(&sink, &[], b"no protobuf").unwrap(), 400, "ExportLogsServiceRequest");
    refused(post(&sink, &[("content-encoding", "gzip")], b"no gzip").unwrap(), 400, "gzip");
    refused(post(&sink, &[("content-encoding", "zstd")], b"no zstd").unwrap(), 400, "zstd");
    refused(post(&sink, &[("content-encoding", "br")], b"").unwrap(), 415, "br");
    refused(
        post(&sink, &[("content-type", "application/json")], b"{").unwrap(),
        400,
        "ExportLogsServiceRequest",
    );
    refused(post(&sink, &[("content-type", "text/plain")], b"{}").unwrap(), 415, "text/plain");
    refused(send(sink.addr(), "GET /v1/logs", &[], b"").unwrap(), 405, "POST");
    refused(send(sink.addr(), "POST /v1/traces", &[], b"").unwrap(), 404, "logs");
    let mut twice = log("twice");
    twice.attributes = vec![pair("pid", "1"), pair("pid", "2")];
    refused(post(&sink, &[], &request(vec![log("fine"), twice])).unwrap(), 400, "\"pid\" twice");
    refused(
        post(&sink, &[], &request(vec![LogRecord { severity_number: 25, ..log("") }])).unwrap(),
        400,
        "25",
    );
    assert_eq!(sink.delivered(), 0, "nor in part");
}

#[test]
fn a_bomb_is_not_unpacked() {
    let sink = OtlpSink::start().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&vec![0; MAX_BODY + 1]).unwrap();
    let answered = post(&sink, &[("content-encoding", "gzip")], &gzip.finish().unwrap()).unwrap();
    assert_eq!(answered.status, 413);
}

#[test]
fn queued_answers_come_first_and_only_2xx_delivers() {
    let sink = OtlpSink::start().unwrap();
    sink.answer_next(1, Answer::status(429).header("Retry-After", "7"));
    sink.answer_next(2, Answer::status(503).body("busy"));
    sink.set_answer(Answer::TooLargeOver(three().len()));

    let throttled = post(&sink, &[], &three()).unwrap();
    assert!(throttled.status == 429 && throttled.head.contains("retry-after: 7"), "{}", throttled.head);
    assert_eq!(RpcStatus::decode(&throttled.body[..]).unwrap().code, 8);
    let busy = post(&sink, &[], &three()).unwrap();
    assert_eq!((busy.status, busy.text()), (503, "busy"));
    assert_eq!(status(&sink, &three()), Some(503));
    assert_eq!((sink.delivered(), sink.read(|state| state.rejected)), (0, 9));

    assert_eq!(status(&sink, &request(vec![log("one"), log("two"), log("three"), log("four")])), Some(413));
    assert_eq!(status(&sink, &three()), Some(200));
    sink.read(|state| {
        assert_eq!((state.delivered, state.rejected), (3, 13));
        assert_eq!((state.answered(503), state.answered(413), state.answered(200)), (2, 1, 1));
        assert_eq!(state.requests[0].records, 3, "what was refused is logged");
    });
}

#[test]
fn part_of_a_request_can_be_rejected() {
    let sink = OtlpSink::start().unwrap();
    sink.answer_next(1, Answer::PartialSuccess { rejected: 2, message: "too old".to_owned() });
    let answered = post(&sink, &[], &three()).unwrap();
    let partial = ExportLogsServiceResponse::decode(&answered.body[..]).unwrap().partial_success.unwrap();
    assert_eq!((partial.rejected_log_records, partial.error_message.as_str()), (2, "too old"));
    assert_eq!(sink.bodies(), ["one"]);
    assert_eq!(sink.read(|state| state.rejected), 2);
}

#[test]
fn a_missing_key_is_401() {
    let sink = OtlpSink::start().unwrap();
    sink.set_answer(Answer::RequireHeader("Authorization".to_owned(), "key".to_owned()));
    assert_eq!(status(&sink, &three()), Some(401));
    assert_eq!(post(&sink, &[("authorization", "Bearer key")], &three()).unwrap().status, 401);
    assert_eq!(post(&sink, &[("authorization", "key")], &three()).unwrap().status, 200);
    assert_eq!(sink.delivered(), 3);
}

#[test]
fn connections_are_cut_before_and_after_the_body() {
    let sink = OtlpSink::start().unwrap();
    sink.answer_next(1, Answer::CutBefore);
    sink.answer_next(1, Answer::CutAfter);
    assert_eq!(status(&sink, &three()), None);
    assert_eq!(status(&sink, &three()), None);
    sink.wait_for(SOON, |state| state.requests.iter().all(|r| r.outcome == Outcome::Cut)).unwrap();
    sink.read(|state| {
        let read: Vec<_> = state.requests.iter().map(|request| request.records).collect();
        assert_eq!(read, [0, 3]);
        assert_eq!((state.delivered, state.rejected), (0, 3));
    });
    assert_eq!(status(&sink, &three()), Some(200));
}

#[test]
fn a_function_can_answer() {
    let sink = OtlpSink::start().unwrap();
    sink.set_answer_by(|head| if head.number % 2 == 0 { Answer::status(502) } else { Answer::Accept });
    assert_eq!([(); 4].map(|()| status(&sink, &three())), [Some(502), Some(200), Some(502), Some(200)]);
}

#[test]
fn a_function_can_answer_by_the_records() {
    for sink in [OtlpSink::start().unwrap(), OtlpSink::start_counting().unwrap()] {
        sink.set_answer(Answer::by_records(|records| match records {
            [record] if record.body == "bad" => Answer::status(400),
            _ => Answer::Accept,
        }));
        assert_eq!(status(&sink, &request(vec![log("bad")])), Some(400));
        assert_eq!(status(&sink, &three()), Some(200));
        assert_eq!(sink.read(|state| (state.delivered, state.rejected)), (3, 1));
    }
}

#[test]
fn slow_is_late_and_hanging_ends_with_the_sink() {
    let mut sink = OtlpSink::start().unwrap();
    let start = Instant::now();
    sink.answer_next(1, Answer::Slow(Duration::from_millis(30)));
    assert_eq!(status(&sink, &three()), Some(200));
    assert!(start.elapsed() >= Duration::from_millis(30));

    sink.set_answer(Answer::Hang);
    let addr = sink.addr();
    let hanging = std::thread::spawn(move || {
        send(addr, "POST /v1/logs", &[("content-type", "application/x-protobuf")], &three())
    });
    sink.wait_for(SOON, |state| state.requests.iter().any(|r| r.outcome == Outcome::Pending)).unwrap();
    sink.stop();
    assert!(hanging.join().unwrap().is_err());
    assert_eq!(status(&sink, &three()), None, "nobody listens");

    sink.restart().unwrap();
    sink.set_answer(Answer::Accept);
    assert_eq!(status(&sink, &three()), Some(200));
    assert_eq!((sink.addr(), sink.delivered()), (addr, 6), "same place, same books");
    let late = sink.wait_for(Duration::from_millis(5), |state| state.delivered == 7).unwrap_err();
    assert!(late.to_string().contains("6 records delivered"), "{late}");
}
