//! The state folder, from whatever names a `file_storage`.

use std::path::PathBuf;

use crate::Surroundings;
use crate::problem::{Position, Report};
use crate::tree::{Node, Value};
use crate::written;

use super::{Extension, FileStorage, Sections};

/// An extension where it is named.
struct Named {
    /// Which one it is.
    index: usize,
    id: String,
    at: Position,
    /// The component that names it.
    by: String,
}

/// The state folder and whether to create it: the command line's, else the one of
/// the `file_storage` that receivers or the service name, else that of exporters'
/// queues, else `$STATE_DIRECTORY` (systemd's), else `/var/lib/skidway`. Spools lie in
/// the state folder: its lock is theirs.
pub(super) fn resolve(
    root: &Node,
    service: &Node,
    written: &written::Service,
    sections: &mut Sections,
    surroundings: &Surroundings<'_>,
    report: &mut Report,
) -> (PathBuf, bool) {
    let mut listed = Vec::new();
    for (i, id) in written.extensions.iter().flatten().enumerate() {
        let at = service.at_item("extensions", i).clone();
        if let Some(index) = sections.extensions.take(id, &at, report) {
            listed.push(Named { index, id: id.clone(), at, by: "service".to_owned() });
        }
    }
    let receivers = named(root, "receivers", &["storage"], sections, report);
    let queues = named(root, "exporters", &["sending_queue", "storage"], sections, report);
    check_queues(&queues, &listed, sections, report);

    let of_queues_alone = |named: &Named| {
        let is_among = |list: &[Named]| list.iter().any(|other| other.index == named.index);
        is_among(&queues) && !is_among(&receivers)
    };
    let mut folder: Option<(PathBuf, String)> = None;
    let mut create = true;
    for named in listed.iter().chain(&receivers).filter(|named| !of_queues_alone(named)) {
        let Some(storage) = storage(sections, named.index) else { continue };
        create &= storage.create;
        let Some(directory) = &storage.directory else { continue };
        match &folder {
            Some((other, first)) if other != directory => {
                let message = format!("`{first}` and `{}` name two different directories", named.id);
                report.error(&named.at, message, "there is one state folder: use one `file_storage`");
            }
            _ => folder = Some((directory.clone(), named.id.clone())),
        }
    }
    for named in queues.iter().filter(|named| of_queues_alone(named)) {
        let Some(storage) = storage(sections, named.index) else { continue };
        match (&storage.directory, &folder) {
            (Some(directory), Some((state, first))) if directory != state => {
                if surroundings.state_dir.is_none() {
                    let message = format!(
                        "the queue of exporter `{}` is kept in the state folder, {}, not in `directory` of `{}`",
                        named.by,
                        state.display(),
                        named.id
                    );
                    report.warn(&named.at, message, format!("`storage: {first}`"));
                }
                continue;
            }
            (Some(directory), None) => folder = Some((directory.clone(), named.id.clone())),
            _ => {}
        }
        create &= storage.create;
    }
    let from_systemd = || {
        // Several folders are separated by colons (systemd.exec).
        let list = (surroundings.env)("STATE_DIRECTORY")?;
        list.split(':').next().filter(|d| !d.is_empty()).map(PathBuf::from)
    };
    let directory = surroundings
        .state_dir
        .clone()
        .or(folder.map(|(directory, _)| directory))
        .or_else(from_systemd)
        .unwrap_or_else(|| PathBuf::from("/var/lib/skidway"));
    (directory, create)
}

/// What components of a section name under that path.
fn named(
    root: &Node,
    section: &str,
    path: &[&str],
    sections: &mut Sections,
    report: &mut Report,
) -> Vec<Named> {
    let mut found = Vec::new();
    for (key, component) in root.get(section).map_or(&[][..], Node::entries) {
        let value = path.iter().try_fold(component, |node, key| node.get(key));
        if let Some(Node { at, value: Value::Scalar(id) }) = value
            && !id.text.is_empty()
            && let Some(index) = sections.extensions.take(&id.text, at, report)
        {
            found.push(Named { index, id: id.text.clone(), at: at.clone(), by: key.name.clone() });
        }
    }
    found
}

/// As the collector has it, which starts only what `service.extensions` lists.
fn check_queues(queues: &[Named], listed: &[Named], sections: &Sections, report: &mut Report) {
    for Named { index, id, at, by } in queues {
        if let Some(Extension::HealthCheck(_)) = &sections.extensions.entries[*index].resolved {
            let message = format!("`sending_queue.storage` of exporter `{by}`: `{id}` stores nothing");
            report.error(at, message, "`storage: file_storage`");
        } else if !listed.iter().any(|other| other.index == *index) {
            let message = format!(
                "`sending_queue.storage` of exporter `{by}`: extension `{id}` is not in `service.extensions`"
            );
            let all: Vec<_> = listed.iter().map(|other| other.id.as_str()).chain([id.as_str()]).collect();
            report.error(at, message, format!("`service: {{extensions: [{}]}}`", all.join(", ")));
        }
    }
}

fn storage(sections: &Sections, index: usize) -> Option<&FileStorage> {
    match &sections.extensions.entries[index].resolved {
        Some(Extension::FileStorage(storage)) => Some(storage),
        Some(Extension::HealthCheck(_)) | None => None,
    }
}
