//! Records and parsing rules that the syslog parsers do not show.

use super::number_kind;
use crate::testing::{Entry, parse};
use crate::{Context, Kind, Line, Parser, Record, Text};

/// A word that says what to do, then what to do it with.
struct Words;

impl Parser for Words {
    fn configure(_: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn line(&self, line: &[u8], context: &Context, out: &mut Record<'_>) -> Line {
        let space = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
        let (word, rest) = (&line[..space], &line[(space + 1).min(line.len())..]);
        match word {
            b"both" => {
                out.attribute("a", word);
                out.attribute("b", rest);
            }
            b"other-order" => {
                out.attribute("b", rest);
                out.attribute("a", word);
            }
            b"twice" => {
                out.attribute("a", b"first");
                out.attribute("b", word);
                out.attribute("a", rest);
            }
            b"copy" => out.attribute("a", &rest.to_ascii_uppercase()),
            b"bytes" => out.attribute("a", b"x\xff\xc3y"),
            b"path" => out.attribute("a", context.path.as_bytes()),
            b"empty" => out.attribute("a", b""),
            b"number" => out.attribute_as("n", Kind::Integer, rest),
            b"grow" => {
                out.time(7);
                out.severity(9);
                out.attribute_to_end("a", rest);
                out.attribute("b", word);
            }
            b"grow-copy" => out.attribute_to_end("a", &rest.to_ascii_uppercase()),
            b"many" => KEYS.iter().chain(&KEYS).for_each(|key| out.attribute(key, rest)),
            b"+" => {
                out.attribute("dropped", rest);
                return Line::Continuation;
            }
            b"#" => {
                out.attribute("dropped", rest);
                return Line::Skip;
            }
            _ => {
                out.time(1);
                out.attribute("dropped", rest);
                return Line::Unrecognised;
            }
        }
        Line::Entry
    }
}

/// More than fit into one word of bits.
const KEYS: [&str; 70] = {
    const DIGITS: &str = "0123456789012345678901234567890123456789012345678901234567890123456789";
    let mut keys = [""; 70];
    let mut at = 0;
    while at < 70 {
        // 1 to 70 characters long: all different.
        keys[at] = DIGITS.split_at(at + 1).0;
        at += 1;
    }
    keys
};

fn read(text: &str) -> Vec<Entry> {
    parse(&Words, text)
}

fn attributes(line: &str) -> Vec<(String, String)> {
    let mut entries = read(line);
    assert_eq!(entries.len(), 1);
    entries.remove(0).attributes
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, value)| (name.into(), value.into())).collect()
}

#[test]
fn keys_are_found_in_any_order() {
    let entries = read("both 1\nother-order 2\nboth 3\ncopy x\n");
    assert_eq!(entries[0].attributes, pairs(&[("a", "both"), ("b", "1")]));
    assert_eq!(entries[1].attributes, pairs(&[("b", "2"), ("a", "other-order")]));
    assert_eq!(entries[2].attributes, pairs(&[("a", "both"), ("b", "3")]));
    assert_eq!(entries[3].attributes, pairs(&[("a", "X")]));
}

#[test]
fn the_last_value_of_a_key_counts() {
    assert_eq!(attributes("twice 5"), pairs(&[("a", "5"), ("b", "twice")]));
    let many = attributes("many x");
    assert_eq!(many.len(), 70);
    assert!(many.iter().zip(KEYS).all(|((name, value), key)| name == key && value == "x"));
}

#[test]
fn bytes_from_elsewhere_are_copied_and_made_valid() {
    assert_eq!(attributes("copy öl"), pairs(&[("a", "öL")]));
    assert_eq!(attributes("bytes"), pairs(&[("a", "x\u{fffd}\u{fffd}y")]));
    assert_eq!(attributes("path"), pairs(&[("a", "test.log")]));
    assert_eq!(attributes("empty"), pairs(&[("a", "")]));
}

#[test]
fn an_attribute_to_the_end_grows_with_the_entry() {
    let entries = read("grow 1\n+ 2  \n+ 3\r\nboth 4\n+ 5\n");
    assert_eq!(entries[0].attributes, pairs(&[("a", "1\n+ 2  \n+ 3"), ("b", "grow")]));
    assert_eq!((entries[0].time_unix_nano, entries[0].severity), (7, 9));
    assert_eq!(entries[1].attributes, pairs(&[("a", "both"), ("b", "4")]));
    assert_eq!(entries[1].body, "both 4\n+ 5");
    assert_eq!((entries[1].time_unix_nano, entries[1].severity), (0, 0));
    assert_eq!(read("grow-copy 1\n+ 2\n")[0].attributes, pairs(&[("a", "1")]));
}

