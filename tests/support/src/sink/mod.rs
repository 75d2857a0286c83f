//! A receiver of logs in OTLP, over HTTP or over gRPC, that decodes all it gets.
//!
//! What is true of the books ([`State`]) at any moment: a record is in `delivered`
//! (and, unless the sink only counts, in `records`) if and only if its request was
//! answered with 2xx and did not name it as rejected. Every request is in
//! `requests`, whatever became of it.

mod answer;
mod books;
mod count;
mod decode;
mod grpc;
mod record;
#[cfg(test)]
mod tests;

pub use answer::{Answer, ByRecords, Head, RpcStatus, StatusAnswer};
pub use books::{Outcome, Request, State};
pub use record::{Attributes, Headers, Record, Scope, Value};

use crate::server::{Cut, Reply, Server};
use crate::wait::{TimedOut, Watched};
use bytes::Bytes;
use decode::{Decoded, MAX_BODY, Refused, decode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::{HeaderMap, Method, Response, StatusCode};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use prost::Message;
use std::collections::VecDeque;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The receiver. It is stopped when it is dropped.
pub struct OtlpSink {
    shared: Arc<Shared>,
    server: Option<Server>,
    addr: SocketAddr,
    speaks: Speaks,
}

/// What the receiver speaks.
#[derive(Clone, Copy)]
enum Speaks {
    Http,
    Grpc,
}

impl OtlpSink {
    /// Starts on a free port of 127.0.0.1 and keeps every record.
    pub fn start() -> std::io::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into())
    }

    /// The same at a given address.
    pub fn start_at(addr: SocketAddr) -> std::io::Result<Self> {
        Self::with(addr, true, Speaks::Http)
    }

    /// Starts on a free port of 127.0.0.1, speaks gRPC and keeps every record.
    pub fn start_grpc() -> std::io::Result<Self> {
        Self::with((Ipv4Addr::LOCALHOST, 0).into(), true, Speaks::Grpc)
    }

    /// Starts on a free port of 127.0.0.1, decodes every record and only counts; a function that decides
    /// [by the records](Answer::by_records) sees them.
    pub fn start_counting() -> std::io::Result<Self> {
        Self::with((Ipv4Addr::LOCALHOST, 0).into(), false, Speaks::Http)
    }

    fn with(addr: SocketAddr, keep: bool, speaks: Speaks) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { state: Watched::default(), plan: Mutex::default(), keep });
        let mut sink = Self { shared, server: None, addr, speaks };
        sink.restart()?;
        Ok(sink)
    }

    /// Stops listening and closes every connection. The books stay open.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Comes back on the same address, with the same books and answers.
    pub fn restart(&mut self) -> std::io::Result<()> {
        self.server = None;
        let shared = Arc::clone(&self.shared);
        let server = match self.speaks {
            Speaks::Http => Server::start("otlp-sink", self.addr, move |request| {
                let shared = Arc::clone(&shared);
                async move { shared.handle(request).await }
            })?,
            Speaks::Grpc => grpc::start(self.addr, shared)?,
        };
        self.addr = server.addr();
        self.server = Some(server);
        Ok(())
    }

    /// Where it listens, or did.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://HOST:PORT`, to which an exporter over HTTP appends `/v1/logs`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Answers so from now on, once what is queued is used up.
    pub fn set_answer(&self, answer: Answer) {
        self.shared.plan().standing = Standing::Always(answer);
    }

    /// Lets a function answer from now on, once what is queued is used up.
    pub fn set_answer_by(&self, answer: impl FnMut(&Head) -> Answer + Send + 'static) {
        self.shared.plan().standing = Standing::By(Box::new(answer));
    }

    /// Answers so to the next `n` requests that nothing is queued for yet.
    pub fn answer_next(&self, n: usize, answer: Answer) {
        self.shared.plan().queue.extend(std::iter::repeat_n(answer, n));
    }

    /// Waits until `condition` holds, woken by each change.
    pub fn wait_for(&self, within: Duration, condition: impl Fn(&State) -> bool) -> Result<(), TimedOut> {
        self.shared.state.wait(within, condition, State::describe)
    }

    /// Waits until at least `records` were delivered.
    pub fn wait_delivered(&self, within: Duration, records: u64) -> Result<(), TimedOut> {
        self.wait_for(within, |state| state.delivered >= records)
    }

    /// Looks at the books. The sink stands still meanwhile.
    pub fn read<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.shared.state.lock())
    }

    /// A copy of the delivered records.
    pub fn records(&self) -> Vec<Record> {
        self.read(|state| state.records.clone())
    }

    /// A copy of the bodies of the delivered records.
    pub fn bodies(&self) -> Vec<String> {
        self.read(|state| state.records.iter().map(|record| record.body.clone()).collect())
    }

    /// How many records were delivered.
    pub fn delivered(&self) -> u64 {
        self.read(|state| state.delivered)
    }

    /// How many requests arrived.
    pub fn requests(&self) -> usize {
        self.read(|state| state.requests.len())
    }
}

