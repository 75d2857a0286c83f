use super::*;
use crate::ChunkParser;
use crate::testing::{Entry, parse_chunks};
use proptest::prelude::*;

/// `12o:text`: the second, the stream (`o` or `e`, in capitals where the text goes on).
struct Short;

impl ChunkParser for Short {
    fn configure(_: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn parse(&self, text: &[u8], context: &Context) -> Result<Parsed, String> {
        Ok(parse(text, context, short))
    }
}

fn short(line: &[u8]) -> Option<Part<'_>> {
    let (&[d1, d2, letter, b':'], text) = line.split_first_chunk::<4>()? else { return None };
    let stream = match letter | 0x20 {
        b'o' => Stream::Stdout,
        b'e' => Stream::Stderr,
        _ => return None,
    };
    let unix_nano = u64::from(d1 - b'0') * 10 + u64::from(d2 - b'0');
    let text = Text::quoted(text);
    Some(Part {
        unix_nano,
        timestamp: &line[..2],
        stream,
        stream_name: &line[2..3],
        text,
        ends: letter.is_ascii_lowercase(),
    })
}

fn read(text: &str) -> Vec<Entry> {
    parse_chunks(&Short, text)
}

fn bodies(text: &str) -> Vec<String> {
    read(text).into_iter().map(|entry| entry.body).collect()
}

#[test]
fn a_line_is_a_record() {
    let entries = read("01o:one\n02e:  two \t\r\n03o:\n04o: \nfour \n");
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0].pairs(), [("timestamp", "01"), ("log.iostream", "o"), ("message", "one")]);
    assert_eq!((entries[0].body.as_str(), entries[0].time_unix_nano), ("one", 1));
    assert_eq!((entries[1].body.as_str(), entries[1].get("message")), ("  two", Some("  two")));
    assert_eq!((entries[2].body.as_str(), entries[2].recognised), ("four", false));
}

#[test]
fn parts_are_joined() {
    let entries = read("01O:one \n02O:two\\t\n03o:three \n04o:four\n");
    assert_eq!(entries[0].body, "one two\tthree");
    assert_eq!(entries[0].get("message"), Some("one two\tthree"));
    assert_eq!((entries[0].time_unix_nano, entries[0].get("timestamp")), (1, Some("01")));
    assert_eq!(entries[1].body, "four");
}

#[test]
fn each_stream_has_its_own_texts() {
    assert_eq!(bodies("01O:a\n02E:x\n03o:b\n04e:y\n05o:c\n"), ["ab", "xy", "c"]);
    assert_eq!(bodies("01O:a\n02e:x\n03e:y\nwhat\n04o:b\n"), ["ab", "x", "y", "what"]);
    assert_eq!(bodies("01e:x\n02O:a\n03E:y\n04e:z\n05E:w\n06o:b\n07e:v"), ["x", "ab", "yz", "wv"]);
}

#[test]
fn the_end_of_a_text_is_waited_for_but_not_forever() {
    assert_eq!(bodies("01O:a\n02e:x\n"), ["a", "x"]);
    let others = |count: u32| "02e:x\n".repeat(count as usize);
    let waits = bodies(&format!("01O:a\n{}03o:b\n", others(MAX_BETWEEN)));
    assert_eq!((waits[0].as_str(), waits.len()), ("ab", MAX_BETWEEN as usize + 1));
    let gives_up = bodies(&format!("01O:a\n{}03o:b\n", others(MAX_BETWEEN + 1)));
    assert_eq!((gives_up[0].as_str(), gives_up.len()), ("a", MAX_BETWEEN as usize + 3));
}

#[test]
fn texts_that_overlap_are_consumed_together() {
    // At the first end, a text is open that began before it.
    assert_eq!(
        bodies("01O:a\n02E:x\n03o:b\n04O:c\n05e:y\n06E:z\n07o:d\n08e:w\n09o:e\n"),
        ["ab", "xy", "cd", "zw", "e"]
    );
    let overlapping: String = (0..400).map(|_| "01O:a\n02e:x\n03E:y\n04o:b\n").collect();
    let context = Context::new("", crate::time::Clock::utc(0), false);
    let consumed = Short.parse(format!("01E:w\n{overlapping}").as_bytes(), &context).unwrap().consumed;
    assert!(consumed > 0, "two streams that always have an open text hold up each other");
    read(&format!("01E:w\n{overlapping}"));
}

#[test]
fn what_waits_is_not_consumed() {
    let context = Context::new("", crate::time::Clock::utc(0), false);
    let consumed = |text: &str| {
        let parsed = Short.parse(text.as_bytes(), &context).unwrap();
        (parsed.consumed, parsed.records.origin.len(), parsed.unrecognised.len(), parsed.skipped_lines)
    };
    assert_eq!(consumed("01o:a\n02o:b\n"), (12, 2, 0, 0));
    assert_eq!(consumed("01o:a\n02O:b\n03e:c\nwhat\n\n03e:"), (6, 1, 0, 0));
    assert_eq!(consumed("01O:a\n"), (0, 0, 0, 0));
}

proptest! {
    /// `parse_chunks` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec("([0-9]{2}[oOeE]:)?[a ü\\\\n\u{0}]{0,5}\r?\n?", 0..12),
    ) {
        read(&lines.concat());
    }

    /// Every letter arrives, in the order of its stream.
    #[test]
    fn nothing_is_lost(lines in prop::collection::vec(("[oOeE]", "[a-z]{1,3}"), 0..40)) {
        let text: String = lines.iter().map(|(letter, text)| format!("01{letter}:{text}\n")).collect();
        let entries = read(&text);
        for stream in ["o", "e"] {
            let of = |name: &str| name.eq_ignore_ascii_case(stream);
            let written: String = lines.iter().filter(|(l, _)| of(l)).map(|(_, text)| text.as_str()).collect();
            let read: String =
                entries.iter().filter(|e| of(e.get("log.iostream").unwrap())).map(|e| e.body.as_str()).collect();
            prop_assert_eq!(read, written);
        }
    }
}
