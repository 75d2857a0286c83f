//! Files that move, shrink, appear, or cannot be read for a while.

use crate::lines::ubuntu;
use crate::rig::{Books, Rig};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};

/// Only the file itself, not what rotation makes of it.
const ONE_FILE: &str = "receivers: {filelog: {include: ['${env:LOGS}/syslog']}}";

fn assert_each_once(rig: &Rig, text: &str) {
    let bodies = rig.bodies(text.lines().count());
    let distinct: BTreeSet<_> = bodies.iter().map(String::as_str).collect();
    assert_eq!(distinct, text.lines().collect());
    assert_eq!(bodies.len(), distinct.len(), "some lines arrived twice");
}

#[test]
fn renamed_while_its_writer_goes_on() {
    let mut rig = Rig::new();
    rig.config(ONE_FILE);
    rig.start();
    for turn in 0..3 {
        let first = turn * 30;
        let mut writer = rig.writer("syslog");
        writer.write_all(ubuntu(first..first + 10).as_bytes()).unwrap();
        rig.records(first + 10);
        rig.rename("syslog", &format!("syslog.{turn}"));
        writer.write_all(ubuntu(first + 10..first + 20).as_bytes()).unwrap();
        rig.append("syslog", ubuntu(first + 20..first + 30));
    }
    assert_each_once(&rig, &ubuntu(0..90));
    assert_eq!(rig.stop(), Books::all_delivered(90));
    assert_each_once(&rig, &ubuntu(0..90));
}

#[test]
fn renamed_to_a_name_that_is_followed_too() {
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.records(10);
    rig.rename("syslog", "syslog.1");
    rig.append("syslog.1", ubuntu(10..20));
    rig.append("syslog", ubuntu(20..30));
    assert_each_once(&rig, &ubuntu(0..30));
    assert_eq!(rig.stop(), Books::all_delivered(30));
}

#[test]
fn copied_and_truncated() {
    let mut rig = Rig::new();
    rig.config(ONE_FILE);
    rig.append("syslog", ubuntu(0..20));
    rig.start();
    for turn in 1..4 {
        rig.records(turn * 20);
        fs::copy(rig.log_file("syslog"), rig.log_file("syslog.1")).unwrap();
        rig.writer("syslog").set_len(0).unwrap();
        rig.append("syslog", ubuntu(turn * 20..turn * 20 + 20));
    }
    assert_each_once(&rig, &ubuntu(0..80));
    assert_eq!(rig.stop(), Books::all_delivered(80));
}

#[test]
fn a_file_in_a_new_folder_is_found() {
    let mut rig = Rig::new();
    rig.start();
    fs::create_dir_all(rig.log_file("app/deep/er")).unwrap();
    rig.append("app/deep/er/app.log", ubuntu(0..10));
    rig.expect(&ubuntu(0..10));
    assert_eq!(rig.sink.records()[0].attr("log.file.name"), Some("app.log"));
    assert_eq!(rig.stop(), Books::all_delivered(10));
}

#[test]
fn deleted_and_written_anew() {
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.records(10);
    fs::remove_file(rig.log_file("syslog")).unwrap();
    rig.append("syslog", ubuntu(10..15));
    assert_each_once(&rig, &ubuntu(0..15));
    assert_eq!(rig.stop(), Books::all_delivered(15));
}

/// `hidden`, which is `file` or its folder, cannot be read at first.
fn unreadable_for_a_while(hidden: &str, file: &str) {
    let mut rig = Rig::new();
    fs::create_dir_all(rig.log_file(file).parent().unwrap()).unwrap();
    rig.append(file, ubuntu(0..10));
    rig.append("syslog", ubuntu(10..20));
    let hidden_path = rig.log_file(hidden);
    let allow = |mode| fs::set_permissions(&hidden_path, fs::Permissions::from_mode(mode)).unwrap();
    allow(0o000);
    if !rig.start_without_rights() {
        return println!("skipped: this runs as root, and setpriv is not there to give that up");
    }
    rig.wait_for_log("cannot read this");
    rig.expect(&ubuntu(10..20));
    rig.append("syslog", ubuntu(20..30));
    rig.expect(&ubuntu(10..30));
    allow(0o755);
    assert_each_once(&rig, &ubuntu(0..30));
    assert_eq!(rig.stop(), Books::all_delivered(30));
    let said = rig.said("cannot read this");
    assert!(said.len() == 1 && said[0].contains(hidden) && said[0].contains("WARN"), "{said:?}");
}

#[test]
fn a_file_without_permission_is_said_once_and_read_when_it_can_be() {
    unreadable_for_a_while("secure", "secure");
}

#[test]
fn a_folder_without_permission_is_said_once_and_read_when_it_can_be() {
    unreadable_for_a_while("private", "private/secure");
}

#[test]
fn a_file_that_is_followed_is_read_on_when_its_permission_goes() {
    let mut rig = Rig::new();
    rig.append("secure", ubuntu(0..10));
    let path = rig.log_file("secure");
    let allow = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    allow(0o644);
    if !rig.start_without_rights() {
        return println!("skipped: this runs as root, and setpriv is not there to give that up");
    }
    rig.records(10);
    allow(0o000);
    rig.append("secure", ubuntu(10..20));
    rig.rename("secure", "secure.1");
    rig.append("secure", ubuntu(20..30));
    assert_each_once(&rig, &ubuntu(0..30));
    assert_eq!(rig.stop(), Books::all_delivered(30));
}

#[test]
fn a_path_that_leads_nowhere_is_said_once_and_read_when_it_leads_to_a_file() {
    let mut rig = Rig::new();
    symlink("loop.log", rig.log_file("loop.log")).unwrap();
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    assert_eq!(rig.said("loop.log").len(), 1);
    fs::remove_file(rig.log_file("loop.log")).unwrap();
    rig.append("loop.log", ubuntu(10..20));
    assert_each_once(&rig, &ubuntu(0..20));
    assert_eq!(rig.stop(), Books::all_delivered(20));
}

#[test]
fn a_folder_that_is_not_there_yet_is_waited_for() {
    let mut rig = Rig::new();
    rig.config("receivers: {filelog: {include: ['${env:LOGS}/later/*.log']}}");
    rig.start();
    fs::create_dir(rig.log_file("later")).unwrap();
    rig.append("later/app.log", ubuntu(0..10));
    rig.expect(&ubuntu(0..10));
}

#[test]
fn a_chain_of_rotations_in_a_row() {
    const TURNS: usize = 20;
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    for turn in 1..TURNS {
        for old in (0..turn).rev() {
            let name = |n| if n == 0 { "syslog".to_owned() } else { format!("syslog.{n}") };
            rig.rename(&name(old), &name(old + 1));
        }
        rig.append("syslog", ubuntu(turn * 10..turn * 10 + 10));
    }
    assert_each_once(&rig, &ubuntu(0..TURNS * 10));
    assert_eq!(rig.stop(), Books::all_delivered(TURNS as u64 * 10));
    assert_each_once(&rig, &ubuntu(0..TURNS * 10));
}

#[test]
fn a_file_of_several_names_is_read_once() {
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..10));
    symlink("syslog", rig.log_file("current")).unwrap();
    fs::hard_link(rig.log_file("syslog"), rig.log_file("also")).unwrap();
    rig.start();
    rig.records(10);
    rig.append("current", ubuntu(10..20));
    rig.expect(&ubuntu(0..20));
    assert_eq!(rig.stop(), Books::all_delivered(20));
}
