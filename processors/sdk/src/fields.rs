//! Records of programs that name their fields, in JSON or as `key=value`: which field
//! is the time, which the level, which the message.

use crate::json::Member;
use crate::time::{rfc3339, unix};
use crate::{Record, Text, severity_number};

/// The time, the level and the message among the fields of a line.
///
/// - The time is `time`, `timestamp`, `ts`, `@timestamp` or `t`, the first of these that is
///   one: RFC 3339, or a number of seconds, milliseconds, microseconds or nanoseconds
///   since 1970. As it is written it becomes the attribute `timestamp`.
/// - The level is `level`, `severity`, `lvl` or `log.level`: a word for one, or a number of pino's and
///   bunyan's.
/// - The message is `message` or `msg`, where that is a text.
///
/// All other fields are attributes, those of these names that are not taken among them.
#[derive(Debug, Default)]
pub struct Fields<'l> {
    time: Option<Found<'l, u64>>,
    level: Option<Found<'l, u8>>,
    message: Option<Found<'l, Text<'l>>>,
}

/// A field that is taken, for what it says.
#[derive(Debug)]
struct Found<'l, T> {
    /// The less, the better is its name.
    rank: u8,
    name: Text<'l>,
    value: Member<'l>,
    says: T,
}

enum Role {
    Time,
    Level,
    Message,
}

impl<'l> Fields<'l> {
    /// Takes the next field of the line.
    #[inline]
    pub fn add(&mut self, name: Text<'l>, value: Member<'l>, out: &mut Record<'_>) {
        let taken =
            match role(name.raw) {
                None => false,
                Some((Role::Time, rank)) => time(value)
                    .is_some_and(|says| take(&mut self.time, Found { rank, name, value, says }, out)),
                Some((Role::Level, rank)) => level(value)
                    .is_some_and(|says| take(&mut self.level, Found { rank, name, value, says }, out)),
                Some((Role::Message, rank)) => match value {
                    Member::String(says) => take(&mut self.message, Found { rank, name, value, says }, out),
                    _ => false,
                },
            };
        if !taken {
            out.member(name, value);
        }
    }

    /// Whether the line has any of the three.
    pub fn found_any(&self) -> bool {
        self.time.is_some() || self.level.is_some() || self.message.is_some()
    }

    /// Puts what was found into the record, after the last field.
    #[inline]
    pub fn finish(self, out: &mut Record<'_>) {
        if let Some(time) = self.time {
            out.time(time.says);
            out.attribute_text("timestamp", as_written(time.value));
        }
        if let Some(level) = self.level {
            out.severity(level.says);
        }
        if let Some(message) = self.message {
            out.attribute_text("message", message.says);
        }
    }
}

/// Puts a field into its place, unless a better one is there; a worse one that was there
/// becomes an attribute. Of one name the last counts.
#[inline]
fn take<'l, T>(place: &mut Option<Found<'l, T>>, found: Found<'l, T>, out: &mut Record<'_>) -> bool {
    match place {
        Some(there) if there.rank < found.rank => return false,
        Some(there) if there.rank > found.rank => out.member(there.name, there.value),
        _ => {}
    }
    *place = Some(found);
    true
}

#[inline]
fn role(name: &[u8]) -> Option<(Role, u8)> {
    Some(match name {
        b"time" => (Role::Time, 0),
        b"timestamp" => (Role::Time, 1),
        b"ts" => (Role::Time, 2),
        b"@timestamp" => (Role::Time, 3),
        b"t" => (Role::Time, 4),
        b"level" => (Role::Level, 0),
        b"severity" => (Role::Level, 1),
        b"lvl" => (Role::Level, 2),
        b"log.level" => (Role::Level, 3),
        b"message" => (Role::Message, 0),
        b"msg" => (Role::Message, 1),
        _ => return None,
    })
}

