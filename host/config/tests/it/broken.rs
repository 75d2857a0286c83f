//! Broken configs, each with the whole message it gets.

mod components;
mod exporters;
mod file;
mod processors;
mod receivers;
mod service;

use proptest::prelude::*;
use skidway_config::bundled::{Purpose, usable_as};

use crate::{config, good_but, with_env};

/// What to replace in the good config, what with, and the message.
type Case = (&'static str, &'static str, &'static str);

const INCLUDE: &str = "    include: [/var/log/syslog]\n";
const ENDPOINT: &str = "    endpoint: http://localhost:4318\n";
const BATCH: &str = "    timeout: 10s\n";
const ENTRY: &str = "      - {key: service.name, value: host-logs, action: insert}\n";
const PROCESSORS: &str = "processors:\n";
const SERVICE: &str = "service:\n";
const PIPELINE: &str = "      receivers: [filelog]\n";

#[test]
fn every_message_is_the_expected_one() {
    let tables = [
        file::CASES,
        receivers::CASES,
        processors::CASES,
        exporters::CASES,
        components::CASES,
        service::CASES,
    ];
    let formats: Vec<_> = usable_as(Purpose::Format).map(|name| format!("`{name}`")).collect();
    let mut wrong = Vec::new();
    for (from, to, expected) in tables.concat() {
        // The list grows.
        let expected = expected.replace("FORMATS", &formats.join(", "));
        let text = good_but(&[(from, to)]);
        let found = match config(&text) {
            Ok(_) => "it was accepted".to_owned(),
            Err(errors) => errors.to_string(),
        };
        if found != expected {
            wrong.push(format!("=== {from:?} {to:?}\n{found}\n=== instead of\n{expected}\n"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let text = "\
receivers:
  filelog:
    inclued: [/a]
    exclude: /b
    start_at: begin
    poll_interval: 5
    nonsense: {x: 1}
exporters:
  otlphttp:
    endpiont: http://localhost:4318
    tls: {ca: x, insecure: maybe}
service:
  pipeline: {}
";
    let expected = "\
error: unknown key `inclued` in receiver `filelog`
  --> x.yaml:3:5
  hint: did you mean `include`?

error: `exclude` of receiver `filelog`: expected a list, found text
  --> x.yaml:4:14
  hint: write `[…]`, or one `- …` a line

error: `start_at` of receiver `filelog`: unknown value `begin`
  --> x.yaml:5:15
  hint: did you mean `beginning`?

error: `poll_interval` of receiver `filelog`: a duration needs a unit
  --> x.yaml:6:20
  hint: write a number with a unit, such as `200ms`, `10s`, `5m` or `1h30m`

error: unknown key `nonsense` in receiver `filelog`
  --> x.yaml:7:5
  hint: keys: `include`, `exclude`, `exclude_older_than`, `start_at`, `poll_interval`, `force_flush_period`, `fingerprint_size`, `max_log_size`, `include_file_name`, `include_file_path`, `include_file_name_resolved`, `include_file_path_resolved`, `include_file_owner_name`, `include_file_owner_group_name`, `include_file_permissions`, `include_file_record_number`, `include_file_record_offset`, `include_record_uid`, `attributes`, `resource`, `multiline`, `preserve_leading_whitespaces`, `preserve_trailing_whitespaces`, `max_log_size_behavior`, `encoding`, `compression`, `max_concurrent_files`, `ordering_criteria`, `operators`, `retry_on_failure`, `storage`, `parser`, `timezone`

error: unknown key `endpiont` in exporter `otlphttp`
  --> x.yaml:10:5
  hint: did you mean `endpoint`?

error: unknown key `ca` in `tls` of exporter `otlphttp`
  --> x.yaml:11:11
  hint: keys: `insecure`, `insecure_skip_verify`, `ca_file`, `ca_pem`, `cert_file`, `cert_pem`, `key_file`, `key_pem`, `include_system_ca_certs_pool`, `server_name_override`, `min_version`, `max_version`

error: `tls.insecure` of exporter `otlphttp`: expected `true` or `false`, found text
  --> x.yaml:11:28

error: unknown key `pipeline` in `service`
  --> x.yaml:13:3
  hint: did you mean `pipelines`?";
    assert_eq!(config(text).unwrap_err().to_string(), expected);
}

#[test]
fn a_secret_in_the_wrong_place_is_not_quoted() {
    let token = "hunter2-hunter2";
    for text in [
        good_but(&[(ENDPOINT, "    endpoint: http://h\n    headers: ${env:KEY}\n")]),
        good_but(&[(ENDPOINT, "    endpoint: http://h\n    headers: [\"${env:KEY}\"]\n")]),
        good_but(&[(ENDPOINT, "    endpoint: http://h\n    headers: {a: [\"${env:KEY}\"]}\n")]),
        good_but(&[(ENDPOINT, "    endpoint: http://h\n    headers: {a: \"${env:KEY}\\n\"}\n")]),
        good_but(&[(ENDPOINT, "    endpoint: http://me:${env:KEY}@h\n")]),
        good_but(&[(ENDPOINT, "    endpoint: me:${env:KEY}@h\n")]),
        good_but(&[(ENDPOINT, "    endpoint: http://h?key=${env:KEY}\n")]),
    ] {
        let errors = with_env(&[("x.yaml", &text)], &[("KEY", token)]).unwrap_err();
        assert!(!errors.to_string().contains("hunter2"), "{errors}");
        assert!(!format!("{errors:?}").contains("hunter2"));
    }
    let text = good_but(&[(ENDPOINT, "    endpoint: http://h\n    headers: {authorization: 987654321}\n")]);
    let errors = config(&text).unwrap_err().to_string();
    assert!(!errors.contains("987654321"), "{errors}");
}

#[test]
fn an_unreadable_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let surroundings = skidway_config::Surroundings {
        is_file: &|_| false,
        file: &|_| Err(std::io::ErrorKind::NotFound.into()),
        env: &|_| None,
        known_zone: &|_| true,
        memory: Some(1 << 30),
        state_dir: None,
    };
    let missing = folder.path().join("missing.yaml");
    let errors = skidway_config::load(&[&missing], &surroundings).unwrap_err().to_string();
    assert!(errors.starts_with("error: cannot read ") && errors.contains("missing.yaml"), "{errors}");
    let binary = folder.path().join("binary.yaml");
    std::fs::write(&binary, b"\xff\xfe").unwrap();
    let errors = skidway_config::load(&[&binary], &surroundings).unwrap_err().to_string();
    assert!(errors.contains("UTF-8"), "{errors}");
    let none: [&std::path::Path; 0] = [];
    let errors = skidway_config::load(&none, &surroundings).unwrap_err().to_string();
    assert_eq!(errors, "error: no config file was given\n  hint: name one with `--config FILE`");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_file_is_read_or_refused(
        cuts in prop::collection::vec((0_usize..600, 0_usize..30, "[-a-z0-9:,\\[\\]{}&*!|>'\"%#@$~ \t\n]{0,6}"), 1..4)
    ) {
        let mut text: Vec<char> = crate::GOOD.chars().collect();
        for (at, length, put) in cuts {
            let at = at.min(text.len());
            text.splice(at..(at + length).min(text.len()), put.chars());
        }
        let text: String = text.into_iter().collect();
        match config(&text) {
            Ok(config) => prop_assert!(config.to_yaml().contains("pipelines")),
            // Every message says where.
            Err(errors) => prop_assert!(errors.0.iter().all(|e| e.at.is_some()), "{errors}"),
        }
    }
}
