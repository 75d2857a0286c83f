//! The versions of the interface that components may target: one module per
//! frozen folder under `wit/`, each turning its own types into the host's.

pub(crate) mod v0_1_0;
