//! `skidway sign`: a signature beside each component.

use std::io::{Write as _, stdout};

use anyhow::{Context as _, Result};
use skidway_plugin::{MAX_COMPONENT_BYTES, inspect, read};
use skidway_trust::{SecretKey, signature_path};

use crate::cli::Sign;
use crate::{atomic, keys};

pub(crate) fn run(args: &Sign) -> Result<()> {
    let of_key = || format!("key {}", args.key.display());
    let text = skidway_config::read_file(&args.key).with_context(of_key)?;
    let password = match SecretKey::is_locked(&text).with_context(of_key)? {
        true => Some(keys::password(&args.key)?),
        false => None,
    };
    let key = SecretKey::read(&text, password.as_deref()).with_context(of_key)?;
    for path in &args.components {
        let of = || format!("component {}", path.display());
        let bytes = read(path, MAX_COMPONENT_BYTES).with_context(of)?;
        // A signature says that somebody vouches for what it is.
        inspect(&bytes).with_context(of)?;
        let usual = || {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            format!("timestamp:{}\tfile:{name}\thashed", jiff::Timestamp::now().as_second())
        };
        let comment = args.comment.clone().unwrap_or_else(usual);
        let signature = key.sign(&bytes, &comment).with_context(of)?;
        let beside = signature_path(path);
        atomic::write(&beside, signature.as_bytes(), 0o644)
            .with_context(|| format!("cannot write {}", beside.display()))?;
        writeln!(stdout(), "{}: signed by key {}", beside.display(), key.id())?;
    }
    Ok(())
}
