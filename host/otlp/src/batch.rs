use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use skidway_model::Checked;

use crate::buffers::Buffers;
use crate::encode::{Constants, Names, Resource, record};
use crate::wire::{
    Backward, MAX_VARINT, REQUEST_RESOURCE_LOGS, RESOURCE_LOGS_SCOPE_LOGS, SCOPE_LOGS_SCOPE, delimited_len,
};

/// An empty scope, as the collector's file receiver sends it.
const SCOPE: [u8; 2] = [SCOPE_LOGS_SCOPE, 0];

/// Collects records into one `ExportLogsServiceRequest`, those that follow each
/// other and have the same resource in one `ResourceLogs`.
///
/// Layout: records stand behind a head room that is large enough for any header.
/// What comes before them carries their total length, so the header is written
/// last, from its end towards its start: the payload is a slice of the buffer, in
/// canonical protobuf. Nothing is moved for the first resource, which mostly is
/// the only one; further ones are moved to close the gap that their head room
/// leaves.
#[derive(Debug)]
pub struct BatchBuilder {
    resource: Arc<Resource>,
    buffers: Buffers,
    out: Vec<u8>,
    /// Where the payload begins, once the first resource is closed.
    start: Option<usize>,
    /// Where the open resource's head room begins, and how large it is.
    group: usize,
    head_room: usize,
    records: usize,
    names: Names,
}

impl BatchBuilder {
    /// An empty batch in a buffer of its own, that starts with `capacity` bytes.
    pub fn new(resource: Arc<Resource>, capacity: usize) -> Self {
        Self::with_buffers(resource, &Buffers::new(capacity))
    }

    /// An empty batch in one of `buffers`, to which it goes back after delivery.
    pub fn with_buffers(resource: Arc<Resource>, buffers: &Buffers) -> Self {
        let mut out = buffers.take();
        let head_room = head_room(resource.field(), &SCOPE);
        out.resize(head_room, 0);
        Self {
            resource,
            buffers: buffers.clone(),
            out,
            start: None,
            group: 0,
            head_room,
            records: 0,
            names: Names::default(),
        }
    }

    /// Records that are appended from now on have this resource.
    pub fn describe(&mut self, resource: &Arc<Resource>) {
        if Arc::ptr_eq(&self.resource, resource) || self.resource == *resource {
            return;
        }
        if self.out.len() > self.group + self.head_room {
            self.close_group();
        } else {
            self.out.truncate(self.group);
        }
        self.resource = Arc::clone(resource);
        self.group = self.out.len();
        self.head_room = head_room(self.resource.field(), &SCOPE);
        self.out.resize(self.group + self.head_room, 0);
    }

    /// Appends the records of `range`, each with the file's `constants` after its
    /// own attributes, observed at that moment (nanoseconds since 1970 in UTC; 0
    /// leaves it out).
    pub fn append(
        &mut self,
        records: &Checked<'_>,
        range: Range<usize>,
        constants: &Constants,
        observed_unix_nano: u64,
    ) {
        self.names.set(records.keys());
        self.records += range.len();
        for i in range {
            record(&mut self.out, &self.names, records, i, constants, observed_unix_nano);
        }
    }

    /// How many records were appended.
    pub fn records(&self) -> usize {
        self.records
    }

    /// How many bytes they take, encoded, without the last resource.
    pub fn bytes(&self) -> usize {
        self.out.len() - self.head_room - self.start.unwrap_or(0)
    }

    /// Whether there is no record yet.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Writes the last header.
    pub fn finish(mut self) -> Payload {
        // A resource without records is sent only where it is the only one.
        if self.start.is_some() && self.out.len() == self.group + self.head_room {
            self.out.truncate(self.group);
        } else {
            self.close_group();
        }
        Payload { body: self.buffers.share(self.out, self.start.unwrap_or(0)), records: self.records }
    }

    fn close_group(&mut self) {
        let from = self.group;
        let start = write_head(&mut self.out[from..], self.head_room, self.resource.field(), &SCOPE);
        if self.start.is_none() {
            self.start = Some(start);
        } else {
            self.out.copy_within(from + start.., from);
            self.out.truncate(self.out.len() - start);
        }
    }
}

/// The largest header there can be in front of records.
pub(crate) fn head_room(resource: &[u8], scope: &[u8]) -> usize {
    2 * (1 + MAX_VARINT) + resource.len() + scope.len()
}

/// Writes everything that stands before the records into the first `room` bytes
/// of `out` and tells where it begins. `resource` and `scope` are whole fields.
pub(crate) fn write_head(out: &mut [u8], room: usize, resource: &[u8], scope: &[u8]) -> usize {
    let records = out.len() - room;
    let scope_logs = scope.len() + records;
    let mut head = Backward::new(&mut out[..room]);
    head.bytes(scope);
    head.open(RESOURCE_LOGS_SCOPE_LOGS, scope_logs);
    head.bytes(resource);
    head.open(REQUEST_RESOURCE_LOGS, resource.len() + delimited_len(scope_logs));
    head.at()
}

/// A whole `ExportLogsServiceRequest`, encoded: each of its resources has one scope.
/// Cloning it copies no bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    pub(crate) body: Bytes,
    pub(crate) records: usize,
}

impl Payload {
    /// The encoded request.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// How many log records it holds.
    pub fn len(&self) -> usize {
        self.records
    }

    /// Whether it holds no record.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Payload({} records, {} bytes)", self.records, self.body.len())
    }
}
