//! What a receiver's operators may do to the records that leave the agent.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use skidway_test_support::eventually;
use skidway_test_support::sink::{Answer, OtlpSink, Value};

use crate::command::command;
use crate::rig::{Books, PATIENCE, Rig};

const MINIMAL: &str = "\
receivers:
  filelog:
    include: ['${env:LOGS}/**/*']
    start_at: beginning
processors:
  batch: {timeout: 20ms}
exporters:
  otlphttp: {endpoint: '${env:SINK}', retry_on_failure: {initial_interval: 10ms, max_interval: 100ms}}
service:
  pipelines:
    logs: {receivers: [filelog], processors: [batch], exporters: [otlphttp]}
";

fn rig(receiver: &str) -> Rig {
    let mut rig = Rig::without_config();
    rig.config(MINIMAL);
    rig.config(&format!("receivers: {{filelog: {receiver}}}"));
    rig
}

#[test]
fn values_of_every_kind_arrive() {
    let mut rig =
        rig("{operators: [{type: json_parser, parse_ints: true, severity: {parse_from: attributes.level}}, \
                       {type: move, from: attributes.message, to: body}, \
                       {type: move, from: attributes.host, to: 'resource[\"host.name\"]'}]}");
    rig.append(
        "app.json",
        r#"{"level":"warning","message":{"a":[1,null]},"n":7,"f":1.5,"b":false,"host":"web","m":{"k":"v"}}"#,
    );
    rig.append("app.json", "\n");
    rig.start();
    let record = rig.records(1).remove(0);
    assert_eq!((record.severity_number, record.severity_text.as_str()), (13, "warning"));
    let list = Value::List(vec![Value::Integer(1), Value::Empty]);
    assert_eq!(record.body, Value::Map([("a".to_owned(), list)].into()).to_string());
    assert_eq!(record.attributes["n"], Value::Integer(7));
    assert_eq!(record.attributes["f"], Value::Float(1.5));
    assert_eq!(record.attributes["b"], Value::Boolean(false));
    assert_eq!(record.attributes["m"], Value::Map([("k".to_owned(), Value::Text("v".to_owned()))].into()));
    assert_eq!(record.resource_attr("host.name"), Some("web"));
    rig.stop();
}

#[test]
fn records_of_several_sources_go_in_one_batch_each_to_its_own() {
    let mut rig = rig("{operators: [{type: regex_parser, regex: '^(?P<who>\\w+) ', parse_to: resource}]}");
    rig.config(
        "processors: {resource: {attributes: [{key: who, value: nobody, action: insert}, {key: copy, from_attribute: who, action: upsert}]}}\n\
         service: {pipelines: {logs: {processors: [resource, batch]}}}",
    );
    let text: String = (0..300).map(|i| format!("{} line {i}\n", ["a", "a", "b"][i % 3])).collect();
    rig.append("log", &text);
    rig.append("log", "?\n");
    rig.start();
    let records = rig.records(301);
    let order: Vec<_> = records.iter().map(|record| record.body.clone()).collect();
    assert_eq!(order, text.lines().chain(["?"]).collect::<Vec<_>>(), "in the order of the file");
    for record in &records {
        let who = if record.body == "?" { "nobody" } else { &record.body[..1] };
        assert_eq!((record.resource_attr("who"), record.resource_attr("copy")), (Some(who), Some(who)));
    }
    assert_eq!(rig.stop(), Books::all_delivered(301));
}

#[test]
fn entries_of_several_lines_and_dropped_ones_are_booked() {
    let mut rig = rig(
        "{multiline: {line_start_pattern: '^>'}, force_flush_period: 100ms, include_file_record_number: true, \
                       operators: [{type: filter, expr: 'body contains \"drop\"'}]}",
    );
    rig.append("log", "> a\n  b\n\n> drop\nthis\n> c\n");
    rig.start();
    let records = rig.records(2);
    assert_eq!(records.iter().map(|r| r.body.as_str()).collect::<Vec<_>>(), ["> a\n  b", "> c"]);
    let numbers: Vec<_> = records.iter().map(|r| r.attributes["log.file.record_number"].clone()).collect();
    assert_eq!(numbers, [Value::Integer(1), Value::Integer(3)]);
    let books = rig.stop();
    assert_eq!(
        (books.lines_read, books.records_delivered, books.records_dropped, books.lines_joined),
        (6, 2, 1, 3)
    );
}

