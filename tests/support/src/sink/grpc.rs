//! The same receiver over gRPC: tonic's server, the sink's books and answers.

use super::decode::{Decoded, MAX_BODY, Refused, records};
use super::{Answer, Head, Headers, Outcome, RpcStatus, Shared, decided, partial_success};
use crate::server::Server;
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use prost::Message;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tonic::codec::CompressionEncoding;
use tonic::metadata::KeyAndValueRef;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};

pub(super) fn start(addr: SocketAddr, shared: Arc<Shared>) -> io::Result<Server> {
    Server::serve("otlp-sink", addr, move |listener| async move {
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
        let service = LogsServiceServer::new(Receiver(shared))
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .max_decoding_message_size(MAX_BODY);
        let server = tonic::transport::Server::builder().add_service(service);
        let _ = server.serve_with_incoming(TcpIncoming::from(listener)).await;
    })
}

struct Receiver(Arc<Shared>);

#[tonic::async_trait]
impl LogsService for Receiver {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let shared = &self.0;
        let headers = headers(&request);
        let number = shared.open(headers.clone());
        let request = request.into_inner();
        let (bytes, count) = (request.encoded_len(), records(&request));
        shared.state.update(|state| {
            let request = &mut state.requests[number];
            (request.wire_bytes, request.decoded_bytes, request.records) = (bytes, bytes, count);
        });
        let answer = shared.next_answer(Head { number, headers: headers.clone() });
        let keep = shared.keep || answer.looks_at_records();
        let decoded = Decoded { request: keep.then_some(request), bytes, records: count };
        let outcome = self.answer(answer, headers, decoded).await;
        // As far as the books are concerned, 200 stands for OK and 500 for the rest.
        let status = if outcome.is_ok() { 200 } else { 500 };
        shared.state.update(|state| {
            state.requests[number].outcome = Outcome::Answered(status);
            if outcome.is_err() {
                state.rejected += count;
            }
        });
        outcome.map(Response::new)
    }
}

impl Receiver {
    async fn answer(
        &self,
        answer: Answer,
        headers: Headers,
        mut decoded: Decoded,
    ) -> Result<ExportLogsServiceResponse, Status> {
        let refused = |refused: Refused| Status::invalid_argument(refused.message);
        let mut rejected = 0;
        let mut response = ExportLogsServiceResponse::default();
        match decided(answer, &headers, &decoded).map_err(refused)? {
            Answer::Accept => {}
            Answer::Slow(pause) => tokio::time::sleep(pause).await,
            Answer::Hang => std::future::pending().await,
            Answer::TooLargeOver(limit) if decoded.bytes > limit => {
                let message =
                    format!("grpc: received message larger than max ({} vs. {limit})", decoded.bytes);
                return Err(Status::resource_exhausted(message));
            }
            Answer::TooLargeOver(_) => {}
            Answer::RequireHeader(name, value) if headers.get(&name.to_lowercase()) != Some(&value) => {
                return Err(Status::unauthenticated(format!("header {name} is missing or wrong")));
            }
            Answer::RequireHeader(..) => {}
            Answer::PartialSuccess { rejected: some, message } => {
                rejected = some;
                response = partial_success(some, message);
            }
            Answer::LeaveOut(text) => {
                let left_out = decoded.leave_out(&text);
                self.0.state.update(|state| state.rejected += left_out);
                response = partial_success(left_out, format!("without those with {text}"));
            }
            Answer::Status(answer) if (200..300).contains(&answer.code) => {}
            // With a body it is a `google.rpc.Status` of the test's own.
            Answer::Status(answer) => {
                let details = answer.body.map(Bytes::from).unwrap_or_default();
                let code = match RpcStatus::decode(details.clone()) {
                    Ok(status) if !details.is_empty() => status.code,
                    _ => RpcStatus::of(answer.code, "").code,
                };
                return Err(Status::with_details(Code::from_i32(code), "so the test wants it", details));
            }
            Answer::CutBefore | Answer::CutAfter => {
                return Err(Status::unavailable("a single request cannot be cut here"));
            }
            Answer::ByRecords(_) => return Err(Status::internal("who decides by records decides once")),
        }
        self.0.deliver(headers, decoded.bytes, decoded, rejected).map_err(refused)?;
        Ok(response)
    }
}

fn headers(request: &Request<ExportLogsServiceRequest>) -> Headers {
    let pairs = request.metadata().iter().map(|pair| match pair {
        KeyAndValueRef::Ascii(name, value) => {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        }
        KeyAndValueRef::Binary(name, value) => (name.to_string(), format!("{value:?}")),
    });
    pairs.collect()
}
