//! The agent's numbers for Prometheus, at `/metrics`.
//!
//! Where the collector has a number of the same meaning its name is used, so that a
//! dashboard for the collector shows the agent too (opentelemetry-collector,
//! "Internal telemetry"). The rest begins with `skidway_`. All of them come from the
//! books ([`Totals`]) and those of spools, a row for each way from a receiver to an exporter, and of what components
//! have done, a row for each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use skidway_spool::Totals as Spooled;
use skidway_state::{Ledger, Totals};
use tokio::runtime::Handle;

use crate::pipeline::Spooling;
use crate::serve::{self, Page, Server};
use crate::swap::{Components, Numbers};

/// A way's name and its books.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) receiver: String,
    pub(crate) pipeline: String,
    pub(crate) exporter: String,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) spooling: Option<Arc<Spooling>>,
}

struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    value: fn(&Totals, &Spooled) -> u64,
}

const fn counter(name: &'static str, help: &'static str, value: fn(&Totals, &Spooled) -> u64) -> Metric {
    Metric { name, kind: "counter", help, value }
}

const fn gauge(name: &'static str, help: &'static str, value: fn(&Totals, &Spooled) -> u64) -> Metric {
    Metric { name, kind: "gauge", help, value }
}

const METRICS: [Metric; 14] = [
    counter(
        "otelcol_receiver_accepted_log_records_total",
        "Records that were read and that no processor dropped.",
        |t, _| t.records_delivered + t.records_dead_lettered + t.records_spooled + t.records_in_flight,
    ),
    counter(
        "otelcol_exporter_sent_log_records_total",
        "Records that the backend accepted, those of spooled batches included.",
        |t, s| t.records_delivered + s.done.records,
    ),
    counter(
        "otelcol_exporter_send_failed_log_records_total",
        "Records that the backend refused for good: they are in the dead-letter file.",
        |t, _| t.records_dead_lettered,
    ),
    counter("skidway_records_spooled_total", "Records that went into a spool on disk.", |t, _| {
        t.records_spooled
    }),
    gauge("skidway_spool_records", "Records that wait in a spool on disk.", |_, s| s.waiting.records),
    gauge("skidway_spool_bytes", "Bytes on disk that these take.", |_, s| s.waiting.bytes),
    counter(
        "skidway_bytes_dead_lettered_total",
        "Bytes whose records were all refused by the backend for good.",
        |t, _| t.bytes_dead_lettered,
    ),
    counter("skidway_records_dropped_total", "Records that processors dropped on purpose.", |t, _| {
        t.records_dropped
    }),
    counter("skidway_lines_read_total", "Lines that were read.", |t, _| t.lines_read),
    counter("skidway_lines_joined_total", "Lines that continue a record.", |t, _| t.lines_joined),
    counter("skidway_lines_skipped_total", "Lines that are no record on purpose.", |t, _| t.lines_skipped),
    counter("skidway_bytes_read_total", "Bytes that were read.", |t, _| t.bytes_read),
    counter(
        "skidway_bytes_acknowledged_total",
        "Bytes whose records were all answered for: what a restart does not read again.",
        |t, _| t.bytes_acknowledged,
    ),
    gauge("skidway_records_in_flight", "Records that wait for the backend's answer.", |t, _| {
        t.records_in_flight
    }),
];

/// The numbers of all ways and components that there are at the moment.
#[derive(Clone)]
pub(crate) struct Metrics {
    sources: Arc<Mutex<Vec<Source>>>,
    components: Arc<Components>,
}

impl Metrics {
    /// Shows no way so far.
    pub(crate) fn new(components: Arc<Components>) -> Self {
        Self { sources: Arc::default(), components }
    }

    /// Shows these from now on.
    pub(crate) fn show(&self, sources: Vec<Source>) {
        *self.sources.lock().unwrap_or_else(PoisonError::into_inner) = sources;
    }

