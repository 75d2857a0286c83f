use super::civil::days_from_civil;
use super::{Clock, SECONDS_PER_DAY, Stamp, fraction, second_of_day, two_digits};

/// From February 29 it is at the most this long to the one before (1896 to 1904).
const LONGEST_PAUSE_OF_LEAP_DAYS: i64 = 8;

/// Reads a traditional syslog stamp (RFC 3164) at the start of `text`:
/// `Nov  7 11:19:23` in the local time of `clock`. The day has one digit, two, or
/// a space and one; a fraction may follow.
///
/// The year is the one that makes it the latest time that is not more than a day
/// later than the clock's reference. February 29 goes back to a leap year.
#[inline]
pub fn traditional(text: &[u8], clock: &Clock) -> Option<Stamp> {
    let [m1, m2, m3, b' ', rest @ ..] = text else { return None };
    let month = month([*m1, *m2, *m3])?;
    let (day, rest) = match rest {
        [b' ', ones, b' ', rest @ ..] => (two_digits(b'0', *ones), rest),
        [tens, ones, b' ', rest @ ..] => (two_digits(*tens, *ones), rest),
        [ones, b' ', rest @ ..] => (two_digits(b'0', *ones), rest),
        _ => return None,
    };
    let (time, rest) = rest.split_first_chunk::<8>()?;
    let second = second_of_day(*time)?;
    let (fraction_len, nanos) = fraction(rest);
    let len = text.len() - rest.len() + fraction_len;
    let unix_second = latest(month, day, second, nanos, clock)?;
    Some(Stamp::new(len, unix_second, nanos))
}

#[inline]
fn latest(month: u32, day: u32, second: i64, nanos: u32, clock: &Clock) -> Option<i64> {
    let in_year = |ago| {
        let year = u32::try_from(clock.latest_year - ago).ok()?;
        let days = days_from_civil(year, month, day)?;
        let unix_second = clock.unix_second(days * SECONDS_PER_DAY + second);
        let not_later = (unix_second, nanos) <= (clock.latest_second, clock.latest_nanos);
        not_later.then_some(unix_second)
    };
    in_year(0).or_else(|| (1..=LONGEST_PAUSE_OF_LEAP_DAYS).find_map(in_year))
}

