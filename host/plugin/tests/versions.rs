//! Components that were built against a frozen version of the interface go on working: bytes that are kept in
//! `tests/fixtures`, not built from today's sources.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use skidway_model::Checked;
use skidway_plugin::{
    Component, Context, Describer, Digest, Engine, Enricher, Limits, Parser, Program, Role, VERSIONS, inspect,
};

const STAMP_UNIX_NANO: u64 = 1_772_600_767_000_000_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn fixtures() -> PathBuf {
    root().join("tests/fixtures/wit-v0.1.0")
}

fn component(name: &str) -> Component {
    let bytes = fs::read(fixtures().join(name)).unwrap();
    Engine::new(None, Program::this(&[])).unwrap().load_bundled(name, &bytes).unwrap()
}

fn context() -> Context {
    Context { zone: vec![(0, 0)], flush: true, ..Context::default() }
}

fn attributes<'r>(records: &'r Checked<'_>, index: usize) -> BTreeMap<&'r str, &'r str> {
    let name = |key: u16| records.keys()[usize::from(key)].name.as_str();
    let pairs = records.attributes(index);
    pairs.map(|(key, value)| (name(key), std::str::from_utf8(value).unwrap())).collect()
}

/// The digests of the files in `folder`, by name.
fn digests(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(ending))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, Digest::of(&fs::read(path).unwrap()).to_string())
        })
        .collect();
    found.sort();
    found
}

/// Whoever has to change one of these breaks the components that people have built: a change needs a folder of its own
/// beside it.
#[test]
fn what_is_frozen_is_what_it_was() {
    let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(name, digest)| ((*name).to_owned(), (*digest).to_owned())).collect()
    };
    let wit = [("processor.wit", "73eff02dc68207b266c1f1e8129f55c7a3e97415884b167e11005e4e0c318173")];
    assert_eq!(digests(&root().join("wit/v0.1.0"), ""), pairs(&wit));
    let components = [
        ("describer.wasm", "94a59c4aebf463085ec1e7443622bc791f36d898c0bc9583e0d61781d4b597f5"),
        ("enricher.wasm", "cf68ed1774eb6a6233091c4659151da597c7b8f63ad00df24ac14def0f508d02"),
        ("parser-c.wasm", "91714194cb5fcb0badf13cdaf830970bdd893b6b79b673119ecd9d56b28af1b9"),
        ("parser.wasm", "96f06f9cf375d38b34f03ea3f79941942e4a6c8a0ddc542a259f8b87b0782775"),
    ];
    assert_eq!(digests(&fixtures(), ".wasm"), pairs(&components));
}

#[test]
fn what_they_are_is_still_told() {
    assert!(VERSIONS.contains(&"0.1.0"));
    for (name, role) in [
        ("parser.wasm", Role::Parser),
        ("parser-c.wasm", Role::Parser),
        ("enricher.wasm", Role::Enricher),
        ("describer.wasm", Role::Describer),
    ] {
        let inspection = inspect(&fs::read(fixtures().join(name)).unwrap()).unwrap();
        assert_eq!((inspection.version.as_str(), inspection.roles.as_slice()), ("0.1.0", [role].as_slice()));
        assert!(inspection.is_pure(), "{name}");
    }
}

#[test]
fn a_parser_and_an_enricher_of_0_1_0_work_together() {
    let text = "2026-03-04T05:06:07Z web-1 sshd[842]: error: no more sessions\nno syslog\n";
    let mut parser = Parser::new(&component("parser.wasm"), "{}", Limits::default()).unwrap();
    let mut answer = parser.parse(text, &context()).unwrap();
    assert_eq!(
        (answer.consumed, answer.entries, answer.unrecognised.as_slice()),
        (text.len(), 2, [1].as_slice())
    );
    let config = r#"{"default": "unspecified"}"#;
    let mut enricher = Enricher::new(&component("enricher.wasm"), config, Limits::default()).unwrap();
    assert_eq!(enricher.enrich(&mut answer.records).unwrap(), 0);
    let records = &answer.records;
    assert_eq!(records.columns().time_unix_nano, [STAMP_UNIX_NANO, 0]);
    assert_eq!(records.columns().severity_number, [17, 0]);
    assert_eq!(records.body(1), b"no syslog");
    let expected = [
        ("hostname", "web-1"),
        ("message", "error: no more sessions"),
        ("pid", "842"),
        ("timestamp", "2026-03-04T05:06:07Z"),
        ("unit", "sshd"),
    ];
    assert_eq!(attributes(records, 0), BTreeMap::from(expected));
}

#[test]
fn a_parser_of_0_1_0_in_another_language_works() {
    let config = r#"{"columns": "when,what,grüße", "delimiter": ";", "time": "when"}"#;
    let mut parser = Parser::new(&component("parser-c.wasm"), config, Limits::default()).unwrap();
    let text = "2026-03-04T05:06:07Z;\"a \"\"b\"\"; c\";ä\n2026-03-04T05:06:07Z;\n";
    let answer = parser.parse(text, &context()).unwrap();
    assert_eq!(
        (answer.consumed, answer.entries, answer.unrecognised.as_slice()),
        (text.len(), 2, [1].as_slice())
    );
    assert_eq!(answer.records.columns().time_unix_nano, [STAMP_UNIX_NANO, 0]);
    let expected = [("grüße", "ä"), ("what", "a \"b\"; c"), ("when", "2026-03-04T05:06:07Z")];
    assert_eq!(attributes(&answer.records, 0), BTreeMap::from(expected));
}

#[test]
fn a_describer_of_0_1_0_works() {
    let mut describer = Describer::new(&component("describer.wasm"), "{}", Limits::default()).unwrap();
    let document = r#"{"region": "eu-central-1", "instanceId": "i-1"}"#;
    let facts = [("identity-document", document), ("hostname", "web-1"), ("tag/Team", "core")];
    let told = describer.describe(facts).unwrap();
    let told: BTreeMap<_, _> = told.iter().map(|one| (one.name.as_str(), one.value.as_str())).collect();
    for (name, value) in [
        ("cloud.region", "eu-central-1"),
        ("host.id", "i-1"),
        ("host.name", "web-1"),
        ("ec2.tag.Team", "core"),
    ] {
        assert_eq!(told.get(name), Some(&value), "{told:?}");
    }
}

#[test]
fn a_setting_that_is_wrong_is_still_complained_about() {
    let parser = |config: &str| {
        let error = Parser::new(&component("parser-c.wasm"), config, Limits::default()).err().unwrap();
        error.to_string()
    };
    assert!(
        parser(r#"{"colums": "a"}"#)
            .contains("colums: there is no such setting; there are columns, delimiter")
    );
    assert!(parser(r#"{"columns": "a,b,a"}"#).contains("columns: a is there twice"));
    assert!(parser(r#"{"columns": ["a"]}"#).contains("columns: write a text"));
}
