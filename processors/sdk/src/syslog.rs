//! Syslog lines in files: a stamp, a host, a tag and a message, as rsyslog's and
//! syslog-ng's default templates write them. Parsers differ in the stamp only.
//!
//! What is host and what is tag follows rsyslog's own parser (`pmrfc3164`), so that
//! a record says what rsyslog meant:
//! - After the stamp and a space comes the host, unless that word ends in `:`; then
//!   it is the tag. A `:` right after the stamp means neither host nor tag.
//! - The tag ends at a space, a `:` or `[PID]`, so that `prog with space: x` has the
//!   tag `prog`. After `[PID]` the `:` may be missing.
//! - One space after the tag is not part of the message. Others are.

use memchr::{memchr, memchr3};

use crate::time::Stamp;
use crate::{Line, Record};

/// The attributes that [`line`] sets, in its order. A static, so that each name has
/// one address.
pub static KEYS: [&str; 5] = ["timestamp", "hostname", "unit", "pid", "message"];

/// What stands behind the stamp. Empty means that it is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'l> {
    /// The host's name.
    pub hostname: &'l [u8],
    /// The tag without process id and colon: a program's or a service's name.
    pub unit: &'l [u8],
    /// The process id: digits.
    pub pid: &'l [u8],
    /// The rest of the line.
    pub message: &'l [u8],
}

/// Reads a line whose stamp is what `stamp` finds at its start. Sets the attributes
/// `timestamp`, `hostname`, `unit` and `pid`, where they are there, and `message`.
///
/// A line that begins with white space is a continuation; NULs in front of a stamp
/// are passed over (a crash leaves them); a line without a stamp, or with nothing
/// behind it, is unrecognised.
#[inline]
pub fn line(line: &[u8], out: &mut Record<'_>, stamp: impl FnOnce(&[u8]) -> Option<Stamp>) -> Line {
    let line = match line.first() {
        Some(b' ' | b'\t') => return Line::Continuation,
        Some(0) => without_nuls(line),
        _ => line,
    };
    let Some(found) = stamp(line) else { return Line::Unrecognised };
    let Some((written, rest)) = line.split_at_checked(found.len) else { return Line::Unrecognised };
    let Some(header) = header(rest) else { return Line::Unrecognised };
    let [timestamp, hostname, unit, pid, message] = KEYS;
    out.time(found.unix_nano);
    out.attribute(timestamp, written);
    if !header.hostname.is_empty() {
        out.attribute(hostname, header.hostname);
    }
    if !header.unit.is_empty() {
        out.attribute(unit, header.unit);
    }
    if !header.pid.is_empty() {
        out.attribute(pid, header.pid);
    }
    out.attribute_to_end(message, header.message);
    Line::Entry
}

#[cold]
fn without_nuls(line: &[u8]) -> &[u8] {
    let nuls = line.iter().take_while(|&&byte| byte == 0).count();
    line.get(nuls..).unwrap_or(&[])
}

/// Reads what follows a stamp, up to the end of the line; nothing where that is
/// neither a space with a word nor a colon.
#[inline]
pub fn header(rest: &[u8]) -> Option<Header<'_>> {
    match rest {
        [b' ', rest @ ..] if !rest.is_empty() => Some(host_and_tag(rest)),
        [b':', rest @ ..] => Some(Header { hostname: &[], unit: &[], pid: &[], message: after_space(rest) }),
        _ => None,
    }
}

#[inline]
fn host_and_tag(rest: &[u8]) -> Header<'_> {
    let end = memchr(b' ', rest).unwrap_or(rest.len());
    let (word, behind) = cut(rest, end);
    match word {
        [.., b':'] => tag(&[], rest),
        [] => Header { hostname: &[], unit: &[], pid: &[], message: after_space(rest) },
        _ => tag(word, after_space(behind)),
    }
}

/// Reads the tag at the start of `rest`, which is what follows the host.
#[inline]
fn tag<'l>(hostname: &'l [u8], rest: &'l [u8]) -> Header<'l> {
    let mut searched = 0;
    while let Some(found) = memchr3(b' ', b':', b'[', rest.get(searched..).unwrap_or(&[])) {
        let at = searched + found;
        let (unit, behind) = cut(rest, at);
        let (pid, behind) = match behind {
            [b' ', message @ ..] => return Header { hostname, unit, pid: &[], message },
            [b'[', ..] => match pid(behind) {
                Some(found) => found,
                // The bracket belongs to the tag.
                None => {
                    searched = at + 1;
                    continue;
                }
            },
            _ => (&[][..], behind),
        };
        return Header { hostname, unit, pid, message: after_space(after_colon(behind)) };
    }
    let (unit, message) = cut(rest, rest.len());
    Header { hostname, unit, pid: &[], message }
}

