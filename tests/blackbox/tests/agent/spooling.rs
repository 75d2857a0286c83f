//! Batches on disk while the backend is away (`sending_queue.storage`).

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use skidway_test_support::eventually;
use skidway_test_support::sink::Answer;

use crate::draining::peak_memory;
use crate::lines::ubuntu;
use crate::rig::{PATIENCE, Rig};
use crate::state::Tmpfs;

const SPOOLING: &str = "\
receivers: {filelog: {include: ['${env:LOGS}/syslog']}}
exporters: {otlphttp: {sending_queue: {storage: file_storage, storage_limit_mib: 16}}}
extensions: {file_storage: }
service: {extensions: [file_storage]}
";
const LIMIT: u64 = 16 << 20;

fn spooling(mut rig: Rig) -> Rig {
    rig.config(SPOOLING);
    rig.arguments(&["--drain", "1"]);
    rig
}

/// Writes lines and waits until they are answered for: by the spool, while the backend is away.
fn append_and_wait(rig: &Rig, numbers: std::ops::Range<usize>) {
    rig.append("syslog", ubuntu(numbers));
    rig.wait_for_checkpoint("syslog", fs::metadata(rig.log_file("syslog")).unwrap().len());
}

/// As logrotate does, where the copy is gone before anybody looks at it.
fn copy_empty_and_delete(rig: &Rig) {
    fs::copy(rig.log_file("syslog"), rig.log_file("syslog.1")).unwrap();
    rig.writer("syslog").set_len(0).unwrap();
    fs::remove_file(rig.log_file("syslog.1")).unwrap();
}

fn spool_folder(rig: &Rig) -> PathBuf {
    rig.folder().join("state/receivers/filelog/logs-otlphttp/spool")
}

fn files(rig: &Rig, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(spool_folder(rig)) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == extension)).collect();
    found.sort();
    found
}

/// What its segments take on disk. One may be deleted meanwhile.
fn spooled(rig: &Rig) -> u64 {
    files(rig, "spool").iter().filter_map(|path| path.metadata().ok()).map(|metadata| metadata.len()).sum()
}

fn assert_nothing_lost(rig: &Rig) {
    assert!(rig.said("ERROR").is_empty(), "{:?}", rig.said("ERROR"));
}

#[test]
fn a_file_that_is_emptied_again_and_again_during_an_outage_arrives_whole_and_in_order() {
    const TURNS: usize = 12;
    let mut rig = spooling(Rig::new());
    rig.append("syslog", ubuntu(0..50));
    rig.start();
    rig.records(50);
    rig.wait_for_checkpoint("syslog", ubuntu(0..50).len() as u64);
    copy_empty_and_delete(&rig);
    rig.sink.stop();
    let mut written = 50;
    for turn in 0..TURNS {
        // Each time a bit less, so that the file's length says how far it is read.
        let lines = 40 - turn;
        append_and_wait(&rig, written..written + lines);
        copy_empty_and_delete(&rig);
        written += lines;
    }
    assert!(spooled(&rig) > 0);
    rig.sink.restart().unwrap();
    rig.expect(&ubuntu(0..written));
    // From now on directly.
    append_and_wait(&rig, written..written + 5);
    rig.expect(&ubuntu(0..written + 5));
    let emptied = eventually(PATIENCE, || files(&rig, "spool").is_empty());
    assert!(emptied, "what was delivered is still on disk");
    assert_eq!(rig.stop().in_flight, 0);
    rig.expect(&ubuntu(0..written + 5));
    assert_nothing_lost(&rig);
}

