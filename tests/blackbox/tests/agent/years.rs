//! Stamps without a year: theirs comes from the file, whenever it is read.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use skidway_test_support::sink::Answer;

use crate::command::skidway;
use crate::rig::{PATIENCE, Rig};

fn second(time: &str) -> i64 {
    time.parse::<Timestamp>().unwrap().as_second()
}

/// Lines as Amazon Linux 2 writes them in this zone, each with the second that it is of.
fn lines(seconds: &[i64], zone: &TimeZone) -> String {
    let line = |&second: &i64| {
        let local = Timestamp::from_second(second).unwrap().to_zoned(zone.clone());
        format!("{} web-2 job[7]: at {second}\n", local.strftime("%b %e %H:%M:%S"))
    };
    seconds.iter().map(line).collect()
}

/// Each record has the time that its line was written at.
fn assert_true(rig: &Rig, count: usize) {
    for record in rig.records(count) {
        let (_, written) = record.body.rsplit_once(' ').unwrap();
        let found = Timestamp::from_nanosecond(record.time_unix_nano.into()).unwrap();
        assert_eq!(found.as_second(), written.parse::<i64>().unwrap(), "{} is of {found}", record.body);
    }
}

/// Delivers these lines of a file that was last written to then.
fn deliver(rig: &mut Rig, seconds: &[i64], zone: &TimeZone, modified: &str) {
    rig.append("messages", lines(seconds, zone));
    rig.set_modified("messages", second(modified) as u64);
    rig.start();
    assert_true(rig, seconds.len());
    rig.stop();
}

/// Every `pause` seconds from one time to another.
fn every(pause: usize, from: &str, to: &str) -> Vec<i64> {
    (second(from)..=second(to)).step_by(pause).collect()
}

#[test]
fn new_year_in_both_directions() {
    for (times, modified) in [
        (["2020-12-31T23:59:58Z", "2020-12-31T23:59:59Z"], "2021-01-01T00:00:05Z"),
        (["2020-12-31T23:59:59Z", "2021-01-01T00:00:01Z"], "2021-01-01T00:00:05Z"),
        // Who wrote the line has a clock that runs ahead.
        (["2020-12-31T23:59:59Z", "2021-01-01T00:00:01Z"], "2020-12-31T23:59:57Z"),
    ] {
        deliver(&mut Rig::new(), &times.map(second), &TimeZone::UTC, modified);
    }
}

#[test]
fn a_backlog_of_years_in_one_go() {
    // Twice a week in one chunk, and every quarter of an hour in many.
    for pause in [300_000, 900] {
        let seconds = every(pause, "2019-02-03T04:05:06Z", "2021-11-20T21:22:23Z");
        deliver(&mut Rig::new(), &seconds, &TimeZone::UTC, "2021-11-20T23:00:00Z");
    }
}

#[test]
fn a_compressed_backlog_of_years() {
    let seconds = every(900, "2020-06-03T04:05:06Z", "2021-11-20T21:22:23Z");
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(lines(&seconds, &TimeZone::UTC).as_bytes()).unwrap();
    let mut rig = Rig::new();
    rig.config("receivers: {filelog: {compression: auto}}");
    rig.append("messages.1.gz", packed.finish().unwrap());
    rig.set_modified("messages.1.gz", second("2021-11-20T23:00:00Z") as u64);
    rig.start();
    assert_true(&rig, seconds.len());
    rig.stop();
}

#[test]
fn leap_days_and_changes_of_local_time() {
    let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    // Not at the hour that is there twice.
    let seconds = every(86_400, "2019-12-30T12:00:00Z", "2021-11-20T12:00:00Z");
    assert!(seconds.contains(&second("2020-02-29T12:00:00Z")));
    let mut rig = Rig::new();
    rig.config("receivers: {filelog: {timezone: Europe/Berlin}}");
    deliver(&mut rig, &seconds, &berlin, "2021-11-20T12:00:01Z");
    // The last change is of a year that has none.
    let seconds = ["2020-02-28T12:00:00Z", "2020-02-29T12:00:00Z", "2020-03-01T12:00:00Z"].map(second);
    deliver(&mut Rig::new(), &seconds, &TimeZone::UTC, "2022-08-09T12:00:00Z");
}

