//! Compressed files.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use flate2::write::GzEncoder;
use proptest::prelude::*;
use skidway_state::{Left, Resumer};
use skidway_tail::{Cause, Compression, LongLine, Notice, Options, Span, StartAt, Tailer};

use crate::rig::{Log, Parser, Rig, append, left, options};

fn gzip(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_ref()).unwrap();
    encoder.finish().unwrap()
}

fn numbered(what: &str, count: usize) -> String {
    (0..count).map(|n| format!("{what} {n}\n")).collect()
}

/// With files of any name.
fn packed(change: impl FnOnce(&mut Options)) -> Rig {
    Rig::with(tempfile::tempdir().unwrap(), &["*"], |options| {
        options.compression = Compression::Auto;
        change(options);
    })
}

fn closed(rig: &Rig) -> Vec<Cause> {
    let cause = |notice: &Notice| match *notice {
        Notice::Closed { cause, .. } => Some(cause),
        _ => None,
    };
    rig.notices.iter().filter_map(cause).collect()
}

/// Where reading began in each file.
fn offsets(rig: &Rig) -> Vec<u64> {
    let offset = |notice: &Notice| match *notice {
        Notice::Opened { offset, .. } => Some(offset),
        _ => None,
    };
    rig.notices.iter().filter_map(offset).collect()
}

/// A time so long ago that nothing more is expected.
fn make_old(path: &Path) {
    let then = SystemTime::now() - Duration::from_secs(3600);
    File::options().append(true).open(path).unwrap().set_modified(then).unwrap();
}

#[test]
fn the_content_tells_and_offsets_are_those_of_the_text() {
    let mut rig = packed(|options| options.chunk_size = 64);
    let text = numbered("line", 1000);
    rig.append("a.gz", [gzip(&text[..3000]), gzip(&text[3000..])].concat());
    rig.append("b.gz", "in spite of its name\n");
    rig.append("c", gzip("without one\n"));
    rig.expect(&[&text, "in spite of its name\n", "without one\n"]);
    let files: Vec<_> = rig.tailer.files().collect();
    let lengths = files.iter().map(|&file| rig.tailer.file(file).unwrap());
    let mut lengths: Vec<_> = lengths.map(|info| (info.length, info.offset)).collect();
    lengths.sort_unstable();
    let text = text.len() as u64;
    assert_eq!(lengths, [(12, 12), (21, 21), (text, text)]);
    assert_eq!(rig.tailer.unread_bytes(), 0);
}

#[test]
fn where_all_files_are_compressed_text_is_none() {
    let mut rig = packed(|options| options.compression = Compression::Gzip);
    let (log, _guard) = Log::capture();
    rig.append("a.gz", gzip("one\n"));
    rig.append("b.gz", "plain text\n");
    make_old(&rig.path("b.gz"));
    rig.expect(&["one\n"]);
    rig.until("it was said", |_| log.count(&["WARN", "b.gz", "no gzip"]) == 1);
    rig.append("b.gz", "more of it\n");
    rig.rounds(Duration::from_millis(200));
    assert_eq!((rig.texts(), log.count(&["WARN"])), (vec!["one\n".to_owned()], 1));
}

#[test]
fn a_parser_that_holds_lines_back_gets_them_again() {
    for parser in [Parser::HoldsLast, Parser::HoldsAll] {
        let mut rig = packed(|options| {
            options.chunk_size = 64;
            options.max_line = 64;
        });
        rig.parser = parser;
        let text = numbered("line", 500);
        rig.append("a.gz", gzip(&text));
        rig.expect(&[&text]);
        rig.append("a.gz", gzip("another member"));
        rig.expect(&[&(text + "another member")]);
    }
}

#[test]
fn a_file_that_grows_is_read_on_wherever_it_ended() {
    let mut rig = packed(|_| {});
    let (log, _guard) = Log::capture();
    let mut encoder = GzEncoder::new(File::create(rig.path("a.gz")).unwrap(), flate2::Compression::default());
    let mut wanted = String::new();
    for round in 0..5 {
        let text = numbered(&format!("round {round}"), 200);
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.flush().unwrap();
        wanted += &text;
        rig.expect(&[&wanted]);
    }
    encoder.finish().unwrap();
    for round in 0..5 {
        let text = format!("member {round}\n");
        rig.append("a.gz", gzip(&text));
        wanted += &text;
        rig.expect(&[&wanted]);
    }
    assert_eq!((log.count(&["WARN"]), closed(&rig)), (0, vec![]));
    assert_eq!(rig.tailer.files().count(), 1);
}

