//! The EC2 instance metadata service, version 2: tokens are enforced, there is no
//! version 1.
//!
//! Behaviour from the EC2 user guide and the official clients: `PUT
//! /latest/api/token` with a TTL of 1 to 21600 s answers a token, else 400; with an
//! `X-Forwarded-For` header 403, because it came through a proxy. A GET without a
//! token, or with an unknown or expired one, is 401; an unknown path 404; without
//! instance tags in metadata, everything under `tags/` is 404.

mod instance;
#[cfg(test)]
mod tests;

pub use instance::Instance;

use crate::ec2_api::Keys;
use crate::server::{Cut, Reply, Server};
use crate::wait::{TimedOut, Watched};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{HeaderMap, Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The path of the token request.
pub const TOKEN: &str = "/latest/api/token";
const TTL_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN_HEADER: &str = "x-aws-ec2-metadata-token";

/// What is wrong with the service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Answers with this status.
    Status(u16),
    /// Answers with 307 to this address.
    Redirect(String),
    /// Answers as it should, so much later.
    Slow(Duration),
    /// Never answers.
    Hang,
    /// Closes the connection without an answer.
    Refuse,
}

/// A request to the service and what it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GET` or `PUT`.
    pub method: String,
    /// As sent, without decoding.
    pub path: String,
    /// None: not answered.
    pub status: Option<u16>,
}

/// The metadata service. It is stopped when it is dropped.
#[derive(Debug)]
pub struct Imds {
    shared: Arc<Watched<State>>,
    server: Option<Server>,
    addr: SocketAddr,
}

#[derive(Debug, Default)]
struct State {
    instance: Instance,
    /// None: tags in metadata are turned off.
    tags: Option<BTreeMap<String, String>>,
    raw: HashMap<String, Bytes>,
    role: Option<(String, Keys)>,
    tokens: HashMap<String, Instant>,
    tokens_made: u64,
    faults: Vec<Trouble>,
    calls: Vec<Call>,
}

#[derive(Debug)]
struct Trouble {
    prefix: String,
    fault: Fault,
    /// For how many requests; none: until it is changed.
    left: Option<usize>,
}

impl Imds {
    /// Starts on a free port of 127.0.0.1 as the sample instance, with the tags
    /// `Name`, `Environment` and `Team`.
    pub fn start() -> std::io::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into())
    }

    /// The same on `[::1]`; fails where the machine has no IPv6.
    pub fn start_v6() -> std::io::Result<Self> {
        Self::start_at((IpAddr::V6(Ipv6Addr::LOCALHOST), 0).into())
    }

    /// The same at a given address.
    pub fn start_at(addr: SocketAddr) -> std::io::Result<Self> {
        let tags = [("Name", "web-1"), ("Environment", "production"), ("Team", "platform")];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let shared = Arc::new(Watched::new(State { tags: Some(tags), ..State::default() }));
        let mut imds = Self { shared, server: None, addr };
        imds.restart()?;
        Ok(imds)
    }

    /// Stops listening and closes every connection. Instance and log stay.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Comes back on the same address; tokens from before are unknown to it.
    pub fn restart(&mut self) -> std::io::Result<()> {
        self.stop();
        self.revoke_tokens();
        let shared = Arc::clone(&self.shared);
        let server = Server::start("imds", self.addr, move |request| {
            let shared = Arc::clone(&shared);
            async move { handle(&shared, request).await }
        })?;
        self.addr = server.addr();
        self.server = Some(server);
        Ok(())
    }

    /// Where it listens, or did.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://HOST:PORT`, for `AWS_EC2_METADATA_SERVICE_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Has this trouble with every request, until the next call. It replaces all
    /// other troubles.
    pub fn set_fault(&self, fault: Fault) {
        self.shared.lock().faults = vec![Trouble { prefix: String::new(), fault, left: None }];
    }

    /// Has this trouble with paths that start with `prefix` (such as
    /// `/latest/meta-data/tags`). Of several that fit, the one set last counts.
    pub fn set_fault_at(&self, prefix: &str, fault: Fault) {
        self.shared.lock().faults.push(Trouble { prefix: prefix.to_owned(), fault, left: None });
    }

    /// Has this trouble with the next `n` requests whose paths start with `prefix`.
    pub fn fail_next(&self, n: usize, prefix: &str, fault: Fault) {
        self.shared.lock().faults.push(Trouble { prefix: prefix.to_owned(), fault, left: Some(n) });
    }

    /// Forgets every token, as if all had expired.
    pub fn revoke_tokens(&self) {
        self.shared.lock().tokens.clear();
    }

    /// Becomes another instance.
    pub fn set_instance(&self, instance: Instance) {
        self.shared.lock().instance = instance;
    }

    /// Adds or changes a tag. Turns tags in metadata on.
    pub fn set_tag(&self, key: &str, value: &str) {
        self.shared.lock().tags.get_or_insert_default().insert(key.to_owned(), value.to_owned());
    }

    /// Removes a tag.
    pub fn remove_tag(&self, key: &str) {
        if let Some(tags) = &mut self.shared.lock().tags {
            tags.remove(key);
        }
    }

    /// Turns tags in metadata off, as they are on a new instance.
    pub fn disable_tags(&self) {
        self.shared.lock().tags = None;
    }

    /// Answers these bytes at `path`, such as `/latest/meta-data/instance-id`,
    /// whatever belongs there.
    pub fn set_raw(&self, path: &str, body: impl Into<Bytes>) {
        self.shared.lock().raw.insert(path.to_owned(), body.into());
    }

    /// Gives the instance a role with these credentials, good for six hours.
    pub fn set_role(&self, name: &str, keys: Keys) {
        self.shared.lock().role = Some((name.to_owned(), keys));
    }

    /// Every request so far.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// How many requests there were for this very path, such as [`TOKEN`].
    pub fn count(&self, path: &str) -> usize {
        self.shared.lock().calls.iter().filter(|call| call.path == path).count()
    }

    /// Waits until the log of requests is as wanted, woken by each request and each
    /// answer.
    pub fn wait_for(&self, within: Duration, condition: impl Fn(&[Call]) -> bool) -> Result<(), TimedOut> {
        self.shared.wait(within, |state| condition(&state.calls), |state| format!("{:?}", state.calls))
    }
}

