//! What stays on the host: printed records and files.

use crate::exporter::{Debug, Exporter, FileTarget, Output, Rotation, Target};
use crate::problem::Report;
use crate::read::{Subject, read};
use crate::tree::Node;
use crate::written::{self, WrittenCompression};

use super::{Check, dead_letter, usual};

pub(super) fn debug(id: &str, node: &Node, subject: &Subject, report: &mut Report) -> Option<Exporter> {
    let written: written::Debug = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let outputs = written.output_paths.unwrap_or_else(|| vec![Output::default()]);
    let [output] = outputs[..] else {
        let at = check.place("output_paths");
        let what = format_args!("there are {} of them", outputs.len());
        check.wrong(&at, "output_paths", what, "`output_paths: [stdout]`");
        return None;
    };
    if written.use_internal_logger.is_some() {
        check.warn(
            "use_internal_logger",
            "`use_internal_logger` has no effect: records are printed as they are",
            "leave it out; `output_paths` says where",
        );
    }
    let target = Target::Debug(Debug {
        verbosity: written.verbosity.unwrap_or_default(),
        sampling_initial: written.sampling_initial.unwrap_or(2),
        sampling_thereafter: written.sampling_thereafter.unwrap_or(1),
        output_paths: [output],
    });
    let (queue, retry) = usual();
    let dead_letter = dead_letter(written::DeadLetter::default(), &mut check);
    Some(Exporter { id: id.to_owned(), target, queue, retry, dead_letter })
}

pub(super) fn file(id: &str, node: &Node, subject: &Subject, report: &mut Report) -> Option<Exporter> {
    let written: written::File = read(node, subject, report)?;
    let mut check = Check::new(node, subject, report);
    let path = written.path.filter(|path| !path.as_os_str().is_empty());
    if path.is_none() {
        check.missing("path", "`path: /var/lib/skidway/logs.json`");
    }
    let rotation = written.rotation.map(|written| Rotation {
        max_megabytes: written.max_megabytes.unwrap_or(100),
        max_days: written.max_days.unwrap_or(0),
        max_backups: written.max_backups.unwrap_or(100),
        localtime: written.localtime.unwrap_or(false),
    });
    if let Some(rotation) = &rotation {
        check.within("rotation.max_megabytes", rotation.max_megabytes, (1, 1 << 20), |n| n.to_string());
    }
    let append = written.append.unwrap_or(false);
    if append && rotation.is_some() {
        let at = check.place("append");
        let what = "a file with `rotation` is always appended to";
        check.wrong(&at, "append", what, "leave it out");
    }
    if written.flush_interval.is_some() {
        check.warn(
            "flush_interval",
            "`flush_interval` has no effect: each batch is on the disk before it counts as delivered",
            "leave it out",
        );
    }
    if !check.good {
        return None;
    }
    let target = Target::File(FileTarget {
        path: path?,
        format: written.format.unwrap_or_default(),
        compression: written.compression == Some(WrittenCompression::Zstd),
        append,
        create_directory: written.create_directory.unwrap_or(false),
        rotation,
    });
    let (queue, retry) = usual();
    let dead_letter = dead_letter(written::DeadLetter::default(), &mut check);
    Some(Exporter { id: id.to_owned(), target, queue, retry, dead_letter })
}
