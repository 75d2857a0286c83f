//! The config as it was resolved: only valid values, defaults filled in. This is
//! what the agent runs on; nothing of what was written travels further.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Trust;
use crate::exporter::Exporter;
use crate::files::{FileCompression, Ordering};
use crate::problem::Warning;
use crate::resource::Resource;
use crate::values::{Encoding, Glob};

/// A config that can be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// In the order of the file; at least one.
    pub pipelines: Vec<Pipeline>,
    /// Where positions in files are kept.
    pub state_dir: PathBuf,
    /// Whether to create `state_dir` where it does not exist.
    pub create_state_dir: bool,
    /// The least severe level to log.
    pub log_level: LogLevel,
    /// What holds for all components.
    pub components: Components,
    /// Where to answer that the agent runs, if anywhere.
    pub health_check: Option<HealthCheck>,
    /// Host and port to serve numbers for Prometheus on, if anywhere.
    pub metrics: Option<String>,
    /// What the user should know before the start.
    pub warnings: Vec<Warning>,
    /// What was resolved, in the form of the file.
    pub(crate) effective: serde_yaml::Value,
    /// Where settings stand in the files.
    pub(crate) places: crate::places::Places,
}

/// Where the agent answers that it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthCheck {
    /// Host and port to listen on.
    pub endpoint: String,
    /// The path that is answered.
    pub path: String,
}

/// From files to a backend.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// As written: `logs` or `logs/NAME`.
    pub name: String,
    /// At least one. A receiver may be in several pipelines: each reads its files.
    pub receivers: Vec<FileLog>,
    /// What describes the host.
    pub resource: Resource,
    /// In the order in which records pass through them.
    pub enrichers: Vec<Enricher>,
    /// Where records are sent to: at least one, each with all of them.
    pub exporters: Vec<Export>,
}

/// An exporter in a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// Where records go.
    pub exporter: Exporter,
    /// When a batch is sent.
    pub batch: Batch,
    /// The bound on bytes that are read for it and not yet acknowledged; reading
    /// waits beyond it. The smaller one of the exporter's `sending_queue` in bytes
    /// (8 MiB) and a quarter of the memory limiter's `limit_mib`, at least 4 MiB.
    pub in_flight_bytes: u64,
}

/// Files to follow.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileLog {
    /// As written: `filelog` or `filelog/NAME`.
    #[serde(skip)]
    pub id: String,
    /// At least one.
    pub include: Vec<Glob>,
    /// Taken away from what `include` found.
    pub exclude: Vec<Glob>,
    /// Files that were not written to for longer are left alone until they change.
    #[serde(serialize_with = "crate::values::optional_duration", skip_serializing_if = "Option::is_none")]
    pub exclude_older_than: Option<Duration>,
    /// For files that are there when the agent starts and have no checkpoint.
    pub start_at: StartAt,
    /// How long a change may go unnoticed where the system does not tell of it.
    #[serde(serialize_with = "crate::values::duration")]
    pub poll_interval: Duration,
    /// How long a last line without a line feed waits for its rest; zero: for ever.
    #[serde(serialize_with = "crate::values::duration")]
    pub force_flush_period: Duration,
    /// How many first bytes identify a file; 16 to 65536.
    #[serde(serialize_with = "crate::values::size")]
    pub fingerprint_size: u64,
    /// Longer lines are split or truncated; 1 KiB to 16 MiB.
    #[serde(serialize_with = "crate::values::size")]
    pub max_log_size: u64,
    /// Which of the two. Where it was written it is a setting of the operators, too.
    #[serde(skip)]
    pub on_long_line: LongLine,
    /// Whether records get `log.file.name`.
    pub include_file_name: bool,
    /// Whether records get `log.file.path`.
    pub include_file_path: bool,
    /// Whether records get `log.file.name_resolved`, symbolic links followed.
    pub include_file_name_resolved: bool,
    /// Whether records get `log.file.path_resolved`, symbolic links followed.
    pub include_file_path_resolved: bool,
    /// Whether records get `log.file.owner.name`.
    pub include_file_owner_name: bool,
    /// Whether records get `log.file.owner.group.name`.
    pub include_file_owner_group_name: bool,
    /// Whether records get `log.file.permissions`, such as `640`.
    pub include_file_permissions: bool,
    /// Whether records get `log.record.uid`, by which one that comes twice is recognised.
    pub include_record_uid: bool,
    /// Set on every record. For operators, values may hold `EXPR(...)`.
    pub attributes: BTreeMap<String, String>,
    /// Set on what wrote the records. For operators, values may hold `EXPR(...)`.
    pub resource: BTreeMap<String, String>,
    /// How long whole lines that the parser holds back wait for what follows them.
    #[serde(skip)]
    pub settle: Duration,
    /// How the files' characters are encoded.
    pub encoding: Encoding,
    /// Which files are compressed.
    pub compression: FileCompression,
    /// How many files are open at once; the others wait for their turn.
    pub max_concurrent_files: usize,
    /// Follow only the first files of this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordering_criteria: Option<Ordering>,
    /// What turns lines into records.
    pub parser: Parser,
    /// The zone of time stamps that name none.
    pub timezone: Zone,
}

/// What becomes of the rest of a line that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LongLine {
    /// It is the next entry.
    Split,
    /// It is left out.
    Truncate,
}

/// Where to begin in a file that has no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartAt {
    /// With what is written from now on.
    End,
    /// With the first line.
    Beginning,
}

