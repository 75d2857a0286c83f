//! Exporters.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, de};

use super::Retry;
use crate::exporter::{Encoding as BodyEncoding, FileFormat, Method, Output, PartialSuccess, Verbosity};
use crate::values::{ByteSize, Endpoint, GoDuration, GrpcEndpoint, HeaderName, PemText, Secret, Text};

written! {
    OtlpHttp {
        endpoint: Endpoint,
        logs_endpoint: Endpoint,
        encoding: BodyEncoding,
        compression: Method,
        compression_params: CompressionParams,
        timeout: GoDuration,
        headers: BTreeMap<HeaderName, Secret>,
        tls: Tls,
        proxy_url: Secret,
        disable_keep_alives: bool,
        idle_conn_timeout: GoDuration,
        retry_on_failure: Retry,
        sending_queue: SendingQueue,
        dead_letter: DeadLetter,
        read_buffer_size: de::IgnoredAny,
        write_buffer_size: de::IgnoredAny,
        max_idle_conns: de::IgnoredAny,
        max_idle_conns_per_host: de::IgnoredAny,
        max_conns_per_host: de::IgnoredAny,
        force_attempt_http2: de::IgnoredAny,
        http2_read_idle_timeout: de::IgnoredAny,
        http2_ping_timeout: de::IgnoredAny,
    }
}

written! {
    OtlpGrpc {
        endpoint: GrpcEndpoint,
        compression: Method,
        timeout: GoDuration,
        headers: BTreeMap<HeaderName, Secret>,
        tls: Tls,
        keepalive: Keepalive,
        authority: String,
        retry_on_failure: Retry,
        sending_queue: SendingQueue,
        dead_letter: DeadLetter,
        read_buffer_size: de::IgnoredAny,
        write_buffer_size: de::IgnoredAny,
        wait_for_ready: de::IgnoredAny,
        balancer_name: de::IgnoredAny,
    }
}

written! {
    Keepalive {
        time: GoDuration,
        timeout: GoDuration,
        permit_without_stream: bool,
    }
}

written! {
    CompressionParams {
        level: i32,
    }
}

written! {
    Tls {
        insecure: bool,
        insecure_skip_verify: bool,
        ca_file: PathBuf,
        ca_pem: PemText,
        cert_file: PathBuf,
        cert_pem: PemText,
        key_file: PathBuf,
        key_pem: PemText,
        include_system_ca_certs_pool: bool,
        server_name_override: String,
        min_version: Text,
        max_version: Text,
    }
}

written! {
    SendingQueue {
        enabled: bool,
        num_consumers: usize,
        queue_size: ByteSize,
        sizer: Sizer,
        block_on_overflow: bool,
        wait_for_result: bool,
        storage: String,
        storage_limit_mib: u64,
        storage_max_age: GoDuration,
        batch: QueueBatch,
    }
}

written! {
    DeadLetter {
        path: PathBuf,
        max_megabytes: u64,
        max_backups: usize,
        partial_success: PartialSuccess,
    }
}

written! {
    QueueBatch {
        flush_timeout: GoDuration,
        min_size: usize,
        max_size: usize,
        sizer: Sizer,
    }
}

/// What a queue's size counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sizer {
    Requests,
    Items,
    Bytes,
}

written! {
    Debug {
        verbosity: Verbosity,
        sampling_initial: u64,
        sampling_thereafter: u64,
        use_internal_logger: bool,
        output_paths: Vec<Output>,
    }
}

written! {
    File {
        path: PathBuf,
        rotation: Rotation,
        format: FileFormat,
        compression: WrittenCompression,
        append: bool,
        flush_interval: GoDuration,
        create_directory: bool,
    }
}

/// How the file exporter compresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WrittenCompression {
    Zstd,
    #[serde(alias = "none")]
    #[serde(rename = "")]
    None,
}

written! {
    Rotation {
        max_megabytes: u64,
        max_days: u64,
        max_backups: usize,
        localtime: bool,
    }
}
