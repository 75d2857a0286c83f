//! resourcedetection processors.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::detection::{Detection, DetectionRetry, Detector, EC2_ATTRIBUTES, Ec2, SYSTEM_ATTRIBUTES, System};
use crate::problem::{Report, nearest};
use crate::read::{Subject, read};
use crate::tree::Node;
use crate::values::GoDuration;
use crate::written::{self, Switch};

use super::Check;

const DETECTORS: [&str; 3] = ["ec2", "system", "env"];
/// An hour: a host that waits longer for its identity never sends anything.
const TIMES: (Duration, Duration) = (Duration::ZERO, Duration::from_secs(3600));
const INTERVALS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(86_400));

pub(super) fn resolve(id: &str, node: &Node, subject: &Subject, report: &mut Report) -> Option<Detection> {
    let written: written::ResourceDetection = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let detectors = detectors(&written.detectors.unwrap_or_default(), &mut check);
    let time = |written: Option<GoDuration>, default| written.map_or(default, |d| d.0);
    let timeout = time(written.timeout, Duration::from_secs(5));
    check.within("timeout", timeout, (INTERVALS.0, TIMES.1), shown);
    let refresh_interval = time(written.refresh_interval, Duration::from_secs(600));
    // The metadata service limits how often it answers; a tag does not change every second.
    if !refresh_interval.is_zero() && refresh_interval < Duration::from_secs(10) {
        let at = check.place("refresh_interval");
        let what = format!("{} is too often", shown(refresh_interval));
        check.wrong(&at, "refresh_interval", what, "at least `10s`, or `0s` to ask once");
    }
    let wait = time(written.wait, Duration::from_secs(2));
    check.within("wait", wait, TIMES, shown);
    let retry = written.retry.map(|written| retry(&written, &mut check));
    let written_ec2 = written.ec2.unwrap_or_default();
    let fail_on_missing_metadata = [written.fail_on_missing_metadata, written_ec2.fail_on_missing_metadata];
    let fail_on_missing_metadata = fail_on_missing_metadata.contains(&Some(true));
    let system = system(written.system.unwrap_or_default(), &mut check);
    let ec2 = ec2(written_ec2, &mut check);
    if check.good && !ec2.tags.is_empty() && !detectors.contains(&Detector::Ec2) {
        check.warn(
            "ec2",
            "`ec2.tags` has no effect without the detector `ec2`",
            "`detectors: [ec2, system]`",
        );
    }
    check.good.then(|| Detection {
        id: id.to_owned(),
        detectors,
        timeout,
        override_existing: written.r#override.unwrap_or(true),
        only: written.attributes.unwrap_or_default(),
        refresh_interval,
        wait,
        fail_on_missing_metadata,
        retry,
        ec2,
        system,
    })
}

fn shown(duration: Duration) -> String {
    GoDuration(duration).to_string()
}

fn detectors(written: &[String], check: &mut Check<'_>) -> Vec<Detector> {
    let mut detectors = Vec::new();
    for (i, name) in written.iter().enumerate() {
        let at = check.node.at_item("detectors", i).clone();
        let detector = match name.as_str() {
            "ec2" => Detector::Ec2,
            "system" => Detector::System,
            "env" => Detector::Env,
            other => {
                let hint = nearest(other, "detectors", DETECTORS);
                check.wrong(&at, "detectors", format_args!("there is no detector `{other}`"), hint);
                continue;
            }
        };
        if detectors.contains(&detector) {
            check.wrong(&at, "detectors", format_args!("`{name}` is there twice"), "keep one");
        }
        detectors.push(detector);
    }
    if written.is_empty() {
        check.missing("detectors", "`detectors: [ec2, system]`");
    }
    detectors
}

/// The defaults are the collector's.
fn retry(written: &written::Retry, check: &mut Check<'_>) -> DetectionRetry {
    let initial_interval = written.initial_interval.map_or(Duration::from_secs(1), |d| d.0);
    let max_interval = written.max_interval.map_or(Duration::from_secs(30).max(initial_interval), |d| d.0);
    check.within("retry.initial_interval", initial_interval, INTERVALS, shown);
    let least = initial_interval.clamp(INTERVALS.0, INTERVALS.1);
    check.within("retry.max_interval", max_interval, (least, INTERVALS.1), shown);
    let multiplier = written.multiplier.unwrap_or(2.0);
    check.within("retry.multiplier", multiplier, (1.0, 1000.0), |n| n.to_string());
    let randomization_factor = written.randomization_factor.unwrap_or(0.5);
    check.within("retry.randomization_factor", randomization_factor, (0.0, 1.0), |n| n.to_string());
    DetectionRetry {
        enabled: written.enabled.unwrap_or(true),
        initial_interval,
        randomization_factor,
        multiplier,
        max_interval,
        max_elapsed_time: written.max_elapsed_time.map(|d| d.0).filter(|d| !d.is_zero()),
    }
}

fn ec2(written: written::Ec2, check: &mut Check<'_>) -> Ec2 {
    let default = Ec2::default();
    let max_attempts = written.max_attempts.unwrap_or(default.max_attempts);
    check.within("ec2.max_attempts", max_attempts, (1, 100), |n| n.to_string());
    let max_backoff = written.max_backoff.map_or(default.max_backoff, |d| d.0);
    check.within("ec2.max_backoff", max_backoff, TIMES, shown);
    let switches = written.resource_attributes.unwrap_or_default();
    let switches = known("ec2", switches, &EC2_ATTRIBUTES, check);
    Ec2 {
        tags: written.tags.unwrap_or_default(),
        disabled: switches.into_iter().filter(|(_, on)| !on).map(|(name, _)| name).collect(),
        tags_from_imds: written.tags_from_imds.unwrap_or(false),
        max_attempts,
        max_backoff,
    }
}

fn system(written: written::System, check: &mut Check<'_>) -> System {
    let names = SYSTEM_ATTRIBUTES.map(|(name, _)| name);
    let switches = known("system", written.resource_attributes.unwrap_or_default(), &names, check);
    let switched = |name: &str| switches.iter().find(|(known, _)| known == name).map(|(_, on)| *on);
    let wanted = SYSTEM_ATTRIBUTES.iter().filter(|(name, default)| switched(name).unwrap_or(*default));
    let attributes = wanted.map(|(name, _)| (*name).to_owned()).collect();
    let sources = written.hostname_sources.filter(|sources| !sources.is_empty());
    System { hostname_sources: sources.unwrap_or_else(|| System::default().hostname_sources), attributes }
}

/// Which attributes are switched on or off, of those that the detector can set.
fn known(
    detector: &str,
    switches: BTreeMap<String, Switch>,
    names: &[&str],
    check: &mut Check<'_>,
) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for (name, switch) in switches {
        if names.contains(&name.as_str()) {
            found.extend(switch.enabled.map(|on| (name, on)));
            continue;
        }
        let node = check.node;
        let at = node.get(detector).and_then(|below| below.get("resource_attributes"));
        let at = at.map_or(&node.at, |below| below.at(&name)).clone();
        let what = format!("the detector does not set `{name}`");
        let hint = nearest(&name, "it sets", names.iter().copied());
        check.wrong(&at, &format!("{detector}.resource_attributes"), what, hint);
    }
    found
}
