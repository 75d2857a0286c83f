//! Reading a payload again: its records one by one, and in two halves.
//!
//! Only the shape that [`BatchBuilder`](crate::BatchBuilder) writes is known:
//! resources with one scope each and in it nothing but records. Other bytes,
//! whatever they are, give [`Malformed`].

use bytes::Bytes;

use crate::batch::{Payload, head_room, write_head};
use crate::wire::{
    REQUEST_RESOURCE_LOGS, RESOURCE_LOGS_RESOURCE, RESOURCE_LOGS_SCOPE_LOGS, SCOPE_LOGS_RECORD,
    SCOPE_LOGS_SCOPE, field, read_field,
};

/// These bytes are no payload of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an encoded logs request with one scope a resource")]
pub struct Malformed;

/// The parts of a `ResourceLogs`. The first two are whole fields, empty where
/// there is none.
#[derive(Clone)]
struct Parts<'a> {
    resource: &'a [u8],
    scope: &'a [u8],
    records: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(resource_logs: &'a [u8]) -> Option<Self> {
        let (resource, rest) = optional(resource_logs, RESOURCE_LOGS_RESOURCE);
        let scope_logs = whole(rest, RESOURCE_LOGS_SCOPE_LOGS)?;
        let (scope, records) = optional(scope_logs, SCOPE_LOGS_SCOPE);
        Some(Self { resource, scope, records })
    }
}

/// The resources of a request. Ends early, with bytes left, where it is malformed.
#[derive(Debug, Clone)]
struct Groups<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Groups<'a> {
    type Item = Parts<'a>;

    fn next(&mut self) -> Option<Parts<'a>> {
        let (resource_logs, rest) = read_field(self.rest, REQUEST_RESOURCE_LOGS)?;
        let parts = Parts::read(resource_logs)?;
        self.rest = rest;
        Some(parts)
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
    groups: Groups<'a>,
    rest: &'a [u8],
}

impl<'a> Iterator for RecordSlices<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            if let Some((record, rest)) = read_field(self.rest, SCOPE_LOGS_RECORD) {
                self.rest = rest;
                return Some(record);
            }
            self.rest = self.groups.next()?.records;
        }
    }
}

/// How many records stand in `bytes`, if nothing else does.
fn count(bytes: &[u8]) -> Option<usize> {
    let mut slices = RecordSlices { groups: Groups { rest: &[] }, rest: bytes };
    let records = slices.by_ref().count();
    slices.rest.is_empty().then_some(records)
}

impl Payload {
    /// Takes bytes from elsewhere, such as a file, for a payload. Looks at every
    /// record's edges, not into the records.
    pub fn from_encoded(body: Bytes) -> Result<Self, Malformed> {
        let mut groups = Groups { rest: &body };
        let mut records = 0;
        for parts in groups.by_ref() {
            records += count(parts.records).ok_or(Malformed)?;
        }
        if body.is_empty() || !groups.rest.is_empty() {
            return Err(Malformed);
        }
        Ok(Self { body, records })
    }

    /// The encoded `LogRecord` messages, in their order.
    pub fn records(&self) -> RecordSlices<'_> {
        RecordSlices { groups: Groups { rest: &self.body }, rest: &[] }
    }

    /// Each record as a payload of its own, with its resource.
    pub(crate) fn singles(&self) -> impl Iterator<Item = Self> {
        (Groups { rest: &self.body }).flat_map(|parts| {
            let slices = RecordSlices { groups: Groups { rest: &[] }, rest: parts.records };
            slices.map(move |record| {
                let (mut whole, mut body) = (Vec::new(), Vec::new());
                field(&mut whole, SCOPE_LOGS_RECORD, record);
                append(&mut body, &Parts { records: &whole, ..parts });
                Self { body: body.into(), records: 1 }
            })
        })
    }

    /// Several payloads as one; `None` for none.
    pub fn join<'p>(payloads: impl IntoIterator<Item = &'p Self>) -> Option<Self> {
        let (mut body, mut records) = (Vec::new(), 0);
        for payload in payloads {
            body.extend_from_slice(&payload.body);
            records += payload.records;
        }
        (records > 0).then(|| Self { body: body.into(), records })
    }

    /// The first and the second half of the records, each with its resource. None
    /// where there are fewer than two.
    pub fn split(&self) -> Option<(Self, Self)> {
        if self.records < 2 {
            return None;
        }
        let half = self.records / 2;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let mut missing = half;
        for parts in (Groups { rest: &self.body }) {
            let here = count(parts.records)?;
            if missing == 0 {
                append(&mut second, &parts);
            } else if here <= missing {
                append(&mut first, &parts);
                missing -= here;
            } else {
                let mut slices = RecordSlices { groups: Groups { rest: &[] }, rest: parts.records };
                slices.nth(missing - 1)?;
                let (head, tail) = parts.records.split_at(parts.records.len() - slices.rest.len());
                append(&mut first, &Parts { records: head, ..parts });
                append(&mut second, &Parts { records: tail, ..parts });
                missing = 0;
            }
        }
        let payload = |bytes: Vec<u8>, records| Self { body: bytes.into(), records };
        Some((payload(first, half), payload(second, self.records - half)))
    }
}

fn append(out: &mut Vec<u8>, parts: &Parts<'_>) {
    let room = head_room(parts.resource, parts.scope);
    let mut group = vec![0; room];
    group.extend_from_slice(parts.records);
    let start = write_head(&mut group, room, parts.resource, parts.scope);
    out.extend_from_slice(&group[start..]);
}