#[test]
fn operators_read_the_same_years() {
    let mut rig = Rig::without_config();
    rig.config(
        "receivers:
  filelog:
    include: ['${env:LOGS}/*']
    start_at: beginning
    operators:
      - {type: regex_parser, regex: '^(?P<stamp>\\w+ +\\d+ \\S+) ', timestamp: {parse_from: attributes.stamp, layout: '%b %e %H:%M:%S', location: UTC}}
processors:
  batch: {timeout: 20ms}
exporters:
  otlphttp: {endpoint: '${env:SINK}'}
service:
  pipelines:
    logs: {receivers: [filelog], processors: [batch], exporters: [otlphttp]}
",
    );
    // Its rule has a week of tolerance, and the file was last written to in the last week.
    let seconds = every(40_000, "2018-12-31T04:05:06Z", "2020-12-28T21:22:23Z");
    deliver(&mut rig, &seconds, &TimeZone::UTC, "2020-12-28T23:00:00Z");
}

#[test]
fn a_restart_in_the_middle_changes_no_year() {
    let seconds = every(900, "2019-02-03T04:05:06Z", "2021-11-20T21:22:23Z");
    let mut rig = Rig::new();
    rig.append("messages", lines(&seconds, &TimeZone::UTC));
    rig.set_modified("messages", second("2021-11-20T23:00:00Z") as u64);
    rig.sink.answer_next(2, Answer::Accept);
    rig.sink.set_answer(Answer::Hang);
    rig.start();
    rig.sink.wait_for(PATIENCE, |state| state.requests.len() > 2).unwrap();
    let delivered = rig.sink.records().len();
    assert!(0 < delivered && delivered < seconds.len());
    rig.kill();
    rig.sink.set_answer(Answer::Accept);
    rig.start();
    assert_true(&rig, seconds.len());
    let last = format!("at {}", seconds[seconds.len() - 1]);
    rig.sink.wait_for(PATIENCE, |state| state.records.iter().any(|r| r.body.ends_with(&last))).unwrap();
    assert_true(&rig, seconds.len());
    rig.stop();
}

/// As a host writes that is followed: the year turns between two changes of the file.
#[test]
fn what_is_written_to_a_followed_file_is_of_its_time() {
    let mut rig = Rig::new();
    let days: Vec<_> = ["2020-12-30", "2020-12-31", "2021-01-01", "2021-08-01", "2022-01-10"]
        .iter()
        .map(|day| second(&format!("{day}T12:00:00Z")))
        .collect();
    rig.start();
    for (n, day) in days.iter().enumerate() {
        // Both are seen at once: the file is made elsewhere and moved here.
        let earlier = rig.folder().join("messages");
        std::fs::write(&earlier, lines(&days[..=n], &TimeZone::UTC)).unwrap();
        let modified = Timestamp::from_second(*day).unwrap() + 1.second();
        let file = std::fs::File::options().append(true).open(&earlier).unwrap();
        file.set_modified(modified.into()).unwrap();
        std::fs::rename(&earlier, rig.log_file(&format!("messages-{n}"))).unwrap();
        assert_true(&rig, (1..=n + 1).sum());
    }
    rig.stop();
}

#[test]
fn the_command_reads_the_same_years() {
    let seconds = every(43_200, "2019-02-03T04:05:06Z", "2021-11-20T21:22:23Z");
    let rig = Rig::new();
    rig.append("messages", lines(&seconds, &TimeZone::UTC));
    rig.set_modified("messages", second("2021-11-20T23:00:00Z") as u64);
    let path = rig.log_file("messages").display().to_string();
    let said = skidway(&["parse", "--timezone", "UTC", &path]).ok();
    let mut found = 0;
    for line in said.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let time: i64 = record["time_unix_nano"].as_str().unwrap().parse().unwrap();
        let (_, written) = record["body"].as_str().unwrap().rsplit_once(' ').unwrap();
        assert_eq!((time / 1_000_000_000).to_string(), written);
        found += 1;
    }
    assert_eq!(found, seconds.len());
}
