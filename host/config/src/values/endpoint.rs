//! Addresses of backends.

use serde::{Deserialize, Deserializer};
use url::Url;

use crate::read::refuse;

/// An `http` or `https` address with a host, and nothing in it that is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint(pub(crate) Url);

impl Endpoint {
    /// The address with `/v1/logs` behind its path (OTLP/HTTP specification).
    pub(crate) fn logs(&self) -> Url {
        let mut url = self.0.clone();
        let path = format!("{}/v1/logs", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXAMPLE: &str = "write a URL such as `http://clickstack.example:4318`";
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Err(refuse("the URL is empty", EXAMPLE));
        }
        // `localhost:4318` reads as a URL with the scheme `localhost`.
        if !text.contains("://") {
            // A user name and password would stand before the `@`.
            if text.contains('@') {
                return Err(refuse("the URL has no scheme", EXAMPLE));
            }
            let what = format!("`{text}` has no scheme");
            return Err(refuse(what, format_args!("did you mean `http://{text}`?")));
        }
        let url = Url::parse(&text).map_err(|error| refuse(format_args!("bad URL: {error}"), EXAMPLE))?;
        if !matches!(url.scheme(), "http" | "https") {
            let what = format!("`{}` is no scheme for OTLP over HTTP", url.scheme());
            return Err(refuse(what, "use `http` or `https`"));
        }
        // What follows could be secret and is not quoted.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("a URL with a user name or password would be shown in logs", AS_HEADER));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("a URL with `?` or `#` is not supported", AS_HEADER));
        }
        Ok(Self(url))
    }
}

const AS_HEADER: &str = "put credentials into `headers`, for example `authorization`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_signal_is_appended_once() {
        let table = [
            ("http://h:4318", "http://h:4318/v1/logs"),
            ("http://h:4318/", "http://h:4318/v1/logs"),
            ("https://h/otlp", "https://h/otlp/v1/logs"),
            ("https://h/otlp/", "https://h/otlp/v1/logs"),
        ];
        for (text, expected) in table {
            assert_eq!(Endpoint(Url::parse(text).unwrap()).logs().as_str(), expected);
        }
    }
}
