//! The collector's exporters: where records go, and in which form.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use skidway_test_support::agent::{Agent, Signal, binary};
use skidway_test_support::eventually;
use skidway_test_support::sink::{Answer, OtlpSink, Record};

use crate::lines::{ended, ubuntu};
use crate::rig::{Books, PATIENCE, Rig};

/// A rig whose pipeline has these exporters, and what was configured for them.
fn rig(exporters: &str, settings: &str) -> Rig {
    let mut rig = Rig::new();
    rig.config(&format!(
        "exporters: {{{settings}}}\nservice: {{pipelines: {{logs: {{exporters: [{exporters}]}}}}}}"
    ));
    rig
}

/// What was received, without the headers that brought it.
fn received(sink: &OtlpSink) -> Vec<Record> {
    let mut records = sink.records();
    records.iter_mut().for_each(|record| record.headers = Default::default());
    records.iter_mut().for_each(|record| record.observed_time_unix_nano = 0);
    records
}

#[test]
fn grpc_brings_the_same_records_as_http() {
    let grpc = OtlpSink::start_grpc().unwrap();
    let mut rig = rig(
        "otlphttp, otlp",
        "otlp: {endpoint: '${env:GRPC}', headers: {authorization: key}, \
         retry_on_failure: {initial_interval: 10ms, max_interval: 100ms}}",
    );
    rig.env("GRPC", &grpc.endpoint());
    grpc.answer_next(2, Answer::status(503));
    rig.append("syslog", ended(0..300));
    rig.start();
    grpc.wait_delivered(PATIENCE, 300).unwrap();
    rig.expect(&ubuntu(0..300));
    assert_eq!(received(&grpc), received(&rig.sink));
    let headers = &grpc.records()[0].headers;
    assert_eq!((headers["authorization"].as_str(), headers["grpc-encoding"].as_str()), ("key", "gzip"));
    // Each exporter has read all of it.
    assert_eq!(rig.stop(), Books::all_delivered(600).and_blank(2));
}

#[test]
fn grpc_to_a_backend_that_is_away_loses_nothing() {
    let mut grpc = OtlpSink::start_grpc().unwrap();
    let mut rig = rig(
        "otlp",
        "otlp: {endpoint: '${env:GRPC}', tls: {insecure: true}, \
         retry_on_failure: {initial_interval: 10ms, max_interval: 100ms}}",
    );
    rig.env("GRPC", grpc.endpoint().trim_start_matches("http://"));
    grpc.stop();
    rig.append("syslog", ended(0..100));
    rig.start();
    rig.wait_for_log("trying again");
    grpc.restart().unwrap();
    grpc.wait_delivered(PATIENCE, 100).unwrap();
    assert_eq!(grpc.bodies(), ubuntu(0..100).lines().collect::<Vec<_>>());
    rig.wait_for_log("is back after");
    assert_eq!(rig.stop(), Books::all_delivered(100).and_blank(1));
}

#[test]
fn json_in_small_batches_arrives() {
    let mut rig = rig(
        "otlphttp",
        "otlphttp: {encoding: json, compression: lz4, sending_queue: {batch: {min_size: 10, max_size: 10, \
         flush_timeout: 20ms}}}",
    );
    rig.append("syslog", ended(0..100));
    rig.start();
    rig.expect(&ubuntu(0..100));
    assert_eq!(rig.stop(), Books::all_delivered(100).and_blank(1));
    rig.sink.read(|state| {
        assert!(state.requests.len() >= 10, "{} requests", state.requests.len());
        let headers = &state.requests[0].headers;
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["content-encoding"], "lz4");
    });
}

#[test]
fn a_batch_is_given_up_only_where_that_is_asked_for() {
    let mut rig = rig("otlphttp", "otlphttp: {retry_on_failure: {max_elapsed_time: 200ms}}");
    rig.sink.set_answer(Answer::status(503));
    rig.append("syslog", ended(0..100));
    rig.start();
    let said = rig.wait_for_log("`skidway replay`");
    assert!(said.contains("gives up after 200ms") && said.contains("WARN"), "{said}");
    let lost = Books { lines_read: 100, records_dead_lettered: 100, ..Books::default() };
    assert_eq!(rig.stop(), lost.and_blank(1));
    assert_eq!(
        rig.said("config: lines become dead letters when the backend is away for longer than 200ms").len(),
        1
    );
    assert_eq!(rig.dead_letters().len(), 100);
}

/// The bodies in a file of JSON lines, as far as these are whole.
fn bodies(path: &Path) -> Vec<String> {
    let mut bodies = Vec::new();
    let text = fs::read_to_string(path).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    for line in whole.lines() {
        let request: Value = serde_json::from_str(line).unwrap();
        for resource in request["resourceLogs"].as_array().unwrap() {
            for scope in resource["scopeLogs"].as_array().unwrap() {
                for record in scope["logRecords"].as_array().unwrap() {
                    bodies.push(record["body"]["stringValue"].as_str().unwrap().to_owned());
                    assert!(record["timeUnixNano"].is_string(), "64 bits are text in JSON: {record}");
                }
            }
        }
    }
    bodies
}

