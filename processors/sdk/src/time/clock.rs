use super::civil::civil_from_days;
use super::{NANOS_PER_SECOND, SECONDS_PER_DAY};

/// A clock may run ahead by this much before a stamp without a year is taken for
/// last year's.
const TOLERANCE_SECONDS: i64 = SECONDS_PER_DAY;

/// What is needed to read a stamp that names neither its year nor its zone: how
/// late it can be, and local time's offsets from UTC.
#[derive(Debug, Clone)]
pub struct Clock {
    /// From this second on, this offset in seconds: ascending, never empty, the
    /// first one also holds for all earlier times.
    changes: Vec<(i64, i64)>,
    pub(super) latest_second: i64,
    pub(super) latest_nanos: u32,
    /// The local year of the latest moment.
    pub(super) latest_year: i64,
}

impl Clock {
    /// `reference_unix_nano`: no stamp is later than this, give or take a day.
    /// `zone`: changes of the offset, as pairs of the first second since
    /// 1970-01-01T00:00:00Z and the seconds that local time is ahead of UTC from
    /// then on, earliest first; UTC where there is none.
    pub fn new(reference_unix_nano: u64, zone: impl IntoIterator<Item = (i64, i32)>) -> Self {
        let mut changes: Vec<_> = zone.into_iter().map(|(from, offset)| (from, i64::from(offset))).collect();
        if changes.is_empty() {
            changes.push((0, 0));
        }
        let reference_second = (reference_unix_nano / NANOS_PER_SECOND) as i64;
        let latest_second = reference_second + TOLERANCE_SECONDS;
        let in_force = changes.iter().rev().find(|(from, _)| *from <= latest_second).unwrap_or(&changes[0]);
        let (latest_year, _, _) = civil_from_days((latest_second + in_force.1).div_euclid(SECONDS_PER_DAY));
        Self {
            changes,
            latest_second,
            latest_nanos: (reference_unix_nano % NANOS_PER_SECOND) as u32,
            latest_year,
        }
    }

    /// A clock that shows UTC.
    pub fn utc(reference_unix_nano: u64) -> Self {
        Self::new(reference_unix_nano, [])
    }

    /// The time that no stamp is later than.
    pub fn reference_unix_nano(&self) -> u64 {
        let second = (self.latest_second - TOLERANCE_SECONDS) as u64;
        second * NANOS_PER_SECOND + u64::from(self.latest_nanos)
    }

    /// From which second on which offset is in force: ascending, at least one entry.
    pub fn zone(&self) -> &[(i64, i64)] {
        &self.changes
    }

    /// The second since 1970-01-01T00:00:00Z at which this clock shows
    /// `local_second`, the seconds that it would be in UTC. A time that it shows
    /// twice is the first of both; one that it skips is read with the offset from
    /// before the change.
    #[inline]
    pub fn unix_second(&self, local_second: i64) -> i64 {
        let mut previous = None;
        for (index, &(from, offset)) in self.changes.iter().enumerate() {
            let second = local_second - offset;
            if let Some(previous) = previous
                && second < from
            {
                return previous;
            }
            match self.changes.get(index + 1) {
                Some(&(next, _)) if second >= next => previous = Some(second),
                _ => return second,
            }
        }
        local_second
    }
}
