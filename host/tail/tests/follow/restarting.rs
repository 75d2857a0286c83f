//! A lane with the real ledger and the real state file, stopped and started again.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use skidway_model::Span;
use skidway_state::Settled;
use skidway_tail::{Compression, Options};
use tempfile::TempDir;

use crate::rig::{Log, append, options};
use crate::run::Run;

const LONG_LINE: &str = "a line that is long enough to tell one file from another\n";

#[test]
fn what_was_not_acknowledged_is_read_again() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = folder.path().join("a.log");
    append(&log, "before the first run\n");
    let mut run = Run::new(&folder, state.path());
    append(&log, "one\n");
    run.expect(&["one\n"]);
    run.acknowledge();
    append(&log, "two\n");
    run.expect(&["two\n"]);
    run.save();
    drop(run);
    append(&log, "three\n");
    append(folder.path().join("new.log"), "appeared meanwhile\n");
    let mut run = Run::new(&folder, state.path());
    run.expect(&["two\nthree\n", "appeared meanwhile\n"]);
}

/// Rows 1 and 2 of what users of other agents suffer from: an inode that is used
/// again, and a rotation while nobody looks.
#[test]
fn a_rotation_during_a_restart_loses_and_doubles_nothing() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = folder.path().join("a.log");
    let mut run = Run::new(&folder, state.path());
    append(&log, LONG_LINE);
    run.expect(&[LONG_LINE]);
    run.acknowledge();
    drop(run);
    append(&log, "the end of the old file\n");
    fs::rename(&log, folder.path().join("a.1")).unwrap();
    append(&log, "the new file\n");
    let mut run = Run::new(&folder, state.path());
    run.expect(&["the end of the old file\n", "the new file\n"]);
    run.acknowledge();
    drop(run);
    // Deleted and made again, perhaps with the same inode, longer than what was read.
    fs::remove_file(&log).unwrap();
    let text = "something else, and more of it than before\n".repeat(3);
    append(&log, &text);
    let mut run = Run::new(&folder, state.path());
    run.expect(&[&text]);
}

#[test]
fn a_truncation_moves_the_checkpoint_back_and_late_answers_do_not_move_it() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = folder.path().join("a.log");
    let mut run = Run::new(&folder, state.path());
    append(&log, LONG_LINE);
    run.expect(&[LONG_LINE]);
    let old = run.sent[0].file;
    fs::write(&log, "new\n").unwrap();
    run.expect(&[LONG_LINE, "new\n"]);
    let new = run.sent[1].file;
    assert_ne!(old, new);
    // Only the answer for the old content has come.
    run.ledger.settle(old, Span::new(0, LONG_LINE.len() as u64), Settled::default());
    assert_eq!(run.ledger.checkpoint(new), Some(0));
    run.save();
    drop(run);
    let mut run = Run::new(&folder, state.path());
    run.expect(&["new\n"]);
}

/// A run that has read the line and the words, of which only the line is answered for.
fn interrupted(folder: &TempDir, state: &Path, include: &[&str]) {
    let log = folder.path().join("a.log");
    let mut run = Run::with(folder, state, include);
    append(&log, LONG_LINE);
    run.expect(&[LONG_LINE]);
    run.acknowledge();
    append(&log, "on its way\n");
    run.expect(&["on its way\n"]);
    run.save();
}

fn pack(log: &Path, to: &str) {
    let packed = fs::File::create(log.with_file_name(to)).unwrap();
    let mut packer = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
    packer.write_all(&fs::read(log).unwrap()).unwrap();
    packer.finish().unwrap();
    fs::remove_file(log).unwrap();
}

