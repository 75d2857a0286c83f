//! The credentials of the instance's role (EC2 user guide, "Retrieve security
//! credentials from instance metadata").

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use jiff::Timestamp;
use serde::Deserialize;

/// New ones are there at the latest five minutes before the old ones expire.
const BEFORE: Duration = Duration::from_secs(300);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    access_key_id: String,
    secret_access_key: String,
    token: String,
    expiration: String,
}

/// Credentials and until when they are used.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) credentials: Credentials,
    until: SystemTime,
}

impl Role {
    /// From the document of `iam/security-credentials/ROLE`.
    pub(crate) fn read(document: &[u8]) -> Option<Self> {
        let Document { access_key_id, secret_access_key, token, expiration } =
            serde_json::from_slice(document).ok()?;
        let expires = SystemTime::from(expiration.parse::<Timestamp>().ok()?);
        let credentials =
            Credentials::new(access_key_id, secret_access_key, Some(token), Some(expires), "instance role");
        Some(Self { credentials, until: expires.checked_sub(BEFORE)? })
    }

    pub(crate) fn is_due(&self, now: SystemTime) -> bool {
        now >= self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_read_and_renewed_in_time() {
        let document = br#"{"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIAEXAMPLE",
            "SecretAccessKey": "hidden1", "Token": "hidden2", "Expiration": "2026-01-01T06:00:00Z"}"#;
        let role = Role::read(document).unwrap();
        let at = |time: &str| SystemTime::from(time.parse::<Timestamp>().unwrap());
        assert!(!role.is_due(at("2026-01-01T05:54:59Z")));
        assert!(role.is_due(at("2026-01-01T05:55:00Z")));
        assert!(!format!("{role:?}").contains("hidden"));
        assert!(Role::read(br#"{"Code": "Failed"}"#).is_none());
    }
}
