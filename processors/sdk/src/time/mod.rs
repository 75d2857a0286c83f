//! Stamps to nanoseconds since 1970-01-01T00:00:00Z, without a calendar library:
//! a component of a few kilobytes reads a stamp in a few nanoseconds.
//!
//! A stamp that is no time (February 30, 25 o'clock, second 61) is no stamp.
//! Second 60 is a leap second and read as second 59, so that it stays in its
//! minute; Unix time has no place for it.

mod civil;
mod clock;
mod common_log;
mod ctime;
mod local;
mod rfc2822;
mod rfc3339;
mod traditional;
mod unix;

pub use civil::{civil_from_days, days_from_civil};
pub use clock::Clock;
pub use common_log::common_log;
pub use ctime::ctime;
pub use local::local;
pub use rfc2822::rfc2822;
pub use rfc3339::rfc3339;
pub use traditional::traditional;
pub use unix::unix;

/// A stamp at the start of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// How many bytes of the text it takes.
    pub len: usize,
    /// Nanoseconds since 1970-01-01T00:00:00Z; 0 for a time that 64 bits do not
    /// hold (before 1970, after 2554).
    pub unix_nano: u64,
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

impl Stamp {
    #[inline]
    fn new(len: usize, unix_second: i64, nanos: u32) -> Self {
        let seconds = u64::try_from(unix_second).ok().and_then(|s| s.checked_mul(NANOS_PER_SECOND));
        Self { len, unix_nano: seconds.and_then(|n| n.checked_add(u64::from(nanos))).unwrap_or(0) }
    }
}

/// Two decimal digits; 255, which no field of a stamp allows, where one is none.
#[inline]
fn two_digits(tens: u8, ones: u8) -> u32 {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens > 9 || ones > 9 { 255 } else { u32::from(tens) * 10 + u32::from(ones) }
}

/// What eight bytes of a stamp look like: digits and separators.
struct Form {
    bytes: u64,
    /// What each byte may differ by from the form's before its highest bit is set:
    /// `0` to `9` differ by up to 9, a separator by nothing.
    room: u64,
}

impl Form {
    /// `form` has a `0` for every digit.
    const fn new(form: [u8; 8]) -> Self {
        let mut room = [0x7f; 8];
        let mut at = 0;
        while at < 8 {
            if form[at] == b'0' {
                room[at] -= 9;
            }
            at += 1;
        }
        Self { bytes: u64::from_le_bytes(form), room: u64::from_le_bytes(room) }
    }

    /// Reads all digits at once. Entry `i` is the number that the digits `i` and
    /// `i + 1` make; it means nothing where one of them is a separator.
    #[inline]
    fn pairs(&self, text: [u8; 8]) -> Option<[u8; 8]> {
        // No sum carries into the next byte unless its own highest bit is set before.
        let values = u64::from_le_bytes(text) ^ self.bytes;
        let wrong = (values.wrapping_add(self.room) | values) & u64::from_le_bytes([0x80; 8]);
        (wrong == 0).then(|| (values * 10 + (values >> 8)).to_le_bytes())
    }
}

const TIME_OF_DAY: Form = Form::new(*b"00:00:00");

/// The second of the day, of `HH:MM:SS`.
#[inline]
fn second_of_day(text: [u8; 8]) -> Option<i64> {
    let [hour, _, _, minute, _, _, second, _] = TIME_OF_DAY.pairs(text)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(i64::from(u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second).min(59)))
}

const EIGHT_DIGITS: Form = Form::new(*b"00000000");

/// A fraction of a second, `.5` or `,5`, of any number of digits: its length in
/// bytes and its nanoseconds, cut off after the ninth digit. Length 0 without one.
#[inline]
fn fraction(text: &[u8]) -> (usize, u32) {
    match text {
        // What rsyslog writes: microseconds.
        [b'.', a, b, c, d, e, f, next, ..] if !next.is_ascii_digit() => {
            match EIGHT_DIGITS.pairs([b'0', b'0', *a, *b, *c, *d, *e, *f]) {
                Some([_, _, high, _, middle, _, low, _]) => {
                    let micros = u32::from(high) * 10_000 + u32::from(middle) * 100 + u32::from(low);
                    (7, micros * 1_000)
                }
                None => fraction_of_any_length(text),
            }
        }
        [b'.' | b',', ..] => fraction_of_any_length(text),
        _ => (0, 0),
    }
}

#[inline(never)]
fn fraction_of_any_length(text: &[u8]) -> (usize, u32) {
    let (mut len, mut nanos, mut unit) = (0, 0u32, 100_000_000u32);
    for byte in text.iter().skip(1) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        nanos += u32::from(digit) * unit;
        unit /= 10;
        len += 1;
    }
    if len == 0 { (0, 0) } else { (len + 1, nanos) }
}
