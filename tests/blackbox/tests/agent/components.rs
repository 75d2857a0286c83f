//! Components that cannot be used: said at once, by `check` and by `run`, before a line is read.

use std::fs;

use crate::command::check;
use crate::lines::ubuntu;
use crate::rig::{PATIENCE, Rig, component};

/// Names `bytes` as the parser, and expects both commands to refuse it with `complaint`.
fn refused(bytes: &[u8], complaint: &str) {
    let rig = &mut Rig::new();
    fs::write(rig.folder().join("parser.wasm"), bytes).unwrap();
    let path = rig.folder().join("parser.wasm");
    rig.config(&format!("receivers: {{filelog: {{parser: {}}}}}", path.display()));
    refused_config(rig, "receiver filelog", complaint);
}

fn refused_config(rig: &Rig, place: &str, complaint: &str) {
    refused_with(rig, 1, place, complaint);
}

fn refused_with(rig: &Rig, code: i32, place: &str, complaint: &str) {
    rig.append("syslog", ubuntu(0..1));
    let said = check(rig).failed();
    assert!(said.contains(place) && said.contains(complaint), "check says {said}");
    let mut agent = rig.spawn();
    assert_eq!(agent.wait(PATIENCE).unwrap().code(), Some(code));
    let said = agent.log().join("\n");
    // What is wrong with a config is said as `check` says it.
    assert!(code == 2 || said.contains("cannot start"), "{said}");
    assert!(said.contains(place) && said.contains(complaint), "{said}");
    assert_eq!(rig.sink.requests(), 0);
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

fn exporting(name: &str) -> Vec<u8> {
    wat(&format!(r#"(component (instance $i) (export "{name}" (instance $i)))"#))
}

#[test]
fn what_is_no_wasm() {
    refused(b"#!/bin/sh\n", "it is not WebAssembly");
    refused(b"", "it is not WebAssembly");
}

#[test]
fn a_core_module() {
    refused(&wat("(module)"), "it is a core WebAssembly module, not a component");
}

#[test]
fn half_a_component() {
    let whole = fs::read(component("ubuntu")).unwrap();
    refused(&whole[..whole.len() / 2], "it is damaged");
}

#[test]
fn a_component_of_another_world() {
    refused(&exporting("wasi:cli/run@0.2.0"), "it exports wasi:cli/run@0.2.0");
}

#[test]
fn a_component_of_a_newer_version() {
    let newer = exporting("skidway:processor/parser@0.9.0");
    refused(&newer, "skidway:processor@0.9.0; this agent speaks 0.1.0. A newer agent is needed");
}

#[test]
fn a_component_that_only_claims_to_be_a_parser() {
    refused(&exporting("skidway:processor/parser@0.1.0"), "it does not fit the interface");
}

#[test]
fn a_component_that_wants_more_than_it_gets() {
    let wants = wat(r#"(component
        (import "wasi:cli/environment@0.2.0" (instance))
        (import "other:package/harm@0.1.0" (instance))
        (instance $i) (export "skidway:processor/parser@0.1.0" (instance $i)))"#);
    refused(&wants, "it imports other:package/harm@0.1.0, and a component gets nothing but");
}

#[test]
fn a_component_of_two_hundred_megabytes() {
    let mut rig = Rig::new();
    let path = rig.folder().join("parser.wasm");
    fs::File::create(&path).unwrap().set_len(200 << 20).unwrap();
    rig.config(&format!("receivers: {{filelog: {{parser: {}}}}}", path.display()));
    refused_config(
        &rig,
        "receiver filelog",
        "it is 209715200 bytes large, more than the 67108864 that are accepted; raise `limits.size`",
    );
}

#[test]
fn a_component_that_is_nested_a_thousand_deep() {
    let nested = (0..1000).fold(Vec::new(), |inner: Vec<u8>, _| {
        let mut outer = b"\0asm\x0d\0\x01\0".to_vec();
        if !inner.is_empty() {
            outer.push(4);
            let length = inner.len();
            outer.extend((0..5).map(|i| ((length >> (7 * i)) & 0x7f) as u8 | if i < 4 { 0x80 } else { 0 }));
            outer.extend(inner);
        }
        outer
    });
    refused(&nested, "it holds components that are nested more than 32 deep");
}

#[test]
fn a_component_that_takes_a_compiler_too_much() {
    let steps = "local.get 0 i32.load local.set 0 ".repeat(300_000);
    let bomb = wat(&format!(
        r#"(component (core module (memory 1) (func (param i32) (result i32) {steps} local.get 0))
            (instance $i) (export "skidway:processor/parser@0.1.0" (instance $i)))"#
    ));
    let mut rig = Rig::new();
    let path = rig.folder().join("parser.wasm");
    fs::write(&path, bomb).unwrap();
    let limits = "limits: {compile_memory: 256MiB, compile_time: 2s}";
    rig.config(&format!("receivers: {{filelog: {{parser: {{component: {}, {limits}}}}}}}", path.display()));
    refused_config(&rig, "receiver filelog", "compiling it takes more than");
}

#[test]
fn an_enricher_as_a_parser_and_the_other_way_round() {
    refused(&fs::read(component("severity")).unwrap(), "it is no parser; it is a enricher");
    let mut rig = Rig::new();
    rig.config(&format!("processors: {{wasm/severity: {{component: {}}}}}", component("ubuntu").display()));
    refused_config(&rig, "processor wasm/severity", "it is no enricher; it is a parser");
}

#[test]
fn a_file_that_is_not_there() {
    let mut rig = Rig::new();
    rig.config("receivers: {filelog: {parser: /nowhere/parser.wasm}}");
    refused_config(&rig, "receiver filelog", "cannot read component /nowhere/parser.wasm");
}

#[test]
fn a_component_that_refuses_its_configuration() {
    let mut rig = Rig::new();
    let hostile = component("hostile");
    rig.config(&format!(
        "receivers: {{filelog: {{parser: {{component: {}, config: {{do: configure-error}}}}}}}}",
        hostile.display()
    ));
    refused_with(&rig, 2, "config-1.yaml:1:", "receiver `filelog`: configure-error: as it was told to");
}
