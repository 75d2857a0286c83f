//! What was written to what can be run: defaults, checks across keys, and the
//! components that pipelines name put in their places.

mod component;
mod components;
mod detection;
mod exporter;
mod operators;
mod ordering;
mod processors;
mod receiver;
mod section;
mod service;
mod storage;

use crate::Surroundings;
use crate::config::{Config, HealthCheck};
use crate::exporter::Exporter;
use crate::problem::{Position, Problem, Report, nearest};
use crate::read::{Subject, read};
use crate::tree::Node;
use crate::{unsupported, written};
pub(crate) use processors::Processor;
use section::Section;

/// The config in `root`, or everything that is wrong with it.
pub(crate) fn resolve(
    root: &Node,
    surroundings: &Surroundings<'_>,
    mut report: Report,
) -> Result<Config, Vec<Problem>> {
    let report = &mut report;
    top_level(root, report);
    let components = components::resolve(root, surroundings, report);
    let known = component::Known { components: &components, is_file: surroundings.is_file };
    let sections = Sections {
        receivers: section::receivers(root, known, surroundings, report),
        processors: section::processors(root, known, surroundings, report),
        exporters: section::exporters(root, report),
        extensions: section::extensions(root, report),
    };
    let config = service::resolve(root, components, sections, surroundings, report);
    match config {
        Some(config) if report.errors.is_empty() => Ok(config),
        _ => Err(std::mem::take(&mut report.errors)),
    }
}

/// Everything that pipelines can name.
struct Sections {
    receivers: Section<crate::FileLog>,
    processors: Section<Processor>,
    exporters: Section<Exporter>,
    extensions: Section<Extension>,
}

/// What an extension is for.
enum Extension {
    FileStorage(FileStorage),
    HealthCheck(HealthCheck),
}

/// An extension that says where state is kept.
struct FileStorage {
    directory: Option<std::path::PathBuf>,
    create: bool,
}

const TOP_LEVEL: [&str; 6] = ["receivers", "processors", "exporters", "extensions", "components", "service"];

fn top_level(root: &Node, report: &mut Report) {
    for (key, _) in root.entries().iter().filter(|(key, _)| !TOP_LEVEL.contains(&key.name.as_str())) {
        match unsupported::option("config", &key.name) {
            Some(hint) => report.error(&key.at, format!("`{}` is not supported", key.name), hint),
            None => {
                let hint = nearest(&key.name, "keys", TOP_LEVEL);
                report.error(&key.at, format!("unknown key `{}`", key.name), hint);
            }
        }
    }
}

fn file_storage(node: &Node, subject: &Subject, report: &mut Report) -> Option<FileStorage> {
    let written: written::FileStorage = read(node, subject, report)?;
    if written.directory.as_ref().is_some_and(|d| d.as_os_str().is_empty()) {
        report.error(
            node.at("directory"),
            format!("`directory` of {} is empty", subject.words),
            "write a path such as `/var/lib/skidway`",
        );
        return None;
    }
    Some(FileStorage { directory: written.directory, create: written.create_directory.unwrap_or(true) })
}

fn health_check(node: &Node, subject: &Subject, report: &mut Report) -> Option<HealthCheck> {
    let written: written::HealthCheck = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let endpoint = written.endpoint.unwrap_or_else(|| "localhost:13133".to_owned());
    let port = endpoint.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    if port.is_none() {
        let at = check.place("endpoint");
        check.wrong(&at, "endpoint", format!("`{endpoint}` has no port"), "`endpoint: localhost:13133`");
    }
    let path = written.path.unwrap_or_else(|| "/".to_owned());
    if !path.starts_with('/') {
        let at = check.place("path");
        check.wrong(&at, "path", format!("`{path}` does not begin with `/`"), "`path: /health`");
    }
    check.good.then_some(HealthCheck { endpoint, path })
}

/// Where a check across keys reports.
struct Check<'a> {
    node: &'a Node,
    subject: &'a Subject,
    report: &'a mut Report,
    good: bool,
}

impl<'a> Check<'a> {
    fn new(node: &'a Node, subject: &'a Subject, report: &'a mut Report) -> Self {
        Self { node, subject, report, good: true }
    }

    fn words(&self) -> &str {
        &self.subject.words
    }

    /// `what` is wrong with the value at `at`, which `key` names.
    fn wrong(&mut self, at: &Position, key: &str, what: impl std::fmt::Display, hint: impl Into<String>) {
        let message = format!("`{key}` of {}: {what}", self.words());
        self.report.error(at, message, hint);
        self.good = false;
    }

    fn missing(&mut self, key: &str, hint: &str) {
        let message = format!("{} lacks `{key}`", self.words());
        self.report.error(&self.node.at, message, hint);
        self.good = false;
    }

    /// Refuses a value outside of `least..=most`.
    fn within<T: PartialOrd + Copy>(
        &mut self,
        key: &str,
        value: T,
        (least, most): (T, T),
        shown: impl Fn(T) -> String,
    ) {
        if value < least || value > most {
            let at = self.place(key);
            self.wrong(
                &at,
                key,
                format_args!("{} is outside of its range", shown(value)),
                format!("from {} to {}", shown(least), shown(most)),
            );
        }
    }

    /// Where the value of a key stands; `a.b` is `b` in the map `a`, or the nearest
    /// that is there.
    fn place(&self, key: &str) -> Position {
        let (mut node, mut rest) = (self.node, key);
        while node.get(rest).is_none()
            && let Some((outer, inner)) = rest.split_once('.')
            && let Some(below) = node.get(outer)
        {
            (node, rest) = (below, inner);
        }
        node.at(rest).clone()
    }

    /// The same for a path with items of lists, as in `attributes[1].key`.
    fn place_of(&self, path: &str) -> Position {
        crate::places::find(self.node, path).unwrap_or_else(|| self.node.at.clone())
    }

    fn warn(&mut self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        let at = self.place(key);
        self.report.warn(&at, message, hint);
    }
}
