//! Whether a component is the one that was meant.

mod key;

pub use key::{KeyError, KeyId, PublicKey};

/// Whose components are loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    /// A signature by one of them is a good one.
    pub keys: Vec<PublicKey>,
    /// Whether a component needs a signature.
    pub require: bool,
}
