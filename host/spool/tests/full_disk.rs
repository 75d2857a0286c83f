//! A disk that is full in earnest.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::fs;
use std::path::Path;
use std::process::Command;

use skidway_spool::{Options, PutError, SEGMENT_BYTES, Spool};

/// A file system of 4 MiB, unmounted at the end; `None` where that cannot be had.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(folder: &'a Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(folder);
        mount.output().ok().filter(|output| output.status.success()).map(|_| Self(folder))
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
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
    let Some(_small) = Small::mount(folder.path()) else {
        return println!("skipped: no file system can be mounted here");
    };
    let options = || Options {
        folder: folder.path().join("spool"),
        max_bytes: 1 << 30,
        max_age: None,
        segment_bytes: SEGMENT_BYTES / 16,
    };
    let (spool, _) = Spool::open(options()).unwrap();
    let mut taken = 0;
    let error = loop {
        match spool.put(&payload(taken), 1) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    let PutError::Write { source, .. } = &error else { panic!("{error}") };
    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
    assert!((30..42).contains(&taken), "{taken} of 100 kB in 4 MiB");
    assert!(spool.put(&payload(taken), 1).is_err());

    // To the last byte: the position cannot be saved either.
    let ballast = folder.path().join("ballast");
    let filled = fs::write(&ballast, vec![0; 4 << 20]);
    assert!(filled.is_err());
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
