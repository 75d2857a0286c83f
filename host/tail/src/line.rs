//! Where a line ends, in encodings in which a line feed is one byte and in those
//! in which it is two.
//!
//! Invariant: positions are counted from a place where a character begins, so with
//! two bytes a unit only even ones count, and `\u{0a0a}` ends no line.

use memchr::{Memchr, memchr, memchr_iter, memrchr};

/// What a line feed is made of, in the encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineFeed {
    /// One byte: UTF-8, the ISO 8859 family and most others.
    #[default]
    Byte,
    /// Two bytes, the low one first.
    Utf16Le,
    /// Two bytes, the high one first.
    Utf16Be,
}

// === impl LineFeed ===

impl LineFeed {
    /// How many bytes it takes, which is also the unit in which text is counted.
    pub fn width(self) -> usize {
        match self {
            Self::Byte => 1,
            Self::Utf16Le | Self::Utf16Be => 2,
        }
    }

    /// Where the first line in `text` ends, its line feed included.
    pub fn first_end(self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Byte => memchr(b'\n', text).map(|at| at + 1),
            Self::Utf16Le | Self::Utf16Be => self.ends(text).next(),
        }
    }

    /// Where the last whole line in `text` ends, its line feed included.
    pub fn last_end(self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Byte => memrchr(b'\n', text).map(|at| at + 1),
            Self::Utf16Le | Self::Utf16Be => self.ends(text).next_back(),
        }
    }

    /// Where each whole line in `text` ends, its line feed included.
    pub fn ends<'t>(self, text: &'t [u8]) -> Ends<'t> {
        Ends { text, found: memchr_iter(b'\n', text), line_feed: self }
    }

    /// The largest number of whole units in `length` bytes, in bytes.
    pub(crate) fn whole(self, length: usize) -> usize {
        length - length % self.width()
    }

    /// The last position up to `limit` that is not inside a character; where the
    /// bytes are not what they should be, about `limit` itself.
    pub(crate) fn character_boundary(self, text: &[u8], limit: usize) -> usize {
        let limit = self.whole(limit);
        let unit = match (self, text.get(limit..limit + 2)) {
            (Self::Byte, _) => {
                let is_boundary = |&at: &usize| text.get(at).is_none_or(|byte| byte & 0xc0 != 0x80);
                return (limit.saturating_sub(3)..=limit).rev().find(is_boundary).unwrap_or(limit);
            }
            (Self::Utf16Le, Some(&[low, high])) => u16::from_le_bytes([low, high]),
            (Self::Utf16Be, Some(&[high, low])) => u16::from_be_bytes([high, low]),
            _ => return limit,
        };
        // The second half of a pair.
        if (0xdc00..0xe000).contains(&unit) && limit > 2 { limit - 2 } else { limit }
    }

    /// Whether the byte 0x0a that stands at `at` is part of a line feed, and if so
    /// where that ends.
    fn end(self, text: &[u8], at: usize) -> Option<usize> {
        match self {
            Self::Byte => Some(at + 1),
            Self::Utf16Le => (at.is_multiple_of(2) && text.get(at + 1) == Some(&0)).then_some(at + 2),
            Self::Utf16Be => (at % 2 == 1 && text[at - 1] == 0).then_some(at + 1),
        }
    }
}

/// See [`LineFeed::ends`].
#[derive(Debug)]
pub struct Ends<'t> {
    text: &'t [u8],
    found: Memchr<'t>,
    line_feed: LineFeed,
}

impl Iterator for Ends<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let Self { text, found, line_feed } = self;
        found.find_map(|at| line_feed.end(text, at))
    }
}

impl DoubleEndedIterator for Ends<'_> {
    fn next_back(&mut self) -> Option<usize> {
        let Self { text, found, line_feed } = self;
        found.rev().find_map(|at| line_feed.end(text, at))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utf16(text: &str, line_feed: LineFeed) -> Vec<u8> {
        let bytes = |unit: u16| match line_feed {
            LineFeed::Utf16Le => unit.to_le_bytes(),
            _ => unit.to_be_bytes(),
        };
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn a_byte_of_another_character_ends_no_line() {
        for line_feed in [LineFeed::Utf16Le, LineFeed::Utf16Be] {
            // U+0A0A, U+0A00 and U+010A hold the byte; so does the seam of the first two.
            let text = utf16("\u{a0a}\u{a00}\u{10a}\n\u{a00}", line_feed);
            assert_eq!(line_feed.ends(&text).collect::<Vec<_>>(), [8], "{line_feed:?}");
            assert_eq!((line_feed.first_end(&text), line_feed.last_end(&text)), (Some(8), Some(8)));
            assert_eq!(line_feed.last_end(&text[..7]), None, "half a line feed is none");
        }
    }

    #[test]
    fn a_boundary_is_not_inside_a_pair() {
        for line_feed in [LineFeed::Utf16Le, LineFeed::Utf16Be] {
            let text = utf16("ab😀c", line_feed);
            assert_eq!(line_feed.character_boundary(&text, 6), 4);
            assert_eq!(line_feed.character_boundary(&text, 7), 4);
            assert_eq!(line_feed.character_boundary(&text, 5), 4);
            assert_eq!(line_feed.character_boundary(&text, 8), 8);
        }
    }

    proptest! {
        #[test]
        fn the_ends_are_those_of_the_characters(text in "[a\n\u{a00}\u{a0a}😀]{0,30}") {
            for line_feed in [LineFeed::Utf16Le, LineFeed::Utf16Be] {
                let bytes = utf16(&text, line_feed);
                let units: Vec<u16> = text.encode_utf16().collect();
                let wanted: Vec<usize> =
                    (0..units.len()).filter(|&at| units[at] == 0x0a).map(|at| 2 * at + 2).collect();
                prop_assert_eq!(line_feed.ends(&bytes).collect::<Vec<_>>(), wanted.clone());
                prop_assert_eq!(line_feed.first_end(&bytes), wanted.first().copied());
                prop_assert_eq!(line_feed.last_end(&bytes), wanted.last().copied());
            }
        }
    }
}
