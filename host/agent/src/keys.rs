//! Keys as people name them on the command line, and what unlocks them.

use std::io::{IsTerminal as _, stdin};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use skidway_config::PublicKey;

/// Where scripts put the password of a secret key.
const PASSWORD: &str = "SKIDWAY_KEY_PASSWORD";

/// A public key that is written out, or the file that it is in.
pub(crate) fn public(text: &str) -> Result<PublicKey> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let content =
        skidway_config::read_file(Path::new(text)).with_context(|| format!("cannot read key {text}"))?;
    content.parse().with_context(|| format!("key {text}"))
}

/// The password of a key that is there already.
pub(crate) fn password(key: &Path) -> Result<String> {
    given().map_or_else(|| ask(&format!("Password of {}: ", key.display())), Ok)
}

/// The password that a new key gets.
pub(crate) fn new_password() -> Result<String> {
    if let Some(password) = given() {
        return Ok(password);
    }
    let password = ask("Password for the new key: ")?;
    if password.is_empty() {
        bail!("an empty password locks nothing; `--no-password` makes a key without one");
    }
    if ask("The same again: ")? != password {
        bail!("these were two different passwords");
    }
    Ok(password)
}

fn given() -> Option<String> {
    std::env::var(PASSWORD).ok().filter(|password| !password.is_empty())
}

fn ask(prompt: &str) -> Result<String> {
    if !stdin().is_terminal() {
        bail!("there is no terminal to ask for the password on; set {PASSWORD}");
    }
    rpassword::prompt_password(prompt).context("cannot read the password")
}
