//! The instance's tags from the EC2 API, for instances that do not have them in their
//! metadata: one action, `DescribeTags` (EC2 API reference), in the Query protocol.

mod answer;
mod credentials;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Url, redirect};

use crate::client::reason;
use crate::facts::{MAX_TAGS, tag_value};
use crate::{Backoff, Error, FetchError};

pub(crate) use credentials::Role;

const VERSION: &str = "2016-11-15";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// A page has at most 1000 tags of some 600 bytes.
const MAX_ANSWER: usize = 1 << 20;
/// One page holds more tags than an instance can have.
const MAX_PAGES: usize = 10;

/// How to ask the EC2 API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiOptions {
    /// Instead of `https://ec2.REGION.amazonaws.com`.
    pub endpoint: Option<Url>,
    /// Instead of those of the instance's role.
    pub credentials: Option<Credentials>,
    /// How often to ask before giving up for this time; at least once.
    pub max_attempts: u32,
    /// The longest pause between two of these.
    pub max_backoff: Duration,
    /// For one request.
    pub timeout: Duration,
}

impl Default for ApiOptions {
    /// The collector's: 3 tries, pauses up to 20 s.
    fn default() -> Self {
        Self {
            endpoint: None,
            credentials: None,
            max_attempts: 3,
            max_backoff: Duration::from_secs(20),
            timeout: Duration::from_secs(5),
        }
    }
}

impl ApiOptions {
    /// The defaults, changed by the variables that all AWS tools know (AWS SDK
    /// reference, "Static credentials", "Service-specific endpoints").
    pub fn from_env(get: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let get = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let endpoint = get("AWS_ENDPOINT_URL_EC2").or_else(|| get("AWS_ENDPOINT_URL"));
        let endpoint = endpoint.map(|text| match Url::parse(text.trim()) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
            // It may hold a password.
            _ => Err(Error::ApiEndpoint),
        });
        let keys = get("AWS_ACCESS_KEY_ID").zip(get("AWS_SECRET_ACCESS_KEY"));
        let credentials =
            keys.map(|(id, key)| Credentials::new(id, key, get("AWS_SESSION_TOKEN"), None, "environment"));
        Ok(Self { endpoint: endpoint.transpose()?, credentials, ..Self::default() })
    }
}

/// Why the API did not say the tags.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what it means")]
pub enum ApiError {
    #[error("the instance has no role to ask the EC2 API with")]
    NoRole,
    #[error("the instance's role may not ask for tags: {0}")]
    Denied(String),
    #[error("the EC2 API does not accept the credentials: {0}")]
    Credentials(String),
    #[error("the EC2 API wants to be asked less often: {0}")]
    Throttled(String),
    #[error("the EC2 API cannot be reached: {0}")]
    Unreachable(String),
    #[error("the EC2 API answers {status}: {message}")]
    Failed { status: u16, message: String },
}

impl ApiError {
    /// Whether asking again may help although nobody changes anything.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Throttled(_) | Self::Unreachable(_) => true,
            Self::Failed { status, .. } => *status >= 500,
            Self::NoRole | Self::Denied(_) | Self::Credentials(_) => false,
        }
    }
}

/// Asks the API.
#[derive(Debug)]
pub(crate) struct Api {
    options: ApiOptions,
    /// Made when it is needed: the system's certificates take time and memory.
    http: Option<reqwest::Client>,
}

impl Api {
    pub(crate) fn new(options: ApiOptions) -> Self {
        Self { options, http: None }
    }

    /// Those that were given, instead of the role's.
    pub(crate) fn credentials(&self) -> Option<Credentials> {
        self.options.credentials.clone()
    }

