//! The components that are part of the agent. One list for all who need it: `xtask` builds and checks
//! them, the agent's build script embeds them, `config` knows their names.
#![allow(dead_code, unreachable_pub, reason = "each of these programs needs another part of it")]

/// A component inside the agent; its source is `processors/NAME` or `processors/formats/NAME`.
pub struct Bundled {
    /// What configs and commands call it.
    pub name: &'static str,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether it brings an engine for patterns, expressions or JSON, with its tables: it may be
    /// twenty times as large as the others.
    pub engine: bool,
}

/// What a bundled component is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A parser among which `auto` chooses.
    Format,
    /// The same, for what programs of many kinds write: it comes behind those that people add.
    GeneralFormat,
    /// An enricher that configs may name.
    Enricher,
    /// The agent uses it by itself.
    Internal,
}

/// All of them. Where two formats recognise as much of a sample, `auto` takes the earlier one: special
/// ones stand before general ones. A container's line also begins like syslog with RFC 3339 stamps, and is
/// a JSON object as those of `json-lines` are; much that has a format of its own also reads as `logfmt`.
pub const BUNDLED: &[Bundled] = &[
    small("cri", Purpose::Format),
    small("docker-json", Purpose::Format),
    small("web-access", Purpose::Format),
    small("nginx-error", Purpose::Format),
    small("apache-error", Purpose::Format),
    small("cloudwatch-agent", Purpose::Format),
    small("ecs-agent", Purpose::Format),
    small("ssm-agent", Purpose::Format),
    small("cloud-init", Purpose::Format),
    small("dnf", Purpose::Format),
    small("dpkg", Purpose::Format),
    small("apt", Purpose::Format),
    small("audit", Purpose::Format),
    small("kernel", Purpose::Format),
    small("ubuntu", Purpose::Format),
    small("amazon-linux", Purpose::Format),
    small("json-lines", Purpose::GeneralFormat),
    small("logfmt", Purpose::GeneralFormat),
    small("ec2", Purpose::Internal),
    small("severity", Purpose::Enricher),
    large("clickstack", Purpose::Enricher),
    large("operators", Purpose::Internal),
    large("attributes", Purpose::Internal),
];

const fn small(name: &'static str, purpose: Purpose) -> Bundled {
    Bundled { name, purpose, engine: false }
}

const fn large(name: &'static str, purpose: Purpose) -> Bundled {
    Bundled { name, purpose, engine: true }
}

/// The names that may stand where one of this purpose is wanted, in order: general formats are formats.
pub fn usable_as(purpose: Purpose) -> impl Iterator<Item = &'static str> + Clone {
    let is_general = move |one: &Bundled| (purpose, one.purpose) == (Purpose::Format, Purpose::GeneralFormat);
    BUNDLED.iter().filter(move |one| one.purpose == purpose || is_general(one)).map(|one| one.name)
}

/// The names of those that serve a purpose, in order.
pub fn named(purpose: Purpose) -> impl Iterator<Item = &'static str> + Clone {
    BUNDLED.iter().filter(move |one| one.purpose == purpose).map(|one| one.name)
}
