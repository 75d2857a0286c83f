use crate::Attribute;

pub use crate::bindings::describer::exports::skidway::processor::describer::Fact;

/// A pure function from facts about a host to resource attributes.
pub trait Describer: Sized + 'static {
    /// Makes a describer from the JSON text of the user's `config`, `{}` without one.
    ///
    /// # Errors
    /// What is wrong and what to write instead, shown to the user as it stands.
    fn configure(config: &str) -> Result<Self, String>;

    /// Turns facts, of which any may be missing, into attributes.
    ///
    /// # Errors
    /// A fact that cannot be read: the host then tries again later.
    fn describe(&self, facts: &[Fact]) -> Result<Vec<Attribute>, String>;
}
