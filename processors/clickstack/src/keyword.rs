//! Severity by the first keyword of a text.

/// The keywords, and what they stand for; a longer one goes before its beginning.
const KEYWORDS: [(&str, (u8, &str)); 11] = [
    ("alert", FATAL),
    ("crit", FATAL),
    ("emerg", FATAL),
    ("fatal", FATAL),
    ("error", ERROR),
    ("err", ERROR),
    ("warn", WARN),
    ("notice", WARN),
    ("debug", DEBUG),
    ("dbug", DEBUG),
    ("trace", (1, "trace")),
];
const FATAL: (u8, &str) = (21, "fatal");
const ERROR: (u8, &str) = (17, "error");
const WARN: (u8, &str) = (13, "warn");
const DEBUG: (u8, &str) = (5, "debug");
const INFO: (u8, &str) = (9, "info");

/// So many characters are looked at.
const CHARACTERS: usize = 256;

/// Number and text of the severity that a body suggests.
pub(crate) fn infer(body: &[u8]) -> (u8, &'static str) {
    // A character takes four bytes at the most; the exact end is found among them.
    let near = &body[..body.len().min(4 * CHARACTERS)];
    let starts = near.iter().enumerate().filter(|(_, byte)| **byte & 0xc0 != 0x80).map(|(at, _)| at);
    let end = starts.clone().nth(CHARACTERS).unwrap_or(near.len());
    let text = &near[..end];
    for at in starts.take_while(|&at| at < end) {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        if at > 0 && is_word(&text[at - 1]) {
            continue;
        }
        let rest = &text[at..];
        let starts_with = |word: &str| {
            rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
        };
        if let Some((_, severity)) = KEYWORDS.iter().find(|(word, _)| starts_with(word)) {
            return *severity;
        }
    }
    INFO
}
