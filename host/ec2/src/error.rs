use std::time::Duration;

use crate::ApiError;

/// Options that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it means")]
pub enum Error {
    #[error("{endpoint:?} is no metadata endpoint: {why}; it looks like http://169.254.169.254")]
    Endpoint { endpoint: String, why: &'static str },
    #[error("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is {0:?}; set it to IPv4 or IPv6, or remove it")]
    Mode(String),
    #[error("AWS_EC2_METADATA_DISABLED is {0:?}; set it to true or false, or remove it")]
    Disabled(String),
    #[error("pauses from {initial:?} to {max:?}: the first must be above 0 and not longer than the last")]
    Backoff { initial: Duration, max: Duration },
    #[error(
        "AWS_ENDPOINT_URL_EC2 or AWS_ENDPOINT_URL is no http:// or https:// URL; set it right, or remove it"
    )]
    ApiEndpoint,
    #[error("the growth of pauses is {0}, which is not a number from 1 up")]
    Multiplier(f64),
    #[error("the spread of pauses is {0}, which is not a number from 0 to 1")]
    Spread(f64),
    #[error("the HTTP client for the metadata service cannot be built: {0}")]
    Http(String),
}

/// Why the metadata service did not say who this host is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it means")]
pub enum FetchError {
    #[error(
        "the metadata service gives no token (403): instance metadata is turned off for this instance or denied \
         to this host; turn it on with `aws ec2 modify-instance-metadata-options --instance-id ID --http-endpoint \
         enabled`"
    )]
    Forbidden,
    #[error(
        "nothing answers at {endpoint}: {why}; if this is no EC2 instance, set AWS_EC2_METADATA_DISABLED=true or \
         take ec2 out of the detectors"
    )]
    Unreachable { endpoint: String, why: String },
    #[error(
        "the metadata service takes connections but gave no token within {within:?}; in a container the hop limit \
         is the usual reason: `aws ec2 modify-instance-metadata-options --instance-id ID \
         --http-put-response-hop-limit 2`, or use the host's network"
    )]
    NoToken { within: Duration },
    #[error("{path}: no whole answer within {within:?}")]
    TimedOut { path: String, within: Duration },
    #[error("{path}: the connection broke: {why}")]
    Broken { path: String, why: String },
    #[error("{path}: answered {status}")]
    Status { path: String, status: u16 },
    #[error("{path}: a fresh token is not accepted (401)")]
    Unauthorized { path: String },
    #[error("meta-data/instance-id is unknown there (404): what answers is not the EC2 metadata service")]
    NotEc2,
    #[error("{path}: the answer is longer than {limit} bytes")]
    TooLarge { path: String, limit: usize },
    #[error("{0}")]
    Api(ApiError),
    #[error("{path}: the answer is empty, not UTF-8, or has control characters")]
    NotText { path: String },
}
