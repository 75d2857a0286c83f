//! More files than may be open at once.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use skidway_tail::{Cause, Notice, Options, StartAt};

use crate::rig::{Log, Parser, Rig};

fn bounded(limit: usize, change: impl FnOnce(&mut Options)) -> Rig {
    let folder = tempfile::tempdir().unwrap();
    Rig::with(folder, &["*.log"], |options| {
        options.max_open_files = limit;
        change(options);
    })
}

/// Descriptors of this process that lead into the rig's folder.
fn open(rig: &Rig) -> Vec<PathBuf> {
    let descriptors = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let targets = descriptors.filter_map(|entry| fs::read_link(entry.path()).ok());
    targets.filter(|path| path.starts_with(rig.folder.path())).collect()
}

fn is_open(rig: &Rig, name: &str) -> bool {
    open(rig).contains(&rig.path(name))
}

fn closed(rig: &Rig) -> Vec<Cause> {
    let cause = |notice: &Notice| match *notice {
        Notice::Closed { cause, .. } => Some(cause),
        _ => None,
    };
    rig.notices.iter().filter_map(cause).collect()
}

fn opened(rig: &Rig) -> usize {
    rig.notices.iter().filter(|notice| matches!(notice, Notice::Opened { .. })).count()
}

/// With two handles: has `name` read and then closed.
fn read_and_closed(rig: &mut Rig, name: &str, text: &str) {
    rig.append(name, text);
    rig.expect(&[text]);
    rig.append("y.log", "y\n");
    rig.append("z.log", "z\n");
    rig.expect(&[text, "y\n", "z\n"]);
    assert!(!is_open(rig, name), "{:?}", open(rig));
}

#[test]
fn each_file_is_read_in_its_turn_and_in_order() {
    for notify in [true, false] {
        let mut rig = bounded(3, |options| {
            options.notify = notify;
            options.chunk_size = 64;
        });
        let mut wanted = vec![String::new(); 20];
        let name = |file: usize| format!("{file}.log");
        for round in 0..4 {
            for (file, text) in wanted.iter_mut().enumerate() {
                let more: String =
                    (0..10).map(|line| format!("file {file} round {round} line {line}\n")).collect();
                rig.append(&name(file), &more);
                text.push_str(&more);
            }
            let texts: Vec<&str> = wanted.iter().map(String::as_str).collect();
            rig.expect(&texts);
            assert!(open(&rig).len() <= 3, "{:?}", open(&rig));
        }
        assert_eq!((opened(&rig), closed(&rig)), (20, vec![]), "handles are nobody's business");
        assert_eq!(rig.tailer.files().count(), 20);
    }
}

#[test]
fn the_bound_holds_at_every_moment() {
    let mut rig = bounded(3, |options| options.chunk_size = 32);
    for file in 0..12 {
        rig.append(&format!("{file}.log"), "0123456789\n".repeat(40));
    }
    rig.until("every file was found", |rig| rig.tailer.files().count() == 12);
    let mut chunks = 0;
    while rig.tailer.unread_bytes() > 0 {
        rig.tailer.wait(std::time::Instant::now() + Duration::from_millis(10));
        while let Some(file) = rig.tailer.next() {
            assert!(open(&rig).len() <= 3);
            rig.read(file);
            chunks += 1;
            assert!(open(&rig).len() <= 3);
        }
        assert!(chunks < 10_000);
    }
}

#[test]
fn the_least_recently_read_one_is_closed() {
    let mut rig = bounded(2, |_| {});
    for name in ["a.log", "b.log"] {
        rig.append(name, "1\n");
        rig.until("read", |rig| is_open(rig, name) && rig.tailer.unread_bytes() == 0);
    }
    rig.append("a.log", "2\n");
    rig.expect(&["1\n2\n", "1\n"]);
    rig.append("c.log", "3\n");
    rig.expect(&["1\n2\n", "1\n", "3\n"]);
    assert!(is_open(&rig, "a.log") && !is_open(&rig, "b.log") && is_open(&rig, "c.log"), "{:?}", open(&rig));
}

#[test]
fn renamed_while_closed_to_a_name_that_matches() {
    let mut rig = bounded(2, |_| {});
    read_and_closed(&mut rig, "a.log", "one\n");
    rig.append("a.log", "two\n");
    rig.rename("a.log", "a.1.log");
    rig.append("a.log", "new\n");
    rig.expect(&["one\ntwo\n", "new\n", "y\n", "z\n"]);
    rig.append("a.1.log", "three\n");
    rig.expect(&["one\ntwo\nthree\n", "new\n", "y\n", "z\n"]);
    assert_eq!(closed(&rig), []);
}

/// It is found in its folder, by its inode.
#[test]
fn renamed_while_closed_to_a_name_that_does_not_match() {
    let mut rig = bounded(2, |_| {});
    let (log, _guard) = Log::capture();
    read_and_closed(&mut rig, "a.log", "one\n");
    rig.append("a.log", "two\n");
    rig.rename("a.log", "a.log.1");
    rig.append("a.log", "new\n");
    rig.expect(&["one\ntwo\n", "new\n", "y\n", "z\n"]);
    rig.until("the old one was let go", |rig| closed(rig) == [Cause::Moved]);
    assert_eq!(log.count(&["WARN"]), 0);
}

