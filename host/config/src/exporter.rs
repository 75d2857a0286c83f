//! Exporters as they were resolved.

mod writing;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::Batch;
use crate::values::{Secret, duration, optional_duration};

/// Where records go.
#[derive(Debug, Clone, PartialEq)]
pub struct Exporter {
    /// As written: `otlphttp` or `otlphttp/NAME`.
    pub id: String,
    /// Where, and what is spoken there.
    pub target: Target,
    /// How much is under way at a time.
    pub queue: Queue,
    /// When to send again.
    pub retry: Retry,
    /// Where records go that the backend refuses.
    pub dead_letter: DeadLetter,
}

/// Where records go that the backend refuses for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// The file; without it `dead-letter/EXPORTER.jsonl` in the state folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// How long it may get before it is put aside.
    pub max_megabytes: u64,
    /// How many that were put aside are kept; at least one.
    pub max_backups: usize,
    /// How the records are found that the backend left out of a request.
    pub partial_success: PartialSuccess,
}

/// What happens to a request of which the backend says how many records it left out, but
/// not which.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartialSuccess {
    /// Its halves are sent again until the records are found; the others arrive again.
    #[default]
    Bisect,
    /// It is set aside as a whole, and nothing is sent again.
    Whole,
}

/// Where records go, and what is spoken there.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// OTLP over HTTP.
    Http(OtlpHttp),
    /// OTLP over gRPC.
    Grpc(OtlpGrpc),
    /// Printed for people.
    Debug(Debug),
    /// A file.
    File(FileTarget),
}

/// A backend that speaks OTLP over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct OtlpHttp {
    /// The whole address for logs: `http` or `https`, without user, password or query.
    pub url: Url,
    /// What a body is.
    pub encoding: Encoding,
    /// What requests go through, instead of what the environment says.
    pub proxy: Option<Secret>,
    /// Whether a connection serves more than one request.
    pub keep_alive: bool,
    /// How long a connection is kept that nobody uses.
    pub idle_timeout: Duration,
    /// What all backends have.
    pub client: Client,
}

/// What a request's body is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Encoding {
    #[default]
    Proto,
    Json,
}

/// A backend that speaks OTLP over gRPC.
#[derive(Debug, Clone, PartialEq)]
pub struct OtlpGrpc {
    /// `http://HOST:PORT`, or `https://HOST:PORT` for TLS.
    pub url: Url,
    /// The name to ask for instead of the address.
    pub authority: Option<String>,
    /// When to ask whether the backend is still there.
    pub keepalive: Option<Keepalive>,
    /// What all backends have.
    pub client: Client,
}

/// When to ask whether a backend is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Keepalive {
    /// After so long without a sign of it.
    #[serde(serialize_with = "duration")]
    pub time: Duration,
    /// How long it may take to answer.
    #[serde(serialize_with = "duration")]
    pub timeout: Duration,
    /// Whether to ask while nothing is sent.
    pub permit_without_stream: bool,
}

/// What all backends have.
#[derive(Debug, Clone, PartialEq)]
pub struct Client {
    /// How bodies are compressed.
    pub compression: Compression,
    /// For a whole request; never zero.
    pub timeout: Duration,
    /// Names in lower case, each once.
    pub headers: Vec<(String, Secret)>,
    /// How the backend proves who it is, and this host who it is.
    pub tls: Tls,
}

/// How a body is compressed. The level is the library's default where none is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compression {
    /// How.
    pub method: Method,
    /// How hard, for methods that have levels.
    pub level: Option<i32>,
}

/// Names of encodings; the empty one is the collector's other word for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Method {
    Gzip,
    Zstd,
    Zlib,
    Deflate,
    Snappy,
    #[serde(rename = "x-snappy-framed")]
    SnappyFramed,
    Lz4,
    #[serde(alias = "")]
    None,
}

