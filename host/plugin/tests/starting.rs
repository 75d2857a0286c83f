//! Harm that a component does before it is asked for anything, and with what it
//! consists of.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]

mod made;

use std::time::Duration;

use skidway_plugin::Limits;

fn limits() -> Limits {
    Limits { memory: 8 << 20, cpu: Duration::from_millis(200), ..Limits::default() }
}

fn failing(more: &str, configure: &str, parse: &str) -> String {
    made::call(&made::parser(&made::module(more, configure, parse)), limits()).unwrap_err()
}

#[test]
fn a_plain_one_goes_well() {
    made::call(&made::parser(&made::module("", "", "")), limits()).unwrap();
}

#[test]
fn a_start_function_that_never_ends_is_ended() {
    let error = failing("(func $start (loop $l br $l)) (start $start)", "", "");
    assert_eq!(error, "it fails as soon as it starts: it used more than 200ms of CPU time");
}

#[test]
fn a_configuration_that_never_ends_is_ended() {
    let error = failing("", "(loop $l br $l)", "");
    assert_eq!(error, "it fails as soon as it starts: it used more than 200ms of CPU time");
}

#[test]
fn a_trap_in_the_configuration_is_told() {
    assert!(failing("", "unreachable", "").starts_with("it fails as soon as it starts: it trapped"));
}

#[test]
fn tables_have_an_end() {
    let more = "(table $t 1 funcref)";
    let grow = "(loop $l
        (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 10000)) (i32.const -1)))) unreachable";
    assert_eq!(failing(more, "", grow), "it wanted more than 8388608 bytes of memory");
    let large = failing("(table 10000000 funcref)", "", "");
    assert!(large.contains("it wanted more than 8388608 bytes of memory"), "{large}");
}

#[test]
fn a_large_memory_is_not_granted() {
    let large = failing("(memory 4096)", "", "");
    assert!(large.contains("it wanted more than 8388608 bytes of memory"), "{large}");
}

#[test]
fn memories_have_an_end() {
    let error = failing(&"(memory 0)".repeat(20), "", "");
    assert!(error.contains("memory count too high"), "{error}");
}

#[test]
fn what_a_module_consists_of_counts() {
    // A million bytes of globals are several in the host.
    let globals = "(global i32 (i32.const 0))".repeat(200_000);
    let elements = format!("(func $f) (elem func {})", "$f ".repeat(200_000));
    for parts in [globals, elements] {
        let component = made::parser(&made::module(&parts, "", ""));
        let error = made::call(&component, Limits { memory: 4 << 20, ..limits() }).unwrap_err();
        assert!(error.contains("instance count too high"), "{error}");
    }
}

#[test]
fn a_compiler_that_panics_is_not_here() {
    // wasmtime 48 has an assertion that more globals than this break.
    failing(&"(global i32 (i32.const 0))".repeat(300_000), "", "");
}
