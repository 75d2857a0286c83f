//! Reads a stamp by the parts of its layout (Go, `time/format.go`, `parse`).

use crate::StampError::{self, Extra, Mismatch, Range};
use crate::civil::{Civil, days_in, is_leap, year_of};
use crate::layout::{Form, Pad, Part};
use crate::zone::Zone;

const NANOS: i128 = 1_000_000_000;
/// What would be later than this is of the year before.
const FUTURE: i128 = 7 * 86_400 * NANOS;

/// What was read so far.
#[derive(Default)]
struct Found<'s> {
    year: u32,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    hour: u32,
    minute: u32,
    second: u32,
    nanos: u32,
    /// Whether it is after noon, where it says.
    afternoon: Option<bool>,
    utc: bool,
    offset: Option<i64>,
    zone_name: Option<&'s [u8]>,
}

pub(crate) fn read(
    parts: &[Part],
    stamp: &[u8],
    zone: &Zone,
    now_unix_nano: u64,
) -> Result<i128, StampError> {
    let mut found = Found::default();
    let mut rest = stamp;
    for part in parts {
        rest = found.part(part, rest)?;
    }
    if !rest.is_empty() {
        return Err(Extra);
    }
    found.time(zone, now_unix_nano)
}

impl<'s> Found<'s> {
    #[inline]
    fn part(&mut self, part: &Part, rest: &'s [u8]) -> Result<&'s [u8], StampError> {
        match part {
            Part::Text(text) => skip(rest, text),
            Part::LongYear => {
                let (digits, rest) = rest.split_at_checked(4).ok_or(Mismatch)?;
                self.year = all_digits(digits)?;
                Ok(rest)
            }
            Part::ShortYear => {
                let (digits, rest) = rest.split_at_checked(2).ok_or(Mismatch)?;
                let year = all_digits(digits)?;
                self.year = if year >= 69 { 1900 + year } else { 2000 + year };
                Ok(rest)
            }
            Part::ShortMonth => self.month_name(rest, true),
            Part::LongMonth => self.month_name(rest, false),
            Part::Month(two) => {
                let (month, rest) = number(rest, *two)?;
                self.month = Some(month);
                if (1..=12).contains(&month) { Ok(rest) } else { Err(Range) }
            }
            Part::ShortWeekday => name(rest, &WEEKDAYS, Some(3)).map(|(_, rest)| rest),
            Part::LongWeekday => name(rest, &WEEKDAYS, None).map(|(_, rest)| rest),
            Part::Day(pad) => {
                let rest = if *pad == Pad::Blank { rest.strip_prefix(b" ").unwrap_or(rest) } else { rest };
                let (day, rest) = number(rest, *pad == Pad::Zero)?;
                self.day = Some(day);
                Ok(rest)
            }
            Part::DayOfYear(pad) => self.day_of_year(rest, *pad),
            Part::Hour => {
                let (hour, rest) = number(rest, false)?;
                self.hour = hour;
                if hour < 24 { Ok(rest) } else { Err(Range) }
            }
            Part::Hour12(two) => {
                let (hour, rest) = number(rest, *two)?;
                self.hour = hour;
                if hour <= 12 { Ok(rest) } else { Err(Range) }
            }
            Part::Minute(two) => {
                let (minute, rest) = number(rest, *two)?;
                self.minute = minute;
                if minute < 60 { Ok(rest) } else { Err(Range) }
            }
            Part::Second { two, fraction } => {
                let (second, rest) = number(rest, *two)?;
                self.second = second;
                if second >= 60 {
                    return Err(Range);
                }
                // A fraction may be there although the layout has none.
                if *fraction { Ok(rest) } else { Ok(self.fraction(rest).unwrap_or(rest)) }
            }
            Part::HalfDay(upper) => {
                let names: [&[u8]; 2] = if *upper { [b"AM", b"PM"] } else { [b"am", b"pm"] };
                let (text, rest) = rest.split_at_checked(2).ok_or(Mismatch)?;
                self.afternoon = Some(names.iter().position(|name| *name == text).ok_or(Mismatch)? == 1);
                Ok(rest)
            }
            Part::Offset { form, zulu } => {
                if *zulu && let Some(rest) = rest.strip_prefix(b"Z") {
                    self.utc = true;
                    return Ok(rest);
                }
                self.offset(rest, *form)
            }
            Part::ZoneName => {
                if let Some(rest) = rest.strip_prefix(b"UTC") {
                    self.utc = true;
                    return Ok(rest);
                }
                let (name, rest) = rest.split_at(zone_name(rest).ok_or(Mismatch)?);
                self.zone_name = Some(name);
                Ok(rest)
            }
            Part::Fraction(digits) => {
                let (text, rest) = rest.split_at_checked(1 + digits).ok_or(Mismatch)?;
                self.nanos = nanos(text)?;
                Ok(rest)
            }
            Part::OptionalFraction => Ok(self.fraction(rest).unwrap_or(rest)),
        }
    }

    /// A fraction with any number of digits, if there is one.
    #[inline]
    fn fraction(&mut self, rest: &'s [u8]) -> Option<&'s [u8]> {
        if !matches!(rest, [b'.' | b',', b'0'..=b'9', ..]) {
            return None;
        }
        let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (text, rest) = rest.split_at(1 + digits);
        self.nanos = nanos(text).ok()?;
        Some(rest)
    }

    #[inline]
    fn month_name(&mut self, rest: &'s [u8], short: bool) -> Result<&'s [u8], StampError> {
        let (index, rest) = name(rest, &MONTHS, short.then_some(3))?;
        self.month = Some(index as u32 + 1);
        Ok(rest)
    }

    fn day_of_year(&mut self, rest: &'s [u8], pad: Pad) -> Result<&'s [u8], StampError> {
        let mut rest = rest;
        for _ in 0..2 {
            if pad == Pad::Blank {
                rest = rest.strip_prefix(b" ").unwrap_or(rest);
            }
        }
        let digits = rest.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || pad == Pad::Zero && digits != 3 {
            return Err(Mismatch);
        }
        let (digits, rest) = rest.split_at(digits);
        self.day_of_year = Some(all_digits(digits)?);
        Ok(rest)
    }

    fn offset(&mut self, rest: &'s [u8], form: Form) -> Result<&'s [u8], StampError> {
        // The places of minutes and seconds, and of colons.
        let (length, minutes, seconds, colons): (_, _, _, &[usize]) = match form {
            Form::Hours => (3, None, None, &[]),
            Form::Plain => (5, Some(3), None, &[]),
            Form::Colon => (6, Some(4), None, &[3]),
            Form::Seconds => (7, Some(3), Some(5), &[]),
            Form::ColonSeconds => (9, Some(4), Some(7), &[3, 6]),
        };
        let (text, rest) = rest.split_at_checked(length).ok_or(Mismatch)?;
        if colons.iter().any(|&at| text[at] != b':') {
            return Err(Mismatch);
        }
        let two = |at: usize| all_digits(&text[at..at + 2]);
        let (hours, minutes) = (two(1)?, minutes.map_or(Ok(0), two)?);
        let seconds = seconds.map_or(Ok(0), two)?;
        // Some people write offsets of 24 hours or 60 minutes.
        if hours > 24 || minutes > 60 || seconds > 60 {
            return Err(Range);
        }
        let offset = i64::from((hours * 60 + minutes) * 60 + seconds);
        self.offset = match text[0] {
            b'+' => Some(offset),
            b'-' => Some(-offset),
            _ => return Err(Mismatch),
        };
        Ok(rest)
    }

    /// Puts together what was read.
    #[inline]
    fn time(&self, zone: &Zone, now_unix_nano: u64) -> Result<i128, StampError> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let (month, day) = self.date()?;
        let second_of_day = i64::from((hour * 60 + self.minute) * 60 + self.second);
        let civil = Civil { year: self.year, month, day, second_of_day };
        let nanos = |second: i64| i128::from(second) * NANOS + i128::from(self.nanos);
        if self.year > 0 {
            return Ok(nanos(self.to_utc(civil, zone)));
        }
        let now = (now_unix_nano / NANOS as u64) as i64;
        let civil = Civil { year: year_of(zone.to_local(now)), ..civil };
        let time = nanos(self.to_utc(civil, zone));
        if time <= i128::from(now_unix_nano) + FUTURE {
            return Ok(time);
        }
        Ok(nanos(self.to_utc(Civil { year: civil.year - 1, ..civil }, zone)))
    }

    fn to_utc(&self, civil: Civil, zone: &Zone) -> i64 {
        let local = civil.second();
        if self.utc {
            return local;
        }
        if let Some(offset) = self.offset {
            return local - offset;
        }
        let Some(name) = self.zone_name else { return zone.to_utc(local) };
        // A name that the zone does not have is taken for one of UTC, except that
        // `GMT+3` says it.
        let stated = || {
            let hours = name.strip_prefix(b"GMT").and_then(|hours| std::str::from_utf8(hours).ok());
            hours.and_then(|hours| hours.parse::<i64>().ok()).map_or(0, |hours| hours * 3600)
        };
        local - zone.offset_of(name, local).unwrap_or_else(stated)
    }

    fn date(&self) -> Result<(u32, u32), StampError> {
        let Some(of_year) = self.day_of_year else {
            let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
            let exists = (1..=days_in(month, self.year)).contains(&day);
            return if exists { Ok((month, day)) } else { Err(Range) };
        };
        if of_year == 0 || of_year > 365 + u32::from(is_leap(self.year)) {
            return Err(Range);
        }
        let (mut month, mut day) = (1, of_year);
        while day > days_in(month, self.year) {
            day -= days_in(month, self.year);
            month += 1;
        }
        let agrees =
            self.month.is_none_or(|known| known == month) && self.day.is_none_or(|known| known == day);
        if agrees { Ok((month, day)) } else { Err(Range) }
    }
}

#[inline]
fn skip<'s>(rest: &'s [u8], text: &[u8]) -> Result<&'s [u8], StampError> {
    let (mut rest, mut text) = (rest, text);
    while let Some((&byte, more)) = text.split_first() {
        if byte == b' ' {
            if rest.first().is_some_and(|&byte| byte != b' ') {
                return Err(Mismatch);
            }
            text = without_blanks(text);
            rest = without_blanks(rest);
        } else {
            rest = rest.strip_prefix(&[byte]).ok_or(Mismatch)?;
            text = more;
        }
    }
    Ok(rest)
}

fn without_blanks(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|&&byte| byte == b' ').count()..]
}

