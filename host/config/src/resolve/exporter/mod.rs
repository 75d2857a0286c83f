//! Exporters, by their types.

mod backend;
mod local;

use std::time::Duration;

use crate::config::Batch;
use crate::exporter::{DeadLetter, Exporter, Queue, Retry, SpoolLimits};
use crate::problem::Report;
use crate::read::Subject;
use crate::tree::Node;
use crate::values::{ByteSize, GoDuration};
use crate::written::{self, Sizer};

use super::Check;
use super::section::Id;

/// Read and not yet acknowledged: some 20,000 records of a usual size.
const IN_FLIGHT: u64 = 8 << 20;
/// At least a full chunk and its answer; at most what a log agent may take of a host.
const IN_FLIGHT_RANGE: (u64, u64) = (1 << 20, 1 << 30);
/// More would only stand in line at the backend.
const CONSUMERS: (usize, usize) = (1, 64);
const DAY: Duration = Duration::from_secs(86_400);
/// Some ten million records: a day and more of a busy host.
const SPOOL_MIB: u64 = 1024;
/// At least a few batches as large as they get, in segments that come and go; at most a TiB.
const SPOOL_MIB_RANGE: (u64, u64) = (16, 1 << 20);
/// A weekend. What is older is seldom looked for, and is a sign that somebody should look.
const SPOOL_AGE: Duration = Duration::from_secs(72 * 3600);
/// Less is no outage; more than a year is none either.
const SPOOL_AGE_RANGE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(366 * 86_400));
/// Some 50,000 records each, four of these at the most.
const DEAD_LETTER_MB: u64 = 64;
const DEAD_LETTER_BACKUPS: usize = 3;
const INTERVALS: (Duration, Duration) = (Duration::from_millis(1), DAY);

pub(super) fn resolve(id: &Id, node: &Node, subject: &Subject, report: &mut Report) -> Option<Exporter> {
    match id.kind {
        "debug" => local::debug(&id.written, node, subject, report),
        "file" => local::file(&id.written, node, subject, report),
        "otlp" => backend::grpc(&id.written, node, subject, report),
        // `clickhouse` too, until it speaks to ClickHouse itself.
        _ => backend::http(&id.written, node, subject, report),
    }
}

fn shown(duration: Duration) -> String {
    GoDuration(duration).to_string()
}

/// For exporters whose writing does not fail for long, or that say nothing of it.
fn usual() -> (Queue, Retry) {
    let retry = Retry {
        enabled: true,
        initial_interval: Duration::from_secs(2),
        multiplier: 2.0,
        max_interval: Duration::from_secs(30),
        randomization_factor: None,
        max_elapsed_time: None,
    };
    (Queue { consumers: 1, bytes: IN_FLIGHT, batch: None, spool: None }, retry)
}

fn retry(written: written::Retry, check: &mut Check<'_>) -> Retry {
    let key = |name: &str| format!("retry_on_failure.{name}");
    let (_, usual) = usual();
    let enabled = written.enabled.unwrap_or(true);
    if !enabled {
        check.warn(
            &key("enabled"),
            "without `retry_on_failure`, lines become dead letters when the backend is away for a moment",
            "leave it out: a batch is sent again until the backend takes it, its lines wait in their file",
        );
    }
    let initial = written.initial_interval.map_or(usual.initial_interval, |d| d.0);
    let max = written.max_interval.map_or(usual.max_interval.max(initial), |d| d.0);
    check.within(&key("initial_interval"), initial, INTERVALS, shown);
    check.within(&key("max_interval"), max, (initial.clamp(INTERVALS.0, DAY), DAY), shown);
    let multiplier = written.multiplier.unwrap_or(usual.multiplier);
    if !multiplier.is_finite() || multiplier < 1.0 {
        let at = check.place(&key("multiplier"));
        let what = format_args!("{multiplier} is less than 1");
        check.wrong(&at, &key("multiplier"), what, "`multiplier: 2`");
    }
    let randomization_factor = written.randomization_factor;
    if let Some(factor) = randomization_factor
        && !(0.0..=1.0).contains(&factor)
    {
        let at = check.place(&key("randomization_factor"));
        let what = format_args!("{factor} is outside of its range");
        check.wrong(&at, &key("randomization_factor"), what, "from 0 to 1");
    }
    // The collector's zero is "for ever".
    let max_elapsed_time = written.max_elapsed_time.map(|d| d.0).filter(|d| !d.is_zero());
    if let Some(elapsed) = max_elapsed_time
        && enabled
    {
        check.warn(
            &key("max_elapsed_time"),
            format!("lines become dead letters when the backend is away for longer than {}", shown(elapsed)),
            "`max_elapsed_time: 0s` sends a batch again until the backend takes it; its lines wait in their file",
        );
    }
    Retry {
        enabled,
        initial_interval: initial,
        multiplier,
        max_interval: max,
        randomization_factor,
        max_elapsed_time,
    }
}