#[test]
fn order_holds_while_the_backend_comes_and_goes() {
    const TURNS: usize = 8;
    let mut rig = spooling(Rig::new());
    rig.config("processors: {batch: {send_batch_size: 10, send_batch_max_size: 10}}");
    rig.start();
    for turn in 0..TURNS {
        let first = turn * 100;
        rig.sink.set_answer(Answer::status(503));
        append_and_wait(&rig, first..first + 50);
        // It comes back while lines are written.
        rig.append("syslog", ubuntu(first + 50..first + 75));
        rig.sink.set_answer(Answer::Accept);
        rig.append("syslog", ubuntu(first + 75..first + 100));
        rig.records(first + 60);
    }
    rig.expect(&ubuntu(0..TURNS * 100));
    assert_eq!(rig.stop().in_flight, 0);
    rig.expect(&ubuntu(0..TURNS * 100));
    assert_nothing_lost(&rig);
}

#[test]
fn an_agent_that_is_stopped_or_killed_during_an_outage_leaves_everything_to_the_next() {
    let stop: fn(&mut Rig) = |rig| assert_eq!(rig.stop().in_flight, 0);
    for end in [stop, Rig::kill] {
        let mut rig = spooling(Rig::new());
        rig.sink.stop();
        for (turn, lines) in [30, 20, 10].into_iter().enumerate() {
            let first = [0, 30, 50][turn];
            rig.start();
            append_and_wait(&rig, first..first + lines);
            copy_empty_and_delete(&rig);
            end(&mut rig);
        }
        rig.sink.restart().unwrap();
        rig.start();
        rig.expect(&ubuntu(0..60));
        let emptied = eventually(PATIENCE, || files(&rig, "spool").is_empty());
        assert!(emptied, "what was delivered is still on disk");
        assert_eq!(rig.stop().in_flight, 0);
        rig.expect(&ubuntu(0..60));
        assert_nothing_lost(&rig);
    }
}

#[test]
fn an_agent_that_is_killed_while_the_spool_is_delivered_loses_nothing() {
    const LINES: usize = 4_000;
    let mut rig = spooling(Rig::new());
    rig.config("processors: {batch: {send_batch_size: 100, send_batch_max_size: 100}}");
    rig.sink.stop();
    rig.start();
    append_and_wait(&rig, 0..LINES);
    copy_empty_and_delete(&rig);
    rig.kill();
    rig.sink.set_answer(Answer::Slow(Duration::from_millis(20)));
    rig.sink.restart().unwrap();
    for most in [500, 2_000] {
        rig.start();
        rig.records(most);
        rig.kill();
    }
    rig.start();
    let last = format!("line {}", LINES - 1);
    rig.sink.wait_for(PATIENCE, |state| state.records.iter().any(|r| r.body.ends_with(&last))).unwrap();
    assert_eq!(rig.stop().in_flight, 0);
    let bodies = rig.sink.bodies();
    let mut seen = BTreeSet::new();
    let firsts: Vec<_> = bodies.iter().map(String::as_str).filter(|body| seen.insert(*body)).collect();
    assert!(firsts == ubuntu(0..LINES).lines().collect::<Vec<_>>(), "{} of {LINES} lines", firsts.len());
    assert_nothing_lost(&rig);
}

#[test]
fn it_starts_and_delivers_on_a_full_disk() {
    let mut rig = spooling(Rig::new());
    let Some(disk) = Tmpfs::mount(&rig.folder().join("state"), "size=1m") else { return };
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.records(10);
    rig.sink.stop();
    append_and_wait(&rig, 10..20);
    rig.kill();
    // So that there is something to save.
    fs::remove_file(spool_folder(&rig).join("position")).unwrap();
    let filler = disk.fill();
    rig.start();
    let said = rig.wait_for_log("spool/position");
    assert!(said.contains("WARN") && said.contains("No space left on device"), "{said}");
    rig.append("syslog", ubuntu(20..30));
    rig.sink.restart().unwrap();
    rig.expect(&ubuntu(0..30));

    fs::remove_file(filler).unwrap();
    let saved = eventually(PATIENCE, || spool_folder(&rig).join("position").exists());
    assert!(saved, "there is room for the position");
    assert_eq!(rig.said("spool/position").len(), 1);
    assert_nothing_lost(&rig);
    assert_eq!(rig.stop().in_flight, 0);
    rig.expect(&ubuntu(0..30));
}

