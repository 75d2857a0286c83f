//! Records that the backend refuses: they are set aside, the others are delivered, and they can be sent again.

use crate::command::replay;
use crate::lines::{ended, ubuntu};
use crate::rig::{Books, PATIENCE, Rig};
use skidway_test_support::sink::Answer;
use std::fs;

/// Lines of which some are no good.
fn with_poison(numbers: std::ops::Range<usize>, bad: &[usize]) -> String {
    let line =
        |n| if bad.contains(&n) { ubuntu(n..n + 1).replace("line", "poison") } else { ubuntu(n..n + 1) };
    numbers.map(line).collect()
}

fn good(text: &str) -> String {
    text.lines().filter(|line| !line.contains("poison")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn one_record_that_is_too_large_for_any_request_is_set_aside() {
    let mut rig = Rig::new();
    rig.sink.set_answer(Answer::TooLargeOver(5000));
    let large = format!("{} {}\n", ubuntu(10..11).trim_end(), "x".repeat(6000));
    rig.append("syslog", ubuntu(0..10) + &large + &ubuntu(11..20));
    rig.start();
    rig.expect(&(ubuntu(0..10) + &ubuntu(11..20)));
    let books = rig.stop();
    assert_eq!(books, Books { lines_read: 20, records_dead_lettered: 1, ..Books::all_delivered(19) });
    let dead = rig.dead_letters();
    assert!(dead.len() == 1 && dead[0].0 == large.trim_end(), "{dead:?}");
    assert!(dead[0].1.contains("answers 413 to a single record"), "{dead:?}");
    assert_eq!(rig.said("\"ERROR\"").len(), 0);
}

#[test]
fn bad_records_of_a_request_are_found_and_set_aside_and_the_others_delivered() {
    let mut rig = Rig::new();
    rig.sink.set_answer(Answer::refuse("poison"));
    let text = with_poison(0..300, &[0, 150, 151, 299]);
    rig.append("syslog", text.clone() + "\n");
    rig.start();
    rig.expect(&good(&text));
    let books = Books { lines_read: 300, records_dead_lettered: 4, ..Books::all_delivered(296) };
    assert_eq!(rig.stop(), books.and_blank(1));
    let dead: Vec<String> = rig.dead_letters().into_iter().map(|(body, _)| body).collect();
    assert_eq!(dead, text.lines().filter(|line| line.contains("poison")).collect::<Vec<_>>());
    let said = rig.said("refused 4 lines");
    assert!(said.len() == 1 && said[0].contains("WARN") && said[0].contains("skidway replay"), "{said:?}");
}

#[test]
fn records_that_a_partial_success_left_out_are_found_and_recognised_when_they_come_twice() {
    let mut rig = Rig::new();
    rig.sink.set_answer(Answer::LeaveOut("poison".to_owned()));
    let text = with_poison(0..50, &[7]);
    rig.append("syslog", text.clone() + "\n");
    rig.start();
    rig.sink.wait_delivered(PATIENCE, 49).unwrap();
    let books = Books { lines_read: 50, records_dead_lettered: 1, ..Books::all_delivered(49) };
    assert_eq!(rig.stop(), books.and_blank(1));
    assert_eq!(rig.dead_letters().len(), 1);
    let mut uids = std::collections::BTreeMap::new();
    for record in rig.sink.records() {
        let uid = record.attr("log.record.uid").unwrap().to_owned();
        assert_eq!(uids.entry(uid).or_insert_with(|| record.body.clone()), &record.body);
    }
    assert_eq!(uids.len(), 49, "each record has one uid, however often it came");
}

#[test]
fn a_partial_success_is_not_sent_again_where_that_is_not_wanted() {
    let mut rig = Rig::new();
    rig.config("exporters: {otlphttp: {dead_letter: {partial_success: whole}}}");
    rig.sink.answer_next(1, Answer::PartialSuccess { rejected: 2, message: "too old".to_owned() });
    rig.append("syslog", ended(0..5));
    rig.start();
    rig.expect(&ubuntu(0..3));
    let books = Books { lines_read: 5, records_dead_lettered: 2, ..Books::all_delivered(3) };
    assert_eq!(rig.stop(), books.and_blank(1));
    assert_eq!(rig.sink.requests(), 1);
    assert_eq!(rig.dead_letters().len(), 5, "it may be any of them");
}

#[test]
fn a_backend_that_refuses_everything_for_a_while_costs_nothing() {
    let mut rig = Rig::new();
    rig.sink.set_answer(Answer::status(400));
    rig.append("syslog", ended(0..100));
    rig.start();
    rig.wait_for_log("refused 100 lines");
    rig.sink.set_answer(Answer::Accept);
    rig.append("syslog", ubuntu(100..110));
    rig.expect(&ubuntu(100..110));
    let books = Books { lines_read: 110, records_dead_lettered: 100, ..Books::all_delivered(10) };
    assert_eq!(rig.stop(), books.and_blank(1));

    let file = rig.dead_letter_file();
    let said = replay(&rig, &[]);
    assert!(said.code == Some(0) && said.err.contains("100 records were taken, 0 refused again"), "{said:?}");
    let mut all: Vec<_> = rig.sink.bodies();
    all.sort();
    assert_eq!(all, ubuntu(0..110).lines().collect::<Vec<_>>());
    assert!(!file.exists(), "what was taken is not there any more");
    let record = &rig.sink.records()[50];
    assert_eq!(record.attr("log.file.name"), Some("syslog"), "a record comes as it was");
    assert_eq!(record.resource_attr("service.name"), Some("host-logs"));
}

#[test]
fn what_is_refused_again_stays_in_the_file() {
    let mut rig = Rig::new();
    rig.sink.set_answer(Answer::status(400));
    let text = with_poison(0..20, &[3, 4]);
    rig.append("syslog", text.clone() + "\n");
    rig.start();
    rig.wait_for_log("refused 20 lines");
    rig.stop();
    rig.sink.set_answer(Answer::refuse("poison"));
    let file = rig.dead_letter_file();
    let with_garbage = fs::read_to_string(&file).unwrap() + "no letter\n";
    fs::write(&file, &with_garbage).unwrap();

    let said = replay(&rig, &["--keep"]).failed();
    assert!(said.contains("18 records were taken, 2 refused again"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), with_garbage);

    let said = replay(&rig, &[]).failed();
    assert!(said.contains("refused again: answers 400"), "{said}");
    assert!(said.contains("otlphttp.jsonl:21: is not JSON of a dead letter"), "{said}");
    let kept = fs::read_to_string(&file).unwrap();
    let poisoned = kept.lines().filter(|line| line.contains("poison")).count();
    assert!(
        kept.lines().count() == 3 && poisoned == 2 && kept.lines().any(|line| line == "no letter"),
        "{kept}"
    );
}

/// Which of them the backend left out nobody knows: none of them goes from the file.
#[test]
fn what_may_have_been_refused_again_stays_in_the_file_too() {
    let mut rig = Rig::new();
    rig.config("exporters: {otlphttp: {dead_letter: {partial_success: whole}}}");
    rig.sink.set_answer(Answer::status(400));
    rig.append("syslog", with_poison(0..20, &[3]) + "\n");
    rig.start();
    rig.wait_for_log("refused 20 lines");
    rig.stop();
    rig.sink.set_answer(Answer::LeaveOut("poison".to_owned()));
    let said = replay(&rig, &[]).failed();
    assert!(said.contains("19 records were taken, 1 refused again"), "{said}");
    assert_eq!(rig.dead_letters().len(), 20);
}

#[test]
fn replay_says_which_exporters_there_are() {
    let mut rig = Rig::new();
    rig.sink.set_answer(Answer::status(400));
    rig.append("syslog", ended(0..1));
    rig.start();
    rig.wait_for_log("refused 1 lines");
    rig.stop();
    let said = replay(&rig, &["--exporter", "otlp"]).failed();
    assert!(said.contains("no pipeline has an exporter `otlp`") && said.contains("`otlphttp`"), "{said}");
    assert_eq!(rig.dead_letters().len(), 1);
}
