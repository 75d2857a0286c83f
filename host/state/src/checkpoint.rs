use std::path::PathBuf;
use std::time::SystemTime;

use skidway_model::{Anchor, Identity, Lineage};

/// How far a text is done with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name its file was last known by.
    pub path: PathBuf,
    /// What that file is.
    pub identity: Identity,
    /// What tells the text from others; there is one checkpoint for each.
    pub lineage: Lineage,
    /// Everything before this byte has been answered for.
    pub offset: u64,
    /// What stands right before it.
    pub anchor: Anchor,
    /// There was text up to here, at least: what lies between was on its way or still
    /// to be read.
    pub read_to: u64,
    /// When the file was last known to be written to.
    pub modified: SystemTime,
}

/// What there is to save at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Texts that are followed, or were until everything read of them was answered for.
    pub checkpoints: Vec<Checkpoint>,
    /// Texts that exist no more, since the last snapshot: nothing is to be looked for.
    pub forgotten: Vec<Lineage>,
}
