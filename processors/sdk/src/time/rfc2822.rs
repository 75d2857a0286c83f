use super::civil::days_from_civil;
use super::rfc3339::utc_offset;
use super::traditional::month;
use super::{SECONDS_PER_DAY, Stamp, second_of_day, two_digits};

/// Reads a stamp of mail headers at the start of `text`: `Wed, 25 Nov 2026 14:30:08 +0000`.
/// Nobody asks whether the day of the week is right.
#[inline]
pub fn rfc2822(text: &[u8]) -> Option<Stamp> {
    let (&[w1, w2, w3, b',', b' ', d1, d2, b' ', m1, m2, m3, b' '], rest) = text.split_first_chunk::<12>()?
    else {
        return None;
    };
    let (&[y1, y2, y3, y4, b' '], rest) = rest.split_first_chunk::<5>()? else { return None };
    let (time, rest) = rest.split_first_chunk::<8>()?;
    let (century, of_century) = (two_digits(y1, y2), two_digits(y3, y4));
    // What is no number is past 99.
    if century > 99 || of_century > 99 || ![w1, w2, w3].iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    let days = days_from_civil(century * 100 + of_century, month([m1, m2, m3])?, two_digits(d1, d2))?;
    let second = second_of_day(*time)?;
    let (offset_len, offset) = utc_offset(rest.strip_prefix(b" ")?)?;
    Some(Stamp::new(26 + offset_len, days * SECONDS_PER_DAY + second - offset, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<(usize, u64)> {
        rfc2822(text.as_bytes()).map(|stamp| (stamp.len, stamp.unix_nano))
    }

    #[test]
    fn what_is_no_time_is_no_stamp() {
        for text in [
            "",
            "Sun, 22 Nov 2026 12:00:00",
            "Sun 22 Nov 2026 12:00:00 +0000",
            "S1n, 22 Nov 2026 12:00:00 +0000",
            "Sun, 31 Nov 2026 12:00:00 +0000",
            "Sun, 22 Nov 20x6 12:00:00 +0000",
            "Sun, 22 Nov 202x 12:00:00 +0000",
            "Sun, 22 Nov 2026 24:00:00 +0000",
            "Sun, 22 Nov 2026 12:00:00 GMT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(second in 0i64..7_000_000_000, offset in -1439i32..1440) {
            let zone = jiff::tz::TimeZone::fixed(jiff::tz::Offset::from_seconds(offset * 60).unwrap());
            let shown = jiff::Timestamp::from_second(second).unwrap().to_zoned(zone);
            let stamp = shown.strftime("%a, %d %b %Y %H:%M:%S %z").to_string();
            prop_assert_eq!(read(&stamp), Some((31, second as u64 * 1_000_000_000)), "{}", stamp);
            let more = format!("{stamp}. Up 7.20 seconds.");
            prop_assert_eq!(read(&more), Some((31, second as u64 * 1_000_000_000)), "{}", stamp);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = rfc2822(&text);
        }
    }
}
