use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, Url};

use crate::answer::{Answer, Asked, Attempt};
use crate::batch::Payload;
use crate::compress::Compressor;
use crate::error::{OptionsError, causes};
use crate::options::{self, Options};

/// How much of an answer is read, in bytes (as the collector's exporter does). An
/// OTLP answer is far smaller.
const MAX_ANSWER: usize = 64 << 10;

/// Sends payloads to one backend, one attempt at a time. Clones share connections
/// and can send at the same time.
#[derive(Debug)]
pub struct Exporter {
    client: Client,
    url: Url,
    shown: String,
    authorized: bool,
    compressor: Compressor,
}

/// A payload as it goes over the wire: compressed once, however often it is sent.
#[derive(Clone)]
pub struct Prepared {
    body: Bytes,
    encoding: Option<&'static str>,
}

impl Prepared {
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

impl Exporter {
    /// Checks the options and reads the files they name. Does not connect yet.
    pub fn new(options: Options) -> Result<Self, OptionsError> {
        let url = options::url(&options.url)?;
        let headers = options::headers(&options.headers)?;
        let authorized = headers.contains_key(AUTHORIZATION);
        let client = options::client(&options, &url, headers)?;
        let compressor = Compressor::new(options.compression);
        Ok(Self { client, shown: options::shown(&url), url, authorized, compressor })
    }

    /// The backend's URL as it may be shown: without user, password and query.
    pub fn backend(&self) -> &str {
        &self.shown
    }

    /// Compresses a payload. One that the compressor fails on goes as it is, which
    /// costs bandwidth, not data.
    pub fn prepare(&mut self, payload: &Payload) -> Prepared {
        match self.compressor.compress(payload.body()) {
            Ok(body) => Prepared { body, encoding: self.compressor.method().content_encoding() },
            Err(_) => Prepared { body: payload.body().clone(), encoding: None },
        }
    }

    /// Sends it once, within the time limits, and says what became of it.
    pub async fn send(&self, prepared: &Prepared) -> Attempt {
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(prepared.body.clone());
        if let Some(encoding) = prepared.encoding {
            request = request.header(CONTENT_ENCODING, encoding);
        }
        match request.send().await {
            Ok(response) => self.judge(prepared, response).await,
            Err(error) => Attempt::Retry { after: None, reason: unreachable(error) },
        }
    }

    async fn judge(&self, prepared: &Prepared, mut response: Response) -> Attempt {
        let body = read(&mut response).await;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let answer = Answer {
            status: response.status(),
            retry_after: header(RETRY_AFTER),
            location: header(LOCATION),
            body: &body,
        };
        answer.judge(&Asked {
            path: self.url.path(),
            authorized: self.authorized,
            encoding: prepared.encoding,
        })
    }
}

impl Clone for Exporter {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            url: self.url.clone(),
            shown: self.shown.clone(),
            authorized: self.authorized,
            compressor: Compressor::new(self.compressor.method()),
        }
    }
}

/// The start of an answer's body. The status has arrived by then and counts, so a
/// connection that breaks here leaves what there is.
async fn read(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let left = MAX_ANSWER - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(left)]);
        if body.len() == MAX_ANSWER {
            break;
        }
    }
    body
}

fn unreachable(error: reqwest::Error) -> String {
    let what = match (error.is_connect(), error.is_timeout()) {
        (true, true) => "cannot be reached in time",
        (true, false) => "cannot be reached",
        (false, true) => "does not answer in time",
        (false, false) => "broke the connection off",
    };
    format!("{what}: {}", causes(error))
}