impl State {
    fn fault(&mut self, path: &str) -> Fault {
        let fits = |trouble: &&mut Trouble| path.starts_with(&trouble.prefix) && trouble.left != Some(0);
        match self.faults.iter_mut().rev().find(fits) {
            None => Fault::None,
            Some(trouble) => {
                trouble.left = trouble.left.map(|left| left - 1);
                trouble.fault.clone()
            }
        }
    }

    fn make_token(&mut self, headers: &HeaderMap) -> Reply {
        if headers.contains_key("x-forwarded-for") {
            return text(403, "Forbidden");
        }
        let ttl = headers.get(TTL_HEADER).and_then(|ttl| ttl.to_str().ok()?.parse::<u64>().ok());
        let Some(ttl) = ttl.filter(|ttl| (1..=21_600).contains(ttl)) else {
            return text(400, "Bad Request");
        };
        self.tokens_made += 1;
        let token = format!("AQAEAExampleToken{:04}==", self.tokens_made);
        self.tokens.insert(token.clone(), Instant::now() + Duration::from_secs(ttl));
        let mut reply = text(200, token);
        reply.headers_mut().insert(TTL_HEADER, ttl.into());
        reply
    }

    fn get(&self, path: &str, headers: &HeaderMap) -> Reply {
        let expires = headers.get(TOKEN_HEADER).and_then(|token| self.tokens.get(token.to_str().ok()?));
        if expires.is_none_or(|&expires| expires <= Instant::now()) {
            return text(401, "Unauthorized");
        }
        if let Some(raw) = self.raw.get(path) {
            return text(200, raw.clone());
        }
        let found = path.strip_prefix("/latest/").and_then(|path| {
            match path.strip_prefix("meta-data/tags/instance") {
                Some(key) => self.tag(key),
                None => self.role(path).or_else(|| self.instance.get(path)),
            }
        });
        found.map_or_else(|| text(404, "Not Found"), |body| text(200, body))
    }

    fn role(&self, path: &str) -> Option<String> {
        let (name, keys) = self.role.as_ref()?;
        match path.strip_prefix("meta-data/iam/security-credentials/")? {
            "" => Some(name.clone()),
            asked if asked == name => Some(keys.document()),
            _ => None,
        }
    }

    fn tag(&self, key: &str) -> Option<String> {
        let tags = self.tags.as_ref()?;
        match key {
            "" | "/" => Some(tags.keys().map(String::as_str).collect::<Vec<_>>().join("\n")),
            key => {
                let key = percent_decode_str(key.strip_prefix('/')?).decode_utf8().ok()?;
                tags.get(key.as_ref()).cloned()
            }
        }
    }
}

async fn handle(shared: &Watched<State>, request: hyper::Request<Incoming>) -> Result<Reply, Cut> {
    let path = request.uri().path().to_owned();
    let (number, fault) = shared.update(|state| {
        state.calls.push(Call { method: request.method().to_string(), path: path.clone(), status: None });
        (state.calls.len() - 1, state.fault(&path))
    });
    let fixed = match fault {
        Fault::None => None,
        Fault::Slow(pause) => {
            tokio::time::sleep(pause).await;
            None
        }
        Fault::Status(status) => Some(text(status, "")),
        Fault::Redirect(to) => {
            let mut reply = text(307, "");
            let Ok(to) = to.parse() else { return Err(Cut) };
            reply.headers_mut().insert(hyper::header::LOCATION, to);
            Some(reply)
        }
        Fault::Hang => std::future::pending().await,
        Fault::Refuse => return Err(Cut),
    };
    Ok(shared.update(|state| {
        let reply = fixed.unwrap_or_else(|| match (request.method(), path.as_str()) {
            (&Method::PUT, TOKEN) => state.make_token(request.headers()),
            (&Method::GET, path) => state.get(path, request.headers()),
            _ => text(405, "Method Not Allowed"),
        });
        state.calls[number].status = Some(reply.status().as_u16());
        reply
    }))
}

fn text(status: u16, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = hyper::header::HeaderValue::from_static("text/plain");
    reply.headers_mut().insert(hyper::header::CONTENT_TYPE, content_type);
    reply
}
