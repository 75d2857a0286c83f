//! The field numbers of OTLP logs (opentelemetry-proto, `logs.proto`,
//! `common.proto`, `resource.proto`) as the key bytes they are encoded to, and the
//! two directions of a length-delimited field.
//!
//! All keys fit one byte: no field number in use is past 15.

use prost::encoding::{WireType, decode_key, decode_varint, encode_varint, encoded_len_varint};

/// A field with this number and wire type, as its key byte.
const fn key(number: u8, wire: WireType) -> u8 {
    number << 3 | wire as u8
}

pub(crate) const REQUEST_RESOURCE_LOGS: u8 = key(1, WireType::LengthDelimited);
pub(crate) const RESOURCE_LOGS_RESOURCE: u8 = key(1, WireType::LengthDelimited);
pub(crate) const RESOURCE_LOGS_SCOPE_LOGS: u8 = key(2, WireType::LengthDelimited);
pub(crate) const SCOPE_LOGS_SCOPE: u8 = key(1, WireType::LengthDelimited);
pub(crate) const SCOPE_LOGS_RECORD: u8 = key(2, WireType::LengthDelimited);
pub(crate) const RESOURCE_ATTRIBUTE: u8 = key(1, WireType::LengthDelimited);
pub(crate) const RECORD_TIME: u8 = key(1, WireType::SixtyFourBit);
pub(crate) const RECORD_SEVERITY_NUMBER: u8 = key(2, WireType::Varint);
pub(crate) const RECORD_SEVERITY_TEXT: u8 = key(3, WireType::LengthDelimited);
pub(crate) const RECORD_BODY: u8 = key(5, WireType::LengthDelimited);
pub(crate) const RECORD_ATTRIBUTE: u8 = key(6, WireType::LengthDelimited);
pub(crate) const RECORD_OBSERVED_TIME: u8 = key(11, WireType::SixtyFourBit);
pub(crate) const PAIR_KEY: u8 = key(1, WireType::LengthDelimited);
pub(crate) const PAIR_VALUE: u8 = key(2, WireType::LengthDelimited);
pub(crate) const VALUE_STRING: u8 = key(1, WireType::LengthDelimited);
pub(crate) const VALUE_BOOL: u8 = key(2, WireType::Varint);
pub(crate) const VALUE_INT: u8 = key(3, WireType::Varint);
pub(crate) const VALUE_DOUBLE: u8 = key(4, WireType::SixtyFourBit);
pub(crate) const VALUE_ARRAY: u8 = key(5, WireType::LengthDelimited);
pub(crate) const VALUE_MAP: u8 = key(6, WireType::LengthDelimited);
pub(crate) const LIST_ITEM: u8 = key(1, WireType::LengthDelimited);

/// The longest a varint can be.
pub(crate) const MAX_VARINT: usize = 10;

/// Length of a length-delimited field: key, length, `len` bytes.
pub(crate) fn delimited_len(len: usize) -> usize {
    1 + encoded_len_varint(len as u64) + len
}

/// Appends key and length of a field whose `len` bytes the caller appends next.
pub(crate) fn open(out: &mut Vec<u8>, key: u8, len: usize) {
    out.push(key);
    encode_varint(len as u64, out);
}

/// Appends a whole field.
pub(crate) fn field(out: &mut Vec<u8>, key: u8, bytes: &[u8]) {
    open(out, key, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends a `KeyValue` field whose value is an encoded `AnyValue`.
pub(crate) fn pair(out: &mut Vec<u8>, field_key: u8, name: &str, any: &[u8]) {
    // proto3 leaves an empty string out.
    let name_len = if name.is_empty() { 0 } else { delimited_len(name.len()) };
    open(out, field_key, name_len + delimited_len(any.len()));
    if !name.is_empty() {
        field(out, PAIR_KEY, name.as_bytes());
    }
    field(out, PAIR_VALUE, any);
}

/// Reads the length-delimited field with this key at the start of `bytes`: its
/// content, and what follows it. None where another field, or none, stands there.
pub(crate) fn read_field(bytes: &[u8], key: u8) -> Option<(&[u8], &[u8])> {
    let mut rest = bytes;
    let (number, wire) = decode_key(&mut rest).ok()?;
    if number != u32::from(key >> 3) || wire as u8 != key & 7 {
        return None;
    }
    let len = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
    rest.split_at_checked(len)
}

/// Fills a head room from its end towards its start.
pub(crate) struct Backward<'a> {
    room: &'a mut [u8],
    at: usize,
}

impl<'a> Backward<'a> {
    pub(crate) fn new(room: &'a mut [u8]) -> Self {
        let at = room.len();
        Self { room, at }
    }

    /// Where the written part starts.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.at -= bytes.len();
        self.room[self.at..self.at + bytes.len()].copy_from_slice(bytes);
    }

    /// Key and length of a field of `len` bytes that were written before.
    pub(crate) fn open(&mut self, key: u8, len: usize) {
        let mut digits = [0; MAX_VARINT];
        encode_varint(len as u64, &mut &mut digits[..]);
        self.bytes(&digits[..encoded_len_varint(len as u64)]);
        self.bytes(&[key]);
    }
}
