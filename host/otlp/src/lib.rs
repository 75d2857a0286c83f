//! Delivery: columns to protobuf, compression, exporters, retries.
//!
//! The way of a record: [`BatchBuilder::append`] encodes it behind its
//! predecessors, [`BatchBuilder::finish`] makes a [`Payload`] of them, and
//! [`Delivery::deliver`] sends that until the backend has decided on each record.
//! [`Exporter`] is one attempt, without retries: OTLP over [`http`] or [`grpc`], to
//! a [`file`], or for people to read ([`debug`]).

mod attempt;
mod backoff;
mod batch;
mod buffers;
mod compress;
pub mod debug;
mod deflate;
mod encode;
mod error;
mod exporter;
pub mod file;
pub mod grpc;
pub mod http;
mod huffman;
mod json;
mod link;
mod response;
mod retry;
mod split;
mod tls;
mod value;
mod wire;

pub use attempt::{Attempt, MAX_RETRY_AFTER, Status};
pub use backoff::{Backoff, InvalidBackoff, Pace};
pub use batch::{BatchBuilder, Payload};
pub use buffers::Buffers;
pub use compress::{CompressError, Compression, Compressor, InvalidLevel};
pub use encode::{Constants, Resource};
pub use error::OptionsError;
pub use exporter::{Exporter, Prepared, Unwritable};
pub use retry::{Delivery, Interrupted, Outcome, RetryPolicy};
pub use split::{Malformed, RecordSlices};
pub use tls::{Pem, Tls, Versions};
