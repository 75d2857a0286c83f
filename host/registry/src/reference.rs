//! What a component is called in a registry.

use std::fmt;
use std::str::FromStr;

/// `HOST/NAME:TAG` or `HOST/NAME@sha256:HEX`; without either it is the tag `latest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(pub(crate) oci_client::Reference);

/// Why a text is no such name.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no name of a component in a registry, such as ghcr.io/acme/nginx:1.0")]
pub struct ReferenceError(String);

impl Reference {
    /// Whether it names one manifest for ever.
    pub fn is_fixed(&self) -> bool {
        self.0.digest().is_some()
    }

    /// The last part of the name, which a file of it may be called.
    pub fn short_name(&self) -> &str {
        let repository = self.0.repository();
        repository.rsplit('/').next().unwrap_or(repository)
    }

    /// Where the registry is.
    pub fn host(&self) -> &str {
        self.0.resolve_registry()
    }

    /// Whether the registry is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        let host = self.host();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let bare = text.strip_prefix("oci://").unwrap_or(text);
        let host = bare.split_once('/').map(|(host, _)| host);
        // Who leaves it out means a registry that only one program knows as the usual one.
        if !host.is_some_and(|host| host == "localhost" || host.contains(['.', ':'])) {
            return Err(ReferenceError(text.to_owned()));
        }
        bare.parse().map(Self).map_err(|_| ReferenceError(text.to_owned()))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_registry_and_a_tag_or_a_digest() {
        let shown = |text: &str| text.parse::<Reference>().map(|reference| reference.to_string()).ok();
        assert_eq!(shown("ghcr.io/acme/nginx:1.0").as_deref(), Some("ghcr.io/acme/nginx:1.0"));
        assert_eq!(shown("oci://localhost:5000/nginx").as_deref(), Some("localhost:5000/nginx:latest"));
        let fixed = format!("ghcr.io/acme/nginx@sha256:{}", "ab".repeat(32));
        assert_eq!(shown(&fixed), Some(fixed.clone()));
        assert!(fixed.parse::<Reference>().unwrap().is_fixed());
        for wrong in ["", "nginx", "acme/nginx:1", "ghcr.io/Acme", "ghcr.io/../x", "user:key@ghcr.io/x"] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_tell_where_the_registry_is() {
        let reference = |text: &str| text.parse::<Reference>().unwrap();
        for local in ["localhost/a", "localhost:5000/a", "127.0.0.1:5000/a", "127.1.2.3:1/a"] {
            assert!(reference(local).is_local(), "{local}");
        }
        for far in ["ghcr.io/a", "localhost.example.org/a", "127.0.0.1.example.org:5000/a", "10.0.0.1:5000/a"]
        {
            assert!(!reference(far).is_local(), "{far}");
        }
        assert_eq!(reference("ghcr.io/acme/nginx:1").short_name(), "nginx");
    }
}
