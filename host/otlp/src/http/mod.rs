//! OTLP over HTTP.

mod answer;
mod options;

use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};

use crate::attempt::Attempt;
use crate::batch::Payload;
use crate::compress::Compressor;
use crate::error::{OptionsError, causes};
use crate::exporter::{Prepared, Unwritable};
use crate::json;

use answer::{Answer, Asked};
pub use options::{Encoding, Options};
pub(crate) use options::{headers, shown, url, user_agent};

/// How much of an answer is read, in bytes (as the collector's exporter does). An
/// OTLP answer is far smaller.
const MAX_ANSWER: usize = 64 << 10;

/// One backend. Clones share connections.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    url: Url,
    shown: String,
    authorized: bool,
    encoding: Encoding,
    compressor: Compressor,
}

impl Http {
    pub(crate) fn new(options: &Options) -> Result<Self, OptionsError> {
        let url = options::url(&options.url)?;
        let headers = options::headers(&options.headers)?;
        let authorized = headers.contains_key(AUTHORIZATION);
        let client = options::client(options, &url, headers)?;
        let compressor = Compressor::new(options.compression);
        let encoding = options.encoding;
        Ok(Self { client, shown: options::shown(&url), url, authorized, encoding, compressor })
    }

    /// The backend's URL as it may be shown: without user, password and query.
    pub(crate) fn backend(&self) -> &str {
        &self.shown
    }

    pub(crate) fn prepare(&mut self, payload: &Payload) -> Result<Prepared, Unwritable> {
        let body = match self.encoding {
            Encoding::Proto => payload.body().clone(),
            Encoding::Json => json::request(payload)?.into(),
        };
        Ok(Prepared::compressed(&mut self.compressor, body))
    }

    pub(crate) async fn send(&self, prepared: &Prepared) -> Attempt {
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, self.encoding.content_type())
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

impl Encoding {
    fn content_type(self) -> &'static str {
        match self {
            Self::Proto => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

impl Clone for Http {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            url: self.url.clone(),
            shown: self.shown.clone(),
            authorized: self.authorized,
            encoding: self.encoding,
            compressor: Compressor::new(self.compressor.method()),
        }
    }
}

/// What an answer in HTTP means to somebody who asked in another protocol.
pub(crate) fn judge(
    status: StatusCode,
    retry_after: Option<&str>,
    body: &[u8],
    path: &str,
    authorized: bool,
    encoding: Option<&str>,
) -> Attempt {
    Answer { status, retry_after, location: None, body }.judge(&Asked { path, authorized, encoding })
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
