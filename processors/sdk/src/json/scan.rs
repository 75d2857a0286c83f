//! The members of an object without a copy of them: for lines, of which there are
//! many. It goes through nested values without recursion.

use super::MAX_DEPTH;
use crate::text::{Text, hex};

/// The value of a member, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member<'t> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(&'t [u8]),
    /// A number.
    Number(&'t [u8]),
    /// A string, without its quotes.
    String(Text<'t>),
    /// An object or an array: all of it.
    Nested(&'t [u8]),
}

/// Reads a text that is a JSON object and hands each of its members to `each`, in
/// order; a key may come twice. Whether it is an object is known at the end only:
/// false where it is none, or one that is nested more than 64 deep.
///
/// Control characters in strings are let through.
#[inline]
pub fn members<'t>(text: &'t [u8], mut each: impl FnMut(Text<'t>, Member<'t>)) -> bool {
    let mut scan = Scan { text, at: 0 };
    scan.object(&mut each).is_some() && scan.at == text.len()
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Scan<'t> {
    #[inline]
    fn object(&mut self, each: &mut impl FnMut(Text<'t>, Member<'t>)) -> Option<()> {
        self.space();
        self.take(b'{')?;
        self.space();
        if self.take(b'}').is_some() {
            self.space();
            return Some(());
        }
        loop {
            let key = self.key()?;
            let value = self.value()?;
            each(key, value);
            self.space();
            if self.take(b'}').is_some() {
                self.space();
                return Some(());
            }
            self.take(b',')?;
            self.space();
        }
    }

    /// A key with its colon, up to the value.
    #[inline]
    fn key(&mut self) -> Option<Text<'t>> {
        let key = self.string()?;
        self.space();
        self.take(b':')?;
        self.space();
        Some(key)
    }

    #[inline]
    fn value(&mut self) -> Option<Member<'t>> {
        match self.peek()? {
            b'"' => self.string().map(Member::String),
            b'{' | b'[' => {
                let start = self.at;
                self.nested()?;
                self.since(start).map(Member::Nested)
            }
            _ => self.literal(),
        }
    }

    /// A value that is neither string nor nested.
    #[inline]
    fn literal(&mut self) -> Option<Member<'t>> {
        let start = self.at;
        match self.peek()? {
            b't' => self.word(b"true").map(Member::Boolean),
            b'f' => self.word(b"false").map(Member::Boolean),
            b'n' => self.word(b"null").map(|_| Member::Null),
            _ => {
                self.number()?;
                self.since(start).map(Member::Number)
            }
        }
    }

    /// Goes past an object or an array.
    fn nested(&mut self) -> Option<()> {
        // A bit for each that is open, the innermost the lowest: 1 for an object.
        let mut objects = 0u64;
        let mut depth = 0;
        loop {
            match self.peek()? {
                open @ (b'{' | b'[') => {
                    if depth == MAX_DEPTH {
                        return None;
                    }
                    depth += 1;
                    objects = objects << 1 | u64::from(open == b'{');
                    self.at += 1;
                    self.space();
                    let empty = self.peek()? == if open == b'{' { b'}' } else { b']' };
                    if !empty {
                        if open == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                b'"' => {
                    self.string()?;
                }
                _ => {
                    self.literal()?;
                }
            }
            // What follows a value.
            loop {
                self.space();
                let in_object = objects & 1 == 1;
                match self.peek()? {
                    b',' => {
                        self.at += 1;
                        self.space();
                        if in_object {
                            self.key()?;
                        }
                        break;
                    }
                    close if close == if in_object { b'}' } else { b']' } => {
                        self.at += 1;
                        objects >>= 1;
                        depth -= 1;
                        if depth == 0 {
                            return Some(());
                        }
                    }
                    _ => return None,
                }
            }
        }
    }

    #[inline]
    fn string(&mut self) -> Option<Text<'t>> {
        self.take(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += memchr::memchr2(b'"', b'\\', self.rest())?;
            if self.peek() == Some(b'"') {
                let raw = self.since(start)?;
                self.at += 1;
                return Some(Text { raw, escaped });
            }
            escaped = true;
            self.at += match self.text.get(self.at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                b'u' => hex(self.text.get(self.at + 2..)?, 4).map(|_| 6)?,
                _ => return None,
            };
        }
    }

    #[inline]
    fn number(&mut self) -> Option<()> {
        let _sign = self.take(b'-');
        let zero = self.peek() == Some(b'0');
        let whole = self.digits();
        if whole == 0 || (zero && whole > 1) {
            return None;
        }
        if self.take(b'.').is_some() && self.digits() == 0 {
            return None;
        }
        if self.take(b'e').or_else(|| self.take(b'E')).is_some() {
            let _sign = self.take(b'+').or_else(|| self.take(b'-'));
            if self.digits() == 0 {
                return None;
            }
        }
        Some(())
    }

    #[inline]
    fn digits(&mut self) -> usize {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        digits
    }

    #[inline]
    fn word(&mut self, word: &[u8]) -> Option<&'t [u8]> {
        let start = self.at;
        self.rest().starts_with(word).then_some(())?;
        self.at += word.len();
        self.since(start)
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or(&[])
    }

    #[inline]
    fn since(&self, start: usize) -> Option<&'t [u8]> {
        self.text.get(start..self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Keys and values as they are written; nothing where it is no object.
    fn read(text: &str) -> Option<Vec<(String, String)>> {
        let string = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut all = Vec::new();
        let good = members(text.as_bytes(), |key, value| {
            let value = match value {
                Member::Null => "null".into(),
                Member::String(text) => format!("\"{}\"", string(text.raw)),
                Member::Boolean(raw) | Member::Number(raw) | Member::Nested(raw) => string(raw),
            };
            all.push((string(key.raw), value));
        });
        good.then_some(all)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(pairs.iter().map(|&(key, value)| (key.into(), value.into())).collect())
    }

    #[test]
    fn members_in_their_order() {
        assert_eq!(
            read(r#" {"a": "b\n", "c":[1, {"d": null}],"a":-2.50e+3 , "e":true,"f":{} } "#),
            pairs(&[
                ("a", "\"b\\n\""),
                ("c", "[1, {\"d\": null}]"),
                ("a", "-2.50e+3"),
                ("e", "true"),
                ("f", "{}")
            ])
        );
        assert_eq!(read("{}"), pairs(&[]));
        assert_eq!(read("{ }"), pairs(&[]));
    }

    #[test]
    fn what_is_no_object() {
        for text in [
            "",
            "{",
            "}",
            "[]",
            "null",
            "5",
            "\"{}\"",
            "{} {}",
            "{a: 1}",
            "{\"a\": 1,}",
            "{\"a\" 1}",
            "{\"a\": 1",
            "{\"a\":}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":1e}",
            "{\"a\":tru}",
            r#"{"a":"\x"}"#,
            r#"{"a":"\u12"}"#,
            "{\"a\":[1 2]}",
            "{\"a\":[1,]}",
            "{\"a\":[}]}",
            "{\"a\":{]}",
            "{\"a\":[{\"b\":1]}",
            "{,}",
            "{\"a\":\"b}",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn depth_has_a_limit() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(MAX_DEPTH)).is_some());
        assert_eq!(read(&nested(MAX_DEPTH + 1)), None);
        assert_eq!(read(&"{\"a\":".repeat(1_000_000)), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn agrees_with_the_reader_of_values(
            inside in r#"([\[\]{},: ]|"[a\\"bnu0dé/ -]{0,4}"|"\\u[0-9a-fA-F]{4}"|"a": ?|-?[0-9]{1,3}|0?\.[0-9]|[1-9]e[+-]?[0-9]|true|null){0,9}"#,
        ) {
            for text in [format!("{{{inside}}}"), format!("{{\"k\":{inside}}}"), format!("{{\"k\":[{inside}]}}")] {
                match crate::json::object(&text) {
                    Ok(object) => {
                        let keys: Option<Vec<_>> =
                            read(&text).map(|all| all.into_iter().map(|(key, _)| key).collect());
                        let plain = object.0.iter().all(|(key, _)| !key.contains(['\\', '"', '/', '\u{8}', '\n']));
                        prop_assert!(keys.is_some(), "{}", text);
                        if plain && !text.contains("\\") {
                            prop_assert_eq!(keys.unwrap(), object.0.into_iter().map(|(key, _)| key).collect::<Vec<_>>());
                        }
                    }
                    // Half a surrogate pair is let through here.
                    Err(why) if why.starts_with("half a surrogate") => {}
                    Err(_) => prop_assert_eq!(read(&text), None, "{}", text),
                }
            }
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..30)) {
            members(&text, |_, _| {});
            members(&[b"{\"a\":", &text[..]].concat(), |_, _| {});
        }
    }
}
