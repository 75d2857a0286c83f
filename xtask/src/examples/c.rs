//! C: clang without a C library and `skidway componentize`.

use anyhow::Result;

use super::{Language, Variable, need};
use crate::workspace::Workspace;

pub(super) const C: Language = Language { name: "c", example: "csv-c", sdk: false, set_up, also: None };

fn set_up(_: &Workspace) -> Result<Vec<Variable>> {
    need(&["clang", "wasm-ld", "make"], &["clang", "lld", "make"])?;
    Ok(Vec::new())
}
