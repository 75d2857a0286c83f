//! Sets of characters, looked at as bytes wherever that gives the same answer.

use regex_syntax::hir;

/// A set of bytes.
pub(crate) type Bytes = [bool; 256];

/// A set of characters.
#[derive(Debug, Clone)]
pub(crate) struct Class {
    /// The ASCII characters in it; for the other bytes, whether a character that is
    /// in the set may begin, or go on, with them.
    pub(crate) bytes: Bytes,
    pub(crate) wide: Wide,
    /// The only byte that is not in it, where there is only one.
    pub(crate) but: Option<u8>,
}

/// Which of the characters past ASCII a class has.
#[derive(Debug, Clone)]
pub(crate) enum Wide {
    None,
    All,
    /// Those in these ranges, which ascend.
    Some(Vec<(char, char)>),
}

impl Class {
    /// None for classes of bytes past ASCII, which no pattern of ours has.
    pub(crate) fn new(class: &hir::Class) -> Option<Self> {
        let ranges: Vec<(char, char)> = match class {
            hir::Class::Unicode(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
            hir::Class::Bytes(class) => {
                let ascii = class.to_unicode_class()?;
                ascii.iter().map(|range| (range.start(), range.end())).collect()
            }
        };
        Some(Self::from_ranges(&ranges))
    }

    /// The class of one character.
    pub(crate) fn one(c: char) -> Self {
        Self::from_ranges(&[(c, c)])
    }

    fn from_ranges(ranges: &[(char, char)]) -> Self {
        let mut bytes = [false; 256];
        let mut wide = Vec::new();
        for &(low, high) in ranges {
            for byte in 0..128u8 {
                bytes[usize::from(byte)] |= (low..=high).contains(&char::from(byte));
            }
            if high >= '\u{80}' {
                wide.push((low.max('\u{80}'), high));
            }
        }
        let wide = match wide.as_slice() {
            [] => Wide::None,
            [('\u{80}', char::MAX)] => Wide::All,
            _ => Wide::Some(wide),
        };
        if !matches!(wide, Wide::None) {
            bytes[128..].fill(true);
        }
        let missing: Vec<_> = (0..=255u8).filter(|&byte| !bytes[usize::from(byte)]).collect();
        let but = match (missing.as_slice(), &wide) {
            (&[byte], Wide::All) => Some(byte),
            _ => None,
        };
        Self { bytes, wide, but }
    }

    /// The length of the character at `at`, where it is in the class.
    #[inline]
    pub(crate) fn step(&self, text: &[u8], at: usize) -> Option<usize> {
        let &byte = text.get(at)?;
        if byte < 0x80 {
            return self.bytes[usize::from(byte)].then_some(1);
        }
        self.wide_step(text, at)
    }

    #[cold]
    fn wide_step(&self, text: &[u8], at: usize) -> Option<usize> {
        let len = char_len(text[at]);
        match &self.wide {
            Wide::None => None,
            Wide::All => Some(len),
            Wide::Some(ranges) => {
                let c = std::str::from_utf8(text.get(at..at + len)?).ok()?.chars().next()?;
                let place = ranges.partition_point(|&(_, high)| high < c);
                ranges.get(place).filter(|&&(low, _)| low <= c).map(|_| len)
            }
        }
    }

    /// Whether a run of it ends at the first byte that is not in `bytes`.
    pub(crate) fn is_bytewise(&self) -> bool {
        !matches!(self.wide, Wide::Some(_))
    }

    /// Where a run of a bytewise class that begins at `at` ends.
    #[inline]
    pub(crate) fn run_end(&self, text: &[u8], at: usize) -> usize {
        if let Some(byte) = self.but {
            return memchr::memchr(byte, &text[at..]).map_or(text.len(), |length| at + length);
        }
        let mut end = at;
        while let Some(&byte) = text.get(end)
            && self.bytes[usize::from(byte)]
        {
            end += 1;
        }
        end
    }
}

/// How many bytes the character has that begins with `lead`.
pub(crate) fn char_len(lead: u8) -> usize {
    match lead {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    }
}

/// Whether a character may begin at `at`.
#[inline]
pub(crate) fn is_boundary(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(|byte| byte & 0xc0 != 0x80)
}
