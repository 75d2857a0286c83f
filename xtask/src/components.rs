//! From core modules to components.
//!
//! What must stay true of a bundled component: it is under its limit of size and imports nothing but our package.
//! A component's file changes only when its bytes do, so that nothing is rebuilt for an unchanged guest.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use wit_component::{ComponentEncoder, DecodedWasm};

use crate::bundled::{BUNDLED, Bundled};
use crate::exec;
use crate::toolchain::{Route, TARGET};
use crate::workspace::Workspace;

/// Bytes. A guest is downloaded, compiled on small hosts and read by people: 100 KB keeps it all three.
const SIZE_LIMIT: usize = 100_000;
/// The same for what has to bring an engine for patterns, expressions or JSON, with its tables.
const ENGINE_SIZE_LIMIT: usize = 2_000_000;
/// The only namespace a bundled component may import from.
const OUR_PACKAGE: &str = "skidway:processor/";
const PROFILE: &str = "component";

fn bundled(name: &str) -> Option<&'static Bundled> {
    BUNDLED.iter().find(|one| one.name == name)
}

/// One line of the printed table.
pub(crate) struct Built {
    name: String,
    core: usize,
    component: usize,
    exports: Vec<String>,
    changed: bool,
}

/// Builds all guests in one go and makes each a component.
///
/// # Errors
/// A guest does not compile, is no component of ours, or breaks what must stay true of a bundled one.
pub(crate) fn build(workspace: &Workspace, route: &Route) -> Result<Vec<Built>> {
    for name in BUNDLED.iter().map(|one| one.name) {
        ensure!(
            workspace.guests.iter().any(|guest| guest.name == name),
            "processors/{name} is missing or builds no cdylib"
        );
    }
    let (mut command, target) = route.cargo_build(&workspace.target);
    command.current_dir(&workspace.root).args(["--lib", "--profile", PROFILE]);
    for guest in &workspace.guests {
        command.args(["--package", &guest.package]);
    }
    exec::run(&mut command)?;

    let modules = target.join(TARGET).join(PROFILE);
    let folder = workspace.components();
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let (mut built, mut failures) = (Vec::new(), Vec::new());
    for guest in &workspace.guests {
        match finish(&guest.name, &modules.join(&guest.module), &folder) {
            Ok(one) => built.push(one),
            Err(error) => failures.push(format!("component `{}`: {error:#}", guest.name)),
        }
    }
    ensure!(failures.is_empty(), "{}", failures.join("\n       "));
    Ok(built)
}

fn finish(name: &str, module: &Path, folder: &Path) -> Result<Built> {
    let core = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let component = ComponentEncoder::default().module(&core)?.validate(true).encode()?;
    let (imports, exports) = interfaces(&component)?;
    if let Some(bundled) = bundled(name) {
        let limit = if bundled.engine { ENGINE_SIZE_LIMIT } else { SIZE_LIMIT };
        check_bundled(&imports, &exports, component.len(), limit)?;
    }
    let changed = write_if_changed(&folder.join(format!("{name}.wasm")), &component)?;
    Ok(Built { name: name.to_owned(), core: core.len(), component: component.len(), exports, changed })
}

/// Names of what a component imports and exports.
fn interfaces(component: &[u8]) -> Result<(Vec<String>, Vec<String>)> {
    match wit_component::decode(component)? {
        DecodedWasm::Component(resolve, world) => {
            let world = &resolve.worlds[world];
            let name = |key| resolve.name_world_key(key);
            Ok((world.imports.keys().map(name).collect(), world.exports.keys().map(name).collect()))
        }
        DecodedWasm::WitPackage(..) => bail!("it is a WIT package"),
    }
}

fn check_bundled(imports: &[String], exports: &[String], size: usize, limit: usize) -> Result<()> {
    ensure!(
        exports.iter().any(|export| export.starts_with(OUR_PACKAGE)),
        "it exports nothing of {OUR_PACKAGE}…; does its crate call the export macro?"
    );
    let foreign: Vec<&str> =
        imports.iter().map(String::as_str).filter(|import| !import.starts_with(OUR_PACKAGE)).collect();
    ensure!(
        foreign.is_empty(),
        "it imports {}; a bundled one imports {OUR_PACKAGE}… only",
        foreign.join(", ")
    );
    ensure!(size < limit, "it has {size} bytes; a bundled one of its kind stays under {limit}");
    Ok(())
}

/// Whether the file had other bytes before, or was not there.
fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    // Under another name first: whoever builds the agent meanwhile reads a whole file.
    let temporary = PathBuf::from(format!("{}.{}.tmp", path.display(), std::process::id()));
    fs::write(&temporary, bytes).with_context(|| format!("cannot write {}", temporary.display()))?;
    fs::rename(&temporary, path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}

/// Prints what was built.
#[expect(clippy::print_stdout, reason = "the table is this command's output")]
pub(crate) fn print(built: &[Built], folder: &Path) {
    println!("{:<14} {:>10} {:>10}  {:<9}  exports", "component", "core", "bytes", "");
    for one in built {
        let bundled = if bundled(&one.name).is_some() { "" } else { " (for tests)" };
        println!(
            "{:<14} {:>10} {:>10}  {:<9}  {}{bundled}",
            one.name,
            one.core,
            one.component,
            if one.changed { "new" } else { "unchanged" },
            one.exports
                .iter()
                .map(|name| name.trim_start_matches(OUR_PACKAGE))
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    println!("in {}", folder.display());
}

#[cfg(test)]
mod tests {
    use super::{SIZE_LIMIT, check_bundled, write_if_changed};

    fn exports() -> Vec<String> {
        vec!["skidway:processor/parser@0.1.0".into()]
    }

    #[test]
    fn a_bundled_component_imports_only_our_package() {
        check_bundled(&["skidway:processor/host@0.1.0".into()], &exports(), 10, SIZE_LIMIT).unwrap();
        let error = check_bundled(
            &["skidway:processor/host@0.1.0".into(), "wasi:cli/environment@0.2.0".into()],
            &exports(),
            10,
            SIZE_LIMIT,
        );
        assert!(error.unwrap_err().to_string().contains("wasi:cli/environment@0.2.0"));
    }

    #[test]
    fn a_bundled_component_is_small() {
        check_bundled(&[], &exports(), SIZE_LIMIT - 1, SIZE_LIMIT).unwrap();
        assert!(check_bundled(&[], &exports(), SIZE_LIMIT, SIZE_LIMIT).is_err());
    }

    #[test]
    fn a_bundled_component_exports_something() {
        assert!(check_bundled(&[], &[], 10, SIZE_LIMIT).is_err());
    }

    #[test]
    fn an_unchanged_component_keeps_its_file() {
        let folder = std::env::temp_dir().join(format!("skidway-xtask-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.wasm");
        assert!(write_if_changed(&path, b"one").unwrap());
        let before = std::fs::metadata(&path).unwrap().modified().unwrap();
        assert!(!write_if_changed(&path, b"one").unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), before);
        assert!(write_if_changed(&path, b"two").unwrap());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "the temporary file is gone");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
