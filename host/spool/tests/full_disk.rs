//! A disk that is full in earnest.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use skidway_spool::{Found, Options, PutError, SEGMENT_BYTES, Spool};

/// A small file system, unmounted at the end; `None` where that cannot be had.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(folder: &'a Path, size: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", size, "tmpfs"]).arg(folder);
        mount.output().ok().filter(|output| output.status.success()).map(|_| Self(folder))
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

fn options(folder: &Path) -> Options {
    Options {
        folder: folder.join("spool"),
        max_bytes: 1 << 30,
        max_age: None,
        segment_bytes: SEGMENT_BYTES / 16,
    }
}

/// Takes all that is left of it.
fn fill(folder: &Path) {
    assert!(fs::write(folder.join("ballast"), vec![0; 4 << 20]).is_err());
}

fn refused_by_the_disk(spool: &Spool, number: u32) {
    let refused = spool.put(&payload(number), 1).unwrap_err();
    let PutError::Write { source, .. } = &refused else { panic!("{refused}") };
    assert_eq!(source.kind(), ErrorKind::StorageFull);
}

fn payload(number: u32) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(u64::from(number));
    let mut payload = number.to_le_bytes().to_vec();
    payload.resize_with(100_000, || random.u8(..));
    payload
}

#[test]
fn a_full_disk_refuses_loses_nothing_and_is_written_again_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_small) = Small::mount(folder.path(), "size=4m") else {
        return println!("skipped: no file system can be mounted here");
    };
    let options = || options(folder.path());
    let (spool, _) = Spool::open(options()).unwrap();
    let mut taken = 0;
    let error = loop {
        match spool.put(&payload(taken), 1) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    let PutError::Write { source, .. } = &error else { panic!("{error}") };
    assert_eq!(source.kind(), ErrorKind::StorageFull);
    assert!((30..42).contains(&taken), "{taken} of 100 kB in 4 MiB");
    assert!(spool.put(&payload(taken), 1).is_err());

    // To the last byte: the position cannot be saved either.
    fill(folder.path());
    // One segment more or less is done; then there is room for what was refused.
    let mut next = 0;
    while let Err(refused) = spool.put(&payload(taken), 1) {
        assert!(matches!(refused, PutError::Write { .. }), "{refused}");
        let entries = spool.next(1 << 20).unwrap();
        assert!(!entries.is_empty(), "all is delivered, and nothing is taken");
        for entry in &entries {
            assert_eq!(entry.payload, payload(next));
            next += 1;
        }
        spool.done(&entries);
        spool.totals().balance().unwrap();
    }
    taken += 1;
    drop(spool);

    let (spool, found) = Spool::open(options()).unwrap();
    assert_eq!((found.damaged.bytes, found.missing_segments, found.torn_bytes), (0, 0, 0));
    assert_eq!(found.waiting.entries, u64::from(taken - next));
    while let Some(entry) = spool.next(0).unwrap().pop() {
        assert_eq!(entry.payload, payload(next));
        next += 1;
        spool.done(&[entry]);
    }
    assert_eq!(next, taken);
}

#[test]
fn a_spool_is_opened_on_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_small) = Small::mount(folder.path(), "size=4m") else {
        return println!("skipped: no file system can be mounted here");
    };
    let options = || options(folder.path());
    let (spool, _) = Spool::open(options()).unwrap();
    spool.put(&payload(0), 1).unwrap();
    spool.save().unwrap();
    let position = folder.path().join("spool/position");
    let saved = fs::read(&position).unwrap();
    for number in 1..12 {
        spool.put(&payload(number), 1).unwrap();
    }
    drop(spool);
    // As after a crash: the saved position stands before what was written.
    fs::write(&position, &saved).unwrap();
    fill(folder.path());

    for _ in 0..2 {
        let (spool, found) = Spool::open(options()).unwrap();
        assert_eq!((found.waiting.entries, found.damaged.bytes, found.missing_segments), (12, 0, 0));
        assert!(spool.save().is_err());
        refused_by_the_disk(&spool, 12);
        assert_eq!(fs::read(&position).unwrap(), saved);
    }
    let (spool, _) = Spool::open(options()).unwrap();
    fs::remove_file(folder.path().join("ballast")).unwrap();
    spool.put(&payload(12), 1).unwrap();
    for number in 0..13 {
        let entries = spool.next(0).unwrap();
        assert_eq!(entries[0].payload, payload(number));
        spool.done(&entries);
    }
    spool.save().unwrap();
    assert_eq!(spool.totals().waiting.entries, 0);
    drop(spool);
    assert_eq!(Spool::open(options()).unwrap().1, Found::default());
}

#[test]
fn the_room_of_a_segment_that_is_done_goes_to_the_position() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_small) = Small::mount(folder.path(), "size=4m") else {
        return println!("skipped: no file system can be mounted here");
    };
    let (spool, _) = Spool::open(options(folder.path())).unwrap();
    for number in 0..25 {
        spool.put(&payload(number), 1).unwrap();
    }
    spool.save().unwrap();
    fill(folder.path());
    for number in 0..12 {
        let entries = spool.next(0).unwrap();
        assert_eq!(entries[0].payload, payload(number));
        spool.done(&entries);
    }

    // After a crash nobody takes the segment for one that is gone.
    let crashed = tempfile::tempdir().unwrap();
    let copy = crashed.path().join("spool");
    fs::create_dir(&copy).unwrap();
    for file in fs::read_dir(folder.path().join("spool")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let (_, found) = Spool::open(options(crashed.path())).unwrap();
    assert_eq!(found.missing_segments, 0);
    assert!((13..=15).contains(&found.waiting.entries), "{found:?}");
}

#[test]
fn a_folder_that_a_full_disk_has_no_place_for_is_made_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_small) = Small::mount(folder.path(), "nr_inodes=3") else {
        return println!("skipped: no file system can be mounted here");
    };
    let ballast = [folder.path().join("1"), folder.path().join("2")];
    for file in &ballast {
        fs::write(file, "").unwrap();
    }
    let (spool, found) = Spool::open(options(folder.path())).unwrap();
    assert_eq!(found, Found::default());
    assert!(spool.save().is_err());
    refused_by_the_disk(&spool, 0);
    fs::remove_file(&ballast[0]).unwrap();
    refused_by_the_disk(&spool, 0);
    fs::remove_file(&ballast[1]).unwrap();
    spool.put(&payload(0), 1).unwrap();
    drop(spool);

    let (spool, found) = Spool::open(options(folder.path())).unwrap();
    assert_eq!((found.waiting.entries, found.missing_segments, found.damaged.bytes), (1, 0, 0));
    assert_eq!(spool.next(0).unwrap()[0].payload, payload(0));
}