#[test]
fn skipped_lines_and_blank_ones_end_an_entry() {
    let entries = read("grow 1\n# no\n+ 2\ngrow 3\n\n+ 4\n");
    let bodies: Vec<_> = entries.iter().map(|entry| (entry.body.as_str(), entry.recognised)).collect();
    assert_eq!(bodies, [("grow 1", true), ("+ 2", false), ("grow 3", true), ("+ 4", false)]);
    assert_eq!(read("# nothing\n\n# at all"), []);
}

#[test]
fn what_is_not_recognised_has_a_body_only() {
    let entries = read("  what 1 \n+ 2\n");
    for (entry, body) in entries.iter().zip(["what 1", "+ 2"]) {
        assert_eq!((entry.body.as_str(), entry.time_unix_nano, entry.recognised), (body, 0, false));
        assert_eq!(entry.attributes, pairs(&[]));
    }
}

#[test]
fn a_kind_belongs_to_its_key() {
    let context = Context::new("", crate::time::Clock::utc(0), false);
    let parsed = crate::parse(&Words, b"number 5\nboth 1\nnumber 6\n", &context);
    let kinds: Vec<_> = parsed.records.keys.iter().map(|key| (key.name.as_str(), key.kind)).collect();
    assert_eq!(kinds, [("n", Kind::Integer), ("a", Kind::Text), ("b", Kind::Text)]);
    // The last entry waits for its end.
    assert_eq!((parsed.consumed, parsed.records.origin.as_slice()), (16, &[0, 9][..]));
}

/// `name=value` pairs, `static` and `to-end` set in the parser's own words; a value may
/// begin with the kind: `i:5`.
struct Pairs;

impl Parser for Pairs {
    const KEYS: &'static [&'static str] = &["static"];

    fn configure(_: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        for pair in line.split(|&b| b == b' ') {
            let Some(at) = pair.iter().position(|&b| b == b'=') else { return Line::Unrecognised };
            let (name, value) = (&pair[..at], &pair[at + 1..]);
            let (kind, value) = match value {
                [b'i', b':', value @ ..] => (Kind::Integer, value),
                [b'j', b':', value @ ..] => (Kind::Json, value),
                _ => (Kind::Text, value),
            };
            match name {
                b"static" => out.attribute("static", value),
                b"late" => out.attribute("late", value),
                _ => out.named(Text::quoted(name), kind, Text::quoted(value)),
            }
        }
        Line::Entry
    }
}

fn pairs_of(line: &str) -> Vec<(String, String)> {
    parse(&Pairs, line).remove(0).attributes
}

#[test]
fn names_from_the_line() {
    let entries = parse(&Pairs, "a=1 b=2\nb=3 a=4 c=5\nd=6\n");
    assert_eq!(entries[0].attributes, pairs(&[("a", "1"), ("b", "2")]));
    assert_eq!(entries[1].attributes, pairs(&[("b", "3"), ("a", "4"), ("c", "5")]));
    assert_eq!(entries[2].attributes, pairs(&[("d", "6")]));
    assert_eq!(pairs_of("\\u0061b=x\\ty ab=2 =none"), pairs(&[("ab", "2")]));
    assert_eq!(pairs_of("\\u0061b=x\\ty"), pairs(&[("ab", "x\ty")]));
    let long = "n".repeat(257);
    assert_eq!(pairs_of(&format!("{long}=1 {}=2", &long[1..])), pairs(&[(&long[1..], "2")]));
}

#[test]
fn a_name_has_its_last_value_of_whatever_kind() {
    let entries = parse(&Pairs, "a=1 a=i:2\na=i:3 a=j:4 a=5\na=6\n");
    let read: Vec<_> = entries.iter().map(|e| (e.get("a").unwrap(), e.kind("a").unwrap())).collect();
    assert_eq!(read, [("2", Kind::Integer), ("5", Kind::Text), ("6", Kind::Text)]);
}

#[test]
fn a_name_may_be_set_both_ways() {
    for (line, expected) in [
        ("static=1 a=2 static=3", &[("static", "3"), ("a", "2")][..]),
        ("a=1 static=2 a=3", &[("a", "3"), ("static", "2")]),
        ("late=1 a=2 late=3", &[("late", "3"), ("a", "2")]),
        ("\\u006cate=1 late=2", &[("late", "2")]),
        ("late=1 \\u006cate=2", &[("late", "2")]),
        ("static=1 \\u0073tatic=i:2", &[("static", "2")]),
        ("\\u0073tatic=i:2 static=1", &[("static", "1")]),
    ] {
        assert_eq!(pairs_of(line), pairs(expected), "{line}");
        // With names that are known from lines before.
        let twice = parse(&Pairs, &format!("late=0\n{line}\nnot so\n{line}\n"));
        assert_eq!(twice[1].attributes, pairs(expected), "{line}");
        assert_eq!(twice[3].attributes, pairs(expected), "{line}");
    }
}

