//! Cuts at the start of a text. Both parts are of the text, also where they are empty: a
//! message that starts at the end of the line can still grow.

/// Up to the first space, and what follows it.
#[inline]
pub fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let (word, rest) = text.split_at(memchr::memchr(b' ', text).unwrap_or(text.len()));
    (word, rest.strip_prefix(b" ").unwrap_or(rest))
}

/// What stands between `open`, with which the text begins, and the next `close`; and what
/// follows that.
#[inline]
pub fn within(text: &[u8], open: u8, close: u8) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(&[open])?;
    let (inside, rest) = inside.split_at(memchr::memchr(close, inside)?);
    Some((inside, rest.strip_prefix(&[close])?))
}

/// As many decimal digits as there are, and what follows them.
#[inline]
pub fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

/// What is left without the white space in front.
#[inline]
pub fn trim_start(text: &[u8]) -> &[u8] {
    text.split_at(text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()).1
}

/// Up to the last `at`, and what follows it.
#[inline]
pub fn at_last(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let (before, rest) = text.split_at(memchr::memrchr(at, text)?);
    Some((before, rest.strip_prefix(&[at])?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts() {
        assert_eq!(word(b"a b c"), (&b"a"[..], &b"b c"[..]));
        assert_eq!(word(b" b"), (&b""[..], &b"b"[..]));
        assert_eq!(word(b"a"), (&b"a"[..], &b""[..]));
        assert_eq!(within(b"[a] b]", b'[', b']'), Some((&b"a"[..], &b" b]"[..])));
        assert_eq!(within(b"[]", b'[', b']'), Some((&b""[..], &b""[..])));
        assert_eq!(within(b"[a", b'[', b']'), None);
        assert_eq!(within(b"a]", b'[', b']'), None);
        assert_eq!(digits(b"12x3"), (&b"12"[..], &b"x3"[..]));
        assert_eq!(digits(b"x"), (&b""[..], &b"x"[..]));
        assert_eq!(trim_start(b" \t a "), b"a ");
        assert_eq!(at_last(b"a-b-c", b'-'), Some((&b"a-b"[..], &b"c"[..])));
        assert_eq!(at_last(b"abc", b'-'), None);
    }

    #[test]
    fn an_empty_rest_is_at_the_end_of_the_text() {
        let text = b"word";
        assert_eq!(word(text).1.as_ptr(), text.as_ptr_range().end);
    }
}
