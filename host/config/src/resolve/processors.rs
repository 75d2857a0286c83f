//! Processors, each by its type.

use std::time::Duration;

use skidway_actions::Actions;

use serde_json::{Map, Value as Json, json};

use crate::config::{Batch, Component, ComponentSource, Enricher};
use crate::detection::Detection;
use crate::problem::{Position, Report};
use crate::read::{Subject, read};
use crate::resource::ResourceStep;
use crate::tree::{Node, Value};
use crate::values::GoDuration;
use crate::written;

use super::component::{self, Known};
use super::section::Id;
use super::{Check, detection};

/// What a pipeline can name among its processors.
pub(crate) enum Processor {
    Detection(Detection),
    Resource(ResourceStep),
    Batch(Batch),
    Enricher(Enricher),
    MemoryLimiter(MemoryLimiter),
}

/// The collector's bound on its memory.
pub(crate) struct MemoryLimiter {
    pub(crate) limit_mib: Option<u64>,
}

impl MemoryLimiter {
    /// A quarter of the limit may be bytes in flight: the rest is left to their
    /// encoded form, the components and the program itself.
    pub(super) fn in_flight_bytes(&self) -> Option<u64> {
        self.limit_mib.map(|mib| (mib << 20) / 4).map(|bytes| bytes.max(4 << 20))
    }
}

pub(super) fn resolve(
    id: &Id,
    node: &Node,
    subject: &Subject,
    known: Known<'_>,
    memory: Option<u64>,
    report: &mut Report,
) -> Option<Processor> {
    match id.kind {
        "resourcedetection" => {
            detection::resolve(&id.written, node, subject, report).map(Processor::Detection)
        }
        "resource" => resource(node, subject, report).map(Processor::Resource),
        "batch" => batch(node, subject, report).map(Processor::Batch),
        "memory_limiter" => memory_limiter(node, subject, memory, report).map(Processor::MemoryLimiter),
        "attributes" => attributes(&id.written, node, subject, known, report).map(Processor::Enricher),
        "filter" => filter(&id.written, node, subject, known, report).map(Processor::Enricher),
        "transform" => transform(&id.written, node, subject, known, report).map(Processor::Enricher),
        _ => enricher(&id.written, node, subject, known, report).map(Processor::Enricher),
    }
}

/// An hour: who waits longer never sends anything.
const TIMES: (Duration, Duration) = (Duration::ZERO, Duration::from_secs(3600));

fn resource(node: &Node, subject: &Subject, report: &mut Report) -> Option<ResourceStep> {
    let written: written::Resource = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let list = written.attributes.unwrap_or_default();
    if list.is_empty() {
        check.missing("attributes", "`attributes: [{key: service.name, value: host-logs, action: insert}]`");
    }
    let written = serde_json::Value::Array(list);
    match Actions::read(&written) {
        Ok(actions) => {
            check.good.then_some(ResourceStep::Act { actions: std::sync::Arc::new(actions), written })
        }
        Err(problem) => {
            let path = format!("attributes{}", problem.path);
            let at = check.place_of(&path);
            check.wrong(&at, &path, problem.message, "");
            None
        }
    }
}

fn batch(node: &Node, subject: &Subject, report: &mut Report) -> Option<Batch> {
    let written: written::Batch = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let default = Batch::default();
    let batch = Batch {
        timeout: written.timeout.map_or(default.timeout, |d| d.0),
        send_batch_size: written.send_batch_size.unwrap_or(default.send_batch_size),
        send_batch_max_size: written.send_batch_max_size.unwrap_or(default.send_batch_max_size),
    };
    // An hour in memory is an hour that a crash sends twice.
    check.within("timeout", batch.timeout, TIMES, |d| GoDuration(d).to_string());
    if batch.send_batch_max_size > 0 && batch.send_batch_max_size < batch.send_batch_size {
        let at = check.place("send_batch_max_size");
        let what = format!(
            "{} is less than `send_batch_size`, {}",
            batch.send_batch_max_size, batch.send_batch_size
        );
        check.wrong(&at, "send_batch_max_size", what, "at least as much, or 0 for no such bound");
    }
    check.good.then_some(batch)
}

