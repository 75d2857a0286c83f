use reqwest::header::HeaderValue;
use std::fmt;
use std::time::{Duration, Instant};

/// Seconds before the end of a token's life at which the official clients renew it.
const MARGIN: Duration = Duration::from_secs(120);
/// The longest life the service grants.
pub(crate) const MAX_TTL: u64 = 21_600;

/// A session token. It opens the instance's credentials, so it is never shown.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) value: HeaderValue,
    renew_at: Instant,
}

impl Token {
    /// None if `value` cannot be a token.
    pub(crate) fn new(value: &[u8], ttl: Duration, now: Instant) -> Option<Self> {
        let value = value.trim_ascii();
        if value.is_empty() || !value.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        let mut value = HeaderValue::from_bytes(value).ok()?;
        value.set_sensitive(true);
        // A token of a few minutes or less is still used for half of its life.
        Some(Self { value, renew_at: now + ttl - MARGIN.min(ttl / 2) })
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now >= self.renew_at
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_two_minutes_before_its_end_or_half_way() {
        let now = Instant::now();
        for (ttl, due) in [(21_600, 21_480), (300, 180), (240, 120), (60, 30), (1, 0)] {
            let token = Token::new(b"AQ==", Duration::from_secs(ttl), now).unwrap();
            assert!(token.is_due(now + Duration::from_secs(due.max(1))), "{ttl}");
            if due > 0 {
                assert!(!token.is_due(now + Duration::from_secs(due - 1)), "{ttl}");
            }
        }
    }

    #[test]
    fn what_cannot_be_a_header_is_no_token_and_none_is_shown() {
        for bad in [&b""[..], b"\n", b"a b", b"a\r\nx: y", b"\xff"] {
            assert!(Token::new(bad, Duration::from_secs(60), Instant::now()).is_none(), "{bad:?}");
        }
        let token = Token::new(b"secret\n", Duration::from_secs(60), Instant::now()).unwrap();
        assert!(!format!("{token:?} {:?}", token.value).contains("secret"));
    }
}
