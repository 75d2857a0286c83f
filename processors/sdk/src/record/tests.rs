//! Records and parsing rules that the syslog parsers do not show.

use crate::testing::{Entry, parse};
use crate::{Context, Kind, Line, Parser, Record};

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
