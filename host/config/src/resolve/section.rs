//! The components of one section by their ids.

use std::path::PathBuf;

use crate::exporter::{Exporter, Target};
use crate::problem::{Position, Report, nearest};
use crate::read::Subject;
use crate::tree::{Key, Node, Value};
use crate::{FileLog, Surroundings, unsupported};

use super::component::Known;
use super::exporter;
use super::processors::{self, Processor};
use super::{Extension, file_storage, health_check, receiver};

/// Types by the names that the collector knows them by, old and new.
type Kinds = &'static [(&'static str, &'static str)];

const RECEIVERS: Kinds = &[("filelog", "filelog"), ("file_log", "filelog")];
const PROCESSORS: Kinds = &[
    ("resourcedetection", "resourcedetection"),
    ("resource_detection", "resourcedetection"),
    ("resource", "resource"),
    ("batch", "batch"),
    ("memory_limiter", "memory_limiter"),
    ("wasm", "wasm"),
    ("transform", "transform"),
    ("attributes", "attributes"),
    ("filter", "filter"),
];
const EXPORTERS: Kinds = &[
    ("otlphttp", "otlphttp"),
    ("otlp_http", "otlphttp"),
    ("otlp", "otlp"),
    ("otlp_grpc", "otlp"),
    ("clickhouse", "clickhouse"),
    ("debug", "debug"),
    ("file", "file"),
];
const EXTENSIONS: Kinds = &[("file_storage", "file_storage"), ("health_check", "health_check")];

/// A type and a name: `filelog/system`.
pub(super) struct Id {
    pub(super) written: String,
    pub(super) kind: &'static str,
    name: String,
}

impl Id {
    /// `None` where the type is none of `kinds`.
    fn parse(written: &str, kinds: Kinds) -> Option<Self> {
        let (kind, name) = written.split_once('/').unwrap_or((written, ""));
        let kind = kinds.iter().find(|(alias, _)| *alias == kind.trim())?.1;
        Some(Self { written: written.to_owned(), kind, name: name.trim().to_owned() })
    }

    /// The same component, under the old or the new name of its type.
    fn same(&self, other: &Self) -> bool {
        (self.kind, &self.name) == (other.kind, &other.name)
    }
}

/// A component that was defined.
pub(super) struct Entry<T> {
    pub(super) id: Id,
    at: Position,
    /// `None` where errors were reported.
    pub(super) resolved: Option<T>,
    pub(super) used: bool,
}

/// The components of one section.
pub(super) struct Section<T> {
    /// One of them in words: `receiver`.
    pub(super) what: &'static str,
    kinds: Kinds,
    pub(super) entries: Vec<Entry<T>>,
    /// Ids that were reported: naming them is no further mistake.
    refused: Vec<String>,
    /// The section as a whole was reported.
    broken: bool,
}

impl<T> Section<T> {
    /// The index of what `written` names, now in use. `None` after having
    /// reported that there is nothing of that id.
    pub(super) fn take(&mut self, written: &str, at: &Position, report: &mut Report) -> Option<usize> {
        let id = Id::parse(written, self.kinds);
        let found = id.as_ref().and_then(|id| self.entries.iter().position(|entry| entry.id.same(id)));
        if let Some(index) = found {
            self.entries[index].used = true;
            return Some(index);
        }
        if !self.broken && !self.refused.iter().any(|refused| refused == written) {
            let defined: Vec<_> = self.entries.iter().map(|e| e.id.written.as_str()).collect();
            let hint = match defined.len() {
                0 => format!("define it under `{}s:`", self.what),
                _ => nearest(written, "defined", defined.iter().copied()),
            };
            report.error(at, format!("{} `{written}` is not defined", self.what), hint);
        }
        None
    }

    /// Says which ones no pipeline uses.
    pub(super) fn warn_unused(&self, hint: &str, report: &mut Report) {
        for entry in self.entries.iter().filter(|entry| !entry.used) {
            let message = format!("{} `{}` is defined but not used", self.what, entry.id.written);
            report.warn(&entry.at, message, hint);
        }
    }
}

