//! A component that is ready to be instantiated.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::InstancePre;

use crate::engine::Engine;
use crate::inspect::{InspectError, Inspection};
use crate::store::Guest;

/// A checked and compiled component. Instances are made of it by
/// [`Parser`](crate::Parser), [`Enricher`](crate::Enricher) and
/// [`Describer`](crate::Describer). Cheap to clone.
#[derive(Clone)]
pub struct Component {
    pub(crate) name: Arc<str>,
    pub(crate) engine: Engine,
    pub(crate) code: Arc<Code>,
}

/// What all components of the same bytes share while one of them lives.
pub(crate) struct Code {
    pub(crate) inspection: Inspection,
    pub(crate) pre: InstancePre<Guest>,
}

impl Component {
    /// The name it was loaded under: shown in logs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its bytes say of themselves.
    pub fn inspection(&self) -> &Inspection {
        &self.code.inspection
    }
}

impl std::fmt::Debug for Component {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Component").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a component cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it means")]
pub enum LoadError {
    #[error(transparent)]
    Inspect(InspectError),
    #[error(
        "it imports {}, and a component gets nothing but {} and an empty WASI; build it for \
         wasm32-unknown-unknown, which imports nothing else",
        .foreign.join(", "),
        crate::inspect::PACKAGE
    )]
    Imports { foreign: Vec<String> },
    #[error(
        "it is {size} bytes large, more than the {max} that are accepted; raise `limits.size` if it is meant to be so large"
    )]
    TooLarge { size: usize, max: usize },
    #[error("compiling it takes more than {} of memory; raise `limits.compile_memory` if it is worth that", shown(*limit))]
    CompileMemory { limit: u64 },
    #[error("compiling it takes more than {limit:?}{of}; raise `limits.compile_time` if it is worth that")]
    CompileTime { limit: Duration, of: &'static str },
    #[error(
        "its code is larger than {limit} bytes, four times what a component may have; raise `limits.size` if it is meant to be so large"
    )]
    CodeSize { limit: usize },
    #[error("the compiler cannot be started: {0}")]
    Compiler(String),
    #[error("it does not compile: {0}")]
    Compile(String),
    #[error("it does not fit the interface that it names: {0}")]
    Link(String),
    #[error("it is no {wanted}; it is a {}", .roles.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and a "))]
    Role { wanted: crate::Role, roles: Vec<crate::Role> },
    #[error("it refuses its configuration: {0}")]
    Configuration(String),
    #[error("it fails as soon as it starts: {0}")]
    Start(String),
}

/// A number of bytes as people say it.
fn shown(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 20) { format!("{} MiB", bytes >> 20) } else { format!("{bytes} bytes") }
}

impl LoadError {
    pub(crate) fn link(error: wasmtime::Error) -> Self {
        LoadError::Link(format!("{error:#}"))
    }
}
