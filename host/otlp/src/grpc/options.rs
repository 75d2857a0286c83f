use std::fmt;
use std::time::Duration;

use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Url;
use reqwest::header::{HeaderMap, USER_AGENT};
use tonic::transport::{Channel, Endpoint, Uri};

use crate::compress::Compression;
use crate::error::OptionsError;
use crate::http::{shown, user_agent};
use crate::tls::Tls;

/// Where payloads go and how.
#[derive(Clone)]
pub struct Options {
    /// `http://HOST:PORT`, or `https://HOST:PORT` for TLS.
    pub url: String,
    /// Sent with every request. The values are secrets: neither `Debug` nor a log
    /// shows them.
    pub headers: Vec<(String, String)>,
    /// How messages are compressed.
    pub compression: Compression,
    /// For one request, from the first byte sent to the last received. The backend
    /// is told.
    pub timeout: Duration,
    /// For the TCP connection and the TLS handshake alone.
    pub connect_timeout: Duration,
    /// For `https://` endpoints.
    pub tls: Tls,
    /// The name to ask for, where it is not the endpoint's: `HOST` or `HOST:PORT`.
    pub authority: Option<String>,
    /// Asks now and then whether the backend is still there.
    pub keepalive: Option<Keepalive>,
}

/// When to ask whether a backend is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keepalive {
    /// After so long without a sign of it.
    pub time: Duration,
    /// How long it may take to answer.
    pub timeout: Duration,
    /// Whether to ask while nothing is sent.
    pub while_idle: bool,
}

impl Options {
    /// The collector's defaults (gzip, 5 s a request) for this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            headers: Vec::new(),
            compression: Compression::default(),
            timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            tls: Tls::default(),
            authority: None,
            keepalive: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Options")
            .field("url", &Url::parse(&self.url).map_or_else(|_| "invalid".into(), |url| shown(&url)))
            .field("headers", &names)
            .field("compression", &self.compression)
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("tls", &self.tls)
            .field("authority", &self.authority)
            .field("keepalive", &self.keepalive)
            .finish()
    }
}

/// The way to a backend, which is taken with the first request.
pub(super) fn channel(
    options: &Options,
    url: &Url,
    headers: &mut HeaderMap,
) -> Result<Channel, OptionsError> {
    for (what, duration) in [("timeout", options.timeout), ("connect timeout", options.connect_timeout)] {
        if duration.is_zero() {
            return Err(OptionsError::Duration { what });
        }
    }
    let unusable = |what: &dyn fmt::Display| OptionsError::Url(what.to_string());
    let encrypted = url.scheme() == "https";
    let target = address(url).parse::<Uri>().map_err(|error| unusable(&error))?;
    let mut endpoint = Endpoint::from(target).connect_timeout(options.connect_timeout);
    if let Some(authority) = &options.authority {
        let origin = format!("{}://{authority}", url.scheme());
        endpoint = endpoint.origin(origin.parse().map_err(|_| OptionsError::Authority(authority.clone()))?);
    }
    if let Some(Keepalive { time, timeout, while_idle }) = options.keepalive {
        endpoint = endpoint
            .http2_keep_alive_interval(time)
            .keep_alive_timeout(timeout)
            .keep_alive_while_idle(while_idle);
    }
    // The channel adds a word of its own to this one.
    let agent = match headers.remove(USER_AGENT) {
        Some(agent) => agent.to_str().map(str::to_owned).unwrap_or_default(),
        None => user_agent(),
    };
    endpoint = endpoint.user_agent(agent).map_err(|error| unusable(&error))?;
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(options.connect_timeout));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(options.tls.client_config(encrypted)?)
        .https_or_http()
        .enable_http2()
        .wrap_connector(tcp);
    Ok(endpoint.connect_with_connector_lazy(connector))
}

/// Scheme, host and port; the port of gRPC without TLS is none of its own, so one
/// that is left out is the scheme's.
fn address(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or(443);
    format!("{}://{}:{port}", url.scheme(), url.host_str().unwrap_or_default())
}