#[test]
fn moved_away_while_closed_is_said() {
    let mut rig = bounded(2, |options| options.notify = false);
    let (log, _guard) = Log::capture();
    fs::create_dir(rig.path("old")).unwrap();
    rig.parser = Parser::HoldsAll;
    read_and_closed(&mut rig, "a.log", "one\n");
    // The growth is seen, and the file is gone before its turn comes.
    rig.append("a.log", "two\n");
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while rig.tailer.unread_bytes() != 4 {
        assert!(std::time::Instant::now() < deadline);
        rig.tailer.hold(std::time::Instant::now() + Duration::from_millis(5));
    }
    assert!(!is_open(&rig, "a.log"));
    rig.rename("a.log", "old/a.log");
    rig.append("a.log", "new\n");
    rig.expect(&["one\n", "new\n", "y\n", "z\n"]);
    rig.until("the old one was given up", |rig| closed(rig) == [Cause::Moved]);
    assert_eq!(log.count(&["ERROR", "a.log", "range=4..8", "max_concurrent_files"]), 1);
    // Should it come back, nothing is missing.
    rig.rename("old/a.log", "b.log");
    rig.expect(&["one\n", "two\n", "new\n", "y\n", "z\n"]);
}

#[test]
fn truncated_while_closed() {
    let mut rig = bounded(2, |_| {});
    read_and_closed(&mut rig, "a.log", "one\ntwo\n");
    fs::write(rig.path("a.log"), "new\n").unwrap();
    rig.expect(&["one\ntwo\n", "new\n", "y\n", "z\n"]);
    let nothing = skidway_tail::Span::new(8, 8);
    assert_eq!(closed(&rig), [Cause::Truncated { lost: nothing }]);
}

#[test]
fn truncated_while_closed_and_longer_than_before() {
    let mut rig = bounded(2, |_| {});
    read_and_closed(&mut rig, "a.log", "one\ntwo\n");
    fs::write(rig.path("a.log"), "completely different\n").unwrap();
    rig.expect(&["one\ntwo\n", "completely different\n", "y\n", "z\n"]);
    let nothing = skidway_tail::Span::new(8, 8);
    assert_eq!(closed(&rig), [Cause::Truncated { lost: nothing }]);
}

/// Files without a name cannot be opened again, so others wait for them.
#[test]
fn deleted_files_are_read_to_their_end_first() {
    let mut rig = bounded(2, |options| options.chunk_size = 16);
    let text = "0123456789\n".repeat(20);
    for name in ["a.log", "b.log"] {
        rig.append(name, &text);
    }
    rig.until("both are open", |rig| is_open(rig, "a.log") && is_open(rig, "b.log"));
    for name in ["a.log", "b.log"] {
        fs::remove_file(rig.path(name)).unwrap();
    }
    rig.append("c.log", "c\n");
    rig.expect(&[&text, &text, "c\n"]);
    rig.until("both were let go", |rig| closed(rig) == [Cause::Deleted, Cause::Deleted]);
}

/// More partial lines than handles: each has its silence, none is cut short.
#[test]
fn partial_lines_are_given_up_in_turn() {
    let mut rig = bounded(2, |_| {});
    for file in 0..6 {
        rig.append(&format!("{file}.log"), format!("part {file}"));
    }
    rig.expect(&["part 0", "part 1", "part 2", "part 3", "part 4", "part 5"]);
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |options| {
        options.max_open_files = 2;
        options.flush_period = Duration::ZERO;
    });
    for file in 0..6 {
        rig.append(&format!("{file}.log"), format!("whole {file}\npart"));
    }
    rig.expect(&["whole 0\n", "whole 1\n", "whole 2\n", "whole 3\n", "whole 4\n", "whole 5\n"]);
}

#[test]
fn the_end_of_files_that_wait_for_their_turn_is_where_it_was_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for file in 0..10 {
        fs::write(folder.path().join(format!("{file}.log")), "before\n").unwrap();
    }
    let mut rig = Rig::with(folder, &["*.log"], |options| {
        options.max_open_files = 2;
        options.start_at = StartAt::End;
    });
    rig.until("all were found", |rig| rig.tailer.files().count() == 10);
    for file in 0..10 {
        rig.append(&format!("{file}.log"), "after\n");
    }
    rig.expect(&["after\n"; 10]);
}

#[test]
fn a_bound_that_cannot_work_is_refused() {
    let options = Options { include: vec!["/x".to_owned()], max_open_files: 1, ..Options::default() };
    let error = skidway_tail::Tailer::new(options, skidway_state::Resumer::new(None)).unwrap_err();
    assert!(error.to_string().starts_with("max_open_files is 1"), "{error}");
}
