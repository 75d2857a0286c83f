//! Delivery: columns to protobuf, compression, exporters, retries.
//!
//! The way of a record: [`BatchBuilder::append`] encodes it behind its
//! predecessors, [`BatchBuilder::finish`] makes a [`Payload`] of them, and
//! [`Delivery::deliver`] sends that until the backend has decided on each record. Those
//! that it refuses go to a [`dead_letter`] file.
//! [`Exporter`] is one attempt, without retries: OTLP over [`http`] or [`grpc`], to
//! a [`file`], or for people to read ([`debug`]).

mod attempt;
mod backoff;
mod batch;
mod bisect;
mod buffers;
mod compress;
pub mod dead_letter;
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
mod outcome;
mod response;
mod retry;
mod rotation;
mod split;
mod tls;
mod uid;
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
pub use outcome::{Interrupted, Offered, Outcome, common};
pub use retry::{Delivery, Partial, RetryPolicy};
pub use split::{Malformed, RecordSlices};
pub use tls::{Pem, Tls, Versions};
pub use uid::UID_KEY;
