//! cloud-init's two logs.
//!
//! `cloud-init.log` is one of Python's: `2026-11-25 14:30:08,123 - util.py[DEBUG]: text`, in
//! UTC whatever the host's zone is. Tracebacks, and what a command that failed has said,
//! belong to the entry before them.
//!
//! `cloud-init-output.log` is what cloud-init and all programs that it starts print. Of that
//! its own lines are known: `Cloud-init v. 24.1 running 'init' at Wed, 25 Nov 2026 14:30:08
//! +0000. Up 7.20 seconds.`, warnings as in the other log, and the tables that begin with
//! `ci-info:`, which have no time. The rest could be anything and is not recognised.

use skidway_sdk::time::{Clock, local, rfc2822};
use skidway_sdk::{Context, Kind, Line, Parser, Record, cut, no_settings};

static KEYS: [&str; 6] =
    ["timestamp", "unit", "code.file.path", "cloud_init.version", "cloud_init.stage", "message"];

/// Lines that Python and cloud-init write without indentation in the middle of an entry.
const CONTINUATIONS: [&[u8]; 8] = [
    b"Traceback (most recent call last):",
    b"During handling of the above exception, another exception occurred:",
    b"The above exception was the direct cause of the following exception:",
    b"Command: ",
    b"Exit code: ",
    b"Reason: ",
    b"Stdout: ",
    b"Stderr: ",
];

/// The parser; it has no settings.
#[derive(Debug)]
pub struct CloudInit {
    utc: Clock,
}

impl Parser for CloudInit {
    const KEYS: &'static [&'static str] = &KEYS;
    const BLANK_LINES_JOIN: bool = true;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self { utc: Clock::utc(0) })
    }

    #[inline]
    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        let entry = match line.first() {
            Some(b'0'..=b'9') => self.logged(line, out),
            Some(b'C') => banner(line, out),
            Some(b'c') => table(line, out),
            _ => None,
        };
        match entry {
            Some(()) => Line::Entry,
            None if is_continuation(line) => Line::Continuation,
            None => Line::Unrecognised,
        }
    }
}

impl CloudInit {
    /// `STAMP - FILE[LEVEL]: text`.
    #[inline]
    fn logged(&self, line: &[u8], out: &mut Record<'_>) -> Option<()> {
        let stamp = local(line, &self.utc)?;
        let (written, rest) = line.split_at_checked(stamp.len)?;
        let rest = rest.strip_prefix(b" - ")?;
        let (file, rest) = rest.split_at(rest.iter().position(|&byte| byte == b'[')?);
        let (level, rest) = cut::within(rest, b'[', b']')?;
        let message = rest.strip_prefix(b":")?;
        let severity = severity(level)?;
        if file.is_empty() || file.contains(&b' ') {
            return None;
        }
        out.time(stamp.unix_nano);
        out.severity(severity);
        out.attribute(KEYS[0], written);
        out.attribute(KEYS[2], file);
        out.attribute_to_end(KEYS[5], message.strip_prefix(b" ").unwrap_or(message));
        Some(())
    }
}

fn severity(level: &[u8]) -> Option<u8> {
    // Its own level, between a warning and an error.
    if level == b"DEPRECATED" {
        return Some(13);
    }
    level.iter().all(u8::is_ascii_uppercase).then(|| skidway_sdk::severity_number(level))?
}

/// `Cloud-init v. VERSION running 'STAGE' at STAMP. Up N seconds.`, or `finished at`.
fn banner(line: &[u8], out: &mut Record<'_>) -> Option<()> {
    let (version, rest) = cut::word(line.strip_prefix(b"Cloud-init v. ")?);
    let (stage, rest) = match rest.strip_prefix(b"running ") {
        Some(rest) => cut::within(rest, b'\'', b'\'')?,
        None => (&b"finished"[..], rest.strip_prefix(b"finished")?),
    };
    let rest = rest.strip_prefix(b" at ")?;
    let stamp = rfc2822(rest)?;
    let (written, rest) = rest.split_at_checked(stamp.len)?;
    out.time(stamp.unix_nano);
    out.attribute(KEYS[0], written);
    out.attribute(KEYS[3], version);
    out.attribute(KEYS[4], stage);
    out.attribute(KEYS[5], line);
    if let Some(uptime) = uptime(rest) {
        out.attribute_as("system.uptime", Kind::Float, uptime);
    }
    Some(())
}

/// The number in `Up 7.20 seconds` at the end of a banner.
fn uptime(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.strip_suffix(b".").unwrap_or(rest).strip_suffix(b" seconds")?;
    let (before, number) = cut::at_last(rest, b' ')?;
    let (whole, fraction) = cut::digits(number);
    let is_number = !whole.is_empty()
        && whole.len() < 16
        && fraction.len() < 16
        && fraction.strip_prefix(b".").is_some_and(|part| !part.is_empty() && cut::digits(part).1.is_empty());
    (is_number && before.ends_with(b" Up")).then_some(number)
}

/// A line of a table: `ci-info: | eth0 | True | 10.0.0.7 |`.
fn table(line: &[u8], out: &mut Record<'_>) -> Option<()> {
    let message = line.strip_prefix(b"ci-info: ")?;
    out.attribute(KEYS[1], line.get(..7)?);
    out.attribute(KEYS[5], message);
    Some(())
}

fn is_continuation(line: &[u8]) -> bool {
    matches!(line, [b' ' | b'\t', ..])
        || CONTINUATIONS.iter().any(|start| line.starts_with(start))
        || is_exception(line)
}

/// The last line of a traceback: `OSError: [Errno 2] …`, `yaml.scanner.ScannerError: …`,
/// `KeyError`. A word like `Error` alone is rather another program's.
fn is_exception(line: &[u8]) -> bool {
    let name = line.split(|&byte| byte == b':').next().unwrap_or(&[]);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    let own = name.rsplit(|&byte| byte == b'.').next().unwrap_or(&[]);
    name.iter().all(plain)
        && own.first().is_some_and(u8::is_ascii_uppercase)
        && [&b"Error"[..], b"Exception", b"Failure", b"Interrupt", b"Exit", b"Warning", b"NotFound"]
            .iter()
            .any(|end| own.ends_with(end) && (name.len() > end.len() || own == b"Exception"))
}

skidway_sdk::export_parser!(CloudInit);

#[cfg(test)]
mod tests;