#[test]
fn a_file_has_a_request_on_each_line() {
    let mut rig = rig("file", "file: {path: '${env:OUT}', create_directory: true}");
    let out = rig.folder().join("out/records.json");
    rig.env("OUT", &out.display().to_string());
    rig.append("syslog", ended(0..100));
    rig.start();
    assert!(eventually(PATIENCE, || bodies(&out).len() == 100));
    assert_eq!(rig.stop(), Books::all_delivered(100).and_blank(1));
    assert_eq!(bodies(&out), ubuntu(0..100).lines().collect::<Vec<_>>());
}

#[test]
fn pipelines_share_a_file() {
    let mut rig = rig("file", "file: {path: '${env:OUT}'}");
    rig.config(
        "service: {pipelines: {logs/second: {receivers: [filelog], processors: [batch], exporters: [file]}}}",
    );
    let out = rig.folder().join("records.json");
    rig.env("OUT", &out.display().to_string());
    rig.append("syslog", ended(0..1000));
    rig.start();
    assert!(eventually(PATIENCE, || bodies(&out).len() == 2000));
    assert_eq!(rig.stop(), Books::all_delivered(2000).and_blank(2));
    let mut all = bodies(&out);
    all.sort();
    let mut expected: Vec<_> =
        ubuntu(0..1000).lines().flat_map(|line| [line.to_owned(), line.to_owned()]).collect();
    expected.sort();
    assert_eq!(all, expected);
}

#[test]
fn a_file_that_is_full_is_put_aside() {
    let mut rig = rig("file", "file: {path: '${env:OUT}', rotation: {max_megabytes: 1, max_backups: 50}}");
    let out = rig.folder().join("records.json");
    rig.env("OUT", &out.display().to_string());
    rig.append("syslog", ended(0..20_000));
    rig.start();
    let files = || {
        let mut files: Vec<_> = fs::read_dir(out.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("records"))
            .collect();
        // Those that were put aside sort by their time, the one that is written is the last.
        files.sort_by_key(|path| (*path == out, path.clone()));
        files
    };
    let all = || files().iter().flat_map(|path| bodies(path)).collect::<Vec<_>>();
    // A file may be renamed while it is read: then one is missing, for this time.
    let arrived = eventually(PATIENCE, || all().len() == 20_000);
    assert!(arrived, "{} in {:?}", all().len(), files());
    assert_eq!(rig.stop(), Books::all_delivered(20_000).and_blank(1));
    assert!(files().len() > 2, "{:?}", files());
    assert_eq!(all(), ubuntu(0..20_000).lines().collect::<Vec<_>>());
}

#[test]
fn debug_prints_to_stdout_as_the_collector_does() {
    let rig = rig("debug", "debug: {verbosity: detailed}");
    rig.append("syslog", "2026-11-22T10:15:30.000001+00:00 web-1 sshd[42]: Accepted publickey\n\n");
    rig.append("syslog", ended(1..3));
    let out = rig.folder().join("stdout");
    let program = binary().display().to_string();
    let mut line = vec!["-c".to_owned(), format!("exec \"$0\" \"$@\" > '{}'", out.display()), program];
    line.extend(rig.command_line("run"));
    let mut agent = Agent::start("sh", line, rig.environment().iter().cloned()).unwrap();
    let printed = || fs::read_to_string(&out).unwrap_or_default();
    assert!(eventually(PATIENCE, || printed().matches("LogRecord #").count() == 3), "{}", printed());
    agent.signal(Signal::TERM).unwrap();
    assert!(agent.wait(PATIENCE).unwrap().success());
    let printed = printed();
    let record = "\
Timestamp: 2026-11-22 10:15:30.000001 +0000 UTC
SeverityText: INFO
SeverityNumber: Info(9)
Body: Str(2026-11-22T10:15:30.000001+00:00 web-1 sshd[42]: Accepted publickey)
Attributes:
";
    assert!(printed.contains(record), "{printed}");
    assert!(printed.contains("     -> service.name: Str(host-logs)\n"), "{printed}");
    assert!(printed.contains("     -> pid: Str(42)\n"), "{printed}");
}

#[test]
fn debug_counts_by_default() {
    let mut rig = rig("debug", "debug: {output_paths: [stderr]}");
    rig.append("syslog", ended(0..100));
    rig.start();
    rig.wait_for_log("\"log records\": 100");
    assert_eq!(rig.stop(), Books::all_delivered(100).and_blank(1));
}

#[test]
fn a_file_that_cannot_be_written_is_said_before_anything_is_read() {
    let rig = rig("file", "file: {path: /no/such/folder/records.json}");
    rig.append("syslog", ended(0..10));
    let mut agent = rig.spawn();
    assert_eq!(agent.wait(Duration::from_secs(60)).unwrap().code(), Some(1));
    let log = agent.log().join("\n");
    assert!(log.contains("exporter file: cannot open /no/such/folder/records.json to write to it"), "{log}");
}
