//! Seconds from a date and a time of day, and back.

use skidway_sdk::time::{civil_from_days, days_from_civil};

/// A date and a time of day, of no zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: u32,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) second_of_day: i64,
}

pub(crate) const DAY: i64 = 86_400;

impl Civil {
    /// Seconds since 1970 as if it were in UTC. A day past the end of its month is
    /// one of the next month, as Go has it.
    #[inline]
    pub(crate) fn second(self) -> i64 {
        let days = match days_from_civil(self.year, self.month, self.day) {
            Some(days) => days,
            None => days_from_civil(self.year, self.month, 1).unwrap_or(0) + i64::from(self.day) - 1,
        };
        days * DAY + self.second_of_day
    }
}

/// The year of a second since 1970.
pub(crate) fn year_of(second: i64) -> u32 {
    civil_from_days(second.div_euclid(DAY)).0.clamp(0, 9999) as u32
}

pub(crate) fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

pub(crate) fn days_in(month: u32, year: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
