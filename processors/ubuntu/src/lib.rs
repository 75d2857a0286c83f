//! Syslog with RFC 3339 stamps, rsyslog's default on Ubuntu 24.04 and Debian 12:
//! `2026-11-22T11:19:23.080666+00:00 web-1 sshd[842]: session closed`.
//!
//! The stamp may have any fraction or none, and `Z`, `+00:00` or `+0000` at its end.

use skidway_sdk::time::rfc3339;
use skidway_sdk::{Context, Line, Parser, Record, no_settings, syslog};

/// The parser; it has no settings.
#[derive(Debug)]
pub struct Ubuntu;

impl Parser for Ubuntu {
    const KEYS: &'static [&'static str] = &syslog::KEYS;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
        syslog::line(line, out, rfc3339)
    }
}

skidway_sdk::export_parser!(Ubuntu);

#[cfg(test)]
mod tests;
