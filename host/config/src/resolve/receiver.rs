//! filelog receivers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use crate::advice;
use crate::config::{FileLog, LongLine, StartAt, Zone};
use crate::files::FileCompression;
use crate::problem::Report;
use crate::read::{Subject, read};
use crate::tree::{Node, Value};
use crate::values::{ByteSize, Encoding, GoDuration, Text};
use crate::written;

use super::component::{self, Known};
use super::operators::Operators;
use super::{Check, ordering};

/// What identifies a file: at least the collector's least, at most what the tail hashes.
const FINGERPRINT: (u64, u64) = (16, 64 << 10);
/// At least a usual line; at most what a component can hold several times over.
const MAX_LOG_SIZE: (u64, u64) = (1 << 10, 16 << 20);
/// Below: polling would never rest. Above: nobody would believe that it works.
const POLL: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(3600));

/// With one file at a time, none could be read while another one waits to be.
const OPEN_FILES: (usize, usize) = (2, 1 << 20);

/// How long whole lines that a parser of ours holds back wait.
const SETTLE: Duration = Duration::from_millis(100);

/// Settings of entries, which a parser does by itself.
const ONLY_WITH_OPERATORS: [&str; 7] = [
    "operators",
    "multiline",
    "preserve_leading_whitespaces",
    "preserve_trailing_whitespaces",
    "max_log_size_behavior",
    "include_file_record_number",
    "include_file_record_offset",
];

/// What was written of the settings of entries, as the component takes it.
fn entries(written: &written::FileLog) -> Map<String, Json> {
    let multiline = written.multiline.as_ref().map(|multiline| {
        json!({
            "line_start_pattern": multiline.line_start_pattern,
            "line_end_pattern": multiline.line_end_pattern,
            "omit_pattern": multiline.omit_pattern,
        })
    });
    let all = [
        ("multiline", multiline),
        ("preserve_leading_whitespaces", written.preserve_leading_whitespaces.map(Json::from)),
        ("preserve_trailing_whitespaces", written.preserve_trailing_whitespaces.map(Json::from)),
        ("max_log_size_behavior", written.max_log_size_behavior.map(|behavior| json!(behavior))),
        ("include_file_record_number", written.include_file_record_number.map(Json::from)),
        ("include_file_record_offset", written.include_file_record_offset.map(Json::from)),
    ];
    all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

pub(super) fn filelog(
    id: &str,
    node: &Node,
    subject: &Subject,
    known: Known<'_>,
    known_zone: &dyn Fn(&str) -> bool,
    report: &mut Report,
) -> Option<FileLog> {
    let written: written::FileLog = read(node, subject, report)?;
    let entries = entries(&written);
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
    let max_concurrent_files = written.max_concurrent_files.unwrap_or(1024);
    check.within("max_concurrent_files", max_concurrent_files, OPEN_FILES, |n| n.to_string());
    let ordering_criteria = ordering::resolve(written.ordering_criteria, known_zone, &mut check);

    let force_flush_period = millis(written.force_flush_period, 500);
    let fixed = |map: Option<BTreeMap<String, Text>>| -> BTreeMap<String, String> {
        map.unwrap_or_default().into_iter().map(|(name, value)| (name, value.0)).collect()
    };
    let (attributes, resource) = (fixed(written.attributes), fixed(written.resource));
    for (key, map) in [("attributes", &attributes), ("resource", &resource)] {
        for (name, value) in map {
            let at = check.place(&format!("{key}.{name}"));
            if name.is_empty() {
                check.wrong(&at, key, "a name is empty", "");
            }
            if value.contains("EXPR(") && written.parser.is_some() {
                let what = "expressions go with `operators`, not with `parser`";
                check.wrong(&at, &format!("{key}.{name}"), what, "write the value itself");
            }
        }
    }
    let mut settle = SETTLE;
    let parser = match written.parser {
        Some(parser) => {
            for key in ONLY_WITH_OPERATORS {
                if let Some(node) = node.get(key) {
                    let what = "goes with `operators`, and `parser` is there";
                    let hint = "leave one of them out: a parser finds entries by itself";
                    check.wrong(&node.at.clone(), key, what, hint);
                }
            }
            component::parser(parser, known, &mut check)
        }
        None => {
            let operators = Operators {
                operators: written.operators.unwrap_or_default(),
                attributes: &attributes,
                resource: &resource,
                max_log_size,
                entries,
            };
            settle = operators.settle(node.get("multiline").is_some(), force_flush_period);
            operators.resolve(node, known, known_zone, &mut check)
        }
    };
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
    if let Some(Value::Scalar(encoding)) = node.get("encoding").map(|node| &node.value)
        && encoding.text.to_ascii_lowercase().ends_with("-raw")
    {
        check.warn(
            "encoding",
            format!("bytes that are not UTF-8 are replaced by U+FFFD with `{}` too", encoding.text),
            "OTLP takes nothing but UTF-8 in texts; write `encoding: utf-8`",
        );
    }
    let resolved = FileLog {
        id: id.to_owned(),
        include,
        exclude: written.exclude.unwrap_or_default(),
        exclude_older_than: written.exclude_older_than.map(|age| age.0).filter(|age| !age.is_zero()),
        start_at: written.start_at.unwrap_or(StartAt::End),
        poll_interval,
        force_flush_period,
        fingerprint_size,
        max_log_size,
        on_long_line: written.max_log_size_behavior.unwrap_or(LongLine::Split),
        include_file_name: written.include_file_name.unwrap_or(true),
        include_file_path: written.include_file_path.unwrap_or(false),
        include_file_name_resolved: written.include_file_name_resolved.unwrap_or(false),
        include_file_path_resolved: written.include_file_path_resolved.unwrap_or(false),
        include_file_owner_name: written.include_file_owner_name.unwrap_or(false),
        include_file_owner_group_name: written.include_file_owner_group_name.unwrap_or(false),
        include_file_permissions: written.include_file_permissions.unwrap_or(false),
        include_record_uid: written.include_record_uid.unwrap_or(true),
        attributes,
        resource,
        settle,
        encoding: written.encoding.unwrap_or(Encoding::Utf8),
        compression: written.compression.unwrap_or(FileCompression::None),
        max_concurrent_files,
        ordering_criteria,
        parser,
        timezone,
    };
    if check.good && matches!(resolved.parser, crate::config::Parser::Operators(_)) {
        advice::receiver(&resolved, node, check.report);
    }
    check.good.then_some(resolved)
}
