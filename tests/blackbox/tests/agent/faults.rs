//! Everything that a backend can do wrong. Lines arrive in the end, or are still in their file.

use crate::lines::{ended, ubuntu};
use crate::rig::{Books, PATIENCE, Rig};
use skidway_test_support::sink::{Answer, Outcome};
use std::time::Duration;

/// An agent with a hundred lines in its file, whose backend begins with `answer` so many times.
fn first_answers(times: usize, answer: Answer) -> Rig {
    let mut rig = Rig::new();
    rig.sink.answer_next(times, answer);
    rig.append("syslog", ubuntu(0..100));
    rig.start();
    rig
}

/// All hundred arrive, in order and once; what went wrong was said once, as a warning.
fn assert_delivered(mut rig: Rig, said: &str) {
    rig.expect(&ubuntu(0..100));
    assert_eq!(rig.stop(), Books::all_delivered(100));
    rig.expect(&ubuntu(0..100));
    let (said, back) = (rig.said(said), rig.said("is back after"));
    assert!(said.len() == 1 && said[0].contains("WARN"), "{said:?}");
    assert_eq!(back.len(), 1, "{back:?}");
    assert_eq!(rig.said("\"ERROR\""), [""; 0]);
}

#[test]
fn away_at_the_start() {
    let mut rig = Rig::new();
    rig.sink.stop();
    rig.append("syslog", ubuntu(0..100));
    rig.start();
    rig.wait_for_log("trying again");
    rig.sink.restart().unwrap();
    assert_delivered(rig, "trying again");
}

#[test]
fn gone_and_back_on_the_same_port() {
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..50));
    rig.start();
    rig.records(50);
    rig.sink.stop();
    rig.append("syslog", ubuntu(50..100));
    rig.wait_for_log("trying again");
    rig.sink.restart().unwrap();
    assert_delivered(rig, "trying again");
}

#[test]
fn answers_503() {
    assert_delivered(first_answers(3, Answer::status(503)), "answers 503");
}

#[test]
fn answers_429_and_says_when_to_come_back() {
    let rig = first_answers(1, Answer::status(429).header("Retry-After", "1"));
    rig.records(100);
    let at: Vec<_> = rig.sink.read(|state| state.requests.iter().map(|request| request.at).collect());
    assert!(at[1] - at[0] >= Duration::from_secs(1), "it came back after {:?}", at[1] - at[0]);
    assert_delivered(rig, "answers 429");
}

#[test]
fn takes_the_request_and_never_answers() {
    let mut rig = Rig::new();
    // Long enough that a busy machine does not miss it for the answer that comes.
    rig.config("exporters: {otlphttp: {timeout: 2s}}");
    rig.sink.answer_next(1, Answer::Hang);
    rig.append("syslog", ubuntu(0..100));
    rig.start();
    assert_delivered(rig, "trying again");
}

#[test]
fn cuts_the_connection_before_it_has_read_the_request() {
    assert_delivered(first_answers(2, Answer::CutBefore), "trying again");
}

#[test]
fn cuts_the_connection_after_it_has_read_the_request() {
    assert_delivered(first_answers(2, Answer::CutAfter), "trying again");
}

#[test]
fn takes_only_small_requests() {
    let mut rig = Rig::new();
    rig.sink.set_answer(Answer::TooLargeOver(5000));
    rig.append("syslog", ubuntu(0..100));
    rig.start();
    rig.expect(&ubuntu(0..100));
    assert!(rig.sink.read(|state| state.answered(413)) > 0);
    assert_eq!(rig.stop(), Books::all_delivered(100));
    rig.expect(&ubuntu(0..100));
    let said = rig.said("answers 413");
    assert!(said.len() == 1 && said[0].contains("send_batch_max_size"), "{said:?}");
}

#[test]
fn a_wrong_key_is_said_once_and_the_lines_wait_for_the_right_one() {
    let mut rig = Rig::new();
    rig.sink.set_answer(Answer::RequireHeader("authorization".to_owned(), "right-key".to_owned()));
    rig.env("KEY", "wrong-key");
    rig.config(
        "exporters: {otlphttp: {headers: {authorization: '${env:KEY}'}, sending_queue: {num_consumers: 4}}}\n\
         processors: {batch: {send_batch_size: 25, send_batch_max_size: 25}}",
    );
    rig.arguments(&["--drain", "0"]);
    rig.append("syslog", ended(0..100));
    rig.start();
    rig.sink.wait_for(PATIENCE, |state| state.answered(401) >= 4).unwrap();
    let books = Books { lines_read: 100, in_flight: 100, ..Books::default() };
    assert_eq!(rig.stop(), books.and_blank(1));
    let said = rig.said("answers 401");
    assert!(said.len() == 1 && said[0].contains("WARN"), "{said:?}");
    assert!(said[0].contains("headers.authorization"), "it has to say the fix: {said:?}");
    assert_eq!(rig.said("wrong-key"), [""; 0], "a secret in the log");

    rig.arguments(&[]);
    rig.env("KEY", "right-key");
    rig.config("exporters: {otlphttp: {sending_queue: {num_consumers: 1}}}");
    rig.start();
    rig.expect(&ubuntu(0..100));
    assert_eq!(rig.stop(), Books::all_delivered(100).and_blank(1));
    rig.expect(&ubuntu(0..100));
}

#[test]
fn every_kind_of_trouble_is_said_when_it_comes_and_none_twice() {
    let mut rig = Rig::new();
    rig.sink.answer_next(5, Answer::status(502));
    rig.sink.answer_next(5, Answer::CutBefore);
    rig.append("syslog", ubuntu(0..100));
    rig.start();
    rig.expect(&ubuntu(0..100));
    assert_eq!(rig.said("lines wait in their files").len(), 1);
    assert_eq!(rig.sink.read(|state| state.requests.iter().filter(|r| r.outcome == Outcome::Cut).count()), 5);
}