/// One digit or two; with `two` nothing but two.
#[inline]
fn number(rest: &[u8], two: bool) -> Result<(u32, &[u8]), StampError> {
    match rest {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', rest @ ..] => {
            Ok((u32::from(a - b'0') * 10 + u32::from(b - b'0'), rest))
        }
        [a @ b'0'..=b'9', rest @ ..] if !two => Ok((u32::from(a - b'0'), rest)),
        _ => Err(Mismatch),
    }
}

#[inline]
fn all_digits(text: &[u8]) -> Result<u32, StampError> {
    text.iter().try_fold(0, |value, byte| {
        if byte.is_ascii_digit() { Ok(value * 10 + u32::from(byte - b'0')) } else { Err(Mismatch) }
    })
}

/// A point or a comma and digits, of which the first nine count.
#[inline]
fn nanos(text: &[u8]) -> Result<u32, StampError> {
    let Some((b'.' | b',', digits)) = text.split_first() else { return Err(Mismatch) };
    let digits = &digits[..digits.len().min(9)];
    Ok(all_digits(digits)? * 10_u32.pow(9 - digits.len() as u32))
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Which of `names` stands at the start of `rest`, in any case, of which the first
/// `length` letters count.
#[inline]
fn name<'s>(rest: &'s [u8], names: &[&str], length: Option<usize>) -> Result<(usize, &'s [u8]), StampError> {
    for (index, name) in names.iter().enumerate() {
        let name = &name.as_bytes()[..length.unwrap_or(name.len())];
        if let Some((text, rest)) = rest.split_at_checked(name.len())
            && text.eq_ignore_ascii_case(name)
        {
            return Ok((index, rest));
        }
    }
    Err(Mismatch)
}

/// How long the name of a zone at the start of `rest` is (Go, `parseTimeZone`).
fn zone_name(rest: &[u8]) -> Option<usize> {
    if rest.starts_with(b"ChST") || rest.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(more) = rest.strip_prefix(b"GMT") {
        return Some(3 + signed_offset(more));
    }
    if rest.starts_with(b"+") || rest.starts_with(b"-") {
        return Some(signed_offset(rest)).filter(|&length| length > 0);
    }
    let letters = rest.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count();
    match letters {
        5 if rest[4] == b'T' => Some(5),
        4 if rest[3] == b'T' || rest.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// How long `+3` or `-11` at the start of `rest` is; 0 where there is none.
fn signed_offset(rest: &[u8]) -> usize {
    let Some((b'+' | b'-', digits)) = rest.split_first() else { return 0 };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match all_digits(&digits[..count.min(9)]) {
        Ok(hours) if count > 0 && count < 9 && hours <= 23 => 1 + count,
        _ => 0,
    }
}
