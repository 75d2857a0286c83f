//! The EC2 API, as far as `DescribeTags` goes: it checks who asks.
//!
//! Every signature is computed again from the request as it arrived (AWS, "Signature
//! Version 4"), with a code of its own, and with the only keys that it knows.

use crate::server::{Cut, Reply, Server};
use crate::wait::{TimedOut, Watched};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::{Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How old or new a signature may be (AWS: five minutes).
const MAX_SKEW: Duration = Duration::from_secs(300);

/// What a caller signs with. None of these is anybody's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are AWS's")]
pub struct Keys {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
}

impl Keys {
    /// Keys of a role, made up for tests.
    pub fn sample() -> Self {
        Self {
            access_key_id: "ASIAEXAMPLEEXAMPLE00".to_owned(),
            secret_access_key: "example/secret/of/nobody+0000000000000000".to_owned(),
            session_token: Some("example//session+token==".to_owned()),
        }
    }

    /// As the metadata service answers them.
    pub(crate) fn document(&self) -> String {
        let expires = jiff::Timestamp::now().saturating_add(Duration::from_secs(6 * 3600));
        serde_json::json!({
            "Code": "Success",
            "LastUpdated": jiff::Timestamp::now().to_string(),
            "Type": "AWS-HMAC",
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": self.secret_access_key,
            "Token": self.session_token.clone().unwrap_or_default(),
            "Expiration": expires.map_or_else(|_| String::new(), |time| time.to_string()),
        })
        .to_string()
    }
}

/// What is answered to a request whose signature is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The tags.
    Tags,
    /// 403: the caller may not.
    Denied,
    /// 503: too often.
    Throttled,
}

/// The API. It is stopped when it is dropped.
#[derive(Debug)]
pub struct Ec2Api {
    shared: Arc<Watched<State>>,
    server: Server,
}

#[derive(Debug)]
struct State {
    keys: Keys,
    region: String,
    tags: BTreeMap<String, String>,
    page: usize,
    verdicts: VecDeque<Verdict>,
    standing: Verdict,
    /// What became of each request: `Ok` or the code of the error.
    answers: Vec<Result<(), &'static str>>,
}

impl Ec2Api {
    /// Starts on a free port of 127.0.0.1 for one region and one caller.
    pub fn start(region: &str, keys: Keys) -> std::io::Result<Self> {
        let shared = Arc::new(Watched::new(State {
            keys,
            region: region.to_owned(),
            tags: BTreeMap::new(),
            page: 1000,
            verdicts: VecDeque::new(),
            standing: Verdict::Tags,
            answers: Vec::new(),
        }));
        let state = Arc::clone(&shared);
        let addr: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        let server = Server::start("ec2-api", addr, move |request| {
            let state = Arc::clone(&state);
            async move { handle(&state, request).await }
        })?;
        Ok(Self { shared, server })
    }

    /// `http://HOST:PORT`, for `AWS_ENDPOINT_URL_EC2`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.addr())
    }

    /// Adds or changes a tag of every instance.
    pub fn set_tag(&self, key: &str, value: &str) {
        self.shared.lock().tags.insert(key.to_owned(), value.to_owned());
    }

    /// How many tags an answer has.
    pub fn set_page(&self, tags: usize) {
        self.shared.lock().page = tags;
    }

    /// Accepts other keys from now on.
    pub fn set_keys(&self, keys: Keys) {
        self.shared.lock().keys = keys;
    }

    /// Answers so from now on.
    pub fn set_verdict(&self, verdict: Verdict) {
        self.shared.lock().standing = verdict;
    }

    /// Answers so to the next `n` requests whose signature is right.
    pub fn answer_next(&self, n: usize, verdict: Verdict) {
        self.shared.lock().verdicts.extend(std::iter::repeat_n(verdict, n));
    }

    /// What became of each request so far: `Ok` or the code of the error.
    pub fn answers(&self) -> Vec<Result<(), &'static str>> {
        self.shared.lock().answers.clone()
    }

    /// Waits for so many requests.
    pub fn wait_for(&self, within: Duration, requests: usize) -> Result<(), TimedOut> {
        self.shared.wait(
            within,
            |state| state.answers.len() >= requests,
            |state| format!("{:?}", state.answers),
        )
    }
}

/// A request as far as it is signed or read.
struct Asked {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Bytes,
}

async fn handle(shared: &Watched<State>, request: hyper::Request<Incoming>) -> Result<Reply, Cut> {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Err(Cut) };
    let headers = parts.headers.iter();
    let headers = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).trim().to_owned()));
    let asked = Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: body.to_bytes(),
    };
    Ok(shared.update(|state| {
        let answer = match (parts.method == Method::POST).then(|| state.check(&asked)) {
            Some(Ok(())) => state.answer(&asked),
            Some(Err(code)) => Err((StatusCode::UNAUTHORIZED, code)),
            None => Err((StatusCode::BAD_REQUEST, "InvalidAction")),
        };
        state.answers.push(answer.as_ref().map(|_| ()).map_err(|(_, code)| *code));
        match answer {
            Ok(xml) => xml_reply(StatusCode::OK, xml),
            Err((status, code)) => {
                let error =
                    format!("<Error><Code>{code}</Code><Message>the test wants it so</Message></Error>");
                let body = format!("<Response><Errors>{error}</Errors><RequestID>0</RequestID></Response>");
                xml_reply(status, body)
            }
        }
    }))
}

