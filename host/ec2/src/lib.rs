//! The EC2 instance metadata service, version 2 only: who this host is.
//!
//! What must stay true:
//! - A known value is never wiped by a refresh that failed or got only half way.
//! - Everything that is read is bounded in size, in time and in number, and refused
//!   if it holds control characters: whatever answers at the address is not to be
//!   trusted more than any other network.
//! - Requests go to the configured endpoint and nowhere else: no proxy, no redirect.
//!   Only where the instance's tags are not in its metadata, the EC2 API is asked for
//!   them ([`ApiOptions`]), with the credentials of the instance's role.
//! - Tokens and keys are in no log and in no `Debug` output.
//!
//! Rules from the EC2 user guide ("Use IMDSv2", "Instance tags in metadata") and the
//! AWS SDK reference ("IMDS client"): TTL of 1 to 21600 s, renewal before expiry and
//! on 401, 403 on the token request means that metadata is turned off, no fallback
//! to version 1.

mod api;
mod backoff;
mod client;
mod error;
mod facts;
mod follow;
mod options;
mod token;

pub use api::{ApiError, ApiOptions};
pub use backoff::Backoff;
pub use client::Client;
pub use error::{Error, FetchError};
pub use facts::Facts;
pub use follow::follow;
pub use options::{Endpoint, Options};