#[test]
fn what_can_be_read_of_a_damaged_file_is_and_the_rest_is_said_once() {
    let mut rig = packed(|_| {});
    let (log, _guard) = Log::capture();
    let whole = gzip(numbered("line", 20_000));
    rig.append("cut.gz", &whole[..whole.len() / 2]);
    rig.append("bad.gz", [gzip("good\n"), b"rubbish".to_vec()].concat());
    rig.until("both were said", |_| {
        log.count(&["WARN", "cut.gz", "ends before"]) == 1 && log.count(&["WARN", "bad.gz"]) == 1
    });
    let texts = rig.texts();
    assert_eq!(texts[0], "good\n");
    assert!(texts[1].len() > 50_000 && numbered("line", 20_000).starts_with(&texts[1]));
    rig.append("cut.gz", &whole[whole.len() / 2..]);
    rig.expect(&["good\n", &numbered("line", 20_000)]);
    rig.append("bad.gz", "more of it");
    rig.rounds(Duration::from_millis(300));
    assert_eq!(log.count(&["WARN"]), 2);
}

#[test]
fn damage_that_is_repaired_is_read_on() {
    let mut rig = packed(|_| {});
    let good = [gzip("one\n"), gzip("two\n")].concat();
    let first = gzip("one\n").len();
    let mut bad = good.clone();
    bad[first..].fill(b'x');
    rig.append("a.gz", &bad);
    rig.expect(&["one\n"]);
    let mut file = File::options().write(true).open(rig.path("a.gz")).unwrap();
    file.write_all(&good).unwrap();
    rig.expect(&["one\ntwo\n"]);
    assert_eq!(closed(&rig), []);
}

#[test]
fn replaced_content_is_another_file() {
    let mut rig = packed(|_| {});
    rig.append("a.gz", gzip("one\ntwo\n"));
    rig.expect(&["one\ntwo\n"]);
    fs::write(rig.path("a.gz"), gzip("something else\n")).unwrap();
    rig.expect(&["one\ntwo\n", "something else\n"]);
    fs::write(rig.path("a.gz"), "plain now\n").unwrap();
    rig.expect(&["one\ntwo\n", "something else\n", "plain now\n"]);
    fs::write(rig.path("a.gz"), gzip("and back\n")).unwrap();
    rig.expect(&["one\ntwo\n", "something else\n", "plain now\n", "and back\n"]);
    let nothing = |at| Cause::Truncated { lost: Span::new(at, at) };
    assert_eq!(closed(&rig), [nothing(8), nothing(15), nothing(10)]);
}

#[test]
fn renamed_and_deleted_files_are_read_to_their_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.gz"], |options| {
        options.compression = Compression::Auto;
        options.chunk_size = 64;
    });
    let text = numbered("line", 2000);
    rig.append("a.gz", gzip(&text));
    rig.append("b.gz", gzip(&text));
    rig.until("they were found", |rig| rig.tailer.files().count() == 2);
    rig.rename("a.gz", "a.old");
    fs::remove_file(rig.path("b.gz")).unwrap();
    rig.expect(&[&text, &text]);
    rig.until("they were let go", |rig| closed(rig).len() == 2);
}

/// A tailer of the same folder that begins where another one stopped.
fn resume_at(rig: Rig, offset: u64, change: impl FnOnce(&mut Options)) -> Rig {
    let Rig { folder, tailer, .. } = rig;
    let known = left(&tailer, |_| offset);
    let mut options = options(&folder, &["*"]);
    options.compression = Compression::Auto;
    change(&mut options);
    let tailer = Tailer::new(options, known).unwrap();
    Rig::around(folder, tailer)
}

#[test]
fn a_checkpoint_is_found_again_wherever_it_is() {
    let text = numbered("line", 20_000);
    let middle = text[..text.len() / 2].rfind('\n').unwrap() + 1;
    // One member, and several with the checkpoint in the last one or at an end.
    let ends = [vec![text.len()], vec![1000, text.len()], vec![1000, middle, text.len()]];
    for ends in ends {
        let mut rig = packed(|_| {});
        let mut start = 0;
        for end in ends {
            rig.append("a.gz", gzip(&text[start..end]));
            start = end;
        }
        rig.expect(&[&text]);
        let mut rig = resume_at(rig, middle as u64, |options| options.chunk_size = 1000);
        rig.expect(&[&text[middle..]]);
        assert!(rig.taken.iter().all(|taken| taken.text.len() <= 1000));
        let mut rig = resume_at(rig, text.len() as u64, |_| {});
        rig.rounds(Duration::from_millis(100));
        rig.append("a.gz", gzip("more\n"));
        rig.expect(&["more\n"]);
        // Its length is not known, so nothing follows from an offset behind it.
        let mut rig = resume_at(rig, text.len() as u64 + 1000, |_| {});
        rig.rounds(Duration::from_millis(100));
        assert!(rig.taken.is_empty() && closed(&rig).is_empty());
    }
}

