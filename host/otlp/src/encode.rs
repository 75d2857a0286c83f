//! Records to protobuf, straight from their columns.
//!
//! The bytes are the ones prost's own structs would give: fields in the order of
//! their numbers, shortest varints, defaults left out. What all records of a chunk
//! share (attribute names with the keys and lengths around them, constants) is
//! encoded once a chunk or once a file; per record only values are copied, and
//! lengths and the digits of its uid filled in.

use prost::encoding::encode_varint;
use skidway_model::{Attribute, Checked, Key, Kind, Lineage, Subject};

use crate::uid::{Uid, is_uid};
use crate::value::any;
use crate::wire::{
    PAIR_KEY, PAIR_VALUE, RECORD_ATTRIBUTE, RECORD_BODY, RECORD_OBSERVED_TIME, RECORD_SEVERITY_NUMBER,
    RECORD_SEVERITY_TEXT, RECORD_TIME, RESOURCE_ATTRIBUTE, RESOURCE_LOGS_RESOURCE, SCOPE_LOGS_RECORD,
    VALUE_STRING, delimited_len, field, open, pair,
};

/// The resource of a payload, encoded: whose logs these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    field: Vec<u8>,
}

impl Resource {
    /// Encodes the attributes, in their order.
    pub fn new(attributes: &[Attribute]) -> Self {
        let (mut message, mut value) = (Vec::new(), Vec::new());
        for attribute in attributes {
            value.clear();
            any(&mut value, attribute.kind, attribute.value.as_bytes());
            pair(&mut message, RESOURCE_ATTRIBUTE, &attribute.name, &value);
        }
        let mut whole = Vec::with_capacity(message.len() + 4);
        field(&mut whole, RESOURCE_LOGS_RESOURCE, &message);
        Self { field: whole }
    }

    /// The whole `resource` field of a `ResourceLogs`.
    pub(crate) fn field(&self) -> &[u8] {
        &self.field
    }
}

/// Attributes that every record of a file carries, such as `log.file.name`,
/// encoded once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constants {
    fields: Vec<u8>,
    uid: Option<Uid>,
}

impl Constants {
    /// Encodes name and value pairs, in their order. A name that the parser gives
    /// as well would be there twice: choosing is the caller's part.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut fields, mut text) = (Vec::new(), Vec::new());
        for (name, value) in pairs {
            text.clear();
            field(&mut text, VALUE_STRING, value.as_bytes());
            pair(&mut fields, RECORD_ATTRIBUTE, name, &text);
        }
        Self { fields, uid: None }
    }

    /// Records whose first lines are known carry `log.record.uid` too, as records of this
    /// text. Where a record has such an attribute already, that one stays.
    #[must_use]
    pub fn with_uid(self, lineage: Lineage) -> Self {
        Self { uid: Some(Uid::new(lineage)), ..self }
    }
}

/// The attribute names of a chunk, each with what stands around it in a record:
/// the `attributes` key, a hole for the pair's length, the name field, the value
/// key, a hole, the string key, a hole. The holes take one byte each, which holds
/// for pairs shorter than 128 bytes; others are written piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Names {
    templates: Vec<u8>,
    names: Vec<Name>,
    /// Some records may have `log.record.uid` from elsewhere.
    uid: bool,
}

#[derive(Debug)]
struct Name {
    start: usize,
    end: usize,
    kind: Kind,
    subject: Subject,
}

/// Bytes of a template before and after the name field.
const BEFORE: usize = 2;
const AFTER: usize = 4;

impl Names {
    /// Takes the names of the next chunk.
    pub(crate) fn set(&mut self, keys: &[Key]) {
        self.templates.clear();
        self.names.clear();
        self.uid = keys.iter().any(is_uid);
        for key in keys {
            let start = self.templates.len();
            self.templates.extend_from_slice(&[RECORD_ATTRIBUTE, 0]);
            field(&mut self.templates, PAIR_KEY, key.name.as_bytes());
            self.templates.extend_from_slice(&[PAIR_VALUE, 0, VALUE_STRING, 0]);
            let end = self.templates.len();
            self.names.push(Name { start, end, kind: key.kind, subject: key.subject });
        }
    }

    /// Appends one attribute; those of the record's source stand in its resource.
    #[inline]
    fn attribute(&self, out: &mut Vec<u8>, key: u16, value: &[u8]) {
        let name = &self.names[usize::from(key)];
        let template = &self.templates[name.start..name.end];
        match (name.subject, name.kind) {
            (Subject::Source, _) => {}
            (Subject::Entry, Kind::Text) => text_attribute(out, template, value),
            (Subject::Entry, kind) => typed_attribute(out, template, kind, value),
        }
    }
}

