use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;

mod damage;
mod model;

const PATIENCE: Duration = Duration::from_secs(20);
const ALL: usize = usize::MAX;

/// In memory where there is such a place: these tests sync a lot.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn options(folder: &Path) -> Options {
    let folder = folder.join("spool");
    Options { folder, max_bytes: 1 << 20, max_age: None, segment_bytes: 2_000 }
}

fn open(folder: &Path) -> (Spool, Found) {
    Spool::open(options(folder)).unwrap()
}

/// Does not compress, and says its number.
fn payload(number: u64, length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(number);
    let mut payload = number.to_le_bytes().to_vec();
    payload.resize_with(length.max(8), || random.u8(..));
    payload
}

fn number(payload: &[u8]) -> u64 {
    u64::from_le_bytes(*payload.first_chunk().unwrap())
}

fn put(spool: &Spool, numbers: std::ops::Range<u64>) {
    for number in numbers {
        spool.put(&payload(number, 300), 2).unwrap();
    }
}

/// All that waits, done.
fn drain(spool: &Spool) -> Vec<u64> {
    let mut numbers = Vec::new();
    loop {
        let entries = spool.next(ALL).unwrap();
        if entries.is_empty() {
            return numbers;
        }
        for entry in &entries {
            let number = number(&entry.payload);
            assert_eq!(entry.payload, payload(number, entry.payload.len()), "a payload that was never put");
            numbers.push(number);
        }
        spool.done(&entries);
        spool.totals().balance().unwrap();
    }
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut found = named(folder, "spool");
    found.sort();
    found
}

fn named(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(options(folder).folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|known| known == extension)).collect()
}

/// What a crash at this moment leaves.
fn copy(from: &Path) -> TempDir {
    let to = folder();
    let target = options(to.path()).folder;
    fs::create_dir(&target).unwrap();
    for entry in fs::read_dir(options(from).folder).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, target.join(path.file_name().unwrap())).unwrap();
    }
    to
}

#[test]
fn payloads_leave_as_they_came() {
    let folder = folder();
    let (spool, found) = open(folder.path());
    assert_eq!(found, Found::default());
    assert!(spool.is_empty() && spool.next(ALL).unwrap().is_empty());
    let before = SystemTime::now() - Duration::from_millis(1);
    spool.put(b"first", 3).unwrap();
    spool.put(b"", 0).unwrap();
    let entries = spool.next(ALL).unwrap();
    assert_eq!(entries, spool.next(ALL).unwrap(), "they stay until they are done");
    assert_eq!((entries[0].payload.as_slice(), entries[0].records), (b"first".as_slice(), 3));
    assert_eq!((entries[1].payload.as_slice(), entries[1].records), (b"".as_slice(), 0));
    assert!((before..=SystemTime::now()).contains(&entries[0].written));
    spool.done(&entries[..1]);
    assert_eq!(spool.next(ALL).unwrap(), entries[1..]);
    spool.done(&entries);
    assert!(spool.is_empty());
    let totals = spool.totals();
    assert_eq!((totals.done.entries, totals.done.records, totals.waiting), (2, 3, Count::NONE));
    assert_eq!(totals.put, totals.done);
    totals.balance().unwrap();
}

#[test]
fn segments_follow_each_other_and_go_when_they_are_done() {
    let folder = folder();
    let (spool, _) = open(folder.path());
    put(&spool, 0..20);
    assert_eq!(segments(folder.path()).len(), 4, "five entries of a bit more than 336 bytes in each");
    let on_disk = || segments(folder.path()).iter().map(|path| path.metadata().unwrap().len()).sum::<u64>();
    assert_eq!(spool.bytes(), on_disk());
    let first = spool.next(ALL).unwrap();
    assert_eq!(first.len(), 5, "of one segment at a time");
    spool.done(&first);
    assert_eq!(segments(folder.path()).len(), 3);
    assert_eq!(drain(&spool), (5..20).collect::<Vec<_>>());
    assert_eq!((segments(folder.path()).len(), spool.bytes()), (0, 0));
}

#[test]
fn no_more_is_handed_out_than_was_asked_for_but_one_always() {
    let folder = folder();
    let (spool, _) = open(folder.path());
    put(&spool, 0..5);
    let count = |most| spool.next(most).unwrap().len();
    assert_eq!((count(0), count(300), count(599), count(600), count(10_000)), (1, 1, 1, 2, 5));
}

