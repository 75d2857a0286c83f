//! Rotation by rename and by truncation, with and without notifications.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::time::{Duration, Instant};

use skidway_tail::{Cause, Notice, Span};

use crate::rig::{Log, PATIENCE, Parser, Rig};

fn with_and_without_notifications(test: impl Fn(Rig)) {
    for notify in [true, false] {
        test(Rig::with(tempfile::tempdir().unwrap(), &["*.log"], |options| options.notify = notify));
    }
}

fn causes(rig: &Rig) -> Vec<Cause> {
    let cause = |notice: &Notice| match *notice {
        Notice::Closed { cause, .. } => Some(cause),
        _ => None,
    };
    rig.notices.iter().filter_map(cause).collect()
}

#[test]
fn a_renamed_file_is_read_to_its_end_and_let_go() {
    with_and_without_notifications(|mut rig| {
        rig.append("a.log", "one\n");
        rig.expect(&["one\n"]);
        let mut writer = OpenOptions::new().append(true).open(rig.path("a.log")).unwrap();
        // Written and renamed between two looks; then the writer goes on for a while.
        writer.write_all(b"two\n").unwrap();
        rig.rename("a.log", "a.log.1");
        rig.append("a.log", "new\n");
        rig.expect(&["one\ntwo\n", "new\n"]);
        writer.write_all(b"late\nlast").unwrap();
        rig.expect(&["one\ntwo\nlate\nlast", "new\n"]);
        rig.until("it was let go", |rig| causes(rig) == [Cause::Moved]);
        assert_eq!(rig.tailer.files().count(), 1);
    });
}

#[test]
fn several_rotations_at_once_lose_nothing() {
    with_and_without_notifications(|mut rig| {
        rig.append("a.log", "zero\n");
        rig.expect(&["zero\n"]);
        rig.append("a.log", "0\n");
        rig.rename("a.log", "a.1");
        rig.append("a.log", "one\n");
        rig.until("the second file was seen", |rig| rig.tailer.files().count() == 2);
        rig.append("a.log", "1\n");
        rig.rename("a.log", "a.2");
        rig.append("a.log", "two\n");
        rig.expect(&["zero\n0\n", "one\n1\n", "two\n"]);
    });
}

/// What waited in several files, because there was no room to read, comes in the order in which it was written.
#[test]
fn rotated_files_are_read_before_what_was_written_after_them() {
    let text = |round: usize| -> String { (0..20).map(|n| format!("line {n} of round {round}\n")).collect() };
    for include in ["*.log", "*.log*"] {
        let folder = tempfile::tempdir().unwrap();
        let mut rig = Rig::with(folder, &[include], |options| options.chunk_size = 64);
        for round in 0..4 {
            for name in (1..round).rev() {
                rig.rename(&format!("a.log.{name}"), &format!("a.log.{}", name + 1));
            }
            if round > 0 {
                rig.rename("a.log", "a.log.1");
            }
            rig.append("a.log", text(round));
            // As a lane does while there is no room.
            let deadline = Instant::now() + PATIENCE;
            while rig.tailer.files().count() != round + 1 {
                assert!(Instant::now() < deadline, "{} files", rig.tailer.files().count());
                rig.tailer.hold(Instant::now() + Duration::from_millis(5));
                rig.notices.extend(std::iter::from_fn(|| rig.tailer.take_notice()));
            }
        }
        let all: String = (0..4).map(text).collect();
        rig.until("everything was read", |rig| {
            rig.taken.iter().map(|t| t.text.len()).sum::<usize>() >= all.len()
        });
        let taken: Vec<u8> = rig.taken.iter().flat_map(|taken| taken.text.clone()).collect();
        assert_eq!(String::from_utf8(taken).unwrap(), all, "{include}");
    }
}

#[test]
fn a_renamed_file_that_still_matches_keeps_its_key() {
    with_and_without_notifications(|mut rig| {
        rig.append("a.log", "one\n");
        rig.expect(&["one\n"]);
        rig.rename("a.log", "b.log");
        rig.append("b.log", "two\n");
        rig.append("a.log", "three\n");
        rig.expect(&["one\ntwo\n", "three\n"]);
        let first = rig.taken[0].file;
        rig.until("its new name", |rig| rig.tailer.file(first).unwrap().path == rig.path("b.log"));
        rig.rounds(Duration::from_millis(150));
        assert!(causes(&rig).is_empty());
    });
}

