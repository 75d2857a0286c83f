//! Calling an enricher.

use skidway_model::{Checked, Patch};

use crate::Role;
use crate::component::{Component, LoadError};
use crate::limits::Limits;
use crate::parser::require;
use crate::store::{CallError, Sandbox, shorten};
use crate::wit::v0_1_0::{self, enriching};

/// An enricher component with one instance; used by one thread at a time.
pub struct Enricher(Sandbox<enriching::EnricherComponent>);

impl Enricher {
    /// An instance of `component`, configured with `config` (JSON).
    pub fn new(component: &Component, config: &str, limits: Limits) -> Result<Self, LoadError> {
        require(component, Role::Enricher)?;
        Sandbox::new(component, config, limits).map(Self)
    }

    /// The component's name.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Lets the component change `records` and tells how many it dropped. With an
    /// error they are as they were, and the next call meets a fresh instance.
    pub fn enrich(&mut self, records: &mut Checked<'_>) -> Result<usize, CallError> {
        let text = records.text();
        let wire = v0_1_0::records(records.columns());
        let patch: Patch = self
            .0
            .call(text.len(), |store, world| {
                world.skidway_processor_enricher().call_enrich(store, text.as_bytes(), &wire)
            })?
            .map_err(|why| CallError::Refused(shorten(&why)))?
            .into();
        records.apply(patch).map_err(|invalid| {
            self.0.let_go();
            CallError::Invalid(invalid)
        })
    }
}

impl std::fmt::Debug for Enricher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Enricher").field(&self.name()).finish()
    }
}
