//! Real lines, which lie outside of this repository: `SKIDWAY_CORPORA` names their folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::command::skidway;
use serde_json::Value;
use tempfile::TempDir;

/// 2026-11-22T12:00:00Z, soon after rsyslog wrote the generated lines.
const WRITTEN: u64 = 1_795_348_800;

fn corpora() -> Option<PathBuf> {
    let folder = std::env::var_os("SKIDWAY_CORPORA").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: SKIDWAY_CORPORA is not set");
    }
    folder
}

/// What `skidway parse` makes of a copy that was last written at [`WRITTEN`].
fn parse(file: &Path) -> Vec<Value> {
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("log");
    // Not fs::copy: it would copy that the corpora are read-only.
    fs::write(&copy, fs::read(file).unwrap()).unwrap();
    let written = SystemTime::UNIX_EPOCH + Duration::from_secs(WRITTEN);
    File::options().write(true).open(&copy).unwrap().set_modified(written).unwrap();
    let printed = skidway(&["parse", "--timezone", "UTC", copy.to_str().unwrap()]).ok();
    printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A file's text, with one U+FFFD for each byte that is none, as in records.
fn text(path: &Path) -> String {
    let mut text = String::new();
    for chunk in fs::read(path).unwrap().utf8_chunks() {
        text += chunk.valid();
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// A record as rsyslog itself saw it.
#[derive(Debug, PartialEq)]
struct Truth {
    unix_nano: u64,
    host: String,
    unit: String,
    pid: Option<String>,
    message: String,
}

impl Truth {
    fn read(line: &str) -> Self {
        let fields: Vec<_> = line.splitn(7, '|').collect();
        let &[_, time, host, _, tag, pid, message] = &fields[..] else { panic!("{line:?}") };
        let unit = tag.strip_suffix(':').unwrap_or(tag);
        let unit = if pid == "-" { unit } else { unit.strip_suffix(&format!("[{pid}]")).unwrap_or(unit) };
        Self {
            unix_nano: unix_nano(time),
            host: host.to_owned(),
            unit: unit.to_owned(),
            pid: (pid != "-").then(|| pid.to_owned()),
            message: message.strip_prefix(' ').unwrap_or(message).trim_end().to_owned(),
        }
    }

    fn of_record(record: &Value) -> Self {
        let attribute = |name: &str| record["attributes"][name].as_str().map(ToOwned::to_owned);
        Self {
            unix_nano: record["time_unix_nano"].as_str().unwrap().parse().unwrap(),
            host: attribute("hostname").unwrap_or_default(),
            unit: attribute("unit").unwrap_or_default(),
            pid: attribute("pid"),
            message: attribute("message").unwrap_or_default(),
        }
    }

    fn in_whole_seconds(mut self) -> Self {
        self.unix_nano -= self.unix_nano % 1_000_000_000;
        self
    }
}

/// `2026-11-22T11:19:23.080666+00:00`: all generated lines are of that day, and in UTC.
fn unix_nano(stamp: &str) -> u64 {
    let clock = stamp.strip_prefix("2026-11-22T").and_then(|rest| rest.strip_suffix("+00:00")).unwrap();
    let (clock, fraction) = clock.split_once('.').unwrap();
    let second = clock.split(':').fold(0, |all, part| all * 60 + part.parse::<u64>().unwrap());
    (WRITTEN - 12 * 3600 + second) * 1_000_000_000 + fraction.parse::<u64>().unwrap() * 1000
}

fn truth(folder: &Path) -> Vec<Truth> {
    let truth: Vec<_> = text(&folder.join("truth.psv")).lines().map(Truth::read).collect();
    assert!(truth.len() >= 20);
    truth
}

fn assert_agree(parsed: &[Value], truth: &[Truth]) {
    assert_eq!(parsed.len(), truth.len());
    for (record, truth) in parsed.iter().zip(truth) {
        assert_eq!(&Truth::of_record(record), truth, "{}", record["body"]);
    }
}

#[test]
fn ubuntu_lines_agree_with_rsyslog() {
    let Some(folder) = corpora() else { return };
    let folder = folder.join("rsyslog-generated");
    assert_agree(&parse(&folder.join("ubuntu-style.log")), &truth(&folder));
}

#[test]
fn rhel_lines_agree_with_rsyslog() {
    let Some(folder) = corpora() else { return };
    let folder = folder.join("rsyslog-generated");
    let truth: Vec<_> = truth(&folder).into_iter().map(Truth::in_whole_seconds).collect();
    assert_agree(&parse(&folder.join("rhel-style.log")), &truth);
}

#[test]
fn every_line_of_every_file_is_in_one_record() {
    let Some(folder) = corpora() else { return };
    let mut files = 0;
    for part in ["real-ec2", "plaso", "rsyslog-generated"] {
        for entry in fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                continue;
            }
            let text = text(&path);
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let parsed = parse(&path);
            let bodies = parsed.iter().flat_map(|record| record["body"].as_str().unwrap().lines());
            let bodies: Vec<_> = bodies.map(str::trim).collect();
            assert_eq!(bodies, lines.collect::<Vec<_>>(), "{}", path.display());
            files += 1;
        }
    }
    assert!(files >= 15, "only {files} files");
}

#[test]
fn every_real_ec2_line_is_understood() {
    let Some(folder) = corpora() else { return };
    for name in ["amazon-linux-2-messages.log", "ubuntu-ec2-syslog-2024.log", "ubuntu-ec2-syslog-2026.log"] {
        for record in parse(&folder.join("real-ec2").join(name)) {
            assert_ne!(record["time_unix_nano"], "0", "{}", record["body"]);
            for attribute in ["hostname", "unit", "message"] {
                assert!(record["attributes"][attribute].is_string(), "no {attribute}: {}", record["body"]);
            }
        }
    }
}