/// `memory` is what the percentages count from.
fn memory_limiter(
    node: &Node,
    subject: &Subject,
    memory: Option<u64>,
    report: &mut Report,
) -> Option<MemoryLimiter> {
    let written: written::MemoryLimiter = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let written_mib = written.limit_mib.filter(|&mib| mib > 0);
    // 1 TiB: past this the number is a mistake, and its bytes still fit.
    check.within("limit_mib", written_mib.unwrap_or(1), (1, 1 << 20), |mib| mib.to_string());
    // As in the collector, the number goes before the share.
    let percentage = written.limit_percentage.filter(|&share| share > 0 && written_mib.is_none());
    let share = percentage.zip(memory).map(|(share, memory)| ((memory >> 20) * share / 100).max(1));
    let limiter = MemoryLimiter { limit_mib: written_mib.or(share) };
    let percentages = [
        ("limit_percentage", written.limit_percentage),
        ("spike_limit_percentage", written.spike_limit_percentage),
    ];
    for (key, value) in percentages {
        check.within(key, value.unwrap_or(0), (0, 100), |n| n.to_string());
    }
    let has_effect = if percentage.is_some() { "limit_percentage" } else { "limit_mib" };
    if limiter.limit_mib.is_none() {
        let (message, at) = match percentage {
            Some(_) => ("has no effect: how much memory there is cannot be found out", has_effect),
            None => ("has no effect without `limit_mib` or `limit_percentage`", ""),
        };
        let hint = "`limit_mib: 256` lets a quarter of it, 64 MiB, be in flight";
        check.warn(at, format!("{} {message}", subject.words), hint);
    } else {
        let without_effect: Vec<_> = node
            .entries()
            .iter()
            .filter(|(key, _)| key.name != has_effect)
            .map(|(key, _)| format!("`{}`", key.name))
            .collect();
        if !without_effect.is_empty() {
            let list = without_effect.join(", ");
            let message = format!("only `{has_effect}` of {} has an effect, not {list}", subject.words);
            let hint = "a quarter of it bounds the bytes in flight; the rest of the program needs no bound";
            check.warn("", message, hint);
        }
    }
    check.good.then_some(limiter)
}

fn enricher(
    id: &str,
    node: &Node,
    subject: &Subject,
    known: Known<'_>,
    report: &mut Report,
) -> Option<Enricher> {
    let written: written::ComponentMap = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let component = component::enricher(written, known, &mut check);
    check.good.then(|| Enricher { id: id.to_owned(), component, settings_under: Some("config") })
}

/// The statements that a `transform` of the collector may have.
const STATEMENTS: [&str; 5] =
    ["log_statements", "trace_statements", "metric_statements", "profile_statements", "error_mode"];

/// What the collector's `transform` does is written in a language of its own. Half
/// of that would be worse than none: a component does the work here.
fn transform(
    id: &str,
    node: &Node,
    subject: &Subject,
    known: Known<'_>,
    report: &mut Report,
) -> Option<Enricher> {
    let found = node.entries().iter().find(|(key, _)| STATEMENTS.contains(&key.name.as_str()));
    if let Some((key, below)) = found {
        let (at, statement) = first_text(below).unwrap_or((&key.at, ""));
        let name = id.split('/').nth(1).unwrap_or("mine");
        let message =
            format!("{} has OTTL statements, which are not supported: `{statement}`", subject.words);
        let hint = format!(
            "do it in a component: `wasm/{name}: {{component: ./{name}.wasm}}`, or write `component: clickstack` for \
             what ClickStack's gateway does"
        );
        report.error(at, message, hint);
        return None;
    }
    enricher(id, node, subject, known, report)
}