fn section<T>(
    root: &Node,
    what: &'static str,
    kinds: Kinds,
    report: &mut Report,
    mut resolve: impl FnMut(&Id, &Node, &Subject, &mut Report) -> Option<T>,
) -> Section<T> {
    let mut section = Section { what, kinds, entries: Vec::new(), refused: Vec::new(), broken: false };
    let Some(node) = root.get(&format!("{what}s")).filter(|node| !node.is_null()) else {
        return section;
    };
    if !matches!(node.value, Value::Map(_)) {
        let message = format!("`{what}s` must be a map of ids and settings");
        report.error(&node.at, message, format!("write `{}:` on a line of its own below it", kinds[0].0));
        section.broken = true;
        return section;
    }
    for (key, node) in node.entries() {
        let Some(id) = Id::parse(&key.name, kinds) else {
            unknown_type(key, what, kinds, report);
            section.refused.push(key.name.clone());
            continue;
        };
        if let Some(other) = section.entries.iter().find(|entry| entry.id.same(&id)) {
            let message = format!("{what} `{}` is `{}` by another name", key.name, other.id.written);
            report.error(&key.at, message, "keep one of them");
            continue;
        }
        let subject = Subject { kind: id.kind, words: format!("{what} `{}`", key.name) };
        // What is said of the component as a whole stands at its name.
        let node = Node { at: key.at.clone(), value: node.value.clone() };
        let resolved = resolve(&id, &node, &subject, report);
        section.entries.push(Entry { id, at: key.at.clone(), resolved, used: false });
    }
    section
}

fn unknown_type(key: &Key, what: &'static str, kinds: Kinds, report: &mut Report) {
    let kind = key.name.split('/').next().unwrap_or("").trim();
    match unsupported::component(what, kind) {
        Some(hint) => report.error(&key.at, format!("{what} `{kind}` is not supported yet"), hint),
        None => {
            let mut names: Vec<_> = kinds.iter().map(|(_, kind)| *kind).collect();
            names.dedup();
            let hint = nearest(kind, "types", names);
            report.error(&key.at, format!("unknown type of {what} `{kind}`"), hint);
        }
    }
}

pub(super) fn receivers(
    root: &Node,
    known: Known<'_>,
    surroundings: &Surroundings<'_>,
    report: &mut Report,
) -> Section<FileLog> {
    section(root, "receiver", RECEIVERS, report, |id, node, subject, report| {
        receiver::filelog(&id.written, node, subject, known, surroundings.known_zone, report)
    })
}

pub(super) fn processors(
    root: &Node,
    known: Known<'_>,
    surroundings: &Surroundings<'_>,
    report: &mut Report,
) -> Section<Processor> {
    section(root, "processor", PROCESSORS, report, |id, node, subject, report| {
        processors::resolve(id, node, subject, known, surroundings.memory, report)
    })
}

pub(super) fn exporters(root: &Node, report: &mut Report) -> Section<Exporter> {
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    section(root, "exporter", EXPORTERS, report, |id, node, subject, report| {
        let exporter = exporter::resolve(id, node, subject, report)?;
        if let Target::File(file) = &exporter.target {
            if let Some((_, other)) = files.iter().find(|(path, _)| *path == file.path) {
                let message = format!("`path` of {}: `{other}` writes to that file", subject.words);
                report.error(node.at("path"), message, "give each a file of its own");
                return None;
            }
            files.push((file.path.clone(), id.written.clone()));
        }
        Some(exporter)
    })
}

pub(super) fn extensions(root: &Node, report: &mut Report) -> Section<Extension> {
    section(root, "extension", EXTENSIONS, report, |id, node, subject, report| match id.kind {
        "health_check" => health_check(node, subject, report).map(Extension::HealthCheck),
        _ => file_storage(node, subject, report).map(Extension::FileStorage),
    })
}
