//! Finds the first keyword that begins a word, without a regex engine: word starts
//! come out of eight bytes at a time, and most of them are not followed further
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
        Self { words, groups, second_letters }
    }

    /// What the first keyword in `text` means.
    pub(crate) fn first_in(&self, text: &[u8]) -> Option<u8> {
        let (blocks, rest) = text.as_chunks::<8>();
        let mut before = false;
        for (index, block) in blocks.iter().enumerate() {
            let found = self.in_block(*block, text, index * 8, &mut before);
            if found.is_some() {
                return found;
            }
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        self.in_block(last, text, blocks.len() * 8, &mut before)
    }

    /// Looks at the words that start in one block of `text`, the one at `offset`.
    /// `before`: whether a word goes on from the block before, then after.
    #[inline]
    fn in_block(&self, block: [u8; 8], text: &[u8], offset: usize, before: &mut bool) -> Option<u8> {
        let word = word_bytes(u64::from_le_bytes(block));
        let mut starts = word & !(word << 8 | if *before { HIGH_BIT } else { 0 });
        *before = word >> 63 != 0;
        while starts != 0 {
            let at = starts.trailing_zeros() as usize / 8;
            starts &= starts - 1;
            let letter = group(block[at & 7]);
            let second = text.get(offset + at + 1).copied().unwrap_or(0);
            if self.second_letters[letter] >> group(second) & 1 != 0 {
                let found = self.starting(text.get(offset + at..).unwrap_or(&[]), letter);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// What the longest keyword at the start of `text` means.
    fn starting(&self, text: &[u8], letter: usize) -> Option<u8> {
        let (from, to) = self.groups[letter & 31];
        let words = self.words.get(usize::from(from)..usize::from(to))?;
        let fits = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        words.iter().find(|(word, _)| fits(word)).map(|&(_, means)| means)
    }
}

const HIGH_BIT: u64 = 0x80;

/// A byte in each of the eight places.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of every byte that is an ASCII letter, digit or `_`.
#[inline]
fn word_bytes(bytes: u64) -> u64 {
    // Without the highest bit there is no carry from byte to byte, and a sum has it
    // exactly where the byte is at least what it was compared with.
    let low = bytes & each(0x7f);
    let at_least = |values: u64, least: u8| values + each(0x80 - least);
    let folded = low | each(0x20);
    let letter = at_least(folded, b'a') & !at_least(folded, b'z' + 1);
    let digit = at_least(low, b'0') & !at_least(low, b'9' + 1);
    let underscore = !at_least(low ^ each(b'_'), 1);
    (letter | digit | underscore) & !bytes & each(0x80)
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
    fn every_byte_is_a_word_byte_or_not_in_every_place() {
        for byte in 0..=255u8 {
            let is_word = byte.is_ascii_alphanumeric() || byte == b'_';
            for place in 0..8 {
                for other in [0u8, b'a', 0x7f, 0xff] {
                    let mut block = [other; 8];
                    block[place] = byte;
                    let bit = word_bytes(u64::from_le_bytes(block)) >> (place * 8 + 7) & 1;
                    assert_eq!(bit == 1, is_word, "{byte:#x} at {place}");
                }
            }
            assert_eq!(word_bytes(each(byte)) == each(0x80), is_word);
        }
    }

    #[test]
    fn words_begin_anywhere() {
        let keywords = built_in();
        for spaces in 0..40 {
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
