//! Files that are not as they were written.

use super::*;

/// Three segments with five entries each, of which two are done, said so by `position`.
fn written() -> TempDir {
    let folder = folder();
    let (spool, _) = open(folder.path());
    put(&spool, 0..15);
    spool.done(&spool.next(600).unwrap());
    drop(spool);
    assert_eq!(segments(folder.path()).len(), 3);
    folder
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_changed_byte_never_makes_another_payload_and_costs_one_entry_at_the_most() {
    let whole = written();
    let files: Vec<_> =
        segments(whole.path()).into_iter().chain([options(whole.path()).folder.join("position")]).collect();
    for path in &files {
        let name = path.file_name().unwrap();
        for offset in 0..path.metadata().unwrap().len() as usize {
            let folder = copy(whole.path());
            let flip = [1, 0x80, 0xff][offset % 3];
            change(&options(folder.path()).folder.join(name), |bytes| bytes[offset] ^= flip);
            let (spool, found) = open(folder.path());
            spool.totals().balance().unwrap();
            let numbers = drain(&spool);
            let expected: Vec<_> = if name == "position" { (0..15).collect() } else { (2..15).collect() };
            let lost: Vec<_> = expected.iter().filter(|number| !numbers.contains(number)).collect();
            assert!(lost.len() <= 1, "{lost:?} are lost at {name:?} {offset}");
            assert_eq!(numbers.len() + lost.len(), expected.len());
            assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
            assert_eq!(lost.is_empty(), spool.totals().damaged == Count::NONE, "lost and said is the same");
            assert_eq!((found.torn_bytes, found.missing_segments), (0, 0));
            assert_eq!(named(folder.path(), "damaged").len(), lost.len());
        }
    }
}

#[test]
fn a_damaged_payload_is_counted_with_its_records() {
    let folder = written();
    change(&segments(folder.path())[1], |bytes| bytes[24 + 36 + 100] ^= 1);
    let (spool, found) = open(folder.path());
    assert_eq!(found.damaged, Count::NONE, "payloads are looked at when they are needed");
    assert_eq!(drain(&spool), [2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    assert_eq!((spool.totals().damaged.entries, spool.totals().damaged.records), (1, 2));
}

#[test]
fn damage_while_it_is_open_is_counted_with_its_records() {
    let folder = folder();
    let (spool, _) = open(folder.path());
    put(&spool, 0..10);
    let hole = |bytes: &mut Vec<u8>| bytes[400..800].fill(0);
    change(&segments(folder.path())[0], hole);
    assert_eq!(drain(&spool), [0, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!((spool.totals().damaged.entries, spool.totals().damaged.records), (2, 4));
}

#[test]
fn a_segment_that_vanishes_while_it_is_open_is_counted_with_its_records() {
    let folder = folder();
    let (spool, _) = open(folder.path());
    put(&spool, 0..10);
    fs::remove_file(&segments(folder.path())[1]).unwrap();
    assert_eq!(drain(&spool), [0, 1, 2, 3, 4]);
    assert_eq!((spool.totals().damaged.entries, spool.totals().damaged.records), (5, 10));
    put(&spool, 10..12);
    assert_eq!(drain(&spool), [10, 11]);
}

/// Its number is used again: one that was left out would be missed at the next start.
#[test]
fn a_segment_whose_first_write_was_cut_short_was_never_there() {
    for kept in [0, 10, 24, 40, 200] {
        let folder = folder();
        put(&open(folder.path()).0, 0..2);
        let crashed = copy(folder.path());
        put(&open(folder.path()).0, 2..3);
        let new = &segments(folder.path())[1];
        let torn = options(crashed.path()).folder.join(new.file_name().unwrap());
        fs::write(torn, &fs::read(new).unwrap()[..kept]).unwrap();
        let (spool, found) = open(crashed.path());
        assert_eq!((found.waiting.entries, found.damaged, found.missing_segments), (2, Count::NONE, 0));
        put(&spool, 2..4);
        drop(spool);
        let (spool, found) = open(crashed.path());
        assert_eq!((found.damaged, found.missing_segments), (Count::NONE, 0));
        assert_eq!(drain(&spool), [0, 1, 2, 3]);
    }
}

#[test]
fn a_segment_that_cannot_be_read_at_all_is_kept_and_said() {
    for ruin in [Vec::new(), vec![0; 1_000], b"skwspool".to_vec()] {
        let folder = written();
        change(&segments(folder.path())[1], |bytes| *bytes = ruin);
        let (spool, found) = open(folder.path());
        assert!(found.damaged.bytes > 0);
        assert_eq!(found.waiting.entries, 8);
        assert_eq!(named(folder.path(), "damaged").len(), 1);
        assert_eq!(drain(&spool), [2, 3, 4, 10, 11, 12, 13, 14]);
    }
}

#[test]
fn a_damaged_segment_is_said_by_one_run() {
    let folder = written();
    change(&segments(folder.path())[1], Vec::clear);
    drop(open(folder.path()));
    let (_, found) = open(folder.path());
    assert_eq!((found.damaged, found.missing_segments), (Count::NONE, 0));
}

#[test]
fn segments_that_are_gone_are_missed() {
    for index in 0..3 {
        let folder = written();
        fs::remove_file(&segments(folder.path())[index]).unwrap();
        let (spool, found) = open(folder.path());
        assert_eq!(found.missing_segments, 1);
        assert!(drain(&spool).len() >= 8);
    }
    let folder = written();
    segments(folder.path()).iter().for_each(|path| fs::remove_file(path).unwrap());
    assert_eq!(open(folder.path()).1.missing_segments, 3);
}

#[test]
fn an_end_that_is_gone_is_damage_where_it_was_put_for_certain() {
    for (index, kept) in [(0, 12), (2, 12)] {
        let folder = written();
        change(&segments(folder.path())[index], |bytes| bytes.truncate(24 + 4 * 346 + 10));
        let (spool, found) = open(folder.path());
        assert!(found.damaged.bytes > 0 && found.torn_bytes == 0, "{found:?}");
        assert_eq!(drain(&spool).len(), kept);
    }
}

#[test]
fn without_a_position_all_that_is_there_is_delivered() {
    for ruin in [None, Some(""), Some("nonsense")] {
        let folder = written();
        let path = options(folder.path()).folder.join("position");
        fs::remove_file(&path).unwrap();
        if let Some(ruin) = ruin {
            fs::write(&path, ruin).unwrap();
        }
        let (spool, found) = open(folder.path());
        assert_eq!((found.damaged, found.missing_segments), (Count::NONE, 0));
        assert_eq!(drain(&spool), (0..15).collect::<Vec<_>>());
    }
}

#[test]
fn few_damaged_segments_are_kept() {
    let folder = folder();
    put(&open(folder.path()).0, 0..30);
    for path in segments(folder.path()) {
        change(&path, |bytes| bytes[24 + 36 + 100] ^= 1);
    }
    let (spool, _) = open(folder.path());
    assert_eq!(drain(&spool).len(), 24);
    let mut kept = named(folder.path(), "damaged");
    kept.sort();
    let names: Vec<_> = kept.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["0000000004", "0000000005", "0000000006"]);
}

/// A line that looks like an entry must not become one, however damaged what stands
/// before it is.
#[test]
fn an_entry_inside_of_a_payload_is_none() {
    let other = written();
    let inside = fs::read(&segments(other.path())[0]).unwrap();
    let folder = folder();
    let (spool, _) = open(folder.path());
    spool.put(&inside, 1).unwrap();
    put(&spool, 1..3);
    change(&segments(folder.path())[0], |bytes| bytes[24 + 10] ^= 1);
    drop(spool);
    let (spool, _) = open(folder.path());
    assert_eq!(drain(&spool), [1, 2]);
}
