//! Rust: plain cargo and `skidway componentize`.

use anyhow::Result;

use super::project::always;
use super::{Also, Language, Variable};
use crate::toolchain;
use crate::workspace::Workspace;

pub(super) const RUST: Language =
    Language { name: "rust", example: "audit-rust", sdk: true, set_up, also: CARGO_COMPONENT };

/// It takes minutes to install, so it is tried where it is there.
const CARGO_COMPONENT: Option<Also> = Some(Also {
    program: "cargo-component",
    commands: &[
        "cargo component build --release --target wasm32-unknown-unknown",
        "skidway test --parser target/wasm32-unknown-unknown/release/new_rust.wasm golden",
    ],
});

fn set_up(workspace: &Workspace) -> Result<Vec<Variable>> {
    let route = toolchain::set_up()?;
    // What is built on the way is shared, so that a dependency is compiled once; what comes out lies in the project.
    let mut variables = vec![always("CARGO_BUILD_BUILD_DIR", workspace.target.join("examples"))];
    let guests = route.environment().into_iter();
    variables.extend(guests.map(|(name, value)| Variable { name, value, with: Some("--target") }));
    Ok(variables)
}
