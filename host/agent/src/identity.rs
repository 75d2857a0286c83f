//! Who this host is: the resource that a pipeline's records carry.
//!
//! The start never waits for the metadata service; records do, for a moment that
//! the config sets. What is learned later is on later records, and what is known
//! stays known.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use skidway_config::{Detection, Detector, Resource};
use skidway_ec2::{Facts, Options};
use skidway_model::Attribute;
use skidway_plugin::Describer;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::library::Library;

/// What is known at the moment.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// Encoded once per change, not per batch.
    pub(crate) resource: Arc<skidway_otlp::Resource>,
    /// Whether every detector has answered.
    pub(crate) complete: bool,
}

/// A pipeline's resource, as it becomes known.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    known: watch::Receiver<Known>,
    /// How long records wait for it to be complete, at the longest.
    pub(crate) wait: Duration,
}

impl Identity {
    /// What is known now.
    pub(crate) fn now(&self) -> Known {
        self.known.borrow().clone()
    }

    /// Whether something else is known than at the last call of this.
    pub(crate) fn has_changed(&mut self) -> bool {
        let changed = self.known.has_changed().unwrap_or(false);
        if changed {
            self.known.mark_unchanged();
        }
        changed
    }

    /// Calls `wake` whenever something else is known.
    pub(crate) fn on_change(&self, runtime: &Handle, wake: impl Fn() + Send + 'static) {
        let mut known = self.known.clone();
        runtime.spawn(async move {
            while known.changed().await.is_ok() {
                wake();
            }
        });
    }
}

/// Begins to find out. `env` is the environment, read once at the start.
pub(crate) fn detect(
    config: Resource,
    library: &Library,
    runtime: &Handle,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Identity> {
    let detection = config.detection.clone();
    let wait = detection.as_ref().map_or(Duration::ZERO, |d| d.wait);
    let ec2 = match &detection {
        Some(detection) if detection.detectors.contains(&Detector::Ec2) => {
            Options::from_env(env)?.map(|options| Options {
                request_timeout: detection.timeout,
                refresh_interval: Some(detection.refresh_interval).filter(|i| !i.is_zero()),
                want_tags: !detection.tags.is_empty(),
                ..options
            })
        }
        _ => None,
    };
    let Some(options) = ec2 else {
        let known = Known { resource: resource(&config, None), complete: true };
        return Ok(Identity { known: watch::channel(known).1, wait });
    };
    let describer = library.ec2_describer()?;
    let (known, receiver) = watch::channel(Known { resource: resource(&config, None), complete: false });
    let (facts_in, facts) = watch::channel(None);
    runtime.spawn(skidway_ec2::follow(options, facts_in));
    runtime.spawn(describe(config, describer, facts, known));
    Ok(Identity { known: receiver, wait })
}

/// Turns facts into a resource whenever they change.
async fn describe(
    config: Resource,
    mut describer: Describer,
    mut facts: watch::Receiver<Option<Facts>>,
    known: watch::Sender<Known>,
) {
    while facts.changed().await.is_ok() {
        let Some(facts) = facts.borrow_and_update().clone() else { continue };
        let wanted = config.detection.as_ref().map(|d| wanted_tags(d, &facts.tags)).unwrap_or_default();
        let pairs = [
            ("identity-document", facts.identity_document.as_deref()),
            ("instance-id", facts.instance_id.as_deref()),
            ("hostname", facts.hostname.as_deref()),
        ];
        let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let tags = wanted.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        match describer.describe(pairs.chain(tags)) {
            Ok(attributes) => {
                let resource = resource(&config, Some(&attributes));
                known.send_replace(Known { resource, complete: true });
            }
            Err(error) => {
                tracing::warn!(
                    "what the metadata service says cannot be read; records go without it: {error}"
                );
            }
        }
    }
}

fn wanted_tags(detection: &Detection, tags: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let wanted = |key: &str| detection.tags.iter().any(|pattern| pattern.regex().is_match(key));
    tags.iter()
        .filter(|(key, _)| wanted(key))
        .map(|(key, value)| (format!("tag/{key}"), value.clone()))
        .collect()
}

/// The detectors' attributes in their order, the first one to name a key winning,
/// with the fixed ones of the config.
fn resource(config: &Resource, ec2: Option<&[Attribute]>) -> Arc<skidway_otlp::Resource> {
    let mut detected: Vec<Attribute> = Vec::new();
    for detector in config.detection.iter().flat_map(|detection| &detection.detectors) {
        let found = match detector {
            Detector::Ec2 => ec2.unwrap_or_default().to_vec(),
            Detector::System => system(),
        };
        for attribute in found {
            if detected.iter().all(|known| known.name != attribute.name) {
                detected.push(attribute);
            }
        }
    }
    Arc::new(skidway_otlp::Resource::new(&config.attributes(&detected)))
}

/// What the collector's `system` detector sets by default.
fn system() -> Vec<Attribute> {
    let uname = rustix::system::uname();
    let host = uname.nodename().to_string_lossy().into_owned();
    vec![Attribute::new("host.name", host), Attribute::new("os.type", std::env::consts::OS)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_names_host_and_kind() {
        let [host, os] = system().try_into().unwrap();
        assert_eq!(
            (host.name.as_str(), os.name.as_str(), os.value.as_str()),
            ("host.name", "os.type", "linux")
        );
        assert!(!host.value.is_empty());
    }
}
