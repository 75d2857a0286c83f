//! The spool of a way, on disk.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context as _, Result};
use skidway_config::SpoolLimits;
use skidway_spool::{Options, SEGMENT_BYTES, Spool};

/// Opens it. On a first run what is there was written on another host, as in a copy of
/// its disk, or before somebody took the state away: it is put aside, not delivered.
pub(crate) fn open(folder: &Path, limits: SpoolLimits, first_run: bool) -> Result<Spool> {
    if first_run && folder.exists() {
        let aside = folder.with_extension("aside");
        put_aside(folder, &aside).with_context(|| format!("cannot put {} aside", folder.display()))?;
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

fn put_aside(folder: &Path, aside: &Path) -> io::Result<()> {
    match fs::remove_dir_all(aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::rename(folder, aside)
}