/// What turns lines into records.
#[derive(Debug, Clone, PartialEq)]
pub enum Parser {
    /// Chosen per file by letting each parser look at it: the bundled ones, and those of
    /// the components' directory.
    Auto {
        /// What each of them may use.
        limits: Limits,
        /// How a changed one takes over.
        swap: Swap,
    },
    /// This one.
    Component(Component),
    /// The collector's operators, in the order of the list; none of them gives lines
    /// as they are.
    Operators(Operators),
}

/// What the bundled component `operators` is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Operators {
    /// For its `configure` function: JSON, to which the zones are to be added.
    pub config: serde_json::Map<String, serde_json::Value>,
    /// Names of time zones that operators mention.
    pub locations: Vec<String>,
    /// What it may use.
    pub limits: Limits,
    /// How a changed one takes over.
    pub swap: Swap,
}

/// A sandboxed component and what it is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Where its code is.
    pub source: ComponentSource,
    /// For its `configure` function: JSON, `{}` where nothing was written.
    pub config_json: String,
    /// What it may use.
    pub limits: Limits,
    /// The digest of the only bytes that may be loaded.
    pub sha256: Option<[u8; 32]>,
    /// How a changed one takes over.
    pub swap: Swap,
}

/// Where a component's code is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComponentSource {
    /// `NAME.wasm` of the components' directory, or else the part of the agent of that
    /// name: `ubuntu`, `amazon-linux`, `severity`.
    Named(String),
    /// A `.wasm` file; a relative path counts from the working directory.
    File(PathBuf),
    /// What was fetched from a registry: `HOST/NAME:TAG` or `HOST/NAME@sha256:HEX`.
    Oci(String),
}

/// What holds for all components.
#[derive(Debug, Clone, PartialEq)]
pub struct Components {
    /// `NAME.wasm` in it takes the place of the bundled `NAME`, or is a further component
    /// that configs may call `NAME`. It need not exist.
    pub directory: PathBuf,
    /// Whose components are loaded.
    pub trust: Trust,
    /// How a changed one takes over where its own settings say nothing else.
    pub swap: Swap,
}

impl Components {
    /// Where people put components of their own, unless the config says otherwise.
    pub const DIRECTORY: &str = "/etc/skidway/processors";
}

/// How a component whose file has changed takes over from the one that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Swap {
    /// Whether the two are compared first.
    pub mode: SwapMode,
    /// Chunks that both run on before it is decided, in [`SwapMode::Shadow`].
    pub chunks: u64,
    /// What is good enough, in [`SwapMode::Shadow`].
    pub accept: Accept,
    /// How long after it a rise in failures or unrecognised lines goes back to the old
    /// one; zero: never.
    #[serde(serialize_with = "crate::values::duration")]
    pub rollback: Duration,
}

/// Whether a changed component is compared with the one that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SwapMode {
    /// It takes over at once.
    Switch,
    /// Both run on the same chunks, and it takes over if what it answers is accepted.
    Shadow,
}

/// Which answers of a changed component are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accept {
    /// The same ones.
    Identical,
    /// Those that fail no more often and have each record's attributes at least.
    NoFewerFields,
    /// All; the differences are told.
    Always,
}

/// What a component may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Bytes of linear memory; 1 MiB to 4 GiB.
    #[serde(rename = "memory", serialize_with = "crate::values::size")]
    pub memory_bytes: u64,
    /// Processor time per call; 1 ms to 1 min.
    #[serde(serialize_with = "crate::values::duration")]
    pub cpu: Duration,
    /// Bytes of one answer; 1 MiB to 1 GiB.
    #[serde(rename = "output", serialize_with = "crate::values::size")]
    pub output_bytes: u64,
    /// Lines a minute in the agent's log; up to 10,000.
    pub log_lines: u32,
    /// Bytes of its file; 4 KiB to 1 GiB.
    #[serde(rename = "size", serialize_with = "crate::values::size")]
    pub size_bytes: u64,
    /// Bytes of memory for the process that compiles it; 256 MiB to 64 GiB.
    #[serde(rename = "compile_memory", serialize_with = "crate::values::size")]
    pub compile_memory_bytes: u64,
    /// Processor time to compile it; 1 s to 1 h.
    #[serde(serialize_with = "crate::values::duration")]
    pub compile_time: Duration,
}

/// A zone for time stamps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zone {
    /// The machine's.
    Local,
    /// UTC.
    Utc,
    /// A name in the time zone database that [`crate::Surroundings::known_zone`] knows.
    Named(String),
}

/// A component that changes records.
#[derive(Debug, Clone, PartialEq)]
pub struct Enricher {
    /// As written: `wasm/NAME`.
    pub id: String,
    /// The component.
    pub component: Component,
    /// Under which of the processor's keys the component's settings stand; none: they
    /// are the processor's own.
    pub settings_under: Option<&'static str>,
}

/// When a batch is sent: at the first bound that is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Batch {
    /// How old its first record may get; zero: it is sent at once.
    #[serde(serialize_with = "crate::values::duration")]
    pub timeout: Duration,
    /// Records that fill it; zero: it is sent at once.
    pub send_batch_size: usize,
    /// Records it never exceeds; zero: no such bound.
    pub send_batch_max_size: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Self { timeout: Duration::from_millis(200), send_batch_size: 8192, send_batch_max_size: 0 }
    }
}

/// The least severe level to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    #[serde(alias = "DEBUG")]
    Debug,
    #[default]
    #[serde(alias = "INFO")]
    Info,
    #[serde(alias = "WARN")]
    Warn,
    #[serde(alias = "ERROR")]
    Error,
}

impl LogLevel {
    /// In lower case, as level filters read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}
