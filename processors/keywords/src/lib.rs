//! Finds the first keyword that begins a word, without a regex engine: word starts
//! come out of 64 bytes at a time, and most of them are not followed further
//! than their second letter.

use std::collections::BTreeMap;
use wide::u8x16;

/// What ClickStack's gateway looks for, and the severities that it takes it for.
pub const GATEWAY: [(&str, u8); 11] = [
    ("alert", 21),
    ("crit", 21),
    ("emerg", 21),
    ("fatal", 21),
    ("error", 17),
    ("err", 17),
    ("warn", 13),
    ("notice", 13),
    ("debug", 5),
    ("dbug", 5),
    ("trace", 1),
];

/// Keywords with what they mean, in lower case.
#[derive(Debug, Default)]
pub struct Keywords {
    /// Sorted by the group of the first letter, within it the longest first.
    words: Vec<(Box<[u8]>, u8)>,
    /// Where in `words` the group of a first letter starts and ends.
    groups: [(u16, u16); 32],
    /// By the group of a first letter, bit `g`: a letter of group `g` may come second.
    second_letters: [u32; 32],
    /// By the lower four bits of a first letter: bit 0 where a keyword starts with
    /// the fifth bit clear, bit 1 where one does with it set.
    first_letters: [u8; 16],
}

/// The lower five bits tell letters apart whatever their case. Digits and `_` share
/// groups with letters, which the comparison sorts out.
fn group(byte: u8) -> usize {
    usize::from(byte & 31)
}

impl Keywords {
    /// Keywords in lower case, of ASCII letters, digits and `_`, and what each means.
    pub fn new(keywords: BTreeMap<String, u8>) -> Self {
        let mut words: Vec<_> =
            keywords.into_iter().map(|(word, means)| (word.into_bytes().into_boxed_slice(), means)).collect();
        let letter = |word: &[u8]| word.first().map_or(0, |&byte| group(byte));
        words.sort_by_key(|(word, _)| (letter(word), usize::MAX - word.len()));
        let (mut groups, mut second_letters) = ([(0, 0); 32], [0; 32]);
        for (index, (word, _)) in words.iter().enumerate() {
            let letter = letter(word);
            if second_letters[letter] == 0 {
                groups[letter].0 = index as u16;
            }
            groups[letter].1 = index as u16 + 1;
            second_letters[letter] |= word.get(1).map_or(u32::MAX, |&byte| 1 << group(byte));
        }
        let mut first_letters = [0; 16];
        for (letter, seconds) in second_letters.iter().enumerate() {
            first_letters[letter & 15] |= u8::from(*seconds != 0) << (letter >> 4);
        }
        Self { words, groups, second_letters, first_letters }
    }

    /// What the first keyword in `text` means.
    pub fn first_in(&self, text: &[u8]) -> Option<u8> {
        // 1 where a word goes on from the bytes before.
        let mut within = 0;
        for (index, bytes) in text.chunks(64).enumerate() {
            let bits = self.bits(bytes);
            let mut starts = bits.first & bits.word & !(bits.word << 1 | within);
            within = bits.word >> 63;
            while starts != 0 {
                let at = index * 64 + starts.trailing_zeros() as usize;
                starts &= starts - 1;
                if let Some(means) = self.starting(text.get(at..).unwrap_or(&[])) {
                    return Some(means);
                }
            }
        }
        None
    }

    /// What the longest keyword at the start of `text` means.
    #[inline]
    fn starting(&self, text: &[u8]) -> Option<u8> {
        let [first, rest @ ..] = text else { return None };
        let second = rest.first().copied().unwrap_or(0);
        let letter = group(*first);
        if self.second_letters[letter] >> group(second) & 1 == 0 {
            return None;
        }
        self.longest(text, letter)
    }

    #[inline(never)]
    fn longest(&self, text: &[u8], letter: usize) -> Option<u8> {
        let (from, to) = self.groups[letter & 31];
        let words = self.words.get(usize::from(from)..usize::from(to))?;
        let fits = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        words.iter().find(|(word, _)| fits(word)).map(|&(_, means)| means)
    }
}

/// What up to 64 bytes are, one bit each.
struct Bits {
    /// Those that are ASCII letters, digits or `_`.
    word: u64,
    /// Those that may be the first letter of a keyword.
    first: u64,
}

impl Keywords {
    #[inline]
    fn bits(&self, bytes: &[u8]) -> Bits {
        let (blocks, rest) = bytes.as_chunks::<16>();
        let mut bits = Bits { word: 0, first: 0 };
        for (index, block) in blocks.iter().enumerate() {
            self.add_bits(&mut bits, index, *block);
        }
        if !rest.is_empty() {
            let mut block = [0; 16];
            for (to, from) in block.iter_mut().zip(rest) {
                *to = *from;
            }
            self.add_bits(&mut bits, blocks.len(), block);
        }
        bits
    }

