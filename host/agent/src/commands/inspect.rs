//! `skidway inspect`: what a component is, read from its bytes alone.

use std::io::{Write as _, stdout};

use anyhow::{Context as _, Result};
use serde_json::json;
use skidway_plugin::{Inspection, MAX_COMPONENT_BYTES, inspect, read};

use crate::cli::Inspect;

pub(crate) fn run(args: &Inspect) -> Result<()> {
    let bytes = read(&args.file, MAX_COMPONENT_BYTES)
        .with_context(|| format!("cannot read {}", args.file.display()))?;
    let inspection = inspect(&bytes).with_context(|| format!("{} cannot be used", args.file.display()))?;
    let text = if args.json { as_json(&inspection) } else { as_text(&inspection) };
    stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// For people.
pub(crate) fn as_text(inspection: &Inspection) -> String {
    let foreign: Vec<_> = inspection.foreign_imports().collect();
    let wasi = inspection.wasi_imports().next().is_some();
    let pure = match (foreign.is_empty(), wasi) {
        (true, false) => "yes: it can compute and log, nothing else".to_owned(),
        (true, true) => "no: it imports WASI and gets an empty world: no files, no network, no environment, \
                         no clock; what it prints goes to the log"
            .to_owned(),
        (false, _) => format!("no: it wants {}, which no component gets", foreign.join(", ")),
    };
    let list =
        |names: &[String]| if names.is_empty() { "nothing".into() } else { names.join("\n          ") };
    let roles: Vec<_> = inspection.roles.iter().map(ToString::to_string).collect();
    format!(
        "kind      {}\nwit       {}@{}\nexports   {}\nimports   {}\npure      {pure}\nsize      {} bytes\ndigest    sha256:{}\n",
        roles.join(", "),
        skidway_plugin::PACKAGE,
        inspection.version,
        list(&inspection.exports),
        list(&inspection.imports),
        inspection.size,
        inspection.digest,
    )
}

fn as_json(inspection: &Inspection) -> String {
    let value = json!({
        "kind": inspection.roles.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "wit": format!("{}@{}", skidway_plugin::PACKAGE, inspection.version),
        "exports": inspection.exports,
        "imports": inspection.imports,
        "pure": inspection.is_pure(),
        "wasi": inspection.wasi_imports().collect::<Vec<_>>(),
        "size": inspection.size,
        "digest": format!("sha256:{}", inspection.digest),
    });
    format!("{value}\n")
}
