//! `log.record.uid`: one for each record, whenever and wherever it is read.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use skidway_test_support::sink::Record;

use crate::lines::ubuntu;
use crate::rig::Rig;

fn uid(record: &Record) -> &str {
    record.attr("log.record.uid").unwrap_or_else(|| panic!("{record:?} has none"))
}

/// Lineage, offset and hash, and what stands behind them.
fn parts(record: &Record) -> Vec<&str> {
    uid(record).split('-').collect()
}

fn offset(record: &Record) -> usize {
    usize::from_str_radix(parts(record)[1], 16).unwrap()
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// Keeps a copy of what the agent knows of its files.
fn keep_state(rig: &Rig) {
    run(Command::new("cp").arg("-a").arg(rig.folder().join("state")).arg(rig.folder().join("kept")));
}

/// What a crash leaves: records were delivered, and the checkpoint had not been saved.
fn put_back(rig: &Rig) {
    fs::remove_dir_all(rig.folder().join("state")).unwrap();
    run(Command::new("cp").arg("-a").arg(rig.folder().join("kept")).arg(rig.folder().join("state")));
}

fn compressed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_line_that_is_delivered_twice_has_one_uid_whatever_its_file_has_become() {
    let nothing: fn(&Rig) = |_| {};
    let renamed: fn(&Rig) = |rig| rig.rename("syslog", "syslog.1");
    let packed: fn(&Rig) = |rig| {
        rig.append("syslog.1.gz", compressed(&fs::read_to_string(rig.log_file("syslog")).unwrap()));
        fs::remove_file(rig.log_file("syslog")).unwrap();
        rig.append("syslog", ubuntu(30..31));
    };
    for meanwhile in [nothing, renamed, packed] {
        let mut rig = Rig::new();
        rig.config("receivers: {filelog: {compression: auto}}");
        rig.append("syslog", ubuntu(0..10));
        rig.start();
        rig.records(10);
        rig.stop();
        keep_state(&rig);
        rig.append("syslog", ubuntu(10..20));
        rig.start();
        rig.records(20);
        rig.kill();
        put_back(&rig);
        meanwhile(&rig);
        rig.start();
        let records = rig.records(30);
        rig.stop();

        let mut by_line: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let text = ubuntu(0..20);
        for record in records.iter().filter(|record| text.contains(&record.body)) {
            assert_eq!(parts(record)[0], parts(&records[0])[0], "of one text");
            assert_eq!(offset(record), text.find(&record.body).unwrap());
            by_line.entry(&record.body).or_default().push(uid(record));
        }
        assert_eq!(by_line.len(), 20);
        for (n, line) in ubuntu(0..20).lines().enumerate() {
            let uids = &by_line[line];
            assert_eq!(uids.len(), if n < 10 { 1 } else { 2 }, "{line}");
            assert!(uids.iter().all(|uid| *uid == uids[0]), "{uids:?}");
        }
    }
}

#[test]
fn equal_lines_differ_and_so_do_new_files_of_the_same_content() {
    let mut rig = Rig::new();
    let line = ubuntu(0..1);
    rig.append("syslog", line.repeat(3));
    rig.append("other", line.repeat(3));
    rig.start();
    let mut records = rig.records(6);
    rig.writer("syslog").set_len(0).unwrap();
    rig.append("syslog", line.repeat(2));
    records.extend(rig.records(8).split_off(6));
    let hash = parts(&records[0])[2];
    assert!(records.iter().all(|record| parts(record)[2] == hash));
    let mut uids: Vec<_> = records.iter().map(uid).collect();
    uids.sort_unstable();
    uids.dedup();
    assert_eq!(uids.len(), 8, "{uids:?}");
    rig.stop();
}

#[test]
fn records_of_one_line_are_numbered_also_where_some_are_dropped() {
    let mut rig = Rig::new();
    rig.config(
        "receivers: {filelog: {parser: null, multiline: {line_end_pattern: ';\\n?'}}}\n\
         processors: {filter: {logs: {exclude: {match_type: strict, bodies: ['b;']}}}}\n\
         service: {pipelines: {logs: {processors: [filter, batch]}}}",
    );
    rig.append("log", "first;\na;b;c;\n");
    rig.start();
    let records = rig.records(3);
    let suffixes: Vec<_> = records.iter().map(|record| parts(record)[3..].join("-")).collect();
    let bodies: Vec<_> = records.iter().map(|record| record.body.trim()).collect();
    assert_eq!((bodies, offset(&records[1])), (vec!["first;", "a;", "c;"], 7));
    assert_eq!(suffixes, ["", "", "2"]);
    assert_eq!(parts(&records[1])[..3], parts(&records[2])[..3]);
    rig.stop();
}

#[test]
fn offsets_count_the_bytes_of_the_file_in_every_encoding() {
    let mut rig = Rig::new();
    rig.config("receivers: {filelog: {parser: null, encoding: utf-16le}}");
    let text = "grün\nzweite Zeile\n\u{a0a}\nvier\n";
    let bytes = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    rig.append("log", bytes(text));
    rig.start();
    let records = rig.records(4);
    let offsets: Vec<_> = records.iter().map(offset).collect();
    assert_eq!(offsets, [0, 10, 36, 40]);
    rig.stop();

    let mut rig = Rig::new();
    rig.config("receivers: {filelog: {parser: null}}");
    rig.append("log", b"one\n\xff\xff\nthree\n");
    rig.start();
    assert_eq!(rig.records(3).iter().map(offset).collect::<Vec<_>>(), [0, 4, 7]);
    rig.stop();
}

#[test]
fn an_entry_of_several_lines_has_one_uid_however_much_of_it_was_there() {
    let mut rig = Rig::new();
    rig.config(
        "receivers: {filelog: {parser: null, multiline: {line_start_pattern: '^E'}, force_flush_period: 50ms}}",
    );
    rig.append("log", "E zero\nE one\n");
    rig.start();
    rig.records(2);
    rig.kill();
    fs::remove_dir_all(rig.folder().join("state")).unwrap();
    rig.append("log", " goes on\nE two\n");
    rig.start();
    let records = rig.records(5);
    let of = |body: &str| uid(records.iter().find(|record| record.body == body).unwrap());
    assert_eq!(of("E one"), of("E one\n goes on"));
    assert_ne!(of("E one"), of("E two"));
    rig.stop();
}

#[test]
fn it_can_be_left_out_and_given() {
    let given = "attributes[\"log.record.uid\"]";
    for (receiver, expected) in [
        ("{include_record_uid: false}".to_owned(), None),
        ("{parser: null, include_record_uid: false}".to_owned(), None),
        ("{attributes: {log.record.uid: mine}}".to_owned(), Some("mine")),
        (
            format!("{{parser: null, operators: [{{type: add, field: '{given}', value: mine}}]}}"),
            Some("mine"),
        ),
    ] {
        let mut rig = Rig::new();
        rig.config(&format!("receivers: {{filelog: {receiver}}}"));
        rig.append("syslog", ubuntu(0..3));
        rig.start();
        let records = rig.records(3);
        assert!(records.iter().all(|record| record.attr("log.record.uid") == expected), "{records:?}");
        rig.stop();
    }
}
