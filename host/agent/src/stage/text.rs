//! Bytes of a file as text that components may rely on.
//!
//! In UTF-8 every byte that is not part of a character becomes U+FFFD, one for one,
//! as in the collector's file receiver. Line feeds stay line feeds, so a position at the
//! end of a line can be found again in the bytes by counting lines.

use std::borrow::Cow;

use skidway_config::Encoding;

/// `bytes` of this encoding as text.
pub(crate) fn readable(bytes: &[u8], encoding: Encoding) -> Cow<'_, str> {
    match encoding {
        Encoding::Utf8 => utf8(bytes),
        Encoding::Latin1 => encoding_rs::mem::decode_latin1(bytes),
        Encoding::Other(other) => other.decode_without_bom_handling(bytes).0,
    }
}

/// Borrowed where the bytes are valid, which costs one fast pass.
fn utf8(bytes: &[u8]) -> Cow<'_, str> {
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
        assert_eq!(utf8(b"ok \xff\xfe."), "ok \u{fffd}\u{fffd}.");
        // The first two bytes of a character of three, cut off.
        assert_eq!(utf8(b"\xe6\x97\n"), "\u{fffd}\u{fffd}\n");
        assert!(matches!(utf8("日本".as_bytes()), Cow::Borrowed(_)));
    }

    #[test]
    fn other_encodings_keep_their_line_feeds() {
        for label in [
            "windows-1252",
            "shift_jis",
            "euc-jp",
            "gbk",
            "gb18030",
            "big5",
            "euc-kr",
            "iso-2022-jp",
            "koi8-r",
        ] {
            let encoding = Encoding::Other(encoding_rs::Encoding::for_label(label.as_bytes()).unwrap());
            for lead in 0x80..=0xff {
                let bytes = [b'a', lead, b'\n', b'b', b'\n'];
                let text = readable(&bytes, encoding);
                let first =
                    text.find('\n').unwrap_or_else(|| panic!("{label} swallows it behind {lead:#x}")) + 1;
                assert_eq!(original_len(&bytes, &text, first), 3, "{label} {lead:#x}");
            }
        }
    }

    proptest! {
        #[test]
        fn line_ends_are_found_again(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..60)) {
            let text = utf8(&bytes);
            prop_assert_eq!(original_len(&bytes, &text, 0), 0);
            prop_assert_eq!(original_len(&bytes, &text, text.len()), bytes.len());
            let ends = |all: &[u8]| memchr::memchr_iter(b'\n', all).map(|at| at + 1).collect::<Vec<_>>();
            for (in_text, in_bytes) in ends(text.as_bytes()).into_iter().zip(ends(&bytes)) {
                prop_assert_eq!(original_len(&bytes, &text, in_text), in_bytes);
            }
        }
    }
}