#[test]
fn the_end_to_start_at_is_that_of_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let text = numbered("before", 1000);
    let path = folder.path().join("a.gz");
    fs::write(&path, gzip(&text)).unwrap();
    let mut rig = Rig::with(folder, &["*"], |options| {
        options.compression = Compression::Auto;
        options.start_at = StartAt::End;
    });
    rig.append("a.gz", gzip("after\n"));
    rig.expect(&["after\n"]);
    assert_eq!(offsets(&rig), [text.len() as u64]);
}

/// As `logrotate` does it with `compress`. Files may be of another time than the clock, on
/// either side.
#[test]
fn a_compressed_copy_of_a_file_that_was_read_is_not_read_again() {
    const DAY: i64 = 24 * 3600;
    for (followed, again, off) in [
        (true, "", 0),
        (false, "", 0),
        (true, "written later\n", 0),
        (true, "", 2 * DAY),
        (true, "", -400 * DAY),
    ] {
        let folder = tempfile::tempdir().unwrap();
        // The renamed file is followed itself, or is not.
        let globs: &[&str] = if followed { &["*"] } else { &["a.log", "*.gz"] };
        let mut rig = Rig::with(folder, globs, |options| options.compression = Compression::Auto);
        let text = numbered("line", 2000);
        rig.append("a.log", &text);
        rig.expect(&[&text]);
        rig.rename("a.log", "a.log.1");
        rig.append("a.log", "a new file\n");
        rig.expect(&[&text, "a new file\n"]);
        let packed = gzip(text.clone() + again);
        let mut copy = File::create(rig.path("a.log.1.gz")).unwrap();
        let set_off = |file: &File| {
            let (now, shift) = (SystemTime::now(), Duration::from_secs(off.unsigned_abs()));
            file.set_modified(if off < 0 { now - shift } else { now + shift }).unwrap();
        };
        // It is seen while it is empty, while not even its head is there, and while it is not whole.
        set_off(&copy);
        rig.rounds(Duration::from_millis(30));
        for piece in [&packed[..20], &packed[20..packed.len() / 2]] {
            copy.write_all(piece).unwrap();
            set_off(&copy);
            rig.rounds(Duration::from_millis(30));
        }
        copy.write_all(&packed[packed.len() / 2..]).unwrap();
        set_off(&copy);
        fs::remove_file(rig.path("a.log.1")).unwrap();
        rig.until("the copy was found", |rig| offsets(rig).len() == 3);
        assert_eq!(offsets(&rig), [0, 0, text.len() as u64]);
        let mut wanted = vec![text.as_str(), "a new file\n"];
        wanted.extend(Some(again).filter(|text| !text.is_empty()));
        rig.expect(&wanted);
    }
}

#[test]
fn a_file_that_only_begins_like_another_one_is_read() {
    let mut rig = packed(|options| options.fingerprint_size = 32);
    let text = numbered("this is the same at the beginning", 100);
    rig.append("a.log", &text);
    rig.expect(&[&text]);
    rig.append("b.gz", gzip(&text[..500]));
    rig.expect(&[&text, &text[..500]]);
}

/// Its writer goes on for a moment after it was renamed, and after gzip has read it.
#[test]
fn a_compressed_copy_that_lacks_the_last_lines_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*"], |options| options.compression = Compression::Auto);
    let text = numbered("line", 2000);
    rig.append("a.log", &text);
    rig.expect(&[&text]);
    rig.rename("a.log", "a.log.1");
    rig.append("a.log", "a new file\n");
    rig.append("a.log.1", "late\n");
    let whole = text.clone() + "late\n";
    rig.expect(&[&whole, "a new file\n"]);
    rig.append("a.log.1.gz", gzip(&text));
    // Longer than it takes to let the original go, and than a file is young.
    rig.rounds(Duration::from_millis(150));
    fs::remove_file(rig.path("a.log.1")).unwrap();
    rig.rounds(Duration::from_millis(400));
    rig.expect(&[&whole, "a new file\n"]);
}

