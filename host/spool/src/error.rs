use std::io;
use std::path::PathBuf;

/// Why a spool cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// The folder cannot be made or entered.
    #[error("cannot use the spool folder {}: {source}; make it writable for this user", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A later version has written it.
    #[error("{} is of format {found}, and this version knows formats up to {known}: run the newer version until it has delivered what is in there, or move the file away and lose that", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The latest format known here.
        known: u32,
    },
    /// It is there and cannot be read now.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The position cannot be written.
    #[error("cannot write {}: {source}; some of the spool may be delivered again after a restart", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Why a payload was not taken. The spool is as it was before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutError {
    /// A limit is reached. Wait for room, and try again.
    #[error("the spool is full")]
    Full {
        /// How many bytes it takes on disk; for [`wait_for_room`](crate::Spool::wait_for_room).
        needed: u64,
    },
    /// It would not fit into an empty spool either.
    #[error("a payload of {bytes} bytes on disk does not fit into a spool of {limit}")]
    TooLarge {
        /// How many bytes it takes.
        bytes: u64,
        /// How many there may be.
        limit: u64,
    },
    /// The disk does not take it. That may pass: try again after a while.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}
