//! How two values of a field are shown side by side, with colours and without.
//!
//! What comes from logs is shown as JSON, in which nothing steers a terminal.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};

use serde_json::Value;

use crate::cli::Colour;

/// A field that two records have not in common.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    /// Such as `attributes.pid`.
    pub(crate) field: String,
    /// What it was or should be; nothing, where the record should not have it.
    pub(crate) left: Option<Value>,
    /// What it is.
    pub(crate) right: Option<Value>,
}

/// Paints, or does not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Painter {
    colour: bool,
}

/// What colours mean here.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Paint {
    /// What was expected, or was before.
    Left,
    /// What is there, or is new.
    Right,
    Good,
    Bad,
    /// What is said in passing.
    Faint,
    Strong,
}

impl Paint {
    fn code(self) -> &'static str {
        match self {
            Self::Left | Self::Bad => "31",
            Self::Right | Self::Good => "32",
            Self::Faint => "2",
            Self::Strong => "1",
        }
    }
}

impl Painter {
    /// For standard output: `auto` paints on a terminal, unless `NO_COLOR` is set.
    pub(crate) fn new(wish: Colour) -> Self {
        let colour = match wish {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => io::stdout().is_terminal() && crate::logging::colour(),
        };
        Self { colour }
    }

    pub(crate) fn paint<T: fmt::Display>(self, paint: Paint, text: T) -> impl fmt::Display {
        let (before, after) =
            if self.colour { (format!("\x1b[{}m", paint.code()), "\x1b[0m") } else { (String::new(), "") };
        fmt::from_fn(move |f| write!(f, "{before}{text}{after}"))
    }

    /// Fields that differ, one below the other, behind `indent`. `sides` says what left and right are.
    pub(crate) fn differences(
        self,
        out: &mut dyn Write,
        indent: &str,
        sides: [&str; 2],
        differences: &[Difference],
    ) -> io::Result<()> {
        let width = differences.iter().map(|one| one.field.chars().count()).max().unwrap_or(0);
        let side_width = sides.map(str::len).into_iter().max().unwrap_or(0);
        for Difference { field, left, right } in differences {
            let [left, right] = values(left.as_ref(), right.as_ref());
            let (field, nothing) = (printable(field), "");
            let [left_side, right_side] = sides;
            let left = self.paint(Paint::Left, left);
            let right = self.paint(Paint::Right, right);
            writeln!(out, "{indent}{field:width$}  {left_side:side_width$}  {left}")?;
            writeln!(out, "{indent}{nothing:width$}  {right_side:side_width$}  {right}")?;
        }
        Ok(())
    }
}

/// So much of a value is shown ...
const WIDTH: usize = 140;
/// ... with so much in front of where two values begin to differ.
const BEFORE: usize = 30;

/// Two values, each on one line, with the place where they differ in sight.
fn values(left: Option<&Value>, right: Option<&Value>) -> [String; 2] {
    let text = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), json);
    let both = [text(left), text(right)];
    let same = both[0].chars().zip(both[1].chars()).take_while(|(a, b)| a == b).count();
    let longest = both.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    let from = if longest > WIDTH { same.saturating_sub(BEFORE) } else { 0 };
    both.map(|text| cut(&text, from))
}

fn cut(text: &str, from: usize) -> String {
    let mut rest = text.chars().skip(from);
    let shown: String = rest.by_ref().take(WIDTH).collect();
    let before = if from > 0 { "…" } else { "" };
    let after = if rest.next().is_some() { "…" } else { "" };
    format!("{before}{shown}{after}")
}

/// A line of a log, as much of it as fits.
pub(crate) fn line(text: &str) -> String {
    let first = text.split('\n').next().unwrap_or("").trim_end_matches('\r');
    let more = if text.trim_end().len() > first.len() { " ⏎" } else { "" };
    format!("{}{more}", cut(&printable(first), 0))
}

/// `1 record`, `2 records`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// JSON, without what a terminal would act on: JSON itself lets some of it stand.
fn json(value: &Value) -> String {
    printable(&value.to_string())
}

pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_bidi(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// These make a text look like another one.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(colour: bool, differences: &[Difference]) -> String {
        let mut out = Vec::new();
        Painter { colour }.differences(&mut out, "  ", ["expected", "got"], differences).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_stand_below_each_other() {
        let differences = [
            Difference {
                field: "attributes.pid".to_owned(),
                left: Some(Value::from("842")),
                right: Some(Value::from(842)),
            },
            Difference { field: "time".to_owned(), left: None, right: Some(Value::from("x")) },
        ];
        let plain = "  \
            attributes.pid  expected  \"842\"\n                  got       842\n  \
            time            expected  nothing\n                  got       \"x\"\n";
        assert_eq!(shown(false, &differences), plain);
        let painted = shown(true, &differences);
        assert!(painted.contains("\x1b[31m\"842\"\x1b[0m") && painted.contains("\x1b[32m842\x1b[0m"));
    }

    #[test]
    fn where_long_values_differ_is_in_sight() {
        let value = |tail: &str| Some(Value::from(format!("{}{tail}", "a".repeat(500))));
        let [left, right] = values(value("left").as_ref(), value("right").as_ref());
        assert!(left.starts_with('…') && left.ends_with("aaaleft\""), "{left}");
        assert!(right.ends_with("aaaright\"") && right.chars().count() < 60, "{right}");
        let [left, right] = values(Some(&Value::from("b".repeat(500))), None);
        assert!(left.ends_with("bbb…") && right == "nothing", "{left}");
    }

    #[test]
    fn nothing_steers_a_terminal() {
        for text in ["\x1b[31mred", "\u{9b}31m", "\u{202e}abc", "a\rb\tc\x7f"] {
            let shown = [json(&Value::from(text)), line(text)];
            for shown in shown {
                assert!(!shown.chars().any(|c| c.is_control() || is_bidi(c)), "{shown:?}");
            }
        }
        assert_eq!(line("first\r\nsecond\r\n"), "first ⏎");
        assert_eq!(line("only\n"), "only");
    }
}
