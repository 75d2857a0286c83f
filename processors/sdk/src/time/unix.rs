use super::{NANOS_PER_SECOND, Stamp, fraction};

/// The least number that is taken for a time: in seconds it is of 1973. What is less
/// is rather a duration.
const LEAST: u64 = 100_000_000;
/// From here on a number counts in the next smaller unit: as seconds it would be of
/// the year 5138, and in the smaller unit it is of 1973.
const NEXT_UNIT: u64 = 1_000;

/// Reads a number of seconds, milliseconds, microseconds or nanoseconds since
/// 1970-01-01T00:00:00Z at the start of `text`: `1795348800`, `1795348800.25`,
/// `1795348800250`. Its size says in which unit it counts. One that is too small for
/// a time is none.
#[inline]
pub fn unix(text: &[u8]) -> Option<Stamp> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, rest) = text.split_at_checked(digits)?;
    let mut number = 0u64;
    for digit in whole {
        number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    let mut unit = NANOS_PER_SECOND;
    let mut limit = LEAST * NEXT_UNIT;
    while unit > 1 && number >= limit {
        limit = limit.saturating_mul(NEXT_UNIT);
        unit /= NEXT_UNIT;
    }
    let (fraction_len, nanos) = if rest.first() == Some(&b'.') { fraction(rest) } else { (0, 0) };
    if number < LEAST {
        return None;
    }
    // Of a second, or of what the number counts.
    let part = u64::from(nanos) / (NANOS_PER_SECOND / unit);
    Some(Stamp { len: digits + fraction_len, unix_nano: number.checked_mul(unit)?.checked_add(part)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<(usize, u64)> {
        unix(text.as_bytes()).map(|stamp| (stamp.len, stamp.unix_nano))
    }

    #[test]
    fn the_unit_follows_from_the_size() {
        let noon = 1_795_348_800_000_000_000;
        for (text, nanos) in [
            ("1795348800", 0),
            ("1795348800.25", 250_000_000),
            ("1795348800.123456789012", 123_456_789),
            ("1795348800250", 250_000_000),
            ("1795348800250.5", 250_500_000),
            ("1795348800000001", 1_000),
            ("1795348800000000001", 1),
        ] {
            assert_eq!(read(text), Some((text.len(), noon + nanos)), "{text}");
        }
        assert_eq!(read("1795348800Z"), Some((10, noon)));
        assert_eq!(read("1795348800."), Some((10, noon)));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "x",
            "-1795348800",
            "12",
            "99999999",
            ".5",
            "18446744073709551616",
            "99999999999999999999999",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn each_unit_says_the_same(second in 100_000_000u64..17_000_000_000, digits in 0u32..4) {
            let number = second * 1_000u64.pow(digits);
            prop_assert_eq!(read(&number.to_string()).unwrap().1, second * 1_000_000_000);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(text in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = unix(&text);
        }

        #[test]
        fn any_number_is_read_without_a_panic(text in "[0-9]{0,25}(\\.[0-9]{0,12})?") {
            let _ = unix(text.as_bytes());
        }
    }
}
