use std::path::PathBuf;
use std::time::SystemTime;

use skidway_model::Identity;

/// How far a file is done with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name it was last known by.
    pub path: PathBuf,
    /// What it is.
    pub identity: Identity,
    /// Everything before this byte has been answered for.
    pub offset: u64,
    /// When the file was last known to be written to.
    pub modified: SystemTime,
}

/// What there is to save at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Files that are followed, or were until everything read of them was
    /// answered for.
    pub checkpoints: Vec<Checkpoint>,
    /// Files whose content exists no more, since the last snapshot: what is known of
    /// them must not be taken for knowledge about a file that gets their inode.
    pub forgotten: Vec<Identity>,
}
