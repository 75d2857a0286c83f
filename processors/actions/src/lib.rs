//! What the collector's `attributes` and `resource` processors do to a set of
//! attributes: a list of actions, carried out one after the other (collector-contrib,
//! `internal/coreinternal/attraction`).
//!
//! A plain library: the `attributes` component uses it for records, inside the
//! sandbox, and the agent for resources, of which there is one per batch.

mod action;
mod hash;
mod value;

pub use action::{Actions, Problem};
pub use value::{Attributes, Value};