/// Whatever rotation did to a file while nobody looked, and wherever the globs lead:
/// the rest of it is read, once.
#[test]
fn the_rest_is_found_wherever_rotation_has_put_it() {
    type Rotate = fn(&Path, &str);
    let rename: Rotate = |log, to| fs::rename(log, log.with_file_name(to)).unwrap();
    let copy: Rotate = |log, to| {
        fs::copy(log, log.with_file_name(to)).unwrap();
        fs::write(log, "").unwrap();
    };
    for include in [&["*.log"][..], &["*.log", "*.1", "*-20261122"]] {
        for (how, to) in [
            (rename, "a.log.1"),
            (rename, "a.log-20261122"),
            (rename, "put away by hand"),
            (copy, "a.log.1"),
            (copy, "a.log-20261122"),
            (pack, "a.log.1.gz"),
            (pack, "a.log-20261122.gz"),
        ] {
            let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let log = folder.path().join("a.log");
            interrupted(&folder, state.path(), include);
            append(&log, "unread\n");
            how(&log, to);
            append(&log, "the new file\n");
            let mut run = Run::with(&folder, state.path(), include);
            run.expect(&["on its way\nunread\n", "the new file\n"]);
            run.acknowledge();
            drop(run);
            // It is done with: the next start reads nothing of it again.
            append(&log, "and on\n");
            let mut run = Run::with(&folder, state.path(), include);
            run.expect(&["and on\n"]);
        }
    }
}

/// What was put away, and is followed there, is put away further: `a.log.1` becomes
/// `a.log.2.gz`, and `a.log` becomes `a.log.1`.
#[test]
fn a_rotated_file_is_found_where_the_next_rotation_has_put_it() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (log, first) = (folder.path().join("a.log"), folder.path().join("a.log.1"));
    let options = || Options { compression: Compression::Auto, ..options(&folder, &["*"]) };
    let mut run = Run::start(options(), state.path());
    append(&log, LONG_LINE);
    run.expect(&[LONG_LINE]);
    fs::rename(&log, &first).unwrap();
    append(&log, "the second file, which begins differently\n");
    run.expect(&[LONG_LINE, "the second file, which begins differently\n"]);
    run.acknowledge();
    drop(run);
    append(&first, "unread\n");
    pack(&first, "a.log.2.gz");
    fs::rename(&log, &first).unwrap();
    append(&log, "the third file\n");
    let mut run = Run::start(options(), state.path());
    run.expect(&["unread\n", "the third file\n"]);
}

/// The run begins while `a.log.1` is being compressed: there are both, and the checkpoint
/// is that of the plain one.
#[test]
fn a_rotated_file_and_what_is_being_made_of_it_are_one_text() {
    for packed_is_found_first in [false, true] {
        let [folder, state, aside] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let (log, first) = (folder.path().join("a.log"), folder.path().join("a.log.1"));
        let options = || Options { compression: Compression::Auto, ..options(&folder, &["*"]) };
        // Files are found by their inodes, and the smaller one is given away first.
        let (copy, packed) = (aside.path().join("copy"), aside.path().join("copy.gz"));
        if packed_is_found_first {
            fs::write(&packed, "").unwrap();
        }
        let mut run = Run::start(options(), state.path());
        append(&first, LONG_LINE);
        run.expect(&[LONG_LINE]);
        run.acknowledge();
        drop(run);
        fs::copy(&first, &copy).unwrap();
        pack(&copy, "copy.gz");
        fs::rename(&packed, folder.path().join("a.log.1.gz")).unwrap();
        append(&log, "the new file\n");
        let mut run = Run::start(options(), state.path());
        run.expect(&["the new file\n"]);
        run.round(std::time::Duration::from_millis(50), usize::MAX);
        run.expect(&["the new file\n"]);
    }
}

/// A weekend without an agent: of the files in between nobody knows, and no glob leads to
/// them.
#[test]
fn what_was_written_and_rotated_while_nobody_looked_is_read() {
    for packed in [false, true] {
        let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let log = folder.path().join("a.log");
        let name = |number: usize| format!("a.log.{number}{}", if packed { ".gz" } else { "" });
        let put_away = |last: usize| {
            for number in (1..last).rev() {
                fs::rename(folder.path().join(name(number)), folder.path().join(name(number + 1))).unwrap();
            }
            if packed { pack(&log, &name(1)) } else { fs::rename(&log, folder.path().join(name(1))).unwrap() }
        };
        // One from before the first run, which is none of ours.
        append(&log, "written before there was an agent here\n");
        put_away(1);
        interrupted(&folder, state.path(), &["a.log"]);
        put_away(2);
        append(&log, "the first one that nobody has seen\n");
        put_away(3);
        append(&log, "the second one that nobody has seen\n");
        put_away(4);
        append(&log, "and what is there now\n");
        let wanted = [
            "on its way\n",
            "the first one that nobody has seen\n",
            "the second one that nobody has seen\n",
            "and what is there now\n",
        ];
        let mut run = Run::with(&folder, state.path(), &["a.log"]);
        run.expect(&wanted);
        run.acknowledge();
        drop(run);
        append(&log, "and on\n");
        let mut run = Run::with(&folder, state.path(), &["a.log"]);
        run.expect(&["and on\n"]);
    }
}

