//! Reading a payload again: its records one by one, and in two halves.
//!
//! Only the shape that [`BatchBuilder`](crate::BatchBuilder) writes is known: one
//! resource, one scope, then nothing but records. Other bytes, whatever they are,
//! give [`Malformed`].

use bytes::Bytes;

use crate::batch::{Payload, head_room, write_head};
use crate::wire::{
    REQUEST_RESOURCE_LOGS, RESOURCE_LOGS_RESOURCE, RESOURCE_LOGS_SCOPE_LOGS, SCOPE_LOGS_RECORD,
    SCOPE_LOGS_SCOPE, read_field,
};

/// These bytes are no payload of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an encoded logs request with one resource and one scope")]
pub struct Malformed;

/// The parts of an encoded request. The first two are whole fields, empty where
/// there is none.
struct Parts<'a> {
    resource: &'a [u8],
    scope: &'a [u8],
    records: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let resource_logs = whole(body, REQUEST_RESOURCE_LOGS)?;
        let (resource, rest) = optional(resource_logs, RESOURCE_LOGS_RESOURCE);
        let scope_logs = whole(rest, RESOURCE_LOGS_SCOPE_LOGS)?;
        let (scope, records) = optional(scope_logs, SCOPE_LOGS_SCOPE);
        Some(Self { resource, scope, records })
    }
}

/// The content of the only field in `bytes`.
fn whole(bytes: &[u8], key: u8) -> Option<&[u8]> {
    match read_field(bytes, key)? {
        (content, []) => Some(content),
        _ => None,
    }
}

/// The whole field with this key at the start of `bytes`, or none, and the rest.
fn optional(bytes: &[u8], key: u8) -> (&[u8], &[u8]) {
    let rest = read_field(bytes, key).map_or(bytes, |(_, rest)| rest);
    bytes.split_at(bytes.len() - rest.len())
}

/// The encoded `LogRecord` messages of a payload, in their order.
#[derive(Debug, Clone)]
pub struct RecordSlices<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for RecordSlices<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (record, rest) = read_field(self.rest, SCOPE_LOGS_RECORD)?;
        self.rest = rest;
        Some(record)
    }
}

impl Payload {
    /// Takes bytes from elsewhere, such as a file, for a payload. Looks at every
    /// record's edges, not into the records.
    pub fn from_encoded(body: Bytes) -> Result<Self, Malformed> {
        let parts = Parts::read(&body).ok_or(Malformed)?;
        let mut slices = RecordSlices { rest: parts.records };
        let records = slices.by_ref().count();
        if slices.rest.is_empty() { Ok(Self { body, records }) } else { Err(Malformed) }
    }

    /// The encoded `LogRecord` messages, in their order.
    pub fn records(&self) -> RecordSlices<'_> {
        RecordSlices { rest: Parts::read(&self.body).map_or(&[], |parts| parts.records) }
    }

    /// The first and the second half of the records, each with the same resource.
    /// None where there are fewer than two.
    pub fn split(&self) -> Option<(Self, Self)> {
        let parts = Parts::read(&self.body)?;
        let first = self.records / 2;
        let mut slices = RecordSlices { rest: parts.records };
        slices.nth(first.checked_sub(1)?)?;
        let (head, tail) = parts.records.split_at(parts.records.len() - slices.rest.len());
        Some((assemble(&parts, head, first), assemble(&parts, tail, self.records - first)))
    }
}

fn assemble(parts: &Parts<'_>, encoded: &[u8], records: usize) -> Payload {
    let room = head_room(parts.resource, parts.scope);
    let mut out = Vec::with_capacity(room + encoded.len());
    out.resize(room, 0);
    out.extend_from_slice(encoded);
    let start = write_head(&mut out, room, parts.resource, parts.scope);
    Payload { body: Bytes::from(out).slice(start..), records }
}
