//! One test that breaks each limit of the sandbox, by a component that was made
//! for it (`processors/hostile`; built by `cargo xtask components`).
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use skidway_model::Invalid;
use skidway_plugin::{
    CallError, Component, ContainedParser, Context, Engine, Limits, LoadError, Parser, Program, Role,
};

/// Small, so that breaking them is quick.
fn limits() -> Limits {
    let (memory, cpu) = (8 << 20, Duration::from_millis(200));
    Limits { memory, cpu, output: 4 << 20, log_lines: 5, ..Limits::default() }
}

fn component(name: &str) -> Component {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| Engine::new(None, Program::this(&[])).unwrap());
    let folder = std::env::var_os("SKIDWAY_COMPONENTS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/components"),
        PathBuf::from,
    );
    let path = folder.join(format!("{name}.wasm"));
    let bytes = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask components` first", path.display()));
    engine.load_bundled(name, &bytes).unwrap()
}

fn hostile(misdeed: &str) -> Parser {
    let config = format!("{{\"do\": {misdeed:?}}}");
    Parser::new(&component("hostile"), &config, limits()).unwrap()
}

/// With time and memory enough to get as far as another limit.
fn patient(misdeed: &str) -> Parser {
    let limits = Limits { memory: 64 << 20, cpu: Duration::from_secs(300), ..limits() };
    Parser::new(&component("hostile"), &format!("{{\"do\": {misdeed:?}}}"), limits).unwrap()
}

fn flush() -> Context {
    Context { zone: vec![(0, 0)], flush: true, ..Context::default() }
}

/// Calls it with a line that makes it do its misdeed, and makes sure that a fresh
/// instance goes on afterwards.
fn failure(misdeed: &str) -> CallError {
    let mut parser = hostile(misdeed);
    let error = parser.parse("good\npoison\nüber\n", &flush()).unwrap_err();
    let answer = parser.parse("good\nüber\n", &flush()).unwrap();
    assert_eq!(answer.records.len(), 2);
    error
}

#[test]
fn a_trap_is_an_error() {
    assert!(matches!(failure("trap"), CallError::Trap(_)));
}

#[test]
fn a_call_ends_when_its_time_is_used_up() {
    assert!(matches!(failure("loop"), CallError::OutOfTime(_)));
}

#[test]
fn memory_has_an_end() {
    assert_eq!(failure("grow"), CallError::OutOfMemory(8 << 20));
}

#[test]
fn recursion_has_an_end() {
    // On its own stack in linear memory or on the host's, whichever ends first.
    assert!(matches!(failure("recurse"), CallError::Trap(_)));
}

#[test]
fn an_answer_has_an_end() {
    let mut parser = patient("many");
    let error = parser.parse("poison\n", &flush()).unwrap_err();
    assert_eq!(error, CallError::OutOfOutput(4 << 20));
}

#[test]
fn wrong_columns_are_refused() {
    assert!(matches!(failure("unequal"), CallError::Invalid(Invalid::Length { .. })));
    assert!(matches!(failure("past-end"), CallError::Invalid(Invalid::Span { .. })));
    assert!(matches!(failure("inside-character"), CallError::Invalid(Invalid::Boundary { .. })));
    assert!(matches!(failure("bad-scratch"), CallError::Invalid(Invalid::Scratch)));
    for misdeed in ["consume-more", "consume-nothing", "consume-middle"] {
        assert!(matches!(failure(misdeed), CallError::Invalid(Invalid::Consumed { .. })), "{misdeed}");
    }
}

#[test]
fn a_refusal_says_why() {
    assert_eq!(failure("refuse"), CallError::Refused("refuse: as it was told to".into()));
}

#[test]
fn a_flood_of_log_lines_does_no_harm() {
    let mut parser = patient("flood");
    assert_eq!(parser.parse("poison\n", &flush()).unwrap().records.len(), 1);
}

#[test]
fn a_refused_configuration_is_shown() {
    let refused = Parser::new(&component("hostile"), r#"{"do": "configure-error"}"#, limits()).unwrap_err();
    assert!(matches!(&refused, LoadError::Configuration(why) if why.contains("as it was told to")));
}

#[test]
fn a_component_is_what_it_exports() {
    let wrong = Parser::new(&component("severity"), "{}", limits()).unwrap_err();
    assert!(matches!(wrong, LoadError::Role { wanted: Role::Parser, .. }), "{wrong}");
}

/// 1,000 lines of which each `every`th is poison.
fn lines(every: usize) -> String {
    let line =
        |i: usize| if i % every == every / 2 { format!("poison {i}\n") } else { format!("good {i}\n") };
    (0..1000).map(line).collect()
}

#[test]
fn the_poison_line_is_isolated_and_all_lines_come_out() {
    for misdeed in ["trap", "loop", "past-end", "refuse"] {
        let mut parser = ContainedParser::new(hostile(misdeed));
        let text = lines(1000);
        let pieces = parser.parse(&text, &flush());
        let consumed: usize = pieces.iter().map(|piece| piece.consumed).sum();
        assert_eq!(consumed, text.len(), "{misdeed}");
        let failed: Vec<_> = pieces.iter().filter(|piece| piece.failed).collect();
        assert_eq!(failed.len(), 1, "{misdeed}");
        assert_eq!(failed[0].records.len(), 1);
        assert_eq!(failed[0].records.body(0), b"poison 500");
        let marks: Vec<_> = failed[0].records.attributes(0).collect();
        assert_eq!(marks.len(), 1);
        assert!(marks[0].1.starts_with(b"hostile: it"), "{}", String::from_utf8_lossy(marks[0].1));
        assert_eq!(pieces.iter().map(|piece| piece.records.len()).sum::<usize>(), 1000, "{misdeed}");
    }
}

#[test]
fn a_component_that_fails_all_the_time_is_left_alone_and_lines_pass_raw() {
    let mut parser = ContainedParser::new(hostile("trap"));
    let text = lines(2);
    for _ in 0..3 {
        let pieces = parser.parse(&text, &flush());
        assert_eq!(pieces.iter().map(|piece| piece.records.len()).sum::<usize>(), 1000);
        assert_eq!(pieces.iter().map(|piece| piece.consumed).sum::<usize>(), text.len());
    }
    assert_eq!(parser.parse("good\n", &flush()).iter().filter(|piece| piece.failed).count(), 1, "it rests");
}
