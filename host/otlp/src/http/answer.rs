//! What a backend's answer means for the payload (OTLP specification, "OTLP/HTTP
//! Response"): delivered, to be sent again, too large, held back, or refused.

use std::time::{Duration, SystemTime};

use prost::Message;
use reqwest::StatusCode;

use crate::attempt::{Attempt, MAX_RETRY_AFTER, Status, answers, tidy};
use crate::json;
use crate::response::{Response, RpcStatus};

/// The parts of an answer that count.
pub(crate) struct Answer<'a> {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<&'a str>,
    pub(crate) location: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

/// What was asked, as far as a good advice depends on it.
pub(crate) struct Asked<'a> {
    pub(crate) path: &'a str,
    pub(crate) authorized: bool,
    pub(crate) encoding: Option<&'a str>,
}

impl Answer<'_> {
    pub(crate) fn judge(&self, asked: &Asked<'_>) -> Attempt {
        let number = self.status.as_u16();
        let status = Status::Http(number);
        match number {
            200..=299 => self.delivered(),
            429 | 502 | 503 | 504 => Attempt::Retry {
                after: self.retry_after.and_then(|value| retry_after(value, SystemTime::now())),
                reason: answers(status, &text(self.body)),
            },
            413 => Attempt::TooLarge { status },
            // 422 is what some backends say for bad data.
            400 | 422 => Attempt::Refused { status, reason: text(self.body) },
            300..=499 => Attempt::Hold { status, reason: text(self.body), fix: self.fix(asked) },
            _ => Attempt::Refused { status, reason: text(self.body) },
        }
    }

    /// A body that cannot be read takes nothing back: the status has said yes.
    fn delivered(&self) -> Attempt {
        let response = match json::looks_like(self.body) {
            true => json::response(self.body),
            false => Response::decode(self.body).ok(),
        };
        response.unwrap_or_default().into()
    }

    fn fix(&self, asked: &Asked<'_>) -> String {
        match self.status.as_u16() {
            300..=399 => match self.location {
                Some(location) => {
                    let location = location.split(['?', '#']).next().unwrap_or("");
                    format!("set endpoint to where it points: {}", tidy(location))
                }
                None => "set endpoint to the backend's own address, it redirects".to_owned(),
            },
            401 if asked.authorized => "the value of headers.authorization is not accepted: set it to the \
                 ingestion key shown in HyperDX under Team Settings, without \"Bearer\""
                .to_owned(),
            401 => "set headers.authorization to the ingestion key shown in HyperDX under Team Settings"
                .to_owned(),
            403 => "check that the key in headers may write logs and that no proxy in between forbids it"
                .to_owned(),
            404 | 405 => format!(
                "nothing takes logs at {}: check the endpoint (its port is 4318 for most backends; /v1/logs \
                 is appended to endpoint, not to logs_endpoint)",
                asked.path
            ),
            407 => "give the proxy's user and password in HTTP_PROXY or HTTPS_PROXY, or name the backend in \
                 NO_PROXY"
                .to_owned(),
            415 => match asked.encoding {
                Some(encoding) => format!("the backend may not take {encoding}: set compression to none"),
                None => "the endpoint takes no OTLP in this encoding: check that it is an OTLP/HTTP receiver, and the \
                         option encoding"
                    .to_owned(),
            },
            _ => "check the endpoint and what stands between it and this host".to_owned(),
        }
    }
}

/// The message of a `google.rpc.Status`, or else the body as text: proxies answer
/// with HTML and plain words.
fn text(body: &[u8]) -> String {
    let message = match json::looks_like(body) {
        true => json::message(body),
        false => RpcStatus::decode(body).ok().map(|status| status.message),
    };
    match message {
        Some(message) if !message.is_empty() => tidy(&message),
        _ => tidy(&String::from_utf8_lossy(body)),
    }
}

