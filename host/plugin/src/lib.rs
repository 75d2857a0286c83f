//! The sandbox: compiles, limits and calls WebAssembly components, and believes
//! nothing they answer.
//!
//! This is the only room that names wasmtime. What a component can do to the host:
//! use memory and CPU time up to its [`Limits`], write a bounded number of log
//! lines, and give a wrong answer, which is noticed and refused as a whole.
//!
//! [`read()`] → [`Engine::load`] → [`Component`] → [`Parser`], [`Enricher`], [`Describer`]: one
//! call, one answer or one [`CallError`]. What is loaded is compiled in a process of
//! its own ([`compile()`]), unless it is bundled. [`ContainedParser`] and
//! [`ContainedEnricher`] go on from there: they isolate the lines that make a
//! component fail, and let a component rest that fails too often, so that every
//! line comes out.

mod cache;
mod compile;
mod component;
mod contain;
mod describer;
mod engine;
mod enricher;
mod health;
mod inspect;
mod limits;
mod parser;
mod raw;
mod read;
mod store;
mod ticker;
mod wasi;
mod wit;

pub use compile::{CompileLimits, Program, compile};
pub use component::{Component, LoadError};
pub use contain::{ContainedEnricher, ContainedParser, Piece};
pub use describer::Describer;
pub use engine::{Engine, EngineError};
pub use enricher::Enricher;
pub use inspect::{Digest, InspectError, Inspection, PACKAGE, Role, VERSIONS, inspect};
pub use limits::Limits;
pub use parser::{Answer, Context, Parser};
pub use raw::{ERROR_KEY, raw_records};
pub use read::{MAX_COMPONENT_BYTES, ReadError, digest, read};
pub use store::CallError;
