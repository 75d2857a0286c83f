//! The command line: `parse`, `inspect`, `check`, and what every program has.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::command::{check, command, skidway, skidway_reading};
use crate::lines::ubuntu;
use crate::rig::{PATIENCE, Rig, component};
use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};

const SECOND: u64 = 1_772_600_767;
const LINE: &str = "2026-03-04T05:06:07Z web-1 sshd[842]: error: no more sessions";

fn file(text: impl AsRef<[u8]>) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_ref()).unwrap();
    file
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn jsonl(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn record_of_line() -> Value {
    json!({
        "time_unix_nano": (SECOND * 1_000_000_000).to_string(),
        "severity_number": 17,
        "severity_text": "ERROR",
        "body": LINE,
        "attributes": {
            "timestamp": "2026-03-04T05:06:07Z",
            "hostname": "web-1",
            "unit": "sshd",
            "pid": "842",
            "message": "error: no more sessions",
        },
    })
}

// === parse ===

#[test]
fn parse_prints_a_json_object_a_record() {
    let file = file(format!("{LINE}\nno syslog\n\n"));
    let printed = skidway(&[Path::new("parse"), file.path()]).ok();
    let raw = json!({
        "time_unix_nano": "0",
        "severity_number": 9,
        "severity_text": "INFO",
        "body": "no syslog",
        "attributes": {},
    });
    assert_eq!(jsonl(&printed), [record_of_line(), raw]);
}

#[test]
fn parse_prints_a_table() {
    let file = file(format!("{LINE}\n2026-03-04T05:06:08Z web-1 app: \u{1b}[31mred\n"));
    let printed = skidway(&["parse", "--output", "table", &text(file.path())]).ok();
    for cell in ["hostname", "web-1", "sshd", "842", "ERROR", "error: no more sessions"] {
        assert!(printed.contains(cell), "{cell} is not in\n{printed}");
    }
    assert!(!printed.contains('\u{1b}'), "a log line must not steer the terminal");
}

#[test]
fn parse_reads_standard_input() {
    let file = file(LINE);
    assert_eq!(jsonl(&skidway_reading(file.path(), &["parse", "-"]).ok()), [record_of_line()]);
}

#[test]
fn parse_shows_what_a_pipe_gives_before_it_gives_more() {
    let mut command = command(&["parse", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let mut shown = BufReader::new(child.stdout.take().unwrap());
    // The last entry waits for the line behind it, the one before it does not. A
    // reader that waits for more would keep this test until the suite's time is up.
    pipe.write_all(format!("{LINE}\n{LINE}\n").as_bytes()).unwrap();
    let mut first = String::new();
    shown.read_line(&mut first).unwrap();
    assert_eq!(jsonl(&first), [record_of_line()]);
    drop(pipe);
    assert_eq!(shown.lines().count(), 1);
    assert!(child.wait().unwrap().success());
}

#[test]
fn parse_takes_the_parser_that_is_named_or_given() {
    let file = file(format!("{LINE}\n"));
    let (path, ubuntu, hostile) = (text(file.path()), component("ubuntu"), component("hostile"));
    for parser in ["ubuntu", ubuntu.to_str().unwrap()] {
        assert_eq!(jsonl(&skidway(&["parse", "--parser", parser, &path]).ok()), [record_of_line()]);
    }
    let other = jsonl(&skidway(&["parse", "--parser", "amazon-linux", &path]).ok());
    assert_eq!((&other[0]["time_unix_nano"], &other[0]["attributes"]), (&json!("0"), &json!({})));
    let plain = skidway(&["parse", "--enrich", "none", "--parser", hostile.to_str().unwrap(), &path]).ok();
    let expected = json!({
        "time_unix_nano": "0",
        "severity_number": 0,
        "severity_text": "",
        "body": LINE,
        "attributes": {"message": LINE},
    });
    assert_eq!(jsonl(&plain), [expected]);
}

#[test]
fn parse_says_what_it_cannot_read_or_use() {
    let file = file(LINE);
    let path = text(file.path());
    for (arguments, complaint) in [
        (vec!["parse", "/nowhere/at/all"], "cannot read /nowhere/at/all"),
        (vec!["parse", "/"], "it is a folder"),
        (vec!["parse", "--parser", "/nowhere.wasm", &path], "cannot read component /nowhere.wasm"),
        (vec!["parse", "--parser", "ubnutu", &path], "ubuntu, amazon-linux, json-lines"),
        (vec!["parse", "--parser", &path, &path], "it is not WebAssembly"),
        (vec!["parse", "--timezone", "Mars/Olympus", &path], "no time zone Mars/Olympus"),
    ] {
        let said = skidway(&arguments).failed();
        assert!(said.starts_with("error: ") && said.contains(complaint), "{arguments:?}: {said}");
    }
}

#[test]
fn parse_ends_quietly_when_nobody_reads_on() {
    let file = file(ubuntu(0..50_000));
    let mut child = command(&[Path::new("parse"), file.path()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    // The pipe is closed with the reader, long before the file is through.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.contains("line 0"), "{first}");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert!(ended.status.success(), "{}", ended.status);
}

#[test]
fn parse_loses_nothing_of_a_line_of_any_length() {
    // A character of three bytes lies across the place where such a line is cut.
    let long = format!("{LINE} xx{}", "a日本語".repeat((6 << 20) / 10));
    let file = file(format!("{LINE}\n{long}\n{LINE}\n"));
    let records = jsonl(&skidway(&[Path::new("parse"), file.path()]).ok());
    let bodies: Vec<_> = records.iter().map(|record| record["body"].as_str().unwrap()).collect();
    let [first, pieces @ .., last] = &bodies[..] else { panic!("{} records", bodies.len()) };
    assert_eq!([*first, *last], [LINE, LINE]);
    assert!(pieces.concat() == long, "pieces of {:?}", pieces.iter().map(|p| p.len()).collect::<Vec<_>>());
}

#[test]
fn parse_joins_entries_wherever_a_chunk_ends() {
    let entry = |n| format!("{}\n\tmore of {n}", ubuntu(n..n + 1).trim_end());
    let file = file((0..12_000).map(|n| entry(n) + "\n").collect::<String>());
    let records = jsonl(&skidway(&[Path::new("parse"), file.path()]).ok());
    assert_eq!(records.len(), 12_000);
    for (n, record) in records.iter().enumerate() {
        assert_eq!(record["body"], entry(n));
    }
}

// === inspect ===

#[test]
fn inspect_tells_what_a_component_is() {
    let path = component("ubuntu");
    let size = fs::metadata(&path).unwrap().len();
    let printed = skidway(&[Path::new("inspect"), &path]).ok();
    for line in [
        "kind      parser",
        "wit       skidway:processor@0.1.0",
        "skidway:processor/parser@0.1.0",
        "skidway:processor/lifecycle@0.1.0",
        "pure      yes",
        &format!("size      {size} bytes"),
        "digest    sha256:",
    ] {
        assert!(printed.contains(line), "{line:?} is not in\n{printed}");
    }
    let printed: Value = serde_json::from_str(&skidway(&["inspect", "--json", &text(&path)]).ok()).unwrap();
    assert_eq!((&printed["pure"], &printed["kind"]), (&json!(true), &json!(["parser"])));
}

#[test]
fn inspect_names_the_kinds() {
    for (name, kind) in [("amazon-linux", "parser"), ("severity", "enricher"), ("ec2", "describer")] {
        let printed = skidway(&[Path::new("inspect"), &component(name)]).ok();
        assert!(printed.contains(&format!("kind      {kind}\n")), "{printed}");
    }
}

#[test]
fn inspect_says_what_is_no_component() {
    let (junk, module) = (file("#!/bin/sh\n"), file(wat::parse_str("(module)").unwrap()));
    for (path, complaint) in [
        (junk.path(), "it is not WebAssembly"),
        (module.path(), "it is a core WebAssembly module, not a component"),
        (Path::new("/nowhere.wasm"), "cannot read /nowhere.wasm"),
    ] {
        let said = skidway(&[Path::new("inspect"), path]).failed();
        assert!(said.contains(complaint), "{said}");
    }
}

// === check ===

fn config(folder: &TempDir, yaml: &str) -> PathBuf {
    let path = folder.path().join("config.yaml");
    fs::write(&path, yaml).unwrap();
    path
}

#[test]
fn check_prints_the_effective_config_without_its_secrets() {
    let mut rig = Rig::new();
    rig.env("KEY", "an-ingestion-key");
    rig.config("exporters: {otlphttp: {headers: {authorization: '${env:KEY}'}}}");
    let printed = check(&rig).ok();
    assert!(printed.contains("start_at: beginning") && printed.contains(&rig.sink.endpoint()), "{printed}");
    assert!(printed.contains("authorization") && !printed.contains("an-ingestion-key"), "{printed}");
    // Defaults are there, too.
    assert!(printed.contains("fingerprint_size"), "{printed}");
}

#[test]
fn check_takes_what_is_shipped() {
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    for name in ["ubuntu", "amazon-linux", "demo"] {
        let path = configs.join(format!("{name}.yaml"));
        let mut command = command(&[Path::new("check"), Path::new("--config"), &path]);
        let output = command.env("CLICKSTACK_API_KEY", "key").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && said.is_empty(), "{name}: {said}");
    }
}

#[test]
fn check_says_where_and_what_to_write_instead() {
    let folder = tempfile::tempdir().unwrap();
    let good = "receivers:\n  filelog:\n    include: [/var/log/syslog]\nexporters:\n  otlphttp:\n    \
                endpoint: http://localhost:4318\nservice:\n  pipelines:\n    logs:\n      \
                receivers: [filelog]\n      exporters: [otlphttp]\n";
    for (from, to, complaint, place, hint) in [
        ("include:", "inclued:", "unknown key `inclued`", ":3:5", "did you mean `include`?"),
        ("[/var/log/syslog]", "7", "include", ":3:14", ""),
        ("http://localhost:4318", "'${env:ENDPOINT}'", "ENDPOINT", ":6:15", ""),
        ("http://localhost:4318", "localhost", "endpoint", ":6:15", "http://"),
        ("[filelog]", "[filelgo]", "receiver `filelgo` is not defined", ":10:19", "did you mean `filelog`?"),
        ("[filelog]", "[filelog", "", ":1", ""),
    ] {
        let path = config(&folder, &good.replacen(from, to, 1));
        let said = skidway(&[Path::new("check"), Path::new("--config"), &path]).failed();
        let place = format!("{}{place}", path.display());
        assert!(said.contains(complaint) && said.contains(&place) && said.contains(hint), "{to}: {said}");
    }
    let said = skidway(&["check", "--config", "/nowhere.yaml"]).failed();
    assert!(said.contains("/nowhere.yaml"), "{said}");
}

#[test]
fn run_refuses_a_wrong_config_with_a_status_of_its_own() {
    let mut rig = Rig::new();
    rig.config("receivers: {filelog: {inclued: []}}");
    let mut agent = rig.spawn();
    assert_eq!(agent.wait(PATIENCE).unwrap().code(), Some(2));
    let said = agent.log().join("\n");
    assert!(said.contains("config-1.yaml:1:") && said.contains("did you mean `include`?"), "{said}");
    assert_eq!(rig.sink.requests(), 0);
}

#[test]
fn warnings_of_the_config_are_in_the_log() {
    let mut rig = Rig::new();
    rig.config("exporters: {otlphttp: {retry_on_failure: {max_elapsed_time: 5m}}}");
    rig.start();
    rig.stop();
    let said = rig.said("max_elapsed_time");
    assert!(said.len() == 1 && said[0].contains("WARN") && said[0].contains("config-1.yaml:1:"), "{said:?}");
}

// === the rest ===

#[test]
fn help_version_and_completion() {
    let help = skidway(&["--help"]).ok();
    for name in ["run", "parse", "test", "diff", "detect", "inspect", "check", "completion"] {
        assert!(help.contains(name), "{help}");
        let own = skidway(&[name, "--help"]).ok();
        assert!(own.contains("Usage: skidway "), "{own}");
    }
    assert!(skidway(&["run", "--help"]).ok().contains("Exit codes"));
    assert_eq!(skidway(&["--version"]).ok(), format!("skidway {}\n", env!("CARGO_PKG_VERSION")));
    for name in ["test", "diff", "detect"] {
        assert!(skidway(&[name, "--help"]).ok().contains("Examples:"));
    }
    let completion = skidway(&["completion", "bash"]).ok();
    assert!(completion.contains("_skidway()") && completion.contains("--accept"), "{completion}");
    let wrong = skidway(&["inspekt"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("'inspect'"), "{wrong:?}");
}

#[test]
fn a_state_folder_has_one_agent() {
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    let mut second = rig.spawn();
    assert_eq!(second.wait(PATIENCE).unwrap().code(), Some(1));
    let said = second.log().join("\n");
    let first = format!("process {}", rig.agent().pid());
    assert!(said.contains("is in use by another skidway") && said.contains(&first), "{said}");
    rig.expect(&ubuntu(0..10));
    rig.stop();
}

#[test]
fn a_state_folder_that_cannot_be_made_ends_the_start() {
    let rig = Rig::new();
    // A file in its place: nobody can make a folder of that, not even root.
    fs::write(rig.folder().join("state"), "").unwrap();
    let mut agent = rig.spawn();
    assert_eq!(agent.wait(PATIENCE).unwrap().code(), Some(1));
    let said = agent.log().join("\n");
    assert!(said.contains("cannot use the state folder"), "{said}");
}
