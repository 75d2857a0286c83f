//! Where the first line of each record stands in the file.
//!
//! Records speak of the text that their parser saw. Where that is the bytes of the chunk
//! themselves, a place in it is a place in the file. Otherwise both are walked through
//! side by side, line by line, once a chunk: lines are what they have in common.
//!
//! Invariant: offset and hash are those of bytes of the file and of a whole line, so
//! neither where a chunk was cut nor what decoding made of it is in them. Two kinds of pieces
//! count as lines: those of a line that is longer than the longest one allowed, and the
//! last line of a file that was handed over before its end was there.

use skidway_config::Encoding;
use skidway_model::{Checked, FirstLine};
use skidway_tail::LineFeed;
use xxhash_rust::xxh3::xxh3_64;

use super::text::line_feed;

/// Goes through the lines of one chunk.
pub(super) struct Lines<'c> {
    bytes: &'c [u8],
    text: &'c str,
    line_feed: LineFeed,
    /// The text is the bytes.
    is_plain: bool,
    /// Where the chunk begins in the file.
    offset: u64,
    /// The last line that was come to: where it begins in the text and in the bytes.
    at: (usize, usize),
    /// Where the last record began, which is in that line.
    origin: usize,
    /// What was found out about it, for the last record that begins in it.
    last: Option<FirstLine>,
}

// === impl Lines ===

impl<'c> Lines<'c> {
    /// `text` is what was made of `bytes`, which begin at `offset` and with a line.
    pub(super) fn new(bytes: &'c [u8], text: &'c str, encoding: Encoding, offset: u64) -> Self {
        let is_plain = std::ptr::eq(bytes.as_ptr(), text.as_ptr());
        Self {
            bytes,
            text,
            line_feed: line_feed(encoding),
            is_plain,
            offset,
            at: (0, 0),
            origin: 0,
            last: None,
        }
    }

    /// Finds the first lines of records whose text begins there in the chunk's. Pieces
    /// come in their order.
    pub(super) fn locate(&mut self, piece: usize, records: &mut Checked<'_>) {
        records.locate(|origin| self.first_line(piece + origin));
    }

    #[inline]
    fn first_line(&mut self, origin: usize) -> FirstLine {
        let start = self.line_start(origin);
        self.origin = origin;
        let line = match self.last {
            Some(last) if start == self.at.0 => FirstLine { nth: last.nth + 1, ..last },
            _ => {
                let at = if self.is_plain { start } else { self.walk_to(start) };
                self.at = (start, at);
                let rest = &self.bytes[at..];
                let end = self.line_feed.first_end(rest);
                let line = end.map_or(rest, |end| &rest[..end - self.line_feed.width()]);
                // Half of the hash is enough: it tells lines apart that stood at one place.
                FirstLine { offset: self.offset + at as u64, hash: xxh3_64(line) as u32, nth: 0 }
            }
        };
        self.last = Some(line);
        line
    }

    /// Where the line begins that a record of this origin begins in: mostly right there.
    /// Origins ascend, so nothing is searched twice, however many records a line has.
    #[inline]
    fn line_start(&self, origin: usize) -> usize {
        let text = self.text.as_bytes();
        match origin.checked_sub(1) {
            Some(before) if text[before] != b'\n' => {
                let from = self.origin.min(origin);
                memchr::memrchr(b'\n', &text[from..origin]).map_or(self.at.0, |end| from + end + 1)
            }
            _ => origin,
        }
    }

    /// Where in the bytes the line begins that begins there in the text.
    #[cold]
    fn walk_to(&self, start: usize) -> usize {
        let (text, bytes) = self.at;
        let between = memchr::memchr_iter(b'\n', &self.text.as_bytes()[text..start]).count();
        let Some(last) = between.checked_sub(1) else { return bytes };
        let end = self.line_feed.ends(&self.bytes[bytes..]).nth(last);
        end.map_or(self.bytes.len(), |end| bytes + end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::text::readable;
    use proptest::prelude::*;

    const UTF_16: Encoding = Encoding::Other(encoding_rs::UTF_16LE);

    /// The first lines of records that begin there in the text.
    fn found(bytes: &[u8], encoding: Encoding, offset: u64, origins: &[usize]) -> Vec<FirstLine> {
        let text = readable(bytes, encoding);
        let mut lines = Lines::new(bytes, &text, encoding, offset);
        origins.iter().map(|&origin| lines.first_line(origin)).collect()
    }

    fn line(offset: u64, text: &[u8], nth: u32) -> FirstLine {
        FirstLine { offset, hash: xxh3_64(text) as u32, nth }
    }

    /// The hash is in what backends hold: it is the published one for ever.
    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(xxh3_64(b""), 0x2d06_8005_38d3_94c2);
        assert_eq!(
            found(b"\n", Encoding::Utf8, 7, &[0]),
            [FirstLine { offset: 7, hash: 0x38d3_94c2, nth: 0 }]
        );
    }

    #[test]
    fn a_line_is_known_by_its_place_and_its_bytes() {
        let text = b"one\nsame\nsame\r\nend";
        let expected =
            [line(100, b"one", 0), line(104, b"same", 0), line(109, b"same\r", 0), line(115, b"end", 0)];
        assert_eq!(found(text, Encoding::Utf8, 100, &[0, 4, 9, 15]), expected);
    }

    #[test]
    fn records_of_one_line_are_numbered() {
        let expected = [line(0, b"one", 0), line(4, b"a b c", 0), line(4, b"a b c", 1), line(4, b"a b c", 2)];
        assert_eq!(found(b"one\na b c\n", Encoding::Utf8, 0, &[0, 4, 4, 6]), expected);
    }

    #[test]
    fn offsets_are_those_of_the_file_in_every_encoding() {
        let written = "\u{feff}grün\n\u{a0a}zwei\n\ndrei";
        let bytes: Vec<u8> = written.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let origins: Vec<usize> = [0, 9, 17, 18].into();
        assert!(written.is_char_boundary(9) && &written[18..] == "drei", "{}", written.len());
        let expected = [
            line(50, &bytes[..10], 0),
            line(62, &bytes[12..22], 0),
            line(74, &bytes[24..24], 0),
            line(76, &bytes[26..], 0),
        ];
        assert_eq!(found(&bytes, UTF_16, 50, &origins), expected);
        // U+FFFD takes three bytes in the place of one.
        let broken = b"a\xff\xff\nb\n";
        assert_eq!(found(broken, Encoding::Utf8, 0, &[0, 8]), [line(0, b"a\xff\xff", 0), line(4, b"b", 0)]);
    }

    proptest! {
        /// Whatever the bytes, and wherever between two lines they are cut.
        #[test]
        fn chunks_do_not_matter(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'x'), any::<u8>()], 1..80), cut: prop::sample::Index,
        ) {
            let starts_of = |bytes: &[u8]| {
                let text = readable(bytes, Encoding::Utf8).into_owned();
                let ends = text.match_indices('\n').map(|(at, _)| at + 1);
                std::iter::once(0).chain(ends).filter(|&start| start < text.len()).collect::<Vec<_>>()
            };
            let whole = found(&bytes, Encoding::Utf8, 0, &starts_of(&bytes));
            let cuts: Vec<usize> = whole.iter().map(|line| line.offset as usize).collect();
            let cut = *cut.get(&cuts);
            let (first, second) = bytes.split_at(cut);
            let mut parts = found(first, Encoding::Utf8, 0, &starts_of(first));
            parts.extend(found(second, Encoding::Utf8, cut as u64, &starts_of(second)));
            prop_assert_eq!(parts, whole);
        }
    }
}
