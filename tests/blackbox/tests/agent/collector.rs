//! The configs of ClickStack's guide as they stand, against the records that the collector makes of the same
//! lines. What these are is derived from the collector's rules, not from this agent's answers.

use std::collections::BTreeMap;
use std::path::Path;

use skidway_test_support::sink::{Record, Value};

use crate::rig::{Books, Rig};

/// 2025-11-17T20:55:44Z.
const MOMENT: u64 = 1_763_412_944_000_000_000;
/// 2026-11-22T12:00:00Z, when the files were last written to.
const WRITTEN: u64 = 1_795_348_800;
const SECOND: u64 = 1_000_000_000;

/// A record as it must arrive.
#[derive(Debug, PartialEq)]
struct Expected {
    body: String,
    time: u64,
    severity: (i32, String),
    attributes: BTreeMap<String, String>,
}

impl Expected {
    /// A line that nothing was found in.
    fn raw(body: &str, file: &str, source: &str) -> Self {
        let attributes = [("log.file.name", file), ("source", source)];
        Self {
            body: body.to_owned(),
            time: 0,
            severity: (0, String::new()),
            attributes: attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        }
    }

    fn with(mut self, time: u64, parts: [(&str, &str); 5]) -> Self {
        self.time = time;
        self.attributes.extend(parts.map(|(name, value)| (name.to_owned(), value.to_owned())));
        self
    }
}

impl From<&Record> for Expected {
    fn from(record: &Record) -> Self {
        assert!(record.observed_time_unix_nano > 0);
        // The collector has no such thing.
        let attributes = record.attributes.iter().filter(|(name, _)| *name != "log.record.uid");
        assert_eq!(attributes.clone().count() + 1, record.attributes.len());
        let text =
            |value: &Value| value.as_text().unwrap_or_else(|| panic!("{value:?} is no text")).to_owned();
        Self {
            body: record.body.clone(),
            time: record.time_unix_nano,
            severity: (record.severity_number, record.severity_text.clone()),
            attributes: attributes.map(|(name, value)| (name.clone(), text(value))).collect(),
        }
    }
}

/// Lines with what must become of them.
struct Lines {
    text: Vec<u8>,
    records: Vec<Expected>,
    blank: u64,
    source: &'static str,
}

const FILE: &str = "guide.log";

impl Lines {
    fn new(source: &'static str) -> Self {
        Self { text: Vec::new(), records: Vec::new(), blank: 0, source }
    }

    fn add(&mut self, line: &[u8], record: Expected) {
        self.text.extend_from_slice(line);
        self.records.push(record);
    }

    /// Stamps with every kind of unit, message and line end behind them. A stamp that the layout does not take
    /// leaves the record without a time; one that the pattern does not take, without anything.
    fn all_of(&mut self, stamps: &[(&str, Option<u64>)], matches: impl Fn(&str) -> bool) {
        let units = [
            ("sshd[1234]", "sshd", "1234"),
            ("kernel", "kernel", ""),
            ("a[b[7]", "a[b", "7"),
            ("x[y]", "x[y]", ""),
        ];
        let messages = ["session opened", "{\"a\": 1}: b [c]: d", "Grüße – ok", "  two blanks", ""];
        let ends = ["\n", "\r\n", " \t\n"];
        for (stamp, time) in stamps {
            for (unit, name, pid) in units {
                for (message, end) in messages.iter().flat_map(|message| ends.map(|end| (message, end))) {
                    let line = format!("{stamp} ip-10-0-0-1 {unit}: {message}");
                    let body = line.trim();
                    let raw = Expected::raw(body, FILE, self.source);
                    // What is trimmed off may be what the pattern needs behind the colon.
                    let found = matches(stamp) && body.contains(": ");
                    let record = if found {
                        // The first colon with a blank behind it ends the unit, wherever it stands.
                        let parts = [
                            ("timestamp", *stamp),
                            ("hostname", "ip-10-0-0-1"),
                            ("unit", name),
                            ("pid", pid),
                            ("message", *message),
                        ];
                        raw.with(time.unwrap_or(0), parts)
                    } else {
                        raw
                    };
                    self.add(format!("{line}{end}").as_bytes(), record);
                }
            }
        }
    }

    /// Lines that are none of syslog, in every guide's config.
    fn odd_ones(&mut self) {
        for line in ["no syslog at all", "{\"json\": true}", "a b c", "é"] {
            self.add(format!("  {line} \r\n").as_bytes(), Expected::raw(line, FILE, self.source));
        }
        self.text.extend_from_slice(b"\n \t\r\n");
        self.blank += 2;
        self.add(b"bad \xff\xfe bytes\n", Expected::raw("bad \u{fffd}\u{fffd} bytes", FILE, self.source));
    }
}

/// A rig that runs this config of the guide, with nothing changed but where the files and the backend are.
fn guide(name: &str, overlay: &str) -> Rig {
    let mut rig = Rig::without_config();
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("guide");
    rig.config(&std::fs::read_to_string(guide.join(name)).unwrap());
    rig.config(overlay);
    rig.env("CLICKSTACK_API_KEY", "the-key");
    rig.env("TZ", "UTC");
    rig
}

const HERE: &str = "\
receivers: {filelog: {include: ['${env:LOGS}/**/*.log'], start_at: beginning}}
processors: {batch: {timeout: 20ms}}
exporters: {otlphttp: {endpoint: '${env:SINK}'}}
";

