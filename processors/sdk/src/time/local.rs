use super::civil::days_from_civil;
use super::{Clock, Form, SECONDS_PER_DAY, Stamp, fraction, second_of_day, two_digits};

const YEAR_AND_MONTH: Form = Form::new(*b"0000-00-");

/// Reads a stamp without a zone at the start of `text`, in the local time of `clock`:
/// `2026-11-25 14:30:08`, `2026/11/25 14:30:08.5`, `2026-11-25T14:30:08,123`. A fraction
/// of any length may follow.
#[inline]
pub fn local(text: &[u8], clock: &Clock) -> Option<Stamp> {
    let (head, tail) = text.split_first_chunk::<19>()?;
    let (&[y1, y2, y3, y4, first, m1, m2, second], time) = head.split_first_chunk::<8>()?;
    let (&[d1, d2, b' ' | b'T'], time) = time.split_first_chunk::<3>()? else { return None };
    if first != second || !matches!(first, b'-' | b'/') {
        return None;
    }
    let date = [y1, y2, y3, y4, b'-', m1, m2, b'-'];
    let [century, _, of_century, _, _, month, _, _] = YEAR_AND_MONTH.pairs(date)?;
    let year = u32::from(century) * 100 + u32::from(of_century);
    let days = days_from_civil(year, u32::from(month), two_digits(d1, d2))?;
    let second = second_of_day(*time.first_chunk()?)?;
    let (fraction_len, nanos) = fraction(tail);
    Some(Stamp::new(head.len() + fraction_len, clock.unix_second(days * SECONDS_PER_DAY + second), nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOON: u64 = 1_795_348_800_000_000_000;

    fn read(text: &str) -> Option<(usize, u64)> {
        local(text.as_bytes(), &Clock::utc(NOON)).map(|stamp| (stamp.len, stamp.unix_nano))
    }

    #[test]
    fn dates_with_hyphens_and_slashes() {
        for (text, nanos) in [
            ("2026-11-22 12:00:00", 0),
            ("2026/11/22 12:00:00", 0),
            ("2026-11-22T12:00:00", 0),
            ("2026-11-22 12:00:00,123", 123_000_000),
            ("2026/11/22 12:00:00.000001", 1_000),
        ] {
            assert_eq!(read(text), Some((text.len(), NOON + nanos)), "{text}");
            assert_eq!(read(&format!("{text} x")), Some((text.len(), NOON + nanos)), "{text}");
        }
    }

    #[test]
    fn the_time_is_local() {
        let tokyo = Clock::new(NOON, [(0, 9 * 3600)]);
        let stamp = local(b"2026/11/22 21:00:00 x", &tokyo).unwrap();
        assert_eq!((stamp.len, stamp.unix_nano), (19, NOON));
    }

    #[test]
    fn what_is_no_time_is_no_stamp() {
        for text in [
            "",
            "2026-11-22",
            "2026-11/22 12:00:00",
            "2026.11.22 12:00:00",
            "2026-11-22_12:00:00",
            "2026-02-30 12:00:00",
            "2026-11-22 24:00:00",
            "26-11-22 12:00:00 x",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = local(&text, &Clock::utc(NOON));
        }

        #[test]
        fn says_no_where_jiff_does(text in "20[0-9]{2}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-6][0-9]:[0-5][0-9]") {
            prop_assert_eq!(read(&text).is_some(), text.parse::<jiff::civil::DateTime>().is_ok(), "{}", text);
        }
    }
}
