//! Severity by the first keyword of a text.

use skidway_keywords::{GATEWAY, Keywords};

const TRACE: u8 = 1;
const DEBUG: u8 = 5;
const INFO: u8 = 9;
const WARN: u8 = 13;
const ERROR: u8 = 17;
const FATAL: u8 = 21;

/// So many characters are looked at.
const CHARACTERS: usize = 256;

pub(crate) fn keywords() -> Keywords {
    Keywords::new(GATEWAY.into_iter().map(|(word, severity)| (word.to_owned(), severity)).collect())
}

/// Number and text of the severity that a body suggests.
pub(crate) fn infer(keywords: &Keywords, body: &[u8]) -> (u8, &'static str) {
    match keywords.first_in(beginning(body)).unwrap_or(INFO) {
        TRACE => (TRACE, "trace"),
        DEBUG => (DEBUG, "debug"),
        WARN => (WARN, "warn"),
        ERROR => (ERROR, "error"),
        FATAL => (FATAL, "fatal"),
        _ => (INFO, "info"),
    }
}

/// The first characters of a text.
fn beginning(body: &[u8]) -> &[u8] {
    if body.len() <= CHARACTERS {
        return body;
    }
    let is_start = |(_, byte): &(usize, &u8)| **byte & 0xc0 != 0x80;
    let end = body.iter().enumerate().filter(is_start).nth(CHARACTERS);
    &body[..end.map_or(body.len(), |(at, _)| at)]
}
