//! The service: pipelines from the components they name.

use crate::Surroundings;
use crate::config::{self, Batch, Config, Export, FileLog, HealthCheck, Pipeline};
use crate::effective::{Effective, Own};
use crate::places::Places;
use crate::problem::{Position, Report};
use crate::read::{Subject, read};
use crate::resource::{Resource, ResourceStep};
use crate::tree::{Key, Node};
use crate::written;

use super::processors::Processor;
use super::{Check, Extension, Sections, storage};

const EXAMPLE: &str =
    "`service: {pipelines: {logs: {receivers: [filelog], processors: [batch], exporters: [otlphttp]}}}`";

pub(super) fn resolve(
    root: &Node,
    components: config::Components,
    mut sections: Sections,
    surroundings: &Surroundings<'_>,
    report: &mut Report,
) -> Option<Config> {
    let Some((key, node)) = root.entries().iter().find(|(key, _)| key.name == "service") else {
        report.error(&root.at, "`service` is missing", EXAMPLE);
        return None;
    };
    let subject = Subject { kind: "service", words: "`service`".to_owned() };
    let written: written::Service = read(node, &subject, report)?;
    let mut effective = Effective::default();
    let pipelines = pipelines(key, node, &mut sections, &mut effective, report);
    let (state_dir, create_state_dir) =
        storage::resolve(root, node, &written, &mut sections, surroundings, report);

    let health_check = written.extensions.iter().flatten().find_map(|id| sections.health_check(id));
    let unused = "name it in a pipeline of `service`, or remove it";
    sections.receivers.warn_unused(unused, report);
    sections.processors.warn_unused(unused, report);
    sections.exporters.warn_unused(unused, report);
    sections.extensions.warn_unused("name it in `service.extensions`, or remove it", report);

    let telemetry = written.telemetry.unwrap_or_default();
    let log_level = telemetry.logs.and_then(|l| l.level).unwrap_or_default();
    let metrics = metrics(telemetry.metrics.unwrap_or_default(), &mut Check::new(node, &subject, report));
    effective.components(&components);
    let own = Own { state_dir: &state_dir, create_state_dir, log_level, health_check, metrics };
    Some(Config {
        effective: effective.finish(&own),
        health_check: own.health_check,
        metrics: own.metrics,
        pipelines,
        components,
        state_dir: state_dir.clone(),
        create_state_dir,
        log_level,
        warnings: std::mem::take(&mut report.warnings),
        places: Places::new(root.clone()),
    })
}

/// Where numbers are served: nowhere unless that is written. The collector's default
/// is port 8888 of the machine itself.
fn metrics(written: written::TelemetryMetrics, check: &mut Check<'_>) -> Option<String> {
    let key = "telemetry.metrics";
    let readers = written.readers.unwrap_or_default();
    if readers.len() + usize::from(written.address.is_some()) > 1 {
        let at = check.place(&format!("{key}.readers"));
        check.wrong(&at, &format!("{key}.readers"), "there is more than one", "keep one of them");
        return None;
    }
    let pull = readers.into_iter().next().map(|reader| {
        let prometheus = reader.pull.and_then(|pull| pull.exporter).and_then(|exporter| exporter.prometheus);
        let written::Prometheus { host, port, .. } = prometheus.unwrap_or_default();
        format!("{}:{}", host.unwrap_or_else(|| "localhost".to_owned()), port.unwrap_or(8888))
    });
    let endpoint = pull.or(written.address)?;
    if endpoint.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
        let at = check.place(&format!("{key}.address"));
        let what = format_args!("`{endpoint}` has no port");
        check.wrong(&at, &format!("{key}.address"), what, "`address: localhost:8888`");
    }
    (written.level != Some(written::MetricsLevel::None)).then_some(endpoint)
}

impl Sections {
    fn health_check(&self, id: &str) -> Option<HealthCheck> {
        self.extensions.entries.iter().find_map(|entry| match &entry.resolved {
            Some(Extension::HealthCheck(health_check)) if entry.id.written == id => {
                Some(health_check.clone())
            }
            _ => None,
        })
    }
}

fn pipelines(
    service: &Key,
    node: &Node,
    sections: &mut Sections,
    effective: &mut Effective,
    report: &mut Report,
) -> Vec<Pipeline> {
    let written = node.get("pipelines").map_or(&[][..], Node::entries);
    if written.is_empty() {
        report.error(&service.at, "`service` has no pipelines", EXAMPLE);
    }
    let mut pipelines = Vec::new();
    for (key, node) in written {
        let signal = key.name.split('/').next().unwrap_or("").trim();
        if signal != "logs" {
            let message = format!("pipeline `{}` is not for logs", key.name);
            report.error(&key.at, message, "Skidway moves logs only: call it `logs` or `logs/NAME`");
            continue;
        }
        pipelines.extend(pipeline(key, node, sections, effective, report));
    }
    pipelines
}

