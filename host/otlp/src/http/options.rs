use std::fmt;
use std::time::Duration;

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING, USER_AGENT,
};
use reqwest::{Client, Proxy, Url, redirect};

use crate::compress::Compression;
use crate::error::{OptionsError, causes};
use crate::tls::Tls;

/// Where payloads go and how.
#[derive(Clone)]
pub struct Options {
    /// The whole URL, `/v1/logs` included.
    pub url: String,
    /// Sent with every request. The values are secrets: neither `Debug` nor a log
    /// shows them.
    pub headers: Vec<(String, String)>,
    /// How bodies are compressed.
    pub compression: Compression,
    /// For one request, from the first byte sent to the last received.
    pub timeout: Duration,
    /// For the TCP connection and the TLS handshake alone, so that an address that
    /// swallows packets is noticed before `timeout`.
    pub connect_timeout: Duration,
    /// What a body is.
    pub encoding: Encoding,
    /// For `https://` endpoints.
    pub tls: Tls,
    /// Where requests go through; without one, what `HTTPS_PROXY`, `HTTP_PROXY` and
    /// `NO_PROXY` say. A user and password in it are secrets.
    pub proxy: Option<String>,
    /// Whether a connection serves more than one request.
    pub keep_alive: bool,
    /// How long a connection is kept that nobody uses.
    pub idle_timeout: Duration,
}

/// What a body is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Protobuf, which our columns become directly.
    #[default]
    Proto,
    /// JSON, made from the protobuf: for backends that read nothing else.
    Json,
}

impl Options {
    /// The collector's defaults (gzip, 30 s a request) for this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            headers: Vec::new(),
            compression: Compression::default(),
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            encoding: Encoding::default(),
            tls: Tls::default(),
            proxy: None,
            keep_alive: true,
            idle_timeout: Duration::from_secs(90),
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
            .field("encoding", &self.encoding)
            .field("tls", &self.tls)
            .field(
                "proxy",
                &self
                    .proxy
                    .as_ref()
                    .map(|proxy| Url::parse(proxy).map_or("invalid".into(), |url| shown(&url))),
            )
            .field("keep_alive", &self.keep_alive)
            .field("idle_timeout", &self.idle_timeout)
            .finish()
    }
}

/// A URL as people may see it: without user, password, query and fragment.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Fails for URLs without a host only, which have no password either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

pub(crate) fn url(text: &str) -> Result<Url, OptionsError> {
    let url = Url::parse(text).map_err(|error| OptionsError::Url(error.to_string()))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(OptionsError::Scheme(other.to_owned())),
    }
}

pub(crate) fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, OptionsError> {
    const RESERVED: [HeaderName; 5] =
        [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING, HOST];
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let key: HeaderName = name.parse().map_err(|_| OptionsError::HeaderName(name.clone()))?;
        if RESERVED.contains(&key) {
            return Err(OptionsError::HeaderReserved(name.clone()));
        }
        let mut value: HeaderValue = value.parse().map_err(|_| OptionsError::HeaderValue(name.clone()))?;
        value.set_sensitive(true);
        headers.append(key, value);
    }
    Ok(headers)
}

pub(crate) fn client(options: &Options, url: &Url, headers: HeaderMap) -> Result<Client, OptionsError> {
    for (what, duration) in [("timeout", options.timeout), ("connect timeout", options.connect_timeout)] {
        if duration.is_zero() {
            return Err(OptionsError::Duration { what });
        }
    }
    let mut builder = Client::builder()
        .http1_only()
        .tcp_nodelay(true)
        .timeout(options.timeout)
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(options.idle_timeout)
        // A body is not sent to where it was not meant to go.
        .redirect(redirect::Policy::none())
        // Retries are ours, with our log lines.
        .retry(reqwest::retry::never());
    if !headers.contains_key(USER_AGENT) {
        builder = builder.user_agent(user_agent());
    }
    builder = match &options.proxy {
        Some(proxy) => builder.proxy(proxied(proxy)?),
        None if is_loopback(url) => builder.no_proxy(),
        None => builder,
    };
    if !options.keep_alive {
        builder = builder.pool_max_idle_per_host(0);
    }
    let mut tls = options.tls.client_config(url.scheme() == "https")?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    builder
        .tls_backend_preconfigured(tls)
        .default_headers(headers)
        .build()
        .map_err(|error| OptionsError::Client(causes(error)))
}

