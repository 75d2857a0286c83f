//! What was resolved, written as a config file again. Every value comes from the
//! resolved structs, so nothing can be printed that does not run.

use std::borrow::Cow;
use std::path::Path;

use serde::{Serialize, Serializer};
use serde_yaml::{Mapping, Value};
use skidway_trust::{PublicKey, Trust};

use crate::config::{
    Component, ComponentSource, Components, Enricher, FileLog, HealthCheck, Limits, LogLevel, Parser, Swap,
    SwapMode, Zone,
};
use crate::detection::{Detection, Detector, SYSTEM_ATTRIBUTES};
use crate::exporter::Exporter;
use crate::resolve::Processor;
use crate::resource::ResourceStep;
use crate::values::{GoDuration, Sha256};
use crate::written;

/// The sections as they fill up.
#[derive(Default)]
pub(crate) struct Effective {
    receivers: Mapping,
    processors: Mapping,
    exporters: Mapping,
    pipelines: Mapping,
    components: Mapping,
}

/// What concerns the agent itself.
pub(crate) struct Own<'a> {
    pub(crate) state_dir: &'a Path,
    pub(crate) create_state_dir: bool,
    pub(crate) log_level: LogLevel,
    pub(crate) health_check: Option<HealthCheck>,
    pub(crate) metrics: Option<String>,
}

impl Effective {
    pub(crate) fn receiver(&mut self, receiver: &FileLog) {
        let mut value = value(receiver);
        if let Value::Mapping(map) = &mut value {
            map.insert("storage".into(), "file_storage".into());
            if let Parser::Operators(operators) = &receiver.parser {
                map.remove("parser");
                for (key, setting) in &operators.config {
                    map.insert(key.as_str().into(), self::value(setting));
                }
            }
        }
        self.receivers.insert(receiver.id.as_str().into(), value);
    }

    pub(crate) fn processor(&mut self, id: &str, processor: &Processor) {
        let value = match processor {
            Processor::Detection(detection) => {
                let mut value = value(detection);
                if let Value::Mapping(map) = &mut value {
                    detector_settings(detection, map);
                }
                value
            }
            Processor::Resource(ResourceStep::Act { written, .. }) => {
                value(&ResourceActions { attributes: written })
            }
            Processor::Resource(ResourceStep::Detect(_)) => Value::Null,
            Processor::Batch(batch) => value(batch),
            Processor::Enricher(enricher) if enricher.settings_under != Some("config") => {
                own_settings(enricher)
            }
            Processor::Enricher(enricher) => value(&enricher.component),
            Processor::MemoryLimiter(limiter) => {
                let mut map = Mapping::new();
                if let Some(mib) = limiter.limit_mib {
                    map.insert("limit_mib".into(), mib.into());
                }
                Value::Mapping(map)
            }
        };
        self.processors.insert(id.into(), value);
    }

    pub(crate) fn exporter(&mut self, exporter: &Exporter) {
        self.exporters.insert(exporter.id.as_str().into(), value(exporter));
    }

    pub(crate) fn pipeline(&mut self, name: &str, written: &written::Pipeline) {
        let mut map = Mapping::new();
        let lists = [
            ("receivers", &written.receivers),
            ("processors", &written.processors),
            ("exporters", &written.exporters),
        ];
        for (key, ids) in lists {
            map.insert(key.into(), value(ids.as_deref().unwrap_or_default()));
        }
        self.pipelines.insert(name.into(), Value::Mapping(map));
    }

    pub(crate) fn components(&mut self, components: &Components) {
        let Trust { keys, require } = &components.trust;
        let keys: Vec<_> = keys.iter().map(PublicKey::as_str).collect();
        self.components = map([
            ("directory", value(&components.directory)),
            ("trust", Value::Mapping(map([("keys", value(&keys)), ("require", (*require).into())]))),
            ("swap", value(&components.swap)),
        ]);
    }

    pub(crate) fn finish(self, own: &Own<'_>) -> Value {
        let storage = Storage { directory: own.state_dir, create_directory: own.create_state_dir };
        let mut extensions = map([("file_storage", value(&storage))]);
        if let Some(health_check) = &own.health_check {
            extensions.insert("health_check".into(), value(health_check));
        }
        let ids: Vec<_> = extensions.keys().cloned().collect();
        let level = map([("level", value(&own.log_level))]);
        let mut telemetry = map([("logs", Value::Mapping(level))]);
        if let Some(endpoint) = &own.metrics {
            telemetry.insert("metrics".into(), Value::Mapping(map([("address", value(endpoint))])));
        }
        let service = map([
            ("extensions", Value::Sequence(ids)),
            ("telemetry", Value::Mapping(telemetry)),
            ("pipelines", Value::Mapping(self.pipelines)),
        ]);
        let mut root = Value::Mapping(map([
            ("receivers", Value::Mapping(self.receivers)),
            ("processors", Value::Mapping(self.processors)),
            ("exporters", Value::Mapping(self.exporters)),
            ("extensions", Value::Mapping(extensions)),
            ("components", Value::Mapping(self.components)),
            ("service", Value::Mapping(service)),
        ]));
        escape(&mut root);
        root
    }
}

