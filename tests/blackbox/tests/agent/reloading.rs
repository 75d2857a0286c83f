//! A config that is changed while the agent runs: on SIGHUP, or because its file changed.

use skidway_test_support::agent::Signal;
use skidway_test_support::eventually;
use skidway_test_support::sink::Answer;

use crate::lines::{ended, ubuntu};
use crate::rig::{PATIENCE, Rig};

/// Replaces the last config and waits until that has happened.
fn reload(rig: &mut Rig, yaml: &str) -> String {
    let before = rig.said("config reloaded").len();
    rig.replace_config(yaml);
    rig.agent().signal(Signal::HUP).unwrap();
    let reloaded = eventually(PATIENCE, || rig.said("config reloaded").len() > before);
    assert!(reloaded, "it does not reload");
    rig.said("config reloaded").pop().unwrap()
}

/// What is in each record, by the attribute that the configs of these tests change.
fn sources(rig: &Rig, records: usize) -> Vec<String> {
    rig.records(records).iter().map(|record| record.attr("source").unwrap_or("none").to_owned()).collect()
}

const FIRST: &str = "receivers: {filelog: {attributes: {source: first}}}";
const SECOND: &str = "receivers: {filelog: {attributes: {source: second}}}";

#[test]
fn sighup_carries_a_changed_config_out_and_each_line_arrives_once() {
    let mut rig = Rig::new();
    rig.config(FIRST);
    rig.append("syslog", ended(0..100));
    rig.start();
    rig.expect(&ubuntu(0..100));
    reload(&mut rig, SECOND);
    rig.append("syslog", ended(100..200));
    rig.expect(&ubuntu(0..200));
    let sources = sources(&rig, 200);
    assert!(sources[..100].iter().all(|source| source == "first"));
    assert!(sources[100..].iter().all(|source| source == "second"));
    let books = rig.stop();
    assert_eq!((books.records_delivered, books.in_flight), (200, 0), "those before the change are counted");
}

