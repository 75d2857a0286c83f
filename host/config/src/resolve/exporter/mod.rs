//! otlphttp exporters.

use std::time::Duration;

use crate::config::{Compression, OtlpHttp, Retry, Tls};
use crate::problem::Report;
use crate::read::{Subject, read};
use crate::tree::Node;
use crate::values::{ByteSize, GoDuration};
use crate::written::{self, Compression as Method, Sizer};

use super::Check;

/// Read and not yet acknowledged: some 20,000 records of a usual size.
const IN_FLIGHT: u64 = 8 << 20;
/// At least a full chunk and its answer; at most what a log agent may take of a host.
const IN_FLIGHT_RANGE: (u64, u64) = (1 << 20, 1 << 30);
/// More would only stand in line at the backend.
const CONSUMERS: (usize, usize) = (1, 64);
const DAY: Duration = Duration::from_secs(86_400);
const INTERVALS: (Duration, Duration) = (Duration::from_millis(1), DAY);

/// An exporter, and the bound on bytes in flight that was written for it.
pub(crate) struct Exporter {
    pub(crate) otlp: OtlpHttp,
    pub(crate) queue_bytes: u64,
}

pub(super) fn otlphttp(id: &str, node: &Node, subject: &Subject, report: &mut Report) -> Option<Exporter> {
    let written: written::OtlpHttp = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let url = match (written.logs_endpoint, written.endpoint) {
        (Some(logs), _) => Some(logs.0),
        (None, Some(endpoint)) => Some(endpoint.logs()),
        (None, None) => {
            check.missing("endpoint", "`endpoint: http://HOST:4318`");
            None
        }
    };
    let timeout = written.timeout.map_or(Duration::from_secs(30), |duration| duration.0);
    check.within("timeout", timeout, INTERVALS, shown);
    let compression = compression(
        written.compression.unwrap_or(Method::Gzip),
        written.compression_params.and_then(|params| params.level),
        &mut check,
    );
    let written_tls = written.tls.unwrap_or_default();
    if written_tls.insecure == Some(true) && url.as_ref().is_some_and(|url| url.scheme() == "https") {
        check.warn(
            "tls.insecure",
            "`tls.insecure` has no effect with an https endpoint",
            "write `http://` to send without TLS, or `insecure_skip_verify: true` to believe any certificate",
        );
    }
    let tls = Tls {
        ca_file: written_tls.ca_file,
        insecure_skip_verify: written_tls.insecure_skip_verify.unwrap_or(false),
    };
    let retry = retry(written.retry_on_failure.unwrap_or_default(), &mut check);
    let (consumers, queue_bytes) = queue(written.sending_queue.unwrap_or_default(), &mut check);
    let headers = written.headers.unwrap_or_default();
    let headers = headers.into_iter().map(|(name, value)| (name.0, value)).collect();
    if !check.good {
        return None;
    }
    let otlp =
        OtlpHttp { id: id.to_owned(), url: url?, compression, timeout, headers, tls, retry, consumers };
    Some(Exporter { otlp, queue_bytes })
}

fn shown(duration: Duration) -> String {
    GoDuration(duration).to_string()
}

/// The collector's 0 and -1 are "the default level".
fn compression(method: Method, level: Option<i32>, check: &mut Check<'_>) -> Compression {
    let level = level.filter(|level| ![0, -1].contains(level));
    let key = "compression_params.level";
    match (method, level) {
        (Method::None | Method::Empty, None) => Compression::None,
        (Method::None | Method::Empty, Some(_)) => {
            let at = check.place(key);
            check.wrong(&at, key, "there is no compression to have a level", "`compression: gzip`");
            Compression::None
        }
        (Method::Gzip, level) => {
            check.within(key, level.unwrap_or(1), (1, 12), |n| n.to_string());
            Compression::Gzip(level)
        }
        (Method::Zstd, level) => {
            check.within(key, level.unwrap_or(1), (1, 19), |n| n.to_string());
            Compression::Zstd(level)
        }
    }
}

fn retry(written: written::Retry, check: &mut Check<'_>) -> Retry {
    let key = |name: &str| format!("retry_on_failure.{name}");
    if written.enabled == Some(false) {
        let at = check.place("retry_on_failure.enabled");
        let what = "a batch that failed is always sent again; until then its lines wait in their file";
        check.wrong(&at, "retry_on_failure.enabled", what, "leave it out");
    }
    let initial = written.initial_interval.map_or(Duration::from_secs(1), |d| d.0);
    let default_max = Duration::from_secs(30).max(initial);
    let max = written.max_interval.map_or(default_max, |d| d.0);
    check.within(&key("initial_interval"), initial, INTERVALS, shown);
    check.within(&key("max_interval"), max, (initial.clamp(INTERVALS.0, DAY), DAY), shown);
    let multiplier = written.multiplier.unwrap_or(1.5);
    if !multiplier.is_finite() || multiplier < 1.0 {
        let at = check.place(&key("multiplier"));
        check.wrong(
            &at,
            &key("multiplier"),
            format_args!("{multiplier} is less than 1"),
            "`multiplier: 1.5`",
        );
    }
    if let Some(factor) = written.randomization_factor {
        if !(0.0..=1.0).contains(&factor) {
            let at = check.place(&key("randomization_factor"));
            check.wrong(
                &at,
                &key("randomization_factor"),
                format_args!("{factor} is outside of its range"),
                "from 0 to 1",
            );
        }
        check.warn(
            "retry_on_failure.randomization_factor",
            "`randomization_factor` has no effect",
            "each pause is drawn from zero up to the interval, so that many hosts do not come back at once",
        );
    }
    if written.max_elapsed_time.is_some_and(|d| !d.0.is_zero()) {
        check.warn(
            "retry_on_failure.max_elapsed_time",
            "`max_elapsed_time` has no effect: a batch is sent again until the backend takes it",
            "the lines wait in their file and nothing is dropped; write `0s` or leave it out",
        );
    }
    Retry { initial_interval: initial, multiplier, max_interval: max }
}

/// Requests at a time and the bytes in flight.
fn queue(written: written::SendingQueue, check: &mut Check<'_>) -> (usize, u64) {
    let consumers = written.num_consumers.unwrap_or(1);
    check.within("sending_queue.num_consumers", consumers, CONSUMERS, |n| n.to_string());
    if written.enabled == Some(false) {
        check.warn(
            "sending_queue.enabled",
            "`sending_queue.enabled` has no effect: the log file is the queue",
            "`queue_size` with `sizer: bytes` bounds what is read ahead",
        );
    }
    let bytes = match (written.sizer.unwrap_or(Sizer::Requests), written.queue_size) {
        (Sizer::Bytes, Some(ByteSize(bytes))) => {
            check.within("sending_queue.queue_size", bytes, IN_FLIGHT_RANGE, |b| ByteSize(b).to_string());
            bytes
        }
        (Sizer::Requests | Sizer::Items, Some(_)) => {
            let message = format!(
                "`queue_size` in requests or items has no effect: up to {} are read ahead, the rest waits in its file",
                ByteSize(IN_FLIGHT)
            );
            let hint = format!("write `sizer: bytes` and `queue_size: {IN_FLIGHT}`");
            check.warn("sending_queue.queue_size", message, hint);
            IN_FLIGHT
        }
        (_, None) => IN_FLIGHT,
    };
    (consumers, bytes)
}
