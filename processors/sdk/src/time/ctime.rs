use super::civil::days_from_civil;
use super::traditional::month;
use super::{Clock, SECONDS_PER_DAY, Stamp, fraction, second_of_day, two_digits};

/// Reads a stamp as C's `ctime` writes it at the start of `text`, in the local time of
/// `clock`: `Wed Nov 25 14:30:08 2026`. The seconds may have a fraction; nobody asks
/// whether the day of the week is right.
#[inline]
pub fn ctime(text: &[u8], clock: &Clock) -> Option<Stamp> {
    let (&[w1, w2, w3, b' ', m1, m2, m3, b' ', tens, ones, b' '], rest) = text.split_first_chunk::<11>()?
    else {
        return None;
    };
    if ![w1, w2, w3].iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    let (time, rest) = rest.split_first_chunk::<8>()?;
    let second = second_of_day(*time)?;
    let (fraction_len, nanos) = fraction(rest);
    let &[b' ', y1, y2, y3, y4] = rest.get(fraction_len..)?.first_chunk::<5>()? else { return None };
    let (century, of_century) = (two_digits(y1, y2), two_digits(y3, y4));
    // What is no number is past 99.
    if century > 99 || of_century > 99 {
        return None;
    }
    let day = two_digits(if tens == b' ' { b'0' } else { tens }, ones);
    let days = days_from_civil(century * 100 + of_century, month([m1, m2, m3])?, day)?;
    Some(Stamp::new(24 + fraction_len, clock.unix_second(days * SECONDS_PER_DAY + second), nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOON: u64 = 1_795_348_800_000_000_000;

    fn read(text: &str) -> Option<(usize, u64)> {
        ctime(text.as_bytes(), &Clock::utc(NOON)).map(|stamp| (stamp.len, stamp.unix_nano))
    }

    #[test]
    fn with_and_without_a_fraction() {
        let day = 86_400_000_000_000;
        for (text, nano) in [
            ("Sun Nov 22 12:00:00 2026", NOON),
            ("Sun Nov 22 12:00:00.123456 2026", NOON + 123_456_000),
            ("Sat Nov  7 12:00:00 2026", NOON - 15 * day),
            ("Sat Nov 07 12:00:00 2026", NOON - 15 * day),
        ] {
            assert_eq!(read(text), Some((text.len(), nano)), "{text}");
            assert_eq!(read(&format!("{text}] x")), Some((text.len(), nano)), "{text}");
        }
        let tokyo = Clock::new(NOON, [(0, 9 * 3600)]);
        assert_eq!(ctime(b"Sun Nov 22 21:00:00 2026", &tokyo).unwrap().unix_nano, NOON);
    }

    #[test]
    fn what_is_no_time_is_no_stamp() {
        for text in [
            "",
            "Sun Nov 22 12:00:00",
            "Sun Nov 22 12:00:00 26",
            "Sun Nov 22 12:00:00 20x6",
            "Sun Nov 22 12:00:00.5",
            "Sun Nov 31 12:00:00 2026",
            "S1n Nov 22 12:00:00 2026",
            "Sun 22 Nov 12:00:00 2026",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(second in 0i64..7_000_000_000) {
            let shown = jiff::Timestamp::from_second(second).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
            let stamp = shown.strftime("%a %b %e %H:%M:%S %Y").to_string();
            prop_assert_eq!(read(&stamp), Some((24, second as u64 * 1_000_000_000)), "{}", stamp);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = ctime(&text, &Clock::utc(NOON));
        }
    }
}
