//! JavaScript: Node.js and componentize-js, which the project installs for itself.

use std::process::Command;

use anyhow::Result;

use super::{Language, Variable, need};
use crate::exec;
use crate::workspace::Workspace;

pub(super) const JAVASCRIPT: Language =
    Language { name: "javascript", example: "nginx-javascript", sdk: false, set_up, also: None };

fn set_up(workspace: &Workspace) -> Result<Vec<Variable>> {
    need(&["node", "npm"], &["nodejs", "npm"])?;
    let sdk = workspace.root.join("processors/sdk-javascript");
    exec::run(Command::new("node").args(["--test", "--test-reporter=dot"]).current_dir(sdk))?;
    Ok(Vec::new())
}
