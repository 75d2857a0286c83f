//! What becomes of records that a backend refuses.
#![allow(clippy::unwrap_used, reason = "a helper of a test may fail it")]
#![allow(clippy::single_range_in_vec_init, reason = "refused places are ranges, sometimes one")]

#[expect(dead_code, reason = "other tests use the rest of it")]
mod rig;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rig::{Logs, block_on, bodies, dead, delivery, exporter, impatient, payload, payload_of, soon};
use skidway_otlp::dead_letter::{DeadLetters, Options};
use skidway_otlp::{Delivery, Interrupted, Outcome, Partial, RetryPolicy};
use skidway_test_support::sink::{Answer, OtlpSink};
use tempfile::TempDir;
use tokio::sync::watch;

const LONG: Duration = Duration::from_secs(20);

/// Delivers to a sink, and keeps what it refuses.
struct Keeping {
    sink: OtlpSink,
    delivery: Delivery,
    folder: TempDir,
    /// In every test: a place in the code that logs is switched off for all threads when it is met by one
    /// that nobody listens to.
    logs: Logs,
    _stop: watch::Sender<bool>,
}

impl Keeping {
    fn new(answer: Answer) -> Self {
        Self::with(answer, Partial::Bisect)
    }

    fn with(answer: Answer, partial: Partial) -> Self {
        let logs = Logs::capture();
        let sink = OtlpSink::start().unwrap();
        sink.set_answer(answer);
        let folder = tempfile::tempdir().unwrap();
        let (stop, stopped) = watch::channel(false);
        let soon = impatient(Duration::from_millis(2));
        let policy = RetryPolicy { soon, partial, ..RetryPolicy::default() };
        let delivery = Delivery::new(exporter(&sink), policy, stopped);
        let delivery = delivery.with_dead_letters(letters(&folder.path().join("dead/otlphttp.jsonl")));
        Self { sink, delivery, folder, logs, _stop: stop }
    }

    fn deliver(&mut self, lines: &[String]) -> Outcome {
        block_on(self.delivery.deliver(&payload_of(lines))).unwrap()
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("dead/otlphttp.jsonl")
    }

    fn dead_bodies(&self) -> Vec<String> {
        dead(&self.path()).into_iter().map(|(body, _)| body).collect()
    }
}

fn letters(path: &Path) -> DeadLetters {
    let (path, exporter) = (path.to_owned(), "otlphttp".to_owned());
    DeadLetters::new(Options { path, max_bytes: 1 << 20, max_backups: 1, exporter })
}

fn with_bad(n: usize, bad: &[usize]) -> Vec<String> {
    let mut lines = bodies(n);
    for &place in bad {
        lines[place].push_str(" poison");
    }
    lines
}

#[test]
fn bad_records_are_found_and_the_others_are_delivered_in_order() {
    let mut keeping = Keeping::new(Answer::refuse("poison"));
    let lines = with_bad(500, &[0, 17, 18, 499]);
    let outcome = keeping.deliver(&lines);
    assert_eq!((outcome.delivered, outcome.refused.as_slice()), (496, &[0..1, 17..19, 499..500][..]));
    let good: Vec<_> = lines.iter().filter(|line| !line.ends_with("poison")).cloned().collect();
    assert_eq!(keeping.sink.bodies(), good);
    let dead = dead(&keeping.path());
    assert_eq!(
        dead.iter().map(|(body, _)| body.clone()).collect::<Vec<_>>(),
        with_bad(500, &[0, 17, 18, 499]).into_iter().filter(|l| l.ends_with("poison")).collect::<Vec<_>>()
    );
    assert!(dead.iter().all(|(_, reason)| reason.starts_with("answers 400")), "{dead:?}");
    let said = keeping.logs.text();
    assert_eq!((keeping.logs.count("WARN"), keeping.logs.count("ERROR")), (1, 0), "{said}");
    assert!(said.contains("refused 4 lines: answers 400") && said.contains("`skidway replay`"), "{said}");
}

#[test]
fn who_refuses_everything_costs_no_request_a_record() {
    for status in [400, 422, 500, 501] {
        let mut keeping = Keeping::new(Answer::status(status));
        let outcome = keeping.deliver(&bodies(1000));
        assert_eq!((outcome.delivered, outcome.refused.as_slice()), (0, &[0..1000][..]));
        assert!(outcome.reasons[0].starts_with(&format!("answers {status}")), "{:?}", outcome.reasons);
        assert!(keeping.sink.requests() <= 40, "{}", keeping.sink.requests());
        assert_eq!(keeping.dead_bodies(), bodies(1000));
    }
}

