//! What a gRPC status means for the payload (OTLP specification, "OTLP/gRPC
//! Response").

use std::time::Duration;

use prost::Message as _;
use tonic::{Code, Status as GrpcStatus};

use crate::attempt::{Attempt, MAX_RETRY_AFTER, Status, answers, tidy};
use crate::response::{Response, RetryInfo, RpcStatus};

/// The parts of an answer that count.
pub(super) struct Answer<'a> {
    pub(super) status: &'a GrpcStatus,
    /// An `ExportLogsServiceResponse`, or nothing.
    pub(super) message: &'a [u8],
}

/// What was asked, as far as a good advice depends on it.
pub(super) struct Asked {
    pub(super) authorized: bool,
    pub(super) encoding: Option<&'static str>,
}

impl Answer<'_> {
    pub(super) fn judge(&self, asked: &Asked) -> Attempt {
        let code = self.status.code();
        let (status, reason) = (Status::Grpc(code), tidy(self.status.message()));
        match code {
            // A message that cannot be read takes nothing back: the status has said yes.
            Code::Ok => Response::decode(self.message).unwrap_or_default().into(),
            // How a server refuses a message above its limit.
            Code::ResourceExhausted | Code::OutOfRange if is_size(&reason) => Attempt::TooLarge { status },
            Code::ResourceExhausted => match self.retry_delay() {
                after @ Some(_) => Attempt::Retry { after, reason: answers(status, &reason) },
                // Without a delay it is no pressure that passes by itself.
                None => Attempt::Hold {
                    status,
                    reason,
                    fix: "see which of the backend's quotas is used up".to_owned(),
                },
            },
            Code::Unavailable
            | Code::Cancelled
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::OutOfRange
            | Code::DataLoss => {
                Attempt::Retry { after: self.retry_delay(), reason: answers(status, &reason) }
            }
            Code::Unauthenticated
            | Code::PermissionDenied
            | Code::Unimplemented
            | Code::NotFound
            | Code::FailedPrecondition => Attempt::Hold { status, reason, fix: fix(code, asked) },
            Code::Unknown | Code::InvalidArgument | Code::AlreadyExists | Code::Internal => {
                Attempt::Refused { status, reason }
            }
        }
    }

    /// The pause that the backend asks for.
    fn retry_delay(&self) -> Option<Duration> {
        let status = RpcStatus::decode(self.status.details()).ok()?;
        let info = status.details.iter().find(|detail| detail.type_url.ends_with("google.rpc.RetryInfo"))?;
        let delay = RetryInfo::decode(&info.value[..]).ok()?.retry_delay?;
        let seconds = u64::try_from(delay.seconds).unwrap_or(0);
        let nanos = u32::try_from(delay.nanos).unwrap_or(0).min(999_999_999);
        Some(Duration::new(seconds, nanos).min(MAX_RETRY_AFTER))
    }
}

/// Go's server says "received message larger than max", tonic's "message length too
/// large".
fn is_size(reason: &str) -> bool {
    reason.contains("larger than max") || reason.contains("too large")
}

fn fix(code: Code, asked: &Asked) -> String {
    match code {
        Code::Unauthenticated if asked.authorized => {
            "the value of headers.authorization is not accepted: set it \
             to the ingestion key shown in HyperDX under Team Settings, without \"Bearer\""
                .to_owned()
        }
        Code::Unauthenticated => {
            "set headers.authorization to the ingestion key shown in HyperDX under Team Settings".to_owned()
        }
        Code::PermissionDenied => {
            "check that the key in headers may write logs and that no proxy in between forbids it".to_owned()
        }
        _ => match asked.encoding {
            Some(encoding) if code == Code::Unimplemented => {
                format!(
                    "the backend takes no logs there, or not in {encoding}: check the endpoint, or set compression to none"
                )
            }
            _ => "check that the endpoint is an OTLP/gRPC receiver that takes logs".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Any, PartialSuccess, ProtoDuration};
    use bytes::Bytes;
    use proptest::prelude::*;

    const ASKED: Asked = Asked { authorized: false, encoding: Some("gzip") };

    fn judge(status: &GrpcStatus) -> Attempt {
        Answer { status, message: &[] }.judge(&ASKED)
    }

    fn details(seconds: i64, nanos: i32) -> Bytes {
        let info = RetryInfo { retry_delay: Some(ProtoDuration { seconds, nanos }) };
        let detail = Any {
            type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
            value: info.encode_to_vec(),
        };
        RpcStatus { code: 8, message: String::new(), details: vec![detail] }.encode_to_vec().into()
    }

    /// The table of the OTLP specification; what may not be retried there and is not
    /// the data's fault is held.
    #[test]
    fn every_code_has_its_meaning() {
        for number in 0..=16 {
            let attempt = judge(&GrpcStatus::new(Code::from_i32(number), "why"));
            let expected = match number {
                0 => attempt == Attempt::delivered(),
                1 | 4 | 10 | 11 | 14 | 15 => matches!(attempt, Attempt::Retry { after: None, .. }),
                5 | 7 | 8 | 9 | 12 | 16 => matches!(attempt, Attempt::Hold { .. }),
                _ => matches!(attempt, Attempt::Refused { .. }),
            };
            assert!(expected, "{number}: {attempt:?}");
        }
    }

    #[test]
    fn a_delay_is_respected_within_bounds() {
        let after = |seconds, nanos| {
            let status =
                GrpcStatus::with_details(Code::ResourceExhausted, "slow down", details(seconds, nanos));
            match judge(&status) {
                Attempt::Retry { after, reason } => {
                    assert_eq!(reason, "answers RESOURCE_EXHAUSTED (slow down)");
                    after
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(after(7, 500_000_000), Some(Duration::from_millis(7500)));
        assert_eq!(after(-7, -1), Some(Duration::ZERO));
        assert_eq!(after(i64::MAX, i32::MAX), Some(MAX_RETRY_AFTER));
    }

    #[test]
    fn a_message_above_the_limit_is_too_large() {
        let said = "grpc: received message larger than max (5000000 vs. 4194304)";
        let status = Status::Grpc(Code::ResourceExhausted);
        assert_eq!(judge(&GrpcStatus::resource_exhausted(said)), Attempt::TooLarge { status });
    }

    #[test]
    fn a_partial_success_is_read() {
        let partial = PartialSuccess { rejected_log_records: 3, error_message: "no room".into() };
        let message = Response { partial_success: Some(partial) }.encode_to_vec();
        let attempt = Answer { status: &GrpcStatus::ok(""), message: &message }.judge(&ASKED);
        assert_eq!(attempt, Attempt::Delivered { rejected: 3, message: "no room".into() });
    }

    proptest! {
        #[test]
        fn any_answer_is_judged(code in -3i32..40, said in "\\PC{0,40}",
                                details in prop::collection::vec(any::<u8>(), 0..80)) {
            let status = GrpcStatus::with_details(Code::from_i32(code), said, details.clone().into());
            let attempt = Answer { status: &status, message: &details }.judge(&ASKED);
            let said = format!("{attempt:?}");
            prop_assert!(!said.contains('\n'));
        }
    }
}
