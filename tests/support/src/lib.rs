//! What tests, the demo and the benchmark stand the agent between: an EC2
//! metadata service ([`imds::Imds`]), the EC2 API ([`ec2_api::Ec2Api`]), an OTLP
//! receiver ([`sink::OtlpSink`]), and a handle on the real binary
//! ([`agent::Agent`]).
//!
//! The doubles listen on a loopback address, run on a thread of their own, and
//! are gone, with every connection, when they are stopped or dropped: no test
//! needs an async runtime. Nothing here waits for luck: every wait has a condition
//! and a limit.

pub mod agent;
#[cfg(test)]
mod client;
pub mod ec2_api;
pub mod imds;
mod server;
pub mod sink;
mod wait;

pub use wait::{TimedOut, eventually};
