//! Several files, and where things stand after they were merged and expanded.

use std::time::Duration;

use crate::{GOOD, Speaks as _, config, good_but, with_env};

#[test]
fn maps_merge_and_everything_else_is_replaced() {
    let over = "\
receivers:
  filelog:
    include: [/a, /b]
    exclude: [/c]
processors:
  batch:
    send_batch_size: 7
  wasm/severity: {component: severity}
service:
  pipelines:
    logs:
      processors: [wasm/severity, batch, resource]
";
    let config = with_env(&[("base.yaml", GOOD), ("over.yaml", over)], &[]).unwrap();
    let pipeline = &config.pipelines[0];
    let include: Vec<_> = pipeline.receivers[0].include.iter().map(|glob| glob.as_str()).collect();
    assert_eq!(include, ["/a", "/b"], "a list takes the place of the one before");
    assert_eq!(pipeline.receivers[0].exclude[0].as_str(), "/c", "a new key joins the map");
    assert_eq!(pipeline.exporters[0].batch.timeout, Duration::from_secs(10), "an old key stays in the map");
    assert_eq!(pipeline.exporters[0].batch.send_batch_size, 7);
    assert_eq!(pipeline.enrichers.len(), 1);
}

#[test]
fn null_clears_what_was_there() {
    let over = "processors: {batch: }\n";
    let config = with_env(&[("a.yaml", GOOD), ("b.yaml", over)], &[]).unwrap();
    assert_eq!(
        config.pipelines[0].exporters[0].batch.timeout,
        Duration::from_millis(200),
        "the defaults again"
    );
    let over = "processors: {batch: {timeout: null}}\n";
    let config = with_env(&[("a.yaml", GOOD), ("b.yaml", over)], &[]).unwrap();
    assert_eq!(config.pipelines[0].exporters[0].batch.timeout, Duration::from_millis(200));
    let errors = with_env(&[("a.yaml", GOOD), ("b.yaml", "exporters:\n")], &[]).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "error: exporter `otlphttp` is not defined\n  --> a.yaml:18:19\n  hint: define it under `exporters:`"
    );
}

#[test]
fn an_empty_file_changes_nothing() {
    let merged = with_env(&[("a.yaml", GOOD), ("b.yaml", "# nothing\n")], &[]).unwrap();
    assert_eq!(merged, config(GOOD).unwrap());
}

#[test]
fn each_mistake_is_told_in_the_file_it_came_from() {
    let base = good_but(&[("    timeout: 10s\n", "    timeout: 10s\n    send_batch_siez: 1\n")]);
    let over = "\
processors:
  # A comment moves nothing.
  batch:
    timeout: ${env:TIMEOUT}
exporters:
  otlphttp:
    endpoint: \"${env:SCHEME:-ftp}://h\"
    headers: {x-a: 1}
";
    let errors = with_env(&[("base.yaml", &base), ("over.yaml", over)], &[("TIMEOUT", "soon")]).unwrap_err();
    let places: Vec<_> = errors.0.iter().map(|e| e.at.as_ref().unwrap().to_string()).collect();
    assert_eq!(places, ["over.yaml:4:14", "base.yaml:10:5", "over.yaml:7:15", "over.yaml:8:20"]);
    let expected = "error: `timeout` of processor `batch`: `soon` is no duration\n  --> over.yaml:4:14\n";
    assert!(errors.to_string().starts_with(expected), "{errors}");
}

#[test]
fn mistakes_in_several_files_are_told_together() {
    let errors = with_env(&[("a.yaml", "a: [\n"), ("b.yaml", "a: 1\na: 2\n")], &[]).unwrap_err();
    let files: Vec<_> = errors.0.iter().map(|e| e.at.as_ref().unwrap().file.to_string()).collect();
    assert_eq!(files, ["a.yaml", "b.yaml"]);
}

#[test]
fn only_what_is_left_after_merging_is_expanded() {
    let base = good_but(&[("http://localhost:4318", "${env:NOT_SET}")]);
    let over = "exporters: {otlphttp: {endpoint: \"http://${env:HOST}:4318/\"}}\n";
    let config = with_env(&[("a.yaml", &base), ("b.yaml", over)], &[("HOST", "h")]).unwrap();
    assert_eq!(config.pipelines[0].exporters[0].http().url.as_str(), "http://h:4318/v1/logs");
}

#[test]
fn an_expanded_scalar_is_what_its_place_needs() {
    let text = good_but(&[
        ("    timeout: 10s\n", "    send_batch_size: ${env:SIZE}\n    timeout: \"${env:TIMEOUT}\"\n"),
        (
            "    endpoint: http://localhost:4318\n",
            "    endpoint: ${env:ENDPOINT:-http://localhost:4318}\n    compression: ${env:EMPTY}\n    headers:\n      \
             authorization: ${env:NUMBER}\n      x-escaped: a$$b\n    tls: {insecure_skip_verify: \"${env:YES}\"}\n",
        ),
    ]);
    let env = [("SIZE", "12"), ("TIMEOUT", "3s"), ("NUMBER", "0123"), ("YES", "true"), ("EMPTY", "")];
    let config = with_env(&[("x.yaml", &text)], &env).unwrap();
    let pipeline = &config.pipelines[0];
    assert_eq!(
        (pipeline.exporters[0].batch.send_batch_size, pipeline.exporters[0].batch.timeout),
        (12, Duration::from_secs(3))
    );
    let headers: Vec<_> = pipeline.exporters[0]
        .http()
        .client
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.reveal()))
        .collect();
    assert_eq!(headers, [("authorization", "0123"), ("x-escaped", "a$b")], "text where text is due");
    assert!(pipeline.exporters[0].http().client.tls.insecure_skip_verify);
}
