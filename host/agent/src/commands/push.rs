//! `skidway push`: a component into a registry.

use std::io::{Write as _, stdout};

use anyhow::{Context as _, Result, bail};
use skidway_plugin::{MAX_COMPONENT_BYTES, inspect, read};
use skidway_registry::{Client, Description, Reference};

use super::get::{options, runtime, say_pause};
use crate::cli::Push;
use crate::logging;

pub(crate) fn run(args: &Push) -> Result<()> {
    logging::start_for_command();
    let reference: Reference = args.reference.parse()?;
    if reference.is_fixed() {
        bail!("{reference}: a digest is what comes of it; give a tag");
    }
    let of = || format!("component {}", args.component.display());
    let bytes = read(&args.component, MAX_COMPONENT_BYTES).with_context(of)?;
    let inspection = inspect(&bytes).with_context(of)?;
    let signature = skidway_trust::read_signature(&args.component).with_context(of)?;
    let description = Description { exports: inspection.exports, imports: inspection.imports };
    let client = Client::new(&reference, options(&args.access, u64::MAX)?)?;
    let manifest = runtime()?
        .block_on(client.push(&reference, bytes, signature, &description, &mut say_pause))
        .with_context(|| reference.to_string())?;
    let mut out = stdout();
    writeln!(out, "{reference}")?;
    writeln!(out, "sha256     {}", inspection.digest)?;
    writeln!(out, "manifest   {manifest}")?;
    Ok(())
}