impl State {
    /// Whether the request is signed with the keys that are known.
    fn check(&self, asked: &Asked) -> Result<(), &'static str> {
        let header = |name: &str| asked.headers.get(name).map(String::as_str);
        let authorization = header(AUTHORIZATION.as_str()).ok_or("MissingAuthenticationToken")?;
        let rest = authorization.strip_prefix("AWS4-HMAC-SHA256 ").ok_or("IncompleteSignature")?;
        let parts: BTreeMap<&str, &str> =
            rest.split(',').filter_map(|part| part.trim().split_once('=')).collect();
        let part = |name| parts.get(name).copied().ok_or("IncompleteSignature");
        let (credential, names, signature) =
            (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
        let at = header("x-amz-date").ok_or("IncompleteSignature")?;
        let day = at.get(..8).ok_or("IncompleteSignature")?;
        let scope = format!("{day}/{}/ec2/aws4_request", self.region);
        if credential != format!("{}/{scope}", self.keys.access_key_id) {
            return Err("AuthFailure");
        }
        if header("x-amz-security-token") != self.keys.session_token.as_deref() {
            return Err("AuthFailure");
        }
        let time =
            jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", at).map_err(|_| "IncompleteSignature")?;
        let time = time.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| "IncompleteSignature")?;
        let (signed_at, now) = (SystemTime::from(time.timestamp()), SystemTime::now());
        let skew = now.duration_since(signed_at).unwrap_or_else(|error| error.duration());
        if skew > MAX_SKEW {
            return Err("RequestExpired");
        }
        let names: Vec<&str> = names.split(';').collect();
        let must_be_signed =
            asked.headers.keys().filter(|name| *name == "host" || name.starts_with("x-amz-"));
        if !must_be_signed.into_iter().all(|name| names.contains(&name.as_str())) || !names.is_sorted() {
            return Err("SignatureDoesNotMatch");
        }
        let lines: String =
            names.iter().map(|name| format!("{name}:{}\n", header(name).unwrap_or_default())).collect();
        let Asked { method, path, query, body, .. } = asked;
        let canonical = format!(
            "{method}\n{path}\n{query}\n{lines}\n{}\n{}",
            names.join(";"),
            hex(&Sha256::digest(body))
        );
        let to_sign = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let mut key = format!("AWS4{}", self.keys.secret_access_key).into_bytes();
        for part in scope.split('/') {
            key = mac(&key, part);
        }
        if hex(&mac(&key, &to_sign)) == signature { Ok(()) } else { Err("SignatureDoesNotMatch") }
    }

    fn answer(&mut self, asked: &Asked) -> Result<String, (StatusCode, &'static str)> {
        match self.verdicts.pop_front().unwrap_or_else(|| self.standing.clone()) {
            Verdict::Tags => {}
            Verdict::Denied => return Err((StatusCode::FORBIDDEN, "UnauthorizedOperation")),
            Verdict::Throttled => return Err((StatusCode::SERVICE_UNAVAILABLE, "RequestLimitExceeded")),
        }
        let body = String::from_utf8_lossy(&asked.body);
        let form: BTreeMap<String, String> = body
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| {
                (name.to_owned(), percent_decode_str(value).decode_utf8_lossy().into_owned())
            })
            .collect();
        let field = |name: &str| form.get(name).map(String::as_str);
        if (field("Action"), field("Version")) != (Some("DescribeTags"), Some("2016-11-15")) {
            return Err((StatusCode::BAD_REQUEST, "InvalidAction"));
        }
        let instance = field("Filter.1.Value.1").filter(|id| id.starts_with("i-"));
        let (Some("resource-id"), Some(instance)) = (field("Filter.1.Name"), instance) else {
            return Err((StatusCode::BAD_REQUEST, "InvalidParameterValue"));
        };
        let from: usize = field("NextToken").map_or(Ok(0), str::parse).unwrap_or(usize::MAX);
        let items: String = self
            .tags
            .iter()
            .skip(from)
            .take(self.page)
            .map(|(key, value)| {
                let (key, value) = (escaped(key), escaped(value));
                format!(
                    "<item><resourceId>{instance}</resourceId><resourceType>instance</resourceType>\
                     <key>{key}</key><value>{value}</value></item>"
                )
            })
            .collect();
        let next = from.saturating_add(self.page);
        let next =
            if next < self.tags.len() { format!("<nextToken>{next}</nextToken>") } else { String::new() };
        Ok(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeTagsResponse \
             xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>0</requestId>\
             <tagSet>{items}</tagSet>{next}</DescribeTagsResponse>"
        ))
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // Any length of key will do for HMAC.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn xml_reply(status: StatusCode, body: String) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = status;
    let xml = hyper::header::HeaderValue::from_static("text/xml;charset=UTF-8");
    reply.headers_mut().insert(hyper::header::CONTENT_TYPE, xml);
    reply
}
