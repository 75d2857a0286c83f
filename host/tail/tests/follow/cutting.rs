//! Where chunks end, and when a file's last bytes are given up.

use std::time::{Duration, Instant};

use skidway_tail::{FileKey, LineFeed, LongLine, Woken};

use crate::rig::{Parser, Rig};

#[test]
fn appended_lines_arrive() {
    let mut rig = Rig::new(&["*.log"]);
    rig.append("a.log", "one\n");
    rig.expect(&["one\n"]);
    rig.append("a.log", "two\nthree\n");
    rig.expect(&["one\ntwo\nthree\n"]);
}

#[test]
fn a_partial_line_waits_for_its_end_and_is_given_up_after_the_flush_period() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |options| options.flush_period = Duration::from_millis(300));
    rig.append("a.log", "one\ntw");
    rig.expect(&["one\n"]);
    rig.append("a.log", "o\nthr");
    rig.expect(&["one\ntwo\n"]);
    assert!(rig.taken.iter().all(|taken| !taken.flush));
    rig.expect(&["one\ntwo\nthr"]);
    assert!(rig.taken.last().unwrap().flush);
    rig.append("a.log", "ee\n");
    rig.expect(&["one\ntwo\nthree\n"]);
}

#[test]
fn with_no_flush_period_a_partial_line_waits_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |options| options.flush_period = Duration::ZERO);
    rig.append("a.log", "one\ntw");
    rig.expect(&["one\n"]);
    rig.rounds(Duration::from_millis(200));
    assert_eq!(rig.texts(), ["one\n"]);
    rig.append("a.log", "o\n");
    rig.expect(&["one\ntwo\n"]);
}

#[test]
fn a_held_back_entry_is_offered_again_with_what_follows_or_flushed_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |options| options.settle = Duration::from_millis(300));
    rig.parser = Parser::HoldsLast;
    rig.append("a.log", "one\ntwo\n");
    rig.expect(&["one\n"]);
    rig.append("a.log", "three\n");
    rig.expect(&["one\ntwo\n"]);
    assert!(rig.taken.iter().all(|taken| !taken.flush));
    rig.expect(&["one\ntwo\nthree\n"]);
    assert!(rig.taken.last().unwrap().flush);
}

#[test]
fn a_long_line_is_split_between_characters_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |options| {
        options.max_line = 1000;
        options.chunk_size = 64;
    });
    let long = "é".repeat(1700);
    let text = format!("short\nx{long}\nshort again\n");
    rig.append("a.log", &text);
    rig.expect(&[&text]);
    assert!(rig.taken.iter().all(|taken| str::from_utf8(&taken.text).is_ok()), "a character was cut");
    assert!(rig.taken.iter().all(|taken| taken.text.len() <= 1001));
    assert_eq!(rig.widest, 1001, "the buffer grows to the longest line");
    rig.append("a.log", "x\n");
    rig.until("the next line", |rig| rig.taken.last().unwrap().text == b"x\n");
    assert!(rig.buffer.len() <= 64, "and shrinks again");
}

#[test]
fn the_longest_line_is_not_split() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |options| {
        options.max_line = 1000;
        options.chunk_size = 64;
    });
    let text = format!("{}\n{}\n", "a".repeat(1000), "b".repeat(1000));
    rig.append("a.log", &text);
    rig.expect(&[&text]);
    assert!(rig.taken.iter().all(|taken| taken.text.len() == 1001));
}

/// Neither an endless loop nor a loss: the window grows to four lines, then
/// the parser has to take it.
#[test]
fn a_parser_that_takes_nothing_gets_more_and_then_must_take_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |options| {
        options.max_line = 256;
        options.chunk_size = 64;
    });
    rig.parser = Parser::HoldsAll;
    let text = "0123456789\n".repeat(500);
    rig.append("a.log", &text);
    rig.expect(&[&text]);
    assert_eq!(rig.widest, 1024);
}

#[test]
fn lines_before_a_long_one_cannot_be_held_back_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |options| {
        options.max_line = 256;
        options.chunk_size = 64;
    });
    rig.parser = Parser::HoldsLast;
    let text = format!("one\ntwo\n{}\nthree\nfour\n", "x".repeat(3000));
    rig.append("a.log", &text);
    rig.expect(&[&text]);
}

#[test]
fn a_busy_file_does_not_starve_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |options| options.chunk_size = 64);
    rig.append("a.log", "0123456789abcde\n".repeat(1000));
    for name in ["b.log", "c.log"] {
        rig.append(name, "small\n");
    }
    rig.until("all files", |rig| rig.texts().len() == 3);
    let turn = |small: FileKey| rig.taken.iter().position(|taken| taken.file == small).unwrap();
    let small: Vec<FileKey> =
        rig.taken.iter().filter(|taken| taken.text == b"small\n").map(|taken| taken.file).collect();
    let busy = rig.taken.iter().find(|taken| taken.text != b"small\n").unwrap().file;
    let first_busy = turn(busy);
    let chunks = rig.taken.iter().filter(|taken| taken.file == busy).count();
    assert!(chunks >= 250, "the busy file takes {chunks} chunks");
    for file in small {
        let between = rig.taken[first_busy.min(turn(file))..turn(file)].len();
        assert!(between <= 40, "{between} chunks came first");
    }
}