/// As `/var/log/dmesg` is at every boot.
#[test]
fn a_compressed_file_that_begins_like_another_one_and_goes_on_otherwise_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&folder, &["*"]);
    options.compression = Compression::Auto;
    let head = numbered("what every boot says", 100);
    let (this, before) = (head.clone() + &numbered("now", 50), head.clone() + &numbered("before", 100));
    let earlier = head + &numbered("earlier", 100);
    append(folder.path().join("dmesg"), &this);
    append(folder.path().join("dmesg.1.gz"), gzip(&before));
    let tailer = Tailer::new(options.clone(), Resumer::new(None)).unwrap();
    let mut rig = Rig::around(folder, tailer);
    rig.expect(&[&this, &before]);

    // After a restart another one has the name.
    let checkpoints = rig.tailer.files().filter_map(|file| rig.tailer.checkpoint(file));
    let known = checkpoints.map(|checkpoint| Left { checkpoint, gone: false }).collect();
    let known = Resumer::new(Some(known));
    let Rig { folder, tailer, .. } = rig;
    drop(tailer);
    fs::remove_file(folder.path().join("dmesg.1.gz")).unwrap();
    append(folder.path().join("dmesg.1.gz"), gzip(&earlier));
    let mut rig = Rig::around(folder, Tailer::new(options, known).unwrap());
    rig.expect(&[&earlier]);
}

#[test]
fn a_compressed_copy_is_known_after_a_restart_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let text = numbered("line", 100);
    let mut options = options(&folder, &["*"]);
    options.compression = Compression::Auto;
    fs::write(folder.path().join("a.log"), &text).unwrap();
    let known = left(&Tailer::new(options.clone(), Resumer::new(None)).unwrap(), |_| 7);
    fs::write(folder.path().join("a.log.gz"), gzip(&text)).unwrap();
    fs::remove_file(folder.path().join("a.log")).unwrap();
    let mut rig = Rig::around(folder, Tailer::new(options, known).unwrap());
    rig.expect(&[&text[7..]]);
}

#[test]
fn more_compressed_files_than_may_be_open_are_read_in_turn() {
    for limit in [2, 5, 1024] {
        let mut rig = packed(|options| {
            options.max_open_files = limit;
            options.chunk_size = 256;
        });
        let texts: Vec<String> = (0..30).map(|file| numbered(&format!("file {file}"), 300)).collect();
        for (file, text) in texts.iter().enumerate() {
            rig.append(&format!("{file}.gz"), gzip(text));
        }
        rig.append("plain.log", "plain\n");
        let mut wanted: Vec<&str> = texts.iter().map(String::as_str).collect();
        wanted.push("plain\n");
        rig.expect(&wanted);
        for file in 0..30 {
            rig.append(&format!("{file}.gz"), gzip("again\n"));
        }
        let texts: Vec<String> = texts.iter().map(|text| format!("{text}again\n")).collect();
        let mut wanted: Vec<&str> = texts.iter().map(String::as_str).collect();
        wanted.push("plain\n");
        rig.expect(&wanted);
        assert_eq!(closed(&rig), []);
    }
}

/// Bytes that this thread has read so far.
fn bytes_read() -> u64 {
    let io = fs::read_to_string("/proc/thread-self/io").unwrap();
    io.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

#[test]
fn what_has_not_changed_is_not_decompressed_again() {
    let mut rig = packed(|options| options.poll_interval = Duration::from_millis(1));
    let mut state = 1_u32;
    let noise: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!("{state:08x}\n")
    })
    .take(200_000)
    .collect();
    rig.append("a.gz", gzip(&noise));
    let size = fs::metadata(rig.path("a.gz")).unwrap().len();
    assert!(size > 500_000);
    rig.expect(&[&noise]);
    rig.rounds(Duration::from_millis(50));
    let before = bytes_read();
    rig.rounds(Duration::from_millis(100));
    let idle = bytes_read() - before;
    assert!(idle < size / 2, "{idle} bytes were read");
    let before = bytes_read();
    rig.append("a.gz", gzip("more\n"));
    rig.expect(&[&(noise + "more\n")]);
    let more = bytes_read() - before;
    assert!(more < size / 2, "{more} bytes were read for a member of a few");
}

/// Writes zeros as one member and keeps none of them.
fn bomb(path: &Path, zeros: usize, end: &str) {
    let file = io::BufWriter::new(File::create(path).unwrap());
    let mut encoder = GzEncoder::new(file, flate2::Compression::best());
    let piece = vec![0; 1 << 20];
    for _ in 0..zeros / piece.len() {
        encoder.write_all(&piece).unwrap();
    }
    encoder.write_all(end.as_bytes()).unwrap();
    encoder.finish().unwrap().flush().unwrap();
}

