//! Syslog with traditional stamps, rsyslog's default on Amazon Linux, RHEL and
//! Ubuntu up to 22.04: `Nov 22 11:19:23 web-1 sshd[842]: session closed`.
//!
//! The stamp names neither year nor zone: it is local time, and the year follows
//! from the file's last change.

use skidway_sdk::time::traditional;
use skidway_sdk::{Context, Line, Parser, Record, no_settings, syslog};

/// The parser; it has no settings.
#[derive(Debug)]
pub struct AmazonLinux;

impl Parser for AmazonLinux {
    const KEYS: &'static [&'static str] = &syslog::KEYS;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], context: &Context, out: &mut Record<'_>) -> Line {
        syslog::line(line, out, |line| traditional(line, &context.clock))
    }
}

skidway_sdk::export_parser!(AmazonLinux);

#[cfg(test)]
mod tests;