/// The number of an English month's short name, in any case.
#[inline]
pub(super) fn month(name: [u8; 3]) -> Option<u32> {
    Some(match &name.map(|byte| byte | 0x20) {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::DateTime;
    use jiff::tz::TimeZone;
    use jiff::{Timestamp, Unit};
    use proptest::prelude::*;

    const NANOS: i128 = 1_000_000_000;

    fn at(time: &str) -> u64 {
        time.parse::<Timestamp>().unwrap().as_nanosecond() as u64
    }

    /// What `text` says to someone who reads it in UTC at `reference`.
    fn read(text: &str, reference: &str) -> Option<(usize, Timestamp)> {
        let stamp = traditional(text.as_bytes(), &Clock::utc(at(reference)))?;
        Some((stamp.len, Timestamp::from_nanosecond(i128::from(stamp.unix_nano)).unwrap()))
    }

    fn year(text: &str, reference: &str) -> i16 {
        read(text, reference).unwrap().1.to_zoned(TimeZone::UTC).year()
    }

    #[test]
    fn the_forms_of_a_day_and_a_fraction() {
        for (text, time) in [
            ("Nov  7 11:19:23", "2026-11-07T11:19:23Z"),
            ("Nov 7 11:19:23", "2026-11-07T11:19:23Z"),
            ("Nov 07 11:19:23", "2026-11-07T11:19:23Z"),
            ("nov 17 00:00:00", "2026-11-17T00:00:00Z"),
            ("Apr 24 22:02:19.123", "2026-04-24T22:02:19.123Z"),
            ("Jun 30 23:59:60", "2026-06-30T23:59:59Z"),
        ] {
            let expected = Some((text.len(), time.parse().unwrap()));
            assert_eq!(read(text, "2026-11-22T12:00:00Z"), expected, "{text}");
            assert_eq!(read(&format!("{text}: x"), "2026-11-22T12:00:00Z"), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_no_stamp() {
        for text in [
            "",
            "Nov",
            "Nov 17",
            "Nov 17 11:19",
            "Nov   7 11:19:23",
            "Nov 17  11:19:23",
            "Nov 31 11:19:23",
            "Feb 30 11:19:23",
            "Nov 0 11:19:23",
            "Nov 17 24:00:00",
            "Nov 17 11:60:23",
            "Nov 17 11:19:61",
            "Nov 17 1:19:23",
            "MMM 17 11:19:23",
            "November 17 11:19:23",
            "2026-11-22T12:00:00Z",
        ] {
            assert_eq!(read(text, "2026-11-22T12:00:00Z"), None, "{text}");
        }
    }

    #[test]
    fn the_year_turns_a_day_after_the_reference() {
        let reference = "2026-11-22T12:00:00Z";
        assert_eq!(year("Nov 22 12:00:00", reference), 2026);
        assert_eq!(year("Nov 23 12:00:00", reference), 2026);
        assert_eq!(year("Nov 23 12:00:01", reference), 2025);
        assert_eq!(year("Nov 23 12:00:00.000000001", reference), 2025);
        assert_eq!(year("Dec 31 23:59:59", reference), 2025);
        assert_eq!(year("Dec 31 23:59:59", "2027-01-01T00:00:05Z"), 2026);
        assert_eq!(year("Jan  1 00:00:01", "2026-12-31T23:59:00Z"), 2027);
    }

    #[test]
    fn leap_days_go_back_to_a_leap_year() {
        assert_eq!(year("Feb 29 02:16:44", "2026-11-22T12:00:00Z"), 2024);
        assert_eq!(year("Feb 29 02:16:44", "2024-02-29T02:16:44Z"), 2024);
        assert_eq!(year("Feb 29 02:16:44", "2024-02-27T02:16:44Z"), 2020);
        assert_eq!(year("Feb 29 02:16:44", "2103-06-01T00:00:00Z"), 2096);
    }

    fn zones() -> Vec<TimeZone> {
        [
            "UTC0",
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "EST5EDT,M3.2.0,M11.1.0",
            "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
            "<-12>12",
        ]
        .iter()
        .map(|zone| TimeZone::posix(zone).unwrap())
        .collect()
    }

    /// The context that the host makes: offsets from 400 days before to 8 days after.
    fn changes(zone: &TimeZone, reference: Timestamp) -> Vec<(i64, i32)> {
        let from = reference.checked_sub(jiff::SignedDuration::from_hours(400 * 24)).unwrap();
        let to = reference.checked_add(jiff::SignedDuration::from_hours(8 * 24)).unwrap();
        let mut changes = vec![(from.as_second(), zone.to_offset(from).seconds())];
        changes.extend(
            zone.following(from)
                .take_while(|change| change.timestamp() <= to)
                .map(|change| (change.timestamp().as_second(), change.offset().seconds())),
        );
        changes
    }

    /// The same by trying all years with a calendar library.
    fn by_trying(shown: DateTime, zone: &TimeZone, reference: Timestamp) -> Option<i128> {
        let latest = reference.as_nanosecond() + 86_400 * NANOS;
        (0..10)
            .filter_map(|ago| {
                shown.with().year(reference.to_zoned(zone.clone()).year() + 1 - ago).build().ok()
            })
            .map(|shown| zone.to_ambiguous_timestamp(shown).compatible().unwrap().as_nanosecond())
            .filter(|&time| time <= latest)
            .max()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn agrees_with_a_calendar_library_in_every_zone(
            written in 1_000_000_000i64..4_000_000_000, age in -86_400i64..31_000_000, zone in 0usize..5,
        ) {
            let zone = &zones()[zone];
            let written = Timestamp::from_second(written).unwrap();
            let reference = Timestamp::from_second(written.as_second() + age).unwrap();
            let shown = written.to_zoned(zone.clone()).datetime();
            let stamp = shown.strftime("%b %e %H:%M:%S").to_string();
            let clock = Clock::new(reference.as_nanosecond() as u64, changes(zone, reference));
            let read = traditional(stamp.as_bytes(), &clock).unwrap();
            prop_assert_eq!(Some(i128::from(read.unix_nano)), by_trying(shown, zone, reference), "{}", stamp);
            prop_assert_eq!(read.len, stamp.len());
        }

        #[test]
        fn hours_that_are_skipped_or_twice_agree_with_a_calendar_library(
            change in 0usize..40, minutes in -180i64..180, zone in 1usize..4,
        ) {
            let zone = &zones()[zone];
            let from: Timestamp = "2020-01-15T00:00:00Z".parse().unwrap();
            let change = zone.following(from).nth(change).unwrap().timestamp();
            // Shown by a clock that was not set at the change.
            let shown = zone.to_offset(Timestamp::from_second(change.as_second() - 1).unwrap())
                .to_datetime(Timestamp::from_second(change.as_second() + minutes * 60).unwrap())
                .round(Unit::Second).unwrap();
            let reference = Timestamp::from_second(change.as_second() + 7 * 86_400).unwrap();
            let clock = Clock::new(reference.as_nanosecond() as u64, changes(zone, reference));
            let stamp = shown.strftime("%b %d %H:%M:%S").to_string();
            let read = traditional(stamp.as_bytes(), &clock).unwrap();
            prop_assert_eq!(Some(i128::from(read.unix_nano)), by_trying(shown, zone, reference), "{}", stamp);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(
            text in prop::collection::vec(any::<u8>(), 0..30), reference in any::<u64>(),
            zone in prop::collection::vec((any::<i64>(), any::<i32>()), 0..3),
        ) {
            let _ = traditional(&text, &Clock::new(reference, zone));
            let _ = traditional(b"Feb 29 12:00:00", &Clock::new(reference, []));
        }
    }
}
