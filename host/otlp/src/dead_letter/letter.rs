use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message as _;
use serde::{Deserialize, Serialize};

use crate::batch::Payload;
use crate::json::decoded;

/// One refused record: a line of a dead-letter file.
///
/// ```json
/// {"time": "2026-11-25T10:00:00.123Z", "exporter": "otlphttp", "backend": "http://gateway:4318/v1/logs",
///  "reason": "answers 400 (no such column)", "request": {"resourceLogs": [...]}}
/// ```
///
/// `request` is an OTLP request in JSON with this one record, for people. Where that does
/// not bring back what was sent (values that are nested too deeply, some fractions),
/// `protobuf` has the request in base64, which counts then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// When it was set aside (RFC 3339).
    pub time: String,
    /// The id of the exporter.
    pub exporter: String,
    /// Whom it was sent to.
    pub backend: String,
    /// Why it was refused.
    pub reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<ExportLogsServiceRequest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protobuf: Option<String>,
}

/// A line that is no letter.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what it means")]
#[non_exhaustive]
pub enum Unreadable {
    #[error("is not JSON of a dead letter: {0}")]
    Json(serde_json::Error),
    #[error("has no `request`")]
    Nothing,
    #[error("has {0} records instead of one")]
    Records(usize),
    #[error("has a `protobuf` that is no request in base64: {0}")]
    Protobuf(String),
}

impl Letter {
    /// `single` has one record.
    pub(super) fn of(single: &Payload, exporter: &str, backend: &str, reason: &str) -> Self {
        let mut letter = Self {
            time: format!("{:.3}", jiff::Timestamp::now()),
            exporter: exporter.to_owned(),
            backend: backend.to_owned(),
            reason: reason.to_owned(),
            request: decoded(single).ok(),
            protobuf: None,
        };
        if letter.read_back().as_ref() != Some(single) {
            letter.protobuf = Some(STANDARD.encode(single.body()));
        }
        letter
    }

    fn read_back(&self) -> Option<Payload> {
        let mut line = Vec::new();
        self.write(&mut line).ok()?;
        Self::read(&line).ok()?.payload().ok()
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }

    /// Reads one line.
    pub fn read(line: &[u8]) -> Result<Self, Unreadable> {
        let letter: Self = serde_json::from_slice(line).map_err(Unreadable::Json)?;
        if letter.request.is_none() && letter.protobuf.is_none() {
            return Err(Unreadable::Nothing);
        }
        Ok(letter)
    }

    /// The record, to be sent again.
    pub fn payload(&self) -> Result<Payload, Unreadable> {
        let body = match (&self.protobuf, &self.request) {
            (Some(text), _) => {
                STANDARD.decode(text).map_err(|error| Unreadable::Protobuf(error.to_string()))?
            }
            (None, Some(request)) => request.encode_to_vec(),
            (None, None) => return Err(Unreadable::Nothing),
        };
        let payload = Payload::from_encoded(Bytes::from(body));
        let payload = payload.map_err(|error| Unreadable::Protobuf(error.to_string()))?;
        match payload.len() {
            1 => Ok(payload),
            records => Err(Unreadable::Records(records)),
        }
    }
}
