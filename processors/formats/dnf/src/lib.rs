//! The logs of RPM's front ends:
//! - `dnf.log`, `dnf.rpm.log`, `dnf.librepo.log`, `hawkey.log`:
//!   `2026-11-25T14:30:08+0000 DDEBUG Command: dnf makecache`; in releases up to 2017 with a
//!   stamp of syslog, and `hawkey.log` with the level first: `INFO Nov-25 14:30:08 text`
//! - `dnf5.log`: `2026-11-25T14:30:08+0000 [4711] INFO text`
//! - `yum.log`: `Nov 25 14:30:08 Updated: glibc-2.17-325.amzn2.x86_64`, or
//!   `glibc.x86_64 2.17-222.el7`
//!
//! What happened to a package, in `dnf.rpm.log` and `yum.log`, has attributes of its own.
//! The table of a transaction belongs to the entry before it.

use skidway_sdk::time::{Clock, Stamp, rfc3339, traditional};
use skidway_sdk::{Context, Line, Parser, Record, cut, no_settings};

static KEYS: [&str; 7] = [
    "timestamp",
    "pid",
    "package.action",
    "package.name",
    "package.version",
    "package.architecture",
    "message",
];

/// What happens to packages, in the words of dnf and yum.
const ACTIONS: [&[u8]; 16] = [
    b"Installed",
    b"Updated",
    b"Erased",
    b"Upgrade",
    b"Upgraded",
    b"Erase",
    b"Obsoleted",
    b"Obsoleting",
    b"Dep-Installed",
    b"Downgrade",
    b"Downgraded",
    b"Reinstall",
    b"Reinstalled",
    b"Removed",
    b"Cleanup",
    b"Failed",
];

/// How the lines of a transaction's table begin that are not indented.
const TABLE: [&[u8]; 16] = [
    b"====",
    b"----",
    b"Transaction Summary",
    b"Installing",
    b"Upgrading",
    b"Updating",
    b"Removing",
    b"Reinstalling",
    b"Downgrading",
    b"Enabling",
    b"Install ",
    b"Upgrade ",
    b"Remove ",
    b"Downgrade ",
    b"Skipping packages",
    b"Skipped: ",
];

/// The parser; it has no settings.
#[derive(Debug)]
pub struct Dnf;

impl Parser for Dnf {
    const KEYS: &'static [&'static str] = &KEYS;
    const BLANK_LINES_JOIN: bool = true;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], context: &Context, out: &mut Record<'_>) -> Line {
        let found = match line.first() {
            Some(b'0'..=b'9') => stamped(line, rfc3339(line)),
            Some(b'A'..=b'Z') => {
                stamped(line, traditional(line, &context.clock)).or_else(|| hawkey(line, &context.clock))
            }
            _ => None,
        };
        let Some(entry) = found else {
            let table = matches!(line, [b' ' | b'\t', ..]) || is_table(line);
            return if table { Line::Continuation } else { Line::Unrecognised };
        };
        out.time(entry.stamp.unix_nano);
        out.severity(entry.severity);
        out.attribute(KEYS[0], entry.written);
        if !entry.pid.is_empty() {
            out.attribute(KEYS[1], entry.pid);
        }
        if let Some((action, package)) = action(entry.message) {
            out.attribute(KEYS[2], action);
            self::package(package, out);
        }
        out.attribute_to_end(KEYS[6], entry.message);
        Line::Entry
    }
}

struct Entry<'l> {
    stamp: Stamp,
    written: &'l [u8],
    severity: u8,
    pid: &'l [u8],
    message: &'l [u8],
}

/// A stamp, a process id in brackets or none, a level or what happens to a package, a text.
#[inline]
fn stamped(line: &[u8], stamp: Option<Stamp>) -> Option<Entry<'_>> {
    let stamp = stamp?;
    let (written, rest) = line.split_at_checked(stamp.len)?;
    let rest = rest.strip_prefix(b" ")?;
    let (pid, rest) = match cut::within(rest, b'[', b']') {
        Some((pid, rest)) if !pid.is_empty() && cut::digits(pid).1.is_empty() => {
            (pid, rest.strip_prefix(b" ")?)
        }
        _ => (&[][..], rest),
    };
    let (word, message) = cut::word(rest);
    match severity(word) {
        Some(severity) => Some(Entry { stamp, written, severity, pid, message }),
        // yum.log has no levels.
        None if action(rest).is_some() => Some(Entry { stamp, written, severity: 0, pid, message: rest }),
        None => None,
    }
}

/// `LEVEL Mon-DD HH:MM:SS text`.
fn hawkey<'l>(line: &'l [u8], clock: &Clock) -> Option<Entry<'l>> {
    let (level, rest) = cut::word(line);
    let severity = severity(level)?;
    let (stamp, message) = rest.split_at_checked(15)?;
    let mut as_syslog = *stamp.first_chunk::<15>()?;
    if as_syslog[3] != b'-' {
        return None;
    }
    as_syslog[3] = b' ';
    let found = traditional(&as_syslog, clock)?;
    if found.len != 15 || !matches!(message, [] | [b' ', ..]) {
        return None;
    }
    Some(Entry { stamp: found, written: stamp, severity, pid: &[], message: cut::trim_start(message) })
}

#[inline]
fn severity(word: &[u8]) -> Option<u8> {
    Some(match word {
        b"INFO" => 9,
        b"DEBUG" => 5,
        // Below DEBUG, in this order.
        b"DDEBUG" => 4,
        b"SUBDEBUG" => 3,
        b"ALL" | b"TRACE" => 1,
        b"WARNING" | b"WARN" => 13,
        b"ERROR" => 17,
        b"CRITICAL" => 18,
        b"FATAL" => 21,
        _ => return None,
    })
}

/// `Installed: PACKAGE`: both.
#[inline]
fn action(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (word, package) = cut::word(text);
    let action = word.strip_suffix(b":").filter(|action| ACTIONS.contains(action))?;
    (!package.is_empty()).then_some((action, package))
}

/// Name, version and architecture of `name-[epoch:]version-release.arch`, or of
/// `name.arch [epoch:]version-release`. What is neither has none of them.
fn package(text: &[u8], out: &mut Record<'_>) {
    let found = match cut::word(text) {
        (whole, []) => name_and_version(whole),
        (package, version) => cut::at_last(package, b'.').map(|(name, arch)| (name, version, arch)),
    };
    let Some((name, version, arch)) = found else { return };
    let plain = |text: &[u8]| !text.is_empty() && !text.contains(&b' ');
    if !(plain(name) && plain(version) && plain(arch)) {
        return;
    }
    out.attribute(KEYS[3], name);
    out.attribute(KEYS[4], version);
    out.attribute(KEYS[5], arch);
}

fn name_and_version(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    // yum puts the epoch in front of the name.
    let text = match cut::digits(text) {
        ([_, ..], rest) => rest.strip_prefix(b":").unwrap_or(text),
        _ => text,
    };
    let (rest, arch) = cut::at_last(text, b'.')?;
    let (before_release, _) = cut::at_last(rest, b'-')?;
    let (name, _) = cut::at_last(before_release, b'-')?;
    Some((name, rest.get(name.len() + 1..)?, arch))
}

fn is_table(line: &[u8]) -> bool {
    TABLE.iter().any(|start| line.starts_with(start))
}

skidway_sdk::export_parser!(Dnf);

#[cfg(test)]
mod tests;
