//! The end of a run, and the bound on what is in flight.

use crate::lines::{ended, ubuntu};
use crate::rig::{Books, PATIENCE, Rig};
use skidway_test_support::agent::Signal;
use skidway_test_support::eventually;
use skidway_test_support::sink::Answer;
use std::fs;
use std::time::{Duration, Instant};

/// A hundred lines that were read and not delivered.
const WAITING: Books = Books {
    lines_read: 100,
    records_delivered: 0,
    records_dead_lettered: 0,
    records_spooled: 0,
    records_dropped: 0,
    records_extra: 0,
    lines_joined: 0,
    lines_skipped: 0,
    in_flight: 100,
};

#[test]
fn sigterm_and_sigint_deliver_what_was_read() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut rig = Rig::new();
        // Nothing is due for an hour.
        rig.config("processors: {batch: {timeout: 1h}}");
        rig.append("syslog", ended(0..100));
        rig.start();
        let read = ended(0..100).len() as u64;
        assert!(eventually(PATIENCE, || bytes_read(&mut rig) > read), "the file is not read");
        rig.wait_until_idle();
        rig.agent().signal(signal).unwrap();
        let (status, books) = rig.wait_for_end();
        assert!(status.success(), "it ended with {status}");
        assert_eq!(books, Books::all_delivered(100).and_blank(1));
        rig.expect(&ubuntu(0..100));
    }
}

#[test]
fn sigterm_ends_within_the_drain_time_while_the_backend_is_away() {
    let mut rig = Rig::new();
    rig.arguments(&["--drain", "1"]);
    rig.sink.stop();
    rig.append("syslog", ended(0..100));
    rig.start();
    rig.wait_for_log("trying again");
    let told = Instant::now();
    assert_eq!(rig.stop(), WAITING.and_blank(1));
    assert!(told.elapsed() >= Duration::from_secs(1), "it did not try on");
    assert!(told.elapsed() < Duration::from_secs(10), "it took {:?}", told.elapsed());
    assert_eq!(rig.checkpoint("syslog"), Some(0), "nothing was acknowledged");
    assert_eq!(rig.said("not everything was delivered").len(), 1);

    rig.sink.restart().unwrap();
    rig.start();
    rig.expect(&ubuntu(0..100));
    assert_eq!(rig.stop(), Books::all_delivered(100).and_blank(1));
    rig.expect(&ubuntu(0..100));
}

#[test]
fn the_backend_that_comes_back_while_draining_still_gets_everything() {
    let mut rig = Rig::new();
    rig.arguments(&["--drain", "60"]);
    rig.sink.stop();
    rig.append("syslog", ended(0..100));
    rig.start();
    rig.wait_for_log("trying again");
    rig.agent().signal(Signal::TERM).unwrap();
    rig.wait_for_log("stopping");
    rig.sink.restart().unwrap();
    let (status, books) = rig.wait_for_end();
    assert!(status.success(), "it ended with {status}");
    assert_eq!(books, Books::all_delivered(100).and_blank(1));
}

#[test]
fn a_second_signal_ends_the_draining() {
    let mut rig = Rig::new();
    rig.arguments(&["--drain", "600"]);
    rig.sink.set_answer(Answer::Hang);
    rig.append("syslog", ended(0..100));
    rig.start();
    rig.sink.wait_for(PATIENCE, |state| !state.requests.is_empty()).unwrap();
    rig.agent().signal(Signal::TERM).unwrap();
    rig.wait_for_log("stopping");
    // A signal that comes before it listens again is not heard: it is sent until it has gone.
    let ended = eventually(PATIENCE, || rig.agent().signal(Signal::TERM).is_err());
    assert!(ended, "it does not end");
    let (_, books) = rig.wait_for_end();
    assert_eq!(books, WAITING.and_blank(1));
}

/// 64 MiB of lines of a kibibyte: more than the agent may hold.
fn large_file(rig: &Rig) -> u64 {
    const LINES: usize = 64 << 10;
    let filler = "x".repeat(900);
    let mut text = String::with_capacity(LINES * 1000);
    for n in 0..LINES {
        text += ubuntu(n..n + 1).trim_end();
        text += &filler;
        text += "\n";
    }
    rig.append("syslog", text);
    LINES as u64
}

#[test]
fn what_is_in_flight_is_bounded_while_the_backend_hangs() {
    const BOUND: u64 = 120 << 20;
    let mut rig = Rig::counting();
    rig.config(
        "exporters: {otlphttp: {timeout: 3s, compression: none, sending_queue: {sizer: bytes, queue_size: 8MiB}}}",
    );
    rig.sink.set_answer(Answer::Hang);
    let lines = large_file(&rig);
    let length = fs::metadata(rig.log_file("syslog")).unwrap().len();
    rig.start();
    // It has tried again and again, and reads no more.
    rig.sink.wait_for(PATIENCE, |state| state.requests.len() >= 2).unwrap();
    rig.wait_until_idle();
    let read = bytes_read(&mut rig);
    assert!(read < length / 2, "it has read {read} of {length} bytes");
    assert!(peak_memory(&mut rig) < BOUND, "it takes {} bytes", peak_memory(&mut rig));

    rig.sink.set_answer(Answer::Accept);
    rig.sink.wait_delivered(PATIENCE, lines).unwrap();
    assert!(peak_memory(&mut rig) < BOUND, "it takes {} bytes", peak_memory(&mut rig));
    assert_eq!(rig.stop(), Books::all_delivered(lines));
    assert_eq!(rig.sink.delivered(), lines);
}

impl Rig {
    /// Waits until the agent has read next to nothing for a second: it has read all, or may not
    /// read on. Its walks go on, and notifications of its own opening of folders are read too.
    pub(crate) fn wait_until_idle(&mut self) {
        let (mut last, mut since) = (0, Instant::now());
        let idle = eventually(PATIENCE, || {
            let now = bytes_read(self);
            if now > last + 4096 {
                (last, since) = (now, Instant::now());
            }
            since.elapsed() > Duration::from_secs(1)
        });
        assert!(idle, "the agent reads and reads");
    }
}

/// Bytes that the agent has read since its start, from files and connections.
fn bytes_read(rig: &mut Rig) -> u64 {
    number(&proc(rig, "io"), "rchar:")
}

pub(crate) fn peak_memory(rig: &mut Rig) -> u64 {
    number(&proc(rig, "status"), "VmHWM:") * 1024
}

fn proc(rig: &mut Rig, name: &str) -> String {
    fs::read_to_string(format!("/proc/{}/{name}", rig.agent().pid())).unwrap()
}

fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