#[test]
fn a_changed_file_is_enough() {
    let mut rig = Rig::new();
    rig.config(FIRST);
    rig.append("syslog", ended(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    rig.replace_config(SECOND);
    rig.wait_for_log("config reloaded");
    rig.append("syslog", ended(10..20));
    assert_eq!(sources(&rig, 20)[10..], ["second"; 10]);
    rig.stop();
}

#[test]
fn a_wrong_config_changes_nothing() {
    let mut rig = Rig::new();
    rig.config(FIRST);
    rig.append("syslog", ended(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    for (wrong, said) in [
        ("receivers: {filelog: {atributes: {source: second}}}", "did you mean `attributes`"),
        ("receivers: {filelog: {parser: ./missing.wasm}}", "cannot read component"),
        ("receivers: {filelog: {parser: {component: ubuntu, config: {a: 1}}}}", "config-1.yaml:1"),
    ] {
        rig.replace_config(wrong);
        rig.agent().signal(Signal::HUP).unwrap();
        rig.wait_for_log(said);
    }
    rig.append("syslog", ended(10..20));
    assert_eq!(sources(&rig, 20), ["first"; 20]);
    assert!(rig.said("config reloaded").is_empty());
    reload(&mut rig, SECOND);
    rig.append("syslog", ended(20..30));
    assert_eq!(sources(&rig, 30)[20..], ["second"; 10]);
    rig.stop();
}

/// Two pipelines; the second one's receiver gets this.
fn two(other: &str) -> String {
    format!(
        "receivers:
  filelog: {{include: ['${{env:LOGS}}/one']}}
  filelog/other: {{include: ['${{env:LOGS}}/two'], start_at: beginning, parser: auto, timezone: UTC, {other}}}
service: {{pipelines: {{logs/other: {{receivers: [filelog/other], processors: [batch], exporters: [otlphttp]}}}}}}
"
    )
}

#[test]
fn pipelines_that_did_not_change_are_not_touched() {
    let mut rig = Rig::new();
    rig.config(&two("attributes: {source: first}"));
    rig.append("one", ended(0..10));
    rig.append("two", ended(10..20));
    rig.start();
    rig.records(20);
    let said = reload(&mut rig, &two("attributes: {source: second}"));
    assert!(said.contains(r#""unchanged":1,"restarted":1,"added":0,"removed":0"#), "{said}");
    // A pipeline opens its state, and says what it found of it, when it starts.
    rig.append("one", ended(20..30));
    rig.append("two", ended(30..40));
    rig.records(40);
    let said = reload(&mut rig, "receivers: {filelog: {include: ['${env:LOGS}/one']}}");
    assert!(said.contains(r#""unchanged":1,"restarted":0,"added":0,"removed":1"#), "{said}");
    rig.append("two", ended(50..60));
    rig.append("one", ended(40..50));
    rig.records(50);
    let said = reload(&mut rig, &two("attributes: {source: third}"));
    assert!(said.contains(r#""unchanged":1,"restarted":0,"added":1,"removed":0"#), "{said}");
    let mut bodies = rig.bodies(60);
    bodies.sort_unstable();
    let expected = ubuntu(0..60);
    let mut expected: Vec<_> = expected.lines().collect();
    expected.sort_unstable();
    assert_eq!(bodies, expected);
    assert_eq!(rig.stop().records_delivered, 60);
}

#[test]
fn what_the_backend_has_not_taken_is_delivered_by_the_pipeline_that_follows() {
    let mut rig = Rig::new();
    rig.arguments(&["--drain", "1"]);
    rig.config(FIRST);
    rig.sink.set_answer(Answer::status(503));
    rig.append("syslog", ended(0..100));
    rig.start();
    rig.wait_for_log("trying again");
    reload(&mut rig, SECOND);
    assert_eq!(rig.said("not everything was delivered").len(), 1);
    rig.sink.set_answer(Answer::Accept);
    rig.expect(&ubuntu(0..100));
    assert_eq!(sources(&rig, 100), ["second"; 100]);
    rig.stop();
}

#[test]
fn a_batch_on_disk_is_delivered_by_the_pipeline_that_follows() {
    let storage = |source: &str| {
        format!(
            "receivers: {{filelog: {{attributes: {{source: {source}}}}}}}
exporters: {{otlphttp: {{sending_queue: {{storage: file_storage}}}}}}
extensions: {{file_storage: }}
service: {{extensions: [file_storage]}}
"
        )
    };
    let mut rig = Rig::new();
    rig.config(&storage("first"));
    rig.sink.set_answer(Answer::status(503));
    rig.append("syslog", ended(0..100));
    rig.start();
    rig.wait_for_checkpoint("syslog", ended(0..100).len() as u64);
    reload(&mut rig, &storage("second"));
    rig.sink.set_answer(Answer::Accept);
    rig.expect(&ubuntu(0..100));
    assert_eq!(sources(&rig, 100), ["first"; 100], "they were records by then");
    rig.stop();
}

#[test]
fn sigterm_during_a_reload_ends_the_agent() {
    let mut rig = Rig::new();
    rig.arguments(&["--drain", "600"]);
    rig.config(FIRST);
    rig.sink.set_answer(Answer::status(503));
    rig.append("syslog", ended(0..100));
    rig.start();
    rig.wait_for_log("trying again");
    rig.replace_config(SECOND);
    rig.agent().signal(Signal::HUP).unwrap();
    // The lanes have ended by then, and their last batches are waited for.
    let told = eventually(PATIENCE, || rig.said("reading the config again").len() == 1);
    assert!(told, "it does not reload");
    let books = rig.stop();
    assert_eq!(books.in_flight, 100);
    rig.sink.set_answer(Answer::Accept);
    rig.start();
    rig.expect(&ubuntu(0..100));
    rig.stop();
}

#[test]
fn levels_and_ports_change() {
    let mut rig = Rig::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    rig.config("service: {telemetry: {logs: {level: warn}}}");
    rig.append("syslog", ended(0..10));
    // It does not say that it runs at this level.
    let agent = rig.spawn();
    rig.adopt(agent);
    rig.expect(&ubuntu(0..10));
    let health = format!(
        "service: {{telemetry: {{logs: {{level: info}}}}, extensions: [health_check]}}
extensions: {{health_check: {{endpoint: '127.0.0.1:{port}'}}}}
"
    );
    let said = reload(&mut rig, &health);
    assert!(said.contains(r#""unchanged":1,"restarted":0"#), "{said}");
    let connected = eventually(PATIENCE, || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert!(connected, "nobody answers on {port}");
    reload(&mut rig, "{}");
    assert!(eventually(PATIENCE, || std::net::TcpStream::connect(("127.0.0.1", port)).is_err()));
    rig.stop();
}
