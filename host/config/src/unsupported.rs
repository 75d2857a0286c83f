//! What the collector has and this version does not: names that are no typing
//! mistakes and deserve a better answer than "unknown".

/// Options: the kind of component, the option's path, what to do instead.
const OPTIONS: &[(&str, &str, &str)] = &[
    ("filelog", "include_file_owner_name", "`include_file_name` and `include_file_path` are supported"),
    ("filelog", "include_file_owner_group_name", "`include_file_name` and `include_file_path` are supported"),
    ("filelog", "include_file_permissions", "`include_file_name` and `include_file_path` are supported"),
    ("filelog", "initial_buffer_size", "leave it out; one buffer is used again and again"),
    ("filelog", "max_concurrent_files", "leave it out"),
    ("filelog", "max_batches", "leave it out"),
    ("filelog", "delete_after_read", "leave it out; Skidway never deletes a log file"),
    ("filelog", "acquire_fs_lock", "leave it out"),
    ("filelog", "header", "leave it out"),
    ("filelog", "ordering_criteria", "leave it out"),
    ("filelog", "compression", "leave it out; compressed files are not read"),
    ("filelog", "on_truncate", "leave it out; a truncated file is read from its start"),
    ("filelog", "polls_to_archive", "leave it out; positions are kept on disk"),
    ("filelog", "file_cache_advise", "leave it out"),
    ("resourcedetection", "attributes", "leave it out; it is deprecated"),
    ("resourcedetection", "fail_on_missing_metadata", "leave it out; records wait at most `wait`"),
    ("resourcedetection", "retry", "leave it out; the metadata service is asked again by itself"),
    ("resourcedetection", "ec2.max_attempts", "leave it out"),
    ("resourcedetection", "ec2.max_backoff", "leave it out"),
    ("resourcedetection", "ec2.tags_from_imds", "leave it out; tags are read from the metadata service"),
    ("resourcedetection", "ec2.fail_on_missing_metadata", "leave it out; records wait at most `wait`"),
    ("resource", "attributes.from_context", "write the `value`"),
    ("batch", "metadata_keys", "leave it out"),
    ("batch", "metadata_cardinality_limit", "leave it out"),
    ("otlphttp", "encoding", "leave it out; records are sent as protobuf"),
    ("otlphttp", "proxy_url", "set HTTP_PROXY or HTTPS_PROXY in the environment"),
    ("otlphttp", "auth", "put the token into `headers.authorization`"),
    ("otlphttp", "traces_endpoint", "leave it out; Skidway moves logs only"),
    ("otlphttp", "metrics_endpoint", "leave it out; Skidway moves logs only"),
    ("otlphttp", "profiles_endpoint", "leave it out; Skidway moves logs only"),
    ("otlphttp", "read_buffer_size", "leave it out"),
    ("otlphttp", "write_buffer_size", "leave it out"),
    ("otlphttp", "max_idle_conns", "leave it out; connections are kept"),
    ("otlphttp", "max_idle_conns_per_host", "leave it out; connections are kept"),
    ("otlphttp", "max_conns_per_host", "leave it out; `sending_queue.num_consumers` bounds it"),
    ("otlphttp", "idle_conn_timeout", "leave it out; connections are kept"),
    ("otlphttp", "disable_keep_alives", "leave it out; connections are kept"),
    ("otlphttp", "cookies", "leave it out"),
    ("otlphttp", "tls.ca_pem", "write it to a file and use `ca_file`"),
    ("otlphttp", "tls.cert_file", "client certificates come with a later version"),
    ("otlphttp", "tls.cert_pem", "client certificates come with a later version"),
    ("otlphttp", "tls.key_file", "client certificates come with a later version"),
    ("otlphttp", "tls.key_pem", "client certificates come with a later version"),
    (
        "otlphttp",
        "tls.include_system_ca_certs_pool",
        "leave it out; `ca_file` replaces the system's certificates",
    ),
    ("otlphttp", "tls.min_version", "leave it out; TLS 1.2 is the lowest"),
    ("otlphttp", "tls.max_version", "leave it out"),
    ("otlphttp", "tls.cipher_suites", "leave it out"),
    ("otlphttp", "tls.server_name_override", "leave it out; use the name in `endpoint`"),
    ("otlphttp", "tls.reload_interval", "leave it out"),
    ("otlphttp", "sending_queue.block_on_overflow", "leave it out; reading always waits, nothing is dropped"),
    (
        "otlphttp",
        "sending_queue.wait_for_result",
        "leave it out; a file's position moves only with the answer",
    ),
    ("otlphttp", "sending_queue.storage", "leave it out; the log file is the queue"),
    ("otlphttp", "sending_queue.batch", "use the `batch` processor"),
    ("file_storage", "timeout", "leave it out"),
    ("file_storage", "compaction", "leave it out; the state is small"),
    ("file_storage", "fsync", "leave it out; the state is always synced"),
    ("service", "telemetry.metrics", "Skidway's own metrics come with a later version"),
    ("service", "telemetry.traces", "leave it out"),
    ("service", "telemetry.resource", "leave it out"),
    ("service", "telemetry.logs.encoding", "leave it out; text on a terminal, JSON otherwise"),
    ("config", "connectors", "Skidway has none; send each pipeline to its exporter"),
];

/// Types of components: the section, the type, what to do instead.
const TYPES: &[(&str, &str, &str)] = &[
    ("exporter", "otlp", "gRPC comes with a later version; use `otlphttp` with port 4318"),
    ("exporter", "otlp_grpc", "gRPC comes with a later version; use `otlphttp` with port 4318"),
    ("exporter", "debug", "`skidway parse FILE` prints records"),
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
