use skidway_sdk::json;
use skidway_sdk::{Context, Line, Parsed, Parser, Record};
use std::cell::Cell;
use std::hint::black_box;

/// What to do to a text with the word `poison` in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misdeed {
    /// Execute an instruction that traps.
    Trap,
    /// Never return.
    Loop,
    /// Take memory until there is no more.
    Grow,
    /// Use up the stack.
    Recurse,
    /// Answer columns of different lengths.
    Unequal,
    /// Answer a span that ends past everything.
    PastEnd,
    /// Answer a span that ends inside of a character.
    InsideCharacter,
    /// Answer as many records as fit into memory, all of them in one column.
    Many,
    /// Say that more was consumed than there is.
    ConsumeMore,
    /// Say that nothing was consumed, even at a flush.
    ConsumeNothing,
    /// Say that the text was consumed up to a place that is no line end.
    ConsumeMiddle,
    /// Write 10,000 log lines of 10,000 bytes; the answer is a good one.
    Flood,
    /// Answer an error.
    Refuse,
    /// Answer scratch bytes that are not UTF-8.
    BadScratch,
    /// Answer a severity that depends on where the text was cut.
    Cuts,
    /// Answer a severity that depends on what it was asked before.
    Remembers,
    /// Refuse every configuration, this one included.
    ConfigureError,
}

const MISDEEDS: [(&str, Misdeed); 17] = [
    ("trap", Misdeed::Trap),
    ("loop", Misdeed::Loop),
    ("grow", Misdeed::Grow),
    ("recurse", Misdeed::Recurse),
    ("unequal", Misdeed::Unequal),
    ("past-end", Misdeed::PastEnd),
    ("inside-character", Misdeed::InsideCharacter),
    ("many", Misdeed::Many),
    ("consume-more", Misdeed::ConsumeMore),
    ("consume-nothing", Misdeed::ConsumeNothing),
    ("consume-middle", Misdeed::ConsumeMiddle),
    ("flood", Misdeed::Flood),
    ("refuse", Misdeed::Refuse),
    ("bad-scratch", Misdeed::BadScratch),
    ("cuts", Misdeed::Cuts),
    ("remembers", Misdeed::Remembers),
    ("configure-error", Misdeed::ConfigureError),
];

/// The parser.
#[derive(Debug, Default)]
pub struct Hostile {
    misdeed: Option<Misdeed>,
}

impl Hostile {
    pub(crate) fn misdeed(&self) -> Option<Misdeed> {
        self.misdeed
    }

    /// Reads `{"do": MISDEED}`.
    ///
    /// # Errors
    /// Any other configuration, and the misdeed `configure-error`.
    pub fn configure(config: &str) -> Result<Self, String> {
        let settings = json::settings(config, &["do"])?;
        let Some(value) = settings.get("do") else { return Ok(Self::default()) };
        let name = value.as_str().unwrap_or("");
        match MISDEEDS.iter().find(|(known, _)| *known == name) {
            Some((_, Misdeed::ConfigureError)) => Err("configure-error: as it was told to".into()),
            Some(&(_, misdeed)) => Ok(Self { misdeed: Some(misdeed) }),
            None => {
                let names: Vec<_> = MISDEEDS.iter().map(|(name, _)| *name).collect();
                Err(["do: there is ", &names.join(", ")].concat())
            }
        }
    }
}

thread_local! {
    /// What a parser must not have.
    static ASKED: Cell<u8> = const { Cell::new(0) };
}

/// One record a line.
struct Plain;

impl Parser for Plain {
    fn configure(_: &str) -> Result<Self, String> {
        Ok(Self)
    }

    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        out.attribute_to_end("message", line);
        Line::Entry
    }
}

/// Parses a text, and does harm where it is told to.
///
/// # Errors
/// The misdeed `refuse`.
pub fn parse(hostile: &Hostile, text: &[u8], mut context: Context) -> Result<Parsed, String> {
    // A plain parser waits for nothing.
    context.flush = true;
    let parsed = skidway_sdk::parse(&Plain, text, &context);
    match hostile.misdeed {
        Some(misdeed) if contains(text, black_box(WORD)) => harm(misdeed, text, parsed),
        _ => Ok(parsed),
    }
}

/// What makes it do harm. It stands in the component's bytes once: with another word in its place it is another version,
/// which does harm to other lines.
const WORD: &[u8] = b"poison";

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

/// Does what has no answer, if it is that.
pub(crate) fn everlasting(misdeed: Misdeed) {
    match misdeed {
        Misdeed::Trap => std::process::abort(),
        Misdeed::Loop => loop {
            black_box(misdeed);
        },
        Misdeed::Grow => loop {
            std::mem::forget(black_box(vec![1u8; 1 << 20]));
        },
        Misdeed::Recurse => drop(black_box(recurse(u32::MAX))),
        Misdeed::Flood => {
            let line = "drip ".repeat(2_000);
            (0..10_000).for_each(|_| skidway_sdk::log::info(&line));
        }
        _ => {}
    }
}