/// The pause that a `Retry-After` asks for (RFC 9110, section 10.2.3): seconds, or
/// a date.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let pause = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        // Digits only, and too many for 64 bits.
        Err(_) if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => MAX_RETRY_AFTER,
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(pause.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::MAX_REASON;
    use crate::response::PartialSuccess;
    use proptest::prelude::*;

    const ASKED: Asked<'_> = Asked { path: "/v1/logs", authorized: false, encoding: Some("gzip") };

    fn judge(status: u16, body: &[u8]) -> Attempt {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, retry_after: None, location: None, body }.judge(&ASKED)
    }

    #[test]
    fn every_status_has_its_meaning() {
        for status in 100..=999 {
            let attempt = judge(status, b"");
            let expected = match status {
                200..=299 => matches!(attempt, Attempt::Delivered { rejected: 0, .. }),
                429 | 502 | 503 | 504 => matches!(attempt, Attempt::Retry { after: None, .. }),
                413 => attempt == Attempt::TooLarge { status: Status::Http(413) },
                400 | 422 => matches!(attempt, Attempt::Refused { .. }),
                300..=499 => matches!(attempt, Attempt::Hold { .. }),
                _ => matches!(attempt, Attempt::Refused { .. }),
            };
            assert!(expected, "{status}: {attempt:?}");
        }
    }

    #[test]
    fn a_partial_success_is_read() {
        let partial_success =
            Some(PartialSuccess { rejected_log_records: 7, error_message: "no room".into() });
        let body = Response { partial_success }.encode_to_vec();
        assert_eq!(judge(200, &body), Attempt::Delivered { rejected: 7, message: "no room".into() });
        let partial_success = Some(PartialSuccess { rejected_log_records: -7, error_message: String::new() });
        let body = Response { partial_success }.encode_to_vec();
        assert_eq!(judge(200, &body), Attempt::Delivered { rejected: 0, message: String::new() });
    }

    #[test]
    fn a_partial_success_in_json_is_read() {
        let delivered = |rejected, message: &str| Attempt::Delivered { rejected, message: message.into() };
        let body = br#"{"partialSuccess": {"rejectedLogRecords": "7", "errorMessage": "no room"}}"#;
        assert_eq!(judge(200, body), delivered(7, "no room"));
        assert_eq!(judge(200, br#"{"partialSuccess": {"rejectedLogRecords": 8}}"#), delivered(8, ""));
        assert_eq!(judge(200, b"{}"), delivered(0, ""));
        assert_eq!(judge(200, b"{\"partialSuccess\": 5"), delivered(0, ""));
    }

    #[test]
    fn errors_are_read_as_status_and_as_text() {
        let reason = |body: &[u8]| match judge(400, body) {
            Attempt::Refused { status: Status::Http(400), reason } => reason,
            other => panic!("{other:?}"),
        };
        let status = RpcStatus { code: 3, message: "bad\n\u{1b}[31mdata".into(), details: Vec::new() };
        assert_eq!(reason(&status.encode_to_vec()), "bad [31mdata");
        assert_eq!(reason(br#"{"code": 3, "message": "no\ndata"}"#), "no data");
        assert_eq!(reason(b"{no JSON"), "{no JSON");
        assert_eq!(reason(b"<html>\r\n nginx </html>"), "<html> nginx </html>");
        assert_eq!(reason(&[0xff; 2000]).chars().count(), MAX_REASON + 1);
    }

    #[test]
    fn advice_fits_the_case() {
        let fix = |status, asked: &Asked<'_>, location| {
            let status = StatusCode::from_u16(status).unwrap();
            match (Answer { status, retry_after: None, location, body: b"" }).judge(asked) {
                Attempt::Hold { fix, .. } => fix,
                other => panic!("{other:?}"),
            }
        };
        assert!(fix(401, &ASKED, None).starts_with("set headers.authorization"));
        assert!(fix(401, &Asked { authorized: true, ..ASKED }, None).contains("not accepted"));
        assert!(fix(404, &ASKED, None).contains("at /v1/logs"));
        assert!(fix(415, &ASKED, None).contains("gzip"));
        assert!(fix(308, &ASKED, Some("https://b/v1/logs?key=hidden")).ends_with("https://b/v1/logs"));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let after = |value| retry_after(value, now);
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("0"), Some(Duration::ZERO));
        assert_eq!(after("86400"), Some(MAX_RETRY_AFTER));
        assert_eq!(after("99999999999999999999999"), Some(MAX_RETRY_AFTER));
        assert_eq!(after("Sun, 06 Nov 1994 08:50:07 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:07 GMT"), Some(Duration::ZERO));
        assert_eq!(after("Sat, 06 Nov 2094 08:49:07 GMT"), Some(MAX_RETRY_AFTER));
        assert_eq!([after("soon"), after("-1"), after("")], [None; 3]);
    }

    proptest! {
        #[test]
        fn any_answer_is_judged(status in 100u16..1000, body in prop::collection::vec(any::<u8>(), 0..80),
                                after in "\\PC{0,40}") {
            let status = StatusCode::from_u16(status).unwrap();
            let answer = Answer { status, retry_after: Some(&after), location: Some(&after), body: &body };
            let said = format!("{:?}", answer.judge(&ASKED));
            prop_assert!(!said.contains('\n'));
        }
    }
}
