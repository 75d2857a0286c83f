//! What a config that is right becomes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use skidway_config::{
    Accept, Component, ComponentSource, Compression, Config, DeadLetter, Detector, HostnameSource, Limits,
    LogLevel, Method, Parser, PartialSuccess, Pem, Pipeline, ResourceStep, Source, SpoolLimits, StartAt,
    Surroundings, Swap, SwapMode, Target, Zone, parse,
};

use crate::{GOOD, Speaks as _, config, good_but, with_env};

/// Every option that is supported, none at its default.
const FULL: &str = "\
receivers:
  file_log/system:
    include: [/var/log/**/*.log]
    exclude: [/var/log/private/**]
    start_at: beginning
    poll_interval: 1s
    force_flush_period: 0
    fingerprint_size: 2kb
    max_log_size: 2MiB
    include_file_name: false
    include_file_path: true
    attributes: {source: host, version: 1.10, cost: 5$$}
    storage: file_storage/state
    parser:
      component: ./my.wasm
      config: {b: [1, 2.5, true, null], a: '0123'}
      limits:
        {memory: 32MiB, cpu: 500ms, output: 16MiB, log_lines: 5, size: 80MiB, compile_memory: 2GiB,
         compile_time: 90s}
      sha256: 00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff
      swap: {mode: shadow, chunks: 50, accept: identical, rollback: 0s}
    timezone: Europe/Berlin
processors:
  resource/first:
    attributes:
      - {key: service.name, value: host-logs, action: insert}
      - {key: a, value: 1, action: update}
  resource_detection:
    detectors: [system, ec2]
    timeout: 1s
    override: false
    refresh_interval: 1h
    wait: 500ms
    ec2: {tags: [^Name$, Team]}
  resource/last:
    attributes:
      - {key: b, value: true, action: upsert}
      - {key: c, action: delete}
  memory_limiter: {limit_mib: 32}
  wasm/one: {component: severity, config: {levels: {oops: error}}}
  wasm/two: {component: /opt/two.wasm, limits: {cpu: 2s}}
  batch: {timeout: 0s, send_batch_size: 10, send_batch_max_size: 20}
exporters:
  otlp_http/backend:
    logs_endpoint: https://h/in
    compression: zstd
    compression_params: {level: 5}
    timeout: 1m
    headers: {Authorization: secret-token}
    tls: {insecure_skip_verify: true, ca_file: /etc/ca.pem}
    retry_on_failure: {enabled: true, initial_interval: 3s, multiplier: 2.5, max_interval: 1m30s}
    sending_queue: {enabled: true, num_consumers: 4, sizer: bytes, queue_size: 32MiB, storage: file_storage/state, storage_limit_mib: 64, storage_max_age: 90m}
    dead_letter: {path: /var/log/dead.jsonl, max_megabytes: 5, max_backups: 2, partial_success: whole}
extensions:
  file_storage/state: {directory: /state, create_directory: false}
service:
  extensions: [file_storage/state]
  telemetry: {logs: {level: DEBUG}}
  pipelines:
    logs/all:
      receivers: [filelog/system]
      processors: [resource/first, resource_detection, batch, wasm/two, resource/last, memory_limiter, wasm/one]
      exporters: [otlphttp/backend]
";

#[test]
fn defaults_are_the_documented_ones() {
    let config = config(GOOD).unwrap();
    assert_eq!(config.warnings, []);
    assert_eq!(config.state_dir, Path::new("/var/lib/skidway"));
    assert!(config.create_state_dir);
    assert_eq!(config.log_level, LogLevel::Info);
    let pipeline = &config.pipelines[0];
    let receiver = &pipeline.receivers[0];
    assert_eq!((receiver.start_at, &receiver.timezone), (StartAt::End, &Zone::Local));
    let Parser::Operators(operators) = &receiver.parser else { panic!("{:?}", receiver.parser) };
    assert_eq!(operators.config["operators"], serde_json::json!([]), "the collector's lines as they are");
    assert_eq!(receiver.poll_interval, Duration::from_millis(200));
    assert_eq!(receiver.force_flush_period, Duration::from_millis(500));
    assert_eq!((receiver.fingerprint_size, receiver.max_log_size), (1000, 1 << 20));
    assert_eq!((receiver.include_file_name, receiver.include_file_path), (true, false));
    assert_eq!(pipeline.exporters[0].http().url.as_str(), "http://localhost:4318/v1/logs");
    assert_eq!(
        pipeline.exporters[0].http().client.compression,
        Compression { method: Method::Gzip, level: None }
    );
    assert_eq!(pipeline.exporters[0].http().client.timeout, Duration::from_secs(30));
    assert_eq!(pipeline.exporters[0].exporter.queue.consumers, 1);
    assert_eq!(pipeline.exporters[0].exporter.queue.spool, None);
    assert_eq!(pipeline.exporters[0].batch.send_batch_size, 8192);
    assert_eq!(pipeline.exporters[0].in_flight_bytes, 8 << 20);

    let detecting = good_but(&[
        ("  batch:\n", "  resourcedetection: {detectors: [ec2, system]}\n  batch:\n"),
        ("[resource, batch]", "[resource, resourcedetection, batch]"),
    ]);
    let config = crate::config(&detecting).unwrap();
    let detection = config.pipelines[0].resource.detections().next().unwrap();
    assert_eq!((detection.timeout, detection.wait), (Duration::from_secs(5), Duration::from_secs(2)));
    assert_eq!((detection.refresh_interval, detection.override_existing), (Duration::from_secs(600), true));
}

#[test]
fn every_option_arrives() {
    let config = config(FULL).unwrap();
    assert_eq!(config.warnings, []);
    assert_eq!((config.state_dir.as_path(), config.create_state_dir), (Path::new("/state"), false));
    assert_eq!(config.log_level.as_str(), "debug");
    let [pipeline] = config.pipelines.as_slice() else { panic!("one pipeline") };
    assert_eq!(pipeline.name, "logs/all");

    let [receiver] = pipeline.receivers.as_slice() else { panic!("one receiver") };
    assert_eq!(receiver.id, "file_log/system");
    assert_eq!(receiver.exclude[0].as_str(), "/var/log/private/**");
    assert_eq!((receiver.fingerprint_size, receiver.max_log_size), (2000, 2 << 20));
    assert_eq!((receiver.include_file_name, receiver.include_file_path), (false, true));
    assert_eq!(receiver.force_flush_period, Duration::ZERO);
    let attributes: Vec<_> = receiver.attributes.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(attributes, [("cost", "5$"), ("source", "host"), ("version", "1.10")]);
    assert_eq!(receiver.timezone, Zone::Named("Europe/Berlin".into()));
    let parser = Component {
        source: ComponentSource::File(PathBuf::from("./my.wasm")),
        config_json: r#"{"a":"0123","b":[1,2.5,true,null]}"#.into(),
        limits: Limits {
            memory_bytes: 32 << 20,
            cpu: Duration::from_millis(500),
            output_bytes: 16 << 20,
            log_lines: 5,
            size_bytes: 80 << 20,
            compile_memory_bytes: 2 << 30,
            compile_time: Duration::from_secs(90),
        },
        sha256: Some(std::array::from_fn(|i| (i % 16 * 0x11) as u8)),
        swap: Swap {
            mode: SwapMode::Shadow,
            chunks: 50,
            accept: Accept::Identical,
            rollback: Duration::ZERO,
        },
    };
    assert_eq!(receiver.parser, Parser::Component(parser));

    let [
        ResourceStep::Act { written: first, .. },
        ResourceStep::Detect(_),
        ResourceStep::Act { written: last, .. },
    ] = pipeline.resource.steps.as_slice()
    else {
        panic!("{:?}", pipeline.resource)
    };
    let expected = serde_json::json!([
        {"key": "service.name", "value": "host-logs", "action": "insert"},
        {"key": "a", "value": 1, "action": "update"},
    ]);
    assert_eq!(*first, expected);
    let expected = serde_json::json!([
        {"key": "b", "value": true, "action": "upsert"},
        {"key": "c", "action": "delete"},
    ]);
    assert_eq!(*last, expected);
    let detection = pipeline.resource.detections().next().unwrap();
    assert_eq!(detection.detectors, [Detector::System, Detector::Ec2]);
    assert!(!detection.override_existing);
    assert!(
        detection.ec2.tags[0].regex().is_match("Name") && !detection.ec2.tags[0].regex().is_match("Names")
    );
    assert!(detection.ec2.tags[1].regex().is_match("MyTeam"), "tags are not anchored");

    let enrichers: Vec<_> = pipeline.enrichers.iter().map(|e| e.id.as_str()).collect();
    assert_eq!(enrichers, ["wasm/two", "wasm/one"], "in the pipeline's order");
    assert_eq!(pipeline.enrichers[0].component.config_json, "{}");
    assert_eq!(pipeline.enrichers[1].component.source, ComponentSource::Named("severity".into()));
    assert_eq!(
        pipeline.exporters[0].in_flight_bytes,
        8 << 20,
        "a quarter of the limit is less than the queue"
    );
    assert_eq!(pipeline.exporters[0].batch.send_batch_max_size, 20);

    let (exporter, http) = (&pipeline.exporters[0].exporter, pipeline.exporters[0].http());
    assert_eq!(http.url.as_str(), "https://h/in");
    assert_eq!(http.client.compression, Compression { method: Method::Zstd, level: Some(5) });
    assert_eq!(http.client.headers[0].0, "authorization");
    assert_eq!(http.client.headers[0].1.reveal(), "secret-token");
    assert_eq!((exporter.queue.consumers, http.client.timeout), (4, Duration::from_secs(60)));
    let limits = SpoolLimits { bytes: 64 << 20, age: Some(Duration::from_secs(5400)) };
    assert_eq!(exporter.queue.spool, Some(limits));
    assert_eq!((exporter.retry.initial_interval, exporter.retry.multiplier), (Duration::from_secs(3), 2.5));
    let dead_letter = DeadLetter {
        path: Some("/var/log/dead.jsonl".into()),
        max_megabytes: 5,
        max_backups: 2,
        partial_success: PartialSuccess::Whole,
    };
    assert_eq!(exporter.dead_letter, dead_letter);
    assert_eq!(exporter.retry.max_interval, Duration::from_secs(90));
    assert_eq!(http.client.tls.ca, Some(Pem::File("/etc/ca.pem".into())));
}

/// Their values do not come back.
fn forget_headers(pipeline: &mut Pipeline) {
    if let Target::Http(http) = &mut pipeline.exporters[0].exporter.target {
        http.client.headers.clear();
    }
}

/// `config` read again from what it prints.
fn again(config: &Config) -> Config {
    let yaml = config.to_yaml();
    crate::config(&yaml).unwrap_or_else(|errors| panic!("{errors}\n{yaml}"))
}

#[test]
fn the_effective_config_reads_the_same() {
    for text in [GOOD, FULL] {
        let config = config(text).unwrap();
        let printed = again(&config);
        assert_eq!(printed.to_yaml(), config.to_yaml());
        let without_secrets = |mut config: Config| {
            config.pipelines.iter_mut().for_each(forget_headers);
            config
        };
        assert_eq!(without_secrets(printed), without_secrets(config));
    }
}

#[test]
fn no_output_shows_a_secret() {
    let config = config(FULL).unwrap();
    for output in [config.to_yaml(), format!("{config:?}"), format!("{config:#?}")] {
        assert!(!output.contains("secret-token"), "{output}");
        assert!(output.contains("[redacted]"));
    }
}

/// The good config with settings for all components, and a receiver's parser.
fn with_components(components: &str, parser: &str) -> Config {
    let text = good_but(&[
        ("    include: [/var/log/syslog]\n", &format!("    include: [/x]\n    parser: {parser}\n")),
        ("service:\n", &format!("components: {components}\nservice:\n")),
    ]);
    let config = config(&text).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.warnings, []);
    assert_eq!(again(&config), config);
    config
}

#[test]
fn what_holds_for_all_components_has_defaults_that_need_nothing() {
    let components = config(GOOD).unwrap().components;
    assert_eq!(components.directory, Path::new("/etc/skidway/processors"));
    assert_eq!((components.trust.keys.as_slice(), components.trust.require), (&[][..], false));
    let swap = Swap {
        mode: SwapMode::Switch,
        chunks: 200,
        accept: Accept::NoFewerFields,
        rollback: Duration::from_secs(300),
    };
    assert_eq!(components.swap, swap);
    assert_eq!(with_components("", "auto").components, components);
}

#[test]
fn keys_are_written_out_or_in_files() {
    for keys in [crate::KEY, "acme.pub"] {
        let trust = with_components(&format!("{{trust: {{keys: [{keys}], require: true}}}}"), "auto");
        let trust = trust.components.trust;
        assert_eq!(trust.keys[0].as_str(), crate::KEY);
        assert_eq!(trust.keys[0].id().to_string(), "9302FDB5FECA4C69");
        assert!(trust.require);
    }
}

#[test]
fn a_component_swaps_as_all_do_or_in_its_own_way() {
    let all = "{swap: {mode: shadow, chunks: 7, rollback: 1m}}";
    let swap = |parser: &str| match &with_components(all, parser).pipelines[0].receivers[0].parser {
        Parser::Auto { swap, .. } | Parser::Component(Component { swap, .. }) => swap.clone(),
        Parser::Operators(operators) => operators.swap.clone(),
    };
    let shadow = Swap {
        mode: SwapMode::Shadow,
        chunks: 7,
        accept: Accept::NoFewerFields,
        rollback: Duration::from_secs(60),
    };
    assert_eq!(swap("ubuntu"), shadow);
    assert_eq!(
        swap("{component: auto, swap: {accept: always}}"),
        Swap { accept: Accept::Always, ..shadow.clone() }
    );
    assert_eq!(
        swap("{component: ./x.wasm, swap: {mode: switch}}"),
        Swap { mode: SwapMode::Switch, ..shadow }
    );
}

#[test]
fn components_are_named_by_what_they_are_called_where_they_lie_or_where_they_come_from() {
    let digest = format!("registry.example/team/acme@sha256:{}", "0f".repeat(32));
    let table = [
        ("ubuntu", ComponentSource::Named("ubuntu".into())),
        ("acme", ComponentSource::Named("acme".into())),
        ("acme.wasm", ComponentSource::File("acme.wasm".into())),
        ("oci://localhost:5000/acme", ComponentSource::Oci("localhost:5000/acme".into())),
        ("oci://registry.example/acme:1.wasm", ComponentSource::Oci("registry.example/acme:1.wasm".into())),
        (&format!("'oci://{digest}'"), ComponentSource::Oci(digest)),
    ];
    for (text, source) in table {
        let config = with_components("", text);
        let Parser::Component(component) = &config.pipelines[0].receivers[0].parser else { panic!("{text}") };
        assert_eq!(component.source, source);
    }
}

proptest! {
    #[test]
    fn any_text_survives_printing(value in any::<String>(), setting in "[-$0-9a-z.~:#'\"{}]{0,6}") {
        // Quoted as JSON, which YAML reads; dollar signs doubled as users do.
        let quote = |text: &str| serde_json::to_string(text).unwrap().replace('$', "$$");
        // YAML does not allow the first two in a file at all; the printer still breaks
        // lines at the third, as YAML 1.1 did.
        let unfit = |c: char| c.is_control() || matches!(c, '\u{fffe}'..='\u{ffff}' | '\u{2028}'..='\u{2029}');
        prop_assume!(!value.chars().any(unfit));
        let text = good_but(&[
            ("value: host-logs", &format!("value: {}", quote(&value))),
            (
                "    include: [/var/log/syslog]\n",
                &format!("    include: [/a]\n    parser: {{component: ubuntu, config: {{a: {}}}}}\n", quote(&setting)),
            ),
        ]);
        let config = config(&text).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let ResourceStep::Act { written, .. } = &config.pipelines[0].resource.steps[0] else { panic!() };
        prop_assert_eq!(&written[0]["value"], &value);
        prop_assert_eq!(again(&config), config);
    }
}

#[test]
fn the_state_folder_has_one_source_at_a_time() {
    let storage = "extensions: {file_storage: {directory: /from/file}}\nprocessors:\n";
    let named = good_but(&[
        ("processors:\n", storage),
        ("    include: [/var/log/syslog]\n", "    include: [/x]\n    storage: file_storage\n"),
    ]);
    let systemd = [("STATE_DIRECTORY", "/from/systemd:/second")];
    let dir = |text: &str, env: &[(&str, &str)]| with_env(&[("x.yaml", text)], env).unwrap().state_dir;
    assert_eq!(dir(GOOD, &[]), Path::new("/var/lib/skidway"));
    assert_eq!(dir(GOOD, &systemd), Path::new("/from/systemd"));
    assert_eq!(dir(&named, &systemd), Path::new("/from/file"));
    let without = named.replace("{directory: /from/file}", "");
    assert_eq!(dir(&without, &systemd), Path::new("/from/systemd"));
    let surroundings = Surroundings {
        is_file: &|_| false,
        file: &|_| Err(std::io::ErrorKind::NotFound.into()),
        env: &|_| None,
        known_zone: &|_| false,
        memory: Some(1 << 30),
        state_dir: Some(PathBuf::from("/from/command/line")),
    };
    let source = Source { name: "x.yaml".into(), text: named };
    assert_eq!(parse(&[source], &surroundings).unwrap().state_dir, Path::new("/from/command/line"));
}

#[test]
fn a_queue_on_disk_has_limits_and_lies_in_the_state_folder() {
    let resolved = |queue: &str, directory: &str| {
        let exporter = format!("    endpoint: http://localhost:4318\n    sending_queue: {queue}\n");
        let service = format!(
            "extensions: {{file_storage/q: {directory}}}\nservice:\n  extensions: [file_storage/q]\n"
        );
        let text =
            good_but(&[("    endpoint: http://localhost:4318\n", &exporter), ("service:\n", &service)]);
        let config = config(&text).unwrap();
        assert_eq!(config.warnings, []);
        assert_eq!(again(&config), config);
        (config.pipelines[0].exporters[0].exporter.queue.spool, config.state_dir)
    };
    let limits = |mib: u64, hours: Option<u64>| {
        Some(SpoolLimits { bytes: mib << 20, age: hours.map(|hours| Duration::from_secs(hours * 3600)) })
    };
    let usual = PathBuf::from("/var/lib/skidway");
    assert_eq!(resolved("{storage: file_storage/q}", ""), (limits(1024, Some(72)), usual.clone()));
    let queue = "{storage: file_storage/q, storage_limit_mib: 16, storage_max_age: 0s}";
    assert_eq!(resolved(queue, ""), (limits(16, None), usual.clone()));
    let queue = "{storage: file_storage/q, storage_limit_mib: 1048576, storage_max_age: 1000h}";
    assert_eq!(resolved(queue, "{directory: /queue}"), (limits(1 << 20, Some(1000)), "/queue".into()));
}

#[test]
fn several_pipelines_share_an_exporter() {
    let text = good_but(&[
        ("processors:\n", "  filelog/b:\n    include: [/b]\nprocessors:\n"),
        (
            "      exporters: [otlphttp]\n",
            "      exporters: [otlphttp]\n    logs/b: {receivers: [filelog/b], processors: [resource], exporters: [otlphttp]}\n",
        ),
    ]);
    let config = config(&text).unwrap();
    let names: Vec<_> = config.pipelines.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["logs", "logs/b"]);
    assert_eq!(
        config.pipelines[1].exporters[0].batch,
        skidway_config::Batch::default(),
        "without a batch processor"
    );
    assert_eq!(again(&config), config);
}

#[test]
fn pipelines_share_receivers_and_send_to_several_exporters() {
    let text = good_but(&[
        ("exporters:\n", "exporters:\n  clickhouse: {endpoint: http://clickstack:4318}\n"),
        (
            "      exporters: [otlphttp]\n",
            "      exporters: [otlphttp, clickhouse]\n    logs/b: {receivers: [filelog], processors: [resource], exporters: [otlphttp]}\n",
        ),
    ]);
    let config = config(&text).unwrap();
    let ids = |pipeline: usize| -> Vec<_> {
        config.pipelines[pipeline].exporters.iter().map(|export| export.exporter.id.clone()).collect()
    };
    assert_eq!(
        (ids(0), ids(1)),
        (vec!["otlphttp".to_owned(), "clickhouse".to_owned()], vec!["otlphttp".to_owned()])
    );
    assert_eq!(config.pipelines[0].receivers[0].id, config.pipelines[1].receivers[0].id);
    assert_eq!(again(&config), config);
}

#[test]
fn what_concerns_entries_goes_to_the_component() {
    let text = good_but(&[(
        "    include: [/var/log/syslog]\n",
        "    include: [/x]\n    multiline: {line_start_pattern: '^>'}\n    preserve_leading_whitespaces: true\n    max_log_size: 4KiB\n    max_log_size_behavior: truncate\n    include_file_record_number: true\n    attributes: {a: EXPR(body)}\n    resource: {b: c}\n    operators:\n      - {type: time_parser, parse_from: body, layout: '%Y', location: Europe/Berlin}\n      - {type: recombine, combine_field: body, is_first_entry: 'true', force_flush_period: 3s}\n",
    )]);
    let config = config(&text).unwrap();
    let receiver = &config.pipelines[0].receivers[0];
    assert_eq!(receiver.settle, Duration::from_secs(3));
    let Parser::Operators(operators) = &receiver.parser else { panic!("{:?}", receiver.parser) };
    assert_eq!(operators.locations, ["Europe/Berlin"]);
    let expected = serde_json::json!({
        "multiline": {"line_start_pattern": "^>", "line_end_pattern": null, "omit_pattern": null},
        "preserve_leading_whitespaces": true, "max_log_size": 4096, "max_log_size_behavior": "truncate",
        "include_file_record_number": true, "attributes": {"a": "EXPR(body)"}, "resource": {"b": "c"},
        "operators": [
            {"type": "time_parser", "parse_from": "body", "layout": "%Y", "location": "Europe/Berlin"},
            {"type": "recombine", "combine_field": "body", "is_first_entry": "true", "force_flush_period": "3s"},
        ],
    });
    assert_eq!(serde_json::Value::Object(operators.config.clone()), expected);
    assert_eq!(again(&config), config);
}

#[test]
fn what_a_component_says_has_its_place() {
    let text = good_but(&[(
        "    include: [/var/log/syslog]\n",
        "    include: [/x]\n    operators:\n      - type: noop\n      - type: time_parser\n        layout: x\n",
    )]);
    let config = config(&text).unwrap();
    let receiver = &config.pipelines[0].receivers[0];
    let place = |message: &str| config.parser_problem(receiver, message).at.unwrap().to_string();
    assert_eq!(place("operators[1].layout: no"), "x.yaml:7:17");
    assert_eq!(place("operators[1].parse_from: missing"), "x.yaml:6:9");
    assert_eq!(place("operators[7].layout: no"), "x.yaml:4:5");
    assert_eq!(place("it is: no path"), "x.yaml:2:3");
}

#[test]
fn processors_of_the_collector_become_settings_of_a_component() {
    let text = good_but(&[
        (
            "processors:\n",
            "processors:\n  attributes/a: {actions: [{key: b, value: 5, action: insert}], include: {match_type: regexp, log_bodies: [x]}}\n  filter: {error_mode: ignore, logs: {exclude: {match_type: strict, record_attributes: [{key: k, value: v}]}}}\n",
        ),
        ("[resource, batch]", "[attributes/a, filter, resource, batch]"),
    ]);
    let config = config(&text).unwrap();
    let settings: Vec<serde_json::Value> = config.pipelines[0]
        .enrichers
        .iter()
        .map(|enricher| serde_json::from_str(&enricher.component.config_json).unwrap())
        .collect();
    let expected = [
        serde_json::json!({"actions": [{"key": "b", "value": 5, "action": "insert"}],
            "include": {"match_type": "regexp", "bodies": ["x"]}, "exclude": null}),
        serde_json::json!({"drop": true, "include": null,
            "exclude": {"match_type": "strict", "attributes": [{"key": "k", "value": "v"}]}}),
    ];
    assert_eq!(settings, expected);
    let place = |enricher: usize, message: &str| {
        config.enricher_problem(&config.pipelines[0].enrichers[enricher], message).at.unwrap().to_string()
    };
    assert_eq!(place(0, "actions[0].key: no"), "x.yaml:5:34");
    assert_eq!(place(1, "exclude.match_type: no"), "x.yaml:6:61");
    assert_eq!(again(&config), config);
}

/// Exporters with every option that is supported, none at its default.
const EXPORTERS: &str = "\
exporters:
  otlphttp:
    endpoint: http://localhost:4318
    encoding: json
    compression: x-snappy-framed
    disable_keep_alives: true
    idle_conn_timeout: 5s
    tls:
      ca_file: /ca.pem
      include_system_ca_certs_pool: true
      cert_file: /cert.pem
      key_file: /key.pem
      server_name_override: other.example
      min_version: 1.3
    retry_on_failure: {randomization_factor: 0.5, max_elapsed_time: 5m}
    sending_queue: {batch: {flush_timeout: 3s, min_size: 10, max_size: 20}}
  otlp:
    endpoint: collector.example:4317
    compression: zstd
    timeout: 7s
    authority: other.example
    keepalive: {time: 20s, timeout: 3s, permit_without_stream: true}
    tls: {max_version: \"1.2\"}
    retry_on_failure: {enabled: false}
  otlp_grpc/plain:
    endpoint: localhost:4317
    tls: {insecure: true}
  debug:
    verbosity: detailed
    sampling_initial: 5
    sampling_thereafter: 100
    output_paths: [stderr]
  file:
    path: /tmp/out.json
    format: proto
    compression: zstd
    create_directory: true
    rotation: {max_megabytes: 10, max_days: 3, max_backups: 5, localtime: true}
";

#[test]
fn exporters_of_each_type_are_resolved_and_written() {
    let list = "exporters: [otlphttp, otlp, otlp_grpc/plain, debug, file]";
    let exporters = "exporters:\n  otlphttp:\n    endpoint: http://localhost:4318\n";
    let config = config(&good_but(&[(exporters, EXPORTERS), ("exporters: [otlphttp]", list)])).unwrap();
    let found = &config.pipelines[0].exporters;
    let batch = |i: usize| (found[i].batch.timeout, found[i].batch.send_batch_size);
    assert_eq!((batch(0), batch(1)), ((Duration::from_secs(3), 10), (Duration::from_secs(10), 8192)));
    let Target::Grpc(encrypted) = &found[1].exporter.target else { panic!("{:?}", found[1]) };
    assert_eq!(encrypted.url.as_str(), "https://collector.example:4317/");
    assert_eq!((encrypted.client.timeout, found[1].exporter.retry.enabled), (Duration::from_secs(7), false));
    let Target::Grpc(plain) = &found[2].exporter.target else { panic!("{:?}", found[2]) };
    assert_eq!(plain.url.as_str(), "http://localhost:4317/");
    assert_eq!(plain.client.timeout, Duration::from_secs(5), "the collector's for gRPC");
    assert_eq!(again(&config).pipelines, config.pipelines);
}

#[test]
fn a_memory_limit_may_be_a_share() {
    let limited = |settings: &str| {
        let limiter = format!("processors:\n  memory_limiter: {settings}\n");
        let text = good_but(&[
            ("processors:\n", &limiter),
            ("[resource, batch]", "[memory_limiter, resource, batch]"),
        ]);
        config(&text).unwrap().pipelines[0].exporters[0].in_flight_bytes
    };
    // Of the 1 GiB that these tests have.
    assert_eq!(limited("{limit_percentage: 2}"), 20 << 18);
    assert_eq!(limited("{limit_percentage: 2, limit_mib: 24}"), 6 << 20);
    assert_eq!(limited("{limit_percentage: 75}"), 8 << 20, "the queue is the smaller bound");
}

#[test]
fn metrics_are_served_where_that_is_written() {
    let served = |metrics: &str| {
        let telemetry = format!("service:\n  telemetry: {{metrics: {metrics}}}\n");
        let config = config(&good_but(&[("service:\n", &telemetry)])).unwrap();
        assert_eq!(again(&config).metrics, config.metrics);
        config.metrics
    };
    let at = |endpoint: &str| Some(endpoint.to_owned());
    assert_eq!(served("{level: detailed}"), None);
    assert_eq!(served("{address: '0.0.0.0:8888'}"), at("0.0.0.0:8888"));
    assert_eq!(
        served("{readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 9}}}}]}"),
        at("0.0.0.0:9")
    );
    assert_eq!(served("{readers: [{pull: {exporter: {prometheus: {}}}}]}"), at("localhost:8888"));
    assert_eq!(served("{level: none, address: 'localhost:8888'}"), None);
}

#[test]
fn a_detection_is_resolved_and_written() {
    let detection = |settings: &str| {
        let processor =
            format!("processors:\n  resourcedetection: {{detectors: [ec2, system], {settings}}}\n");
        let list = "[resource, resourcedetection, batch]".to_owned();
        let config =
            config(&good_but(&[("processors:\n", &processor), ("[resource, batch]", &list)])).unwrap();
        assert_eq!(again(&config).pipelines, config.pipelines);
        let resource = config.pipelines[0].resource.clone();
        resource.detections().next().unwrap().clone()
    };
    let default = detection("");
    assert_eq!(default.system.attributes, ["host.name", "os.type"]);
    assert_eq!(default.system.hostname_sources, [HostnameSource::Dns, HostnameSource::Os]);
    assert_eq!((default.ec2.max_attempts, default.ec2.max_backoff), (3, Duration::from_secs(20)));
    assert_eq!((default.retry, default.fail_on_missing_metadata), (None, false));
    let all = detection(
        "attributes: [host.id], retry: {enabled: false, max_elapsed_time: 1m}, \
         ec2: {max_attempts: 5, max_backoff: 1s, tags_from_imds: true, fail_on_missing_metadata: true, \
         resource_attributes: {host.name: {enabled: false}, host.id: {enabled: true}}}, \
         system: {hostname_sources: [os, cname], resource_attributes: {os.type: {enabled: false}, host.ip: {enabled: true}}}",
    );
    assert_eq!(all.only, ["host.id"]);
    assert_eq!(all.ec2.disabled, ["host.name"]);
    assert!(all.ec2.tags_from_imds && all.fail_on_missing_metadata && !all.retry.unwrap().enabled);
    assert_eq!(all.system.attributes, ["host.name", "host.ip"]);
    assert_eq!(all.system.hostname_sources, [HostnameSource::Os, HostnameSource::Cname]);
}