/// What concerns one detector alone.
fn detector_settings(detection: &Detection, map: &mut Mapping) {
    let switch = |on: bool| Value::Mapping(self::map([("enabled", on.into())]));
    let switches = |names: Vec<(&str, bool)>| {
        let switches: Mapping = names.into_iter().map(|(name, on)| (name.into(), switch(on))).collect();
        Value::Mapping(switches)
    };
    if detection.detectors.contains(&Detector::Ec2) {
        let ec2 = &detection.ec2;
        let off = ec2.disabled.iter().map(|name| (name.as_str(), false)).collect();
        let settings = self::map([
            ("tags", value(&ec2.tags)),
            ("tags_from_imds", ec2.tags_from_imds.into()),
            ("max_attempts", ec2.max_attempts.into()),
            ("max_backoff", GoDuration(ec2.max_backoff).to_string().into()),
            ("resource_attributes", switches(off)),
        ]);
        map.insert("ec2".into(), Value::Mapping(settings));
    }
    if detection.detectors.contains(&Detector::System) {
        let system = &detection.system;
        let wanted = |name: &str| system.attributes.iter().any(|wanted| wanted == name);
        let changed = SYSTEM_ATTRIBUTES.iter().filter(|(name, default)| wanted(name) != *default);
        let changed = changed.map(|(name, default)| (*name, !default)).collect();
        let settings = self::map([
            ("hostname_sources", value(&system.hostname_sources)),
            ("resource_attributes", switches(changed)),
        ]);
        map.insert("system".into(), Value::Mapping(settings));
    }
}

/// A processor of the collector that a component of ours does, in its own words.
fn own_settings(enricher: &Enricher) -> Value {
    let Ok(serde_json::Value::Object(mut config)) = serde_json::from_str(&enricher.component.config_json)
    else {
        return Value::Null;
    };
    config.retain(|key, value| key != "drop" && !value.is_null());
    let names: &[(&str, &str)] = match enricher.settings_under {
        Some(_) => &[("attributes", "record_attributes")],
        None => &[
            ("bodies", "log_bodies"),
            ("severity_texts", "log_severity_texts"),
            ("severity_number", "log_severity_number"),
        ],
    };
    for (key, conditions) in &mut config {
        if let Some(map) = conditions.as_object_mut().filter(|_| key != "actions") {
            for (own, written) in names {
                if let Some(value) = map.remove(*own) {
                    map.insert((*written).to_owned(), value);
                }
            }
        }
    }
    match enricher.settings_under {
        Some(under) => Value::Mapping(map([(under, value(&config))])),
        None => value(&config),
    }
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Mapping {
    entries.into_iter().map(|(key, value)| (key.into(), value)).collect()
}

/// Our structs have text keys and finite numbers: they always have a value.
fn value<T: Serialize + ?Sized>(from: &T) -> Value {
    serde_yaml::to_value(from).unwrap_or(Value::Null)
}

/// Doubles dollar signs, which expansion halves again.
fn escape(node: &mut Value) {
    match node {
        Value::String(text) if text.contains('$') => *text = text.replace('$', "$$"),
        Value::Sequence(items) => items.iter_mut().for_each(escape),
        Value::Mapping(map) => map.values_mut().for_each(escape),
        _ => {}
    }
}

#[derive(Serialize)]
struct ResourceActions<'a> {
    attributes: &'a serde_json::Value,
}

#[derive(Serialize)]
struct Storage<'a> {
    directory: &'a Path,
    create_directory: bool,
}

// === How resolved values are written ===

#[derive(Serialize)]
struct WrittenComponent<'a> {
    component: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<serde_json::Value>,
    limits: Limits,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(serialize_with = "own_swap")]
    swap: &'a Swap,
}

/// Without what has no effect.
fn own_swap<S: Serializer>(swap: &&Swap, serializer: S) -> Result<S::Ok, S::Error> {
    let mut value = value(*swap);
    if swap.mode == SwapMode::Switch
        && let Value::Mapping(map) = &mut value
    {
        map.remove("chunks");
        map.remove("accept");
    }
    value.serialize(serializer)
}

impl Serialize for Component {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let component = match &self.source {
            ComponentSource::Named(name) => Cow::from(name),
            ComponentSource::File(path) => path.to_string_lossy(),
            ComponentSource::Oci(reference) => Cow::from(format!("oci://{reference}")),
        };
        let config = (self.config_json != "{}").then(|| serde_json::from_str(&self.config_json));
        let config = config.transpose().map_err(serde::ser::Error::custom)?;
        let sha256 = self.sha256.map(|digest| Sha256(digest).to_string());
        WrittenComponent { component, config, limits: self.limits, sha256, swap: &self.swap }
            .serialize(serializer)
    }
}

impl Serialize for Parser {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto { limits, swap } => {
                let component = Cow::from("auto");
                WrittenComponent { component, config: None, limits: *limits, sha256: None, swap }
                    .serialize(serializer)
            }
            Self::Component(component) => component.serialize(serializer),
            // Their settings stand beside the receiver's own.
            Self::Operators(_) => serializer.serialize_none(),
        }
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Local => "local",
            Self::Utc => "UTC",
            Self::Named(name) => name,
        })
    }
}
