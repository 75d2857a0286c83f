//! What a line looks like when it arrives.

use crate::lines::{DAY, NEXT_NOON, ubuntu};
use crate::rig::{Books, PATIENCE, Rig};
use skidway_test_support::sink::{OtlpSink, Record};
use std::collections::BTreeSet;

const UBUNTU: &str = "2026-03-04T05:06:07.891234+00:00 ip-10-0-1-23 sshd[842]: error: no more sessions";
const AMAZON: &str = "Mar  4 05:06:08 ip-10-0-1-24 systemd: Started Session 7 of user ec2-user.";
/// 05:06:07 of that day.
const SECOND: u64 = DAY + 5 * 3600 + 6 * 60 + 7;

/// All but the uid, which is another one in every run: see `uids`.
fn attributes(record: &Record) -> Vec<(&str, String)> {
    assert!(record.attr("log.record.uid").is_some());
    let attributes = record.attributes.iter().filter(|(name, _)| *name != "log.record.uid");
    attributes.map(|(name, value)| (name.as_str(), value.to_string())).collect()
}

fn pairs<'a>(list: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
    list.iter().map(|&(name, value)| (name, value.to_owned())).collect()
}

#[test]
fn lines_of_both_systems_arrive_with_all_that_is_known() {
    let mut rig = Rig::new();
    rig.append("syslog", format!("{UBUNTU}\n"));
    rig.append("messages", format!("{AMAZON}\n"));
    rig.set_modified("messages", NEXT_NOON);
    rig.start();
    let mut records = rig.records(2);
    records.sort_by_key(|record| record.time_unix_nano);
    let [ubuntu, amazon] = &records[..] else { panic!("{records:?}") };

    assert_eq!(ubuntu.body, UBUNTU);
    assert_eq!(ubuntu.time_unix_nano, SECOND * 1_000_000_000 + 891_234_000);
    assert_eq!((ubuntu.severity_number, ubuntu.severity_text.as_str()), (17, "ERROR"));
    let expected = [
        ("hostname", "ip-10-0-1-23"),
        ("log.file.name", "syslog"),
        ("message", "error: no more sessions"),
        ("pid", "842"),
        ("source", "ec2-host-logs"),
        ("timestamp", "2026-03-04T05:06:07.891234+00:00"),
        ("unit", "sshd"),
    ];
    assert_eq!(attributes(ubuntu), pairs(&expected));

    assert_eq!(amazon.body, AMAZON);
    assert_eq!(amazon.time_unix_nano, (SECOND + 1) * 1_000_000_000, "the year is the file's");
    assert_eq!((amazon.severity_number, amazon.severity_text.as_str()), (9, "INFO"));
    let expected = [
        ("hostname", "ip-10-0-1-24"),
        ("log.file.name", "messages"),
        ("message", "Started Session 7 of user ec2-user."),
        ("source", "ec2-host-logs"),
        ("timestamp", "Mar  4 05:06:08"),
        ("unit", "systemd"),
    ];
    assert_eq!(attributes(amazon), pairs(&expected));
    assert!(records.iter().all(|record| record.observed_time_unix_nano > record.time_unix_nano));
    assert_eq!(rig.stop(), Books::all_delivered(2));
}

#[test]
fn records_carry_the_ec2_resource() {
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..1));
    rig.start();
    let records = rig.records(1);
    let resource: Vec<_> =
        records[0].resource.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect();
    let expected = [
        ("cloud.account.id", "123456789012"),
        ("cloud.availability_zone", "us-east-1a"),
        ("cloud.platform", "aws_ec2"),
        ("cloud.provider", "aws"),
        ("cloud.region", "us-east-1"),
        ("ec2.tag.Name", "web-1"),
        ("host.id", "i-0abc1234def567890"),
        ("host.image.id", "ami-0abcdef1234567890"),
        ("host.name", "ip-10-0-1-23.ec2.internal"),
        ("host.type", "t3.micro"),
        ("os.type", "linux"),
        ("service.name", "host-logs"),
    ];
    assert_eq!(resource, pairs(&expected));
}

