//! Texts that may hold escapes, as quoted strings in JSON, logfmt and access logs do.

/// A text of the line, with its escapes still in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'l> {
    /// As it is written.
    pub raw: &'l [u8],
    /// Whether a backslash in it begins an escape.
    pub escaped: bool,
}

impl<'l> Text<'l> {
    /// A text that means what it says.
    #[inline]
    pub fn plain(raw: &'l [u8]) -> Self {
        Self { raw, escaped: false }
    }

    /// What stands between quotes.
    #[inline]
    pub fn quoted(raw: &'l [u8]) -> Self {
        Self { raw, escaped: memchr::memchr(b'\\', raw).is_some() }
    }

    /// The text at the start of `rest`, which begins behind its opening quote, and what
    /// follows its closing one.
    #[inline]
    pub fn until_quote(rest: &'l [u8]) -> Option<(Self, &'l [u8])> {
        let mut from = 0;
        let mut escaped = false;
        loop {
            let at = from + memchr::memchr2(b'"', b'\\', rest.get(from..)?)?;
            if rest.get(at) == Some(&b'"') {
                return Some((Self { raw: rest.get(..at)?, escaped }, rest.get(at + 1..)?));
            }
            escaped = true;
            from = at + 2;
        }
    }

    /// Writes what the text means behind `out`. An escape that nobody knows stays as it
    /// is, half a surrogate pair becomes U+FFFD. `\xHH` is a byte, so that the result
    /// need not be UTF-8.
    pub fn unescape(&self, out: &mut Vec<u8>) {
        if !self.escaped {
            return out.extend_from_slice(self.raw);
        }
        let mut rest = self.raw;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            let (before, escape) = rest.split_at(at);
            out.extend_from_slice(before);
            let len = one(escape, out);
            rest = escape.get(len..).unwrap_or(&[]);
        }
        out.extend_from_slice(rest);
    }
}

/// Writes what the escape at the start of `text` means, and tells its length.
fn one(text: &[u8], out: &mut Vec<u8>) -> usize {
    let byte = match text {
        [_, byte @ (b'"' | b'\\' | b'/'), ..] => *byte,
        [_, b'b', ..] => 8,
        [_, b'f', ..] => 12,
        [_, b'n', ..] => b'\n',
        [_, b'r', ..] => b'\r',
        [_, b't', ..] => b'\t',
        [_, b'u', digits @ ..] => {
            if let Some(code) = hex(digits, 4) {
                return unicode(code, digits.get(4..).unwrap_or(&[]), out);
            }
            b'\\'
        }
        [_, b'x', digits @ ..] => match hex(digits, 2) {
            Some(code) => {
                out.push(code as u8);
                return 4;
            }
            None => b'\\',
        },
        _ => b'\\',
    };
    out.push(byte);
    // A backslash that begins no escape is alone.
    if byte == b'\\' && text.get(1) != Some(&b'\\') { 1 } else { 2 }
}

/// Writes the character of `\uXXXX`, or of a pair of them; `rest` follows the first.
fn unicode(code: u32, rest: &[u8], out: &mut Vec<u8>) -> usize {
    let low = match rest {
        [b'\\', b'u', digits @ ..] if (0xd800..0xdc00).contains(&code) => {
            hex(digits, 4).filter(|low| (0xdc00..0xe000).contains(low))
        }
        _ => None,
    };
    let (code, len) = match low {
        Some(low) => (0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00), 12),
        None => (code, 6),
    };
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    len
}

/// The number that the first `count` bytes are in hexadecimal digits.
pub(crate) fn hex(text: &[u8], count: usize) -> Option<u32> {
    text.get(..count)?.iter().try_fold(0, |code, &byte| Some(code << 4 | char::from(byte).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unescaped(raw: &str) -> String {
        let mut out = Vec::new();
        Text::quoted(raw.as_bytes()).unescape(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn escapes_mean_what_json_says() {
        assert_eq!(unescaped(r#"a\"b\\c\/\b\f\n\r\tz"#), "a\"b\\c/\u{8}\u{c}\n\r\tz");
        assert_eq!(unescaped(r"\u00e4\u20AC\ud83d\ude00"), "ä€😀");
        assert_eq!(unescaped(r"\xc3\xa4\x22\xff"), "ä\"\u{fffd}");
    }

    #[test]
    fn what_is_no_escape_stays() {
        for raw in [r"\", r"a\q", r"\u12", r"\u12g4", r"\xg0", r"\x1", r"C:\Users"] {
            assert_eq!(unescaped(raw), raw);
        }
        assert_eq!(unescaped(r"\ud800x\ude00\ud800\u0041"), "\u{fffd}x\u{fffd}\u{fffd}A");
    }

    #[test]
    fn a_text_ends_at_the_first_quote_that_is_not_escaped() {
        let cut = |rest: &'static str| {
            Text::until_quote(rest.as_bytes()).map(|(text, rest)| {
                (std::str::from_utf8(text.raw).unwrap(), text.escaped, std::str::from_utf8(rest).unwrap())
            })
        };
        assert_eq!(cut(r#"" x"#), Some(("", false, " x")));
        assert_eq!(cut(r#"a b" c""#), Some(("a b", false, " c\"")));
        assert_eq!(cut(r#"a\"b\\" c"#), Some((r#"a\"b\\"#, true, " c")));
        for open in ["", "a", r#"a\""#, r"a\"] {
            assert_eq!(cut(open), None, "{open}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in any::<String>()) {
            let written = serde_json::to_string(&text).unwrap();
            let (read, rest) = Text::until_quote(&written.as_bytes()[1..]).unwrap();
            let mut out = Vec::new();
            read.unescape(&mut out);
            prop_assert_eq!(out, text.as_bytes());
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(raw in prop::collection::vec(any::<u8>(), 0..30)) {
            Text::quoted(&raw).unescape(&mut Vec::new());
            let _ = Text::until_quote(&raw);
        }

        #[test]
        fn any_escapes_are_read_without_a_panic(raw in r#"(\\[ux"\\n]|[0-9a-fd8]|\\){0,20}"#) {
            Text::quoted(raw.as_bytes()).unescape(&mut Vec::new());
        }
    }
}