impl fmt::Debug for OtlpSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OtlpSink({}: {})", self.addr, self.read(State::describe))
    }
}

#[derive(Default)]
struct Plan {
    queue: VecDeque<Answer>,
    standing: Standing,
}

enum Standing {
    Always(Answer),
    By(Box<dyn FnMut(&Head) -> Answer + Send>),
}

impl Default for Standing {
    fn default() -> Self {
        Self::Always(Answer::Accept)
    }
}

struct Shared {
    state: Watched<State>,
    plan: Mutex<Plan>,
    keep: bool,
}

impl Shared {
    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn handle(&self, request: hyper::Request<Incoming>) -> Result<Reply, Cut> {
        let (parts, body) = request.into_parts();
        let headers = text_headers(&parts.headers);
        let number = self.open(headers.clone());
        let outcome = if parts.uri.path() != "/v1/logs" {
            Err(Refused::new(404, "this is a receiver of logs: POST /v1/logs"))
        } else if parts.method != Method::POST {
            Err(Refused::new(405, "POST, please"))
        } else {
            let answer = self.next_answer(Head { number, headers: headers.clone() });
            self.receive(number, headers, body, answer).await
        };
        let reply = match outcome {
            Ok(Some(reply)) => reply,
            Ok(None) => {
                self.state.update(|state| state.requests[number].outcome = Outcome::Cut);
                return Err(Cut);
            }
            Err(refused) => error(refused.status, &refused.message),
        };
        let status = reply.status().as_u16();
        self.state.update(|state| {
            let request = &mut state.requests[number];
            request.outcome = Outcome::Answered(status);
            if !(200..300).contains(&status) {
                state.rejected += request.records;
            }
        });
        Ok(reply)
    }

    /// Enters a request into the books.
    fn open(&self, headers: Headers) -> usize {
        self.state.update(|state| {
            state.requests.push(Request {
                at: Instant::now(),
                headers,
                wire_bytes: 0,
                decoded_bytes: 0,
                records: 0,
                outcome: Outcome::Pending,
            });
            state.requests.len() - 1
        })
    }

    fn next_answer(&self, head: Head) -> Answer {
        let mut plan = self.plan();
        if let Some(answer) = plan.queue.pop_front() {
            return answer;
        }
        match &mut plan.standing {
            Standing::Always(answer) => answer.clone(),
            Standing::By(answer) => answer(&head),
        }
    }

