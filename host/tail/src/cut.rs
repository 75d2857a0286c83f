//! Where a chunk ends. Pure: bytes that were read in, a decision out.
//!
//! Invariants: a chunk that is not the last offer ends behind a line feed; a
//! piece without one is given only when the line is too long or the file is
//! silent; no chunk holds a line longer than the limit; what is left of a line that
//! was truncated shares no chunk with anything else.

use crate::line::LineFeed;

/// How far a read window grows while a parser takes nothing, in longest lines.
const WINDOW_LINES: usize = 4;

/// What decides besides the text: the longest line in bytes, and what ends one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) max_line: usize,
    pub(crate) line_feed: LineFeed,
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
    /// No path leads to the file: what stays behind is lost.
    pub(crate) leaving: bool,
    /// The text begins inside a line whose beginning is all that is wanted of it.
    pub(crate) surplus: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Hand over this many bytes.
    Take { length: usize, flush: bool },
    /// Hand over this many bytes, the beginning of a line that is too long.
    Split { length: usize },
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

    /// Wide enough for the longest line and its end.
    pub(crate) fn line_window(self) -> usize {
        self.max_line + self.line_feed.width()
    }
}

pub(crate) fn cut(text: &[u8], around: Around, sizes: Sizes) -> Cut {
    let line_feed = sizes.line_feed;
    if around.surplus {
        return surplus(text, around, line_feed);
    }
    if line_feed.whole(text.len()) > sizes.max_line
        && let Some(start) = long_line(text, sizes)
    {
        // What stands before a line that is too long must be taken in full, or the
        // parser could hold it back for ever and the line would never come first.
        return match start {
            0 => Cut::Split { length: line_feed.character_boundary(text, sizes.max_line) },
            start => Cut::Take { length: start, flush: true },
        };
    }
    if let Some(length) = line_feed.last_end(text) {
        let flush = if around.more { around.stuck } else { around.settled };
        return Cut::Take { length, flush };
    }
    match () {
        () if around.more => Cut::Grow,
        () if around.flush_partial => take_whole(text, around, line_feed),
        () => Cut::Wait,
    }
}

/// The rest of a line that was truncated, as far as it is there.
fn surplus(text: &[u8], around: Around, line_feed: LineFeed) -> Cut {
    match line_feed.first_end(text) {
        Some(length) => Cut::Take { length, flush: true },
        None => take_whole(text, around, line_feed),
    }
}

/// All but half a character, which is given up only with the file.
fn take_whole(text: &[u8], around: Around, line_feed: LineFeed) -> Cut {
    match line_feed.whole(text.len()) {
        0 if around.more => Cut::Grow,
        0 if text.is_empty() || !around.leaving => Cut::Wait,
        0 => Cut::Take { length: text.len(), flush: true },
        length => Cut::Take { length, flush: true },
    }
}

/// Where the first line with more than `max_line` bytes begins.
fn long_line(text: &[u8], sizes: Sizes) -> Option<usize> {
    let Sizes { max_line, line_feed } = sizes;
    let mut start = 0;
    while line_feed.whole(text.len() - start) > max_line {
        match line_feed.first_end(&text[start..]) {
            Some(end) if end - line_feed.width() <= max_line => start += end,
            _ => return Some(start),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes { max_line: 16, line_feed: LineFeed::Byte };
    const QUIET: Around = Around {
        more: false,
        stuck: false,
        settled: false,
        flush_partial: false,
        leaving: false,
        surplus: false,
    };

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
        assert_eq!(cut(b"0123456789abcdefg\n", QUIET, SIZES), Cut::Split { length: 16 });
        assert_eq!(
            cut(b"0123456789abcdefg", Around { more: true, ..QUIET }, SIZES),
            Cut::Split { length: 16 }
        );
        assert_eq!(cut(b"0123456789abcdef", Around { more: true, ..QUIET }, SIZES), Cut::Grow);
    }

    #[test]
    fn lines_before_a_long_one_are_taken_in_full() {
        assert_eq!(cut(b"one\ntwo\n0123456789abcdefg\n", QUIET, SIZES), take(8, true));
        assert_eq!(cut(b"one\n0123456789abcdef\nxx", QUIET, SIZES), take(21, false));
    }

    #[test]
    fn a_split_does_not_cut_a_character() {
        assert_eq!(cut("0123456789abcdé-----".as_bytes(), QUIET, SIZES), Cut::Split { length: 16 });
        assert_eq!(cut("0123456789abcdeé----".as_bytes(), QUIET, SIZES), Cut::Split { length: 15 });
        assert_eq!(cut("0123456789abc😀----".as_bytes(), QUIET, SIZES), Cut::Split { length: 13 });
        let mut stray = vec![b'x'; 8];
        stray.extend([0x80; 20]);
        assert_eq!(cut(&stray, QUIET, SIZES), Cut::Split { length: 16 });
    }

    #[test]
    fn the_rest_of_a_truncated_line_comes_alone() {
        let surplus = Around { surplus: true, ..QUIET };
        assert_eq!(cut(b"cdefg\none\n", surplus, SIZES), take(6, true));
        assert_eq!(cut(b"0123456789abcdefghi", surplus, SIZES), take(19, true));
        assert_eq!(cut(b"", surplus, SIZES), Cut::Wait);
    }

    #[test]
    fn with_two_bytes_a_unit_none_is_cut_in_two() {
        let sizes = Sizes { max_line: 5, line_feed: LineFeed::Utf16Le };
        assert_eq!(cut(b"a\0b\0\n\0c", QUIET, sizes), take(6, false));
        assert_eq!(cut(b"a\0b\0c\0d\0", QUIET, sizes), Cut::Split { length: 4 });
        let silent = Around { flush_partial: true, ..QUIET };
        assert_eq!(cut(b"a\0b", silent, sizes), take(2, true));
        assert_eq!(cut(b"b", silent, sizes), Cut::Wait);
        assert_eq!(cut(b"b", Around { leaving: true, ..silent }, sizes), take(1, true));
    }
}
