//! Embeds the bundled components: writes `bundled.rs` to `OUT_DIR` with `BUNDLED`, their names and bytes.
//!
//! They come from `components/` in cargo's target folder, where `cargo xtask components` puts them, or from the
//! folder that `SKIDWAY_COMPONENTS` names.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

#[path = "../../processors/bundled.rs"]
mod bundled;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../processors/bundled.rs");
    println!("cargo::rerun-if-env-changed=SKIDWAY_COMPONENTS");
    if let Err(message) = embed() {
        println!("cargo::error={message}");
        process::exit(1);
    }
}

fn embed() -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is unset")?);
    let folder = components(&out)?;
    let mut code = String::from("/// The components inside the agent: name and bytes.\n");
    code += "pub(crate) static BUNDLED: &[(&str, &[u8])] = &[\n";
    for name in bundled::BUNDLED.iter().map(|one| one.name) {
        let path = folder.join(format!("{name}.wasm"));
        println!("cargo::rerun-if-changed={}", path.display());
        if !path.is_file() {
            return Err(format!("{} is missing: run `cargo xtask components` first", path.display()));
        }
        code += &format!("    ({name:?}, include_bytes!({path:?})),\n");
    }
    code += "];\n";
    fs::write(out.join("bundled.rs"), code).map_err(|error| format!("cannot write bundled.rs: {error}"))
}

fn components(out: &Path) -> Result<PathBuf, String> {
    if let Some(folder) = env::var_os("SKIDWAY_COMPONENTS") {
        let folder = PathBuf::from(folder);
        return folder.canonicalize().map_err(|error| {
            format!("SKIDWAY_COMPONENTS is {}, which cannot be read: {error}", folder.display())
        });
    }
    // Cargo marks its target folder with this file. OUT_DIR lies elsewhere when build.build-dir is set; then the
    // places where a target folder usually is remain.
    let marked = out.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file()).map(Path::to_owned);
    let named = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let usual = env::var_os("CARGO_MANIFEST_DIR").map(|folder| Path::new(&folder).join("../../target"));
    let candidates: Vec<PathBuf> =
        [marked, named, usual].into_iter().flatten().map(|target| target.join("components")).collect();
    let found = candidates.iter().find(|folder| folder.is_dir()).or(candidates.first());
    found
        .map(|folder| folder.canonicalize().unwrap_or_else(|_| folder.clone()))
        .ok_or_else(|| "no target folder".into())
}
