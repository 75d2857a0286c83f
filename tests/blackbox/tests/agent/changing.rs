//! `parser: auto` where the form of a file's lines changes, as an upgrade of the system does.

use crate::lines::{NEXT_NOON, amazon, ubuntu};
use crate::rig::{Books, Rig};
use skidway_test_support::sink::Record;

/// Bodies of the records that no parser has recognised.
fn unrecognised(records: &[Record]) -> Vec<&str> {
    records.iter().filter(|record| record.attr("unit").is_none()).map(|record| record.body.as_str()).collect()
}

#[test]
fn between_two_chunks() {
    let mut rig = Rig::new();
    rig.append("syslog", amazon(0..50));
    rig.start();
    rig.expect(&amazon(0..50));
    rig.append("syslog", ubuntu(50..100));
    rig.expect(&(amazon(0..50) + &ubuntu(50..100)));
    assert_eq!(unrecognised(&rig.sink.records()), [""; 0]);
    assert_eq!(rig.stop(), Books::all_delivered(100));
}

#[test]
fn inside_a_chunk_and_back() {
    let mut rig = Rig::new();
    let text = amazon(0..50) + &ubuntu(50..100) + &amazon(100..150);
    rig.append("syslog", &text);
    rig.set_modified("syslog", NEXT_NOON);
    rig.start();
    rig.expect(&text);
    let records = rig.sink.records();
    assert_eq!(unrecognised(&records), [""; 0]);
    assert!(records.windows(2).all(|pair| pair[0].time_unix_nano < pair[1].time_unix_nano), "times ascend");
    assert_eq!(rig.stop(), Books::all_delivered(150));
}

#[test]
fn behind_a_stray_line() {
    let mut rig = Rig::new();
    let text = amazon(0..20) + "a stray line\n" + &amazon(20..40) + &ubuntu(40..90);
    rig.append("syslog", &text);
    rig.start();
    rig.expect(&text);
    assert_eq!(unrecognised(&rig.sink.records()), ["a stray line"]);
    assert_eq!(rig.stop(), Books::all_delivered(91));
}

#[test]
fn a_file_that_begins_with_strange_lines_is_still_recognised() {
    let mut rig = Rig::new();
    rig.append("syslog", "a stray line\n");
    rig.start();
    rig.expect("a stray line\n");
    rig.append("syslog", amazon(0..10));
    rig.expect(&("a stray line\n".to_owned() + &amazon(0..10)));
    assert_eq!(unrecognised(&rig.sink.records()), ["a stray line"]);
}

#[test]
fn line_by_line() {
    let mut rig = Rig::new();
    let text: String =
        (0..100).map(|n| if n % 2 == 0 { amazon(n..n + 1) } else { ubuntu(n..n + 1) }).collect();
    rig.append("syslog", &text);
    rig.start();
    rig.expect(&text);
    assert_eq!(rig.stop(), Books::all_delivered(100), "understood or not, each arrives once");
}

#[test]
fn with_continuation_lines_on_both_sides() {
    let mut rig = Rig::new();
    rig.append("syslog", amazon(0..30) + "\tof amazon\n" + &ubuntu(30..60) + "\tof ubuntu\n");
    rig.start();
    let bodies = rig.bodies(60);
    assert!(bodies[29].ends_with("line 29\n\tof amazon"), "{}", bodies[29]);
    assert!(bodies[59].ends_with("line 59\n\tof ubuntu"), "{}", bodies[59]);
    let books = Books { lines_read: 62, lines_joined: 2, ..Books::all_delivered(60) };
    assert_eq!(rig.stop(), books);
}

/// Lines as Docker keeps them, which are JSON too.
fn docker(numbers: std::ops::Range<u32>) -> String {
    let line = |n| {
        format!(r#"{{"log":"line {n}\n","stream":"stdout","time":"2026-11-25T14:30:08.{n:09}Z"}}"#) + "\n"
    };
    numbers.map(line).collect()
}

const STRAY: &str = "{\"level\":\"info\",\"msg\":\"from somewhere else\"}\n";

fn is_docker(record: &Record) -> bool {
    record.attr("log.iostream") == Some("stdout")
}

#[test]
fn a_stray_line_is_read_by_another_parser_and_the_file_is_not() {
    let mut rig = Rig::new();
    rig.append("c-json.log", docker(0..20) + STRAY + &docker(20..40));
    rig.start();
    let records = rig.records(41);
    assert_eq!(records.iter().filter(|record| is_docker(record)).count(), 40);
    assert_eq!(records[20].attr("message"), Some("from somewhere else"));
    // Alone in its chunk, so that nobody knows what comes behind it.
    rig.append("c-json.log", STRAY);
    rig.records(42);
    for n in 42..52 {
        rig.append("c-json.log", docker(n..n + 1));
        rig.records(n as usize + 1);
    }
    let after: Vec<_> = rig.sink.records()[42..].iter().map(is_docker).collect();
    assert_eq!(after[3..], [true; 7], "{after:?}");
    assert_eq!(rig.stop(), Books::all_delivered(52));
}
