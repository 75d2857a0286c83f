//! Who this host is: what a pipeline's detections find.
//!
//! The start never waits for the metadata service; records do, for a moment that
//! the config sets. What is learned later is on later records, and what is known
//! stays known.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use skidway_config::{Detection, DetectionRetry, Detector, HostnameSource, Resource};
use skidway_ec2::{ApiOptions, Backoff, Facts, Options};
use skidway_model::Attribute;
use skidway_plugin::Describer;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::library::Library;

const HOST_NAME: &str = "host.name";

/// What is known at the moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// What each detection of the pipeline found, in their order.
    pub(crate) detected: Vec<Vec<Attribute>>,
    /// What that is made of.
    found: Vec<Found>,
    /// Which questions have no answer yet.
    pending: Vec<Pending>,
}

/// The questions of a detection that have no answer yet.
#[derive(Debug, Clone, Copy, Default)]
struct Pending {
    ec2: bool,
    name: bool,
}

/// What a detection's detectors know.
#[derive(Debug, Clone, Default)]
struct Found {
    environment: Vec<Attribute>,
    system: Vec<Attribute>,
    ec2: Vec<Attribute>,
}

impl Known {
    /// Whether every detector has answered.
    pub(crate) fn is_complete(&self) -> bool {
        self.pending.iter().all(|pending| !pending.ec2 && !pending.name)
    }

    /// The instance's id, where the metadata service has told it.
    pub(crate) fn instance(&self) -> Option<&str> {
        let mut ec2 = self.found.iter().flat_map(|found| &found.ec2);
        ec2.find(|attribute| attribute.name == "host.id").map(|attribute| attribute.value.as_str())
    }

    /// Something more is known of a detection.
    fn learn(&mut self, place: usize, detection: &Detection, learn: impl FnOnce(&mut Found)) {
        let found = &mut self.found[place];
        learn(found);
        self.detected[place] = detected(detection, found);
        // The first detector to name the host wins: nobody needs to wait for another.
        if detected_by(detection, found, |detector| detector != Detector::System)
            .any(|attribute| attribute.name == HOST_NAME)
        {
            self.pending[place].name = false;
        }
    }
}

/// What a pipeline's detections find, as it becomes known.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    known: watch::Receiver<Known>,
    /// So long records wait for it to be complete, at the longest.
    pub(crate) until: Instant,
    /// How long the start waits for it, where the agent is not to run without.
    required: Option<Duration>,
    /// What finds it out, for as long as somebody wants to know.
    _tasks: Arc<JoinSet<()>>,
}

impl Identity {
    /// Waits until the host is known, where the config says that the agent must not run
    /// without; an error if that takes too long.
    pub(crate) fn require(&self, runtime: &Handle) -> Result<()> {
        let Some(limit) = self.required else { return Ok(()) };
        let mut known = self.known.clone();
        let complete = async { known.wait_for(Known::is_complete).await.is_ok() };
        match runtime.block_on(async { tokio::time::timeout(limit, complete).await }) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(anyhow!(
                "this host did not become known within {limit:?}, and `fail_on_missing_metadata` is set; see why \
                 in the log above, or leave it out to run all the same"
            )),
        }
    }

    /// Until the metadata service, if it is asked, has answered.
    pub(crate) fn answered(&self) -> impl Future<Output = ()> + 'static {
        let mut known = self.known.clone();
        async move {
            let answered = known.wait_for(|known| known.pending.iter().all(|pending| !pending.ec2));
            // It will not answer any more when nobody asks.
            let _ = answered.await;
        }
    }

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

/// What finds out who the host is.
struct Tasks<'r> {
    runtime: &'r Handle,
    set: JoinSet<()>,
}

impl Tasks<'_> {
    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.set.spawn_on(task, self.runtime);
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
    let required = config.detections().filter(|detection| detection.fail_on_missing_metadata);
    let required = required.map(|detection| detection.timeout.max(detection.wait)).max();
    let found: Vec<Found> = config
        .detections()
        .map(|detection| Found {
            environment: environment.clone(),
            system: skidway_system::attributes(detection.system.attributes.iter().map(String::as_str)),
            ec2: Vec::new(),
        })
        .collect();
    let first =
        config.detections().zip(&found).map(|(detection, found)| detected(detection, found)).collect();
    let pending = vec![Pending::default(); found.len()];
    let (known, receiver) = watch::channel(Known { detected: first, found, pending });
    let mut tasks = Tasks { runtime, set: JoinSet::new() };
    for (place, detection) in config.detections().enumerate() {
        if detection.detectors.contains(&Detector::System) {
            ask_for_name(place, detection, &mut tasks, &known);
        }
        if detection.detectors.contains(&Detector::Ec2) {
            ask_ec2(place, detection, library, &mut tasks, env, &known)?;
        }
    }
    let _tasks = Arc::new(tasks.set);
    Ok(Identity { known: receiver, until: Instant::now() + wait, required, _tasks })
}