/// How the backend proves who it is, and this host who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tls {
    /// Certificates (PEM) to trust instead of the system's.
    #[serde(flatten, serialize_with = "writing::ca")]
    pub ca: Option<Pem>,
    /// Whether to trust the system's too.
    pub include_system_ca_certs_pool: bool,
    /// Whether to believe any certificate.
    pub insecure_skip_verify: bool,
    /// Certificate and key for backends that ask for one.
    #[serde(flatten, serialize_with = "writing::own")]
    pub own: Option<(Pem, Pem)>,
    /// The name that the backend's certificate must have, where it is not the
    /// endpoint's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name_override: Option<String>,
    /// The oldest version to speak.
    pub min_version: TlsVersion,
    /// The newest one.
    pub max_version: TlsVersion,
}

/// Something in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pem {
    /// In a file.
    File(PathBuf),
    /// In the config.
    Text(Secret),
}

/// A version of TLS that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum TlsVersion {
    /// 1.2
    #[serde(rename = "1.2")]
    V12,
    /// 1.3
    #[serde(rename = "1.3")]
    V13,
}

/// How much is under way at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Requests at a time; 1 keeps the order of records.
    pub consumers: usize,
    /// The bound on bytes that are read and not yet acknowledged.
    pub bytes: u64,
    /// When a batch is sent to this exporter, instead of what the pipeline says.
    pub batch: Option<Batch>,
    /// What bounds the batches that are kept on disk while the backend is away. Without
    /// it none are, and lines wait in their files.
    pub spool: Option<SpoolLimits>,
}

/// At which point a spool takes nothing more and lines wait in their files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolLimits {
    /// When it takes so many bytes on disk; whole MiB.
    pub bytes: u64,
    /// When its oldest batch is older than this; `None`: however old it is.
    pub age: Option<Duration>,
}

/// When a batch that was not taken is sent again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retry {
    /// Whether it is sent again at all; if not, its lines become dead letters.
    pub enabled: bool,
    /// Before the second try; not zero.
    #[serde(serialize_with = "duration")]
    pub initial_interval: Duration,
    /// From one pause to the next; at least 1.
    pub multiplier: f64,
    /// The longest pause; at least `initial_interval`, at most a day.
    #[serde(serialize_with = "duration")]
    pub max_interval: Duration,
    /// Pauses are drawn from around the interval, this share of it less or more.
    /// Without it, from zero up to the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub randomization_factor: Option<f64>,
    /// After how long a batch is given up and its lines become dead letters. Without it: never,
    /// they wait in their file.
    #[serde(serialize_with = "optional_duration", skip_serializing_if = "Option::is_none")]
    pub max_elapsed_time: Option<Duration>,
}

/// Records printed for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Debug {
    /// How much.
    pub verbosity: Verbosity,
    /// How many batches a second before some are left out.
    pub sampling_initial: u64,
    /// Each so many-th of the rest.
    pub sampling_thereafter: u64,
    /// Where: one of the two.
    pub output_paths: [Output; 1],
}

/// How much is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Verbosity {
    #[default]
    Basic,
    Normal,
    Detailed,
}

/// Where it is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Output {
    #[default]
    Stdout,
    Stderr,
}

/// A file that is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileTarget {
    /// Its path; a relative one counts from the working directory.
    pub path: PathBuf,
    /// What a batch becomes.
    pub format: FileFormat,
    /// Whether each batch is compressed with Zstandard.
    #[serde(serialize_with = "writing::zstd")]
    pub compression: bool,
    /// Whether what is in it stays.
    pub append: bool,
    /// Whether to make its folder.
    pub create_directory: bool,
    /// When it is put aside and a new one begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
}

/// What a batch becomes in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum FileFormat {
    #[default]
    Json,
    Proto,
}

/// When a file is put aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rotation {
    /// How long it may get.
    pub max_megabytes: u64,
    /// How old one that was put aside may get; 0: as old as it likes.
    pub max_days: u64,
    /// How many are kept; 0: all.
    pub max_backups: usize,
    /// Whether their names are in the machine's zone.
    pub localtime: bool,
}
