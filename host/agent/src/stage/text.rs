//! Bytes of a file as text that components may rely on.
//!
//! In UTF-8 every byte that is not part of a character becomes U+FFFD, one for one,
//! as in the collector's file receiver. Line feeds stay line feeds, so a position at the
//! end of a line can be found again in the bytes by counting lines.

use std::borrow::Cow;

use skidway_config::Encoding;
use skidway_tail::LineFeed;

/// What ends a line in this encoding.
pub(crate) fn line_feed(encoding: Encoding) -> LineFeed {
    match encoding {
        Encoding::Other(other) if other == encoding_rs::UTF_16LE => LineFeed::Utf16Le,
        Encoding::Other(other) if other == encoding_rs::UTF_16BE => LineFeed::Utf16Be,
        _ => LineFeed::Byte,
    }
}

/// `bytes` of this encoding as text.
pub(crate) fn readable(bytes: &[u8], encoding: Encoding) -> Cow<'_, str> {
    match encoding {
        Encoding::Utf8 => utf8(bytes),
        Encoding::Latin1 => encoding_rs::mem::decode_latin1(bytes),
        Encoding::Other(other) => other.decode_without_bom_handling(bytes).0,
    }
}

/// Borrowed where the bytes are valid, which costs one fast pass.
pub(crate) fn utf8(bytes: &[u8]) -> Cow<'_, str> {
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
pub(crate) fn original_len(bytes: &[u8], text: &str, consumed: usize, encoding: Encoding) -> usize {
    if consumed == text.len() {
        return bytes.len();
    }
    if std::ptr::eq(bytes.as_ptr(), text.as_ptr()) {
        return consumed;
    }
    let lines = memchr::memchr_iter(b'\n', &text.as_bytes()[..consumed]).count();
    match lines.checked_sub(1) {
        None => 0,
        Some(last) => line_feed(encoding).ends(bytes).nth(last).unwrap_or(bytes.len()),
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
                assert_eq!(original_len(&bytes, &text, first, encoding), 3, "{label} {lead:#x}");
            }
        }
    }

    #[test]
    fn two_bytes_a_unit_keep_their_line_feeds_and_their_mark() {
        type Bytes = fn(u16) -> [u8; 2];
        let both: [(_, Bytes); 2] =
            [(encoding_rs::UTF_16LE, u16::to_le_bytes), (encoding_rs::UTF_16BE, u16::to_be_bytes)];
        for (encoding, bytes) in both {
            let encoding = Encoding::Other(encoding);
            // U+0A00 and U+010A hold the byte of a line feed.
            let written = "\u{feff}a\u{a00}\u{10a}\nb😀\nc";
            let mut bytes: Vec<u8> = written.encode_utf16().flat_map(bytes).collect();
            let text = readable(&bytes, encoding);
            assert_eq!(text, written);
            let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
            assert_eq!(original_len(&bytes, &text, ends[0], encoding), 10);
            assert_eq!(original_len(&bytes, &text, ends[1], encoding), 18);
            bytes.truncate(19);
            assert_eq!(readable(&bytes, encoding).matches('\u{fffd}').count(), 1, "half a unit");
        }
    }

    proptest! {
        #[test]
        fn line_ends_are_found_again(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..60)) {
            let text = utf8(&bytes);
            prop_assert_eq!(original_len(&bytes, &text, 0, Encoding::Utf8), 0);
            prop_assert_eq!(original_len(&bytes, &text, text.len(), Encoding::Utf8), bytes.len());
            let ends = |all: &[u8]| memchr::memchr_iter(b'\n', all).map(|at| at + 1).collect::<Vec<_>>();
            for (in_text, in_bytes) in ends(text.as_bytes()).into_iter().zip(ends(&bytes)) {
                prop_assert_eq!(original_len(&bytes, &text, in_text, Encoding::Utf8), in_bytes);
            }
        }
    }
}
