//! The offsets of local time that a parser may need, for stamps that name none.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A stamp without a year lies at most this far before the reference time ...
const BEFORE: Duration = Duration::from_secs(400 * 86_400);
/// ... or this far behind it, where clocks were set wrong.
const AFTER: Duration = Duration::from_secs(8 * 86_400);
/// Offsets are looked up again when the reference time has moved this far.
const GRAIN: u64 = 3600 * 1_000_000_000;

/// A time zone and the changes that were looked up last.
#[derive(Debug)]
pub(crate) struct Zone {
    zone: TimeZone,
    around: u64,
    changes: Vec<(i64, i32)>,
}

impl Zone {
    pub(crate) fn new(zone: TimeZone) -> Self {
        Self { zone, around: u64::MAX, changes: Vec::new() }
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// From which second on which offset is in force, around a time: as `zone` of
    /// `context` in the WIT file.
    pub(crate) fn around(&mut self, unix_nano: u64) -> Vec<(i64, i32)> {
        let grain = unix_nano / GRAIN;
        if grain != self.around {
            self.changes = changes(&self.zone, unix_nano);
            self.around = grain;
        }
        self.changes.clone()
    }
}

fn changes(zone: &TimeZone, unix_nano: u64) -> Vec<(i64, i32)> {
    let at = Timestamp::from_nanosecond(i128::from(unix_nano)).unwrap_or(Timestamp::MAX);
    let first = at.checked_sub(BEFORE).unwrap_or(Timestamp::MIN);
    let last = at.checked_add(AFTER).unwrap_or(Timestamp::MAX);
    let mut changes = vec![(first.as_second(), zone.to_offset(first).seconds())];
    for change in zone.following(first).take_while(|change| change.timestamp() <= last) {
        changes.push((change.timestamp().as_second(), change.offset().seconds()));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nano(text: &str) -> u64 {
        text.parse::<Timestamp>().unwrap().as_nanosecond() as u64
    }

    #[test]
    fn utc_has_one_offset() {
        let changes = Zone::new(TimeZone::UTC).around(nano("2026-11-22T12:00:00Z"));
        assert_eq!(changes, [(nano("2025-10-18T12:00:00Z") as i64 / 1_000_000_000, 0)]);
    }

    #[test]
    fn summer_time_is_there_with_its_moments() {
        // Berlin's rule since 1996, spelled out so that no database is needed.
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let second = |text| nano(text) as i64 / 1_000_000_000;
        assert_eq!(
            Zone::new(berlin).around(nano("2026-11-22T12:00:00Z")),
            [
                (second("2025-10-18T12:00:00Z"), 7200),
                (second("2025-10-26T01:00:00Z"), 3600),
                (second("2026-03-29T01:00:00Z"), 7200),
                (second("2026-10-25T01:00:00Z"), 3600),
            ]
        );
    }
}
