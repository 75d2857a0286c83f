//! Who this host is: what a pipeline's detections find.
//!
//! The start never waits for the metadata service; records do, for a moment that
//! the config sets. What is learned later is on later records, and what is known
//! stays known.

use std::collections::BTreeMap;
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
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// What each detection of the pipeline found, in their order.
    pub(crate) detected: Vec<Vec<Attribute>>,
    /// How many of them have not answered yet.
    missing: usize,
}

impl Known {
    /// Whether every detector has answered.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing == 0
    }
}

/// What a pipeline's detections find, as it becomes known.
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
    config: &Resource,
    library: &Library,
    runtime: &Handle,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Identity> {
    let environment = match config.detections().any(|d| d.detectors.contains(&Detector::Env)) {
        true => environment(&env("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default())?,
        false => Vec::new(),
    };
    let wait = config.detections().map(|detection| detection.wait).max().unwrap_or_default();
    let first = config.detections().map(|detection| detected(detection, &environment, None)).collect();
    let first = Known { detected: first, missing: 0 };
    let (known, receiver) = watch::channel(first);
    for (place, detection) in config.detections().enumerate() {
        if !detection.detectors.contains(&Detector::Ec2) {
            continue;
        }
        let Some(options) = Options::from_env(env)? else { continue };
        let options = Options {
            request_timeout: detection.timeout,
            refresh_interval: Some(detection.refresh_interval).filter(|i| !i.is_zero()),
            want_tags: !detection.tags.is_empty(),
            ..options
        };
        let describer = library.ec2_describer()?;
        let (facts_in, facts) = watch::channel(None);
        known.send_modify(|known| known.missing += 1);
        runtime.spawn(skidway_ec2::follow(options, facts_in));
        let find = {
            let (detection, environment) = (detection.clone(), environment.clone());
            move |facts: &[Attribute]| detected(&detection, &environment, Some(facts))
        };
        runtime.spawn(describe(place, detection.clone(), find, describer, facts, known.clone()));
    }
    Ok(Identity { known: receiver, wait })
}

/// Turns facts into attributes whenever they change.
async fn describe(
    place: usize,
    detection: Detection,
    find: impl Fn(&[Attribute]) -> Vec<Attribute>,
    mut describer: Describer,
    mut facts: watch::Receiver<Option<Facts>>,
    known: watch::Sender<Known>,
) {
    let mut first = true;
    while facts.changed().await.is_ok() {
        let Some(facts) = facts.borrow_and_update().clone() else { continue };
        let wanted = wanted_tags(&detection, &facts.tags);
        let pairs = [
            ("identity-document", facts.identity_document.as_deref()),
            ("instance-id", facts.instance_id.as_deref()),
            ("hostname", facts.hostname.as_deref()),
        ];
        let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let tags = wanted.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        match describer.describe(pairs.chain(tags)) {
            Ok(attributes) => known.send_modify(|known| {
                known.detected[place] = find(&attributes);
                known.missing -= usize::from(std::mem::take(&mut first));
            }),
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

/// The detectors' attributes in their order, the first one to name a key winning.
fn detected(detection: &Detection, environment: &[Attribute], ec2: Option<&[Attribute]>) -> Vec<Attribute> {
    let mut all: Vec<Attribute> = Vec::new();
    for detector in &detection.detectors {
        let found = match detector {
            Detector::Ec2 => ec2.unwrap_or_default().to_vec(),
            Detector::System => system(),
            Detector::Env => environment.to_vec(),
        };
        let wanted = |attribute: &Attribute| {
            detection.disabled.iter().all(|(of, name)| of != detector || *name != attribute.name)
        };
        for attribute in found.into_iter().filter(wanted) {
            if all.iter().all(|known| known.name != attribute.name) {
                all.push(attribute);
            }
        }
    }
    all
}

/// Attributes as `OTEL_RESOURCE_ATTRIBUTES` has them: `key=value` pairs between
/// commas, percent-encoded where need be (OpenTelemetry specification, resource SDK).
fn environment(text: &str) -> Result<Vec<Attribute>> {
    let decode = |part: &str| -> Result<String> {
        Ok(percent_encoding::percent_decode_str(part.trim()).decode_utf8()?.into_owned())
    };
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok(Attribute::new(decode(name)?, decode(value)?)),
        _ => Err(anyhow::anyhow!("OTEL_RESOURCE_ATTRIBUTES: `{pair}` is not of the form key=value")),
    };
    pairs.map(pair).collect()
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
    fn attributes_come_from_the_environment() {
        let read = |text: &str| {
            environment(text).map(|all| {
                all.into_iter().map(|attribute| (attribute.name, attribute.value)).collect::<Vec<_>>()
            })
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read("a=1, b.c = x%2Cy ,d=").unwrap(),
            [pair("a", "1"), pair("b.c", "x,y"), pair("d", "")]
        );
        assert_eq!(read("").unwrap(), []);
        assert!(read("a").is_err() && read("=x").is_err());
    }

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
