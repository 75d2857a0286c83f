//! Finds the first keyword that begins a word, without a regex engine: word starts
//! come out of 64 bytes at a time, and most of them are not followed further
//! than their second letter.

use std::collections::BTreeMap;

/// Keywords with what they mean, in lower case.
#[derive(Debug, Default)]
pub(crate) struct Keywords {
    /// Sorted by the group of the first letter, within it the longest first.
    words: Vec<(Box<[u8]>, u8)>,
    /// Where in `words` the group of a first letter starts and ends.
    groups: [(u16, u16); 32],
    /// By the group of a first letter, bit `g`: a letter of group `g` may come second.
    second_letters: [u32; 32],
    /// All bits where a keyword starts with a digit, otherwise none.
    digits: u64,
}

/// The lower five bits tell letters apart whatever their case. Digits and `_` share
/// groups with letters, which the comparison sorts out.
fn group(byte: u8) -> usize {
    usize::from(byte & 31)
}

impl Keywords {
    pub(crate) fn new(keywords: BTreeMap<String, u8>) -> Self {
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
        let starts_with_digit = words.iter().any(|(word, _)| word.first().is_some_and(u8::is_ascii_digit));
        let digits = if starts_with_digit { u64::MAX } else { 0 };
        Self { words, groups, second_letters, digits }
    }

    /// What the first keyword in `text` means.
    pub(crate) fn first_in(&self, text: &[u8]) -> Option<u8> {
        // 1 where a word goes on from the bytes before.
        let mut within = 0;
        for (index, bytes) in text.chunks(64).enumerate() {
            let bits = Bits::of(bytes);
            let mut starts = bits.word & !(bits.word << 1 | within) & (bits.letter | self.digits);
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
    /// ASCII letters, digits and `_`.
    word: u64,
    /// Those of them that are no digits.
    letter: u64,
}

impl Bits {
    #[inline]
    fn of(bytes: &[u8]) -> Self {
        let (blocks, rest) = bytes.as_chunks::<8>();
        let mut bits = Self { word: 0, letter: 0 };
        for (index, block) in blocks.iter().enumerate() {
            bits.add(index, *block);
        }
        if !rest.is_empty() {
            let mut block = [0; 8];
            for (to, from) in block.iter_mut().zip(rest) {
                *to = *from;
            }
            bits.add(blocks.len(), block);
        }
        bits
    }

    #[inline]
    fn add(&mut self, index: usize, block: [u8; 8]) {
        let bytes = u64::from_le_bytes(block);
        // Without the highest bit there is no carry from byte to byte, and a sum has
        // it exactly where the byte is at least what it was compared with.
        let low = bytes & each(0x7f);
        let at_least = |values: u64, least: u8| values + each(0x80 - least);
        let folded = low | each(0x20);
        let letter = at_least(folded, b'a') & !at_least(folded, b'z' + 1);
        let digit = at_least(low, b'0') & !at_least(low, b'9' + 1);
        let letter = letter | !at_least(low ^ each(b'_'), 1);
        self.letter |= high_bits(letter & !bytes) << (index * 8);
        self.word |= high_bits((letter | digit) & !bytes) << (index * 8);
    }
}

/// A byte in each of the eight places.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The highest bit of each byte, as eight bits, that of the first byte lowest.
#[inline]
fn high_bits(bytes: u64) -> u64 {
    // The factor moves bit `8 i` to bit `56 + i`; no two products meet in one bit.
    (bytes >> 7 & each(1)).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::bytes::Regex;
    use std::sync::LazyLock;

    fn built_in() -> Keywords {
        crate::settings::Settings::read("{}").unwrap().keywords
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
        for byte in 0..=255u8 {
            let letter = byte.is_ascii_alphabetic() || byte == b'_';
            for place in 0..64 {
                for (other, other_letter, other_word) in
                    [(0u8, false, false), (b'a', true, true), (b'7', false, true), (0xff, false, false)]
                {
                    let mut bytes = [other; 64];
                    bytes[place] = byte;
                    let expected = |here: bool, others: bool| {
                        let others = if others { u64::MAX } else { 0 };
                        others & !(1 << place) | u64::from(here) << place
                    };
                    let bits = Bits::of(&bytes);
                    assert_eq!(bits.letter, expected(letter, other_letter), "{byte:#x} at {place}");
                    assert_eq!(bits.word, expected(letter || byte.is_ascii_digit(), other_word));
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