/// Lines of a kibibyte that hardly compress.
fn noise(lines: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
    let mut state = 7_u64;
    let mut text = String::with_capacity(lines * 1_100);
    for n in 0..lines {
        text += ubuntu(n..n + 1).trim_end();
        for _ in 0..960 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push(char::from(LETTERS[(state >> 58) as usize]));
        }
        text.push('\n');
    }
    text
}

#[test]
fn at_its_limit_reading_stops_and_goes_on_when_there_is_room() {
    const LINES: usize = 48 << 10;
    const MEMORY: u64 = 120 << 20;
    let mut rig = spooling(Rig::counting());
    rig.sink.stop();
    rig.append("syslog", noise(LINES));
    let length = fs::metadata(rig.log_file("syslog")).unwrap().len();
    rig.start();
    rig.wait_for_log("the spool is at its limit");
    rig.wait_until_idle();
    let on_disk = spooled(&rig);
    assert!((LIMIT / 2..=LIMIT).contains(&on_disk), "{on_disk} bytes on disk");
    let read = rig.checkpoint("syslog").unwrap();
    assert!(read < length * 3 / 4, "{read} of {length} bytes are answered for");
    assert!(peak_memory(&mut rig) < MEMORY, "it takes {} bytes", peak_memory(&mut rig));

    rig.sink.restart().unwrap();
    rig.sink.wait_delivered(PATIENCE, LINES as u64).unwrap();
    rig.wait_for_checkpoint("syslog", length);
    assert!(peak_memory(&mut rig) < MEMORY, "it takes {} bytes", peak_memory(&mut rig));
    assert_eq!(rig.stop().in_flight, 0);
    assert_eq!(rig.sink.delivered(), LINES as u64);
    assert_eq!(rig.said("the spool is at its limit").len(), 1);
    assert_nothing_lost(&rig);
}

#[test]
fn a_damaged_segment_is_said_and_kept_and_the_others_are_delivered() {
    let mut rig = spooling(Rig::new());
    rig.sink.stop();
    // Each run begins a segment.
    for turn in 0..3 {
        rig.start();
        append_and_wait(&rig, turn * 10..turn * 10 + 10);
        rig.stop();
    }
    let segments = files(&rig, "spool");
    assert_eq!(segments.len(), 3);
    let mut bytes = fs::read(&segments[1]).unwrap();
    // All but what says that it is a segment.
    bytes[24..].iter_mut().for_each(|byte| *byte ^= 1);
    fs::write(&segments[1], bytes).unwrap();

    rig.sink.restart().unwrap();
    rig.start();
    let bodies = rig.bodies(20);
    rig.wait_for_log("a part of the spool cannot be read");
    assert_eq!(bodies, (ubuntu(0..10) + &ubuntu(20..30)).lines().collect::<Vec<_>>());
    assert_eq!(rig.stop().in_flight, 0);
    let said = rig.said("a part of the spool cannot be read");
    assert!(said.len() == 1 && said[0].contains("ERROR"), "{said:?}");
    let kept = files(&rig, "damaged");
    assert_eq!(kept, [segments[1].with_extension("damaged")]);
}

/// Its batches are behind the checkpoint: without a word they would be forgotten.
#[test]
fn a_spool_that_no_way_delivers_any_more_is_said() {
    let mut rig = spooling(Rig::new());
    rig.sink.set_answer(Answer::status(503));
    rig.start();
    append_and_wait(&rig, 0..10);
    rig.stop();
    rig.config("exporters: {otlphttp: {sending_queue: {enabled: false}}}");
    rig.start();
    let said = rig.wait_for_log("batches wait on disk that nobody delivers");
    assert!(said.contains(spool_folder(&rig).to_str().unwrap()), "{said}");
    rig.stop();
    assert_eq!(rig.sink.delivered(), 0);
}
