//! Which files are followed, and where reading begins.

use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, Instant, SystemTime};

use skidway_state::Resumer;
use skidway_tail::{Cause, Notice, Ordering, SortBy, SortType, StartAt, Tailer};

use crate::rig::{Log, Rig, append, left, options};

#[test]
fn start_at_end_is_for_files_that_were_there() {
    let folder = tempfile::tempdir().unwrap();
    append(folder.path().join("old.log"), "before\n");
    let mut rig = Rig::with(folder, &["*.log"], |options| options.start_at = StartAt::End);
    rig.append("new.log", "first\n");
    rig.append("old.log", "after\n");
    rig.expect(&["first\n", "after\n"]);
}

#[test]
fn start_at_beginning_reads_everything() {
    let folder = tempfile::tempdir().unwrap();
    append(folder.path().join("old.log"), "before\n");
    let mut rig = Rig::with(folder, &["*.log"], |_| {});
    rig.append("old.log", "after\n");
    rig.expect(&["before\nafter\n"]);
}

#[test]
fn a_known_file_goes_on_where_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    append(folder.path().join("a.log"), "one\ntwo\n");
    append(folder.path().join("b.log"), "short\n");
    let mut options = options(&folder, &["*.log"]);
    options.start_at = StartAt::End;
    let before = Tailer::new(options.clone(), Resumer::new(None)).unwrap();
    // More than the second one has: its content was replaced.
    let known = left(&before, |path| if path.ends_with("a.log") { 4 } else { 1000 });
    let tailer = Tailer::new(options, known).unwrap();
    let mut rig = Rig::around(folder, tailer);
    rig.expect(&["two\n", "short\n"]);
}

#[test]
fn two_stars_cross_directories_and_excludes_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("a/b/c")).unwrap();
    fs::create_dir_all(folder.path().join("private")).unwrap();
    for name in ["0.log", "a/1.log", "a/b/c/2.log", "private/no.log", "a/no.txt", "a/no-debug.log"] {
        append(folder.path().join(name), format!("{name}\n"));
    }
    let excludes = ["private/**", "**/*-debug.log"].map(|glob| format!("{}/{glob}", folder.path().display()));
    let mut rig = Rig::with(folder, &["**/*.log"], |options| options.exclude = excludes.to_vec());
    rig.expect(&["0.log\n", "a/1.log\n", "a/b/c/2.log\n"]);
    rig.rounds(Duration::from_millis(50));
    assert_eq!(rig.texts().len(), 3);
}

#[test]
fn directories_that_appear_later_are_found() {
    let mut rig = Rig::new(&["deep/er/*.log", "**/*.txt", "literal/file"]);
    rig.round();
    fs::create_dir_all(rig.path("deep/er")).unwrap();
    fs::create_dir_all(rig.path("other/tree")).unwrap();
    fs::create_dir_all(rig.path("literal")).unwrap();
    rig.append("deep/er/a.log", "one\n");
    rig.append("other/tree/b.txt", "two\n");
    rig.append("literal/file", "three\n");
    rig.expect(&["one\n", "two\n", "three\n"]);
    fs::remove_dir_all(rig.path("deep")).unwrap();
    rig.rounds(Duration::from_millis(30));
    fs::create_dir_all(rig.path("deep/er")).unwrap();
    rig.append("deep/er/a.log", "again\n");
    rig.expect(&["one\n", "two\n", "three\n", "again\n"]);
}

#[test]
fn several_names_of_one_file_are_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    append(folder.path().join("real.log"), "one\n");
    append(elsewhere.path().join("target"), "two\n");
    symlink(folder.path().join("real.log"), folder.path().join("a-link.log")).unwrap();
    fs::hard_link(folder.path().join("real.log"), folder.path().join("hard.log")).unwrap();
    symlink(elsewhere.path().join("target"), folder.path().join("far.log")).unwrap();
    symlink("nowhere", folder.path().join("dangling.log")).unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |_| {});
    rig.expect(&["one\n", "two\n"]);
    rig.append("hard.log", "three\n");
    append(elsewhere.path().join("target"), "four\n");
    rig.expect(&["one\nthree\n", "two\nfour\n"]);
    let names: Vec<_> =
        rig.tailer.files().map(|file| rig.tailer.file(file).unwrap().path.to_owned()).collect();
    assert!(!names.contains(&rig.path("a-link.log")), "a real name comes before a link: {names:?}");
}

