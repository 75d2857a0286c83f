//! Components in OCI registries, and the copies of them that are kept here.
//!
//! The layout is that of the CNCF's Wasm artifacts, which `wkg` writes and reads: a manifest with one layer
//! of type `application/wasm`. A signature may stand beside it, as a layer of a type of ours, which other
//! readers leave alone.
//!
//! What is fetched is kept by its digest in a [`Store`], which needs no network: an agent starts with what
//! was fetched before, and who wants something newer says so.

mod auth;
mod bounded;
mod client;
mod error;
mod layout;
mod reference;
mod retry;
mod store;

pub use auth::Credentials;
pub use client::{Client, Options, Pulled};
pub use error::{RegistryError, StoreError};
pub use layout::Description;
pub use reference::{Reference, ReferenceError};
pub use store::{Entry, Store};
