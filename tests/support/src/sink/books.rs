use super::{Headers, Record};
use std::time::Instant;

/// What has arrived so far.
#[derive(Debug, Default)]
pub struct State {
    /// The delivered records in order of arrival; empty if the sink only counts.
    pub records: Vec<Record>,
    /// How many records were delivered.
    pub delivered: u64,
    /// How many records came in requests that were answered with an error or cut
    /// after they were read, or were named as rejected: a record that is sent again
    /// counts each time.
    pub rejected: u64,
    /// Size of the bodies of the answered 2xx requests, as they were sent.
    pub wire_bytes: u64,
    /// The same after decompression.
    pub decoded_bytes: u64,
    /// Every request since the start.
    pub requests: Vec<Request>,
    /// When the first record was delivered.
    pub first_delivery: Option<Instant>,
    /// When the last record was delivered.
    pub last_delivery: Option<Instant>,
}

impl State {
    /// How many requests were answered with this status.
    pub fn answered(&self, status: u16) -> usize {
        self.requests.iter().filter(|request| request.outcome == Outcome::Answered(status)).count()
    }

    pub(super) fn describe(&self) -> String {
        let outcomes: Vec<_> = self.requests.iter().rev().take(10).rev().map(|r| &r.outcome).collect();
        format!(
            "{} records delivered, {} rejected, {} requests, the last ones: {outcomes:?}",
            self.delivered,
            self.rejected,
            self.requests.len()
        )
    }
}

/// A request and what became of it.
#[derive(Debug, Clone)]
pub struct Request {
    /// When its head had arrived.
    pub at: Instant,
    /// Its headers.
    pub headers: Headers,
    /// Size of its body as sent; 0 until it was read.
    pub wire_bytes: usize,
    /// Size of its body after decompression; 0 if that failed.
    pub decoded_bytes: usize,
    /// Records in it; 0 if it could not be decoded.
    pub records: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Not answered: still being read, or left hanging.
    Pending,
    /// Answered with this HTTP status.
    Answered(u16),
    /// The connection was closed without an answer, by either side.
    Cut,
}
