use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;

use crate::books::Totals;
use crate::error::{PutError, SpoolError};
use crate::format::{ENTRY_HEAD, Head, MAX_PAYLOAD, pack};
use crate::queue::{Level, Queue};
use crate::{Entry, Found, Options, opening};

/// A queue of payloads on disk. Any thread may put; one at a time takes out.
///
/// Dropping it saves how far it is delivered.
#[derive(Debug)]
pub struct Spool {
    queue: Mutex<Queue>,
    level: watch::Sender<Level>,
    options: Options,
}

impl Spool {
    /// Opens the folder's spool, or makes one. What an earlier run left waits in it.
    ///
    /// What cannot be read of it is said in the log: at WARN where a crash has cut a
    /// write short that was never acknowledged, at ERROR where something is lost.
    pub fn open(options: Options) -> Result<(Self, Found), SpoolError> {
        let (mut queue, found) = opening::open(options.clone())?;
        let level = watch::Sender::new(queue.level());
        Ok((Self { queue: Mutex::new(queue), level, options }, found))
    }

    /// Appends a payload with so many records. It is on disk when this returns; where it
    /// is refused, the spool is as it was. Blocks for as long as the disk takes.
    pub fn put(&self, payload: &[u8], records: u32) -> Result<(), PutError> {
        let limit = self.options.max_bytes.min(MAX_PAYLOAD as u64);
        if payload.len() > MAX_PAYLOAD {
            return Err(PutError::TooLarge { bytes: payload.len() as u64, limit });
        }
        // Nothing fits: not worth compressing it.
        let needed = ENTRY_HEAD;
        let level = *self.level.borrow();
        if !level.has_room(needed, &self.options) {
            self.queue().tell_full(level);
            return Err(PutError::Full { needed });
        }
        let stored =
            pack(payload).map_err(|source| PutError::Write { path: self.options.folder.clone(), source })?;
        let head = Head::new(&stored, payload.len(), records, SystemTime::now());
        let mut queue = self.queue();
        let put = queue.put(&head, &stored);
        self.changed(&mut queue);
        put
    }

    /// The next payloads to deliver, in order: as many as have at most `most` bytes
    /// together, but one at least where there is any. They stay until they are
    /// [`done`](Self::done), and until then this answers the same ones.
    ///
    /// Entries that are damaged are passed over, and said at ERROR. An error here may
    /// pass: try again after a while.
    pub fn next(&self, most: usize) -> Result<Vec<Entry>, SpoolError> {
        let mut queue = self.queue();
        let entries = queue.next(most);
        self.changed(&mut queue);
        entries
    }

    /// The backend has answered for these for good. How far that is, is saved at most
    /// once a second: see [`save`](Self::save).
    pub fn done(&self, entries: &[Entry]) {
        let mut queue = self.queue();
        queue.done(entries);
        self.changed(&mut queue);
    }

    /// Saves how far it is delivered, where that is not saved yet; to be called now
    /// and then while nothing else is. That it cannot be done is said once.
    pub fn save(&self) -> Result<(), SpoolError> {
        self.queue().save()
    }

    /// Whether there is nothing to deliver.
    pub fn is_empty(&self) -> bool {
        self.level.borrow().segments == 0
    }

    /// The books at this moment.
    pub fn totals(&self) -> Totals {
        self.queue().totals
    }

    /// How many bytes its segments take on disk.
    pub fn bytes(&self) -> u64 {
        self.level.borrow().bytes
    }

    /// When the oldest payload that waits was put.
    pub fn oldest(&self) -> Option<SystemTime> {
        self.level.borrow().oldest
    }

    /// Waits until there is something to deliver.
    pub async fn wait_for_entry(&self) {
        // The sender is here: it cannot be gone.
        let _ = self.level.subscribe().wait_for(|level| level.segments > 0).await;
    }

    /// Waits until a payload that was refused with [`PutError::Full`] would be taken.
    pub async fn wait_for_room(&self, needed: u64) {
        let mut level = self.level.subscribe();
        let _ = level.wait_for(|level| level.has_room(needed, &self.options)).await;
    }

    fn changed(&self, queue: &mut Queue) {
        let now = queue.level();
        self.level.send_if_modified(|level| std::mem::replace(level, now) != now);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