#[test]
fn a_line_that_no_parser_knows_arrives_as_it_is() {
    let mut rig = Rig::new();
    let lines = "** begin of something **\nof which nobody knows what it is\n";
    rig.append("strange.log", lines);
    rig.start();
    rig.expect(lines);
    for record in rig.sink.records() {
        assert_eq!(record.time_unix_nano, 0);
        assert_eq!(
            attributes(&record),
            pairs(&[("log.file.name", "strange.log"), ("source", "ec2-host-logs")])
        );
    }
    assert_eq!(rig.stop(), Books::all_delivered(2));
    assert_eq!(rig.said("does not recognise").len(), 1, "said once, not per line");
}

#[test]
fn line_ends_are_trimmed_and_blank_lines_counted() {
    let mut rig = Rig::new();
    rig.append("syslog", format!("{UBUNTU}\r\n\r\n \t\n\n{UBUNTU} \t\r\n"));
    rig.start();
    assert_eq!(rig.bodies(2), [UBUNTU, UBUNTU]);
    let record = &rig.sink.records()[0];
    assert_eq!(record.attr("message"), Some("error: no more sessions"));
    assert_eq!(rig.stop(), Books { lines_read: 5, lines_skipped: 3, ..Books::all_delivered(2) });
}

#[test]
fn bytes_that_are_no_text_are_replaced_one_by_one() {
    let mut rig = Rig::new();
    rig.append("syslog", [UBUNTU.as_bytes(), b": caf\xe9 \xe6\x97 \xff\0.\n"].concat());
    rig.append("syslog", "2026-03-04T05:06:09Z h größe[1]: 日本\n");
    rig.start();
    let expected = format!("{UBUNTU}: caf\u{fffd} \u{fffd}\u{fffd} \u{fffd}\0.");
    assert_eq!(rig.bodies(2), [expected.as_str(), "2026-03-04T05:06:09Z h größe[1]: 日本"]);
    let records = rig.sink.records();
    assert_eq!(records[0].attr("hostname"), Some("ip-10-0-1-23"));
    assert_eq!(records[1].attr("unit"), Some("größe"));
    assert_eq!(rig.stop(), Books::all_delivered(2));
}

#[test]
fn nuls_in_front_of_a_line_do_not_hide_it() {
    let mut rig = Rig::new();
    rig.append("syslog", format!("\0\0\0{UBUNTU}\n"));
    rig.start();
    let records = rig.records(1);
    assert_eq!(records[0].attr("unit"), Some("sshd"));
    assert_eq!(records[0].time_unix_nano / 1_000_000_000, SECOND);
    assert!(records[0].body.ends_with(UBUNTU), "{:?}", records[0].body);
}

#[test]
fn continuation_lines_join_their_entry() {
    let mut rig = Rig::new();
    rig.append("syslog", format!("{UBUNTU}\n\tat one\n    at two\n{UBUNTU}\n"));
    rig.start();
    assert_eq!(rig.bodies(2), [format!("{UBUNTU}\n\tat one\n    at two"), UBUNTU.to_owned()]);
    let record = &rig.sink.records()[0];
    assert_eq!(record.attr("message"), Some("error: no more sessions\n\tat one\n    at two"));
    assert_eq!(rig.stop(), Books { lines_read: 4, lines_joined: 2, ..Books::all_delivered(2) });
}

#[test]
fn repeated_messages_arrive_once_as_they_were_written() {
    let mut rig = Rig::new();
    let repeated = "Mar  4 05:06:08 vm rep[1]: message repeated 3 times: [ the same]\n\
                    Mar  4 05:06:09 vm last message repeated 2 times\n";
    rig.append("messages", repeated);
    rig.start();
    rig.expect(repeated);
    let records = rig.sink.records();
    assert_eq!(records[0].attr("message"), Some("message repeated 3 times: [ the same]"));
    assert_eq!(records[1].attr("hostname"), Some("vm"));
    assert_eq!(rig.stop(), Books::all_delivered(2));
}

