//! Files that rotation copies and empties, with and without somebody looking.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use skidway_tail::{Cause, Notice, StartAt};

use crate::rig::{Log, Rig, append};

const HEAD: &str = "2026-11-22T10:00:00 the first line, which tells one file from another\n";

fn copy_and_empty(rig: &Rig, from: &str, to: &str) {
    fs::copy(rig.path(from), rig.path(to)).unwrap();
    fs::write(rig.path(from), "").unwrap();
}

fn pack(from: &Path, to: &Path) {
    let mut packer = GzEncoder::new(fs::File::create(to).unwrap(), Compression::fast());
    std::io::copy(&mut fs::File::open(from).unwrap(), &mut packer).unwrap();
    packer.finish().unwrap();
    fs::remove_file(from).unwrap();
}

/// All bytes that were taken, in the order of their taking.
fn all(rig: &Rig) -> String {
    rig.taken.iter().map(|taken| String::from_utf8_lossy(&taken.text)).collect()
}

/// What nobody had looked at when the file was emptied is in the copy, whether a glob
/// leads to that or not.
#[test]
fn what_was_written_before_the_truncation_is_read_in_the_copy() {
    for glob in ["app.log", "app.log*"] {
        let mut rig = Rig::new(&[glob]);
        rig.append("app.log", HEAD);
        rig.expect(&[HEAD]);
        rig.append("app.log", "unread\n");
        copy_and_empty(&rig, "app.log", "app.log.1");
        rig.append("app.log", "after\n");
        let first = format!("{HEAD}unread\n");
        rig.expect(&[&first, "after\n"]);
        rig.rounds(std::time::Duration::from_millis(300));
        rig.expect(&[&first, "after\n"]);
        let lost =
            rig.notices.iter().any(|n| matches!(n, Notice::Closed { cause: Cause::Truncated { .. }, .. }));
        assert!(!lost, "{:?}", rig.notices);
        // The copy is written to no more, the file is.
        rig.append("app.log", "and on\n");
        rig.expect(&[&first, "after\nand on\n"]);
    }
}

#[test]
fn a_copy_that_was_compressed_at_once_is_read_too() {
    let mut rig = Rig::new(&["app.log"]);
    rig.append("app.log", HEAD);
    rig.expect(&[HEAD]);
    rig.append("app.log", "unread\n");
    copy_and_empty(&rig, "app.log", "app.log.1");
    pack(&rig.path("app.log.1"), &rig.path("app.log.1.gz"));
    rig.append("app.log", "after\n");
    rig.expect(&[&format!("{HEAD}unread\n"), "after\n"]);
}

#[test]
fn a_copy_in_a_folder_below_is_found() {
    let mut rig = Rig::new(&["app.log"]);
    fs::create_dir(rig.path("old")).unwrap();
    rig.append("app.log", HEAD);
    rig.expect(&[HEAD]);
    rig.append("app.log", "unread\n");
    copy_and_empty(&rig, "app.log", "old/app-20261122.log");
    rig.expect(&[&format!("{HEAD}unread\n")]);
}

/// The new content begins as the old one did and is longer: neither length nor head
/// tell, only what stands before the place where reading stands.
#[test]
fn new_content_that_begins_alike_is_told_by_what_follows() {
    let mut rig = Rig::with(tempfile::tempdir().unwrap(), &["app.log"], |options| {
        options.fingerprint_size = 16;
    });
    rig.append("app.log", format!("{HEAD}old\n"));
    rig.expect(&[&format!("{HEAD}old\n")]);
    let new = format!("{HEAD}new\n and longer than before\n");
    fs::write(rig.path("app.log"), &new).unwrap();
    rig.expect(&[&format!("{HEAD}old\n"), &new]);
}

#[test]
fn without_a_copy_the_loss_is_said_with_its_range() {
    let (log, _guard) = Log::capture();
    let mut rig = Rig::new(&["app.log"]);
    rig.append("app.log", HEAD);
    rig.expect(&[HEAD]);
    rig.append("app.log", "seen, not read\n");
    rig.until("it is seen", |rig| {
        rig.tailer.unread_bytes() > 0 || rig.texts().len() > 1 || { rig.texts()[0].len() > HEAD.len() }
    });
    fs::write(rig.path("app.log"), "").unwrap();
    rig.append("app.log", "after\n");
    rig.until("the new content is read", |rig| all(rig).ends_with("after\n"));
    // Depending on who was faster, it was read before.
    let read = all(&rig).contains("seen");
    let range = format!("range={}..{}", HEAD.len(), HEAD.len() + "seen, not read\n".len());
    assert_eq!(log.count(&["ERROR", &range]), usize::from(!read));
}

/// Two files that begin alike are two, unless rotation has made one of the other.
#[test]
fn identical_files_are_two_but_a_rotated_copy_is_none() {
    let mut rig = Rig::new(&["*.log*"]);
    rig.append("a.log", format!("{HEAD}same\n"));
    rig.append("b.log", format!("{HEAD}same\n"));
    let text = format!("{HEAD}same\n");
    rig.expect(&[&text, &text]);
    fs::copy(rig.path("a.log"), rig.path("a.log.1")).unwrap();
    fs::copy(rig.path("a.log"), rig.path("c.log")).unwrap();
    rig.expect(&[&text, &text, &text]);
    rig.rounds(std::time::Duration::from_millis(300));
    rig.expect(&[&text, &text, &text]);
    // The original goes on being read.
    rig.append("a.log", "more\n");
    rig.expect(&[&format!("{text}more\n"), &text, &text]);
}