fn as_written(value: Member<'_>) -> Text<'_> {
    match value {
        Member::String(text) => text,
        Member::Number(raw) | Member::Boolean(raw) | Member::Nested(raw) => Text::plain(raw),
        Member::Null => Text::plain(b""),
    }
}

#[inline]
fn time(value: Member<'_>) -> Option<u64> {
    let (Member::String(Text { raw, .. }) | Member::Number(raw)) = value else { return None };
    let stamp = rfc3339(raw).or_else(|| unix(raw))?;
    (stamp.len == raw.len() && stamp.unix_nano != 0).then_some(stamp.unix_nano)
}

#[inline]
fn level(value: Member<'_>) -> Option<u8> {
    match value {
        Member::String(text) => severity_number(text.raw),
        // What pino and bunyan write: TRACE is 10, FATAL 60.
        Member::Number(&[tens @ b'1'..=b'6', b'0']) => Some((tens - b'1') * 4 + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Entry, parse_one};
    use crate::{Context, Line, Parser, json};

    struct Json;

    impl Parser for Json {
        fn configure(_: &str) -> Result<Self, String> {
            Ok(Self)
        }

        fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
            let mut fields = Fields::default();
            if !json::members(line, |name, value| fields.add(name, value, out)) {
                return Line::Unrecognised;
            }
            fields.finish(out);
            Line::Entry
        }
    }

    fn read(line: &str) -> Entry {
        parse_one(&Json, line)
    }

    #[test]
    fn times_of_all_kinds() {
        let noon = 1_795_348_800_000_000_000;
        for time in [
            r#""2026-11-22T12:00:00Z""#,
            r#""2026-11-22T13:00:00.000+01:00""#,
            "1795348800",
            "1795348800.0",
            "1795348800000",
            "1795348800000000",
            "1795348800000000000",
            r#""1795348800""#,
        ] {
            for key in ["time", "timestamp", "ts", "@timestamp", "t"] {
                let entry = read(&format!("{{\"{key}\":{time}}}"));
                assert_eq!(entry.pairs(), [("timestamp", time.trim_matches('"'))]);
                assert_eq!(entry.time_unix_nano, noon, "{time}");
            }
        }
        for none in [r#""yesterday""#, "12", "true", "null", "{}", "1795348800.5e3", r#""2026-11-22""#] {
            let entry = read(&format!("{{\"time\":{none}}}"));
            assert_eq!(entry.time_unix_nano, 0, "{none}");
            assert_eq!(entry.get("timestamp"), None);
        }
    }

    #[test]
    fn levels_of_all_kinds() {
        for (level, number) in [
            (r#""info""#, 9),
            (r#""WARNING""#, 13),
            ("10", 1),
            ("20", 5),
            ("30", 9),
            ("40", 13),
            ("50", 17),
            ("60", 21),
        ] {
            for key in ["level", "severity", "lvl", "log.level"] {
                let entry = read(&format!("{{\"{key}\":{level}}}"));
                assert_eq!((entry.severity, entry.pairs()), (number, vec![]), "{level}");
            }
        }
        for other in [r#""audit""#, "6", "35", "70", "null"] {
            assert_eq!(read(&format!("{{\"level\":{other}}}")).severity, 0, "{other}");
        }
        assert_eq!(read(r#"{"level":"audit"}"#).pairs(), [("level", "audit")]);
    }

    #[test]
    fn the_best_name_counts_and_the_others_are_attributes() {
        let entry =
            read(r#"{"msg":"a","message":"b","ts":1795348800,"time":1795348801,"lvl":"x","level":"info"}"#);
        assert_eq!(
            entry.pairs(),
            [("msg", "a"), ("ts", "1795348800"), ("lvl", "x"), ("timestamp", "1795348801"), ("message", "b")]
        );
        let entry = read(r#"{"message":"b","msg":"a","time":"x","ts":1795348800,"timestamp":"y"}"#);
        assert_eq!(
            entry.pairs(),
            [("msg", "a"), ("time", "x"), ("timestamp", "1795348800"), ("message", "b")]
        );
        assert_eq!(read(r#"{"msg":"a","msg":"b"}"#).pairs(), [("message", "b")]);
        assert_eq!(read(r#"{"msg":{"a":1}}"#).pairs(), [("msg", "{\"a\":1}")]);
    }
}