pub(crate) fn user_agent() -> String {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("skidway/{} ({os}/{arch})", env!("CARGO_PKG_VERSION"))
}

/// Whether this is the machine itself, where no proxy leads.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("");
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    address.map_or_else(|_| host == "localhost" || host.ends_with(".localhost"), |ip| ip.is_loopback())
}

fn proxied(proxy: &str) -> Result<Proxy, OptionsError> {
    let unusable = |reason: String| OptionsError::Proxy(reason);
    let url = Url::parse(proxy).map_err(|error| unusable(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unusable(format!(
            "{}:// is no proxy that is spoken to, http:// and https:// are",
            url.scheme()
        )));
    }
    Proxy::all(url).map_err(|error| unusable(causes(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Pem;

    fn pair(name: &str, value: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), value.to_owned())]
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut options = Options::new("http://user:hidden1@backend:4318/v1/logs?token=hidden2");
        options.headers = pair("authorization", "hidden3");
        let said = format!("{options:?} {:?}", headers(&options.headers).unwrap());
        assert!(!said.contains("hidden"), "{said}");
        assert!(said.contains("backend:4318/v1/logs") && said.contains("authorization"), "{said}");
    }

    #[test]
    fn an_unusable_header_is_named_without_its_value() {
        let line_break = headers(&pair("authorization", "hidden\nx: y")).unwrap_err();
        assert!(matches!(&line_break, OptionsError::HeaderValue(name) if name == "authorization"));
        assert!(!format!("{line_break} {line_break:?}").contains("hidden"));
        assert!(matches!(headers(&pair("a b", "c")), Err(OptionsError::HeaderName(_))));
        assert!(matches!(headers(&pair("Content-Type", "c")), Err(OptionsError::HeaderReserved(_))));
    }

    #[test]
    fn only_http_urls_are_taken() {
        assert!(matches!(url("backend:4318"), Err(OptionsError::Scheme(_))));
        assert!(matches!(url("grpc://backend:4317"), Err(OptionsError::Scheme(_))));
        assert!(matches!(url("/v1/logs"), Err(OptionsError::Url(_))));
        assert!(url("http://backend:4318/v1/logs").is_ok());
    }

    #[test]
    fn the_machine_itself_is_known() {
        for own in ["http://localhost:4318", "http://127.0.0.3", "http://[::1]:4318", "http://a.localhost"] {
            assert!(is_loopback(&url(own).unwrap()), "{own}");
        }
        for other in ["http://10.0.0.1", "http://localhost.example", "http://[2001:db8::1]"] {
            assert!(!is_loopback(&url(other).unwrap()), "{other}");
        }
    }

    #[test]
    fn files_that_hold_no_certificate_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let mut options = Options::new("https://backend/v1/logs");
        options.tls.ca = Some(Pem::File(path.clone()));
        let target = url(&options.url).unwrap();
        let build = |options: &Options| client(options, &target, HeaderMap::new()).unwrap_err();
        assert!(matches!(build(&options), OptionsError::File { what: "ca_file", .. }));
        std::fs::write(&path, "no certificate").unwrap();
        assert!(matches!(build(&options), OptionsError::Pem { .. }));
        options.tls.ca = None;
        options.tls.client = Some((Pem::File(path.clone()), Pem::File(path)));
        assert!(matches!(build(&options), OptionsError::Pem { .. }));
        options.tls.client = None;
        options.proxy = Some("socks5://user:hidden@proxy:1080".to_owned());
        let refused = build(&options).to_string();
        assert!(refused.contains("proxy_url") && !refused.contains("hidden"), "{refused}");
        assert!(!format!("{options:?}").contains("hidden"));
        options.timeout = Duration::ZERO;
        assert!(matches!(build(&options), OptionsError::Duration { .. }));
    }
}
