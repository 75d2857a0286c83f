//! `strptime` layouts to Go's (collector-contrib, `internal/coreinternal/timeutils`,
//! the table of its `ctimefmt`).

use crate::LayoutError;

fn native(directive: u8) -> Option<&'static str> {
    Some(match directive {
        b'Y' => "2006",
        b'y' => "06",
        b'm' => "01",
        b'o' => "_1",
        b'q' => "1",
        b'b' | b'h' => "Jan",
        b'B' => "January",
        b'd' => "02",
        b'e' => "_2",
        b'g' => "2",
        b'a' => "Mon",
        b'A' => "Monday",
        b'H' => "15",
        b'l' => "3",
        b'I' => "03",
        b'p' => "PM",
        b'P' => "pm",
        b'M' => "04",
        b'S' => "05",
        b'L' => "999",
        b'f' => "999999",
        b's' => "99999999",
        b'Z' => "MST",
        b'z' => "Z0700",
        b'w' => "-070000",
        b'i' => "-07",
        b'j' => "-07:00",
        b'k' => "-07:00:00",
        b'D' | b'x' => "01/02/2006",
        b'F' => "2006-01-02",
        b'T' | b'X' => "15:04:05",
        b'r' => "03:04:05 pm",
        b'R' => "15:04",
        b'n' => "\n",
        b't' => "\t",
        b'%' => "%",
        b'c' => "Mon Jan 02 15:04:05 2006",
        _ => return None,
    })
}

pub(crate) fn to_native(layout: &str) -> Result<String, LayoutError> {
    let mut out = String::with_capacity(layout.len() * 2);
    let mut rest = layout.chars();
    let mut before = None;
    while let Some(c) = rest.next() {
        if c.is_ascii_digit() {
            return Err(LayoutError(format!(
                "`{layout}` has the digit {c}, which stands for itself nowhere; with Go's notation write \
                 `layout_type: gotime`"
            )));
        }
        if c != '%' {
            out.push(c);
            before = Some(c);
            continue;
        }
        let Some(directive) = rest.next() else {
            return Err(LayoutError(format!("`{layout}` ends in `%`; a percent sign is `%%`")));
        };
        let Some(native) = u8::try_from(directive).ok().and_then(native) else {
            return Err(LayoutError(format!(
                "`%{directive}` is no directive; there are %Y %y %m %b %B %d %e %a %A %H %I %l %M %S %p %L %f %s %z %j \
                 %Z %F %T %D %c and some more"
            )));
        };
        if "Lfs".contains(directive) && !matches!(before, Some('.' | ',')) {
            return Err(LayoutError(format!(
                "`%{directive}` must follow a point or a comma, as in `%S.%{directive}`"
            )));
        }
        out.push_str(native);
        before = None;
    }
    Ok(out)
}
