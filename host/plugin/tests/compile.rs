//! Compiling what strangers have built: in a child process, whose limits hold, and
//! which may crash.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]

mod made;

use std::time::{Duration, Instant};

use skidway_plugin::{CompileLimits, Engine, Limits, LoadError, Parser, Program};

fn refused(bytes: &[u8], limits: &CompileLimits) -> LoadError {
    made::engine().load("odd", bytes, limits).map(|_| ()).unwrap_err()
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A component with a parser's name and this inside.
fn holding(inside: &str) -> Vec<u8> {
    wat(&format!(
        r#"(component {inside} (instance $i) (export "skidway:processor/parser@0.1.0" (instance $i)))"#
    ))
}

/// A module that is small and takes a compiler long: one function of 200,000 loads.
fn bomb() -> Vec<u8> {
    let steps = "local.get 0 i32.load local.set 0 ".repeat(200_000);
    holding(&format!("(core module (memory 1) (func (param i32) (result i32) {steps} local.get 0))"))
}

/// Peak of this process's memory.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[test]
fn a_child_compiles_once_and_the_cache_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = made::parser(&made::module("", "", ""));
    let first = Engine::new(Some(folder.path().join("cache").as_path()), made::compiler()).unwrap();
    let component = first.load("plain", &bytes, &CompileLimits::default()).unwrap();
    Parser::new(&component, "{}", Limits::default()).unwrap();

    let none = Program::new("/nowhere", &[]);
    let second = Engine::new(Some(folder.path().join("cache").as_path()), none.clone()).unwrap();
    let component = second.load("plain", &bytes, &CompileLimits::default()).unwrap();
    Parser::new(&component, "{}", Limits::default()).unwrap();

    let without = Engine::new(None, none).unwrap();
    let error = without.load("plain", &bytes, &CompileLimits::default()).unwrap_err();
    assert!(matches!(error, LoadError::Compiler(_)), "{error}");
}

#[test]
fn the_same_bytes_share_their_code_while_they_are_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let engine = Engine::new(Some(&cache), made::compiler()).unwrap();
    let bytes = made::parser(&made::module("", "", ""));
    let first = engine.load("one", &bytes, &CompileLimits::default()).unwrap();
    // Nothing to compile it again from, and nobody to do it.
    std::fs::remove_dir_all(&cache).unwrap();
    let start = Instant::now();
    let second = engine.load("two", &bytes, &CompileLimits::default()).unwrap();
    assert!(start.elapsed() < Duration::from_millis(50), "it was compiled again");
    assert_eq!((first.name(), second.name()), ("one", "two"));
}

#[test]
fn what_does_not_compile_is_said() {
    let mut bytes = holding("(core module (func (result i32) i32.const 7))");
    let body = bytes.windows(2).position(|window| window == [0x41, 7]).unwrap();
    bytes[body] = 0xff;
    let error = refused(&bytes, &CompileLimits::default());
    assert!(matches!(&error, LoadError::Compile(why) if why.contains("illegal opcode")), "{error}");
}

#[test]
fn a_component_that_is_too_large_is_not_compiled() {
    let limits = CompileLimits { size: 1000, ..CompileLimits::default() };
    let error = refused(&bomb(), &limits);
    assert!(
        error.to_string().contains("more than the 1000 that are accepted; raise `limits.size`"),
        "{error}"
    );
}

#[test]
fn memory_for_a_compiler_has_an_end() {
    let before = peak();
    let limits = CompileLimits { memory: 128 << 20, ..CompileLimits::default() };
    let error = refused(&bomb(), &limits).to_string();
    assert_eq!(
        error,
        "compiling it takes more than 128 MiB of memory; raise `limits.compile_memory` if it is worth that"
    );
    assert!(peak() - before < 100 << 20, "the compiler's memory is not ours");
}

#[test]
fn time_for_a_compiler_has_an_end() {
    let limits = CompileLimits { time: Duration::from_secs(1), ..CompileLimits::default() };
    let start = Instant::now();
    let error = refused(&bomb(), &limits).to_string();
    assert!(error.starts_with("compiling it takes more than") && error.contains("compile_time"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn types_nested_a_million_deep_hurt_nobody_but_the_child() {
    let leb = |n: usize| (0..5).map(move |i| ((n >> (7 * i)) & 0x7f) as u8 | if i < 4 { 0x80 } else { 0 });
    let depth = 1_000_000;
    let mut bytes = holding("");
    bytes.push(7);
    bytes.extend(leb(1 + 3 * depth));
    bytes.push(1);
    bytes.extend([0x41, 1, 1].repeat(depth));
    let error = refused(&bytes, &CompileLimits::default());
    assert!(matches!(error, LoadError::Compile(_)), "{error}");
}

#[test]
fn instances_that_multiply_are_refused_within_the_limits() {
    // Ten of ten of ten …: a hundred million instances in a kilobyte.
    let mut inside = "(core module $m) ".to_owned() + &"(core instance (instantiate $m)) ".repeat(10);
    for _ in 0..8 {
        inside = format!("(component $c {inside}) {}", "(instance (instantiate $c)) ".repeat(10));
    }
    let limits =
        CompileLimits { memory: 256 << 20, time: Duration::from_secs(5), ..CompileLimits::default() };
    let before = peak();
    let error = refused(&holding(&inside), &limits);
    assert!(
        matches!(
            error,
            LoadError::Compile(_) | LoadError::CompileMemory { .. } | LoadError::CompileTime { .. }
        ),
        "{error}"
    );
    assert!(peak() - before < 100 << 20);
}
