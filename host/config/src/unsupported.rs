//! What the collector has and this version does not: names that are no typing
//! mistakes and deserve a better answer than "unknown".

/// Options: the kind of component, the option's path, what to do instead.
const OPTIONS: &[(&str, &str, &str)] = &[
    ("filelog", "initial_buffer_size", "leave it out; one buffer is used again and again"),
    ("filelog", "max_batches", "leave it out"),
    ("filelog", "delete_after_read", "leave it out; Skidway never deletes a log file"),
    ("filelog", "acquire_fs_lock", "leave it out"),
    ("filelog", "header", "leave it out"),
    ("filelog", "on_truncate", "leave it out; a truncated file is read from its start"),
    ("filelog", "polls_to_archive", "leave it out; positions are kept on disk"),
    ("filelog", "file_cache_advise", "leave it out"),
    ("resource", "attributes.from_context", "write the `value`"),
    ("batch", "metadata_keys", "leave it out"),
    ("batch", "metadata_cardinality_limit", "leave it out"),
    ("otlphttp", "auth", "put the token into `headers.authorization`"),
    ("otlphttp", "traces_endpoint", "leave it out; Skidway moves logs only"),
    ("otlphttp", "metrics_endpoint", "leave it out; Skidway moves logs only"),
    ("otlphttp", "profiles_endpoint", "leave it out; Skidway moves logs only"),
    ("otlphttp", "cookies", "leave it out"),
    ("otlphttp", "tls.cipher_suites", "leave it out; the safe ones are used"),
    ("otlphttp", "tls.curve_preferences", "leave it out; the safe ones are used"),
    ("otlphttp", "tls.reload_interval", "leave it out; restart the agent when a certificate changes"),
    ("otlphttp", "middlewares", "leave it out"),
    ("otlp", "auth", "put the token into `headers.authorization`"),
    ("otlp", "compression_params", "leave it out; gRPC has no levels"),
    ("otlp", "tls.cipher_suites", "leave it out; the safe ones are used"),
    ("otlp", "tls.curve_preferences", "leave it out; the safe ones are used"),
    ("otlp", "tls.reload_interval", "leave it out; restart the agent when a certificate changes"),
    ("otlp", "middlewares", "leave it out"),
    ("debug", "sending_queue", "leave it out"),
    ("file", "group_by", "write a `file` exporter for each file, in pipelines of their own"),
    ("file", "encoding", "leave it out; `format` says what is written"),
    ("file_storage", "timeout", "leave it out"),
    ("file_storage", "compaction", "leave it out; the state is small"),
    ("file_storage", "fsync", "leave it out; the state is always synced"),
    (
        "service",
        "telemetry.metrics.readers.periodic",
        "let Prometheus fetch them: `pull: {exporter: {prometheus: {port: 8888}}}`",
    ),
    (
        "service",
        "telemetry.metrics.readers.pull.exporter.otlp",
        "`pull: {exporter: {prometheus: {port: 8888}}}`",
    ),
    ("service", "telemetry.metrics.views", "leave it out"),
    ("service", "telemetry.traces", "leave it out"),
    ("service", "telemetry.resource", "leave it out"),
    ("service", "telemetry.logs.encoding", "leave it out; text on a terminal, JSON otherwise"),
    ("config", "connectors", "Skidway has none; send each pipeline to its exporter"),
];

/// Types of components: the section, the type, what to do instead.
const TYPES: &[(&str, &str, &str)] = &[
    ("exporter", "logging", "it is called `debug` now"),
    ("receiver", "journald", "let rsyslog write files, and read them with `filelog`"),
    ("receiver", "otlp", "send to the backend itself"),
    ("extension", "zpages", "leave it out; `service.telemetry.metrics` and the log say how it goes"),
    ("extension", "pprof", "leave it out"),
    ("extension", "opamp", "leave it out"),
    ("extension", "memory_ballast", "leave it out; memory is bounded without it"),
    ("extension", "basicauth", "put `Basic …` into `headers.authorization` of the exporter"),
    ("extension", "bearertokenauth", "put `Bearer …` into `headers.authorization` of the exporter"),
    ("extension", "headers_setter", "use `headers` of the exporter"),
];

/// What to do instead of an option of the collector that is not supported.
pub(crate) fn option(kind: &str, path: &str) -> Option<&'static str> {
    // `attributes[2].pattern` is `attributes.pattern` here.
    let mut plain = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        inside = (inside || c == '[') && c != ']';
        if !inside && c != ']' {
            plain.push(c);
        }
    }
    OPTIONS.iter().find(|(k, p, _)| *k == kind && *p == plain).map(|(_, _, hint)| *hint)
}

/// What to do instead of a type of component that is not supported.
pub(crate) fn component(section: &str, kind: &str) -> Option<&'static str> {
    TYPES.iter().find(|(s, k, _)| *s == section && *k == kind).map(|(_, _, hint)| *hint)
}
