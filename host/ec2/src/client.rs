use crate::api::{Api, ApiError, Role};
use crate::facts::{self, tag_keys};
use crate::token::{MAX_TTL, Token};
use crate::{Error, Facts, FetchError, Options};
use aws_credential_types::Credentials;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, Response, StatusCode, redirect};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// The longest answer that is read. An identity document has some 500 bytes, a list
/// of 50 tag keys of 128 characters at most 26 KB.
const MAX_ANSWER: usize = 64 << 10;
const TTL_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN_HEADER: &str = "x-aws-ec2-metadata-token";
const TOKEN: &str = "api/token";
const TAGS: &str = "meta-data/tags/instance/";
const ROLES: &str = "meta-data/iam/security-credentials/";
/// All but the unreserved characters of RFC 3986, 2.3.
pub(crate) const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Asks the metadata service. It keeps its token, so one client is to be used again.
#[derive(Debug)]
pub struct Client {
    options: Options,
    http: reqwest::Client,
    token: Option<Token>,
    /// What was said about the tags the last time, to say it once.
    tags: TagsSaid,
    /// Asked for the tags where the metadata service does not have them.
    api: Option<Api>,
    role: Option<Role>,
}

#[derive(Debug, PartialEq, Eq)]
enum TagsSaid {
    Nothing,
    Disabled,
    NotFromApi(ApiError),
    LeftOut(BTreeSet<String>),
}