/// Digits in brackets that end the tag, and what follows them.
#[inline]
fn pid(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"[")?;
    let digits = inside.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (pid, behind) = inside.split_at_checked(digits)?;
    let behind = behind.strip_prefix(b"]")?;
    let ends = matches!(behind, [] | [b' ' | b':', ..]);
    (ends && !pid.is_empty()).then_some((pid, behind))
}

/// Both parts are of `text`, also where they are empty: a message that starts at the
/// end of the line can still grow.
#[inline]
fn cut(text: &[u8], at: usize) -> (&[u8], &[u8]) {
    text.split_at(at.min(text.len()))
}

#[inline]
fn after_colon(text: &[u8]) -> &[u8] {
    text.strip_prefix(b":").unwrap_or(text)
}

#[inline]
fn after_space(text: &[u8]) -> &[u8] {
    text.strip_prefix(b" ").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Host, unit, pid and message of what stands behind a stamp.
    fn read(rest: &str) -> Option<[&str; 4]> {
        let header = header(rest.as_bytes())?;
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        Some([text(header.hostname), text(header.unit), text(header.pid), text(header.message)])
    }

    #[test]
    fn the_usual_line() {
        assert_eq!(read(" web-1 sshd[842]: closed"), Some(["web-1", "sshd", "842", "closed"]));
        assert_eq!(read(" web-1 kernel: up"), Some(["web-1", "kernel", "", "up"]));
    }

    #[test]
    fn odd_tags() {
        for (tag, unit, pid) in [
            ("login(pam_unix)[77]:", "login(pam_unix)", "77"),
            ("agent.agent-worker[3]:", "agent.agent-worker", "3"),
            ("/usr/sbin/crond[12]:", "/usr/sbin/crond", "12"),
            ("(udev-worker)[5]:", "(udev-worker)", "5"),
            ("mail/queue[61]:", "mail/queue", "61"),
            ("getty@tty1_x[8]:", "getty@tty1_x", "8"),
            ("org.example.bus:", "org.example.bus", ""),
            ("job[x1]:", "job[x1]", ""),
            ("job[]:", "job[]", ""),
            ("job[12]b:", "job[12]b", ""),
            ("job[12]b[3]:", "job[12]b", "3"),
            ("job[12:", "job[12", ""),
            ("größe[1]:", "größe", "1"),
        ] {
            assert_eq!(read(&format!(" h {tag} m: n")), Some(["h", unit, pid, "m: n"]), "{tag}");
        }
    }

    #[test]
    fn a_colon_is_optional_after_a_pid_and_a_space_after_a_colon() {
        assert_eq!(read(" h fw[19] <Info>: x"), Some(["h", "fw", "19", "<Info>: x"]));
        assert_eq!(read(" h cron:x"), Some(["h", "cron", "", "x"]));
        assert_eq!(read(" h cron[7]:x"), Some(["h", "cron", "7", "x"]));
    }

    #[test]
    fn without_a_colon_the_tag_is_a_word() {
        assert_eq!(read(" h plain words go on"), Some(["h", "plain", "", "words go on"]));
        assert_eq!(read(" h two words[9]: x"), Some(["h", "two", "", "words[9]: x"]));
    }

    #[test]
    fn without_a_host_the_first_word_is_the_tag() {
        assert_eq!(read(" kernel: [1.5] x"), Some(["", "kernel", "", "[1.5] x"]));
        assert_eq!(read(" systemd[1]: x"), Some(["", "systemd", "1", "x"]));
        assert_eq!(read(": --- repeated ---"), Some(["", "", "", "--- repeated ---"]));
    }

    #[test]
    fn only_one_space_is_taken() {
        assert_eq!(read(" h sudo:   me : x"), Some(["h", "sudo", "", "  me : x"]));
        assert_eq!(read(" h sshd[3]:  on port"), Some(["h", "sshd", "3", " on port"]));
        assert_eq!(read(" h  message"), Some(["h", "", "", "message"]));
        assert_eq!(read("  a message"), Some(["", "", "", "a message"]));
    }

    #[test]
    fn what_ends_early() {
        assert_eq!(read(" h"), Some(["h", "", "", ""]));
        assert_eq!(read(" h job"), Some(["h", "job", "", ""]));
        assert_eq!(read(" h job[1]:"), Some(["h", "job", "1", ""]));
        assert_eq!(read(" job:"), Some(["", "job", "", ""]));
        assert_eq!(read(":"), Some(["", "", "", ""]));
        for none in ["", " ", "x", ".5", "\t", "\th x"] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }

    proptest! {
        #[test]
        fn the_message_is_the_end_of_any_line(rest in "[ :a\\[\\]1]{0,12}") {
            if let Some(header) = header(rest.as_bytes()) {
                prop_assert!(rest.as_bytes().ends_with(header.message));
                prop_assert!(!header.hostname.contains(&b' ') && !header.unit.contains(&b':'));
                prop_assert!(header.pid.iter().all(u8::is_ascii_digit));
            }
        }
    }
}
