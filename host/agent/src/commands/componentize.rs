//! `skidway componentize`: what a compiler makes of a parser, as a component.
//!
//! Compilers for `wasm32-unknown-unknown` write core modules. What is missing to a component is the description of
//! its interface: code made with `skidway-sdk` carries it, other code is told by the names of what it exports, and
//! gets the one of `wit/v0.1.0`.

use std::fs;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use skidway_plugin::{PACKAGE, inspect};
use wasmparser::{Encoding, Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::inspect::as_text;
use crate::cli::{Componentize, World};
use crate::templates::WIT;

pub(crate) fn run(args: &Componentize) -> Result<()> {
    let module = fs::read(&args.module).with_context(|| format!("cannot read {}", args.module.display()))?;
    let to = args.output.clone().unwrap_or_else(|| beside(&args.module));
    ensure!(
        fs::canonicalize(&to).ok() != fs::canonicalize(&args.module).ok(),
        "{} would be overwritten: name another file with -o",
        to.display()
    );
    let component = componentize(module, args.world)
        .with_context(|| format!("{} cannot be made a component", args.module.display()))?;
    let inspection = inspect(&component)?;
    write(&to, &component)?;
    write!(stdout(), "made {}\n{}", to.display(), as_text(&inspection))?;
    Ok(())
}

/// A file of the module's name in the folder at hand.
fn beside(module: &Path) -> PathBuf {
    PathBuf::from(module.file_name().unwrap_or(module.as_os_str()))
}

/// In one go, under another name first: an agent may follow this file.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    fs::write(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, path))
        .inspect_err(|_| drop(fs::remove_file(&temporary)))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn componentize(mut module: Vec<u8>, world: Option<World>) -> Result<Vec<u8>> {
    let names = Names::read(&module)?;
    names.check_imports()?;
    if !names.described {
        let world = world.map_or_else(|| names.world(), Ok)?;
        let mut resolve = Resolve::default();
        let package = resolve.push_str("processor.wit", WIT)?;
        let world = resolve.select_world(&[package], Some(world.name()))?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)?;
    }
    ComponentEncoder::default().validate(true).module(&module)?.encode()
}

/// What a core module says of itself.
#[derive(Default)]
struct Names {
    /// Whether it carries the description of its interface.
    described: bool,
    /// The modules it imports from, and from each the first function.
    imports: Vec<(String, String)>,
    exports: Vec<String>,
}

impl Names {
    fn read(module: &[u8]) -> Result<Self> {
        ensure!(module.starts_with(b"\0asm"), "it is not WebAssembly (the first bytes are not `\\0asm`)");
        let mut names = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload.context("it is damaged")? {
                Payload::Version { encoding: Encoding::Component, .. } => {
                    bail!("it is a component already: use it as it is")
                }
                Payload::CustomSection(section) => {
                    names.described |= section.name().starts_with("component-type");
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.context("it is damaged")?;
                        names.imports.push((import.module.to_owned(), import.name.to_owned()));
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        names.exports.push(export.context("it is damaged")?.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(names)
    }

    /// Only what a component can pass on may be imported.
    fn check_imports(&self) -> Result<()> {
        for (module, function) in &self.imports {
            ensure!(
                !module.starts_with("wasi_snapshot_preview"),
                "it imports {function} of {module}, a system that a parser does not get. In Rust, build for \
                 wasm32-unknown-unknown; in C, for --target=wasm32-unknown-unknown with -nostdlib (see the \
                 project that `skidway new parser NAME --lang c` makes)"
            );
            ensure!(
                module != "env",
                "it imports {function} of env: nothing provides that. In C, a function that is called is missing \
                 when it is linked"
            );
        }
        Ok(())
    }

    /// What it is, by its exports.
    fn world(&self) -> Result<World> {
        let exported = |interface: &str| {
            let start = format!("{PACKAGE}/{interface}@");
            self.exports.iter().any(|name| name.starts_with(&start))
        };
        let mut worlds = World::ALL.into_iter().filter(|world| exported(world.interface()));
        match (worlds.next(), worlds.next()) {
            (Some(world), None) => Ok(world),
            (Some(_), Some(_)) => bail!("it exports several of parser, enricher and describer: say --world"),
            (None, _) => bail!(
                "it exports nothing of {PACKAGE}. In Rust, its crate has to be a `cdylib` that calls \
                 `skidway_sdk::export_parser!`; in C, skidway.c has to be linked with it"
            ),
        }
    }
}

impl World {
    const ALL: [Self; 3] = [Self::Parser, Self::Enricher, Self::Describer];

    fn name(self) -> &'static str {
        match self {
            Self::Parser => "parser-component",
            Self::Enricher => "enricher-component",
            Self::Describer => "describer-component",
        }
    }

    fn interface(self) -> &'static str {
        self.name().trim_end_matches("-component")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(module: &[u8]) -> String {
        format!("{:#}", componentize(module.to_vec(), None).unwrap_err())
    }

    fn module(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    /// A module with the exports of `interface`, which do nothing.
    fn describer() -> Vec<u8> {
        module(
            r#"(module
                (memory (export "memory") 1)
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 8)
                (func (export "skidway:processor/lifecycle@0.1.0#configure") (param i32 i32) (result i32)
                    i32.const 0)
                (func (export "skidway:processor/describer@0.1.0#describe") (param i32 i32) (result i32)
                    i32.const 0))"#,
        )
    }

    #[test]
    fn a_module_is_told_by_what_it_exports() {
        let component = componentize(describer(), None).unwrap();
        let inspection = inspect(&component).unwrap();
        assert_eq!(inspection.roles, [skidway_plugin::Role::Describer]);
        assert!(inspection.is_pure());
    }

    #[test]
    fn a_world_that_it_does_not_implement_is_refused() {
        let error = format!("{:#}", componentize(describer(), Some(World::Parser)).unwrap_err());
        assert!(error.contains("skidway:processor/parser@0.1.0"), "{error}");
    }

    #[test]
    fn what_cannot_be_made_a_component_is_said_with_the_way_out() {
        assert!(refused(b"#!/bin/sh").contains("it is not WebAssembly"));
        assert!(refused(&describer()[..40]).contains("it is damaged"));
        assert!(refused(&componentize(describer(), None).unwrap()).contains("it is a component already"));
        assert!(refused(&module("(module)")).contains("skidway_sdk::export_parser!"));
        let wasi = module(r#"(module (import "wasi_snapshot_preview1" "fd_write" (func)))"#);
        assert!(refused(&wasi).contains("it imports fd_write of wasi_snapshot_preview1"));
        let env = module(r#"(module (import "env" "malloc" (func)))"#);
        assert!(refused(&env).contains("it imports malloc of env"));
    }
}
