//! Which files are read and what they are made of: encodings, long lines, owners,
//! orders, compression, and how many are open at once.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::command::check;
use crate::rig::{Books, Rig};

const MINIMAL: &str = "\
receivers:
  filelog:
    include: ['${env:LOGS}/**/*']
    start_at: beginning
processors:
  batch: {timeout: 20ms}
exporters:
  otlphttp: {endpoint: '${env:SINK}', retry_on_failure: {initial_interval: 10ms, max_interval: 100ms}}
service:
  pipelines:
    logs: {receivers: [filelog], processors: [batch], exporters: [otlphttp]}
";

fn rig(receiver: &str) -> Rig {
    let mut rig = Rig::without_config();
    rig.config(MINIMAL);
    rig.config(&format!("receivers: {{filelog: {receiver}}}"));
    rig
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn numbered(what: &str, count: usize) -> String {
    (0..count).map(|n| format!("{what} {n}\n")).collect()
}

#[test]
fn utf_16_becomes_text() {
    for (name, bytes) in
        [("utf-16le", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("utf-16be", u16::to_be_bytes)]
    {
        let mut rig = rig(&format!("{{encoding: {name}}}"));
        let encode = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(bytes).collect() };
        // The second character holds the byte of a line feed.
        rig.append("app.log", encode("grün \u{a0a}\r\nzwei 😀\n"));
        rig.start();
        rig.expect("grün \u{a0a}\nzwei 😀\n");
        rig.append("app.log", encode("drei\n"));
        rig.expect("grün \u{a0a}\nzwei 😀\ndrei\n");
        assert_eq!(rig.stop(), Books::all_delivered(3), "{name}");
    }
}

#[test]
fn of_a_line_that_is_too_long_the_beginning_is_kept() {
    let mut rig = rig("{max_log_size: 1KiB, max_log_size_behavior: truncate}");
    let long = "x".repeat(5000);
    rig.append("app.log", format!("short\n{long}\nnext\n{long}"));
    rig.append("app.log", format!("{long}\nlast\n"));
    rig.start();
    let kept = &long[..1024];
    rig.expect(&format!("short\n{kept}\nnext\n{kept}\nlast\n"));
    rig.wait_for_checkpoint("app.log", fs::metadata(rig.log_file("app.log")).unwrap().len());
    assert_eq!(rig.stop(), Books::all_delivered(5));
}

#[test]
fn records_say_who_may_read_their_file() {
    let mut rig = rig("{include_file_owner_name: true, include_file_owner_group_name: true, \
                        include_file_permissions: true}");
    rig.append("app.log", "one\n");
    fs::set_permissions(rig.log_file("app.log"), Permissions::from_mode(0o640)).unwrap();
    rig.start();
    let record = rig.records(1).remove(0);
    // As another program sees it; `UNKNOWN` is a number without a name.
    let seen = Command::new("stat").args(["-c", "%U %G"]).arg(rig.log_file("app.log")).output().unwrap();
    let seen = String::from_utf8(seen.stdout).unwrap();
    let (owner, group) = seen.trim().split_once(' ').unwrap();
    let name = |name| Some(name).filter(|&name| name != "UNKNOWN");
    assert_eq!(record.attr("log.file.owner.name"), name(owner));
    assert_eq!(record.attr("log.file.owner.group.name"), name(group));
    assert_eq!(record.attr("log.file.permissions"), Some("640"));
    rig.stop();
}

#[test]
fn only_the_first_files_of_an_order_are_read() {
    let mut rig =
        rig("{ordering_criteria: {regex: '/(?P<app>\\w+)\\.(?P<n>\\d+)\\.log$', group_by: '/(\\w+)\\.\\d', \
                        top_n: 1, sort_by: [{sort_type: numeric, regex_key: n}]}}");
    for (name, text) in
        [("a.9.log", "old\n"), ("a.10.log", "new\n"), ("b.1.log", "other\n"), ("none", "no\n")]
    {
        rig.append(name, text);
    }
    rig.start();
    let mut bodies = rig.bodies(2);
    bodies.sort();
    assert_eq!(bodies, ["new", "other"]);
    rig.append("a.11.log", "newest\n");
    assert_eq!(rig.bodies(3).last().unwrap(), "newest");
    assert_eq!(rig.stop(), Books::all_delivered(3));
}

#[test]
fn a_layout_that_cannot_be_read_is_said_with_its_place() {
    let mut rig = Rig::without_config();
    rig.config(&MINIMAL.replace(
        "    start_at: beginning\n",
        "    ordering_criteria:\n      regex: '(?P<day>\\d+)'\n      top_n: 1\n      \
         sort_by: [{sort_type: timestamp, regex_key: day, layout: '%!'}]\n",
    ));
    let said = check(&rig).failed();
    let line = "error: receiver `filelog`: ordering_criteria.sort_by.layout: ";
    assert!(said.starts_with(line) && said.contains("config-0.yaml:7:7"), "{said}");
}

#[test]
fn compressed_files_are_told_by_their_content() {
    let mut rig = rig("{compression: auto, include_file_name: true}");
    rig.append("plain.log", numbered("plain", 10));
    rig.append("packed.gz", gzip(&numbered("packed", 1000)));
    rig.start();
    let of = |rig: &Rig, name: &str, count| -> Vec<String> {
        let records = rig.records(count).into_iter();
        records.filter(|r| r.attr("log.file.name") == Some(name)).map(|r| r.body).collect()
    };
    assert_eq!(of(&rig, "packed.gz", 1010).join("\n") + "\n", numbered("packed", 1000));
    rig.append("packed.gz", gzip("another member\n"));
    assert_eq!(of(&rig, "packed.gz", 1011).last().unwrap(), "another member");
    assert_eq!(rig.stop(), Books::all_delivered(1011));
    // What was delivered is not delivered again.
    rig.append("packed.gz", gzip("after a restart\n"));
    rig.start();
    assert_eq!(of(&rig, "packed.gz", 1012).last().unwrap(), "after a restart");
    assert_eq!(rig.stop(), Books::all_delivered(1));
}

#[test]
fn a_file_that_was_rotated_and_compressed_is_not_read_twice() {
    let mut rig = rig("{compression: auto}");
    let text = numbered("line", 500);
    rig.append("app.log", &text);
    rig.start();
    rig.expect(&text);
    rig.rename("app.log", "app.log.1");
    rig.append("app.log", "new\n");
    rig.append("app.log.1.gz", gzip(&text));
    fs::remove_file(rig.log_file("app.log.1")).unwrap();
    rig.expect(&(text + "new\n"));
    rig.append("last.log", "last\n");
    rig.records(502);
    assert_eq!(rig.stop(), Books::all_delivered(502));
}

#[test]
fn more_files_than_may_be_open_are_all_read() {
    let mut rig = rig("{max_concurrent_files: 3, include_file_name: true}");
    for file in 0..40 {
        rig.append(&format!("{file}.log"), numbered(&format!("file {file}"), 20));
    }
    rig.start();
    rig.records(800);
    for file in 0..40 {
        rig.append(&format!("{file}.log"), format!("file {file} again\n"));
    }
    let records = rig.records(840);
    for file in 0..40 {
        let name = format!("{file}.log");
        let own = records.iter().filter(|record| record.attr("log.file.name") == Some(name.as_str()));
        let bodies: Vec<_> = own.map(|record| record.body.as_str()).collect();
        let wanted = numbered(&format!("file {file}"), 20) + &format!("file {file} again");
        assert_eq!(bodies.join("\n"), wanted);
    }
    assert_eq!(rig.stop(), Books::all_delivered(840));
}
