//! `skidway inspect`: what a component is, read from its bytes alone.

use std::io::{Write as _, stdout};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde_json::json;
use skidway_config::{PublicKey, Trust};
use skidway_plugin::{Inspection, MAX_COMPONENT_BYTES, inspect};
use skidway_trust::{Signature, Standing};

use crate::cli::{ConfigFiles, Inspect};
use crate::library::Content;
use crate::{keys, setup};

pub(crate) fn run(args: &Inspect) -> Result<ExitCode> {
    let content = Content::read(&args.file, MAX_COMPONENT_BYTES)
        .with_context(|| format!("cannot read {}", args.file.display()))?;
    let signature = Signed::of(&content, &keys(args)?);
    let inspection =
        inspect(&content.bytes).with_context(|| format!("{} cannot be used", args.file.display()))?;
    let text = match args.json {
        true => as_json(&inspection, &signature),
        false => format!("{}signature {}\n", as_text(&inspection), signature.says),
    };
    stdout().write_all(text.as_bytes())?;
    let is_asked = !args.key.is_empty() || !args.config.is_empty();
    Ok(if is_asked && signature.good != Some(true) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn keys(args: &Inspect) -> Result<Vec<PublicKey>> {
    let mut keys = args.key.iter().map(|key| keys::public(key)).collect::<Result<Vec<_>>>()?;
    if !args.config.is_empty() {
        let files = ConfigFiles { config: args.config.clone(), state_dir: None };
        keys.extend(setup::config(&files)?.components.trust.keys);
    }
    Ok(keys)
}

/// What is known of a component's signature.
struct Signed {
    /// Nothing: there is none, or nobody was asked.
    good: Option<bool>,
    key: Option<String>,
    comment: Option<String>,
    /// In words.
    says: String,
}

impl Signed {
    fn of(content: &Content, keys: &[PublicKey]) -> Self {
        let bytes = match content.signature() {
            Ok(None) => return Self { good: None, key: None, comment: None, says: "none".to_owned() },
            Ok(Some(bytes)) => bytes,
            Err(error) => return Self::bad(None, format!("it cannot be read: {error}")),
        };
        let key = match Signature::read(bytes) {
            Ok(signature) => signature.key().to_string(),
            Err(error) => return Self::bad(None, error.to_string()),
        };
        let trust = Trust { keys: keys.to_vec(), require: true };
        if keys.is_empty() {
            let says = format!("by key {key}, not checked: give `--key`");
            return Self { good: None, key: Some(key), comment: None, says };
        }
        match skidway_trust::check(&content.bytes, None, Some(bytes), &trust) {
            Ok(Standing::Signed { comment, .. }) => {
                // A stranger's words must not steer the terminal.
                let comment: String = comment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
                let says = format!("good, by key {key}: {comment}");
                Self { good: Some(true), key: Some(key), comment: Some(comment), says }
            }
            Ok(_) => Self::bad(Some(key), "it was not checked".to_owned()),
            Err(error) => Self::bad(Some(key), error.to_string()),
        }
    }

    fn bad(key: Option<String>, why: String) -> Self {
        Self { good: Some(false), key, comment: None, says: format!("bad: {why}") }
    }
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

fn as_json(inspection: &Inspection, signed: &Signed) -> String {
    let value = json!({
        "kind": inspection.roles.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "wit": format!("{}@{}", skidway_plugin::PACKAGE, inspection.version),
        "exports": inspection.exports,
        "imports": inspection.imports,
        "pure": inspection.is_pure(),
        "wasi": inspection.wasi_imports().collect::<Vec<_>>(),
        "size": inspection.size,
        "digest": format!("sha256:{}", inspection.digest),
        "signature": {"good": signed.good, "key": signed.key, "comment": signed.comment, "says": signed.says},
    });
    format!("{value}\n")
}
