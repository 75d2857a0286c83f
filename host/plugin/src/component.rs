//! A component that is ready to be instantiated.

use std::sync::Arc;

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
    pub(crate) inspection: Arc<Inspection>,
    pub(crate) engine: Engine,
    pub(crate) pre: InstancePre<Guest>,
}

impl Component {
    /// The name it was loaded under: shown in logs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its bytes say of themselves.
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
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
        "it imports {}, and a component gets nothing but {}; build it for \
         wasm32-unknown-unknown, which imports nothing else",
        .foreign.join(", "),
        crate::inspect::PACKAGE
    )]
    Imports { foreign: Vec<String> },
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

impl LoadError {
    pub(crate) fn link(error: wasmtime::Error) -> Self {
        LoadError::Link(format!("{error:#}"))
    }
}
