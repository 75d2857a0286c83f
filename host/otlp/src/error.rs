use std::path::PathBuf;

/// Options that no exporter can be built from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it means")]
pub enum OptionsError {
    #[error("endpoint is not a URL: {0}")]
    Url(String),
    #[error("endpoint begins with {0}://, but only http:// and https:// are spoken")]
    Scheme(String),
    #[error("{0:?} is not the name of an HTTP header")]
    HeaderName(String),
    /// The value is a secret, and stays one.
    #[error("the value of header {0:?} has characters that a header must not have, such as a line break")]
    HeaderValue(String),
    #[error("header {0:?} is set by the exporter itself: leave it out")]
    HeaderReserved(String),
    #[error("{what} must be longer than zero")]
    Duration { what: &'static str },
    #[error("{what} {path} cannot be read")]
    File { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error("cannot open {path} to write to it")]
    Output { path: PathBuf, source: std::io::Error },
    #[error("{what} {path} holds no usable PEM: {reason}")]
    Pem { what: &'static str, path: PathBuf, reason: String },
    #[error("authority {0:?} is no HOST or HOST:PORT")]
    Authority(String),
    #[error("proxy_url is not usable: {0}")]
    Proxy(String),
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

/// What an error and its causes say, on one line, without the address: it may hold
/// a password.
pub(crate) fn causes(error: reqwest::Error) -> String {
    chain(&error.without_url())
}

/// What an error and its causes say, on one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !said.ends_with(&text) {
            said.push_str(": ");
            said.push_str(&text);
        }
        next = cause.source();
    }
    said
}
