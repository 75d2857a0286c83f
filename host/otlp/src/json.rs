//! OTLP in JSON (OTLP specification, "JSON Protobuf Encoding"): requests through the
//! generated types, answers by the few fields that count.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message;
use serde_json::Value;

use crate::batch::Payload;
use crate::exporter::Unwritable;
use crate::response::{PartialSuccess, Response};

/// A payload in JSON, on one line.
pub(crate) fn request(payload: &Payload) -> Result<Vec<u8>, Unwritable> {
    serde_json::to_vec(&decoded(payload)?)
        .map_err(|error| Unwritable { form: "JSON", reason: error.to_string() })
}

/// A payload in generated types. Values that are nested very deeply are too much for
/// their decoder.
pub(crate) fn decoded(payload: &Payload) -> Result<ExportLogsServiceRequest, Unwritable> {
    ExportLogsServiceRequest::decode(payload.body().clone())
        .map_err(|error| Unwritable { form: "JSON or text", reason: error.to_string() })
}

/// Whether an answer is JSON: a protobuf message of these cannot begin so (field 15
/// with a wire type that they do not use).
pub(crate) fn looks_like(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{')
}

/// An `ExportLogsServiceResponse`.
pub(crate) fn response(body: &[u8]) -> Option<Response> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let partial = answer.get("partialSuccess")?;
    let rejected = match partial.get("rejectedLogRecords") {
        Some(Value::String(digits)) => digits.parse().unwrap_or(0),
        Some(Value::Number(number)) => number.as_i64().unwrap_or(0),
        _ => 0,
    };
    let error_message = partial.get("errorMessage").and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Response { partial_success: Some(PartialSuccess { rejected_log_records: rejected, error_message }) })
}

/// The message of a `google.rpc.Status`.
pub(crate) fn message(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    Some(answer.get("message")?.as_str()?.to_owned())
}
