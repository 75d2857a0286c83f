//! `parser: auto` among all formats that are part of the agent: the golden log of each is read by the
//! parser whose it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use skidway_test_support::sink::Record;

use crate::command::skidway;
use crate::rig::Rig;

#[path = "../../../../processors/bundled.rs"]
mod bundled;

/// 2026-11-22T12:00:00Z, which golden tests take for a file's last change.
const WRITTEN: u64 = 1_795_348_800;

/// Without processors: what arrives is what the parser said.
const CONFIG: &str = "\
receivers:
  filelog:
    include: ['${env:LOGS}/*']
    start_at: beginning
    parser: auto
    timezone: UTC
processors:
  batch: {timeout: 20ms}
exporters:
  otlphttp: {endpoint: '${env:SINK}', retry_on_failure: {initial_interval: 10ms, max_interval: 100ms}}
service:
  pipelines:
    logs: {receivers: [filelog], processors: [batch], exporters: [otlphttp]}
";

/// The golden logs of a format.
fn golden(format: &str) -> Vec<PathBuf> {
    let processors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../processors");
    let folders = [processors.join(format), processors.join("formats").join(format)];
    let files = folders.iter().filter_map(|folder| fs::read_dir(folder.join("golden")).ok()).flatten();
    let paths = files.map(|file| file.unwrap().path());
    let logs: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "log")).collect();
    assert!(!logs.is_empty(), "{format} has no golden log");
    logs
}

/// What the parser of that name alone makes of a file.
fn parsed(format: &str, file: &Path) -> Vec<Value> {
    let arguments = ["parse", "--timezone", "UTC", "--enrich", "none", "--parser", format];
    let printed = skidway(&[&arguments[..], &[file.to_str().unwrap()]].concat()).ok();
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Time, severity, body and the names of attributes, with their values where these are text: enough to
/// tell which parser a record is from.
type Seen = (u64, i64, String, BTreeMap<String, Option<String>>);

fn expected(record: &Value) -> Seen {
    let attributes = record["attributes"].as_object().unwrap();
    let attributes = attributes.iter().map(|(name, value)| (name.clone(), value.as_str().map(Into::into)));
    (
        record["time_unix_nano"].as_str().unwrap().parse().unwrap(),
        record["severity_number"].as_i64().unwrap(),
        record["body"].as_str().unwrap().to_owned(),
        attributes.collect(),
    )
}

fn arrived(record: &Record) -> Seen {
    let by_host = |name: &str| matches!(name, "log.file.name" | "log.record.uid");
    let own = record.attributes.iter().filter(|(name, _)| !by_host(name));
    let attributes = own.map(|(name, value)| (name.clone(), value.as_text().map(Into::into)));
    (record.time_unix_nano, record.severity_number.into(), record.body.clone(), attributes.collect())
}

#[test]
fn each_golden_log_is_read_by_its_own_parser() {
    let mut rig = Rig::without_config();
    rig.config(CONFIG);
    let mut logs = Vec::new();
    for format in bundled::named(bundled::Purpose::Format) {
        for log in golden(format) {
            let name = format!("{format}-{}", log.file_name().unwrap().to_str().unwrap());
            rig.append(&name, fs::read(&log).unwrap());
            rig.set_modified(&name, WRITTEN);
            let records = parsed(format, &rig.log_file(&name));
            logs.push((name, records));
        }
    }
    rig.start();
    let all = rig.records(logs.iter().map(|(_, records)| records.len()).sum());
    rig.stop();
    for (name, records) in logs {
        let mut recognised = 0;
        let of_file: Vec<_> =
            all.iter().filter(|record| record.attr("log.file.name") == Some(&*name)).collect();
        assert_eq!(of_file.len(), records.len(), "{name}");
        for (arrived_as, record) in of_file.into_iter().map(arrived).zip(&records) {
            let expected = expected(record);
            // Lines that it does not know may be another's.
            if !expected.3.is_empty() {
                assert_eq!(arrived_as, expected, "{name}");
                recognised += 1;
            }
        }
        assert!(
            recognised * 2 > records.len(),
            "{name}: its parser knows only {recognised} of {}",
            records.len()
        );
    }
}
