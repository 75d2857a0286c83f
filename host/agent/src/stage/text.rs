//! Bytes of a file as text that components may rely on.
//!
//! Every byte that is not part of valid UTF-8 becomes U+FFFD, one for one, as in
//! the collector's file receiver. Line feeds stay line feeds, so a position at the
//! end of a line can be found again in the bytes by counting lines.

use std::borrow::Cow;

/// `bytes` as text; borrowed where they are valid, which costs one fast pass.
pub(crate) fn readable(bytes: &[u8]) -> Cow<'_, str> {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(replaced(bytes)),
    }
}

fn replaced(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// How many of `bytes` the first `consumed` bytes of their `text` stand for.
/// `consumed` is 0, the end of a line, or the end of the text.
pub(crate) fn original_len(bytes: &[u8], text: &str, consumed: usize) -> usize {
    if consumed == text.len() {
        return bytes.len();
    }
    if std::ptr::eq(bytes.as_ptr(), text.as_ptr()) {
        return consumed;
    }
    let lines = memchr::memchr_iter(b'\n', &text.as_bytes()[..consumed]).count();
    match lines.checked_sub(1) {
        None => 0,
        Some(last) => memchr::memchr_iter(b'\n', bytes).nth(last).map_or(bytes.len(), |at| at + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_invalid_byte_is_replaced_by_one_character() {
        assert_eq!(readable(b"ok \xff\xfe."), "ok \u{fffd}\u{fffd}.");
        // The first two bytes of a character of three, cut off.
        assert_eq!(readable(b"\xe6\x97\n"), "\u{fffd}\u{fffd}\n");
        assert!(matches!(readable("日本".as_bytes()), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn line_ends_are_found_again(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..60)) {
            let text = readable(&bytes);
            prop_assert_eq!(original_len(&bytes, &text, 0), 0);
            prop_assert_eq!(original_len(&bytes, &text, text.len()), bytes.len());
            let ends = |all: &[u8]| memchr::memchr_iter(b'\n', all).map(|at| at + 1).collect::<Vec<_>>();
            for (in_text, in_bytes) in ends(text.as_bytes()).into_iter().zip(ends(&bytes)) {
                prop_assert_eq!(original_len(&bytes, &text, in_text), in_bytes);
            }
        }
    }
}
