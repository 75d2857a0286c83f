//! OTLP over gRPC.
//!
//! A message is framed here (gRPC over HTTP/2, "Length-Prefixed-Message"), because
//! what is sent was encoded and compressed before, once for all tries. All below
//! that is tonic's channel: connections, their upkeep, HTTP/2.

mod answer;
mod options;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, TE};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::transport::Channel;
use tower::{Service as _, ServiceExt as _};

use crate::attempt::Attempt;
use crate::batch::Payload;
use crate::compress::Compressor;
use crate::error::{OptionsError, chain};
use crate::exporter::Prepared;
use crate::http;

use answer::{Answer, Asked};
pub use options::{Keepalive, Options};

const PATH: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/// How much of an answer is read, in bytes. An OTLP answer is far smaller.
const MAX_ANSWER: usize = 64 << 10;

/// In front of a message: whether it is compressed, and its length.
const FRAME: usize = 5;

/// One backend. Clones share the connection.
#[derive(Debug)]
pub(crate) struct Grpc {
    channel: Channel,
    headers: HeaderMap,
    shown: String,
    timeout: Duration,
    compressor: Compressor,
    /// Whether this backend ever answered in gRPC.
    known: Arc<AtomicBool>,
}

impl Grpc {
    pub(crate) fn new(options: &Options) -> Result<Self, OptionsError> {
        let url = http::url(&options.url)?;
        let mut headers = http::headers(&options.headers)?;
        let channel = options::channel(options, &url, &mut headers)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        // Says that nothing on the way drops the trailers (gRPC over HTTP/2).
        headers.insert(TE, HeaderValue::from_static("trailers"));
        if let Ok(value) = timeout_value(options.timeout).parse() {
            headers.insert(HeaderName::from_static("grpc-timeout"), value);
        }
        let compressor = Compressor::new(options.compression);
        let (shown, known) = (http::shown(&url), Arc::default());
        Ok(Self { channel, headers, shown, timeout: options.timeout, compressor, known })
    }

    pub(crate) fn backend(&self) -> &str {
        &self.shown
    }

    pub(crate) fn prepare(&mut self, payload: &Payload) -> Prepared {
        let Prepared { body, encoding } = Prepared::compressed(&mut self.compressor, payload.body().clone());
        // A batch of 4 GiB is far above any bound there is.
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let mut frame = Vec::with_capacity(FRAME + body.len());
        frame.push(u8::from(encoding.is_some()));
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(&body);
        Prepared { body: frame.into(), encoding }
    }

    pub(crate) async fn send(&self, prepared: &Prepared) -> Attempt {
        match tokio::time::timeout(self.timeout, self.exchange(prepared)).await {
            Ok(attempt) => attempt,
            Err(_) => Attempt::Retry { after: None, reason: self.silent() },
        }
    }

    async fn exchange(&self, prepared: &Prepared) -> Attempt {
        let mut request = Request::new(Body::new(Full::new(prepared.body.clone())));
        *request.method_mut() = reqwest::Method::POST;
        *request.uri_mut() = tonic::codegen::http::Uri::from_static(PATH);
        *request.headers_mut() = self.headers.clone();
        if let Some(encoding) = prepared.encoding {
            let name = HeaderName::from_static("grpc-encoding");
            request.headers_mut().insert(name, HeaderValue::from_static(encoding));
        }
        let mut channel = self.channel.clone();
        let response = match channel.ready().await {
            Ok(channel) => channel.call(request).await,
            Err(error) => Err(error),
        };
        match response {
            Ok(response) => self.judge(prepared, response).await,
            Err(error) => Attempt::Retry { after: None, reason: self.unreachable(&error) },
        }
    }

    async fn judge(&self, prepared: &Prepared, response: Response<Body>) -> Attempt {
        let asked =
            Asked { authorized: self.headers.contains_key(AUTHORIZATION), encoding: prepared.encoding };
        let (parts, body) = response.into_parts();
        self.known.store(true, Ordering::Relaxed);
        let retry_after = parts.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        if parts.status != reqwest::StatusCode::OK {
            // Something on the way that is no gRPC server.
            let read = Limited::new(body, MAX_ANSWER).collect().await;
            let body = read.map(|body| body.to_bytes()).unwrap_or_default();
            return http::judge(parts.status, retry_after, &body, PATH, asked.authorized, asked.encoding);
        }
        // An error without a message comes as headers alone.
        if let Some(status) = Status::from_header_map(&parts.headers) {
            return Answer { status: &status, message: &[] }.judge(&asked);
        }
        match Limited::new(body, MAX_ANSWER).collect().await {
            Ok(collected) => {
                let status = collected.trailers().and_then(Status::from_header_map);
                let status =
                    status.unwrap_or_else(|| Status::unknown("there is no grpc-status in its answer"));
                let frame: Bytes = collected.to_bytes();
                Answer { status: &status, message: frame.get(FRAME..).unwrap_or_default() }.judge(&asked)
            }
            Err(error) if error.is::<LengthLimitError>() => Attempt::Retry {
                after: None,
                reason: format!("answers with more than {MAX_ANSWER} bytes, which is no OTLP"),
            },
            Err(error) => Attempt::Retry {
                after: None,
                reason: format!("broke the connection off: {}", chain(&*error)),
            },
        }
    }
}

impl Grpc {
    fn silent(&self) -> String {
        format!("does not answer in time: nothing for {:?}", self.timeout)
    }

    fn unreachable(&self, error: &tonic::transport::Error) -> String {
        let said = chain(error);
        // The channel reads the header that tells the backend of the timeout.
        if said.contains("Timeout expired") {
            return self.silent();
        }
        let hint = match () {
            () if said.contains("InvalidContentType") => {
                " (it does not speak TLS there: set tls.insecure to true, or begin the endpoint with http://)"
            }
            // Somebody is there and breaks off when HTTP/2 is spoken to it.
            () if !self.known.load(Ordering::Relaxed) && said.contains("connection error") => {
                " (is this its port for gRPC, 4317, rather than 4318?)"
            }
            () => "",
        };
        format!("cannot be reached: {said}{hint}")
    }
}

impl Clone for Grpc {
    fn clone(&self) -> Self {
        Self {
            channel: self.channel.clone(),
            headers: self.headers.clone(),
            shown: self.shown.clone(),
            timeout: self.timeout,
            known: Arc::clone(&self.known),
            compressor: Compressor::new(self.compressor.method()),
        }
    }
}

/// At most eight digits and a unit (gRPC over HTTP/2, "Timeout").
fn timeout_value(timeout: Duration) -> String {
    match timeout.as_millis() {
        millis @ 0..=99_999_999 => format!("{}m", millis.max(1)),
        _ => format!("{}S", timeout.as_secs().min(99_999_999)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_has_eight_digits_at_most() {
        assert_eq!(timeout_value(Duration::from_micros(1)), "1m");
        assert_eq!(timeout_value(Duration::from_secs(5)), "5000m");
        assert_eq!(timeout_value(Duration::from_secs(99_999)), "99999000m");
        assert_eq!(timeout_value(Duration::from_secs(100_000)), "100000S");
        assert_eq!(timeout_value(Duration::MAX), "99999999S");
    }
}