#[test]
fn an_answer_has_no_more_names_than_can_be_searched() {
    let line = |from: usize, count: usize| -> String {
        (from..from + count).map(|n| format!("n{n}=x")).collect::<Vec<_>>().join(" ")
    };
    let text = format!("{}\n{}\n{}\n", line(0, 600), line(600, 600), line(300, 600));
    let parse = |text: &str, flush: bool| {
        let context = Context::new("", crate::time::Clock::utc(0), flush);
        let parsed = crate::parse(&Pairs, text.as_bytes(), &context);
        (parsed.consumed as usize, parsed.records.attributes_end)
    };
    // The text ends where the names are too many, and goes on there.
    let first = line(0, 600).len() + 1;
    assert_eq!(parse(&text, false), (first, vec![600]));
    assert_eq!(parse(&text[first..], false), (line(600, 600).len() + 1, vec![600]));
    // With `flush` it cannot end: the second line has as many as there is room for.
    assert_eq!(parse(&text, true), (text.len(), vec![600, 1024, 1624]));
    // Alone it has the first thousand.
    assert_eq!(pairs_of(&line(0, 3000)).len(), 1024);
}

proptest::proptest! {
    #[test]
    fn any_pairs_agree_with_a_map(
        lines in proptest::collection::vec(
            proptest::collection::vec(("(static|late|[a-c]|\\\\u0061|\\\\u006cate)", "(i:|j:)?[0-9]"), 1..6), 1..6),
    ) {
        let text: String = lines.iter()
            .map(|line| line.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join(" ") + "\n").collect();
        for (entry, line) in parse(&Pairs, &text).iter().zip(&lines) {
            let mut expected: Vec<(String, String)> = Vec::new();
            for (name, value) in line {
                let name = name.replace("\\u0061", "a").replace("\\u006cate", "late");
                let value = value.trim_start_matches("i:").trim_start_matches("j:").to_owned();
                match expected.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, old)) => *old = value,
                    None => expected.push((name, value)),
                }
            }
            proptest::prop_assert_eq!(&entry.attributes, &expected, "{}", text);
        }
    }
}

#[test]
fn the_kinds_of_json_numbers() {
    for (raw, kind) in [
        ("0", Kind::Integer),
        ("-5", Kind::Integer),
        ("9223372036854775807", Kind::Integer),
        ("9223372036854775808", Kind::Text),
        ("1.5", Kind::Float),
        ("1e9", Kind::Float),
        ("-2.5E-10", Kind::Float),
        ("1e999", Kind::Text),
    ] {
        assert_eq!(number_kind(raw.as_bytes()), kind, "{raw}");
    }
    assert_eq!(number_kind("9".repeat(400).as_bytes()), Kind::Text);
    assert_eq!(number_kind(format!("{}.5", "9".repeat(400)).as_bytes()), Kind::Text);
}

/// A declared name that is a number, and the same read from the line.
struct Number;

impl Parser for Number {
    const KEYS: &'static [&'static str] = &["before", "n", "after"];

    fn configure(_: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        let [before, n, after] = Self::KEYS else { return Line::Unrecognised };
        let n_read = Text::plain(b"n");
        match (line.strip_prefix(b"read "), line.strip_prefix(b"text ")) {
            (Some(value), _) => out.named(n_read, Kind::Integer, Text::plain(value)),
            (_, Some(value)) => out.named(n_read, Kind::Text, Text::plain(value)),
            _ => {
                out.attribute(before, line);
                out.attribute_as(n, Kind::Integer, line);
                out.attribute(after, line);
            }
        }
        Line::Entry
    }
}

#[test]
fn a_declared_name_has_the_kind_of_its_use() {
    let entries = parse(&Number, "5\n6\n");
    for entry in &entries {
        assert_eq!(entry.kinds, [Kind::Text, Kind::Integer, Kind::Text]);
    }
    assert_eq!(entries[1].attributes, pairs(&[("before", "6"), ("n", "6"), ("after", "6")]));
    // However the lines follow each other: no key is there twice, which `parse` checks.
    for text in
        ["read 5\n6\ntext 7\n8\nread 9\n", "text 5\n6\nread 7\ntext 8\n", "5\ntext 6\nread 7\n8\ntext 9\n"]
    {
        for (entry, line) in parse(&Number, text).iter().zip(text.lines()) {
            let expected = if line.starts_with("text") { Kind::Text } else { Kind::Integer };
            assert_eq!(entry.kind("n"), Some(expected), "{line} in {text:?}");
            assert_eq!(entry.get("n"), line.split(' ').next_back());
        }
    }
}