#[test]
fn what_waits_is_found_by_the_next_run() {
    let folder = folder();
    let (spool, _) = open(folder.path());
    put(&spool, 0..8);
    spool.done(&spool.next(600).unwrap());
    drop(spool);
    let (spool, found) = open(folder.path());
    assert_eq!((found.waiting.entries, found.waiting.records), (6, 12));
    assert_eq!((found.damaged, found.missing_segments, found.torn_bytes), (Count::NONE, 0, 0));
    put(&spool, 8..10);
    spool.totals().balance().unwrap();
    assert_eq!(drain(&spool), (2..10).collect::<Vec<_>>());
    drop(spool);
    assert_eq!(open(folder.path()).1, Found::default());
}

#[test]
fn nothing_that_was_put_after_everything_was_done_is_taken_for_done() {
    let folder = folder();
    for turn in 0..3 {
        let (spool, _) = open(folder.path());
        put(&spool, turn * 10..turn * 10 + 4);
        // As after a crash: the position of the turn before is what is saved.
        let crashed = copy(folder.path());
        assert_eq!(drain(&open(crashed.path()).0), (turn * 10..turn * 10 + 4).collect::<Vec<_>>());
        assert_eq!(drain(&spool).len(), 4);
    }
}

#[test]
fn a_folder_and_its_files_are_for_their_owner_alone() {
    let folder = folder();
    let (spool, _) = open(&folder.path().join("a/b"));
    put(&spool, 0..1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let spool_folder = folder.path().join("a/b/spool");
    assert_eq!(mode(&spool_folder), 0o700);
    let files: Vec<_> = fs::read_dir(&spool_folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|path| mode(path) == 0o600), "{files:?}");
}

// === limits ===

/// Puts until it refuses; how many were taken, and what room the next one needs.
fn fill(spool: &Spool) -> (u64, u64) {
    for number in 0.. {
        match spool.put(&payload(number, 300), 1) {
            Ok(()) => {}
            Err(PutError::Full { needed }) => return (number, needed),
            Err(error) => panic!("{error}"),
        }
    }
    unreachable!("a spool without an end");
}