    /// The reply, or none if the connection is to be closed without one.
    async fn receive(
        &self,
        number: usize,
        headers: Headers,
        body: Incoming,
        answer: Answer,
    ) -> Result<Option<Reply>, Refused> {
        if matches!(answer, Answer::CutBefore) {
            return Ok(None);
        }
        let body = match Limited::new(body, MAX_BODY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(Refused::new(413, format!("more than {MAX_BODY} bytes")));
            }
            Err(_) => return Ok(None),
        };
        let wire_bytes = body.len();
        self.state.update(|state| state.requests[number].wire_bytes = wire_bytes);
        let decoded = decode(&headers, body, self.keep || answer.looks_at_records())?;
        self.state.update(|state| {
            state.requests[number].decoded_bytes = decoded.bytes;
            state.requests[number].records = decoded.records;
        });
        match decided(answer, &headers, &decoded)? {
            Answer::Accept => self.deliver(headers, wire_bytes, decoded, 0).map(Some),
            Answer::Slow(pause) => {
                tokio::time::sleep(pause).await;
                self.deliver(headers, wire_bytes, decoded, 0).map(Some)
            }
            Answer::TooLargeOver(limit) if decoded.bytes > limit => {
                Err(Refused::new(413, format!("{} bytes are more than {limit}", decoded.bytes)))
            }
            Answer::TooLargeOver(_) => self.deliver(headers, wire_bytes, decoded, 0).map(Some),
            Answer::RequireHeader(name, value) if headers.get(&name.to_lowercase()) != Some(&value) => {
                Err(Refused::new(401, format!("header {name} is missing or wrong")))
            }
            Answer::RequireHeader(..) => self.deliver(headers, wire_bytes, decoded, 0).map(Some),
            Answer::PartialSuccess { rejected, message } => {
                self.deliver(headers, wire_bytes, decoded, rejected)?;
                Ok(Some(reply(200, partial_success(rejected, message).encode_to_vec())))
            }
            Answer::LeaveOut(text) => {
                let mut decoded = decoded;
                let rejected = decoded.leave_out(&text);
                self.state.update(|state| state.rejected += rejected);
                self.deliver(headers, wire_bytes, decoded, 0)?;
                let answer = partial_success(rejected, format!("without those with {text}"));
                Ok(Some(reply(200, answer.encode_to_vec())))
            }
            Answer::Status(StatusAnswer { code, headers: extra, body }) => {
                let mut reply = if (200..300).contains(&code) {
                    self.deliver(headers, wire_bytes, decoded, 0)?;
                    reply(code, body.unwrap_or_default())
                } else {
                    body.map_or_else(|| error(code, "so the test wants it"), |body| reply(code, body))
                };
                for (name, value) in extra {
                    let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
                    let (Ok(name), Ok(value)) = (name, value.parse()) else {
                        return Err(Refused::new(500, "the test asked for a header that is none"));
                    };
                    reply.headers_mut().append(name, value);
                }
                Ok(Some(reply))
            }
            Answer::Hang => std::future::pending().await,
            Answer::CutBefore | Answer::CutAfter => {
                self.state.update(|state| state.rejected += decoded.records);
                Ok(None)
            }
            Answer::ByRecords(_) => Err(Refused::new(500, "who decides by records decides once")),
        }
    }

    /// Books the records, all but the last `rejected`, and says so.
    fn deliver(
        &self,
        headers: Headers,
        wire_bytes: usize,
        decoded: Decoded,
        rejected: u64,
    ) -> Result<Reply, Refused> {
        let rejected = rejected.min(decoded.records);
        let taken = decoded.records - rejected;
        let mut records = Vec::new();
        if let Some(request) = decoded.request.filter(|_| self.keep) {
            records = checked(request, headers)?;
            records.truncate(usize::try_from(taken).unwrap_or(usize::MAX));
        }
        self.state.update(|state| {
            let now = Instant::now();
            if taken > 0 {
                state.first_delivery.get_or_insert(now);
                state.last_delivery = Some(now);
            }
            state.delivered += taken;
            state.rejected += rejected;
            state.wire_bytes += wire_bytes as u64;
            state.decoded_bytes += decoded.bytes as u64;
            state.records.append(&mut records);
        });
        Ok(reply(200, ExportLogsServiceResponse::default().encode_to_vec()))
    }
}

/// The answer, of the function where one decides by the records.
fn decided(answer: Answer, headers: &Headers, decoded: &Decoded) -> Result<Answer, Refused> {
    let Answer::ByRecords(by_records) = answer else { return Ok(answer) };
    let records = match decoded.request.clone() {
        Some(request) => checked(request, headers.clone())?,
        None => Vec::new(),
    };
    Ok(by_records.decide(&records))
}

fn partial_success(rejected: u64, message: String) -> ExportLogsServiceResponse {
    let rejected_log_records = i64::try_from(rejected).unwrap_or(i64::MAX);
    let partial = ExportLogsPartialSuccess { rejected_log_records, error_message: message };
    ExportLogsServiceResponse { partial_success: Some(partial) }
}

fn checked(request: ExportLogsServiceRequest, headers: Headers) -> Result<Vec<Record>, Refused> {
    record::records(request, headers)
        .map_err(|wrong| Refused::new(400, format!("not a request a receiver should see: {wrong}")))
}

fn text_headers(headers: &HeaderMap) -> Headers {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

fn error(status: u16, message: &str) -> Reply {
    reply(status, RpcStatus::of(status, message).encode_to_vec())
}

fn reply(status: u16, body: Vec<u8>) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = hyper::header::HeaderValue::from_static("application/x-protobuf");
    reply.headers_mut().insert(hyper::header::CONTENT_TYPE, content_type);
    reply
}