/// The host's name, from the first source that knows one. What may have to ask the
/// network is asked on a thread of its own: nobody waits for it, not even the end.
fn ask_for_name(place: usize, detection: &Detection, tasks: &mut Tasks<'_>, known: &watch::Sender<Known>) {
    if !detection.system.attributes.iter().any(|wanted| wanted == HOST_NAME) {
        return;
    }
    let sources: Vec<_> = detection
        .system
        .hostname_sources
        .iter()
        .map(|source| match source {
            HostnameSource::Os => skidway_system::HostnameSource::Os,
            HostnameSource::Dns => skidway_system::HostnameSource::Dns,
            HostnameSource::Cname => skidway_system::HostnameSource::Cname,
            HostnameSource::Lookup => skidway_system::HostnameSource::Lookup,
        })
        .collect();
    let own = skidway_system::HostnameSource::Os;
    let learn = {
        let detection = detection.clone();
        move |known: &mut Known, name: Option<String>| {
            let name = name.map(|name| Attribute::new(HOST_NAME, name));
            known.learn(place, &detection, |found| found.system.splice(0..0, name).for_each(drop));
        }
    };
    if sources.first() == Some(&own) {
        known.send_modify(|known| learn(known, skidway_system::host_name(own)));
        return;
    }
    let (answer, answered) = oneshot::channel();
    let asked = sources.clone();
    let thread = std::thread::Builder::new().name("host name".to_owned()).spawn(move || {
        // Nobody may be waiting any more.
        let _ = answer.send(asked.into_iter().find_map(skidway_system::host_name));
    });
    if let Err(error) = thread {
        tracing::warn!("cannot ask for the full name of this host: {error}");
    }
    let (limit, known) = (detection.timeout, known.clone());
    known.send_modify(|known| known.pending[place].name = true);
    tasks.spawn(async move {
        let name = match tokio::time::timeout(limit, answered).await {
            Ok(Ok(name)) => name,
            // The system itself answers at once.
            _ => sources.contains(&own).then(|| skidway_system::host_name(own)).flatten(),
        };
        known.send_modify(|known| {
            known.pending[place].name = false;
            learn(known, name);
        });
    });
}

fn ask_ec2(
    place: usize,
    detection: &Detection,
    library: &Library,
    tasks: &mut Tasks<'_>,
    env: &dyn Fn(&str) -> Option<String>,
    known: &watch::Sender<Known>,
) -> Result<()> {
    let Some(options) = Options::from_env(env)? else {
        return match detection.fail_on_missing_metadata {
            true => Err(anyhow!(
                "AWS_EC2_METADATA_DISABLED is set, and so is `fail_on_missing_metadata`: leave one of them out"
            )),
            false => Ok(()),
        };
    };
    let api = options.api.clone().filter(|_| !detection.ec2.tags_from_imds).map(|api| ApiOptions {
        max_attempts: detection.ec2.max_attempts,
        max_backoff: detection.ec2.max_backoff,
        timeout: detection.timeout,
        ..api
    });
    let options = Options {
        request_timeout: detection.timeout,
        refresh_interval: Some(detection.refresh_interval).filter(|i| !i.is_zero()),
        want_tags: !detection.ec2.tags.is_empty(),
        api,
        ..retrying(options, detection.retry.as_ref())?
    };
    let describer = library.ec2_describer()?;
    let (facts_in, facts) = watch::channel(None);
    known.send_modify(|known| known.pending[place].ec2 = true);
    tasks.spawn(skidway_ec2::follow(options, facts_in));
    tasks.spawn(describe(place, detection.clone(), describer, facts, known.clone()));
    Ok(())
}

fn retrying(options: Options, retry: Option<&DetectionRetry>) -> Result<Options> {
    let Some(retry) = retry else { return Ok(options) };
    let backoff = Backoff::try_new(retry.initial_interval, retry.max_interval)?
        .growing(retry.multiplier)?
        .around(retry.randomization_factor)?;
    let give_up_after = if retry.enabled { retry.max_elapsed_time } else { Some(Duration::ZERO) };
    Ok(Options { retry: backoff, give_up_after, ..options })
}

/// Turns facts into attributes whenever they change.
async fn describe(
    place: usize,
    detection: Detection,
    mut describer: Describer,
    mut facts: watch::Receiver<Option<Facts>>,
    known: watch::Sender<Known>,
) {
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
                known.learn(place, &detection, |found| found.ec2 = attributes);
                known.pending[place].ec2 = false;
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
    let wanted = |key: &str| detection.ec2.tags.iter().any(|pattern| pattern.regex().is_match(key));
    tags.iter()
        .filter(|(key, _)| wanted(key))
        .map(|(key, value)| (format!("tag/{key}"), value.clone()))
        .collect()
}

/// The detectors' attributes in their order, the first one to name a key winning.
fn detected(detection: &Detection, found: &Found) -> Vec<Attribute> {
    let mut all: Vec<Attribute> = Vec::new();
    for attribute in detected_by(detection, found, |_| true) {
        if all.iter().all(|known| known.name != attribute.name) {
            all.push(attribute.clone());
        }
    }
    all
}

/// What the detectors up to the first one that is not `taken` found, as far as it is
/// wanted.
fn detected_by<'a>(
    detection: &'a Detection,
    found: &'a Found,
    taken: fn(Detector) -> bool,
) -> impl Iterator<Item = &'a Attribute> {
    detection.detectors.iter().take_while(move |detector| taken(**detector)).flat_map(|detector| {
        let (found, off) = match detector {
            Detector::Ec2 => (&found.ec2, &detection.ec2.disabled[..]),
            // What is not wanted of these was not asked for.
            Detector::System => (&found.system, &[][..]),
            Detector::Env => (&found.environment, &[][..]),
        };
        let only = &detection.only;
        let wanted = |name: &String| !off.contains(name) && (only.is_empty() || only.contains(name));
        found.iter().filter(move |attribute| wanted(&attribute.name))
    })
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
    fn what_may_be_configured_can_be_detected() {
        let names = skidway_config::SYSTEM_ATTRIBUTES.map(|(name, _)| name);
        assert_eq!(names, skidway_system::ATTRIBUTES);
    }
}