fn queue(written: written::SendingQueue, check: &mut Check<'_>) -> Queue {
    let consumers = written.num_consumers.unwrap_or(1);
    check.within("sending_queue.num_consumers", consumers, CONSUMERS, |n| n.to_string());
    if written.enabled == Some(false) && written.storage.is_none() {
        check.warn(
            "sending_queue.enabled",
            "`sending_queue.enabled` has no effect: the log file is the queue",
            "`queue_size` with `sizer: bytes` bounds what is read ahead",
        );
    }
    if written.block_on_overflow == Some(false) {
        check.warn(
            "sending_queue.block_on_overflow",
            "`block_on_overflow: false` has no effect: reading waits and nothing is dropped",
            "leave it out",
        );
    }
    if written.wait_for_result == Some(false) {
        check.warn(
            "sending_queue.wait_for_result",
            "`wait_for_result: false` has no effect: a file's position moves only with the backend's answer",
            "leave it out",
        );
    }
    let spool = spool(&written, check);
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
    let batch = written.batch.map(|written| batch(&written, check));
    Queue { consumers, bytes, batch, spool }
}

fn dead_letter(written: written::DeadLetter, check: &mut Check<'_>) -> DeadLetter {
    let max_megabytes = written.max_megabytes.unwrap_or(DEAD_LETTER_MB);
    let max_backups = written.max_backups.unwrap_or(DEAD_LETTER_BACKUPS);
    check.within("dead_letter.max_megabytes", max_megabytes, (1, 1 << 20), |n| n.to_string());
    check.within("dead_letter.max_backups", max_backups, (1, 1000), |n| n.to_string());
    DeadLetter {
        path: written.path.filter(|path| !path.as_os_str().is_empty()),
        max_megabytes,
        max_backups,
        partial_success: written.partial_success.unwrap_or_default(),
    }
}

/// What is on disk waits for as long as the disk has room for it.
fn warn_no_end(queue: &Queue, retry: &Retry, check: &mut Check<'_>) {
    if queue.spool.is_some() && retry.enabled && retry.max_elapsed_time.is_some() {
        check.warn(
            "retry_on_failure.max_elapsed_time",
            "`max_elapsed_time` has no effect with `sending_queue.storage`: batches wait on disk",
            "`sending_queue.storage_max_age` says how old they may get before reading stops",
        );
    }
}

/// The limits of the spool, where there is one. Whether what `storage` names is there
/// is checked with the service.
fn spool(written: &written::SendingQueue, check: &mut Check<'_>) -> Option<SpoolLimits> {
    let (mib, age) = (written.storage_limit_mib, written.storage_max_age.map(|age| age.0));
    if let Some(mib) = mib {
        check.within("sending_queue.storage_limit_mib", mib, SPOOL_MIB_RANGE, |mib| mib.to_string());
    }
    // Zero is "for ever", as for `max_elapsed_time`.
    if let Some(age) = age.filter(|age| !age.is_zero()) {
        check.within("sending_queue.storage_max_age", age, SPOOL_AGE_RANGE, shown);
    }
    if written.storage.is_none() {
        let limits = [("storage_limit_mib", mib.is_some()), ("storage_max_age", age.is_some())];
        for (key, _) in limits.into_iter().filter(|(_, is_written)| *is_written) {
            check.warn(
                &format!("sending_queue.{key}"),
                format!("`sending_queue.{key}` has no effect without `storage`"),
                "`storage: file_storage` keeps batches on disk while the backend is away",
            );
        }
        return None;
    }
    if written.enabled == Some(false) {
        check.warn(
            "sending_queue.storage",
            "`sending_queue.storage` has no effect with `enabled: false`",
            "leave `enabled` out to keep batches on disk while the backend is away",
        );
        return None;
    }
    let age = age.unwrap_or(SPOOL_AGE);
    Some(SpoolLimits { bytes: mib.unwrap_or(SPOOL_MIB) << 20, age: Some(age).filter(|age| !age.is_zero()) })
}

/// The exporter's own batches; the defaults are the collector's.
fn batch(written: &written::QueueBatch, check: &mut Check<'_>) -> Batch {
    let timeout = written.flush_timeout.map_or(Duration::from_millis(200), |duration| duration.0);
    let least = written.min_size.unwrap_or(8192);
    let most = written.max_size.unwrap_or(0);
    if most != 0 && most < least {
        let at = check.place("sending_queue.batch.max_size");
        let what = format_args!("{most} is less than `min_size` ({least})");
        check.wrong(&at, "sending_queue.batch.max_size", what, format!("`max_size: {least}`"));
    }
    if let Some(sizer @ (Sizer::Bytes | Sizer::Requests)) = written.sizer {
        let at = check.place("sending_queue.batch.sizer");
        let name = if sizer == Sizer::Bytes { "bytes" } else { "requests" };
        let what = format_args!("batches are counted in records, not in {name}");
        check.wrong(&at, "sending_queue.batch.sizer", what, "`sizer: items`");
    }
    Batch { timeout, send_batch_size: least, send_batch_max_size: most }
}
