//! Entries of several lines: additions and blank lines.
#![allow(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;
use skidway_sdk::testing::{Entry, parse};
use skidway_sdk::{Context, Line, Parser, Record, no_settings};

/// `START text` begins an entry, `+key value` adds to it, what is indented continues it.
struct Stanzas;

/// The same, over blank lines.
struct Chains;

fn line(line: &[u8], out: &mut Record<'_>) -> Line {
    match line {
        [b' ', ..] => Line::Continuation,
        [b'+', key, b' ', value @ ..] => {
            match key {
                b'a' => out.attribute("a", value),
                b'b' => out.attribute("b", value),
                b't' => out.time(7),
                b's' => out.severity(17),
                _ => return Line::Unrecognised,
            }
            Line::Addition
        }
        _ => match line.strip_prefix(b"START ") {
            Some(rest) => {
                out.time(5);
                out.severity(9);
                out.attribute("a", b"first");
                out.attribute_to_end("message", rest);
                Line::Entry
            }
            None => Line::Unrecognised,
        },
    }
}

impl Parser for Stanzas {
    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config).map(|()| Self)
    }

    fn line(&self, text: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        line(text, out)
    }
}

impl Parser for Chains {
    const BLANK_LINES_JOIN: bool = true;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config).map(|()| Self)
    }

    fn line(&self, text: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        line(text, out)
    }
}

fn bodies(entries: &[Entry]) -> Vec<(&str, bool)> {
    entries.iter().map(|entry| (entry.body.as_str(), entry.recognised)).collect()
}

#[test]
fn what_is_added_takes_the_place_of_what_is_there() {
    let entries = parse(&Stanzas, "START x\n+b two\n+a new\n more\n+b three\nSTART y\n+t 0\n+s 0\n");
    assert_eq!(
        bodies(&entries),
        [("START x\n+b two\n+a new\n more\n+b three", true), ("START y\n+t 0\n+s 0", true)]
    );
    let message = "x\n+b two\n+a new\n more\n+b three";
    assert_eq!(entries[0].pairs(), [("a", "new"), ("message", message), ("b", "three")]);
    assert_eq!((entries[0].time_unix_nano, entries[0].severity), (5, 9));
    assert_eq!((entries[1].time_unix_nano, entries[1].severity), (7, 17));
    assert_eq!(entries[1].pairs(), [("a", "first"), ("message", "y\n+t 0\n+s 0")]);
}

#[test]
fn an_addition_to_nothing_is_a_record_of_its_own() {
    let entries = parse(&Stanzas, "+a lost\nSTART x\n\n+b late\nother\n+a lost\n");
    let expected =
        [("+a lost", false), ("START x", true), ("+b late", false), ("other", false), ("+a lost", false)];
    assert_eq!(bodies(&entries), expected);
    assert!(entries.iter().filter(|entry| !entry.recognised).all(|entry| entry.attributes.is_empty()));
}

#[test]
fn blank_lines_end_an_entry_or_lie_in_it() {
    let text = "START x\n\n more\n\t\n\n+b two\n\nSTART y\n\n\nother\n\n lost\n";
    let ended = [
        ("START x", true),
        ("more", false),
        ("+b two", false),
        ("START y", true),
        ("other", false),
        ("lost", false),
    ];
    assert_eq!(bodies(&parse(&Stanzas, text)), ended);
    let joined =
        [("START x\n\n more\n\t\n\n+b two", true), ("START y", true), ("other", false), ("lost", false)];
    let entries = parse(&Chains, text);
    assert_eq!(bodies(&entries), joined);
    assert_eq!(entries[0].pairs(), [("a", "first"), ("message", "x\n\n more\n\t\n\n+b two"), ("b", "two")]);
}

proptest! {
    /// `parse` checks each answer as the host does, for many ways to cut the text.
    #[test]
    fn any_text_gives_an_answer_that_the_host_accepts(
        lines in prop::collection::vec("(START x|\\+[abtsx] v| c|o|)\r?\n", 0..9),
    ) {
        parse(&Stanzas, &lines.concat());
        parse(&Chains, &lines.concat());
    }
}
