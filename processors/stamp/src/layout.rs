//! Go's layouts in parts (Go, `time/format.go`, `nextStdChunk`).

/// A part of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Text that stands for itself; a blank in it for any number of them.
    Text(Box<[u8]>),
    ShortYear,
    LongYear,
    ShortMonth,
    LongMonth,
    /// A number; with true it takes two digits.
    Month(bool),
    ShortWeekday,
    LongWeekday,
    Day(Pad),
    DayOfYear(Pad),
    Hour,
    Hour12(bool),
    Minute(bool),
    /// `fraction`: a fraction follows in the layout.
    Second {
        two: bool,
        fraction: bool,
    },
    /// Upper case, or lower case.
    HalfDay(bool),
    /// `zulu`: a `Z` will do.
    Offset {
        form: Form,
        zulu: bool,
    },
    ZoneName,
    /// With this many digits.
    Fraction(usize),
    /// With any number of digits, or not there.
    OptionalFraction,
}

/// How a number is padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pad {
    None,
    Blank,
    Zero,
}

/// How an offset from UTC is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `-07`
    Hours,
    /// `-0700`
    Plain,
    /// `-07:00`
    Colon,
    /// `-070000`
    Seconds,
    /// `-07:00:00`
    ColonSeconds,
}

pub(crate) fn parts(layout: &str) -> Vec<Part> {
    let bytes = layout.as_bytes();
    let mut parts = Vec::new();
    let (mut at, mut text) = (0, 0);
    while at < bytes.len() {
        match part(&bytes[at..]) {
            Some((part, skip, length)) => {
                let end = at + skip;
                if end > text {
                    parts.push(Part::Text(bytes[text..end].into()));
                }
                parts.push(part);
                at = end + length;
                text = at;
            }
            None => at += 1,
        }
    }
    if text < bytes.len() {
        parts.push(Part::Text(bytes[text..].into()));
    }
    for at in 1..parts.len() {
        let follows = matches!(parts[at], Part::Fraction(_) | Part::OptionalFraction);
        if let Part::Second { fraction, .. } = &mut parts[at - 1] {
            *fraction = follows;
        }
        // Text in between does not count: the next part is what is looked at.
        if follows
            && at >= 2
            && matches!(parts[at - 1], Part::Text(_))
            && let Part::Second { fraction, .. } = &mut parts[at - 2]
        {
            *fraction = true;
        }
    }
    parts
}

/// The part at the start of `rest`, how many bytes of text are before it, and how
/// long it is.
fn part(rest: &[u8]) -> Option<(Part, usize, usize)> {
    let found = |part, length| Some((part, 0, length));
    let lower_follows = |at: usize| rest.get(at).is_some_and(u8::is_ascii_lowercase);
    let starts = |text: &str| rest.starts_with(text.as_bytes());
    match rest[0] {
        b'J' if starts("January") => found(Part::LongMonth, 7),
        b'J' if starts("Jan") && !lower_follows(3) => found(Part::ShortMonth, 3),
        b'M' if starts("Monday") => found(Part::LongWeekday, 6),
        b'M' if starts("Mon") && !lower_follows(3) => found(Part::ShortWeekday, 3),
        b'M' if starts("MST") => found(Part::ZoneName, 3),
        b'0' => match rest.get(1)? {
            b'1' => found(Part::Month(true), 2),
            b'2' => found(Part::Day(Pad::Zero), 2),
            b'3' => found(Part::Hour12(true), 2),
            b'4' => found(Part::Minute(true), 2),
            b'5' => found(Part::Second { two: true, fraction: false }, 2),
            b'6' => found(Part::ShortYear, 2),
            b'0' if rest.get(2) == Some(&b'2') => found(Part::DayOfYear(Pad::Zero), 3),
            _ => None,
        },
        b'1' if rest.get(1) == Some(&b'5') => found(Part::Hour, 2),
        b'1' => found(Part::Month(false), 1),
        b'2' if starts("2006") => found(Part::LongYear, 4),
        b'2' => found(Part::Day(Pad::None), 1),
        // The underscore is text there.
        b'_' if starts("_2006") => Some((Part::LongYear, 1, 4)),
        b'_' if starts("_2") => found(Part::Day(Pad::Blank), 2),
        b'_' if starts("__2") => found(Part::DayOfYear(Pad::Blank), 3),
        b'3' => found(Part::Hour12(false), 1),
        b'4' => found(Part::Minute(false), 1),
        b'5' => found(Part::Second { two: false, fraction: false }, 1),
        b'P' if starts("PM") => found(Part::HalfDay(true), 2),
        b'p' if starts("pm") => found(Part::HalfDay(false), 2),
        b'-' => offset(rest, false),
        b'Z' => offset(rest, true),
        b'.' | b',' => {
            let &digit = rest.get(1).filter(|&&digit| digit == b'0' || digit == b'9')?;
            let digits = rest[1..].iter().take_while(|&&byte| byte == digit).count();
            if rest.get(1 + digits).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            let part = if digit == b'0' { Part::Fraction(digits) } else { Part::OptionalFraction };
            found(part, 1 + digits)
        }
        _ => None,
    }
}

fn offset(rest: &[u8], zulu: bool) -> Option<(Part, usize, usize)> {
    let forms = [
        ("070000", Form::Seconds),
        ("07:00:00", Form::ColonSeconds),
        ("0700", Form::Plain),
        ("07:00", Form::Colon),
        ("07", Form::Hours),
    ];
    let (text, form) = forms.into_iter().find(|(text, _)| rest[1..].starts_with(text.as_bytes()))?;
    Some((Part::Offset { form, zulu }, 0, 1 + text.len()))
}