#[test]
fn reading_without_consuming_gives_the_same_bytes() {
    let mut rig = Rig::new(&["*.log"]);
    rig.append("a.log", "one\n");
    let mut buffer = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut times = 0;
    while times < 3 {
        assert!(Instant::now() < deadline);
        rig.tailer.wait(Instant::now() + Duration::from_millis(10));
        if let Some(file) = rig.tailer.next() {
            let chunk = rig.tailer.read(file, &mut buffer).unwrap();
            assert_eq!((chunk.bytes, chunk.span.start), (&b"one\n"[..], 0));
            times += 1;
        }
    }
    assert_eq!(rig.tailer.unread_bytes(), 4);
}

#[test]
fn another_thread_ends_the_wait_and_holding_does_not_end_for_files() {
    let mut rig = Rig::new(&["*.log"]);
    rig.append("a.log", "one\n");
    let far = Instant::now() + Duration::from_secs(60);
    rig.until("the file was found", |rig| rig.tailer.files().count() == 1);
    rig.append("a.log", "two\n");
    assert_eq!(rig.tailer.wait(far), Woken::Files);
    while rig.tailer.take_notice().is_some() {}
    // The head has grown; after this notice only the file itself is left to read.
    assert_eq!(rig.tailer.hold(Instant::now() + Duration::from_millis(50)), Woken::Deadline);
    let waker = rig.tailer.wake_handle();
    let thread = std::thread::spawn(move || waker.wake());
    assert_eq!(rig.tailer.hold(far), Woken::Waker);
    thread.join().unwrap();
    assert_eq!(rig.tailer.wait(far), Woken::Files);
}

/// The rest is handed over as well, alone and marked, so that no byte is missing in
/// the books.
#[test]
fn of_a_truncated_line_the_rest_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |options| {
        options.max_line = 16;
        options.on_long_line = LongLine::Truncate;
        options.flush_period = Duration::from_secs(600);
    });
    let long = format!("0123456789abcdef{}", "x".repeat(100));
    rig.append("a.log", format!("one\n{long}\ntwo\n{long}"));
    let pieces = |rig: &Rig, surplus: bool| {
        let pieces = rig.taken.iter().filter(|taken| taken.surplus == surplus);
        String::from_utf8(pieces.flat_map(|taken| taken.text.clone()).collect()).unwrap()
    };
    let rest = "x".repeat(100);
    rig.until("all of it", |rig| pieces(rig, true) == format!("{rest}\n{rest}"));
    assert_eq!(pieces(&rig, false), "one\n0123456789abcdeftwo\n0123456789abcdef");
    rig.append("a.log", "yyy");
    rig.until("more of it", |rig| pieces(rig, true).ends_with("yyy"));
    rig.append("a.log", "z\nthree\n");
    rig.until("the next line", |rig| pieces(rig, false).ends_with("three\n"));
    assert_eq!(pieces(&rig, true), format!("{rest}\n{rest}yyyz\n"));
}

#[test]
fn lines_of_two_byte_units_are_cut_at_their_line_feeds() {
    for line_feed in [LineFeed::Utf16Le, LineFeed::Utf16Be] {
        let folder = tempfile::tempdir().unwrap();
        let mut rig = Rig::with(folder, &["*.log"], |options| {
            options.line_feed = line_feed;
            options.flush_period = Duration::from_millis(300);
        });
        let encode = |text: &str| -> Vec<u8> {
            let bytes = |unit: u16| match line_feed {
                LineFeed::Utf16Le => unit.to_le_bytes(),
                _ => unit.to_be_bytes(),
            };
            text.encode_utf16().flat_map(bytes).collect()
        };
        let wanted = |rig: &Rig, text: &str| {
            rig.taken.iter().flat_map(|taken| taken.text.clone()).collect::<Vec<u8>>() == encode(text)
        };
        rig.two_bytes = true;
        // U+0A00 and U+010A hold the byte of a line feed.
        let text = encode("\u{feff}one\u{a00}\u{10a}\ntwo");
        // The last unit comes in two halves.
        rig.append("a.log", &text[..text.len() - 1]);
        rig.until("the first line", |rig| wanted(rig, "\u{feff}one\u{a00}\u{10a}\n"));
        rig.until("what is whole of the second", |rig| wanted(rig, "\u{feff}one\u{a00}\u{10a}\ntw"));
        rig.append("a.log", &text[text.len() - 1..]);
        rig.append("a.log", encode("\nthree\n"));
        rig.until("the rest", |rig| wanted(rig, "\u{feff}one\u{a00}\u{10a}\ntwo\nthree\n"));
        assert!(rig.taken.iter().all(|taken| taken.text.len() % 2 == 0));
    }
}

#[test]
fn a_long_settle_is_kept_and_then_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut rig = Rig::with(folder, &["*.log"], |options| {
        options.settle = Duration::from_secs(5);
        options.flush_period = Duration::from_millis(50);
    });
    rig.parser = Parser::HoldsLast;
    let written = Instant::now();
    rig.append("a.log", "one\ntwo\n");
    rig.expect(&["one\n"]);
    rig.expect(&["one\ntwo\n"]);
    assert!(rig.taken.last().unwrap().flush);
    assert!(written.elapsed() >= Duration::from_secs(5), "given up after {:?}", written.elapsed());
}