/// The copy is written over the one before, slowly, while that is still followed.
#[test]
fn a_copy_that_is_written_over_the_last_one_is_no_new_text() {
    for glob in ["app.log", "app.log*"] {
        let mut rig = Rig::with(tempfile::tempdir().unwrap(), &[glob], |options| {
            options.grace = std::time::Duration::from_secs(5);
        });
        let mut wanted = String::new();
        for round in 0..4 {
            let text = format!("2026-11-22T10:00:{round:02} what is written in this round\n").repeat(20);
            rig.append("app.log", &text);
            wanted.push_str(&text);
            rig.until("it is read", |rig| all(rig).len() >= wanted.len());
            let content = fs::read(rig.path("app.log")).unwrap();
            let mut copy = fs::File::create(rig.path("app.log.1")).unwrap();
            for piece in content.chunks(300) {
                rig.round();
                copy.write_all(piece).unwrap();
            }
            rig.append("app.log", "unread\n");
            wanted.push_str("unread\n");
            copy.write_all(b"unread\n").unwrap();
            fs::write(rig.path("app.log"), "").unwrap();
        }
        rig.until("all of it", |rig| all(rig).len() >= wanted.len());
        rig.rounds(std::time::Duration::from_millis(300));
        assert_eq!(counted(&all(&rig)), counted(&wanted), "{glob}");
    }
}

/// How often each line is there.
fn counted(text: &str) -> BTreeMap<&str, usize> {
    let mut counted = BTreeMap::new();
    for line in text.lines() {
        *counted.entry(line).or_default() += 1;
    }
    counted
}

/// Row 4 of what users of other agents suffer from, twenty times over.
#[test]
fn many_rotations_lose_and_double_nothing() {
    let mut rig = Rig::new(&["app.log*"]);
    let mut wanted = String::new();
    for round in 0..20 {
        for line in 0..7 {
            let text = format!("2026-11-22 round {round:03} line {line:03} of the log\n");
            append(rig.path("app.log"), &text);
            wanted.push_str(&text);
            if line % 3 == round % 3 {
                rig.round();
            }
        }
        // Nothing was read of a file that is emptied before anybody saw it.
        let length = wanted.len();
        rig.until("all but the last lines were seen", |rig| all(rig).len() + 150 >= length);
        let name = format!("app.log.{}", round + 1);
        copy_and_empty(&rig, "app.log", &name);
    }
    rig.until("all of it", |rig| all(rig).len() >= wanted.len());
    rig.rounds(std::time::Duration::from_millis(200));
    assert_eq!(counted(&all(&rig)), counted(&wanted));
}

#[test]
fn with_start_at_end_a_copy_is_still_read_from_where_the_file_stood() {
    let folder = tempfile::tempdir().unwrap();
    append(folder.path().join("app.log"), HEAD);
    let mut rig = Rig::with(folder, &["app.log"], |options| options.start_at = StartAt::End);
    rig.append("app.log", "one\n");
    rig.expect(&["one\n"]);
    rig.append("app.log", "two\n");
    copy_and_empty(&rig, "app.log", "app.log.1");
    rig.expect(&["one\ntwo\n"]);
}

/// The original holds no more than the first line, with which the other one begins too.
#[test]
fn a_longer_file_that_begins_alike_is_no_copy() {
    let folder = tempfile::tempdir().unwrap();
    append(folder.path().join("app.log"), HEAD);
    append(folder.path().join("app.log.1"), format!("{HEAD}and what nobody has read\n"));
    let mut rig = Rig::with(folder, &["app.log*"], |_| {});
    rig.expect(&[HEAD, &format!("{HEAD}and what nobody has read\n")]);
}

/// Copying takes a while, and the log is written to and read meanwhile.
#[test]
fn a_copy_that_ends_before_what_was_read_is_not_read_again() {
    for looks in [true, false] {
        let mut rig =
            Rig::with(tempfile::tempdir().unwrap(), &["app.log*"], |options| options.chunk_size = 256);
        let old: String =
            (0..40).map(|n| format!("2026-11-22T10:00:{n:02} a line of the old log\n")).collect();
        rig.append("app.log", &old);
        rig.until("it is read", |rig| all(rig).len() == old.len());
        fs::copy(rig.path("app.log"), rig.path("app.log.1")).unwrap();
        if looks {
            rig.rounds(std::time::Duration::from_millis(50));
        }
        rig.append("app.log", "written while it was copied\n");
        rig.until("that is read", |rig| all(rig).contains("while it was copied\n"));
        fs::write(rig.path("app.log"), "").unwrap();
        rig.append("app.log", "new\n");
        rig.until("the new text is read", |rig| all(rig).contains("new\n"));
        rig.rounds(std::time::Duration::from_millis(300));
        let doubled = all(&rig).len() - (old.len() + "written while it was copied\nnew\n".len());
        assert!(doubled <= 256, "{doubled} bytes came twice");
    }
}

#[test]
fn what_was_written_behind_the_copy_and_not_read_is_said_to_be_lost() {
    let (log, _guard) = Log::capture();
    let mut rig = Rig::new(&["app.log"]);
    rig.append("app.log", HEAD);
    rig.expect(&[HEAD]);
    rig.parser = crate::rig::Parser::HoldsAll;
    rig.append("app.log", "in the copy\n");
    rig.until("it is seen", |rig| rig.tailer.unread_bytes() == 12);
    fs::copy(rig.path("app.log"), rig.path("app.log.1")).unwrap();
    rig.append("app.log", "not in the copy\n");
    rig.until("it is seen", |rig| rig.tailer.unread_bytes() == 28);
    fs::write(rig.path("app.log"), "").unwrap();
    rig.expect(&[&format!("{HEAD}in the copy\n")]);
    let range = format!("range={}..{}", HEAD.len() + 12, HEAD.len() + 28);
    assert_eq!(log.count(&["ERROR", "app.log.1", &range]), 1);
}