    #[inline]
    fn add_bits(&self, bits: &mut Bits, index: usize, block: [u8; 16]) {
        let each = u8x16::splat;
        let bytes = u8x16::new(block);
        let between = |bytes: u8x16, first: u8, last: u8| (bytes - each(first)).simd_le(each(last - first));
        // Bit 5 makes letters lower case, and nothing else a letter.
        let letter = between(bytes | each(0x20), b'a', b'z') | bytes.simd_eq(each(b'_'));
        let word = letter | between(bytes, b'0', b'9');
        let fifth_bit = (bytes & each(0x10)).simd_eq(each(0x10)).bitselect(each(2), each(1));
        let known = u8x16::new(self.first_letters).shuffle_zeroing(bytes & each(0x0f)) & fifth_bit;
        bits.word |= u64::from(word.to_bitmask()) << (index * 16);
        bits.first |= u64::from(known.simd_eq(fifth_bit).to_bitmask()) << (index * 16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::bytes::Regex;
    use std::sync::LazyLock;

    fn built_in() -> Keywords {
        Keywords::new(GATEWAY.iter().map(|&(word, number)| (word.to_owned(), number)).collect())
    }

    /// The gateway's own expression.
    fn by_regex(text: &[u8]) -> Option<u8> {
        static GATEWAY: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?i-u)\b(alert|crit|emerg|fatal|error|err|warn|notice|debug|dbug|trace)").unwrap()
        });
        let found = GATEWAY.find(text)?.as_bytes().to_ascii_lowercase();
        Some(match found.as_slice() {
            b"alert" | b"crit" | b"emerg" | b"fatal" => 21,
            b"error" | b"err" => 17,
            b"warn" | b"notice" => 13,
            b"debug" | b"dbug" => 5,
            _ => 1,
        })
    }

    #[test]
    fn every_byte_is_told_apart_in_every_place() {
        let keywords = built_in();
        for byte in 0..=255u8 {
            let first = [b'a', b'c', b'd', b'e', b'f', b'n', b't', b'w'].map(group).contains(&group(byte));
            let word = byte.is_ascii_alphanumeric() || byte == b'_';
            for place in 0..64 {
                for (other, other_first, other_word) in
                    [(0u8, false, false), (b'a', true, true), (b'8', false, true), (0xff, false, false)]
                {
                    let mut bytes = [other; 64];
                    bytes[place] = byte;
                    let expected = |here: bool, others: bool| {
                        let others = if others { u64::MAX } else { 0 };
                        others & !(1 << place) | u64::from(here) << place
                    };
                    let bits = keywords.bits(&bytes);
                    assert_eq!(bits.first, expected(first, other_first), "{byte:#x} at {place}");
                    assert_eq!(bits.word, expected(word, other_word), "{byte:#x} at {place}");
                }
            }
        }
    }

    #[test]
    fn words_begin_anywhere() {
        let keywords = built_in();
        for spaces in 0..140 {
            let text = format!("{}error: x", " ".repeat(spaces));
            assert_eq!(keywords.first_in(text.as_bytes()), Some(17), "{spaces}");
            let inside = format!("{}xerror: _err 1warn", "a".repeat(spaces));
            assert_eq!(keywords.first_in(inside.as_bytes()), None, "{spaces}");
            let cut = format!("{}war", " ".repeat(spaces));
            assert_eq!(keywords.first_in(cut.as_bytes()), None, "{spaces}");
        }
        assert_eq!(keywords.first_in("größerror".as_bytes()), Some(17));
        assert_eq!(keywords.first_in(b""), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn agrees_with_the_gateways_expression(
            text in "([ _a-fA-F0.:é\u{17f}\u{212a}-]|alert|CRIT|emerg|Fatal|error|er|rr|warn|wArn|notice|debug|dbu|g|trace|tr|ace){0,24}",
        ) {
            prop_assert_eq!(built_in().first_in(text.as_bytes()), by_regex(text.as_bytes()));
        }

        #[test]
        fn agrees_on_any_bytes(text in prop::collection::vec(any::<u8>(), 0..64), word in "[a-z]{3,5}", at in 0usize..64) {
            let mut text = text;
            let at = at.min(text.len());
            text.splice(at..at, word.bytes());
            prop_assert_eq!(built_in().first_in(&text), by_regex(&text));
        }
    }
}
