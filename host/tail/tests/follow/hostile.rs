//! Files that no log should be: too long, too fast, or something else by now.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use skidway_state::Resumer;
use skidway_tail::{Options, Tailer};

use crate::rig::{Log, Rig, options};

/// What was handed over, as sums.
#[derive(Default)]
struct Sums {
    bytes: u64,
    lines: u64,
    longest_chunk: usize,
    largest_buffer: usize,
}

/// Reads a folder until so many bytes were handed over.
fn sums(folder: &tempfile::TempDir, bytes: u64, change: impl FnOnce(&mut Options)) -> Sums {
    let mut options = options(folder, &["*.log"]);
    change(&mut options);
    let mut tailer = Tailer::new(options, Resumer::new(None)).unwrap();
    let (mut sums, mut buffer) = (Sums::default(), Vec::new());
    let deadline = Instant::now() + Duration::from_secs(120);
    while sums.bytes < bytes {
        assert!(Instant::now() < deadline, "{} of {bytes} bytes", sums.bytes);
        tailer.wait(Instant::now() + Duration::from_millis(10));
        while let Some(file) = tailer.next() {
            while tailer.take_notice().is_some() {}
            let Some(chunk) = tailer.read(file, &mut buffer) else { continue };
            sums.bytes += chunk.bytes.len() as u64;
            sums.lines += memchr::memchr_iter(b'\n', chunk.bytes).count() as u64;
            sums.longest_chunk = sums.longest_chunk.max(chunk.bytes.len());
            tailer.consume(file, chunk.bytes);
            sums.largest_buffer = sums.largest_buffer.max(buffer.len());
        }
    }
    sums
}

fn write_often(path: &Path, piece: &[u8], times: usize) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    (0..times).for_each(|_| file.write_all(piece).unwrap());
}

#[test]
fn a_line_of_a_hundred_megabytes_is_split_in_little_memory() {
    const MEGABYTE: usize = 1 << 20;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("a.log");
    write_often(&log, &vec![b'x'; MEGABYTE], 100);
    write_often(&log, b"\nafter\n", 1);
    let sums = sums(&folder, (100 * MEGABYTE + 7) as u64, |_| {});
    assert_eq!(sums.lines, 2);
    // The last piece comes with its line feed.
    assert_eq!((sums.longest_chunk, sums.largest_buffer), (MEGABYTE + 1, MEGABYTE + 1));
}

#[test]
fn a_file_that_grows_by_a_gigabyte_at_once_is_read_in_little_memory() {
    const TIMES: usize = 1 << 10;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("a.log");
    let piece = b"2026-11-22T10:00:00 one of very many lines of the same length..\n".repeat(1 << 14);
    let writer = std::thread::spawn({
        let piece = piece.clone();
        move || write_often(&log, &piece, TIMES)
    });
    let sums = sums(&folder, (piece.len() * TIMES) as u64, |_| {});
    writer.join().unwrap();
    assert_eq!(sums.lines, (TIMES << 14) as u64);
    assert!(sums.largest_buffer <= 256 << 10, "{} bytes", sums.largest_buffer);
}

/// A reader that waits for somebody to write to a pipe would wait for ever.
#[test]
fn a_file_that_becomes_a_pipe_is_read_to_its_end_and_skipped() {
    let (log, _guard) = Log::capture();
    let mut rig = Rig::new(&["*.log"]);
    rig.append("a.log", "one\n");
    rig.expect(&["one\n"]);
    rig.append("a.log", "two\n");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, rig.path("pipe"), mode).unwrap();
    rig.rename("pipe", "a.log");
    rig.expect(&["one\ntwo\n"]);
    rig.until("it is said", |_| log.count(&["skipped", "a.log", "a named pipe"]) > 0);
    rig.rounds(Duration::from_millis(200));
    assert_eq!(log.count(&["skipped", "a.log"]), 1);
    fs::remove_file(rig.path("a.log")).unwrap();
    rig.append("a.log", "a file again\n");
    rig.expect(&["one\ntwo\n", "a file again\n"]);
}

/// A few files may be open, so this one is opened again and again.
#[test]
fn a_closed_file_that_becomes_a_pipe_or_a_folder_is_said_with_what_is_lost() {
    let (log, _guard) = Log::capture();
    let mut rig = Rig::with(tempfile::tempdir().unwrap(), &["*.log"], |options| options.max_open_files = 2);
    for name in ["a.log", "b.log", "c.log", "d.log"] {
        rig.append(name, format!("the only line of {name}\n"));
    }
    rig.until("all are read", |rig| rig.texts().len() == 4);
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    for (name, is_pipe) in [("a.log", true), ("b.log", false)] {
        fs::remove_file(rig.path(name)).unwrap();
        match is_pipe {
            true => rustix::fs::mkfifoat(rustix::fs::CWD, rig.path(name), mode).unwrap(),
            false => fs::create_dir(rig.path(name)).unwrap(),
        }
    }
    rig.until("both are said", |_| log.count(&["skipped", ".log"]) == 2);
    rig.append("c.log", "and on\n");
    rig.until("the others go on", |rig| rig.texts().iter().any(|text| text.ends_with("and on\n")));
    rig.rounds(Duration::from_millis(200));
    assert_eq!((log.count(&["skipped"]), log.count(&["ERROR"])), (2, 0), "nothing was unread");
}