fn compare(rig: &mut Rig, lines: &Lines) -> Vec<Record> {
    rig.append(FILE, &lines.text);
    rig.set_modified(FILE, WRITTEN);
    rig.start();
    let records = rig.records(lines.records.len());
    let unequal: Vec<_> = lines
        .records
        .iter()
        .zip(&records)
        .filter(|(expected, record)| **expected != Expected::from(*record))
        .map(|(expected, record)| format!("{expected:?}\n  is {record:?}"))
        .collect();
    println!("{} of {} records are equal", lines.records.len() - unequal.len(), lines.records.len());
    assert!(unequal.is_empty(), "{} unequal:\n{}", unequal.len(), unequal[..unequal.len().min(3)].join("\n"));
    assert_eq!(records.len(), lines.records.len());
    assert_eq!(rig.stop(), Books::all_delivered(lines.records.len() as u64).and_blank(lines.blank));
    records
}

#[test]
fn the_modern_config_makes_the_collectors_records() {
    let mut rig = guide("modern.yaml", HERE);
    rig.imds.set_tag("Name", "web-1");
    let mut lines = Lines::new("ec2-host-logs");
    let stamps = [
        ("2025-11-17T20:55:44.826796+00:00", Some(MOMENT + 826_796_000)),
        ("2025-11-17T20:55:44+00:00", Some(MOMENT)),
        ("2025-11-17T20:55:44.8+00:00", Some(MOMENT + 800_000_000)),
        ("2025-11-18T05:55:44.826796123+09:00", Some(MOMENT + 826_796_123)),
        ("2025-11-17T20:55:44,5+00:00", Some(MOMENT + 500_000_000)),
        ("2025-11-17T20:55:44Z", None),
        ("2025-11-17T20:55:44+0000", None),
        ("Nov", None),
    ];
    lines.all_of(&stamps, |_| true);
    lines.odd_ones();
    assert!(lines.records.len() > 400);
    let records = compare(&mut rig, &lines);
    let resource: Vec<_> = records[0].resource.keys().map(String::as_str).collect();
    let expected = [
        "cloud.account.id",
        "cloud.availability_zone",
        "cloud.platform",
        "cloud.provider",
        "cloud.region",
        "ec2.tag.Environment",
        "ec2.tag.Name",
        "ec2.tag.Team",
        "host.id",
        "host.image.id",
        "host.name",
        "host.type",
        "os.type",
    ];
    assert_eq!(resource, expected);
    assert!(records.iter().all(|record| record.resource == records[0].resource));
    assert_eq!(records[0].resource["ec2.tag.Name"], "web-1");
    assert_eq!(records[0].headers["authorization"], "the-key");
    assert_eq!(rig.said("lines that do not fit pass as they are").len(), 1, "once, not per line");
}

#[test]
fn the_legacy_config_makes_the_collectors_records() {
    let mut rig = guide("legacy.yaml", HERE);
    let mut lines = Lines::new("ec2-host-logs");
    let nov_17 = WRITTEN * SECOND - 5 * 86_400 * SECOND + (8 * 3600 + 55 * 60 + 44) * SECOND;
    let stamps = [
        ("Nov 17 20:55:44", Some(nov_17)),
        ("Nov 07 20:55:44", Some(nov_17 - 10 * 86_400 * SECOND)),
        ("Nov 29 12:00:00", Some((WRITTEN + 7 * 86_400) * SECOND)),
        ("Nov 29 12:00:01", Some((WRITTEN + 1 - 358 * 86_400) * SECOND)),
        ("Nov  7 20:55:44", None),
        ("Nov 7 20:55:44", None),
        ("Xyz 17 20:55:44", None),
    ];
    lines.all_of(&stamps, |stamp| !stamp.contains("  "));
    lines.odd_ones();
    assert!(lines.records.len() > 400);
    compare(&mut rig, &lines);
}

#[test]
fn the_demo_runs_on_the_base_config() {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/clickstack-base.yaml");
    let mut rig = Rig::without_config();
    rig.config(&std::fs::read_to_string(base).unwrap());
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("guide/demo.yaml");
    rig.config(&std::fs::read_to_string(demo).unwrap());
    rig.config("receivers: {filelog/journal: {include: ['${env:LOGS}/journal.log']}}\nprocessors: {batch: {timeout: 20ms}}\n");
    let endpoint = rig.sink.endpoint();
    rig.env("CLICKSTACK_ENDPOINT", &endpoint);
    rig.append(
        "journal.log",
        "2025-11-17T20:55:44+0000 host app[7]: An ERROR {\"user\": {\"id\": 5}, \"ok\": true}\n\
         2025-11-17T20:55:44+00:00 host app: fine\n\
         Warning: no syslog\n",
    );
    rig.start();
    let records = rig.records(3);
    let severities: Vec<_> = records.iter().map(|r| (r.severity_number, r.severity_text.as_str())).collect();
    assert_eq!(severities, [(17, "error"), (9, "info"), (13, "warn")]);
    let times: Vec<_> = records.iter().map(|record| record.time_unix_nano).collect();
    assert_eq!(times, [MOMENT, 0, 0]);
    assert_eq!(records[0].attributes["user.id"], Value::Float(5.0));
    assert_eq!(records[0].attributes["ok"], Value::Boolean(true));
    assert_eq!((records[0].attr("unit"), records[0].attr("source")), (Some("app"), Some("ec2-demo")));
    assert_eq!(records[1].attr("message"), Some("fine"));
    assert_eq!((records[2].attr("unit"), records[2].attr("source")), (None, Some("ec2-demo")));
    let resource: Vec<_> = records[2].resource.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let expected = [
        "cloud.availability_zone=us-east-1a",
        "cloud.platform=aws_ec2",
        "cloud.provider=aws",
        "cloud.region=us-east-1",
        "host.id=i-0abc123def456789",
        "host.name=demo-ec2-instance",
        "host.type=t3.medium",
        "service.name=ec2-demo",
    ];
    assert_eq!(resource, expected);
    rig.stop();
}