    /// Listens; a port that is taken is an error.
    pub(crate) fn serve(&self, endpoint: &str, runtime: &Handle) -> Result<Server> {
        let shown = self.clone();
        let body = move || {
            let sources = shown.sources.lock().unwrap_or_else(PoisonError::into_inner);
            let spooled = |source: &Source| source.spooling.as_ref().map(|s| s.totals()).unwrap_or_default();
            let totals: Vec<_> =
                sources.iter().map(|source| (source, source.ledger.totals(), spooled(source))).collect();
            text(&totals) + &of_components(shown.components.numbers())
        };
        // The text format (Prometheus, "Exposition formats").
        let content_type = "text/plain; version=0.0.4; charset=utf-8";
        let page = Page { path: "/metrics".to_owned(), content_type, body: Box::new(body) };
        serve::start(endpoint, page, runtime)
            .with_context(|| format!("metrics cannot be served on {endpoint}; set another `port`"))
    }
}

type ComponentMetric = (&'static str, &'static str, fn(&Numbers) -> u64);

const OF_COMPONENTS: [ComponentMetric; 5] = [
    ("chunks", "Chunks that a component has worked on.", |n| n.counts.chunks),
    ("records", "Records that it has made or enriched.", |n| n.counts.records),
    ("unrecognised", "Records that it did not recognise.", |n| n.counts.unrecognised),
    ("failed", "Records that passed as they are, because it failed or rested.", |n| n.counts.failed),
    ("swaps", "How often another version of it took over.", |n| n.swaps),
];

/// A row for each component and role: uses with other settings are added up.
fn of_components(all: Vec<Numbers>) -> String {
    let mut rows: BTreeMap<(String, String), Numbers> = BTreeMap::new();
    let mut digests = BTreeSet::new();
    for numbers in all {
        let key = (numbers.component.clone(), numbers.role.to_string());
        digests.insert((key.clone(), numbers.digest.clone()));
        rows.entry(key).and_modify(|known| known.add(&numbers)).or_insert(numbers);
    }
    let mut out = String::new();
    for (name, help, value) in OF_COMPONENTS {
        let name = format!("skidway_component_{name}_total");
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter");
        for ((component, role), numbers) in &rows {
            let component = label(component);
            let _ = writeln!(out, "{name}{{component=\"{component}\",role=\"{role}\"}} {}", value(numbers));
        }
    }
    let name = "skidway_component_info";
    let _ = writeln!(out, "# HELP {name} The versions that run.\n# TYPE {name} gauge");
    for ((component, role), digest) in digests {
        let component = label(&component);
        let _ = writeln!(out, "{name}{{component=\"{component}\",role=\"{role}\",digest=\"{digest}\"}} 1");
    }
    out
}

fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn text(totals: &[(&Source, Totals, Spooled)]) -> String {
    let mut out = String::new();
    for Metric { name, kind, help, value } in &METRICS {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (source, totals, spooled) in totals {
            let Source { receiver, pipeline, exporter, .. } = source;
            let _ = writeln!(
                out,
                "{name}{{receiver=\"{}\",pipeline=\"{}\",exporter=\"{}\"}} {}",
                label(receiver),
                label(pipeline),
                label(exporter),
                value(totals, spooled)
            );
        }
    }
    let version = env!("CARGO_PKG_VERSION");
    let _ =
        writeln!(out, "# HELP skidway_build_info The version that runs.\n# TYPE skidway_build_info gauge");
    let _ = writeln!(out, "skidway_build_info{{version=\"{version}\"}} 1");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let source = Source {
            receiver: "filelog/\"a\\b\"".to_owned(),
            pipeline: "logs".to_owned(),
            exporter: "debug".to_owned(),
            ledger: Arc::new(Ledger::new()),
            spooling: None,
        };
        let totals = Totals { lines_read: 7, ..Totals::default() };
        let text = text(&[(&source, totals, Spooled::default())]);
        let line =
            r#"skidway_lines_read_total{receiver="filelog/\"a\\b\"",pipeline="logs",exporter="debug"} 7"#;
        assert!(text.contains(line), "{text}");
        assert_eq!(text.matches("# TYPE").count(), METRICS.len() + 1);
    }
}
