//! Parses what this application writes:
//!
//! ```text
//! 2026-11-22T11:19:23.080Z WARN billing: card 4711 was declined
//!     an indented line belongs to the entry before it
//! ```

use skidway_sdk::time::rfc3339;
use skidway_sdk::{Context, Line, Parser, Record, no_settings};

/// The parser; it has no settings.
pub struct MyParser;

impl Parser for MyParser {
    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return Line::Continuation;
        }
        read(line, out).map_or(Line::Unrecognised, |()| Line::Entry)
    }
}

/// `STAMP LEVEL COMPONENT: message`.
fn read(line: &[u8], out: &mut Record<'_>) -> Option<()> {
    let stamp = rfc3339(line)?;
    let (level, rest) = cut(line.get(stamp.len + 1..)?, b' ')?;
    let (component, rest) = cut(rest, b':')?;
    out.time(stamp.unix_nano);
    out.severity(severity(level)?);
    out.attribute("component", component);
    // To the end of the entry: it grows with the lines that follow.
    out.attribute_to_end("message", rest.strip_prefix(b" ").unwrap_or(rest));
    Some(())
}

/// What stands before and behind the first `separator`.
fn cut(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == separator)?;
    Some((&text[..at], &text[at + 1..]))
}

/// OpenTelemetry's numbers.
fn severity(level: &[u8]) -> Option<u8> {
    Some(match level {
        b"TRACE" => 1,
        b"DEBUG" => 5,
        b"INFO" => 9,
        b"WARN" => 13,
        b"ERROR" => 17,
        b"FATAL" => 21,
        _ => return None,
    })
}

skidway_sdk::export_parser!(MyParser);

#[cfg(test)]
mod tests {
    use super::*;
    use skidway_sdk::testing;

    // `testing` also cuts the text in many ways and checks the answers as the agent does.
    #[test]
    fn an_entry_takes_its_indented_lines_along() {
        let text = "2026-11-22T11:19:23Z ERROR api: it failed\n    at line 7\n2026-11-22T11:19:24Z INFO api: on\n";
        let entries = testing::parse(&MyParser, text);
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].severity, 17);
        assert_eq!(entries[0].pairs(), [("component", "api"), ("message", "it failed\n    at line 7")]);
    }

    #[test]
    fn a_line_of_another_format_is_left_as_it_is() {
        let entry = testing::parse_one(&MyParser, "something else");
        assert!(!entry.recognised && entry.attributes.is_empty());
    }
}
