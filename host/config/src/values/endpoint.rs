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

/// Host and port of a gRPC backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GrpcEndpoint {
    /// `http://HOST:PORT`.
    pub(crate) url: Url,
    /// Whether to use TLS, where a scheme says it.
    pub(crate) encrypted: Option<bool>,
}

impl<'de> Deserialize<'de> for GrpcEndpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXAMPLE: &str = "write `HOST:4317`";
        let text = String::deserialize(deserializer)?;
        if text.contains('@') {
            let what = "an endpoint with a user name or password would be shown in logs";
            return Err(refuse(what, AS_HEADER));
        }
        let schemes = [("http://", Some(false)), ("https://", Some(true)), ("dns:///", None)];
        let scheme = schemes.iter().find_map(|(scheme, tls)| Some((text.strip_prefix(scheme)?, *tls)));
        let (address, encrypted) = scheme.unwrap_or((&text, None));
        let address = address.trim_end_matches('/');
        if address.is_empty() {
            return Err(refuse("the endpoint is empty", EXAMPLE));
        }
        if let Some((other, _)) = address.split_once(':')
            && address[other.len()..].starts_with(":/")
        {
            let what = format!("`{other}` is no scheme for OTLP over gRPC");
            return Err(refuse(what, "write `HOST:4317`, `http://HOST:4317` or `https://HOST:4317`"));
        }
        if let Some((host, _)) = address.split_once(['/', '?', '#']) {
            return Err(refuse("a gRPC endpoint has no path", format_args!("did you mean `{host}`?")));
        }
        let port = address.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
        match port {
            Some(Ok(1..)) => {}
            _ => {
                let what = format!("`{address}` has no port");
                return Err(refuse(what, format_args!("did you mean `{address}:4317`?")));
            }
        }
        let url = Url::parse(&format!("http://{address}"))
            .map_err(|error| refuse(format_args!("bad endpoint: {error}"), EXAMPLE))?;
        Ok(Self { url, encrypted })
    }
}

const AS_HEADER: &str = "put credentials into `headers`, for example `authorization`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grpc_endpoint_may_have_a_scheme() {
        let read = |text: &str| {
            let text = serde_yaml::Value::from(text);
            let endpoint: GrpcEndpoint = serde_yaml::from_value(text).ok()?;
            Some((endpoint.url.to_string(), endpoint.encrypted))
        };
        let some = |url: &str, encrypted| Some((url.to_owned(), encrypted));
        assert_eq!(read("h:4317"), some("http://h:4317/", None));
        assert_eq!(read("[::1]:4317"), some("http://[::1]:4317/", None));
        assert_eq!(read("http://h:4317/"), some("http://h:4317/", Some(false)));
        assert_eq!(read("https://h:443"), some("http://h:443/", Some(true)));
        assert_eq!(read("dns:///h:4317"), some("http://h:4317/", None));
        for wrong in ["", "h", "h:0", "h:x", "http://", "grpc://h:1", "h:1/p", "a@h:1", "[::1]"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

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
