//! `amazon-ssm-agent.log` and `errors.log` of the Amazon SSM agent, in local time:
//! - `2026-11-25 14:30:08 INFO [ssm-agent-worker] [MessageService] text`
//! - `2026-11-25 14:30:08.0372 ERROR [GetMessages @ service.go.149] [ssm-agent-worker] text`
//! - `2018-02-13 06:33:38 INFO [instanceID=i-01658b12a134ba441] [HealthCheck] text`
//!
//! Many programs begin their lines with a stamp and a level, so a line counts only where what
//! follows is a name in brackets that this agent has. Lines without one, of which it writes
//! some when it starts, count in files that are named after it.

use skidway_sdk::time::local;
use skidway_sdk::{Context, Kind, Line, Parser, Record, cut, no_settings, severity_number};

static KEYS: [&str; 6] = ["timestamp", "code.function.name", "code.file.path", "host.id", "unit", "message"];

/// Its processes, and what the parts of them that write without one are called.
const UNITS: [&[u8]; 18] = [
    b"amazon-ssm-agent",
    b"ssm-agent-worker",
    b"ssm-document-worker",
    b"ssm-session-worker",
    b"amazon-ssm-agent-worker",
    b"ssm-cli",
    b"ssm-setup-cli",
    b"Registrar",
    b"EC2Identity",
    b"OnPremIdentity",
    b"CredentialRefresher",
    b"HealthCheck",
    b"MessageService",
    b"MessageGatewayService",
    b"MessagingDeliveryService",
    b"LongRunningPluginsManager",
    b"StartupProcessor",
    b"TokenRequestService",
];

/// The parser; it has no settings.
#[derive(Debug)]
pub struct SsmAgent;

impl Parser for SsmAgent {
    const KEYS: &'static [&'static str] = &KEYS;

    fn configure(config: &str) -> Result<Self, String> {
        no_settings(config)?;
        Ok(Self)
    }

    #[inline]
    fn line(&self, line: &[u8], context: &Context, out: &mut Record<'_>) -> Line {
        match line {
            [b'0'..=b'9', ..] if entry(line, context, out).is_some() => Line::Entry,
            // Documents and replies are printed as JSON, and errors of AWS in several lines.
            [b' ' | b'\t', ..] | [b'{' | b'}' | b']'] => Line::Continuation,
            _ if line.starts_with(b"caused by: ") || line.starts_with(b"status code: ") => Line::Continuation,
            _ => Line::Unrecognised,
        }
    }
}

#[inline]
fn entry(line: &[u8], context: &Context, out: &mut Record<'_>) -> Option<()> {
    let stamp = local(line, &context.clock)?;
    let (written, rest) = line.split_at_checked(stamp.len)?;
    let (level, rest) = cut::word(rest.strip_prefix(b" ")?);
    let severity = level.iter().all(u8::is_ascii_uppercase).then(|| severity_number(level))??;
    // The separators that this agent's layout has.
    (written.get(4) == Some(&b'-') && written.get(10) == Some(&b' ')).then_some(())?;
    (!written.contains(&b',')).then_some(())?;
    let (place, rest) = match bracket(rest) {
        Some((inside, behind)) => match Place::read(inside) {
            Some(place) => (Some(place), behind),
            None => (None, rest),
        },
        None => (None, rest),
    };
    let (instance, rest) = match bracket(rest) {
        Some((inside, behind)) => match inside.strip_prefix(b"instanceID=") {
            Some(instance) => (instance, behind),
            None => (&[][..], rest),
        },
        None => (&[][..], rest),
    };
    let (unit, message) = match bracket(rest) {
        Some((unit, behind)) if is_name(unit) => (unit, behind),
        _ => (&[][..], rest),
    };
    let own = !instance.is_empty() || UNITS.contains(&unit) || is_named_after(&context.path);
    own.then_some(())?;
    out.time(stamp.unix_nano);
    out.severity(severity);
    out.attribute(KEYS[0], written);
    if let Some(place) = place {
        out.attribute(KEYS[1], place.function);
        out.attribute(KEYS[2], place.file);
        out.attribute_as("code.line.number", Kind::Integer, place.line);
    }
    for (key, value) in [(KEYS[3], instance), (KEYS[4], unit)] {
        if !value.is_empty() {
            out.attribute(key, value);
        }
    }
    out.attribute_to_end(KEYS[5], message);
    Some(())
}

/// What stands in brackets, and what follows them and a space.
#[inline]
fn bracket(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (inside, rest) = cut::within(text, b'[', b']')?;
    Some((inside, rest.strip_prefix(b" ").unwrap_or(rest)))
}

fn is_name(text: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
    !text.is_empty() && text.iter().all(plain)
}

/// `/var/log/amazon/ssm/errors.log`, `amazon-ssm-agent.log`.
fn is_named_after(path: &str) -> bool {
    path.contains("/amazon/ssm/")
        || path.rsplit('/').next().is_some_and(|name| name.starts_with("amazon-ssm-agent"))
}

/// Where in the source an error was written: `Function @ file.go.149`.
struct Place<'l> {
    function: &'l [u8],
    file: &'l [u8],
    line: &'l [u8],
}

impl<'l> Place<'l> {
    fn read(text: &'l [u8]) -> Option<Self> {
        let (function, rest) = cut::word(text);
        let (file, line) = cut::at_last(rest.strip_prefix(b"@ ")?, b'.')?;
        let is_place = [function, file, line].iter().all(|part| !part.is_empty())
            && line.len() < 10
            && cut::digits(line).1.is_empty();
        is_place.then_some(Self { function, file, line })
    }
}

skidway_sdk::export_parser!(SsmAgent);

#[cfg(test)]
mod tests;
