/// Days from 1970-01-01 to a date of the Gregorian calendar, negative before it;
/// nothing for a date that does not exist. Years 0 to 9999.
#[inline]
pub fn days_from_civil(year: u32, month: u32, day: u32) -> Option<i64> {
    if year > 9999 || !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
        return None;
    }
    // The year begins in March here, so that the leap day is its last. 400 years
    // more keep January of year 0 positive, and repeat the calendar exactly.
    let (year, month) = if month > 2 { (year + 400, month - 3) } else { (year + 399, month + 9) };
    let before_month = (153 * month + 2) / 5;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + before_month + day - 1;
    Some(i64::from(days) - DAYS_BEFORE_1970)
}

/// Days from 0000-03-01, less the 400 years that are added, to 1970-01-01.
const DAYS_BEFORE_1970: i64 = 719_468 + DAYS_IN_400_YEARS;
const DAYS_IN_400_YEARS: i64 = 146_097;

#[inline]
fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        2 => {
            28 + u32::from(year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)))
        }
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The year, month and day that lie `days` days after 1970-01-01. The inverse of
/// [`days_from_civil`] for years 0 to 9999, and right beyond them.
pub fn civil_from_days(days: i64) -> (i64, u32, u32) {
    // Days since 0000-03-01, as cycles of 400 years and what is left of one.
    let days = days + DAYS_BEFORE_1970 - DAYS_IN_400_YEARS;
    let cycle = days.div_euclid(DAYS_IN_400_YEARS);
    let day_of_cycle = days.rem_euclid(DAYS_IN_400_YEARS);
    let year_of_cycle =
        (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year = (day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100)) as u32;
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = cycle * 400 + year_of_cycle;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{Date, date};

    #[test]
    fn every_date_from_1970_to_2200_agrees_with_jiff_both_ways() {
        let mut day = date(1970, 1, 1);
        let mut days = 0;
        while day.year() <= 2200 {
            let (year, month, of_month) = (day.year() as u32, day.month() as u32, day.day() as u32);
            assert_eq!(days_from_civil(year, month, of_month), Some(days), "{day}");
            assert_eq!(civil_from_days(days), (i64::from(year), month, of_month));
            day = day.tomorrow().unwrap();
            days += 1;
        }
        assert_eq!(days, 84_371);
    }

    #[test]
    fn only_dates_that_exist_have_a_day() {
        for year in [0u32, 1900, 1970, 2000, 2024, 2025, 2100, 9999] {
            for month in 0..=13u32 {
                for day in 0..=32u32 {
                    let known = Date::new(year as i16, month as i8, day as i8).is_ok();
                    assert_eq!(days_from_civil(year, month, day).is_some(), known, "{year}-{month}-{day}");
                }
            }
        }
        assert_eq!(days_from_civil(10_000, 1, 1), None);
        assert_eq!(days_from_civil(0, 1, 1).map(civil_from_days), Some((0, 1, 1)));
        assert_eq!(days_from_civil(9999, 12, 31).map(civil_from_days), Some((9999, 12, 31)));
    }
}
