use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING, USER_AGENT,
};
use reqwest::{Certificate, Client, Identity, Url, redirect};

use crate::compress::Compression;
use crate::error::{OptionsError, causes};

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
    /// For `https://` endpoints.
    pub tls: Tls,
}

/// How a backend's certificate is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// Certificates (PEM) to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether any certificate will do. For trying things out.
    pub insecure_skip_verify: bool,
    /// Certificate and key (PEM), for backends that ask who is there.
    pub client: Option<(PathBuf, PathBuf)>,
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
            tls: Tls::default(),
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
    // reqwest takes the process's provider; the first to install one wins, and
    // any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .http1_only()
        .tcp_nodelay(true)
        .timeout(options.timeout)
        .connect_timeout(options.connect_timeout)
        // A body is not sent to where it was not meant to go.
        .redirect(redirect::Policy::none())
        // Retries are ours, with our log lines.
        .retry(reqwest::retry::never());
    if !headers.contains_key(USER_AGENT) {
        builder = builder.user_agent(user_agent());
    }
    if is_loopback(url) {
        builder = builder.no_proxy();
    }
    builder = match &options.tls.ca_file {
        Some(path) => builder.tls_certs_only(roots(path)?),
        // Reading the system's roots costs start-up time and memory that a plain
        // connection has no use for.
        None if url.scheme() == "http" => builder.tls_certs_only([]),
        None => builder,
    };
    if options.tls.insecure_skip_verify {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    if let Some((certificate, key)) = &options.tls.client {
        builder = builder.identity(identity(certificate, key)?);
    }
    builder.default_headers(headers).build().map_err(|error| OptionsError::Client(causes(error)))
}

fn user_agent() -> String {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("skidway/{} ({os}/{arch})", env!("CARGO_PKG_VERSION"))
}

/// Whether this is the machine itself, where no proxy leads.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("");
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    address.map_or_else(|_| host == "localhost" || host.ends_with(".localhost"), |ip| ip.is_loopback())
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, OptionsError> {
    std::fs::read(path).map_err(|source| OptionsError::File { what, path: path.to_owned(), source })
}

fn roots(path: &Path) -> Result<Vec<Certificate>, OptionsError> {
    let what = "ca_file";
    let unusable = |reason: String| OptionsError::Pem { what, path: path.to_owned(), reason };
    let certificates =
        Certificate::from_pem_bundle(&read(what, path)?).map_err(|error| unusable(causes(error)))?;
    if certificates.is_empty() {
        return Err(unusable("no certificate in it".to_owned()));
    }
    Ok(certificates)
}

fn identity(certificate: &Path, key: &Path) -> Result<Identity, OptionsError> {
    let mut pem = read("cert_file", certificate)?;
    pem.push(b'\n');
    pem.extend(read("key_file", key)?);
    let what = "cert_file with its key_file";
    Identity::from_pem(&pem).map_err(|error| OptionsError::Pem {
        what,
        path: certificate.to_owned(),
        reason: causes(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        options.tls.ca_file = Some(path.clone());
        let target = url(&options.url).unwrap();
        let build = |options: &Options| client(options, &target, HeaderMap::new()).unwrap_err();
        assert!(matches!(build(&options), OptionsError::File { what: "ca_file", .. }));
        std::fs::write(&path, "no certificate").unwrap();
        assert!(matches!(build(&options), OptionsError::Pem { .. }));
        options.tls.ca_file = None;
        options.tls.client = Some((path.clone(), path));
        assert!(matches!(build(&options), OptionsError::Pem { .. }));
        options.timeout = Duration::ZERO;
        assert!(matches!(build(&options), OptionsError::Duration { .. }));
    }
}