/// The first text of a list of statements, plain or in groups.
fn first_text(node: &Node) -> Option<(&Position, &str)> {
    match &node.value {
        Value::Scalar(scalar) => Some((&node.at, scalar.text.as_str())),
        Value::List(items) => items.iter().find_map(first_text),
        Value::Map(_) => node.get("statements").and_then(first_text),
    }
}

/// What the component `attributes` is given, in its own words.
fn conditions(written: Option<Json>, names: &[(&str, &str)], key: &str, check: &mut Check<'_>) -> Json {
    let Some(Json::Object(map)) = written else { return Json::Null };
    let mut conditions = Map::new();
    for (name, value) in map {
        if ["resources", "resource_attributes", "libraries"].contains(&name.as_str()) {
            let at = check.place(&format!("{key}.{name}"));
            let what = "a component sees no resource and no library";
            check.wrong(&at, &format!("{key}.{name}"), what, "choose by bodies, attributes or severity");
            continue;
        }
        let known = names.iter().find(|(written, _)| *written == name);
        conditions.insert(known.map_or(name, |(_, own)| (*own).to_owned()), value);
    }
    conditions.into()
}

fn of_attributes(
    id: &str,
    config: Json,
    under: Option<&'static str>,
    known: Known<'_>,
    check: &mut Check<'_>,
) -> Option<Enricher> {
    let component = Component {
        source: ComponentSource::Named("attributes".to_owned()),
        config_json: config.to_string(),
        limits: component::limits(None, "limits", check),
        sha256: None,
        swap: known.components.swap.clone(),
    };
    check.good.then(|| Enricher { id: id.to_owned(), component, settings_under: under })
}

fn attributes(
    id: &str,
    node: &Node,
    subject: &Subject,
    known: Known<'_>,
    report: &mut Report,
) -> Option<Enricher> {
    const NAMES: [(&str, &str); 3] = [
        ("log_bodies", "bodies"),
        ("log_severity_texts", "severity_texts"),
        ("log_severity_number", "severity_number"),
    ];
    let written: written::Attributes = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let actions = written.actions.unwrap_or_default();
    if actions.is_empty() {
        check.missing("actions", "`actions: [{key: team, value: web, action: insert}]`");
    }
    let config = json!({
        "actions": actions,
        "include": conditions(written.include, &NAMES, "include", &mut check),
        "exclude": conditions(written.exclude, &NAMES, "exclude", &mut check),
    });
    of_attributes(id, config, None, known, &mut check)
}

fn filter(
    id: &str,
    node: &Node,
    subject: &Subject,
    known: Known<'_>,
    report: &mut Report,
) -> Option<Enricher> {
    const NAMES: [(&str, &str); 1] = [("record_attributes", "attributes")];
    if let Some(logs) = node.get("logs")
        && let Some((key, below)) = logs.entries().iter().find(|(key, _)| key.name == "log_record")
    {
        let (at, statement) = first_text(below).unwrap_or((&key.at, ""));
        let message =
            format!("{} has an OTTL condition, which is not supported: `{statement}`", subject.words);
        let hint = "choose records by `logs: {include: {match_type: regexp, bodies: [...]}}` or `exclude`, or do it in a \
                    component: `wasm/mine: {component: ./mine.wasm}`";
        report.error(at, message, hint);
        return None;
    }
    let written: written::Filter = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let logs = written.logs.unwrap_or_default();
    if logs.include.is_none() && logs.exclude.is_none() {
        check.missing("logs", "`logs: {exclude: {match_type: regexp, bodies: [healthcheck]}}`");
    }
    let config = json!({
        "drop": true,
        "include": conditions(logs.include, &NAMES, "logs.include", &mut check),
        "exclude": conditions(logs.exclude, &NAMES, "logs.exclude", &mut check),
    });
    of_attributes(id, config, Some("logs"), known, &mut check)
}