#[test]
fn a_deleted_file_is_read_to_its_end() {
    with_and_without_notifications(|mut rig| {
        rig.append("a.log", "one\n");
        rig.expect(&["one\n"]);
        rig.append("a.log", "two");
        fs::remove_file(rig.path("a.log")).unwrap();
        rig.expect(&["one\ntwo"]);
        rig.until("it was let go", |rig| causes(rig) == [Cause::Deleted]);
        // The inode may well be the same: it is another file all the same.
        rig.append("a.log", "one\ntwo\nthree\n");
        rig.expect(&["one\ntwo", "one\ntwo\nthree\n"]);
    });
}

#[test]
fn a_file_that_comes_back_is_not_read_again() {
    with_and_without_notifications(|mut rig| {
        rig.append("a.log", "one\n");
        rig.expect(&["one\n"]);
        rig.rename("a.log", "away");
        rig.until("it was let go", |rig| causes(rig) == [Cause::Moved]);
        rig.append("away", "two\n");
        rig.rename("away", "a.log");
        rig.expect(&["one\n", "two\n"]);
    });
}

#[test]
fn with_no_flush_period_the_end_of_a_deleted_file_is_still_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |options| options.flush_period = Duration::ZERO);
    rig.append("a.log", "one\ntwo");
    rig.expect(&["one\n"]);
    fs::remove_file(rig.path("a.log")).unwrap();
    rig.expect(&["one\ntwo"]);
    rig.until("it was let go", |rig| causes(rig) == [Cause::Deleted]);
}

#[test]
fn a_truncated_file_is_read_from_its_beginning() {
    with_and_without_notifications(|mut rig| {
        let (log, _guard) = Log::capture();
        rig.append("a.log", "one\ntwo\n");
        rig.expect(&["one\ntwo\n"]);
        fs::copy(rig.path("a.log"), rig.path("a.log.1")).unwrap();
        rig.append("a.log", ""); // an open writer in append mode, as copytruncate expects
        fs::File::options().write(true).open(rig.path("a.log")).unwrap().set_len(0).unwrap();
        rig.until("the truncation was seen", |rig| !causes(rig).is_empty());
        rig.append("a.log", "new\n");
        rig.expect(&["one\ntwo\n", "new\n"]);
        assert_eq!(causes(&rig), [Cause::Truncated { lost: Span::new(8, 8) }]);
        assert_eq!(log.count(&["INFO", "truncated", "offset=8"]), 1);
    });
}

#[test]
fn a_file_that_was_truncated_and_has_grown_past_the_offset_is_told_by_its_head() {
    with_and_without_notifications(|mut rig| {
        rig.append("a.log", "one\ntwo\n");
        rig.expect(&["one\ntwo\n"]);
        // Same inode, longer than before, written at once.
        fs::write(rig.path("a.log"), "completely different\nand longer\n").unwrap();
        rig.expect(&["one\ntwo\n", "completely different\nand longer\n"]);
        assert_eq!(causes(&rig), [Cause::Truncated { lost: Span::new(8, 8) }]);
        assert!(matches!(rig.notices.last().unwrap(), Notice::Opened { offset: 0, .. }));
    });
}

#[test]
fn bytes_lost_by_a_truncation_are_counted_and_said() {
    with_and_without_notifications(|mut rig| {
        let (log, _guard) = Log::capture();
        rig.parser = Parser::HoldsAll;
        rig.append("a.log", "one\ntwo\n");
        rig.until("it was taken with flush", |rig| rig.taken.len() == 1);
        rig.append("a.log", "never taken\n");
        rig.until("it was seen", |rig| rig.tailer.unread_bytes() == 12);
        fs::write(rig.path("a.log"), "").unwrap();
        rig.until("the truncation was seen", |rig| !causes(rig).is_empty());
        assert_eq!(causes(&rig), [Cause::Truncated { lost: Span::new(8, 20) }]);
        assert_eq!(log.count(&["ERROR", "a.log", "bytes=12", "range=8..20"]), 1);
    });
}

#[test]
fn a_file_that_replaces_another_is_read_from_its_beginning() {
    with_and_without_notifications(|mut rig| {
        rig.append("a.log", "one\n");
        rig.expect(&["one\n"]);
        rig.append("other", "one\n");
        rig.rename("other", "a.log");
        rig.expect(&["one\n", "one\n"]);
        rig.until("the first was let go", |rig| causes(rig) == [Cause::Deleted]);
    });
}