#[test]
fn at_its_limit_in_bytes_nothing_is_taken_until_a_segment_is_done() {
    let folder = folder();
    let options = Options { max_bytes: 8_000, ..options(folder.path()) };
    let (spool, _) = Spool::open(options).unwrap();
    let (taken, needed) = fill(&spool);
    assert!((6_000..=8_000).contains(&spool.bytes()), "{} bytes", spool.bytes());
    for path in segments(folder.path()) {
        assert!(path.metadata().unwrap().len() <= 2_000);
    }
    let before = spool.totals();
    assert!(matches!(spool.put(&payload(99, 300), 1), Err(PutError::Full { .. })));
    assert_eq!(spool.totals(), before);
    spool.done(&spool.next(ALL).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let room = async { tokio::time::timeout(PATIENCE, spool.wait_for_room(needed)).await };
    runtime.block_on(room).unwrap();
    spool.put(&payload(taken, 300), 1).unwrap();
    assert_eq!(drain(&spool), (5..=taken).collect::<Vec<_>>());
}

#[test]
fn a_limit_that_was_lowered_is_kept_from_then_on() {
    let folder = folder();
    put(&open(folder.path()).0, 0..20);
    let options = Options { max_bytes: 4_000, ..options(folder.path()) };
    let (spool, found) = Spool::open(options).unwrap();
    assert_eq!(found.waiting.entries, 20, "nothing is dropped");
    assert!(matches!(spool.put(b"more", 1), Err(PutError::Full { .. })));
    assert_eq!(drain(&spool).len(), 20);
    spool.put(b"more", 1).unwrap();
}

#[test]
fn at_its_limit_in_age_nothing_is_taken_until_the_oldest_is_done() {
    let folder = folder();
    let options = Options { max_age: Some(Duration::from_millis(20)), ..options(folder.path()) };
    let (spool, _) = Spool::open(options).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let mut taken = 0;
    let needed = loop {
        match spool.put(&payload(taken, 8), 1) {
            Ok(()) => taken += 1,
            Err(PutError::Full { needed }) => break needed,
            Err(error) => panic!("{error}"),
        }
        assert!(Instant::now() < deadline, "it takes more and more");
    };
    assert!(spool.oldest().unwrap().elapsed().unwrap() > Duration::from_millis(20));
    assert_eq!(drain(&spool), (0..taken).collect::<Vec<_>>(), "nothing is dropped");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(spool.wait_for_room(needed));
    spool.put(&payload(taken, 8), 1).unwrap();
}

#[test]
fn what_would_not_fit_into_an_empty_spool_is_refused_for_good() {
    let folder = folder();
    let (spool, _) = Spool::open(Options { max_bytes: 1_000, ..options(folder.path()) }).unwrap();
    assert!(matches!(spool.put(&payload(0, 1_000), 1), Err(PutError::TooLarge { limit: 1_000, .. })));
    assert!(matches!(spool.put(&vec![0; MAX_PAYLOAD + 1], 1), Err(PutError::TooLarge { .. })));
    spool.put(&payload(0, 900), 1).unwrap();
}

// === waiting ===

#[test]
fn whoever_waits_is_woken() {
    let folder = folder();
    let options = Options { max_bytes: 8_000, ..options(folder.path()) };
    let (spool, _) = Spool::open(options).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let spool = &spool;
    let both = async {
        tokio::join!(spool.wait_for_entry(), async { put(spool, 0..1) });
        let (_, needed) = fill(spool);
        tokio::join!(spool.wait_for_room(needed), async { drain(spool) });
    };
    runtime.block_on(async { tokio::time::timeout(PATIENCE, both).await }).unwrap();
}

// === a full disk ===

#[test]
fn a_put_that_fails_leaves_the_spool_as_it_was() {
    let folder = folder();
    let (spool, _) = open(folder.path());
    let entry = 300 + 36;
    let mut taken = 0;
    // Within the first segment, at the beginning of others, and anywhere in an entry.
    for room in (0..entry).step_by(23) {
        let before = (spool.totals(), spool.bytes());
        disk::fault::leave(Some(room));
        let refused = spool.put(&payload(taken, 300), 2);
        disk::fault::leave(None);
        let Err(PutError::Write { source, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
        assert_eq!((spool.totals(), spool.bytes()), before);
        let crashed = copy(folder.path());
        let (again, found) = open(crashed.path());
        assert_eq!((found.waiting.entries, found.torn_bytes, found.damaged), (taken, 0, Count::NONE));
        assert_eq!(drain(&again), (0..taken).collect::<Vec<_>>());
        put(&spool, taken..taken + 1);
        taken += 1;
    }
    assert_eq!(drain(&spool), (0..taken).collect::<Vec<_>>());
}

#[test]
fn a_position_that_cannot_be_saved_does_not_stop_delivery() {
    let folder = folder();
    let (spool, _) = open(folder.path());
    put(&spool, 0..12);
    disk::fault::leave(Some(0));
    assert!(matches!(spool.save(), Err(SpoolError::Write { .. })));
    assert_eq!(drain(&spool).len(), 12);
    assert!(segments(folder.path()).is_empty(), "the room is needed");
    disk::fault::leave(None);
    drop(spool);
    assert_eq!(open(folder.path()).1, Found::default());
}

// === what else may lie there ===

#[test]
fn what_is_not_a_segment_is_left_alone() {
    let folder = folder();
    let own = options(folder.path()).folder;
    fs::create_dir_all(own.join("0000000005.spool")).unwrap();
    symlink("/etc/passwd", own.join("0000000006.spool")).unwrap();
    for name in
        ["x.spool", "7.spool", "99999999999999999999.spool", "18446744073709551615.spool", "+000000001.spool"]
    {
        fs::write(own.join(name), "not ours").unwrap();
    }
    let (spool, found) = open(folder.path());
    assert_eq!(found, Found::default());
    put(&spool, 0..3);
    assert_eq!(drain(&spool), [0, 1, 2]);
    assert_eq!(fs::read(own.join("7.spool")).unwrap(), b"not ours");
}

#[test]
fn what_a_later_version_wrote_is_refused_by_name() {
    for name in ["position", "0000000001.spool"] {
        let folder = folder();
        put(&open(folder.path()).0, 0..3);
        let path = options(folder.path()).folder.join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes[8] = 2;
        let sealed = if name == "position" { bytes.len() } else { format::SEGMENT_HEAD as usize };
        let mut head = bytes[..sealed - 4].to_vec();
        format::seal(&mut head);
        bytes[..sealed].copy_from_slice(&head);
        fs::write(&path, bytes).unwrap();
        let error = Spool::open(options(folder.path())).unwrap_err().to_string();
        assert!(
            error.contains(name) && error.contains("is of format 2, and this version knows formats up to 1"),
            "{error}"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = folder();
    fs::write(folder.path().join("spool"), "a file").unwrap();
    let error = Spool::open(options(folder.path())).unwrap_err();
    assert!(
        matches!(error, SpoolError::Folder { .. }) && error.to_string().contains("spool folder"),
        "{error}"
    );
}
