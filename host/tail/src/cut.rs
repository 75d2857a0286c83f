//! Where a chunk ends. Pure: bytes that were read in, a decision out.
//!
//! Invariants: a chunk that is not the last offer ends behind a line feed; a
//! piece without one is given only when the line is too long or the file is
//! silent; no chunk holds a line longer than the limit.

use memchr::{memchr, memrchr};

/// How far a read window grows while a parser takes nothing, in longest lines.
const WINDOW_LINES: usize = 4;

/// The size that decides, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) max_line: usize,
}

/// What is known about the bytes beyond the cut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around {
    /// There are more bytes in the file than were read.
    pub(crate) more: bool,
    /// The parser was offered the largest window and took nothing.
    pub(crate) stuck: bool,
    /// Silent long enough to give up what a parser holds back.
    pub(crate) settled: bool,
    /// Silent long enough to give up a line without line feed.
    pub(crate) flush_partial: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Hand over this many bytes.
    Take { length: usize, flush: bool },
    /// Not one line ends in here: read more at once.
    Grow,
    /// Nothing to hand over before the file grows or the silence is longer.
    Wait,
}

impl Sizes {
    /// The largest window: wide enough to see that a line is too long.
    pub(crate) fn largest_window(self) -> usize {
        self.max_line * WINDOW_LINES
    }
}

pub(crate) fn cut(text: &[u8], around: Around, sizes: Sizes) -> Cut {
    if text.len() > sizes.max_line
        && let Some(start) = long_line(text, sizes.max_line)
    {
        // What stands before a line that is too long must be taken in full, or the
        // parser could hold it back for ever and the line would never come first.
        let length = if start > 0 { start } else { character_boundary(text, sizes.max_line) };
        return Cut::Take { length, flush: true };
    }
    match memrchr(b'\n', text) {
        Some(last) => {
            let flush = if around.more { around.stuck } else { around.settled };
            Cut::Take { length: last + 1, flush }
        }
        None if around.more => Cut::Grow,
        None if around.flush_partial && !text.is_empty() => Cut::Take { length: text.len(), flush: true },
        None => Cut::Wait,
    }
}

/// Where the first line with more than `max_line` bytes begins.
fn long_line(text: &[u8], max_line: usize) -> Option<usize> {
    let mut start = 0;
    while text.len() - start > max_line {
        match memchr(b'\n', &text[start..]) {
            Some(length) if length <= max_line => start += length + 1,
            _ => return Some(start),
        }
    }
    None
}

/// The last position up to `limit` that is not inside a UTF-8 character; `limit`
/// itself where the bytes are no UTF-8.
fn character_boundary(text: &[u8], limit: usize) -> usize {
    let is_boundary = |&at: &usize| text.get(at).is_none_or(|byte| byte & 0xc0 != 0x80);
    (limit.saturating_sub(3)..=limit).rev().find(is_boundary).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes { max_line: 16 };
    const QUIET: Around = Around { more: false, stuck: false, settled: false, flush_partial: false };

    fn take(length: usize, flush: bool) -> Cut {
        Cut::Take { length, flush }
    }

    #[test]
    fn a_chunk_ends_behind_the_last_line_feed() {
        assert_eq!(cut(b"one\ntwo\nthr", QUIET, SIZES), take(8, false));
        assert_eq!(cut(b"one\ntwo\nthr", Around { more: true, ..QUIET }, SIZES), take(8, false));
    }

    #[test]
    fn silence_gives_up_whole_lines_before_a_partial_one() {
        assert_eq!(cut(b"one\ntwo\nthr", Around { settled: true, ..QUIET }, SIZES), take(8, true));
        assert_eq!(cut(b"thr", Around { settled: true, ..QUIET }, SIZES), Cut::Wait);
        assert_eq!(cut(b"thr", Around { flush_partial: true, ..QUIET }, SIZES), take(3, true));
        assert_eq!(cut(b"", Around { flush_partial: true, ..QUIET }, SIZES), Cut::Wait);
    }

    #[test]
    fn with_more_to_read_only_a_stuck_parser_is_flushed() {
        let more = Around { more: true, settled: true, flush_partial: true, ..QUIET };
        assert_eq!(cut(b"one\ntw", more, SIZES), take(4, false));
        assert_eq!(cut(b"one\ntw", Around { stuck: true, ..more }, SIZES), take(4, true));
        assert_eq!(cut(b"on", more, SIZES), Cut::Grow);
    }

    #[test]
    fn a_line_of_the_limit_is_whole_and_one_byte_more_is_split() {
        assert_eq!(cut(b"0123456789abcdef\n", QUIET, SIZES), take(17, false));
        assert_eq!(cut(b"0123456789abcdefg\n", QUIET, SIZES), take(16, true));
        assert_eq!(cut(b"0123456789abcdefg", Around { more: true, ..QUIET }, SIZES), take(16, true));
        assert_eq!(cut(b"0123456789abcdef", Around { more: true, ..QUIET }, SIZES), Cut::Grow);
    }

    #[test]
    fn lines_before_a_long_one_are_taken_in_full() {
        assert_eq!(cut(b"one\ntwo\n0123456789abcdefg\n", QUIET, SIZES), take(8, true));
        assert_eq!(cut(b"one\n0123456789abcdef\nxx", QUIET, SIZES), take(21, false));
    }

    #[test]
    fn a_split_does_not_cut_a_character() {
        assert_eq!(cut("0123456789abcdé-----".as_bytes(), QUIET, SIZES), take(16, true));
        assert_eq!(cut("0123456789abcdeé----".as_bytes(), QUIET, SIZES), take(15, true));
        assert_eq!(cut("0123456789abc😀----".as_bytes(), QUIET, SIZES), take(13, true));
        let mut stray = vec![b'x'; 8];
        stray.extend([0x80; 20]);
        assert_eq!(cut(&stray, QUIET, SIZES), take(16, true));
    }
}
