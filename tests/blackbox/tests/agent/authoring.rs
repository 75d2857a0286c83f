//! What those who write parsers start with: `new` and `componentize`. Whether the projects build is found out by
//! `cargo xtask examples`, which has their tool chains.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::command::{Ended, command, run, skidway};

/// A describer that says nothing, as a compiler would leave it.
const MODULE: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 8)
    (func (export "skidway:processor/lifecycle@0.1.0#configure") (param i32 i32) (result i32) i32.const 0)
    (func (export "skidway:processor/describer@0.1.0#describe") (param i32 i32) (result i32) i32.const 0))"#;

fn in_folder(folder: &TempDir, arguments: &[&str]) -> Ended {
    let mut command = command(arguments);
    command.current_dir(folder);
    run(command)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

// === new ===

#[test]
fn new_writes_a_project_and_says_what_to_do_next() {
    for (language, source) in [("rust", "src/lib.rs"), ("c", "parser.c")] {
        let folder = TempDir::new().unwrap();
        let said = in_folder(&folder, &["new", "parser", "audit-log", "--lang", language]).ok();
        let project = folder.path().join("audit-log");
        let readme = text(&project.join("README.md"));
        let next = said.split("  cd audit-log\n").nth(1).unwrap();
        assert!(next.lines().count() >= 3, "{said}");
        for step in next.lines() {
            assert!(readme.contains(step.trim()), "{step} is not in the README of {language}");
        }
        for path in [source, ".gitignore", "golden/sample.log", "golden/sample.expected.jsonl"] {
            assert!(!text(&project.join(path)).is_empty(), "{language}: {path}");
            assert!(said.contains(&format!("  {path}\n")), "{path} is not in\n{said}");
        }
    }
}

#[test]
fn new_overwrites_nothing() {
    let folder = TempDir::new().unwrap();
    in_folder(&folder, &["new", "parser", "levels", "--lang", "c"]).ok();
    let source = folder.path().join("levels/parser.c");
    fs::write(&source, "mine").unwrap();
    let said = in_folder(&folder, &["new", "parser", "levels", "--lang", "rust"]).failed();
    assert!(said.contains("levels has something in it already: nothing was written"), "{said}");
    assert_eq!(text(&source), "mine");
    assert!(!folder.path().join("levels/Cargo.toml").exists());
    let said = in_folder(&folder, &["new", "parser", "other", "--dir", "levels/parser.c"]).failed();
    assert!(said.contains("levels/parser.c is there and is no folder"), "{said}");
}

#[test]
fn new_takes_an_empty_folder_elsewhere() {
    let folder = TempDir::new().unwrap();
    let inside = folder.path().join("it's mine");
    fs::create_dir(&inside).unwrap();
    let said = in_folder(&folder, &["new", "parser", "levels", "--lang", "c", "--dir", "it's mine"]).ok();
    assert!(said.contains("cd 'it'\\''s mine'"), "{said}");
    assert!(text(&inside.join("Makefile")).contains("NAME = levels\n"));
}

#[test]
fn new_refuses_names_that_build_nothing() {
    let folder = TempDir::new().unwrap();
    for name in ["Levels", "a_b", "../levels", "2", "match"] {
        let said = in_folder(&folder, &["new", "parser", name]).failed();
        assert!(said.contains(&format!("`{name}`")), "{said}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn new_takes_the_sdk_from_a_checkout() {
    let folder = TempDir::new().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let sdk = root.join("processors/sdk");
    for (name, from) in [("a", &root), ("b", &sdk)] {
        in_folder(&folder, &["new", "parser", name, "--sdk", from.to_str().unwrap()]).ok();
        let manifest = text(&folder.path().join(name).join("Cargo.toml"));
        assert!(
            manifest.contains(&format!("skidway-sdk = {{ path = \"{}\" }}\n", sdk.display())),
            "{manifest}"
        );
    }
    let said = in_folder(&folder, &["new", "parser", "c", "--sdk", "."]).failed();
    assert!(said.contains("--sdk .: there is no SDK"), "{said}");
    let said = in_folder(&folder, &["new", "parser", "c", "--lang", "c", "--sdk", "."]).failed();
    assert!(said.contains("--sdk is for Rust"), "{said}");
    assert!(!folder.path().join("c").exists());
}

// === componentize ===

#[test]
fn componentize_makes_a_component_that_inspect_knows() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.core.wasm"), wat::parse_str(MODULE).unwrap()).unwrap();
    let said = in_folder(&folder, &["componentize", "a.core.wasm", "-o", "a.wasm"]).ok();
    let told = said.strip_prefix("made a.wasm\n").unwrap();
    assert!(told.starts_with("kind      describer\n"), "{said}");
    assert!(said.contains("pure      yes"), "{said}");
    let component = folder.path().join("a.wasm");
    let inspected = skidway(&["inspect", component.to_str().unwrap()]).ok();
    // Nobody has signed it yet, which only `inspect` looks for.
    assert_eq!(inspected.strip_prefix(told), Some("signature none\n"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the temporary file is gone");
}

#[test]
fn componentize_leaves_what_was_there_when_it_fails() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.wasm"), "before").unwrap();
    fs::write(folder.path().join("none.wasm"), wat::parse_str("(module)").unwrap()).unwrap();
    let said = in_folder(&folder, &["componentize", "none.wasm", "-o", "a.wasm"]).failed();
    assert!(said.contains("it exports nothing of skidway:processor"), "{said}");
    assert_eq!(text(&folder.path().join("a.wasm")), "before");
    let said = in_folder(&folder, &["componentize", "none.wasm"]).failed();
    assert!(said.contains("none.wasm would be overwritten: name another file with -o"), "{said}");
    fs::write(folder.path().join("b.wasm"), wat::parse_str(MODULE).unwrap()).unwrap();
    let said = in_folder(&folder, &["componentize", "b.wasm", "-o", "no/folder/c.wasm"]).failed();
    assert!(said.contains("cannot write no/folder/c.wasm"), "{said}");
}
