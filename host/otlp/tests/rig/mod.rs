//! What the tests of delivery share: payloads, an impatient delivery, its log.

use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message as _;
use skidway_model::{Attribute, Checked, Records};
use skidway_otlp::dead_letter::Letter;
use skidway_otlp::http::Options;
use skidway_otlp::{Backoff, BatchBuilder, Constants, Delivery, Exporter, Payload, Resource, RetryPolicy};
use skidway_test_support::sink::OtlpSink;
use tokio::sync::watch;
use tracing_subscriber::fmt::MakeWriter;

/// A key that must not be seen in any log.
pub(crate) const SECRET: &str = "6e1a-secret";

/// Fifty records.
pub(crate) static PAYLOAD: LazyLock<Payload> = LazyLock::new(|| payload(50));

pub(crate) fn bodies(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("line {i} of a test with some words in it")).collect()
}

pub(crate) fn payload(n: usize) -> Payload {
    payload_of(&bodies(n))
}

pub(crate) fn payload_of(lines: &[String]) -> Payload {
    let mut columns = Records::default();
    let mut text = String::new();
    for (i, line) in lines.iter().enumerate() {
        columns.origin.push(text.len() as u32);
        columns.time_unix_nano.push(i as u64 + 1);
        columns.severity_number.push(9);
        columns.body_start.push(text.len() as u32);
        text.push_str(line);
        columns.body_end.push(text.len() as u32);
        columns.attributes_end.push(0);
    }
    let resource = Arc::new(Resource::new(&[Attribute::new("host.id", "i-1")]));
    let mut batch = BatchBuilder::new(resource, 1 << 16);
    let records = Checked::new(&text, columns).unwrap();
    batch.append(&records, 0..records.len(), &Constants::new([("source", "test")]), 1);
    batch.finish()
}

pub(crate) fn options(sink: &OtlpSink) -> Options {
    let mut options = Options::new(format!("{}/v1/logs", sink.endpoint()));
    options.headers = vec![("Authorization".to_owned(), SECRET.to_owned())];
    options
}

pub(crate) fn exporter(sink: &OtlpSink) -> Exporter {
    Exporter::http(&options(sink)).unwrap()
}

pub(crate) fn impatient(interval: Duration) -> Backoff {
    Backoff::try_new(interval, 1.5, interval * 4).unwrap()
}

/// The same over gRPC; to be called within a runtime.
pub(crate) fn grpc(sink: &OtlpSink) -> skidway_otlp::grpc::Options {
    let mut options = skidway_otlp::grpc::Options::new(sink.endpoint());
    options.headers = vec![("authorization".to_owned(), SECRET.to_owned())];
    options
}

/// A delivery that tries again within milliseconds.
pub(crate) fn delivery(exporter: Exporter) -> (Delivery, watch::Sender<bool>) {
    let (stop, stopped) = watch::channel(false);
    let backoff = impatient(Duration::from_millis(2));
    (
        Delivery::new(
            exporter,
            RetryPolicy { soon: backoff, slow: backoff, ..RetryPolicy::default() },
            stopped,
        ),
        stop,
    )
}

/// The bodies of the records in a dead-letter file, and why they were refused.
pub(crate) fn dead(path: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let letters = text.lines().map(|line| Letter::read(line.as_bytes()).unwrap());
    letters.map(|letter| (body(&letter.payload().unwrap()), letter.reason)).collect()
}

fn body(payload: &Payload) -> String {
    let request = ExportLogsServiceRequest::decode(payload.body().clone()).unwrap();
    let record = &request.resource_logs[0].scope_logs[0].log_records[0];
    match &record.body.as_ref().unwrap().value {
        Some(Value::StringValue(text)) => text.clone(),
        other => panic!("{other:?}"),
    }
}

/// Runs it on this thread, which the captured log belongs to; fails after a while.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(super::LONG, future).await.expect("not done in time") })
}

/// Waits for a condition that nobody announces, without holding up the delivery.
pub(crate) async fn soon(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What this thread logs while it lives.
pub(crate) struct Logs {
    written: Written,
    _guard: tracing::subscriber::DefaultGuard,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Logs {
    pub(crate) fn capture() -> Self {
        let written = Written::default();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(written.clone()).finish();
        Self { written, _guard: tracing::subscriber::set_default(subscriber) }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.written.0.lock().unwrap().clone()).unwrap()
    }

    pub(crate) fn count(&self, word: &str) -> usize {
        self.text().matches(word).count()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Written {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
