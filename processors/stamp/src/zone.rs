use std::cell::Cell;

/// The offsets of local time from UTC, as the host knows them: the sandbox has no
/// zones of its own.
#[derive(Debug, Clone)]
pub struct Zone {
    changes: Vec<Change>,
    /// The change that was in force at the last look: stamps come in order.
    last: Cell<usize>,
}

/// From this second on, this offset is in force, under this name.
#[derive(Debug, Clone)]
struct Change {
    from: i64,
    offset: i64,
    name: String,
}

impl Zone {
    /// UTC.
    pub fn utc() -> Self {
        Self::new([])
    }

    /// From seconds since 1970, the offset from UTC in seconds from then on, and a
    /// name for it such as `CET`, earliest first. The first one also holds for all earlier times.
    pub fn new(changes: impl IntoIterator<Item = (i64, i64, String)>) -> Self {
        let change = |(from, offset, name)| Change { from, offset, name };
        let mut changes: Vec<_> = changes.into_iter().map(change).collect();
        if changes.is_empty() {
            changes.push(Change { from: i64::MIN, offset: 0, name: "UTC".to_owned() });
        }
        changes[0].from = i64::MIN;
        Self { changes, last: Cell::new(0) }
    }

    /// The offset in force at a second since 1970, and from when on until when.
    fn lookup(&self, second: i64) -> (i64, i64, i64) {
        let ends = |at: usize| self.changes.get(at + 1).map_or(i64::MAX, |next| next.from);
        let mut at = self.last.get();
        if self.changes[at].from > second || second >= ends(at) {
            at = self.changes.partition_point(|change| change.from <= second).saturating_sub(1);
            self.last.set(at);
        }
        (self.changes[at].offset, self.changes[at].from, ends(at))
    }

    /// The second since 1970 at which the clocks of the zone show `local`, seconds
    /// as if in UTC. By the rule of Go's `time.Date`, for hours that come twice or
    /// never as well.
    #[inline]
    pub(crate) fn to_utc(&self, local: i64) -> i64 {
        let (offset, start, end) = self.lookup(local);
        let utc = local - offset;
        if offset == 0 || (start <= utc && utc < end) {
            return utc;
        }
        local - self.lookup(utc).0
    }

    /// The offset that the zone calls `name`, around a time.
    pub(crate) fn offset_of(&self, name: &[u8], local: i64) -> Option<i64> {
        let named = || self.changes.iter().filter(|change| change.name.as_bytes() == name);
        let in_force = |change: &&Change| self.lookup(local - change.offset).0 == change.offset;
        named().find(in_force).or_else(|| named().next()).map(|change| change.offset)
    }

    /// Seconds since 1970 as the zone's clocks show them.
    pub(crate) fn to_local(&self, second: i64) -> i64 {
        second + self.lookup(second).0
    }
}
