use super::Headers;
use super::count::count;
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;
use std::fmt::Display;
use std::io::Read;

/// What the collector allows after decompression is 20 MiB; this is well above it,
/// so that limits are set by tests, and still bounded.
pub(super) const MAX_BODY: usize = 64 << 20;

/// A request that is not answered with 200, and why.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) message: String,
}

impl Refused {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

/// A request's content.
pub(super) struct Decoded {
    /// None if it was only counted.
    pub(super) request: Option<ExportLogsServiceRequest>,
    /// Size after decompression.
    pub(super) bytes: usize,
    pub(super) records: u64,
}

impl Decoded {
    /// Takes the records with this text in their bodies away, and answers how many.
    pub(super) fn leave_out(&mut self, text: &str) -> u64 {
        let resources = self.request.iter_mut().flat_map(|request| &mut request.resource_logs);
        for scope in resources.flat_map(|resource| &mut resource.scope_logs) {
            scope.log_records.retain(|record| !body(record).is_some_and(|body| body.contains(text)));
        }
        let before = self.records;
        self.records = self.request.as_ref().map_or(before, records);
        before - self.records
    }
}

fn body(record: &LogRecord) -> Option<&str> {
    match record.body.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

pub(super) fn decode(headers: &Headers, body: Bytes, keep: bool) -> Result<Decoded, Refused> {
    let body = plain(headers, body)?;
    let bytes = body.len();
    let json = match headers.get("content-type").map(|value| value.trim()) {
        Some("application/x-protobuf") => false,
        Some("application/json") => true,
        other => {
            let message =
                format!("content-type {other:?} is neither application/x-protobuf nor application/json");
            return Err(Refused::new(415, message));
        }
    };
    let wrong = |error: &dyn Display| Refused::new(400, format!("no ExportLogsServiceRequest: {error}"));
    if !keep && !json {
        return Ok(Decoded { request: None, bytes, records: count(&body).map_err(|e| wrong(&e))? });
    }
    let request = match json {
        true => serde_json::from_slice(&body).map_err(|e| wrong(&e))?,
        false => ExportLogsServiceRequest::decode(body).map_err(|e| wrong(&e))?,
    };
    Ok(Decoded { records: records(&request), request: keep.then_some(request), bytes })
}

/// How many there are.
pub(super) fn records(request: &ExportLogsServiceRequest) -> u64 {
    let scopes = request.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
    scopes.map(|scope| scope.log_records.len() as u64).sum()
}

/// The body as it was before compression.
fn plain(headers: &Headers, body: Bytes) -> Result<Bytes, Refused> {
    let header = |name| headers.get(name).map(|value| value.trim());
    match header("content-encoding") {
        None | Some("identity") => Ok(body),
        Some("gzip") => inflate("gzip", flate2::read::MultiGzDecoder::new(&body[..]), body.len()),
        Some("zstd") => match zstd::Decoder::new(&body[..]) {
            Ok(decoder) => inflate("zstd", decoder, body.len()),
            Err(error) => Err(Refused::new(400, format!("no zstd: {error}"))),
        },
        Some("zlib" | "deflate") => inflate("zlib", flate2::read::ZlibDecoder::new(&body[..]), body.len()),
        Some("snappy" | "x-snappy-framed") => {
            inflate("snappy", snap::read::FrameDecoder::new(&body[..]), body.len())
        }
        Some("lz4") => inflate("lz4", lz4_flex::frame::FrameDecoder::new(&body[..]), body.len()),
        Some(other) => Err(Refused::new(415, format!("content-encoding {other:?} is unknown"))),
    }
}

fn inflate(name: &str, from: impl Read, packed: usize) -> Result<Bytes, Refused> {
    let mut body = Vec::with_capacity((packed * 8).min(MAX_BODY));
    from.take(MAX_BODY as u64 + 1)
        .read_to_end(&mut body)
        .map_err(|error| Refused::new(400, format!("no {name}: {error}")))?;
    if body.len() > MAX_BODY {
        return Err(Refused::new(413, format!("more than {MAX_BODY} bytes")));
    }
    Ok(body.into())
}
