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