#[test]
fn links_in_a_circle_end() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        append(folder.path().join(name).join("x.log"), format!("{name}\n"));
        for other in ["a", "b", "c", "."] {
            symlink(folder.path().join(other), folder.path().join(name).join(format!("to-{other}"))).unwrap();
        }
    }
    symlink("self.log", folder.path().join("self.log")).unwrap();
    let (log, _guard) = Log::capture();
    let mut rig = Rig::with(folder, &["**/*.log"], |_| {});
    rig.expect(&["a\n", "b\n", "c\n"]);
    assert_eq!(log.count(&["WARN", "self.log"]), 1, "a link to itself cannot be read");
}

#[test]
fn what_is_no_file_is_skipped_and_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.log");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    fs::create_dir(folder.path().join("folder.log")).unwrap();
    symlink("/dev/null", folder.path().join("device.log")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket.log")).unwrap();
    append(folder.path().join("a.log"), "one\n");
    let (log, _guard) = Log::capture();
    let mut rig = Rig::with(folder, &["*.log"], |options| options.notify = false);
    rig.expect(&["one\n"]);
    rig.rounds(Duration::from_millis(100));
    for (name, what) in
        [("pipe", "a named pipe"), ("folder", "a directory"), ("device", "a device"), ("socket", "a socket")]
    {
        assert_eq!(log.count(&["skipped", &format!("{name}.log"), what]), 1, "{name}");
    }
}

#[test]
fn a_name_that_is_not_utf8_is_followed() {
    let mut rig = Rig::new(&["*.log"]);
    append(rig.folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.log")), "one\n");
    rig.expect(&["one\n"]);
}

#[test]
fn two_files_with_the_same_content_are_two() {
    let mut rig = Rig::new(&["*.log"]);
    rig.append("a.log", "one\ntwo\n");
    rig.append("b.log", "one\ntwo\n");
    rig.expect(&["one\ntwo\n", "one\ntwo\n"]);
}

#[test]
fn the_identity_grows_with_a_short_file() {
    let mut rig = Rig::new(&["*.log"]);
    rig.append("a.log", "one\n");
    rig.expect(&["one\n"]);
    let file = rig.tailer.files().next().unwrap();
    rig.append("a.log", "x".repeat(2000));
    rig.until("a longer head", |rig| rig.tailer.file(file).unwrap().identity.head_len == 1000);
    assert!(rig.notices.contains(&Notice::Changed { file }));
    let head = [&b"one\n"[..], &[b'x'; 996]].concat();
    assert_eq!(rig.tailer.file(file).unwrap().identity.head_hash, skidway_tail::head_hash(&head));
}

#[test]
fn an_unreadable_file_is_said_once_and_read_when_it_can_be() {
    if rustix::process::geteuid().is_root() {
        println!("skipped: root may read everything");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("closed")).unwrap();
    append(folder.path().join("closed/c.log"), "three\n");
    append(folder.path().join("a.log"), "one\n");
    append(folder.path().join("b.log"), "two\n");
    let lock =
        |path: std::path::PathBuf, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    lock(folder.path().join("b.log"), 0);
    lock(folder.path().join("closed"), 0);
    let (log, _guard) = Log::capture();
    let mut rig = Rig::with(folder, &["**/*.log"], |options| options.start_at = StartAt::End);
    rig.append("a.log", "four\n");
    rig.expect(&["four\n"]);
    rig.rounds(Duration::from_millis(100));
    assert_eq!(log.count(&["WARN", "b.log"]), 1);
    assert_eq!(log.count(&["WARN", "closed"]), 1);
    lock(rig.path("closed"), 0o755);
    rig.expect(&["four\n", "three\n"]);
    lock(rig.path("b.log"), 0o644);
    rig.append("b.log", "five\n");
    // It was there at the start, so it counts from its length at that time.
    rig.expect(&["four\n", "three\n", "five\n"]);
    assert_eq!(log.count(&["can be read now", "b.log"]), 1);
}

fn age(path: &std::path::Path, age: Duration) {
    fs::File::options().append(true).open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
}

#[test]
fn an_old_file_is_taken_up_when_it_changes() {
    for notify in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        for name in ["old.log", "young.log"] {
            append(folder.path().join(name), format!("{name}\n"));
        }
        age(&folder.path().join("old.log"), Duration::from_secs(7200));
        let mut rig = Rig::with(folder, &["*.log"], |options| {
            options.exclude_older_than = Some(Duration::from_secs(3600));
            options.notify = notify;
        });
        rig.expect(&["young.log\n"]);
        rig.rounds(Duration::from_millis(50));
        assert_eq!(rig.texts(), ["young.log\n"]);
        let changed = Instant::now();
        rig.append("old.log", "awake\n");
        rig.expect(&["old.log\nawake\n", "young.log\n"]);
        assert!(changed.elapsed() < Duration::from_secs(5), "not before the next walk of its own");
    }
}

