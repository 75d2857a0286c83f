use super::civil::days_from_civil;
use super::{Form, SECONDS_PER_DAY, Stamp, fraction, second_of_day, two_digits};

const YEAR_AND_MONTH: Form = Form::new(*b"0000-00-");

/// Reads a stamp of RFC 3339 at the start of `text`: `2026-11-22T11:19:23.080666+00:00`.
/// The fraction is optional, has any number of digits and may begin with a comma
/// (ISO 8601). The offset is `Z`, `+01:00` or, as `journalctl -o short-iso` and
/// strptime's `%z` have it, `+0100`.
#[inline]
pub fn rfc3339(text: &[u8]) -> Option<Stamp> {
    let (head, tail) = text.split_first_chunk::<19>()?;
    let (date, time) = head.split_first_chunk::<8>()?;
    let (&[d1, d2, b'T' | b't'], time) = time.split_first_chunk::<3>()? else { return None };
    let [century, _, of_century, _, _, month, _, _] = YEAR_AND_MONTH.pairs(*date)?;
    let year = u32::from(century) * 100 + u32::from(of_century);
    let days = days_from_civil(year, u32::from(month), two_digits(d1, d2))?;
    let second = second_of_day(*time.first_chunk()?)?;
    let (fraction_len, nanos) = fraction(tail);
    let (offset_len, offset) = utc_offset(tail.get(fraction_len..)?)?;
    Some(Stamp::new(head.len() + fraction_len + offset_len, days * SECONDS_PER_DAY + second - offset, nanos))
}

/// The offset from UTC: its length in bytes, and its seconds.
#[inline]
pub(super) fn utc_offset(text: &[u8]) -> Option<(usize, i64)> {
    let (len, sign, hours, minutes) = match *text {
        [b'+', b'0', b'0', b':', b'0', b'0', ..] => return Some((6, 0)),
        [b'Z' | b'z', ..] => return Some((1, 0)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2, ..] => (6, sign, two_digits(h1, h2), two_digits(m1, m2)),
        [sign @ (b'+' | b'-'), h1, h2, m1, m2, ..] => (5, sign, two_digits(h1, h2), two_digits(m1, m2)),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i64::from(hours * 3600 + minutes * 60);
    Some((len, if sign == b'-' { -seconds } else { seconds }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<(usize, u64)> {
        rfc3339(text.as_bytes()).map(|stamp| (stamp.len, stamp.unix_nano))
    }

    #[test]
    fn the_forms_of_an_offset_and_a_fraction() {
        let noon = 1_795_348_800_000_000_000;
        for (text, nano) in [
            ("2026-11-22T12:00:00Z", 0),
            ("2026-11-22t12:00:00z", 0),
            ("2026-11-22T12:00:00+00:00", 0),
            ("2026-11-22T12:00:00-0000", 0),
            ("2026-11-22T13:30:00+01:30", 0),
            ("2026-11-22T07:00:00-0500", 0),
            ("2026-11-23T02:00:00+14:00", 0),
            ("2026-11-22T12:00:00.5Z", 500_000_000),
            ("2026-11-22T12:00:00,000001+00:00", 1_000),
            ("2026-11-22T12:00:00.1234567899999999999999Z", 123_456_789),
        ] {
            assert_eq!(read(text), Some((text.len(), noon + nano)), "{text}");
            assert_eq!(read(&format!("{text} host")), Some((text.len(), noon + nano)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_no_stamp() {
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T12:00:00",
            "2026-11-22 12:00:00Z",
            "2026-11-22T12:00:00.Z",
            "2026-11-22T12:00:00+00",
            "2026-11-22T12:00:00+24:00",
            "2026-11-22T12:00:00+00:60",
            "2026-11-22T24:00:00Z",
            "2026-11-22T12:60:00Z",
            "2026-11-22T12:00:61Z",
            "2026-02-29T12:00:00Z",
            "2026-00-22T12:00:00Z",
            "2026-13-22T12:00:00Z",
            "2026-11-00T12:00:00Z",
            "2026-11-31T12:00:00Z",
            "20x6-11-22T12:00:00Z",
            "2026-1x-22T12:00:00Z",
            "26-11-22T12:00:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_leap_second_stays_in_its_minute() {
        assert_eq!(read("2016-12-31T23:59:60.5Z"), read("2016-12-31T23:59:59.5Z").map(|(_, t)| (22, t)));
    }

    #[test]
    fn a_time_that_64_bits_do_not_hold_is_unknown() {
        for text in
            ["1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2600-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
        {
            assert_eq!(read(text), Some((20, 0)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(nano in 0u64..7_289_654_400_000_000_000, offset in -1439i32..1440, digits in 1usize..12) {
            let shown = jiff::Timestamp::from_nanosecond(i128::from(nano)).unwrap()
                .to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::Offset::from_seconds(offset * 60).unwrap()));
            let fraction = format!("{:09}000", nano % 1_000_000_000);
            let stamp = format!("{}.{}{}", shown.strftime("%Y-%m-%dT%H:%M:%S"), &fraction[..digits], shown.strftime("%:z"));
            let unit = 10u64.pow(9u32.saturating_sub(digits as u32));
            prop_assert_eq!(read(&stamp), Some((stamp.len(), nano / unit * unit)), "{}", stamp);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..50)) {
            let _ = rfc3339(&text);
        }

        #[test]
        fn says_no_where_jiff_does(text in "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-5][0-9]Z") {
            prop_assert_eq!(read(&text).is_some(), text.parse::<jiff::Timestamp>().is_ok(), "{}", text);
        }
    }
}
