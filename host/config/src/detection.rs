//! What a `resourcedetection` processor was resolved to.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::values::{Pattern, duration, optional_duration};

/// Whom to ask what the host is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Detection {
    /// As written: `resourcedetection` or `resourcedetection/NAME`.
    #[serde(skip)]
    pub id: String,
    /// In this order; the first that sets an attribute holds. At least one.
    pub detectors: Vec<Detector>,
    /// For each request.
    #[serde(serialize_with = "duration")]
    pub timeout: Duration,
    /// Whether a detected attribute replaces one that is there already.
    #[serde(rename = "override")]
    pub override_existing: bool,
    /// The only attributes that are wanted; none: all.
    #[serde(rename = "attributes", skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// How often to ask again; zero: never.
    #[serde(serialize_with = "duration")]
    pub refresh_interval: Duration,
    /// How long records wait at the start for the first answer, at the longest.
    #[serde(serialize_with = "duration")]
    pub wait: Duration,
    /// Whether the agent ends where the host does not become known at the start.
    pub fail_on_missing_metadata: bool,
    /// When to ask again after a failure, where something is written about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<DetectionRetry>,
    /// What concerns EC2.
    #[serde(skip)]
    pub ec2: Ec2,
    /// What concerns the operating system.
    #[serde(skip)]
    pub system: System,
}

/// Who knows about the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Detector {
    /// The EC2 instance metadata service.
    Ec2,
    /// The operating system.
    System,
    /// The environment variable `OTEL_RESOURCE_ATTRIBUTES`.
    Env,
}

/// When to ask again after a failure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetectionRetry {
    /// Whether to ask again at all, but for the refresh.
    pub enabled: bool,
    /// Before the second try.
    #[serde(serialize_with = "duration")]
    pub initial_interval: Duration,
    /// Pauses are drawn from around the interval, this share of it less or more.
    pub randomization_factor: f64,
    /// From one pause to the next; at least 1.
    pub multiplier: f64,
    /// The longest pause.
    #[serde(serialize_with = "duration")]
    pub max_interval: Duration,
    /// After how long to stop until the next refresh. Without it: never.
    #[serde(serialize_with = "optional_duration", skip_serializing_if = "Option::is_none")]
    pub max_elapsed_time: Option<Duration>,
}

/// What concerns EC2.
#[derive(Debug, Clone, PartialEq)]
pub struct Ec2 {
    /// Which keys of tags become `ec2.tag.KEY`: those that one of these finds a match
    /// in.
    pub tags: Vec<Pattern>,
    /// Attributes that are not wanted.
    pub disabled: Vec<String>,
    /// Whether tags come from the metadata service alone.
    pub tags_from_imds: bool,
    /// How often to ask the EC2 API at a time; at least once.
    pub max_attempts: u32,
    /// The longest pause in between.
    pub max_backoff: Duration,
}

impl Default for Ec2 {
    fn default() -> Self {
        Self {
            tags: Vec::new(),
            disabled: Vec::new(),
            tags_from_imds: false,
            max_attempts: 3,
            max_backoff: Duration::from_secs(20),
        }
    }
}

/// What concerns the operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// Where the host's name comes from: the first that knows one.
    pub hostname_sources: Vec<HostnameSource>,
    /// The attributes that are wanted, in the order of [`SYSTEM_ATTRIBUTES`].
    pub attributes: Vec<String>,
}

impl Default for System {
    fn default() -> Self {
        let defaults = SYSTEM_ATTRIBUTES.iter().filter(|(_, default)| *default);
        Self {
            hostname_sources: vec![HostnameSource::Dns, HostnameSource::Os],
            attributes: defaults.map(|(name, _)| (*name).to_owned()).collect(),
        }
    }
}

/// Where the host's name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the collector's")]
pub enum HostnameSource {
    Dns,
    Os,
    Cname,
    Lookup,
}

/// What the detector `ec2` sets (collector-contrib, its `metadata.yaml`).
pub const EC2_ATTRIBUTES: [&str; 9] = [
    "cloud.provider",
    "cloud.platform",
    "cloud.region",
    "cloud.account.id",
    "cloud.availability_zone",
    "host.id",
    "host.image.id",
    "host.type",
    "host.name",
];

/// What the detector `system` can set, and whether it does unless told otherwise.
pub const SYSTEM_ATTRIBUTES: [(&str, bool); 13] = [
    ("host.name", true),
    ("os.type", true),
    ("host.id", false),
    ("host.arch", false),
    ("host.ip", false),
    ("host.mac", false),
    ("os.description", false),
    ("host.cpu.vendor.id", false),
    ("host.cpu.family", false),
    ("host.cpu.model.id", false),
    ("host.cpu.model.name", false),
    ("host.cpu.stepping", false),
    ("host.cpu.cache.l2.size", false),
];
