//! How one attempt to deliver a payload ended, whatever was spoken.

use std::fmt;
use std::time::Duration;

use tonic::Code;

/// Longest pause that a backend can ask for. One that wants more is asked again
/// then.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

/// Longest text of a backend that is passed on, in characters.
pub(crate) const MAX_REASON: usize = 300;

/// How one attempt to deliver a payload ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Taken, but for the records that the backend says it left out.
    Delivered {
        /// How many records were left out. They must not be sent again.
        rejected: u64,
        /// Why, or a warning where none was.
        message: String,
    },
    /// Not taken, to be tried again soon.
    Retry {
        /// No sooner than after this pause.
        after: Option<Duration>,
        /// What happened: `answers 503`, `cannot be reached: …`.
        reason: String,
    },
    /// More than the backend takes at once.
    TooLarge {
        /// What it answered.
        status: Status,
    },
    /// The configuration or the backend is wrong, not the data: a person has to do
    /// something, and the data waits for it.
    Hold {
        /// What it answered.
        status: Status,
        /// What the backend says.
        reason: String,
        /// What to do.
        fix: String,
    },
    /// The backend does not want this data, now or later.
    Refused {
        /// What it answered.
        status: Status,
        /// What the backend says.
        reason: String,
    },
}

impl Attempt {
    /// All of it was taken, and nothing was said.
    pub(crate) fn delivered() -> Self {
        Self::Delivered { rejected: 0, message: String::new() }
    }
}

/// A backend's answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// An HTTP status.
    Http(u16),
    /// A gRPC code.
    Grpc(Code),
}

impl fmt::Display for Status {
    /// As the specifications write them: `503`, `UNAVAILABLE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = match self {
            Self::Http(status) => return status.fmt(f),
            Self::Grpc(code) => code,
        };
        f.write_str(match code {
            Code::Ok => "OK",
            Code::Cancelled => "CANCELLED",
            Code::Unknown => "UNKNOWN",
            Code::InvalidArgument => "INVALID_ARGUMENT",
            Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Code::NotFound => "NOT_FOUND",
            Code::AlreadyExists => "ALREADY_EXISTS",
            Code::PermissionDenied => "PERMISSION_DENIED",
            Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Code::FailedPrecondition => "FAILED_PRECONDITION",
            Code::Aborted => "ABORTED",
            Code::OutOfRange => "OUT_OF_RANGE",
            Code::Unimplemented => "UNIMPLEMENTED",
            Code::Internal => "INTERNAL",
            Code::Unavailable => "UNAVAILABLE",
            Code::DataLoss => "DATA_LOSS",
            Code::Unauthenticated => "UNAUTHENTICATED",
        })
    }
}

/// What is said of a backend that gives this answer.
pub(crate) fn answers(status: Status, reason: &str) -> String {
    if reason.is_empty() { format!("answers {status}") } else { format!("answers {status} ({reason})") }
}

/// Text of a stranger on one line of bounded length, without control characters.
pub(crate) fn tidy(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut line = String::new();
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if let Some((end, _)) = line.char_indices().nth(MAX_REASON) {
            line.truncate(end);
            line.push('…');
            break;
        }
    }
    line
}
