//! Where things are in the workspace, as cargo itself sees it.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::exec;

/// The workspace's folders and its guests.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Cargo's target folder: honours `CARGO_TARGET_DIR` and cargo's configuration.
    pub(crate) target: PathBuf,
    /// Every crate under `processors/` that builds a `cdylib`, by name.
    pub(crate) guests: Vec<Guest>,
}

/// A crate that becomes a component.
pub(crate) struct Guest {
    /// The name of its folder, somewhere under `processors/`, which is also the component's.
    pub(crate) name: String,
    /// The package's name.
    pub(crate) package: String,
    /// The core module's file name.
    pub(crate) module: String,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn read() -> Result<Self> {
        let xtask =
            env::var_os("CARGO_MANIFEST_DIR").map_or(env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = xtask.parent().context("xtask lies in no workspace")?.to_owned();
        let text = exec::output_of(
            exec::cargo()
                .args(["metadata", "--format-version", "1", "--no-deps", "--manifest-path"])
                .arg(root.join("Cargo.toml")),
        )?;
        let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
        let target =
            metadata["target_directory"].as_str().context("cargo metadata names no target folder")?.into();
        let mut guests: Vec<Guest> = metadata["packages"]
            .as_array()
            .context("cargo metadata names no packages")?
            .iter()
            .filter_map(|package| guest(package, &root.join("processors")))
            .collect();
        guests.sort_by(|a, b| a.name.cmp(&b.name));
        ensure!(!guests.is_empty(), "there are no guests under {}", root.join("processors").display());
        Ok(Self { root, target, guests })
    }

    /// Where finished components are put; the agent's build script looks here too.
    pub(crate) fn components(&self) -> PathBuf {
        self.target.join("components")
    }

    /// A program of a profile's folder.
    pub(crate) fn binary(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(name)
    }
}

fn guest(package: &Value, processors: &Path) -> Option<Guest> {
    let folder = Path::new(package["manifest_path"].as_str()?).parent()?;
    let name = folder.strip_prefix(processors).ok()?.file_name()?.to_str()?;
    let library = package["targets"].as_array()?.iter().find(|target| {
        let types = target["crate_types"].as_array();
        types.is_some_and(|types| types.iter().any(|kind| kind == "cdylib"))
    })?;
    Some(Guest {
        name: name.to_owned(),
        package: package["name"].as_str()?.to_owned(),
        module: format!("{}.wasm", library["name"].as_str()?.replace('-', "_")),
    })
}
