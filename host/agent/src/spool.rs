//! The spool of a way, on disk.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use skidway_config::SpoolLimits;
use skidway_spool::{Options, SEGMENT_BYTES, Spool};

/// Opens it. On a first run what is there was written on another host, as in a copy of
/// its disk, or before somebody took the state away: it is put aside, not delivered.
pub(crate) fn open(folder: &Path, limits: SpoolLimits, first_run: bool) -> Result<Spool> {
    if first_run && has_batches(folder) {
        let aside = (1..).map(|n| folder.with_extension(format!("aside-{n}"))).find(|path| !path.exists());
        let aside = aside.context("too many spools were put aside")?;
        fs::rename(folder, &aside).with_context(|| format!("cannot put {} aside", folder.display()))?;
        tracing::warn!(spool = %folder.display(), moved_to = %aside.display(),
            "batches wait on disk that do not belong to this host's state: they are put aside and not delivered");
    }
    let (spool, found) = Spool::open(Options {
        folder: folder.to_owned(),
        max_bytes: limits.bytes,
        max_age: limits.age,
        segment_bytes: SEGMENT_BYTES.min(limits.bytes / 4),
    })?;
    if found.waiting.records > 0 {
        tracing::info!(spool = %folder.display(), records = found.waiting.records, bytes = found.waiting.bytes,
            "batches of an earlier run wait on disk, and go first");
    }
    Ok(spool)
}

fn has_batches(folder: &Path) -> bool {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    names.into_iter().any(|path| path.extension().is_some_and(|ending| ending == "spool"))
}

/// Says where batches wait that no way of the config delivers any more: one of its names
/// was changed, or `storage` was taken away.
pub(crate) fn tell_abandoned(state_dir: &Path, opened: &[PathBuf]) {
    let inside = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    let ways = inside(state_dir.join("receivers")).flat_map(inside);
    for folder in ways.map(|way| way.join("spool")).filter(|folder| !opened.contains(folder)) {
        if has_batches(&folder) {
            tracing::warn!(spool = %folder.display(),
                "batches wait on disk that nobody delivers: give the receiver, the pipeline and the exporter the \
                 names back that this folder has, and the exporter its `sending_queue.storage`, until they are sent");
        }
    }
}