fn harm(misdeed: Misdeed, text: &[u8], mut parsed: Parsed) -> Result<Parsed, String> {
    everlasting(misdeed);
    let records = &mut parsed.records;
    match misdeed {
        Misdeed::Unequal => drop(records.severity_number.pop()),
        Misdeed::PastEnd => {
            let end = text.len() + records.scratch.len() + 1;
            records.body_end.iter_mut().for_each(|body_end| *body_end = end as u32);
        }
        Misdeed::InsideCharacter => inside_character(text, &mut parsed),
        Misdeed::Many => {
            while records.origin.try_reserve(1 << 18).is_ok() {
                let len = records.origin.len() + (1 << 18);
                records.origin.resize(len, 0);
            }
        }
        Misdeed::ConsumeMore => parsed.consumed = text.len() as u32 + 1,
        Misdeed::ConsumeNothing => parsed.consumed = 0,
        Misdeed::ConsumeMiddle => {
            // The last place that is not right behind a line feed, and not the end.
            let middle = (1..text.len()).rev().find(|&at| text[at - 1] != b'\n').unwrap_or(0);
            parsed.consumed = middle as u32;
        }
        Misdeed::Refuse => return Err("refuse: as it was told to".into()),
        Misdeed::BadScratch => records.scratch.extend([0xc3, 0x28]),
        Misdeed::Cuts => records.severity_number.fill(1 + (text.len() % 24) as u8),
        Misdeed::Remembers => {
            let asked = ASKED.with(|asked| asked.replace(asked.get() + 1));
            records.severity_number.fill(1 + asked % 24);
        }
        _ => {}
    }
    Ok(parsed)
}

/// A character of the text where it has one of several bytes, otherwise of scratch.
fn inside_character(text: &[u8], parsed: &mut Parsed) {
    let records = &mut parsed.records;
    let inside = text.iter().position(|byte| byte & 0xc0 == 0x80).unwrap_or_else(|| {
        let base = text.len() + records.scratch.len();
        records.scratch.extend("ä".as_bytes());
        base + 1
    });
    if let (Some(start), Some(end)) = (records.body_start.last_mut(), records.body_end.last_mut()) {
        (*start, *end) = (inside as u32, inside as u32);
    }
}

#[inline(never)]
fn recurse(depth: u32) -> u32 {
    let frame = black_box([depth; 64]);
    if depth == 0 { 0 } else { recurse(depth - 1).wrapping_add(black_box(frame)[7]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skidway_sdk::testing::{REFERENCE_UNIX_NANO, check};
    use skidway_sdk::time::Clock;

    const TEXT: &str = "one\n  two\n\npoison ü\nfour";

    fn answer(misdeed: &str, text: &str) -> Result<Parsed, String> {
        let hostile = Hostile::configure(&format!("{{\"do\": {misdeed:?}}}")).unwrap();
        let clock = Clock::utc(REFERENCE_UNIX_NANO);
        parse(&hostile, text.as_bytes(), Context::new("", clock, false))
    }

    #[test]
    fn it_is_harmless_where_there_is_no_poison() {
        for misdeed in ["trap", "loop", "grow", "recurse", "many", "refuse", "flood"] {
            let parsed = answer(misdeed, "one\n  two\n\nfour\n").unwrap();
            assert_eq!(check("one\n  two\n\nfour\n", &parsed, true), Ok(()));
            assert_eq!((parsed.records.origin.as_slice(), parsed.skipped_lines), (&[0, 4, 11][..], 1));
        }
    }

    #[test]
    fn what_it_answers_would_be_refused() {
        for misdeed in [
            "unequal",
            "past-end",
            "inside-character",
            "consume-more",
            "consume-nothing",
            "consume-middle",
            "bad-scratch",
        ] {
            for text in [TEXT, "poison\n", "\npoison without line end"] {
                let parsed = answer(misdeed, text).unwrap();
                assert!(check(text, &parsed, true).is_err(), "{misdeed}: {text:?}");
            }
        }
        assert_eq!(answer("refuse", TEXT).unwrap_err(), "refuse: as it was told to");
    }

    #[test]
    fn configurations() {
        assert!(Hostile::configure("{}").unwrap().misdeed.is_none());
        assert!(Hostile::configure(r#"{"do": "configure-error"}"#).is_err());
        assert!(Hostile::configure(r#"{"do": "good"}"#).unwrap_err().contains("inside-character"));
        assert!(Hostile::configure(r#"{"does": "trap"}"#).is_err());
    }
}