    /// All tags of an instance; values that attributes cannot have are left out.
    pub(crate) async fn tags(
        &mut self,
        credentials: &Credentials,
        region: &str,
        instance_id: &str,
    ) -> Result<BTreeMap<String, String>, ApiError> {
        let mut tags = BTreeMap::new();
        let mut next = None;
        for _ in 0..MAX_PAGES {
            let page = self.page(credentials, region, instance_id, next.as_deref()).await?;
            for (key, value) in page.tags {
                if tags.len() < MAX_TAGS
                    && !key.contains(char::is_control)
                    && let Some(value) = tag_value(value.as_bytes())
                {
                    tags.insert(key, value);
                }
            }
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        Ok(tags)
    }

    /// One page, asked for again while that may help.
    async fn page(
        &mut self,
        credentials: &Credentials,
        region: &str,
        instance_id: &str,
        next: Option<&str>,
    ) -> Result<answer::Page, ApiError> {
        let longest = self.options.max_backoff.max(Duration::from_millis(1));
        let first = Duration::from_secs(1).min(longest);
        let backoff = Backoff::try_new(first, longest).unwrap_or_default();
        let mut tries = 0;
        loop {
            tries += 1;
            match self.ask(credentials, region, instance_id, next).await {
                Err(error) if error.passes() && tries < self.options.max_attempts => {
                    tokio::time::sleep(backoff.pause(tries)).await;
                }
                other => return other,
            }
        }
    }

    async fn ask(
        &mut self,
        credentials: &Credentials,
        region: &str,
        instance_id: &str,
        next: Option<&str>,
    ) -> Result<answer::Page, ApiError> {
        let unreachable = |why: String| ApiError::Unreachable(why);
        let url = self.url(region)?;
        let mut form = vec![
            ("Action", "DescribeTags"),
            ("Version", VERSION),
            ("Filter.1.Name", "resource-id"),
            ("Filter.1.Value.1", instance_id),
        ];
        form.extend(next.map(|next| ("NextToken", next)));
        let body = form_urlencoded(&form);
        let headers = signed(credentials, region, &url, &body).map_err(unreachable)?;
        let mut request = self.http()?.post(url).header(CONTENT_TYPE, FORM).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(|error| unreachable(reason(&error)))?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| unreachable(reason(&error)))? {
            if body.len() + piece.len() > MAX_ANSWER {
                return Err(unreachable(format!("its answer is longer than {MAX_ANSWER} bytes")));
            }
            body.extend_from_slice(&piece);
        }
        answer::read(response.status().as_u16(), &String::from_utf8_lossy(&body))
    }

    fn url(&self, region: &str) -> Result<Url, ApiError> {
        if let Some(endpoint) = &self.options.endpoint {
            return Ok(endpoint.clone());
        }
        // From the metadata service, and about to become part of a name.
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let url = format!("https://ec2.{region}.{domain}/");
        match Url::parse(&url) {
            Ok(url) if !region.is_empty() && region.chars().all(plain) => Ok(url),
            _ => Err(ApiError::Unreachable(format!("{region:?} is no region"))),
        }
    }

    fn http(&mut self) -> Result<&reqwest::Client, ApiError> {
        let http = match self.http.take() {
            Some(http) => http,
            None => client(self.options.timeout).map_err(ApiError::Unreachable)?,
        };
        Ok(self.http.insert(http))
    }
}

impl From<ApiError> for FetchError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

fn client(timeout: Duration) -> Result<reqwest::Client, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    // One that cannot be read is no reason to trust none.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .http1_only()
        .timeout(timeout)
        .tls_backend_preconfigured(tls)
        .build()
        .map_err(|error| reason(&error))
}

/// The headers that prove who asks (AWS, "Signature Version 4").
fn signed(
    credentials: &Credentials,
    region: &str,
    url: &Url,
    body: &str,
) -> Result<Vec<(String, String)>, String> {
    let identity = credentials.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("ec2")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let headers = [("content-type", FORM)];
    let request =
        SignableRequest::new("POST", url.as_str(), headers.into_iter(), SignableBody::Bytes(body.as_bytes()))
            .map_err(|error| error.to_string())?;
    let (instructions, _) = sign(request, &params).map_err(|error| error.to_string())?.into_parts();
    let (headers, _) = instructions.into_parts();
    Ok(headers.iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect())
}

fn form_urlencoded(pairs: &[(&str, &str)]) -> String {
    let encode = |text| percent_encoding::utf8_percent_encode(text, crate::client::KEY).to_string();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_may_say_whom_to_ask_and_as_whom() {
        let from = |pairs: &[(&str, &str)]| {
            ApiOptions::from_env(|name| {
                pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(from(&[]).unwrap(), ApiOptions::default());
        let both = [("AWS_ENDPOINT_URL", "http://all"), ("AWS_ENDPOINT_URL_EC2", "http://ec2:1")];
        assert_eq!(from(&both).unwrap().endpoint.unwrap().as_str(), "http://ec2:1/");
        assert!(matches!(from(&[("AWS_ENDPOINT_URL", "ftp://a:hidden@b")]), Err(Error::ApiEndpoint)));
        assert_eq!(from(&[("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")]).unwrap().credentials, None);
        let keys = [
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "hidden1"),
            ("AWS_SESSION_TOKEN", "hidden2"),
        ];
        let said = format!("{:?}", from(&keys).unwrap());
        assert!(said.contains("AKIDEXAMPLE") && !said.contains("hidden"), "{said}");
    }

    #[test]
    fn the_address_is_the_regions() {
        let api = Api::new(ApiOptions::default());
        let url = |region| api.url(region).map(|url| url.to_string());
        assert_eq!(url("eu-central-1").unwrap(), "https://ec2.eu-central-1.amazonaws.com/");
        assert_eq!(url("cn-north-1").unwrap(), "https://ec2.cn-north-1.amazonaws.com.cn/");
        for wrong in ["", "evil.example/", "a@b", "EU"] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }
}