fn pipeline(
    key: &Key,
    node: &Node,
    sections: &mut Sections,
    effective: &mut Effective,
    report: &mut Report,
) -> Option<Pipeline> {
    let subject = Subject { kind: "pipeline", words: format!("pipeline `{}`", key.name) };
    let node = &Node { at: key.at.clone(), value: node.value.clone() };
    let written: written::Pipeline = read(node, &subject, report)?;
    let before = report.errors.len();
    let mut receivers = Vec::new();
    for (i, id) in written.receivers.iter().flatten().enumerate() {
        let at = node.at_item("receivers", i);
        let Some(index) = sections.receivers.take(id, at, report) else { continue };
        if receivers.iter().any(|known: &FileLog| known.id == sections.receivers.entries[index].id.written) {
            let message = format!("receiver `{id}` is in {} twice", subject.words);
            report.error(at, message, "keep one");
            continue;
        }
        if let Some(receiver) = &sections.receivers.entries[index].resolved {
            effective.receiver(receiver);
            receivers.push(receiver.clone());
        }
    }
    let mut stages = Stages::default();
    let mut seen = Vec::new();
    for (i, id) in written.processors.iter().flatten().enumerate() {
        let at = node.at_item("processors", i);
        let Some(index) = sections.processors.take(id, at, report) else { continue };
        if seen.contains(&index) {
            let message = format!("processor `{id}` is in {} twice", subject.words);
            report.error(at, message, "keep one");
            continue;
        }
        seen.push(index);
        let entry = &sections.processors.entries[index];
        if let Some(processor) = &entry.resolved {
            effective.processor(&entry.id.written, processor);
            stages.add(id, processor, at, report);
        }
    }
    let mut exporters: Vec<Export> = Vec::new();
    for (i, id) in written.exporters.iter().flatten().enumerate() {
        let at = node.at_item("exporters", i);
        let Some(index) = sections.exporters.take(id, at, report) else { continue };
        let Some(found) = &sections.exporters.entries[index].resolved else { continue };
        if exporters.iter().any(|known| known.exporter.id == found.id) {
            let message = format!("exporter `{id}` is in {} twice", subject.words);
            report.error(at, message, "keep one");
            continue;
        }
        effective.exporter(found);
        let batch = found.queue.batch.clone().or_else(|| stages.batch.clone()).unwrap_or_default();
        exporters.push(Export { exporter: found.clone(), batch, in_flight_bytes: found.queue.bytes });
    }
    for (list, written, hint) in [
        ("receivers", &written.receivers, "`receivers: [filelog]`"),
        ("exporters", &written.exporters, "`exporters: [otlphttp]`"),
    ] {
        if written.as_deref().unwrap_or_default().is_empty() {
            report.error(node.at(list), format!("{} has no {list}", subject.words), hint);
        }
    }
    if report.errors.len() > before {
        return None;
    }
    if !stages.names_service() && written.processors.iter().flatten().count() == seen.len() {
        report.warn(
            node.at("processors"),
            format!("{} sets no `service.name`, which ClickStack groups by", subject.words),
            "add the processor `resource: {attributes: [{key: service.name, value: host-logs, action: insert}]}`",
        );
    }
    for export in &mut exporters {
        let bound = stages.in_flight_bytes.unwrap_or(export.in_flight_bytes);
        export.in_flight_bytes = export.in_flight_bytes.min(bound);
    }
    effective.pipeline(&key.name, &written);
    Some(Pipeline {
        name: key.name.clone(),
        receivers,
        resource: stages.resource,
        enrichers: stages.enrichers,
        exporters,
    })
}

/// The processors of a pipeline, by what they do.
#[derive(Default)]
struct Stages {
    resource: Resource,
    enrichers: Vec<crate::config::Enricher>,
    batch: Option<Batch>,
    in_flight_bytes: Option<u64>,
}

impl Stages {
    fn add(&mut self, id: &str, processor: &Processor, at: &Position, report: &mut Report) {
        let mut second = |what: &str| {
            let message = format!("`{id}` is the second {what} of its pipeline");
            report.error(at, message, "keep one");
        };
        match processor {
            Processor::Detection(detection) => {
                self.resource.steps.push(ResourceStep::Detect(Box::new(detection.clone())));
            }
            Processor::Resource(step) => self.resource.steps.push(step.clone()),
            Processor::Batch(_) if self.batch.is_some() => second("batch"),
            Processor::Batch(batch) => self.batch = Some(batch.clone()),
            Processor::Enricher(enricher) => self.enrichers.push(enricher.clone()),
            Processor::MemoryLimiter(limiter) => {
                let bounds = [self.in_flight_bytes, limiter.in_flight_bytes()];
                self.in_flight_bytes = bounds.into_iter().flatten().min();
            }
        }
    }

    /// Whether the resource of a source that says nothing of itself has a
    /// `service.name`, whatever is detected.
    fn names_service(&self) -> bool {
        let nothing: [[skidway_model::Attribute; 0]; 0] = [];
        self.resource.attributes(&[], &nothing).iter().any(|attribute| attribute.name == "service.name")
    }
}
