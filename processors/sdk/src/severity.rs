/// The short name of a severity number (OpenTelemetry log data model, "Displaying
/// Severity"): `INFO` for 9, `ERROR2` for 18. Empty for 0 (unspecified) and for
/// numbers past 24.
pub fn severity_name(number: u8) -> &'static str {
    const NAMES: [&str; 25] = [
        "", "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4", "INFO", "INFO2",
        "INFO3", "INFO4", "WARN", "WARN2", "WARN3", "WARN4", "ERROR", "ERROR2", "ERROR3", "ERROR4", "FATAL",
        "FATAL2", "FATAL3", "FATAL4",
    ];
    NAMES.get(usize::from(number)).copied().unwrap_or("")
}

/// What programs call their levels. The words of syslog's severities have the numbers
/// that OpenTelemetry gives these.
const WORDS: [(&[u8], u8); 23] = [
    (b"info", 9),
    (b"error", 17),
    (b"warn", 13),
    (b"warning", 13),
    (b"debug", 5),
    (b"trace", 1),
    (b"fatal", 21),
    (b"err", 17),
    (b"notice", 10),
    (b"critical", 18),
    (b"crit", 18),
    (b"information", 9),
    (b"informational", 9),
    (b"verbose", 5),
    (b"dbug", 5),
    (b"eror", 17),
    (b"severe", 17),
    (b"alert", 19),
    (b"emerg", 21),
    (b"emergency", 21),
    (b"panic", 21),
    (b"dpanic", 21),
    (b"wrn", 13),
];

/// The severity number of a level by any name that programs give it, in any case:
/// 9 for `INFO`, `info` and `Information`, 18 for `crit`.
#[inline]
pub fn severity_number(name: &[u8]) -> Option<u8> {
    WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(name)).map(|&(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_in_any_case() {
        for (name, number) in [("INFO", 9), ("Warning", 13), ("err", 17), ("CRITICAL", 18), ("emerg", 21)] {
            assert_eq!(severity_number(name.as_bytes()), Some(number), "{name}");
        }
        for name in ["", "inf", "infos", " info", "level"] {
            assert_eq!(severity_number(name.as_bytes()), None, "{name}");
        }
    }
}