/// The most memory this process has used, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// A line of a gigabyte in a file of a megabyte.
#[test]
fn a_bomb_takes_no_memory() {
    const ZEROS: usize = 1 << 30;
    let folder = tempfile::tempdir().unwrap();
    bomb(&folder.path().join("bomb.gz"), ZEROS, "\nafter\n");
    assert!(fs::metadata(folder.path().join("bomb.gz")).unwrap().len() < 2 << 20);
    let mut options = options(&folder, &["*"]);
    options.compression = Compression::Auto;
    options.on_long_line = LongLine::Truncate;
    options.flush_period = Duration::from_secs(600);
    let mut tailer = Tailer::new(options, Resumer::new(None)).unwrap();
    let (before, deadline) = (peak(), Instant::now() + Duration::from_secs(120));
    let (mut buffer, mut kept, mut surplus) = (Vec::new(), 0, 0);
    let mut last = Vec::new();
    while last != b"after\n" {
        assert!(Instant::now() < deadline, "{kept} and {surplus} bytes so far");
        tailer.wait(Instant::now() + Duration::from_millis(10));
        while let Some(file) = tailer.next() {
            while tailer.take_notice().is_some() {}
            let Some(chunk) = tailer.read(file, &mut buffer) else { continue };
            match chunk.surplus {
                true => surplus += chunk.bytes.len(),
                false => kept += chunk.bytes.len(),
            }
            last = chunk.bytes[chunk.bytes.len().saturating_sub(6)..].to_vec();
            tailer.consume(file, chunk.bytes);
        }
    }
    assert_eq!((kept, surplus), ((1 << 20) + 6, ZEROS - (1 << 20) + 1));
    // Other tests of this program may run meanwhile.
    let grown = peak() - before;
    assert!(grown < 100 << 20, "{grown} bytes");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// However the text is divided into members, and the file into writes, and however
    /// often it is closed in between.
    #[test]
    fn every_byte_of_the_text_is_taken_once(
        members in prop::collection::vec(prop::collection::vec(prop_oneof![4 => Just(b'x'), 1 => Just(b'\n')], 0..300), 1..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        parser in prop_oneof![Just(Parser::All), Just(Parser::HoldsLast), Just(Parser::HoldsAll)],
        crowd in 0..3_usize,
    ) {
        let mut rig = packed(|options| {
            options.max_open_files = 2;
            options.max_line = 64;
            options.chunk_size = 32;
            options.settle = Duration::from_millis(2);
            options.flush_period = Duration::from_millis(4);
        });
        rig.parser = parser;
        let head = gzip("one file among others: ");
        let bytes: Vec<u8> = [head].into_iter().chain(members.iter().map(gzip)).flatten().collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.sort_unstable();
        cuts.push(bytes.len());
        let mut start = 0;
        for (round, cut) in cuts.into_iter().enumerate() {
            rig.append("a.gz", &bytes[start..cut]);
            start = cut;
            for other in 0..crowd {
                rig.append(&format!("{other}.log"), format!("{other}: round {round}\n"));
            }
            rig.round();
        }
        let text: Vec<u8> = b"one file among others: ".iter().chain(members.iter().flatten()).copied().collect();
        let text = String::from_utf8(text).unwrap();
        rig.until("all of it was taken", |rig| rig.texts().contains(&text));
        prop_assert_eq!(closed(&rig), []);
    }
}

#[test]
fn text_is_looked_at_without_being_read() {
    let mut rig = packed(|options| options.chunk_size = 64);
    let text = numbered("line", 1000);
    rig.append("a.gz", [gzip(&text[..3000]), gzip(&text[3000..])].concat());
    rig.append("b", &text);
    rig.round();
    // Half way through: a file that was read begins in the middle.
    rig.append("a.gz", gzip("more\n"));
    rig.append("b", "more\n");
    for file in rig.tailer.files().collect::<Vec<_>>() {
        let whole = format!("{text}more\n");
        rig.until("the growth is seen", |rig| rig.tailer.file(file).unwrap().offset == whole.len() as u64);
        for from in [0, 10, 2999, 3001, whole.len() - 3, whole.len()] {
            let mut seen = String::new();
            rig.tailer.ahead(file, from as u64).unwrap().read_to_string(&mut seen).unwrap();
            assert_eq!(seen, whole[from..], "from {from}");
        }
        assert_eq!(rig.tailer.file(file).unwrap().offset, whole.len() as u64, "nothing moves");
    }
}

#[test]
fn what_takes_too_long_to_unpack_is_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.gz"), gzip("0123456789abcde\n".repeat(5 << 20))).unwrap();
    let rig = Rig::with(folder, &["*"], |options| options.compression = Compression::Auto);
    let file = rig.tailer.files().next().unwrap();
    assert!(rig.tailer.ahead(file, 64 << 20).is_some());
    assert!(rig.tailer.ahead(file, (64 << 20) + 1).is_none());
}
