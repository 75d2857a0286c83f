//! `dpkg.log` and `alternatives.log`, in local time:
//! - `2026-11-25 14:30:08 status installed foo:amd64 1.2-3`
//! - `2026-11-25 14:30:08 upgrade foo:amd64 1.2-2 1.2-3`, and the other actions
//! - `2026-11-25 14:30:08 conffile /etc/foo.conf keep`
//! - `2026-11-25 14:30:08 startup archives unpack`
//! - `update-alternatives 2026-11-25 14:30:08: link group pager updated to point to /bin/less`

use skidway_sdk::time::{Clock, Stamp, local};
use skidway_sdk::{Context, Line, Parser, Record, cut, no_settings};

static KEYS: [&str; 10] = [
    "timestamp",
    "unit",
    "package.action",
    "package.status",
    "package.name",
    "package.architecture",
    "package.version",
    "package.previous_version",
    "file.path",
    "message",
];

/// What dpkg does with a package, of which it writes two versions: the one that is there and
/// the one that comes.
const ACTIONS: [&[u8]; 7] =
    [b"install", b"upgrade", b"configure", b"trigproc", b"remove", b"purge", b"disappear"];

/// The states of a package.
const STATES: [&[u8]; 8] = [
    b"not-installed",
    b"config-files",
    b"half-installed",
    b"unpacked",
    b"half-configured",
    b"triggers-awaited",
    b"triggers-pending",
    b"installed",
];

/// The parser; it has no settings.
#[derive(Debug)]
pub struct Dpkg;

impl Parser for Dpkg {
    const KEYS: &'static [&'static str] = &KEYS;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], context: &Context, out: &mut Record<'_>) -> Line {
        let known = match line.first() {
            Some(b'u') => alternatives(line, &context.clock, out),
            Some(b'0'..=b'9') => logged(line, &context.clock, out),
            _ => None,
        };
        if known.is_some() { Line::Entry } else { Line::Unrecognised }
    }
}

#[inline]
fn logged(line: &[u8], clock: &Clock, out: &mut Record<'_>) -> Option<()> {
    let stamp = local(line, clock)?;
    let message = begin(line, &stamp, out)?.strip_prefix(b" ")?;
    let (action, rest) = cut::word(message);
    match action {
        b"status" => {
            let (status, rest) = cut::word(rest);
            STATES.contains(&status).then_some(())?;
            let (package, version) = cut::word(rest);
            out.attribute(KEYS[3], status);
            self::package(package, out)?;
            version_as(KEYS[6], version, out);
        }
        b"startup" => {
            let (what, command) = cut::word(rest);
            let known =
                matches!(what, b"archives" | b"packages") && !command.is_empty() && !command.contains(&b' ');
            known.then_some(())?;
            out.attribute(KEYS[2], action);
        }
        b"conffile" => {
            let (path, decision) = cut::at_last(rest, b' ')?;
            matches!(decision, b"keep" | b"install").then_some(())?;
            out.attribute(KEYS[2], action);
            out.attribute(KEYS[8], path);
        }
        _ if ACTIONS.contains(&action) => {
            let (package, rest) = cut::word(rest);
            let (there, comes) = cut::word(rest);
            (!comes.is_empty() && !comes.contains(&b' ')).then_some(())?;
            out.attribute(KEYS[2], action);
            self::package(package, out)?;
            // What comes is `<none>` where nothing does.
            if comes == b"<none>" {
                version_as(KEYS[6], there, out);
            } else {
                version_as(KEYS[6], comes, out);
                version_as(KEYS[7], there, out);
            }
        }
        _ => return None,
    }
    out.attribute(KEYS[9], message);
    Some(())
}

/// Sets what all lines have, and tells what follows the stamp.
#[inline]
fn begin<'l>(line: &'l [u8], stamp: &Stamp, out: &mut Record<'_>) -> Option<&'l [u8]> {
    let (written, rest) = line.split_at_checked(stamp.len)?;
    out.time(stamp.unix_nano);
    out.attribute(KEYS[0], written);
    Some(rest)
}

/// `NAME:ARCHITECTURE`, the latter maybe empty.
#[inline]
fn package(text: &[u8], out: &mut Record<'_>) -> Option<()> {
    let (name, arch) = cut::at_last(text, b':').unwrap_or((text, &[]));
    (!name.is_empty()).then_some(())?;
    out.attribute(KEYS[4], name);
    if !arch.is_empty() {
        out.attribute(KEYS[5], arch);
    }
    Some(())
}

#[inline]
fn version_as(key: &'static str, version: &[u8], out: &mut Record<'_>) {
    if !version.is_empty() && version != b"<none>" {
        out.attribute(key, version);
    }
}

fn alternatives(line: &[u8], clock: &Clock, out: &mut Record<'_>) -> Option<()> {
    let unit = line.get(..b"update-alternatives".len())?;
    let rest = line.strip_prefix(b"update-alternatives ")?;
    let stamp = local(rest, clock)?;
    let message = begin(rest, &stamp, out)?.strip_prefix(b":")?;
    out.attribute(KEYS[1], unit);
    out.attribute(KEYS[9], cut::trim_start(message));
    Some(())
}

skidway_sdk::export_parser!(Dpkg);

#[cfg(test)]
mod tests;
