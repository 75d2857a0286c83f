//! Lines of a log, changed as a disk, a network, a program with a flaw, or somebody who means harm would.

use fastrand::Rng;

/// So long a field is made, rarely.
const LONG: usize = 300_000;

/// What formats give a meaning to, and what is often forgotten.
const TOKENS: [&str; 32] = [
    "\0",
    "\"",
    "'",
    "\\",
    "\\\"",
    "\\u0000",
    "\\ud800",
    "\\x",
    "\r",
    "\r\n",
    "\n",
    "\t",
    " ",
    "  ",
    "ä",
    "日本",
    "😀",
    "\u{feff}",
    "\u{2028}",
    "\u{202e}",
    "-1",
    "1e999",
    "NaN",
    "18446744073709551616",
    "9999-99-99",
    "0000-00-00T00:00:00Z",
    "=",
    ":",
    ",",
    "[[[[[[[[",
    "{\"a\":{\"b\":[",
    "%s%n",
];

/// What stands between fields.
const BETWEEN: [u8; 9] = *b" \t,;|=:\"/";

/// Some consecutive lines of a corpus, changed.
pub(super) fn lines(corpus: &[Vec<u8>], random: &mut Rng) -> Vec<u8> {
    let first = random.usize(..corpus.len());
    let last = (first + random.usize(1..=8)).min(corpus.len());
    let mut bytes = corpus[first..last].concat();
    for _ in 0..random.usize(1..=4) {
        change(&mut bytes, corpus, random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Rng) {
    if bytes.is_empty() {
        bytes.extend_from_slice(random.choice(TOKENS).unwrap_or_default().as_bytes());
        return;
    }
    let at = random.usize(..bytes.len());
    let run = at..(at + random.usize(1..=32)).min(bytes.len());
    match random.u32(..13) {
        0 => bytes[at] ^= 1 << random.u32(..8),
        1 => bytes[at] = random.u8(..),
        2 => insert(bytes, at, random.choice(TOKENS).unwrap_or_default().as_bytes()),
        3 => drop(bytes.drain(run)),
        4 => {
            let again = bytes[run].to_vec();
            insert(bytes, at, &again);
        }
        5 => bytes.truncate(at),
        6 => swap_fields(bytes, random),
        7 => {
            // A field of somewhere else.
            let other = &corpus[random.usize(..corpus.len())];
            let field = field(other, random);
            let place = self::field(bytes, random);
            bytes.splice(place, other[field].iter().copied());
        }
        8 => join_lines(bytes, random),
        9 => {
            let other = corpus[random.usize(..corpus.len())].clone();
            let place = line_start(bytes, at);
            insert(bytes, place, &other);
        }
        10 => change_number(bytes, at, random),
        // The line feed at the end of the last line is there or not.
        11 => match bytes.last() {
            Some(b'\n') => drop(bytes.pop()),
            _ => bytes.push(b'\n'),
        },
        _ => {
            let times = if random.u32(..20) == 0 { LONG / run.len() } else { random.usize(2..200) };
            let long = bytes[run].repeat(times);
            insert(bytes, at, &long);
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, more: &[u8]) {
    bytes.splice(at..at, more.iter().copied());
}

/// A field, without what stands around it; it may be empty.
fn field(bytes: &[u8], random: &mut Rng) -> std::ops::Range<usize> {
    let between = |byte: &u8| BETWEEN.contains(byte) || *byte == b'\n';
    let at = random.usize(..=bytes.len());
    let start = bytes[..at].iter().rposition(between).map_or(0, |at| at + 1);
    let end = bytes[at..].iter().position(between).map_or(bytes.len(), |more| at + more);
    start..end
}

fn swap_fields(bytes: &mut Vec<u8>, random: &mut Rng) {
    let (one, two) = (field(bytes, random), field(bytes, random));
    let (first, second) = if one.start <= two.start { (one, two) } else { (two, one) };
    if first.end > second.start {
        return;
    }
    let parts = [
        &bytes[..first.start],
        &bytes[second.clone()],
        &bytes[first.end..second.start],
        &bytes[first],
        &bytes[second.end..],
    ];
    *bytes = parts.concat();
}

fn join_lines(bytes: &mut Vec<u8>, random: &mut Rng) {
    let ends: Vec<usize> = memchr::memchr_iter(b'\n', bytes).collect();
    if let Some(end) = random.choice(ends) {
        bytes.remove(end);
    }
}

fn line_start(bytes: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |end| end + 1)
}

/// The digits at or behind `at` become others.
fn change_number(bytes: &mut Vec<u8>, at: usize, random: &mut Rng) {
    let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|more| at + more) else { return };
    let end = bytes[start..]
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .map_or(bytes.len(), |more| start + more);
    let number = match random.u32(..4) {
        0 => "0".to_owned(),
        1 => "99999999999999999999999".to_owned(),
        2 => random.u64(..).to_string(),
        _ => random.u32(..100).to_string(),
    };
    bytes.splice(start..end, number.bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus() -> Vec<Vec<u8>> {
        (0..20)
            .map(|n| format!("2026-03-04T05:06:{n:02}Z web-1 app[{n}]: a=\"{n}\" done\n").into_bytes())
            .collect()
    }

    #[test]
    fn a_seed_always_makes_the_same_lines() {
        let made = |seed| {
            let mut random = Rng::with_seed(seed);
            (0..200).map(|_| lines(&corpus(), &mut random)).collect::<Vec<_>>()
        };
        assert_eq!(made(7), made(7));
        assert_ne!(made(7), made(8));
    }

    #[test]
    fn all_that_is_to_happen_happens() {
        let mut random = Rng::with_seed(1);
        let all: Vec<_> = (0..5_000).map(|_| lines(&corpus(), &mut random)).collect();
        let some = |what: &dyn Fn(&[u8]) -> bool| all.iter().any(|bytes| what(bytes));
        assert!(some(&|bytes| bytes.len() > LONG / 2), "a long line");
        assert!(some(&|bytes| std::str::from_utf8(bytes).is_err()), "bytes that are no characters");
        assert!(some(&|bytes| bytes.contains(&0)), "a NUL");
        assert!(some(&|bytes| !bytes.ends_with(b"\n")), "a line without an end");
        assert!(some(&|bytes| bytes.starts_with(b"web-1:06:")), "swapped fields");
        assert!(some(&|bytes| String::from_utf8_lossy(bytes).contains("done2026")), "joined lines");
        assert!(some(&|bytes| String::from_utf8_lossy(bytes).contains("日本")), "other characters");
    }
}