#[test]
fn what_is_not_found_again_is_said_once() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    interrupted(&folder, state.path(), &["*.log"]);
    fs::remove_file(folder.path().join("a.log")).unwrap();
    let range = format!("range={}..{}", LONG_LINE.len(), LONG_LINE.len() + 11);
    for times in [1, 0] {
        let (log, _guard) = Log::capture();
        let mut run = Run::with(&folder, state.path(), &["*.log"]);
        run.round(std::time::Duration::from_millis(10), usize::MAX);
        run.save();
        assert_eq!(log.count(&["ERROR", "a.log", &range]), times);
    }
}

/// The lines of the old content are on their way when the file is emptied and the run
/// ends: the copy has them.
#[test]
fn a_truncation_and_a_crash_before_the_answer_lose_nothing() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = folder.path().join("a.log");
    let mut run = Run::with(&folder, state.path(), &["*.log"]);
    append(&log, LONG_LINE);
    run.expect(&[LONG_LINE]);
    fs::copy(&log, folder.path().join("a.log.1")).unwrap();
    fs::write(&log, "new\n").unwrap();
    run.expect(&[LONG_LINE, "new\n"]);
    run.save();
    drop(run);
    let mut run = Run::with(&folder, state.path(), &["*.log"]);
    run.expect(&[LONG_LINE, "new\n"]);
}

/// The run in between has found the file and read nothing of it.
#[test]
fn what_an_earlier_run_knew_of_is_said_to_be_lost_by_a_later_one() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    interrupted(&folder, state.path(), &["*.log"]);
    let mut run = Run::with(&folder, state.path(), &["*.log"]);
    run.save();
    drop(run);
    fs::remove_file(folder.path().join("a.log")).unwrap();
    let (log, _guard) = Log::capture();
    Run::with(&folder, state.path(), &["*.log"]);
    let range = format!("range={}..{}", LONG_LINE.len(), LONG_LINE.len() + 11);
    assert_eq!(log.count(&["ERROR", "a.log", &range]), 1);
}

/// Two rotations while nobody looks: the second one renames what the first has made.
#[test]
fn what_is_rotated_a_second_time_is_not_read_again() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let start = || {
        let options = skidway_tail::Options {
            compression: skidway_tail::Compression::Auto,
            ..crate::rig::options(&folder, &["a.log*"])
        };
        Run::start(options, state.path())
    };
    append(folder.path().join("a.log.1"), LONG_LINE);
    let mut run = start();
    run.expect(&[LONG_LINE]);
    run.acknowledge();
    drop(run);
    let packed = fs::File::create(folder.path().join("a.log.2.gz")).unwrap();
    let mut packer = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
    packer.write_all(LONG_LINE.as_bytes()).unwrap();
    packer.finish().unwrap();
    fs::remove_file(folder.path().join("a.log.1")).unwrap();
    append(folder.path().join("a.log"), "new\n");
    let (log, _guard) = Log::capture();
    let mut run = start();
    run.expect(&["new\n"]);
    for _ in 0..20 {
        run.round(std::time::Duration::from_millis(10), usize::MAX);
    }
    run.expect(&["new\n"]);
    assert_eq!(log.count(&["ERROR"]), 0);
}

/// It is shorter than what was read, and all that both have is the first line.
#[test]
fn a_rotated_file_that_only_begins_alike_is_not_taken_for_the_one_that_is_gone() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    interrupted(&folder, state.path(), &["*.log"]);
    fs::remove_file(folder.path().join("a.log")).unwrap();
    append(folder.path().join("a.log.1"), format!("{LONG_LINE}another\n"));
    let (log, _guard) = Log::capture();
    let mut run = Run::with(&folder, state.path(), &["*.log"]);
    run.round(std::time::Duration::from_millis(10), usize::MAX);
    assert!(run.sent.iter().all(|sent| sent.span.start == 0), "{:?}", run.sent);
    let range = format!("range={}..{}", LONG_LINE.len(), LONG_LINE.len() + 11);
    assert_eq!(log.count(&["ERROR", "a.log", &range]), 1);
}
