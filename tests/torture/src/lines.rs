//! Numbered lines, and the numbers found again in what arrived.
//!
//! A line is `PREFIX FILE SEQUENCE PAYLOAD #SEQUENCE`, where the prefix is that of a syslog line, or a tab for a
//! line that belongs to the entry before it. The number stands at both ends, so half a line is not taken for a
//! whole one.

use std::fmt;
use std::io::Write;

use fastrand::Rng;
use jiff::Timestamp;

/// A line: the file it was written to, and which of its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id {
    pub(crate) file: u16,
    pub(crate) number: u32,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "f{:03} {:07}", self.file, self.number)
    }
}

/// How a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// RFC 3339 with microseconds.
    Rfc3339,
    /// Month, day and time.
    Traditional,
}

/// A backend that rejects anything rejects entries with this word.
pub(crate) const POISON: &str = "POISON";

/// One in so many entries is one that the backend rejects.
const POISONED: u32 = 2000;
/// One in so many lines belongs to the entry before it.
const JOINED: u32 = 12;

/// Appends a line of this number; `may_join` says whether there is an entry before it.
pub(crate) fn write(out: &mut Vec<u8>, form: Form, id: Id, now: Timestamp, may_join: bool, rng: &mut Rng) {
    const WORDS: [&str; 8] =
        ["session", "opened for", "größe", "\"quoted\"", "x=1", "connection from 203.0.113.7", "done", "…"];
    if may_join && rng.u32(..JOINED) == 0 {
        out.push(b'\t');
    } else {
        let stamp = match form {
            Form::Rfc3339 => now.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00"),
            Form::Traditional => now.strftime("%b %e %H:%M:%S"),
        };
        // A vector takes all.
        let _ = write!(out, "{stamp} host-{:03} job[{}]: ", id.file, rng.u32(2..65_000));
    }
    let _ = write!(out, "{id}");
    if rng.u32(..POISONED) == 0 {
        out.push(b' ');
        out.extend_from_slice(POISON.as_bytes());
    }
    // Most are short, some long.
    let words = if rng.u32(..100) == 0 { rng.usize(50..300) } else { rng.usize(..12) };
    for _ in 0..words {
        out.push(b' ');
        out.extend_from_slice(WORDS[rng.usize(..WORDS.len())].as_bytes());
    }
    let _ = writeln!(out, " #{}", id.number);
}

/// The numbers in a body, one for each of its lines; an error is a line that nobody has written so.
pub(crate) fn read(body: &str) -> impl Iterator<Item = Result<Id, &str>> {
    body.lines().map(|line| id(line).ok_or(line))
}

fn id(line: &str) -> Option<Id> {
    // What is not in an entry has lost its tab, as white space around records is trimmed.
    let text = line.split_once("]: ").map_or_else(|| line.trim_start(), |(_, text)| text);
    let mut words = text.split(' ');
    let file = words.next()?.strip_prefix('f')?.parse().ok()?;
    let number = words.next()?.parse().ok()?;
    let last: u32 = text.rsplit(' ').next()?.strip_prefix('#')?.parse().ok()?;
    (number == last).then_some(Id { file, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_found_again() {
        let mut rng = Rng::with_seed(7);
        for form in [Form::Rfc3339, Form::Traditional] {
            let mut text = Vec::new();
            for number in 0..5000 {
                write(&mut text, form, Id { file: 12, number }, Timestamp::now(), number > 0, &mut rng);
            }
            let text = String::from_utf8(text).unwrap();
            let numbers: Vec<u32> = read(&text).map(|id| id.unwrap().number).collect();
            assert_eq!(numbers, (0..5000).collect::<Vec<_>>());
            assert!(text.lines().filter(|line| line.starts_with('\t')).count() > 100);
            assert!(text.contains(POISON));
        }
    }

    #[test]
    fn half_a_line_is_none() {
        let line = "Nov 25 10:00:00 host-001 job[7]: f001 0000012 done #12";
        for text in [line, "f001 0000012 done #12", "\tf001 0000012 done #12"] {
            assert_eq!(id(text), Some(Id { file: 1, number: 12 }));
        }
        for end in 0..line.len() {
            assert_eq!(id(&line[..end]), None, "{:?}", &line[..end]);
        }
        assert_eq!(id(&line[40..]), None);
    }
}
