use super::civil::days_from_civil;
use super::rfc3339::utc_offset;
use super::traditional::month;
use super::{SECONDS_PER_DAY, Stamp, second_of_day, two_digits};

/// Reads a stamp of web servers' access logs at the start of `text`:
/// `25/Nov/2026:14:30:08 +0100`.
#[inline]
pub fn common_log(text: &[u8]) -> Option<Stamp> {
    let (&[d1, d2, b'/', m1, m2, m3, b'/', y1, y2, y3, y4, b':'], rest) = text.split_first_chunk::<12>()?
    else {
        return None;
    };
    let (time, rest) = rest.split_first_chunk::<8>()?;
    let (century, of_century) = (two_digits(y1, y2), two_digits(y3, y4));
    // What is no number is past 99.
    if century > 99 || of_century > 99 {
        return None;
    }
    let days = days_from_civil(century * 100 + of_century, month([m1, m2, m3])?, two_digits(d1, d2))?;
    let second = second_of_day(*time)?;
    let (offset_len, offset) = utc_offset(rest.strip_prefix(b" ")?)?;
    Some(Stamp::new(21 + offset_len, days * SECONDS_PER_DAY + second - offset, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<(usize, u64)> {
        common_log(text.as_bytes()).map(|stamp| (stamp.len, stamp.unix_nano))
    }

    #[test]
    fn the_offset_counts() {
        let noon = 1_795_348_800_000_000_000;
        for text in [
            "22/Nov/2026:12:00:00 +0000",
            "22/Nov/2026:13:30:00 +0130",
            "22/Nov/2026:07:00:00 -0500",
            "23/Nov/2026:02:00:00 +1400",
        ] {
            assert_eq!(read(text), Some((26, noon)), "{text}");
            assert_eq!(read(&format!("{text}] \"GET")), Some((26, noon)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_no_stamp() {
        for text in [
            "",
            "22/Nov/2026:12:00:00",
            "22/Nov/2026:12:00:00 ",
            "22/Nov/2026:12:00:00+0000",
            "22/Nov/2026 12:00:00 +0000",
            "22/11/2026:12:00:00 +0000",
            "31/Nov/2026:12:00:00 +0000",
            "22/Nov/2x26:12:00:00 +0000",
            "22/Nov/202x:12:00:00 +0000",
            "22/Nov/2026:12:00:61 +0000",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_jiff(second in 0i64..7_000_000_000, offset in -1439i32..1440) {
            let zone = jiff::tz::TimeZone::fixed(jiff::tz::Offset::from_seconds(offset * 60).unwrap());
            let shown = jiff::Timestamp::from_second(second).unwrap().to_zoned(zone);
            let stamp = shown.strftime("%d/%b/%Y:%H:%M:%S %z").to_string();
            prop_assert_eq!(read(&stamp), Some((26, second as u64 * 1_000_000_000)), "{}", stamp);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..30)) {
            let _ = common_log(&text);
        }
    }
}
