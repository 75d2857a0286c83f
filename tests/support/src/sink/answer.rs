use super::{Headers, Record};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What the sink does with a request.
#[derive(Debug, Clone, Default)]
pub enum Answer {
    /// Takes everything.
    #[default]
    Accept,
    /// Answers so. With a code of 200..=299 the records count as delivered.
    Status(StatusAnswer),
    /// Answers 200 and says that it did not take the last `rejected` records.
    PartialSuccess {
        /// How many it leaves out.
        rejected: u64,
        /// Why.
        message: String,
    },
    /// Answers 200 and says how many records it did not take: those with this text in
    /// their bodies.
    LeaveOut(String),
    /// Reads the request and never answers.
    Hang,
    /// Closes the connection without having read the body.
    CutBefore,
    /// Reads the whole request, then closes the connection without an answer.
    CutAfter,
    /// Takes everything, after so long.
    Slow(Duration),
    /// Answers 413 to more than so many bytes, counted after decompression as the
    /// collector's limit is; takes what is smaller.
    TooLargeOver(usize),
    /// Answers 401 unless this header is there with this very value.
    RequireHeader(String, String),
    /// Lets a function decide that sees the records, also where they are only counted.
    ByRecords(ByRecords),
}

/// Decides on a request by its records. What it answers is what the sink does, but for
/// [`Answer::CutBefore`], which comes too late and is a [`Answer::CutAfter`].
#[derive(Clone)]
pub struct ByRecords(Arc<Decide>);

type Decide = dyn Fn(&[Record]) -> Answer + Send + Sync;

impl ByRecords {
    pub(super) fn decide(&self, records: &[Record]) -> Answer {
        (self.0)(records)
    }
}

impl fmt::Debug for ByRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByRecords")
    }
}

impl Answer {
    /// Answers as this function decides once it has seen the records.
    pub fn by_records(decide: impl Fn(&[Record]) -> Self + Send + Sync + 'static) -> Self {
        Self::ByRecords(ByRecords(Arc::new(decide)))
    }

    pub(super) fn looks_at_records(&self) -> bool {
        matches!(self, Self::ByRecords(_) | Self::LeaveOut(_))
    }

    /// Answers 400 to a request that has a record with this text in its body.
    pub fn refuse(text: &str) -> Self {
        let text = text.to_owned();
        Self::by_records(move |records| match records.iter().any(|record| record.body.contains(&text)) {
            true => Self::status(400),
            false => Self::Accept,
        })
    }

    /// Answers with this HTTP status.
    pub fn status(code: u16) -> Self {
        Self::Status(StatusAnswer { code, headers: Vec::new(), body: None })
    }

    /// Adds a header, such as `retry-after`, to a [`status`](Self::status) answer.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Status(answer) = &mut self {
            answer.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Sends this body with a [`status`](Self::status) answer.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        if let Self::Status(answer) = &mut self {
            answer.body = Some(body.into());
        }
        self
    }
}

/// An answer of the caller's own.
#[derive(Debug, Clone)]
pub struct StatusAnswer {
    /// HTTP status.
    pub code: u16,
    /// Headers to add.
    pub headers: Vec<(String, String)>,
    /// None: what the protocol wants, a `google.rpc.Status` for errors and an
    /// `ExportLogsServiceResponse` for the rest.
    pub body: Option<Vec<u8>>,
}

/// What is known of a request before its body is read.
#[derive(Debug, Clone)]
pub struct Head {
    /// How many requests arrived before this one.
    pub number: usize,
    /// Its headers.
    pub headers: Headers,
}

/// The error body of OTLP/HTTP: `google.rpc.Status`, without details.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct RpcStatus {
    /// A `google.rpc.Code`.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// For a person.
    #[prost(string, tag = "2")]
    pub message: String,
}

impl RpcStatus {
    /// The counterpart of an HTTP status.
    pub(super) fn of(http: u16, message: &str) -> Self {
        let code = match http {
            400 | 413 | 415 => 3,
            401 => 16,
            403 => 7,
            404 | 405 => 12,
            429 => 8,
            502..=504 => 14,
            500..=599 => 13,
            _ => 2,
        };
        Self { code, message: message.to_owned() }
    }
}
