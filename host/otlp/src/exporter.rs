use bytes::Bytes;

use crate::attempt::Attempt;
use crate::batch::Payload;
use crate::compress::Compressor;
use crate::debug::{self, Debug};
use crate::error::OptionsError;
use crate::file::{self, File};
use crate::grpc::{self, Grpc};
use crate::http::{self, Http};

/// Takes payloads to one backend, one attempt at a time. Clones share connections
/// and files, and can send at the same time.
#[derive(Debug, Clone)]
pub struct Exporter(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Http(Http),
    Grpc(Grpc),
    Debug(Debug),
    File(File),
}

/// A payload as it goes over the wire: compressed once, however often it is sent.
#[derive(Clone)]
pub struct Prepared {
    pub(crate) body: Bytes,
    pub(crate) encoding: Option<&'static str>,
}

/// A payload that cannot be written in the form that the exporter is to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot be written as {form}: {reason}")]
pub struct Unwritable {
    pub(crate) form: &'static str,
    pub(crate) reason: String,
}

impl Exporter {
    /// Speaks OTLP over HTTP. Checks the options and reads the files they name;
    /// does not connect yet.
    pub fn http(options: &http::Options) -> Result<Self, OptionsError> {
        Http::new(options).map(|http| Self(Kind::Http(http)))
    }

    /// Speaks OTLP over gRPC. Checks the options and reads the files they name;
    /// does not connect yet. To be called within a tokio runtime, which then runs
    /// the connection.
    pub fn grpc(options: &grpc::Options) -> Result<Self, OptionsError> {
        Grpc::new(options).map(|grpc| Self(Kind::Grpc(grpc)))
    }

    /// Prints records for people.
    pub fn debug(options: debug::Options) -> Self {
        Self(Kind::Debug(Debug::new(options)))
    }

    /// Writes to a file. Opens it.
    pub fn file(options: file::Options) -> Result<Self, OptionsError> {
        File::new(options).map(|file| Self(Kind::File(file)))
    }

    /// The backend as it may be shown: without user, password and query.
    pub fn backend(&self) -> &str {
        match &self.0 {
            Kind::Http(http) => http.backend(),
            Kind::Grpc(grpc) => grpc.backend(),
            Kind::Debug(debug) => debug.backend(),
            Kind::File(file) => file.backend(),
        }
    }

    /// Brings a payload into the form in which it is sent. One that the compressor
    /// fails on goes as it is, which costs bandwidth, not data.
    pub fn prepare(&mut self, payload: &Payload) -> Result<Prepared, Unwritable> {
        match &mut self.0 {
            Kind::Http(http) => http.prepare(payload),
            Kind::Grpc(grpc) => Ok(grpc.prepare(payload)),
            Kind::Debug(debug) => debug.prepare(payload),
            Kind::File(file) => file.prepare(payload),
        }
    }

    /// Sends it once, within the time limits, and says what became of it.
    pub async fn send(&self, prepared: &Prepared) -> Attempt {
        match &self.0 {
            Kind::Http(http) => http.send(prepared).await,
            Kind::Grpc(grpc) => grpc.send(prepared).await,
            Kind::Debug(debug) => debug.send(prepared),
            Kind::File(file) => file.send(prepared).await,
        }
    }
}

impl Prepared {
    pub(crate) fn compressed(compressor: &mut Compressor, body: Bytes) -> Self {
        match compressor.compress(&body) {
            Ok(body) => Self { body, encoding: compressor.method().content_encoding() },
            Err(_) => Self { body, encoding: None },
        }
    }

    /// The size of the request's body in bytes.
    pub fn len(&self) -> usize {
        self.body.len()
    }

    /// Whether there is no body.
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prepared({} bytes, {})", self.body.len(), self.encoding.unwrap_or("as is"))
    }
}