#[test]
fn of_a_partial_success_the_records_that_were_left_out_are_found() {
    let mut keeping = Keeping::new(Answer::LeaveOut("poison".into()));
    let lines = with_bad(64, &[5, 40]);
    let outcome = keeping.deliver(&lines);
    assert_eq!((outcome.delivered, outcome.refused.as_slice()), (62, &[5..6, 40..41][..]));
    assert_eq!(keeping.dead_bodies(), [lines[5].clone(), lines[40].clone()]);
    let mut arrived = keeping.sink.bodies();
    assert!(arrived.len() > 62, "searching sends accepted records again");
    arrived.sort();
    arrived.dedup();
    assert_eq!(arrived.len(), 62);
}

#[test]
fn a_partial_success_is_not_sent_again_where_that_is_not_wanted() {
    let mut keeping = Keeping::with(Answer::LeaveOut("poison".into()), Partial::Whole);
    let outcome = keeping.deliver(&with_bad(10, &[5]));
    assert_eq!((outcome.delivered, outcome.refused()), (9, 1));
    assert_eq!(keeping.sink.requests(), 1);
    assert_eq!(keeping.dead_bodies().len(), 10, "it may be any of them");
    assert_eq!(
        (keeping.logs.count("WARN"), keeping.logs.count("refused 1 lines")),
        (1, 1),
        "{}",
        keeping.logs.text()
    );
}

#[test]
fn a_partial_success_that_leaves_out_everything_is_no_search() {
    let mut keeping = Keeping::new(Answer::PartialSuccess { rejected: 99, message: "too old".into() });
    let outcome = keeping.deliver(&bodies(10));
    assert_eq!((outcome.delivered, outcome.refused(), keeping.sink.requests()), (0, 10, 1));
    assert_eq!(outcome.reasons, ["too old"]);
}

#[test]
fn a_record_that_is_too_large_alone_is_set_aside_alone() {
    let mut keeping = Keeping::new(Answer::TooLargeOver(4_000));
    let mut lines = bodies(20);
    lines[13] = "long ".repeat(1_000);
    let outcome = keeping.deliver(&lines);
    assert_eq!((outcome.delivered, outcome.refused.as_slice()), (19, &[13..14][..]));
    assert_eq!(keeping.dead_bodies(), [lines.remove(13)]);
    assert_eq!(keeping.sink.bodies(), lines);
    assert!(keeping.logs.text().contains("413 to a single record"), "{}", keeping.logs.text());
}

#[test]
fn without_a_file_for_them_refused_records_are_the_callers() {
    let logs = Logs::capture();
    let sink = OtlpSink::start().unwrap();
    sink.set_answer(Answer::status(400));
    let (mut delivery, _stop) = delivery(exporter(&sink));
    let outcome = block_on(delivery.deliver(&payload(5))).unwrap();
    assert_eq!((outcome.delivered, outcome.refused(), logs.text()), (0, 5, String::new()));
}

#[test]
fn what_cannot_be_set_aside_is_not_settled() {
    let logs = Logs::capture();
    let sink = OtlpSink::start().unwrap();
    sink.set_answer(Answer::status(400));
    let folder = tempfile::tempdir().unwrap();
    // A file stands where the folder should be.
    std::fs::write(folder.path().join("dead"), "").unwrap();
    let (delivery, stop) = delivery(exporter(&sink));
    let mut delivery = delivery.with_dead_letters(letters(&folder.path().join("dead/otlphttp.jsonl")));
    let payload = payload(1);
    let end = block_on(async {
        let signal = async {
            soon(|| logs.count("cannot be set aside") == 1).await;
            stop.send(true).unwrap();
        };
        tokio::join!(delivery.deliver(&payload), signal).0
    });
    assert_eq!(end, Err(Interrupted { records: 1, settled: Outcome::default() }));
}

#[test]
fn an_offer_does_not_wait_for_a_backend_that_is_away() {
    let _logs = Logs::capture();
    let sink = OtlpSink::start().unwrap();
    sink.set_answer(Answer::status(503).header("retry-after", "7"));
    let (mut delivery, _stop) = delivery(exporter(&sink));
    let offered = block_on(delivery.offer(&payload(10))).unwrap();
    assert_eq!((offered.settled, offered.rest), (Outcome::default(), vec![payload(10)]));
    assert!(offered.pause >= Duration::from_secs(7), "{:?}", offered.pause);
    assert_eq!(sink.requests(), 1);
}

#[test]
fn an_offer_that_stops_half_way_gives_the_rest_back_in_order() {
    let _logs = Logs::capture();
    let sink = OtlpSink::start().unwrap();
    sink.answer_next(2, Answer::status(413));
    sink.answer_next(1, Answer::Accept);
    sink.set_answer(Answer::CutBefore);
    let (mut delivery, _stop) = delivery(exporter(&sink));
    let offered = block_on(delivery.offer(&payload(40))).unwrap();
    assert_eq!(offered.settled.delivered, 10);
    sink.set_answer(Answer::Accept);
    for rest in &offered.rest {
        assert_eq!(block_on(delivery.deliver(rest)).unwrap().delivered, rest.len() as u64);
    }
    assert_eq!(sink.bodies(), bodies(40));
}