impl Client {
    /// An error if the system does not let an HTTP client be built.
    pub fn new(options: Options) -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .http1_only()
            .connect_timeout(options.connect_timeout)
            .timeout(options.limit())
            .tls_backend_preconfigured(no_tls()?)
            .build()
            .map_err(|error| Error::Http(reason(&error)))?;
        let api = options.api.clone().map(Api::new);
        Ok(Self { options, http, token: None, tags: TagsSaid::Nothing, api, role: None })
    }

    /// How it was set up.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Asks once for everything; all or nothing.
    pub async fn fetch(&mut self) -> Result<Facts, FetchError> {
        let mut facts = Facts::default();
        self.refresh(&mut facts).await?;
        Ok(facts)
    }

    /// Asks for everything and brings `facts` up to date. What the service does not
    /// say, or not before it fails, stays as it was.
    pub async fn refresh(&mut self, facts: &mut Facts) -> Result<(), FetchError> {
        let id = self.value("meta-data/instance-id").await?.ok_or(FetchError::NotEc2)?;
        facts.instance_id = Some(id);
        if let Some(hostname) = self.value("meta-data/hostname").await? {
            facts.hostname = Some(hostname);
        }
        const DOCUMENT: &str = "dynamic/instance-identity/document";
        if let Some(bytes) = self.get(DOCUMENT).await? {
            let document = facts::document(&bytes).ok_or_else(|| not_text(DOCUMENT))?;
            facts.identity_document = Some(document);
        }
        if self.options.want_tags
            && let Some(tags) = self.all_tags(facts).await?
        {
            facts.tags = tags;
        }
        Ok(())
    }

    /// None: nobody says them.
    async fn all_tags(&mut self, facts: &Facts) -> Result<Option<BTreeMap<String, String>>, FetchError> {
        let Some(list) = self.get(TAGS).await? else { return self.tags_of_api(facts).await };
        let list = std::str::from_utf8(&list).map_err(|_| not_text(TAGS))?;
        let (keys, mut left_out) = tag_keys(list);
        let mut tags = BTreeMap::new();
        for key in keys {
            let path = format!("{TAGS}{}", utf8_percent_encode(key, KEY));
            // Not there any more: removed since the list was made.
            let Some(bytes) = self.get(&path).await? else { continue };
            match facts::tag_value(&bytes) {
                Some(value) => drop(tags.insert(key.to_owned(), value)),
                None => drop(left_out.insert(key.to_owned())),
            }
        }
        self.say(if left_out.is_empty() { TagsSaid::Nothing } else { TagsSaid::LeftOut(left_out) });
        Ok(Some(tags))
    }

    /// The metadata service does not have them. What passes by itself is an error, so
    /// that it is asked again soon; the rest is said once.
    async fn tags_of_api(&mut self, facts: &Facts) -> Result<Option<BTreeMap<String, String>>, FetchError> {
        let region = facts.identity_document.as_deref().and_then(facts::region);
        let (Some(mut api), Some(region), Some(id)) = (self.api.take(), region, &facts.instance_id) else {
            self.say(TagsSaid::Disabled);
            return Ok(None);
        };
        let tags = self.ask_api(&mut api, &region, id).await;
        self.api = Some(api);
        match tags {
            Ok(tags) => {
                self.say(TagsSaid::Nothing);
                Ok(Some(tags))
            }
            Err(FetchError::Api(error)) if !error.passes() => {
                self.say(TagsSaid::NotFromApi(error));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn ask_api(
        &mut self,
        api: &mut Api,
        region: &str,
        id: &str,
    ) -> Result<BTreeMap<String, String>, FetchError> {
        if let Some(credentials) = api.credentials() {
            return Ok(api.tags(&credentials, region, id).await?);
        }
        let credentials = self.role_credentials().await?;
        match api.tags(&credentials, region, id).await {
            // They were taken back before their time: there may be new ones.
            Err(ApiError::Credentials(_)) => {
                self.role = None;
                let credentials = self.role_credentials().await?;
                Ok(api.tags(&credentials, region, id).await?)
            }
            other => Ok(other?),
        }
    }

    async fn role_credentials(&mut self) -> Result<Credentials, FetchError> {
        if let Some(role) = self.role.as_ref().filter(|role| !role.is_due(SystemTime::now())) {
            return Ok(role.credentials.clone());
        }
        let name = self.value(ROLES).await?.ok_or(ApiError::NoRole)?;
        let path = format!("{ROLES}{}", utf8_percent_encode(&name, KEY));
        let document = self.get(&path).await?.ok_or(ApiError::NoRole)?;
        let role = Role::read(&document).ok_or_else(|| not_text(&path))?;
        Ok(self.role.insert(role).credentials.clone())
    }

    fn say(&mut self, now: TagsSaid) {
        if self.tags == now {
            return;
        }
        match &now {
            TagsSaid::Nothing => {}
            TagsSaid::Disabled => tracing::info!(
                "the instance's tags are not in its metadata; turn them on with `aws ec2 \
                 modify-instance-metadata-options --instance-id ID --instance-metadata-tags enabled`"
            ),
            TagsSaid::NotFromApi(error) => tracing::warn!(
                "records go without the instance's tags: they are not in its metadata, and {error}; turn them on \
                 there with `aws ec2 modify-instance-metadata-options --instance-id ID --instance-metadata-tags \
                 enabled`, or give its role the permission ec2:DescribeTags"
            ),
            TagsSaid::LeftOut(keys) => tracing::warn!(
                ?keys,
                "tags are left out: more than {}, or with characters that tags cannot have",
                facts::MAX_TAGS
            ),
        }
        self.tags = now;
    }

    async fn value(&mut self, path: &str) -> Result<Option<String>, FetchError> {
        let Some(bytes) = self.get(path).await? else { return Ok(None) };
        facts::value(&bytes).map(Some).ok_or_else(|| not_text(path))
    }

    /// The content of `path`; none if it is unknown (404). A token that is refused is
    /// replaced once.
    async fn get(&mut self, path: &str) -> Result<Option<Vec<u8>>, FetchError> {
        let mut fresh = self.renew_if_due().await?;
        loop {
            let mut request = self.http.request(Method::GET, self.options.endpoint.url(path));
            if let Some(token) = &self.token {
                request = request.header(TOKEN_HEADER, token.value.clone());
            }
            let (status, _, body) = self.send(path, request).await?;
            match status {
                StatusCode::OK => return Ok(Some(body)),
                StatusCode::NOT_FOUND => return Ok(None),
                StatusCode::UNAUTHORIZED => {
                    self.token = None;
                    if fresh {
                        return Err(FetchError::Unauthorized { path: path.to_owned() });
                    }
                    fresh = self.renew_if_due().await?;
                }
                other => return Err(FetchError::Status { path: path.to_owned(), status: other.as_u16() }),
            }
        }
    }

    /// Makes sure there is a token; answers whether it is a new one.
    async fn renew_if_due(&mut self) -> Result<bool, FetchError> {
        if self.token.as_ref().is_some_and(|token| !token.is_due(Instant::now())) {
            return Ok(false);
        }
        let ttl = self.options.token_ttl.as_secs().clamp(1, MAX_TTL);
        let asked = Instant::now();
        let url = self.options.endpoint.url(TOKEN);
        let request = self.http.request(Method::PUT, url).header(TTL_HEADER, ttl);
        let (status, headers, body) = self.send(TOKEN, request).await.map_err(|error| match error {
            FetchError::TimedOut { within, .. } => FetchError::NoToken { within },
            other => other,
        })?;
        match status {
            StatusCode::OK => {}
            StatusCode::FORBIDDEN => return Err(FetchError::Forbidden),
            other => return Err(FetchError::Status { path: TOKEN.to_owned(), status: other.as_u16() }),
        }
        let granted = headers.get(TTL_HEADER).and_then(|ttl| ttl.to_str().ok()?.parse().ok());
        // Never longer than asked: what lies about it is found out by a 401 anyway.
        let ttl = Duration::from_secs(granted.unwrap_or(ttl).min(ttl));
        self.token = Some(Token::new(&body, ttl, asked).ok_or_else(|| not_text(TOKEN))?);
        Ok(true)
    }

    async fn send(
        &self,
        path: &str,
        request: RequestBuilder,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), FetchError> {
        let response = request.send().await.map_err(|error| self.failure(path, &error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok((status, headers, self.body(path, response).await?))
    }

    /// The body, read piece by piece so that a long one is not kept.
    async fn body(&self, path: &str, mut response: Response) -> Result<Vec<u8>, FetchError> {
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.failure(path, &error))? {
            if body.len() + piece.len() > MAX_ANSWER {
                return Err(FetchError::TooLarge { path: path.to_owned(), limit: MAX_ANSWER });
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    fn failure(&self, path: &str, error: &reqwest::Error) -> FetchError {
        if error.is_connect() {
            let endpoint = self.options.endpoint.to_string();
            FetchError::Unreachable { endpoint, why: reason(error) }
        } else if error.is_timeout() {
            FetchError::TimedOut { path: path.to_owned(), within: self.options.limit() }
        } else {
            FetchError::Broken { path: path.to_owned(), why: reason(error) }
        }
    }
}

/// The HTTP client wants a TLS set-up though [`Endpoint`](crate::Endpoint) is plain
/// http. This one trusts nobody, and spares the reading of the system's roots.
fn no_tls() -> Result<rustls::ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Http(error.to_string()))?;
    Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

fn not_text(path: &str) -> FetchError {
    FetchError::NotText { path: path.to_owned() }
}

/// The innermost reason, which names what happened; the outer ones only repeat the URL.
pub(crate) fn reason(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