#[test]
fn a_backend_that_is_away_holds_up_no_other_one() {
    let mut rig = rig("{}");
    let other = OtlpSink::start().unwrap();
    rig.env("OTHER", &other.endpoint());
    rig.config(
        "exporters: {otlphttp/other: {endpoint: '${env:OTHER}', retry_on_failure: {initial_interval: 10ms, max_interval: 50ms}}}\n\
         service: {pipelines: {logs: {exporters: [otlphttp, otlphttp/other]}, \
         logs/again: {receivers: [filelog], exporters: [otlphttp/other]}}}",
    );
    rig.sink.set_answer(Answer::status(503));
    rig.append("log", "one\ntwo\n");
    rig.start();
    other.wait_delivered(PATIENCE, 4).unwrap();
    let mut bodies = other.bodies();
    bodies.sort();
    assert_eq!(bodies, ["one", "one", "two", "two"], "once for each pipeline");
    assert_eq!(rig.sink.delivered(), 0);
    rig.sink.set_answer(Answer::Accept);
    rig.expect("one\ntwo\n");
    rig.stop();
}

#[test]
fn what_is_wrong_with_operators_has_its_place() {
    let rig = rig("{operators: [{type: noop}, {type: time_parser, parse_from: attributes.t, layout: '%Q'}]}");
    for name in ["check", "run"] {
        let output =
            command(&rig.command_line(name)).envs(rig.environment().iter().cloned()).output().unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        let expected = "error: receiver `filelog`: operators[1].layout: `%Q` is no directive; there are %Y ";
        assert!(said.contains(expected), "{said}");
        assert!(said.contains("config-1.yaml:1:"), "{said}");
    }
}

