//! The kernel's ring buffer, as `dmesg` prints it and as it lies in `/var/log/dmesg`:
//! - `[    0.000000] Linux version 6.8.0`, seconds since the start
//! - `<6>[    0.000000] Linux version 6.8.0`, with a priority (`dmesg -r`)
//! - `kern  :info  : [    0.000000] Linux version 6.8.0`, with its words (`dmesg -x`)
//! - `[Wed Nov 25 14:30:08 2026] Linux version 6.8.0`, local time (`dmesg -T`)
//! - `[    0.000000][    T0] …` or `[    0.000000] [    T0] …`, with who wrote it
//! - `[    0.000000] kernel: …`, what Debian's and Ubuntu's dmesg.service leaves
//!
//! Seconds since the start are the attribute `kernel.uptime`. Nothing in the file says when
//! the start was, so such a record has no time.

use skidway_sdk::time::{Clock, ctime};
use skidway_sdk::{Context, Kind, Line, Parser, Record, cut, no_settings};

static KEYS: [&str; 5] = ["timestamp", "kernel.caller", "syslog.facility", "unit", "message"];

/// OpenTelemetry's numbers of syslog's severities.
const SEVERITIES: [u8; 8] = [21, 19, 18, 17, 13, 10, 9, 5];

/// What `dmesg -x` calls the severities and the facilities.
const LEVELS: [&[u8]; 8] = [b"emerg", b"alert", b"crit", b"err", b"warn", b"notice", b"info", b"debug"];
const FACILITIES: [&[u8]; 12] = [
    b"kern",
    b"user",
    b"mail",
    b"daemon",
    b"auth",
    b"syslog",
    b"lpr",
    b"news",
    b"uucp",
    b"cron",
    b"authpriv",
    b"ftp",
];

/// The parser; it has no settings.
#[derive(Debug)]
pub struct Kernel;

impl Parser for Kernel {
    const KEYS: &'static [&'static str] = &KEYS;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], context: &Context, out: &mut Record<'_>) -> Line {
        let known = match line.first() {
            // dmesg indents the further lines of a message.
            Some(b' ' | b'\t') => return Line::Continuation,
            Some(b'[') => stamped(line, &context.clock, out),
            Some(b'<') => raw(line, &context.clock, out),
            Some(b'a'..=b'z') => decoded(line, &context.clock, out),
            _ => None,
        };
        if known.is_some() { Line::Entry } else { Line::Unrecognised }
    }
}

/// `<PRIORITY>[…`: facility and severity in one number.
fn raw(line: &[u8], clock: &Clock, out: &mut Record<'_>) -> Option<()> {
    let (priority, rest) = cut::within(line, b'<', b'>')?;
    let number: u16 = std::str::from_utf8(priority).ok()?.parse().ok()?;
    // Facilities go up to 23.
    let is_priority = number < 24 * 8
        && cut::digits(priority).1.is_empty()
        && (priority.len() == 1 || !priority.starts_with(b"0"));
    is_priority.then_some(())?;
    let (facility, severity) = (usize::from(number / 8), usize::from(number % 8));
    out.severity(*SEVERITIES.get(severity)?);
    if let Some(name) = FACILITIES.get(facility).filter(|_| facility > 0) {
        out.attribute(KEYS[2], name);
    }
    stamped(rest, clock, out)
}

/// `kern  :info  : […`.
fn decoded(line: &[u8], clock: &Clock, out: &mut Record<'_>) -> Option<()> {
    let (facility, rest) = name(line)?;
    let (level, rest) = name(rest)?;
    FACILITIES.contains(&facility).then_some(())?;
    let severity = LEVELS.iter().position(|known| *known == level)?;
    out.severity(*SEVERITIES.get(severity)?);
    if facility != b"kern" {
        out.attribute(KEYS[2], facility);
    }
    stamped(rest.strip_prefix(b" ")?, clock, out)
}

/// A word that is filled up with spaces to a colon.
fn name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (word, rest) = text.split_at(text.iter().take(9).position(|&byte| byte == b':')?);
    Some((word.trim_ascii_end(), rest.strip_prefix(b":")?))
}

/// `[STAMP]`, who wrote it or nothing, a text.
#[inline]
fn stamped(line: &[u8], clock: &Clock, out: &mut Record<'_>) -> Option<()> {
    let (inside, rest) = cut::within(line, b'[', b']')?;
    match uptime(inside) {
        Some(seconds) => out.attribute_as("kernel.uptime", Kind::Float, seconds),
        None => {
            // Without the fraction that Apache writes.
            let stamp = ctime(inside, clock).filter(|_| inside.len() == 24)?;
            out.time(stamp.unix_nano);
            out.attribute(KEYS[0], inside);
        }
    }
    let rest = match caller(rest).or_else(|| caller(rest.strip_prefix(b" ")?)) {
        Some((caller, rest)) => {
            out.attribute(KEYS[1], caller);
            rest
        }
        None => rest,
    };
    let message = match rest {
        [] => rest,
        _ => rest.strip_prefix(b" ")?,
    };
    let (unit, message) = match message.strip_prefix(b"kernel: ") {
        Some(behind) => (message.get(..6)?, behind),
        None => (&[][..], message),
    };
    if !unit.is_empty() {
        out.attribute(KEYS[3], unit);
    }
    out.attribute_to_end(KEYS[4], message);
    Some(())
}

/// Seconds with six digits behind the point, to the right of five columns.
#[inline]
fn uptime(inside: &[u8]) -> Option<&[u8]> {
    let number = inside.split_at(inside.iter().take_while(|&&byte| byte == b' ').count()).1;
    let (whole, rest) = cut::digits(number);
    let (fraction, end) = cut::digits(rest.strip_prefix(b".")?);
    let is_uptime =
        (12..=19).contains(&inside.len()) && !whole.is_empty() && fraction.len() == 6 && end.is_empty();
    is_uptime.then_some(number)
}

/// `[   T42]`, a task, or `[    C1]`, a processor.
#[inline]
fn caller(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (inside, rest) = cut::within(text, b'[', b']')?;
    let caller = inside.split_at(inside.iter().take_while(|&&byte| byte == b' ').count()).1;
    let number = caller.strip_prefix(b"T").or_else(|| caller.strip_prefix(b"C"))?;
    let is_caller = !number.is_empty() && cut::digits(number).1.is_empty() && inside.len() >= 5;
    is_caller.then_some((caller, rest))
}

skidway_sdk::export_parser!(Kernel);

#[cfg(test)]
mod tests;
