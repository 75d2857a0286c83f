//! How exporters are written as they would stand in a config.

use std::time::Duration;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::values::{Secret, duration, size};

use super::{Client, DeadLetter, Encoding, Exporter, Keepalive, Method, Pem, Retry, Target, Tls};

pub(super) fn ca<S: Serializer>(ca: &Option<Pem>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    match ca {
        Some(Pem::File(path)) => map.serialize_entry("ca_file", path)?,
        Some(Pem::Text(text)) => map.serialize_entry("ca_pem", text)?,
        None => {}
    }
    map.end()
}

pub(super) fn own<S: Serializer>(own: &Option<(Pem, Pem)>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    if let Some((certificate, key)) = own {
        match certificate {
            Pem::File(path) => map.serialize_entry("cert_file", path)?,
            Pem::Text(text) => map.serialize_entry("cert_pem", text)?,
        }
        match key {
            Pem::File(path) => map.serialize_entry("key_file", path)?,
            Pem::Text(text) => map.serialize_entry("key_pem", text)?,
        }
    }
    map.end()
}

pub(super) fn zstd<S: Serializer>(yes: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *yes { "zstd" } else { "" })
}

#[derive(Serialize)]
struct WrittenClient<'a> {
    compression: Method,
    #[serde(skip_serializing_if = "Option::is_none")]
    compression_params: Option<Level>,
    #[serde(serialize_with = "duration")]
    timeout: Duration,
    headers: std::collections::BTreeMap<&'a str, &'a Secret>,
    tls: &'a Tls,
}

#[derive(Serialize)]
struct Level {
    level: i32,
}

#[derive(Serialize)]
struct WrittenQueue<'a> {
    num_consumers: usize,
    sizer: &'static str,
    #[serde(serialize_with = "size")]
    queue_size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<WrittenBatch<'a>>,
    #[serde(flatten)]
    storage: Option<WrittenStorage>,
}

/// The one `file_storage` of an effective config is its state folder, where spools lie.
#[derive(Serialize)]
struct WrittenStorage {
    storage: &'static str,
    storage_limit_mib: u64,
    #[serde(serialize_with = "duration")]
    storage_max_age: Duration,
}

#[derive(Serialize)]
struct WrittenBatch<'a> {
    #[serde(serialize_with = "duration")]
    flush_timeout: Duration,
    min_size: &'a usize,
    max_size: &'a usize,
}

#[derive(Serialize)]
struct Sending<'a> {
    retry_on_failure: &'a Retry,
    sending_queue: WrittenQueue<'a>,
    dead_letter: &'a DeadLetter,
}

#[derive(Serialize)]
struct WrittenHttp<'a> {
    logs_endpoint: &'a str,
    encoding: Encoding,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy_url: Option<&'a Secret>,
    disable_keep_alives: bool,
    #[serde(serialize_with = "duration")]
    idle_conn_timeout: Duration,
    #[serde(flatten)]
    client: WrittenClient<'a>,
    #[serde(flatten)]
    sending: Sending<'a>,
}

#[derive(Serialize)]
struct WrittenGrpc<'a> {
    endpoint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keepalive: Option<Keepalive>,
    #[serde(flatten)]
    client: WrittenClient<'a>,
    #[serde(flatten)]
    sending: Sending<'a>,
}

impl Client {
    fn written(&self) -> WrittenClient<'_> {
        WrittenClient {
            compression: self.compression.method,
            compression_params: self.compression.level.map(|level| Level { level }),
            timeout: self.timeout,
            headers: self.headers.iter().map(|(name, value)| (name.as_str(), value)).collect(),
            tls: &self.tls,
        }
    }
}

impl Exporter {
    fn sending(&self) -> Sending<'_> {
        let batch = self.queue.batch.as_ref().map(|batch| WrittenBatch {
            flush_timeout: batch.timeout,
            min_size: &batch.send_batch_size,
            max_size: &batch.send_batch_max_size,
        });
        let sending_queue = WrittenQueue {
            num_consumers: self.queue.consumers,
            sizer: "bytes",
            queue_size: self.queue.bytes,
            batch,
            storage: self.queue.spool.map(|limits| WrittenStorage {
                storage: "file_storage",
                storage_limit_mib: limits.bytes >> 20,
                storage_max_age: limits.age.unwrap_or_default(),
            }),
        };
        Sending { retry_on_failure: &self.retry, sending_queue, dead_letter: &self.dead_letter }
    }
}

impl Serialize for Exporter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.target {
            Target::Http(http) => WrittenHttp {
                logs_endpoint: http.url.as_str(),
                encoding: http.encoding,
                proxy_url: http.proxy.as_ref(),
                disable_keep_alives: !http.keep_alive,
                idle_conn_timeout: http.idle_timeout,
                client: http.client.written(),
                sending: self.sending(),
            }
            .serialize(serializer),
            Target::Grpc(grpc) => WrittenGrpc {
                endpoint: grpc.url.as_str(),
                authority: grpc.authority.as_deref(),
                keepalive: grpc.keepalive,
                client: grpc.client.written(),
                sending: self.sending(),
            }
            .serialize(serializer),
            Target::Debug(debug) => debug.serialize(serializer),
            Target::File(file) => file.serialize(serializer),
        }
    }
}
