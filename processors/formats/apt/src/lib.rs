//! apt's two logs, both in local time.
//!
//! A stanza of `history.log`, which begins with `Start-Date: 2026-11-25  14:30:08`, is one
//! record. What it did is in attributes: `apt.install`, `apt.upgrade` and their like are lists
//! as apt writes them. Its time is that of the start; one with an `Error:` is an error.
//!
//! A session of `term.log`, which begins with `Log started: 2026-11-25  14:30:08`, is one
//! record with all that was on the terminal up to `Log ended: …`: those lines have no mark of
//! their own. Where a session pauses for so long that its beginning has been delivered, what
//! comes after it is not recognised.

use skidway_sdk::time::local;
use skidway_sdk::{Context, Line, Parser, Record, no_settings};

static KEYS: [&str; 12] = [
    "timestamp",
    "message",
    "process.command_line",
    "apt.requested_by",
    "apt.install",
    "apt.reinstall",
    "apt.upgrade",
    "apt.downgrade",
    "apt.remove",
    "apt.purge",
    "error.message",
    "apt.end",
];

/// The fields of a stanza and their keys.
const FIELDS: [(&[u8], usize); 9] = [
    (b"Commandline", 2),
    (b"Requested-By", 3),
    (b"Install", 4),
    (b"Reinstall", 5),
    (b"Upgrade", 6),
    (b"Downgrade", 7),
    (b"Remove", 8),
    (b"Purge", 9),
    (b"Error", 10),
];

/// The parser; it has no settings.
#[derive(Debug)]
pub struct Apt;

impl Parser for Apt {
    const KEYS: &'static [&'static str] = &KEYS;
    const BLANK_LINES_JOIN: bool = true;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], context: &Context, out: &mut Record<'_>) -> Line {
        let field = line.iter().position(|&byte| byte == b':').and_then(|colon| line.split_at_checked(colon));
        let Some((name, [_, b' ', value @ ..])) = field else { return Line::Continuation };
        match name {
            b"Start-Date" | b"Log started" => {
                let Some((written, stamp)) = date(value, context) else { return Line::Unrecognised };
                out.time(stamp);
                out.attribute(KEYS[0], written);
                if name == b"Log started" {
                    out.attribute_to_end(KEYS[1], value.split_at(value.len()).1);
                }
                Line::Entry
            }
            b"End-Date" | b"Log ended" => {
                let Some((written, _)) = date(value, context) else { return Line::Continuation };
                out.attribute(KEYS[11], written);
                Line::Addition
            }
            _ => match FIELDS.iter().find(|(field, _)| *field == name) {
                Some(&(_, key)) => {
                    stanza(key, value, out);
                    Line::Addition
                }
                None => Line::Continuation,
            },
        }
    }
}

fn stanza(key: usize, value: &[u8], out: &mut Record<'_>) {
    match key {
        2 => out.attribute(KEYS[1], value),
        10 => out.severity(17),
        _ => {}
    }
    out.attribute(KEYS[key], value);
}

/// A stamp with two spaces in it, alone in its line: as it is written, and its time.
fn date<'l>(value: &'l [u8], context: &Context) -> Option<(&'l [u8], u64)> {
    let value: &[u8; 20] = value.try_into().ok()?;
    let (day, [b' ', b' ', time @ ..]) = value.split_first_chunk::<10>()? else { return None };
    let mut one_space = [b' '; 19];
    one_space[..10].copy_from_slice(day);
    one_space[11..].copy_from_slice(time);
    let stamp = local(&one_space, &context.clock)?;
    (stamp.len == 19 && day[4] == b'-').then_some((value, stamp.unix_nano))
}

skidway_sdk::export_parser!(Apt);

#[cfg(test)]
mod tests;
