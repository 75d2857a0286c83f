//! The batch that a lane fills.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use skidway_config::Batch as Rules;
use skidway_model::{Checked, FileKey, Span};
use skidway_otlp::{BatchBuilder, Buffers, Constants};
use skidway_state::Ledger;

use super::parcel::{Batch, Parcel, Share};
use super::room::Room;
use super::sources::Sources;

/// A batch is sent when it holds this many bytes, however few its records: memory
/// is bounded by it, and no backend's limit for a body is near it.
const MAX_BYTES: usize = 2 << 20;
/// What a batch's buffer begins with: a full batch and the chunk that filled it.
/// Pages of it that are not used do not exist.
const CAPACITY: usize = MAX_BYTES + (1 << 20);

/// Collects records until a batch is due.
pub(crate) struct Outbox {
    rules: Rules,
    room: Room,
    buffers: Buffers,
    open: Option<Open>,
}

struct Open {
    builder: BatchBuilder,
    shares: Vec<Share>,
    since: Instant,
}

/// The chunk whose records are being appended.
pub(crate) struct Entry {
    parcel: Arc<Parcel>,
    observed_unix_nano: u64,
}

impl Entry {
    /// The chunk's parcel, whose bytes are known now.
    pub(crate) fn into_parcel(self, span: Span) -> Arc<Parcel> {
        self.parcel.covers(span);
        self.parcel
    }
}

impl Outbox {
    pub(crate) fn new(rules: Rules, room: Room) -> Self {
        Self { rules, room, buffers: Buffers::new(CAPACITY), open: None }
    }

    /// A chunk begins.
    pub(crate) fn entry(ledger: &Arc<Ledger>, file: FileKey) -> Entry {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Entry {
            parcel: Arc::new(Parcel::new(Arc::clone(ledger), file)),
            observed_unix_nano: now.as_nanos() as u64,
        }
    }

    /// Appends records of that chunk. Batches that are full at the most that the
    /// rules allow go to `send`.
    pub(crate) fn append(
        &mut self,
        entry: &Entry,
        mut records: Checked<'_>,
        constants: &Constants,
        sources: &mut Sources,
        send: &mut dyn FnMut(Batch),
    ) {
        while !records.is_empty() {
            let fits = match self.rules.send_batch_max_size {
                0 => usize::MAX,
                most => most - self.records().min(most),
            };
            if fits == 0 {
                self.close(send);
                continue;
            }
            let later = (fits < records.len()).then(|| records.split_off(fits));
            let open = self.open.get_or_insert_with(|| Open {
                builder: BatchBuilder::with_buffers(Arc::clone(sources.host()), &self.buffers),
                shares: Vec::new(),
                since: Instant::now(),
            });
            encode(&mut open.builder, &records, constants, sources, entry.observed_unix_nano);
            match open.shares.last_mut() {
                Some(last) if Arc::ptr_eq(&last.parcel, &entry.parcel) => last.records += records.len(),
                _ => open.shares.push(Share::new(Arc::clone(&entry.parcel), records.len())),
            }
            match later {
                Some(later) => records = later,
                None => break,
            }
        }
    }

    /// The chunk ends: its batch is sent where the rules say so.
    pub(crate) fn settle(&mut self, now: Instant, send: &mut dyn FnMut(Batch)) {
        let due = self.open.as_ref().is_some_and(|open| {
            open.builder.records() >= self.rules.send_batch_size
                || open.builder.bytes() >= MAX_BYTES
                || now.duration_since(open.since) >= self.rules.timeout
        });
        if due {
            self.close(send);
        }
    }

    /// Sends what there is.
    pub(crate) fn close(&mut self, send: &mut dyn FnMut(Batch)) {
        if let Some(open) = self.open.take() {
            let taken = self.room.take(open.builder.bytes() as u64);
            send(Batch { payload: open.builder.finish(), shares: open.shares, taken });
        }
    }

    /// When the batch has to be sent at the latest.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.open.as_ref().map(|open| open.since + self.rules.timeout)
    }

    /// Bytes in the batch that is being filled.
    pub(crate) fn bytes(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.builder.bytes() as u64)
    }

    fn records(&self) -> usize {
        self.open.as_ref().map_or(0, |open| open.builder.records())
    }
}

/// Appends records to a batch, each to its resource.
fn encode(
    builder: &mut BatchBuilder,
    records: &Checked<'_>,
    constants: &Constants,
    sources: &mut Sources,
    observed_unix_nano: u64,
) {
    if !records.describes_sources() {
        builder.describe(sources.host());
        return builder.append(records, 0..records.len(), constants, observed_unix_nano);
    }
    let mut start = 0;
    while start < records.len() {
        let (resource, count) = sources.of(records, start);
        builder.describe(&resource);
        builder.append(records, start..start + count, constants, observed_unix_nano);
        start += count;
    }
}

/// Far enough away to never come, near enough to be a valid moment.
pub(crate) const NEVER: Duration = Duration::from_secs(86_400);
