use crate::{ApiOptions, Backoff, Error};
use reqwest::Url;
use std::fmt;
use std::time::Duration;

/// Where the metadata service is: `http://HOST[:PORT]`, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// The address on every instance.
    pub fn ipv4() -> Self {
        Self::fixed("http://169.254.169.254")
    }

    /// The address on instances of the Nitro kind where it is turned on.
    pub fn ipv6() -> Self {
        Self::fixed("http://[fd00:ec2::254]")
    }

    /// Reads an endpoint as the AWS tools write it.
    pub fn parse(endpoint: &str) -> Result<Self, Error> {
        let wrong = |why| Error::Endpoint { endpoint: endpoint.to_owned(), why };
        let url = Url::parse(endpoint.trim()).map_err(|_| wrong("it is no URL"))?;
        if url.scheme() != "http" {
            return Err(wrong("the service speaks plain http only"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it holds credentials"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it goes on after host and port"));
        }
        Ok(Self(url))
    }

    fn fixed(endpoint: &'static str) -> Self {
        Self::parse(endpoint).expect("a constant, which a test reads")
    }

    /// The URL of `path` below `/latest/`, which is percent-encoded already.
    pub(crate) fn url(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("latest/{path}"));
        url
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// How to ask, and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Whom to ask.
    pub endpoint: Endpoint,
    /// Limit for connecting. The address is at most one hop away: what takes longer
    /// than the default of 1 s is not there.
    pub connect_timeout: Duration,
    /// Limit for one request as a whole, to its last byte, not counting the time to
    /// connect; 1 s by default.
    pub request_timeout: Duration,
    /// For how long to ask tokens, 6 h by default; whole seconds, brought into the
    /// service's range of 1 s to 6 h.
    pub token_ttl: Duration,
    /// How long after an answer to ask again, because tags change; none: never.
    pub refresh_interval: Option<Duration>,
    /// Pauses after a failure.
    pub retry: Backoff,
    /// The pause after a 403 on the token request, 5 min by default: only a person
    /// changes that.
    pub forbidden_pause: Duration,
    /// After how long without success to stop asking until the next refresh; none:
    /// never. Zero: after the first failure.
    pub give_up_after: Option<Duration>,
    /// Whether to ask for the instance's tags.
    pub want_tags: bool,
    /// How to ask for tags where the metadata service does not have them; none: not
    /// at all.
    pub api: Option<ApiOptions>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            endpoint: Endpoint::ipv4(),
            connect_timeout: Duration::from_secs(1),
            request_timeout: Duration::from_secs(1),
            token_ttl: Duration::from_secs(crate::token::MAX_TTL),
            refresh_interval: None,
            retry: Backoff::default(),
            forbidden_pause: Duration::from_secs(300),
            give_up_after: None,
            want_tags: true,
            api: None,
        }
    }
}

impl Options {
    /// Limit for connection and request together. It is the sum, so that an address
    /// where nothing is fails as such and not as an answer that never came: the two
    /// have different remedies.
    pub(crate) fn limit(&self) -> Duration {
        self.connect_timeout.saturating_add(self.request_timeout)
    }

    /// The defaults, changed by the variables that all AWS tools know (AWS SDK
    /// reference, "IMDS client"); none if `AWS_EC2_METADATA_DISABLED` is `true`.
    /// `AWS_EC2_METADATA_SERVICE_ENDPOINT` wins over
    /// `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE` (`IPv4` or `IPv6`). An empty variable
    /// counts as unset.
    pub fn from_env(get: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, Error> {
        let get = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        match get("AWS_EC2_METADATA_DISABLED") {
            Some(yes) if yes.trim().eq_ignore_ascii_case("true") => return Ok(None),
            Some(no) if !no.trim().eq_ignore_ascii_case("false") => return Err(Error::Disabled(no)),
            _ => {}
        }
        let mode = match get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") {
            Some(mode) if mode.trim().eq_ignore_ascii_case("ipv6") => Endpoint::ipv6(),
            Some(mode) if !mode.trim().eq_ignore_ascii_case("ipv4") => return Err(Error::Mode(mode)),
            _ => Endpoint::ipv4(),
        };
        let endpoint = match get("AWS_EC2_METADATA_SERVICE_ENDPOINT") {
            Some(endpoint) => Endpoint::parse(&endpoint)?,
            None => mode,
        };
        let api = Some(ApiOptions::from_env(get)?);
        Ok(Some(Self { endpoint, api, ..Self::default() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Option<String>, Error> {
        let get =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Ok(Options::from_env(get)?.map(|options| options.endpoint.to_string()))
    }

    const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    const MODE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
    const DISABLED: &str = "AWS_EC2_METADATA_DISABLED";

    #[test]
    fn the_variables_of_all_aws_tools_are_known() {
        let endpoint = |pairs| from(pairs).unwrap().unwrap();
        assert_eq!(endpoint(&[]), "http://169.254.169.254");
        assert_eq!(endpoint(&[(MODE, "IPv4"), (DISABLED, "false")]), "http://169.254.169.254");
        assert_eq!(endpoint(&[(MODE, "ipv6"), (ENDPOINT, "")]), "http://[fd00:ec2::254]");
        assert_eq!(
            endpoint(&[(MODE, "IPv6"), (ENDPOINT, "http://127.0.0.1:1338/")]),
            "http://127.0.0.1:1338"
        );
        assert_eq!(from(&[(DISABLED, "True"), (ENDPOINT, "nonsense")]).unwrap(), None);
    }

    #[test]
    fn bad_values_are_errors_that_say_what_to_do() {
        for (pair, says) in [
            ((DISABLED, "1"), "set it to true or false"),
            ((MODE, "v6"), "set it to IPv4 or IPv6"),
            ((ENDPOINT, "169.254.169.254"), "it is no URL"),
            ((ENDPOINT, "http://"), "it is no URL"),
            ((ENDPOINT, "https://169.254.169.254"), "plain http"),
            ((ENDPOINT, "http://me@169.254.169.254"), "credentials"),
            ((ENDPOINT, "http://169.254.169.254/latest"), "goes on"),
            ((ENDPOINT, "http://169.254.169.254/?x"), "goes on"),
        ] {
            let error = from(&[pair]).unwrap_err().to_string();
            assert!(error.contains(says), "{pair:?}: {error}");
        }
    }

    #[test]
    fn paths_go_below_latest() {
        assert_eq!(
            Endpoint::ipv6().url("meta-data/tags/instance/a%2Fb").as_str(),
            "http://[fd00:ec2::254]/latest/meta-data/tags/instance/a%2Fb"
        );
    }
}
