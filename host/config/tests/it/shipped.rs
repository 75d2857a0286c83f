//! The configs that users copy.

use std::path::Path;
use std::time::Duration;

use skidway_config::{Config, Parser, StartAt, Surroundings, load};

use crate::Speaks as _;

fn shipped(name: &str, env: &[(&str, &str)]) -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs").join(name);
    let lookup = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
    let surroundings = Surroundings {
        is_file: &|_| false,
        file: &|_| Err(std::io::ErrorKind::NotFound.into()),
        env: &lookup,
        known_zone: &|_| false,
        memory: Some(1 << 30),
        state_dir: None,
    };
    load(&[path], &surroundings).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn the_configs_for_hosts_are_right() {
    let key = [("CLICKSTACK_API_KEY", "key")];
    for (name, first) in [("ubuntu.yaml", "/var/log/syslog"), ("amazon-linux.yaml", "/var/log/messages")] {
        let config = shipped(name, &key);
        assert_eq!(config.warnings, [], "{name}");
        assert_eq!(config.state_dir, Path::new("/var/lib/skidway"));
        let [pipeline] = config.pipelines.as_slice() else { panic!("one pipeline") };
        let receiver = &pipeline.receivers[0];
        assert_eq!(receiver.include.first().unwrap().as_str(), first);
        assert_eq!(receiver.include.last().unwrap().as_str(), "/var/log/**/*.log");
        assert_eq!(receiver.start_at, StartAt::End);
        assert!(matches!(receiver.parser, Parser::Auto { .. }));
        let detection = pipeline.resource.detections().next().unwrap();
        assert_eq!((detection.ec2.tags.len(), detection.override_existing), (3, false));
        assert_eq!(
            (pipeline.exporters[0].batch.timeout, pipeline.exporters[0].batch.send_batch_size),
            (Duration::from_secs(10), 1024)
        );
        assert_eq!(pipeline.enrichers[0].id, "wasm/severity");
        assert_eq!(pipeline.exporters[0].http().url.as_str(), "http://localhost:4318/v1/logs");
        assert_eq!(pipeline.exporters[0].http().client.headers[0].1.reveal(), "key");
        let elsewhere = [("CLICKSTACK_API_KEY", "key"), ("CLICKSTACK_ENDPOINT", "https://c.example/otlp/")];
        let config = shipped(name, &elsewhere);
        assert_eq!(config.pipelines[0].exporters[0].http().url.as_str(), "https://c.example/otlp/v1/logs");
    }
}

#[test]
fn the_demo_config_needs_no_environment_and_follows_it() {
    let config = shipped("demo.yaml", &[]);
    assert_eq!(config.warnings, []);
    assert_eq!(config.pipelines[0].receivers[0].start_at, StartAt::Beginning);
    assert_eq!(config.pipelines[0].exporters[0].batch.timeout, Duration::from_millis(200));
    let env = [
        ("SKIDWAY_DEMO_LOG", "/tmp/x.log"),
        ("SKIDWAY_DEMO_STATE", "/tmp/state"),
        ("SKIDWAY_DEMO_TIMEZONE", "UTC"),
        ("CLICKSTACK_ENDPOINT", "http://127.0.0.1:1"),
    ];
    let config = shipped("demo.yaml", &env);
    assert_eq!(config.state_dir, Path::new("/tmp/state"));
    assert_eq!(config.pipelines[0].receivers[0].include[0].as_str(), "/tmp/x.log");
    assert_eq!(config.pipelines[0].exporters[0].http().url.as_str(), "http://127.0.0.1:1/v1/logs");
}