#[inline]
fn text_attribute(out: &mut Vec<u8>, template: &[u8], value: &[u8]) {
    let pair = template.len() - BEFORE + value.len();
    if pair < 128 {
        let start = out.len();
        out.extend_from_slice(template);
        let end = out.len();
        out[start + 1] = pair as u8;
        out[end - 3] = value.len() as u8 + 2;
        out[end - 1] = value.len() as u8;
    } else {
        let name = &template[BEFORE..template.len() - AFTER];
        let any = delimited_len(value.len());
        open(out, RECORD_ATTRIBUTE, name.len() + delimited_len(any));
        out.extend_from_slice(name);
        open(out, PAIR_VALUE, any);
        open(out, VALUE_STRING, value.len());
    }
    out.extend_from_slice(value);
}

#[cold]
fn typed_attribute(out: &mut Vec<u8>, template: &[u8], kind: Kind, value: &[u8]) {
    let mut message = Vec::with_capacity(value.len() + crate::wire::MAX_VARINT);
    any(&mut message, kind, value);
    let name = &template[BEFORE..template.len() - AFTER];
    open(out, RECORD_ATTRIBUTE, name.len() + delimited_len(message.len()));
    out.extend_from_slice(name);
    field(out, PAIR_VALUE, &message);
}

/// Appends record `i` as a `log_records` field.
#[inline]
pub(crate) fn record(
    out: &mut Vec<u8>,
    names: &Names,
    records: &Checked<'_>,
    i: usize,
    constants: &Constants,
    observed_unix_nano: u64,
) {
    let columns = records.columns();
    let start = out.len();
    // Nearly every record is 128 to 16383 bytes long, for which this is the head.
    out.extend_from_slice(&[SCOPE_LOGS_RECORD, 0, 0]);
    fixed64(out, RECORD_TIME, columns.time_unix_nano[i]);
    severity(out, columns.severity_number[i], records.severity_text(i));
    let body = records.body(i);
    if records.body_is_json(i) {
        json_body(out, body);
    } else {
        open(out, RECORD_BODY, delimited_len(body.len()));
        open(out, VALUE_STRING, body.len());
        out.extend_from_slice(body);
    }
    for (key, value) in records.attributes(i) {
        names.attribute(out, key, value);
    }
    out.extend_from_slice(&constants.fields);
    if let (Some(uid), Some(line)) = (&constants.uid, records.first_lines().get(i))
        && !(names.uid && has_uid(records, i))
    {
        uid.write(out, line);
    }
    fixed64(out, RECORD_OBSERVED_TIME, observed_unix_nano);
    close(out, start);
}

#[cold]
fn has_uid(records: &Checked<'_>, i: usize) -> bool {
    records.attributes(i).any(|(key, _)| is_uid(&records.keys()[usize::from(key)]))
}

#[inline]
fn fixed64(out: &mut Vec<u8>, key: u8, value: u64) {
    if value != 0 {
        let mut bytes = [key; 9];
        bytes[1..].copy_from_slice(&value.to_le_bytes());
        out.extend_from_slice(&bytes);
    }
}

#[cold]
fn json_body(out: &mut Vec<u8>, body: &[u8]) {
    let mut message = Vec::with_capacity(body.len());
    any(&mut message, Kind::Json, body);
    field(out, RECORD_BODY, &message);
}

#[inline]
fn severity(out: &mut Vec<u8>, number: u8, text: &[u8]) {
    if number != 0 {
        out.extend_from_slice(&[RECORD_SEVERITY_NUMBER, number]);
    }
    if !text.is_empty() {
        field(out, RECORD_SEVERITY_TEXT, text);
    }
}

/// Fills in the length of the record at `start`, moving it where the length does
/// not take two bytes.
#[inline]
fn close(out: &mut Vec<u8>, start: usize) {
    let content = start + 3;
    let len = out.len() - content;
    if (1 << 7..1 << 14).contains(&len) {
        out[start + 1] = len as u8 | 0x80;
        out[start + 2] = (len >> 7) as u8;
    } else {
        close_unusual(out, content, len);
    }
}

#[cold]
fn close_unusual(out: &mut Vec<u8>, content: usize, len: usize) {
    let mut digits = Vec::with_capacity(crate::wire::MAX_VARINT);
    encode_varint(len as u64, &mut digits);
    out.splice(content - 2..content, digits);
}
