//! Calling a component that describes the host.

use skidway_model::Attribute;

use crate::Role;
use crate::component::{Component, LoadError};
use crate::limits::Limits;
use crate::parser::require;
use crate::store::{CallError, Sandbox, shorten};
use crate::wit::v0_1_0::describing::{self, exports::skidway::processor::describer::Fact};

/// More attributes than this are no description of a host.
const MAX_ATTRIBUTES: usize = 256;

/// A resource component with one instance.
pub struct Describer(Sandbox<describing::DescriberComponent>);

impl Describer {
    /// An instance of `component`, configured with `config` (JSON).
    pub fn new(component: &Component, config: &str, limits: Limits) -> Result<Self, LoadError> {
        require(component, Role::Describer)?;
        Sandbox::new(component, config, limits).map(Self)
    }

    /// Turns facts (name, value) into resource attributes.
    pub fn describe<'f>(
        &mut self,
        facts: impl IntoIterator<Item = (&'f str, &'f str)>,
    ) -> Result<Vec<Attribute>, CallError> {
        let fact = |(name, value): (&str, &str)| Fact { name: name.into(), value: value.into() };
        let facts: Vec<_> = facts.into_iter().map(fact).collect();
        let bytes = facts.iter().map(|fact| fact.name.len() + fact.value.len()).sum();
        let attributes = self
            .0
            .call(bytes, |store, world| world.skidway_processor_describer().call_describe(store, &facts))?
            .map_err(|why| CallError::Refused(shorten(&why)))?;
        if attributes.len() > MAX_ATTRIBUTES {
            return Err(CallError::Refused(format!("{} attributes are too many", attributes.len())));
        }
        Ok(attributes.into_iter().filter(|a| !a.name.is_empty()).map(Attribute::from).collect())
    }
}

impl std::fmt::Debug for Describer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Describer").field(&self.0.name()).finish()
    }
}
