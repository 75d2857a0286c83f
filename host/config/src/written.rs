//! The config as it was written: one struct per kind of component, close to the
//! YAML, everything optional. Defaults and checks across keys are the next
//! stage's ([`crate::resolve`]).
//!
//! To add an option: a field here, a field and a line in [`crate::resolve`], and
//! its line in [`crate::unsupported`] goes.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::config::{Accept, LogLevel, LongLine, StartAt, SwapMode};
use crate::detection::HostnameSource;
use crate::files::{FileCompression, SortType};
use crate::values::{ByteSize, Encoding, Glob, GoDuration, Pattern, Sha256, Text};

/// A component's settings with their defaults left open.
macro_rules! written {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, deny_unknown_fields, expecting = "a map")]
        pub(crate) struct $name { $(pub(crate) $field: Option<$type>,)* }
    };
}

mod exporter;

pub(crate) use exporter::*;

written! {
    FileLog {
        include: Vec<Glob>,
        exclude: Vec<Glob>,
        exclude_older_than: GoDuration,
        start_at: StartAt,
        poll_interval: GoDuration,
        force_flush_period: GoDuration,
        fingerprint_size: ByteSize,
        max_log_size: ByteSize,
        include_file_name: bool,
        include_file_path: bool,
        include_file_name_resolved: bool,
        include_file_path_resolved: bool,
        include_file_owner_name: bool,
        include_file_owner_group_name: bool,
        include_file_permissions: bool,
        include_file_record_number: bool,
        include_file_record_offset: bool,
        include_record_uid: bool,
        attributes: BTreeMap<String, Text>,
        resource: BTreeMap<String, Text>,
        multiline: Multiline,
        preserve_leading_whitespaces: bool,
        preserve_trailing_whitespaces: bool,
        max_log_size_behavior: LongLine,
        encoding: Encoding,
        compression: FileCompression,
        max_concurrent_files: usize,
        ordering_criteria: OrderingCriteria,
        operators: Vec<serde_json::Value>,
        retry_on_failure: Retry,
        storage: String,
        parser: Component,
        timezone: String,
    }
}

written! {
    Multiline {
        line_start_pattern: String,
        line_end_pattern: String,
        omit_pattern: bool,
    }
}

written! {
    OrderingCriteria {
        regex: Pattern,
        group_by: Pattern,
        top_n: usize,
        sort_by: Vec<SortBy>,
    }
}

written! {
    SortBy {
        sort_type: SortType,
        regex_key: String,
        ascending: bool,
        layout: String,
        location: String,
    }
}

written! {
    ResourceDetection {
        detectors: Vec<String>,
        timeout: GoDuration,
        r#override: bool,
        refresh_interval: GoDuration,
        wait: GoDuration,
        attributes: Vec<String>,
        fail_on_missing_metadata: bool,
        retry: Retry,
        ec2: Ec2,
        system: System,
    }
}

written! {
    Ec2 {
        tags: Vec<Pattern>,
        resource_attributes: BTreeMap<String, Switch>,
        tags_from_imds: bool,
        max_attempts: u32,
        max_backoff: GoDuration,
        fail_on_missing_metadata: bool,
    }
}

written! {
    System {
        resource_attributes: BTreeMap<String, Switch>,
        hostname_sources: Vec<HostnameSource>,
    }
}

written! {
    Switch {
        enabled: bool,
    }
}

written! {
    Resource {
        attributes: Vec<serde_json::Value>,
    }
}

written! {
    Attributes {
        actions: Vec<serde_json::Value>,
        include: serde_json::Value,
        exclude: serde_json::Value,
    }
}

written! {
    Filter {
        logs: FilterLogs,
        error_mode: String,
    }
}

written! {
    FilterLogs {
        include: serde_json::Value,
        exclude: serde_json::Value,
    }
}

written! {
    Batch {
        timeout: GoDuration,
        send_batch_size: usize,
        send_batch_max_size: usize,
    }
}

written! {
    MemoryLimiter {
        check_interval: GoDuration,
        limit_mib: u64,
        spike_limit_mib: u64,
        limit_percentage: u64,
        spike_limit_percentage: u64,
    }
}

written! {
    Retry {
        enabled: bool,
        initial_interval: GoDuration,
        multiplier: f64,
        randomization_factor: f64,
        max_interval: GoDuration,
        max_elapsed_time: GoDuration,
    }
}

written! {
    FileStorage {
        directory: PathBuf,
        create_directory: bool,
    }
}

written! {
    HealthCheck {
        endpoint: String,
        path: String,
    }
}

written! {
    Service {
        extensions: Vec<String>,
        pipelines: BTreeMap<String, de::IgnoredAny>,
        telemetry: Telemetry,
    }
}

written! {
    Telemetry {
        logs: TelemetryLogs,
        metrics: TelemetryMetrics,
    }
}

written! {
    TelemetryMetrics {
        level: MetricsLevel,
        address: String,
        readers: Vec<MetricsReader>,
    }
}

/// How much is measured. Here it is all or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MetricsLevel {
    None,
    Basic,
    Normal,
    Detailed,
}

written! {
    MetricsReader {
        pull: MetricsPull,
    }
}

written! {
    MetricsPull {
        exporter: MetricsExporter,
    }
}

written! {
    MetricsExporter {
        prometheus: Prometheus,
    }
}

written! {
    Prometheus {
        host: String,
        port: u16,
        without_scope_info: de::IgnoredAny,
        without_units: de::IgnoredAny,
        without_type_suffix: de::IgnoredAny,
        with_resource_constant_labels: de::IgnoredAny,
    }
}

written! {
    TelemetryLogs {
        level: LogLevel,
    }
}

written! {
    Pipeline {
        receivers: Vec<String>,
        processors: Vec<String>,
        exporters: Vec<String>,
    }
}

written! {
    /// A sandboxed component where it is a processor of its own.
    ComponentMap {
        component: String,
        config: serde_json::Value,
        limits: Limits,
        sha256: Sha256,
        swap: Swap,
    }
}

written! {
    Components {
        directory: PathBuf,
        trust: Trust,
        swap: Swap,
    }
}

written! {
    Trust {
        keys: Vec<String>,
        require: bool,
    }
}

written! {
    Swap {
        mode: SwapMode,
        chunks: u64,
        accept: Accept,
        rollback: GoDuration,
    }
}

written! {
    Limits {
        memory: ByteSize,
        cpu: GoDuration,
        output: ByteSize,
        log_lines: u32,
        size: ByteSize,
        compile_memory: ByteSize,
        compile_time: GoDuration,
    }
}

/// A sandboxed component: its name or path alone, or with settings.
#[derive(Debug)]
pub(crate) struct Component(pub(crate) ComponentMap);

impl<'de> Deserialize<'de> for Component {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;

        impl<'de> Visitor<'de> for Reading {
            type Value = Component;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`auto`, a parser's name, FILE.wasm, or a map with `component`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Component, E> {
                Ok(Component(ComponentMap { component: Some(text.to_owned()), ..ComponentMap::default() }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Component, A::Error> {
                ComponentMap::deserialize(MapAccessDeserializer::new(map)).map(Component)
            }
        }

        deserializer.deserialize_any(Reading)
    }
}