#[test]
fn a_file_that_grows_old_is_followed_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |options| {
        options.exclude_older_than = Some(Duration::from_secs(3600));
    });
    rig.append("a.log", "one\n");
    rig.expect(&["one\n"]);
    age(&rig.path("a.log"), Duration::from_secs(7200));
    rig.append("b.log", "another\n");
    rig.expect(&["one\n", "another\n"]);
    rig.append("a.log", "two\n");
    rig.expect(&["one\ntwo\n", "another\n"]);
    assert!(!rig.notices.iter().any(|notice| matches!(notice, Notice::Closed { .. })));
}

#[test]
fn only_the_first_files_of_an_order_are_followed() {
    for notify in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        for number in [2, 10, 9] {
            append(folder.path().join(format!("app.{number}.log")), format!("{number}\n"));
        }
        let mut rig = Rig::with(folder, &["*.log"], |options| {
            let newest = SortBy { key: "n".to_owned(), sort_type: SortType::Numeric, ascending: false };
            let regex = Some(r"app\.(?P<n>\d+)\.log$".to_owned());
            options.ordering = Some(Ordering { regex, group_by: None, top_n: 1, sort_by: vec![newest] });
            options.notify = notify;
        });
        rig.expect(&["10\n"]);
        // The next one takes its place; what was still written to it is read.
        rig.append("app.10.log", "late\n");
        rig.append("app.11.log", "11\n");
        rig.expect(&["10\nlate\n", "11\n"]);
        let moved = |rig: &Rig| {
            rig.notices.iter().any(|notice| matches!(notice, Notice::Closed { cause: Cause::Moved, .. }))
        };
        rig.until("the old one was let go", moved);
        // Back in its place, it is read on from where it was left.
        rig.append("app.10.log", "again\n");
        fs::remove_file(rig.path("app.11.log")).unwrap();
        rig.expect(&["10\nlate\n", "11\n", "again\n"]);
    }
}

#[test]
fn a_change_can_bring_a_file_to_the_front() {
    let folder = tempfile::tempdir().unwrap();
    for (name, seconds) in [("a.log", 100), ("b.log", 50)] {
        append(folder.path().join(name), format!("{name}\n"));
        age(&folder.path().join(name), Duration::from_secs(seconds));
    }
    let mut rig = Rig::with(folder, &["*.log"], |options| {
        let newest = SortBy { key: String::new(), sort_type: SortType::Mtime, ascending: false };
        options.ordering = Some(Ordering { regex: None, group_by: None, top_n: 1, sort_by: vec![newest] });
    });
    rig.expect(&["b.log\n"]);
    let changed = Instant::now();
    rig.append("a.log", "awake\n");
    rig.expect(&["a.log\nawake\n", "b.log\n"]);
    assert!(changed.elapsed() < Duration::from_secs(5), "not before the next walk of its own");
}

#[test]
fn the_system_tells_names_and_permissions() {
    let folder = tempfile::tempdir().unwrap();
    append(folder.path().join("target"), "one\n");
    fs::set_permissions(folder.path().join("target"), Permissions::from_mode(0o4640)).unwrap();
    symlink("target", folder.path().join("link.log")).unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |_| {});
    rig.expect(&["one\n"]);
    let file = rig.taken[0].file;
    let facts = rig.tailer.facts(file).unwrap();
    assert_eq!(rig.tailer.file(file).unwrap().path, rig.path("link.log"));
    assert_eq!(facts.resolved(), rig.path("target").canonicalize().unwrap());
    assert_eq!(facts.permissions(), "640");
    let asked = |kind: &str, option: &str| {
        let told = std::process::Command::new("stat").args(["-c", option]).arg(rig.path("target")).output();
        let name = String::from_utf8(told.unwrap().stdout).unwrap().trim().to_owned();
        assert!(!name.is_empty(), "stat tells no {kind}");
        (name != "UNKNOWN").then_some(name)
    };
    assert_eq!(facts.owner(), asked("owner", "%U"));
    assert_eq!(facts.group(), asked("group", "%G"));
}
