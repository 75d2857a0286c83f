//! OTLP over HTTP: columns to protobuf, compression, delivery with retries.
//!
//! The way of a record: [`BatchBuilder::append`] encodes it behind its
//! predecessors, [`BatchBuilder::finish`] makes a [`Payload`] of them, and
//! [`Delivery::deliver`] sends that until the backend has decided on each record.
//! [`Exporter`] is one attempt, without retries.

mod answer;
mod backoff;
mod batch;
mod buffers;
mod client;
mod compress;
mod deflate;
mod encode;
mod error;
mod huffman;
mod link;
mod options;
mod retry;
mod split;
mod value;
mod wire;

pub use answer::{Attempt, MAX_RETRY_AFTER};
pub use backoff::{Backoff, InvalidBackoff};
pub use batch::{BatchBuilder, Payload};
pub use buffers::Buffers;
pub use client::{Exporter, Prepared};
pub use compress::{CompressError, Compression, Compressor, InvalidLevel};
pub use encode::{Constants, Resource};
pub use error::OptionsError;
pub use options::{Options, Tls};
pub use retry::{Delivery, Interrupted, Outcome, RetryPolicy};
pub use split::{Malformed, RecordSlices};
