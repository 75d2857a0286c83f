//! `skidway keygen`: a key to sign components with.

use std::ffi::OsString;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use skidway_trust::KeyPair;

use crate::cli::Keygen;
use crate::{atomic, keys};

pub(crate) fn run(args: &Keygen) -> Result<()> {
    let (public, secret) = (with(&args.output, ".pub"), with(&args.output, ".key"));
    if let Some(there) = [&public, &secret].into_iter().find(|path| path.exists() && !args.force) {
        bail!("{} is there already; choose another `--output`, or `--force`", there.display());
    }
    let password = if args.no_password { None } else { Some(keys::new_password()?) };
    let pair = KeyPair::generate(password.as_deref())?;
    let write = |path: &Path, text: &str, mode| {
        atomic::write(path, text.as_bytes(), mode).with_context(|| format!("cannot write {}", path.display()))
    };
    write(&secret, &pair.secret_file, 0o600)?;
    write(&public, &pair.public_file, 0o644)?;
    let mut out = stdout();
    writeln!(out, "key     {}", pair.public.id())?;
    writeln!(out, "public  {}: {}", public.display(), pair.public.as_str())?;
    writeln!(out, "secret  {}: for `skidway sign` alone", secret.display())?;
    Ok(())
}

fn with(name: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(name);
    path.push(suffix);
    path.into()
}
