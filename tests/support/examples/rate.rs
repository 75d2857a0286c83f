//! x
#![allow(clippy::unwrap_used, clippy::print_stdout)]
use opentelemetry_proto::tonic::{collector::logs::v1::*, common::v1::*, logs::v1::*};
use prost::Message;
use skidway_test_support::sink::OtlpSink;
use std::io::*;
use std::time::Instant;
fn main() {
    let t = |s: &str| Some(AnyValue { value: Some(any_value::Value::StringValue(s.into())) });
    let rec = |i: u64| LogRecord { time_unix_nano: i, severity_number: 9, severity_text: "INFO".into(),
        body: t(&"2024-01-02T03:04:05.123456+00:00 web-1 sshd[1234]: Accepted publickey for ubuntu from 192.0.2.7 port 5022 ssh2: ED25519 SHA256:xxxxx"),
        attributes: ["timestamp","hostname","unit","pid","message","source","log.file.name","log.record.uid"].iter().map(|k| KeyValue{key:(*k).into(), value: t("2024-01-02T03:04:05.123456+00:00"), ..Default::default()}).collect(), ..Default::default() };
    let n = 8192u64;
    let body = ExportLogsServiceRequest { resource_logs: vec![ResourceLogs { scope_logs: vec![ScopeLogs { log_records: (0..n).map(rec).collect(), ..Default::default() }], ..Default::default() }] }.encode_to_vec();
    let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()); e.write_all(&body).unwrap(); let gz = e.finish().unwrap();
    for (name, body, enc) in [("none", &body, ""), ("gzip", &gz, "content-encoding: gzip\r\n")] {
        let sink = OtlpSink::start_counting().unwrap();
        let mut s = std::net::TcpStream::connect(sink.addr()).unwrap();
        let start = Instant::now();
        let mut buf = [0; 4096];
        for _ in 0..61 {
            s.write_all(format!("POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n{enc}content-length: {}\r\n\r\n", body.len()).as_bytes()).unwrap();
            s.write_all(body).unwrap();
            assert!(s.read(&mut buf).unwrap() > 0);
        }
        let d = sink.delivered();
        println!("{name}: {d} records, {} bytes a request, {:.0} ns a record", body.len(), start.elapsed().as_nanos() as f64 / d as f64);
    }
}