#[test]
fn every_compression_and_the_headers_of_the_config_arrive() {
    for compression in ["gzip", "zstd", "none"] {
        let mut rig = Rig::new();
        rig.env("KEY", "an-ingestion-key");
        rig.config(&format!(
            "exporters: {{otlphttp: {{compression: {compression}, headers: {{authorization: '${{env:KEY}}'}}}}}}"
        ));
        rig.append("syslog", ubuntu(0..20));
        rig.start();
        rig.expect(&ubuntu(0..20));
        let headers = &rig.sink.records()[0].headers;
        assert_eq!(headers["authorization"], "an-ingestion-key");
        let encoding = headers.get("content-encoding").map(String::as_str);
        assert_eq!(encoding, (compression != "none").then_some(compression));
        rig.stop();
        assert_eq!(rig.said("an-ingestion-key"), [""; 0], "a secret in the log");
    }
}

#[test]
fn a_chosen_parser_is_used_for_every_line() {
    let mut rig = Rig::new();
    rig.config("receivers: {filelog: {parser: ubuntu, include_file_path: true}}");
    rig.append("messages", format!("{AMAZON}\n{UBUNTU}\n"));
    rig.start();
    let records = rig.records(2);
    assert_eq!(records[0].attr("hostname"), None);
    assert_eq!(records[1].attr("hostname"), Some("ip-10-0-1-23"));
    assert_eq!(records[1].attr("log.file.path"), rig.log_file("messages").to_str());
    assert_eq!(rig.stop(), Books::all_delivered(2));
}

#[test]
fn entries_are_whole_wherever_a_chunk_ends() {
    const ENTRIES: usize = 12_000;
    let mut rig = Rig::new();
    let entry = |n| format!("{}\n\tmore of {n}", ubuntu(n..n + 1).trim_end());
    let text: String = (0..ENTRIES).map(|n| entry(n) + "\n").collect();
    assert!(text.len() > 3 * (256 << 10), "several chunks");
    rig.append("syslog", &text);
    rig.start();
    let bodies = rig.bodies(ENTRIES);
    for (n, body) in bodies.iter().enumerate() {
        assert_eq!(*body, entry(n));
    }
    let lines = ENTRIES as u64;
    let books = Books { lines_read: 2 * lines, lines_joined: lines, ..Books::all_delivered(lines) };
    assert_eq!(rig.stop(), books);
}

#[test]
fn many_files_are_followed_at_once() {
    let mut rig = Rig::new();
    for n in 0..200 {
        rig.append(&format!("app-{n}.log"), ubuntu(n * 10..n * 10 + 5));
    }
    rig.start();
    rig.records(1000);
    for n in 0..200 {
        rig.append(&format!("app-{n}.log"), ubuntu(n * 10 + 5..n * 10 + 10));
    }
    let bodies: BTreeSet<_> = rig.bodies(2000).into_iter().collect();
    assert_eq!(bodies, ubuntu(0..2000).lines().map(ToOwned::to_owned).collect());
    assert_eq!(rig.stop(), Books::all_delivered(2000));
}

#[test]
fn two_pipelines_deliver_each_to_its_own_backend() {
    let other = OtlpSink::start().unwrap();
    let mut rig = Rig::new();
    rig.env("OTHER", &other.endpoint());
    rig.config(
        "receivers:
  filelog: {include: ['${env:LOGS}/syslog']}
  filelog/app: {include: ['${env:LOGS}/app.log'], start_at: beginning}
exporters: {otlphttp/other: {endpoint: '${env:OTHER}'}}
service: {pipelines: {logs/app: {receivers: [filelog/app], processors: [resource], exporters: [otlphttp/other]}}}",
    );
    rig.append("syslog", ubuntu(0..10));
    rig.append("app.log", ubuntu(10..20));
    rig.start();
    rig.expect(&ubuntu(0..10));
    other.wait_delivered(PATIENCE, 10).unwrap();
    assert_eq!(other.bodies(), ubuntu(10..20).lines().collect::<Vec<_>>());
    assert_eq!(other.records()[0].resource_attr("service.name"), Some("host-logs"));
    assert_eq!(rig.stop(), Books::all_delivered(20));
}
