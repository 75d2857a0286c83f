//! filelog receivers.

use std::time::Duration;

use crate::config::{FileLog, StartAt, Zone};
use crate::problem::Report;
use crate::read::{Subject, read};
use crate::tree::Node;
use crate::values::{ByteSize, GoDuration};
use crate::written;

use super::{Check, component};

/// What identifies a file: at least the collector's least, at most what the tail hashes.
const FINGERPRINT: (u64, u64) = (16, 64 << 10);
/// At least a usual line; at most what a component can hold several times over.
const MAX_LOG_SIZE: (u64, u64) = (1 << 10, 16 << 20);
/// Below: polling would never rest. Above: nobody would believe that it works.
const POLL: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(3600));

pub(super) fn filelog(
    id: &str,
    node: &Node,
    subject: &Subject,
    known_zone: &dyn Fn(&str) -> bool,
    report: &mut Report,
) -> Option<FileLog> {
    let written: written::FileLog = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let include = written.include.unwrap_or_default();
    if include.is_empty() {
        check.missing("include", "name files to read: `include: [/var/log/syslog]`");
    }
    let millis = |written: Option<GoDuration>, default| {
        written.map_or(Duration::from_millis(default), |duration| duration.0)
    };
    let bytes = |written: Option<ByteSize>, default| written.map_or(default, |size| size.0);
    let poll_interval = millis(written.poll_interval, 200);
    check.within("poll_interval", poll_interval, POLL, |d| GoDuration(d).to_string());
    let fingerprint_size = bytes(written.fingerprint_size, 1000);
    check.within("fingerprint_size", fingerprint_size, FINGERPRINT, |b| ByteSize(b).to_string());
    let max_log_size = bytes(written.max_log_size, 1 << 20);
    check.within("max_log_size", max_log_size, MAX_LOG_SIZE, |b| ByteSize(b).to_string());

    let attributes: std::collections::BTreeMap<_, _> =
        written.attributes.unwrap_or_default().into_iter().map(|(name, value)| (name, value.0)).collect();
    for (name, value) in &attributes {
        let at = check.place(&format!("attributes.{name}"));
        if name.is_empty() {
            check.wrong(&at, "attributes", "a name is empty", "");
        }
        if value.starts_with("EXPR(") {
            let what = "expressions come with a later version";
            check.wrong(&at, &format!("attributes.{name}"), what, "write the value itself");
        }
    }
    let timezone = match written.timezone.as_deref() {
        None | Some("local") => Zone::Local,
        Some("UTC" | "utc") => Zone::Utc,
        Some(name) if known_zone(name) => Zone::Named(name.to_owned()),
        Some(name) => {
            let at = check.place("timezone");
            let what = format!("there is no time zone `{name}`");
            check.wrong(&at, "timezone", what, "`local`, `UTC`, or a name such as `Europe/Berlin`");
            Zone::Local
        }
    };
    let resolved = FileLog {
        id: id.to_owned(),
        include,
        exclude: written.exclude.unwrap_or_default(),
        start_at: written.start_at.unwrap_or(StartAt::End),
        poll_interval,
        force_flush_period: millis(written.force_flush_period, 500),
        fingerprint_size,
        max_log_size,
        include_file_name: written.include_file_name.unwrap_or(true),
        include_file_path: written.include_file_path.unwrap_or(false),
        attributes,
        parser: component::parser(written.parser, &mut check),
        timezone,
    };
    check.good.then_some(resolved)
}
