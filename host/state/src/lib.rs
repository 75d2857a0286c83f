//! What has been read, sent and acknowledged, and where to go on after a restart.
//!
//! The file is the queue: a [`Checkpoint`] moves only past bytes whose records
//! the backend has answered for, so whatever is lost on the way is still in the
//! file. [`Ledger`] knows this in memory, [`StateFile`] on disk, and [`Resumer`]
//! finds a file's checkpoint again after a restart.
//!
//! One state folder belongs to one receiver: two receivers may read the same file
//! and stand at different places in it.

mod checkpoint;
mod host;
mod ledger;
mod resume;
mod store;
mod totals;

pub use checkpoint::{Checkpoint, Snapshot};
pub use host::Host;
pub use ledger::{Ledger, LedgerError};
pub use resume::{Left, Resumer, Text};
pub use store::{StateError, StateFile};
pub use totals::{Imbalance, Lines, Settled, Totals, Uneven};