/// An address that nobody listens on.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// What is answered at `path`, with its head.
fn ask(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn metrics_are_the_books() {
    let address = free_address();
    let mut rig = rig("{}");
    rig.config(&format!(
        "service: {{telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: \
         {{host: 127.0.0.1, port: {}}}}}}}}}]}}}}}}",
        address.port()
    ));
    rig.append("log", "one\ntwo\n\nthree\n");
    rig.start();
    rig.records(3);
    let way = "{receiver=\"filelog\",pipeline=\"logs\",exporter=\"otlphttp\"}";
    let sent = format!("\notelcol_exporter_sent_log_records_total{way} 3\n");
    assert!(
        eventually(PATIENCE, || ask(address, "/metrics").contains(&sent)),
        "{}",
        ask(address, "/metrics")
    );
    let said = ask(address, "/metrics");
    assert!(said.starts_with("HTTP/1.1 200") && said.contains("text/plain; version=0.0.4"), "{said}");
    for (name, value) in
        [("skidway_lines_read_total", 4), ("skidway_records_in_flight", 0), ("skidway_bytes_read_total", 15)]
    {
        assert!(said.contains(&format!("\n{name}{way} {value}\n")), "{name}: {said}");
    }
    let component = "{component=\"operators\",role=\"parser\"}";
    for (name, value) in [("records", 3), ("failed", 0), ("swaps", 0)] {
        let line = format!("\nskidway_component_{name}_total{component} {value}\n");
        assert!(said.contains(&line), "{name}: {said}");
    }
    assert!(
        said.contains("\nskidway_component_info{component=\"operators\",role=\"parser\",digest=\""),
        "{said}"
    );
    rig.stop();
}

#[test]
fn the_health_check_answers_while_the_agent_runs() {
    let address = free_address();
    let mut rig = rig("{}");
    rig.config(&format!(
        "extensions: {{health_check: {{endpoint: '{address}'}}}}\nservice: {{extensions: [health_check]}}"
    ));
    rig.start();
    let answer = ask(address, "/");
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("\"status\":\"Server available\""),
        "{answer}"
    );
    assert!(ask(address, "/other").starts_with("HTTP/1.1 404"));
    rig.stop();
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn processors_choose_and_change_records() {
    let mut rig = rig(
        "{operators: [{type: regex_parser, regex: '^(?P<level>\\w+) (?P<user>\\w+)', severity: {parse_from: attributes.level}}]}",
    );
    rig.config(
        "processors:\n\
         \x20 filter: {logs: {include: {match_type: strict, severity_number: {min: WARN}}}}\n\
         \x20 attributes: {actions: [{key: user, action: hash}, {key: team, value: 5, action: insert}, {key: level, action: delete}]}\n\
         service: {pipelines: {logs: {processors: [filter, attributes, batch]}}}",
    );
    rig.append("log", "info abc\nerror abc\n");
    rig.start();
    let record = rig.records(1).remove(0);
    assert_eq!((record.severity_number, record.severity_text.as_str()), (17, "error"));
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(
        (record.attr("user"), &record.attributes["team"], record.attr("level")),
        (Some(abc), &Value::Integer(5), None)
    );
    let books = rig.stop();
    assert_eq!((books.records_delivered, books.records_dropped), (1, 1));
}

#[test]
fn the_environment_describes_the_source() {
    let mut rig = rig("{}");
    rig.env("OTEL_RESOURCE_ATTRIBUTES", "service.name=web,a=b%20c");
    rig.config(
        "processors: {resource_detection: {detectors: [env, system], system: {resource_attributes: {host.name: {enabled: false}}}}}\n\
         service: {pipelines: {logs: {processors: [resource_detection, batch]}}}",
    );
    rig.append("log", "x\n");
    rig.start();
    let record = rig.records(1).remove(0);
    let resource: Vec<_> = record.resource.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(resource, ["a=b c", "os.type=linux", "service.name=web"]);
    rig.stop();
}

#[test]
fn old_files_wait_for_a_change_and_links_are_followed() {
    let mut rig = rig(
        "{exclude_older_than: 1h, include_file_path: true, include_file_name_resolved: true, include_file_path_resolved: true}",
    );
    rig.append("old.log", "old\n");
    rig.set_modified("old.log", 1_700_000_000);
    let real = rig.folder().join("real.txt");
    std::fs::write(&real, "new\n").unwrap();
    std::os::unix::fs::symlink(&real, rig.log_file("link.log")).unwrap();
    rig.start();
    let record = rig.records(1).remove(0);
    let file = ["log.file.name", "log.file.name_resolved", "log.file.path_resolved"]
        .map(|key| record.attr(key).unwrap().to_owned());
    assert_eq!(record.body, "new");
    assert_eq!(file, ["link.log", "real.txt", real.to_str().unwrap()].map(str::to_owned));
    rig.append("old.log", "young again\n");
    assert_eq!(rig.bodies(3)[1..], ["old", "young again"]);
    rig.stop();
}

#[test]
fn files_of_other_encodings_become_text() {
    let cases: [(&str, &[u8], [&str; 2]); 3] = [
        ("latin1", b"Gr\xfc\xdfe\n\x80\n", ["Grüße", "\u{80}"]),
        ("windows-1252", b"\x80 5\nx\n", ["€ 5", "x"]),
        ("shift_jis", b"\x83\x8d\x83\x4f\nx\n", ["ログ", "x"]),
    ];
    for (encoding, bytes, expected) in cases {
        let mut rig = rig(&format!("{{encoding: {encoding}}}"));
        rig.append("log", bytes);
        rig.start();
        assert_eq!(rig.bodies(2), expected, "{encoding}");
        rig.wait_for_checkpoint("log", bytes.len() as u64);
        rig.append("log", "more\n");
        assert_eq!(rig.bodies(3)[2], "more", "{encoding}");
        rig.stop();
    }
}

#[test]
fn a_secret_may_stand_in_a_file() {
    let mut rig = rig("{}");
    std::fs::write(rig.folder().join("key"), "from a file\n").unwrap();
    let path = rig.folder().join("key").display().to_string();
    rig.config(&format!("exporters: {{otlphttp: {{headers: {{authorization: '${{file:{path}}}'}}}}}}"));
    rig.append("log", "x\n");
    rig.start();
    assert_eq!(rig.records(1)[0].headers["authorization"], "from a file");
    rig.stop();
}
