//! `log.record.uid`, by which a record that was sent twice is recognised.
//!
//! `LINEAGE-OFFSET-HASH`: the text's lineage in 16 hex digits, where the record's first
//! line begins in it in 12, the hash of that line in 8. The second record of a line has
//! `-1` behind it, the third one `-2`. Invariant: it is made of nothing else, so how a
//! file is cut into chunks, parsed and enriched is not in it. What records of a file
//! have in common stands first: they sort as they stand there, and compress well.

use skidway_model::{FirstLine, Key, Lineage, Subject};

use crate::wire::{PAIR_KEY, PAIR_VALUE, RECORD_ATTRIBUTE, VALUE_STRING, field};

/// The attribute's name (semantic conventions, `log.record.uid`).
pub const UID_KEY: &str = "log.record.uid";

/// `0123456789abcdef-00000000abcd-01234567`.
const VALUE: usize = 16 + 1 + 12 + 1 + 8;
/// Key and length, the name with its own, those of the value and of its text, the text.
const FIELD: usize = 2 + (2 + UID_KEY.len()) + 2 + 2 + VALUE;
/// Where in the field the lengths stand that more text makes longer. Each is one byte, and
/// stays one however long the text becomes.
const LENGTHS: [usize; 3] = [1, FIELD - VALUE - 3, FIELD - VALUE - 1];
const OFFSET: usize = FIELD - 8 - 1 - 12;
const HASH: usize = FIELD - 8;

/// The attribute of a text's records, encoded, with holes for what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Uid {
    field: [u8; FIELD],
}

// === impl Uid ===

impl Uid {
    pub(crate) fn new(lineage: Lineage) -> Self {
        let mut whole = Vec::with_capacity(FIELD);
        whole.extend_from_slice(&[RECORD_ATTRIBUTE, (FIELD - 2) as u8]);
        field(&mut whole, PAIR_KEY, UID_KEY.as_bytes());
        whole.extend_from_slice(&[PAIR_VALUE, VALUE as u8 + 2, VALUE_STRING, VALUE as u8]);
        whole.extend_from_slice(format!("{lineage}-{:012x}-{:08x}", 0, 0).as_bytes());
        let mut template = [0; FIELD];
        template.copy_from_slice(&whole);
        Self { field: template }
    }

    /// Appends the attribute of a record that begins with this line.
    #[inline]
    pub(crate) fn write(&self, out: &mut Vec<u8>, line: &FirstLine) {
        let start = out.len();
        out.extend_from_slice(&self.field);
        let own = &mut out[start..];
        // A text of more than 2^48 bytes is none that a file system holds.
        own[OFFSET..OFFSET + 4].copy_from_slice(&hex((line.offset >> 32) as u32)[4..]);
        own[OFFSET + 4..OFFSET + 12].copy_from_slice(&hex(line.offset as u32));
        own[HASH..].copy_from_slice(&hex(line.hash));
        if line.nth > 0 {
            number(out, start, line.nth);
        }
    }
}

/// Whether a record's attribute of this name is the one that is written here.
pub(crate) fn is_uid(key: &Key) -> bool {
    key.subject == Subject::Entry && key.name == UID_KEY
}

#[cold]
fn number(out: &mut Vec<u8>, start: usize, nth: u32) {
    let end = out.len();
    out.extend_from_slice(format!("-{nth}").as_bytes());
    let more = (out.len() - end) as u8;
    LENGTHS.iter().for_each(|at| out[start + at] += more);
}

/// The eight hex digits of a number, all at once: one nibble in each byte of a word, and
/// what lies past 9 moved on to the letters.
#[inline]
fn hex(number: u32) -> [u8; 8] {
    let mut nibbles = u64::from(number);
    nibbles = (nibbles | nibbles << 16) & 0x0000_ffff_0000_ffff;
    nibbles = (nibbles | nibbles << 8) & 0x00ff_00ff_00ff_00ff;
    nibbles = (nibbles | nibbles << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = (nibbles + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    let to_letters = u64::from(b'a' - b'0' - 10);
    (nibbles + 0x3030_3030_3030_3030 + letters * to_letters).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    use opentelemetry_proto::tonic::logs::v1::LogRecord;
    use proptest::prelude::*;
    use prost::Message;

    fn written(lineage: u64, offset: u64, hash: u32, nth: u32) -> String {
        let mut out = b"before".to_vec();
        Uid::new(Lineage(lineage)).write(&mut out, &FirstLine { offset, hash, nth });
        let record = LogRecord::decode(&out[6..]).unwrap();
        let [attribute] = &record.attributes[..] else { panic!("{record:?}") };
        assert_eq!(attribute.key, "log.record.uid");
        let Some(Value::StringValue(text)) = attribute.value.clone().and_then(|value| value.value) else {
            panic!("{attribute:?}")
        };
        text
    }

    #[test]
    fn it_has_the_documented_form() {
        assert_eq!(
            written(0x8594_4171_f739_67e8, 0x1_a2f0, 0x5c1f_09ab, 0),
            "85944171f73967e8-00000001a2f0-5c1f09ab"
        );
        assert_eq!(written(1, 0xabcd_ef01_2345, 0, 1), "0000000000000001-abcdef012345-00000000-1");
        assert_eq!(
            written(0, 0, u32::MAX, 4_294_967_295),
            "0000000000000000-000000000000-ffffffff-4294967295"
        );
    }

    proptest! {
        #[test]
        fn it_is_what_formatting_gives(lineage: u64, offset in 0u64..1 << 48, hash: u32, nth in prop_oneof![Just(0u32), any::<u32>()]) {
            let suffix = if nth == 0 { String::new() } else { format!("-{nth}") };
            prop_assert_eq!(written(lineage, offset, hash, nth), format!("{lineage:016x}-{offset:012x}-{hash:08x}{suffix}"));
        }
    }
}
