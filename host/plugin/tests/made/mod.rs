//! Components made by hand: a core module in the text format, as a parser.
#![allow(dead_code, reason = "no test needs all of it")]

use std::path::PathBuf;

use skidway_plugin::{Component, Context, Engine, Limits, LoadError, Parser, Program};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A parser component around `module`, which exports what the world asks for.
pub(crate) fn parser(module: &str) -> Vec<u8> {
    parser_importing(module, "", "")
}

/// The same with imports: `packages` in WIT, and what the world says of them.
pub(crate) fn parser_importing(module: &str, packages: &str, imports: &str) -> Vec<u8> {
    let mut module = wat::parse_str(module).unwrap();
    let mut resolve = Resolve::default();
    resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/v0.1.0")).unwrap();
    let wit = format!(
        "package made:by-hand;\n{packages}\nworld made {{ include skidway:processor/parser-component@0.1.0; {imports} }}"
    );
    let package = resolve.push_str("made.wit", &wit).unwrap();
    let world = resolve.select_world(&[package], Some("made")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
}

/// A module whose parser answers no record and consumes nothing, after doing `parse`;
/// `configure` and `more` are put where they belong.
pub(crate) fn module(more: &str, configure: &str, parse: &str) -> String {
    format!(
        r#"(module
            {more}
            (memory (export "memory") 4)
            (global $free (mut i32) (i32.const 65536))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (global.get $free))
                (global.set $free
                    (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 7)) (i32.const -8)))
                (local.get $at))
            (func (export "skidway:processor/lifecycle@0.1.0#configure") (param i32 i32) (result i32)
                {configure}
                i32.const 1024)
            (func (export "skidway:processor/parser@0.1.0#owns-file-attributes") (result i32) i32.const 0)
            (func (export "skidway:processor/parser@0.1.0#parse")
                (param i32 i32 i32 i32 i64 i32 i32 i32 i64 i64 i32 i32) (result i32)
                {parse}
                i32.const 2048))"#
    )
}

/// An engine whose compiler is the example of this crate.
pub(crate) fn engine() -> Engine {
    Engine::new(None, compiler()).unwrap()
}

pub(crate) fn compiler() -> Program {
    let folder = std::env::current_exe().unwrap().parent().unwrap().with_file_name("examples");
    let path: PathBuf = folder.join("compile");
    assert!(path.is_file(), "{} is missing: cargo test builds it", path.display());
    Program::new(path, &[])
}

pub(crate) fn load(bytes: &[u8]) -> Result<Component, LoadError> {
    engine().load("made", bytes, &Limits::default().compile)
}

/// Makes an instance and calls it once.
pub(crate) fn call(bytes: &[u8], limits: Limits) -> Result<(), String> {
    let component = load(bytes).map_err(|error| error.to_string())?;
    let mut parser = Parser::new(&component, "{}", limits).map_err(|error| error.to_string())?;
    let context = Context { zone: vec![(0, 0)], ..Context::default() };
    parser.parse("a line\n", &context).map(drop).map_err(|error| error.to_string())
}
