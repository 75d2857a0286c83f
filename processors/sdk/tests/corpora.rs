//! Both syslog parsers over real logs, and over what rsyslog says about its own. The
//! parsers of other formats know none of these lines.
//! The folder is named by SKIDWAY_CORPORA; without it these tests say that they
//! skipped.
#![allow(clippy::unwrap_used, reason = "a test")]

use skidway_processor_amazon_linux::AmazonLinux;
use skidway_processor_apache_error::ApacheError;
use skidway_processor_cri::Cri;
use skidway_processor_docker_json::DockerJson;
use skidway_processor_json_lines::JsonLines;
use skidway_processor_logfmt::Logfmt;
use skidway_processor_nginx_error::NginxError;
use skidway_processor_ubuntu::Ubuntu;
use skidway_processor_web_access::WebAccess;
use skidway_sdk::testing::{Entry, parse, parse_chunks};
use skidway_sdk::{ChunkParser, Parser};
use std::path::PathBuf;

/// A file of the corpora as the agent hands it over: valid UTF-8.
fn corpus(name: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("SKIDWAY_CORPORA") else {
        eprintln!("skipped: SKIDWAY_CORPORA is not set");
        return None;
    };
    let path = PathBuf::from(folder).join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn ubuntu(text: &str) -> Vec<Entry> {
    parse(&Ubuntu::configure("{}").unwrap(), text)
}

fn amazon_linux(text: &str) -> Vec<Entry> {
    parse(&AmazonLinux::configure("{}").unwrap(), text)
}

/// One line as rsyslog itself saw it.
struct Truth {
    time: u64,
    host: String,
    unit: String,
    pid: Option<String>,
    message: String,
}

fn truth(text: &str) -> Vec<Truth> {
    text.lines()
        .map(|line| {
            let columns: Vec<_> = line.splitn(7, '|').collect();
            let [_, time, host, _, tag, pid, message] = columns[..] else { panic!("{line}") };
            let tag = tag.strip_suffix(':').unwrap_or(tag);
            let time: jiff::Timestamp = time.parse().unwrap();
            Truth {
                time: time.as_nanosecond() as u64,
                host: host.into(),
                unit: tag.split('[').next().unwrap().into(),
                pid: Some(pid).filter(|&pid| pid != "-").map(Into::into),
                message: message.strip_prefix(' ').unwrap_or(message).trim_end().into(),
            }
        })
        .collect()
}

fn compare(entries: &[Entry], text: &str, truth: &[Truth], time_unit: u64) {
    assert_eq!(entries.len(), truth.len());
    for ((entry, line), truth) in entries.iter().zip(text.lines()).zip(truth) {
        assert!(entry.recognised, "{entry:?}");
        assert_eq!(entry.body, line.trim());
        assert_eq!(entry.get("hostname"), Some(truth.host.as_str()), "{line}");
        assert_eq!(entry.get("unit"), Some(truth.unit.as_str()), "{line}");
        assert_eq!(entry.get("pid"), truth.pid.as_deref(), "{line}");
        assert_eq!(entry.get("message"), Some(truth.message.as_str()), "{line}");
        assert_eq!(entry.time_unix_nano, truth.time / time_unit * time_unit, "{line}");
        assert!(line.starts_with(entry.get("timestamp").unwrap()));
    }
}

#[test]
fn both_parsers_agree_with_rsyslog_about_every_line() {
    let Some(expected) = corpus("rsyslog-generated/truth.psv") else { return };
    let expected = truth(&expected);
    assert_eq!(expected.len(), 20);
    let text = corpus("rsyslog-generated/ubuntu-style.log").unwrap();
    compare(&ubuntu(&text), &text, &expected, 1);
    let text = corpus("rsyslog-generated/rhel-style.log").unwrap();
    compare(&amazon_linux(&text), &text, &expected, 1_000_000_000);
}

/// Entries and how many of them were not recognised.
fn counts(entries: &[Entry]) -> (usize, usize) {
    (entries.len(), entries.iter().filter(|entry| !entry.recognised).count())
}

#[test]
fn every_line_of_ec2_hosts_is_read() {
    for name in ["real-ec2/ubuntu-ec2-syslog-2024.log", "real-ec2/ubuntu-ec2-syslog-2026.log"] {
        let Some(text) = corpus(name) else { return };
        let entries = ubuntu(&text);
        assert_eq!(counts(&entries), (text.lines().count(), 0));
        assert_eq!(counts(&amazon_linux(&text)), (text.lines().count(), text.lines().count()));
        for entry in &entries {
            assert!(entry.get("hostname").unwrap().starts_with("ip-172-31-"), "{entry:?}");
            let unit = entry.get("unit").unwrap();
            assert_eq!(entry.get("pid").is_none(), unit == "kernel", "{entry:?}");
            assert!(["systemd", "chronyd", "kernel", "amazon-ssm-agent.amazon-ssm-agent"].contains(&unit));
        }
    }
    let Some(text) = corpus("real-ec2/amazon-linux-2-messages.log") else { return };
    let entries = amazon_linux(&text);
    assert_eq!(counts(&entries), (text.lines().count(), 0));
    assert_eq!(counts(&ubuntu(&text)), (text.lines().count(), text.lines().count()));
    let february: jiff::Timestamp = "2026-02-27T16:14:07Z".parse().unwrap();
    for entry in &entries {
        let age = entry.time_unix_nano as i128 - february.as_nanosecond();
        assert!((0..=2_000_000_000).contains(&age), "{entry:?}");
        assert!(["dhclient", "NET", "network", "ec2net", "systemd"].contains(&entry.get("unit").unwrap()));
    }
}

/// File, parser is Ubuntu's, entries, of them not recognised.
const PLASO: [(&str, bool, usize, usize); 11] = [
    ("syslog", false, 17, 1),
    ("syslog_cron.log", false, 9, 0),
    ("syslog_osx", false, 2, 0),
    ("syslog_ssh.log", false, 9, 0),
    ("syslog_rsyslog_traditional", false, 9, 1),
    ("syslog_rsyslog_SysklogdFileFormat", false, 10, 1),
    ("syslog_chromeos", true, 8, 0),
    ("syslog_rsyslog", true, 5, 0),
    ("syslog_rsyslog_ForwardFormat", true, 2, 2),
    ("syslog_rsyslog_SyslogProtocol23Format", true, 10, 10),
    ("syslog_rsyslog_TraditionalForwardFormat", false, 2, 2),
];

#[test]
fn plasos_test_files_are_read() {
    for (name, rfc3339, entries, unrecognised) in PLASO {
        let Some(text) = corpus(&format!("plaso/{name}")) else { return };
        let read = if rfc3339 { ubuntu(&text) } else { amazon_linux(&text) };
        assert_eq!(counts(&read), (entries, unrecognised), "{name}: {read:#?}");
        let bodies: usize = read.iter().map(|entry| entry.body.lines().count()).sum();
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
        assert_eq!(bodies, lines, "{name}");
    }
    let Some(text) = corpus("plaso/syslog") else { return };
    let read = amazon_linux(&text);
    let leap_day =
        read.iter().find(|entry| entry.get("timestamp").is_some_and(|t| t.starts_with("Feb 29"))).unwrap();
    let leap_day_of_2024: jiff::Timestamp = "2024-02-29T00:00:00Z".parse().unwrap();
    let second = i128::from(leap_day.time_unix_nano) - leap_day_of_2024.as_nanosecond();
    assert!((0..86_400_000_000_000).contains(&second), "{leap_day:?}");
    assert!(leap_day.get("unit").is_none() && leap_day.get("hostname").is_none());
    let joined = read.iter().find(|entry| entry.body.contains('\n')).unwrap();
    assert!(joined.body.ends_with(joined.get("message").unwrap()));
    assert!(joined.get("message").unwrap().contains("\n\t"));
}

#[test]
fn no_other_format_knows_a_line_of_syslog() {
    let real = ["amazon-linux-2-messages", "ubuntu-ec2-syslog-2024", "ubuntu-ec2-syslog-2026"];
    let plaso = PLASO.iter().map(|(name, ..)| format!("plaso/{name}"));
    for name in real.map(|name| format!("real-ec2/{name}.log")).into_iter().chain(plaso) {
        let Some(text) = corpus(&name) else { return };
        let read = [
            parse(&<ApacheError as Parser>::configure("{}").unwrap(), &text),
            parse(&<JsonLines as Parser>::configure("{}").unwrap(), &text),
            parse(&<Logfmt as Parser>::configure("{}").unwrap(), &text),
            parse(&<NginxError as Parser>::configure("{}").unwrap(), &text),
            parse(&<WebAccess as Parser>::configure("{}").unwrap(), &text),
            parse_chunks(&<Cri as ChunkParser>::configure("{}").unwrap(), &text),
            parse_chunks(&<DockerJson as ChunkParser>::configure("{}").unwrap(), &text),
        ];
        for entry in read.iter().flatten() {
            assert!(!entry.recognised, "{name}: {entry:?}");
        }
    }
}
