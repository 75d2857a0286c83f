/// The highest severity number of OpenTelemetry's log data model, FATAL4.
pub const MAX_SEVERITY: u8 = 24;

/// The short name of a severity number (OpenTelemetry log data model, "Displaying
/// Severity"): `INFO` for 9, `ERROR2` for 18. Empty for 0 (unspecified) and for
/// numbers past 24.
pub fn severity_text(number: u8) -> &'static str {
    const NAMES: [&str; 25] = [
        "", "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4", "INFO", "INFO2",
        "INFO3", "INFO4", "WARN", "WARN2", "WARN3", "WARN4", "ERROR", "ERROR2", "ERROR3", "ERROR4", "FATAL",
        "FATAL2", "FATAL3", "FATAL4",
    ];
    NAMES.get(usize::from(number)).copied().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_data_model() {
        let at = |n| severity_text(n);
        assert_eq!(
            [at(0), at(1), at(5), at(9), at(13), at(17)],
            ["", "TRACE", "DEBUG", "INFO", "WARN", "ERROR"]
        );
        assert_eq!([at(10), at(18), at(21), at(24), at(25)], ["INFO2", "ERROR2", "FATAL", "FATAL4", ""]);
    }
}
