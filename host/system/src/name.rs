//! What this host is called.

use std::ffi::CString;

use dns_lookup::{AddrInfoHints, getaddrinfo, lookup_addr, lookup_host};

/// Where a name comes from. All but `Os` may ask the network and take a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostnameSource {
    /// The kernel's host name.
    Os,
    /// The full name: the canonical one in /etc/hosts or in DNS, or else what the
    /// host's address is called.
    Dns,
    /// The canonical name of the host name.
    Cname,
    /// What the host's address is called.
    Lookup,
}

/// What a source calls this host; `None`: it does not know.
pub fn host_name(source: HostnameSource) -> Option<String> {
    let own = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let name = match source {
        HostnameSource::Os => Some(own),
        HostnameSource::Cname => canonical(&own),
        HostnameSource::Lookup => reverse(&own),
        HostnameSource::Dns => canonical(&own).or_else(|| reverse(&own)),
    };
    name.map(|name| name.trim_end_matches('.').to_owned()).filter(|name| !name.is_empty())
}

fn canonical(own: &str) -> Option<String> {
    // A name with a zero byte is none.
    CString::new(own).ok()?;
    let hints = AddrInfoHints { flags: nix::libc::AI_CANONNAME, ..AddrInfoHints::default() };
    let found = getaddrinfo(Some(own), None, Some(hints)).ok()?;
    found.flatten().find_map(|address| address.canonname)
}

fn reverse(own: &str) -> Option<String> {
    let mut addresses = lookup_host(own).ok()?.filter(|address| !address.is_unspecified());
    addresses.find_map(|address| lookup_addr(&address).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_has_a_name_and_others_may() {
        assert!(host_name(HostnameSource::Os).is_some());
        for source in [HostnameSource::Dns, HostnameSource::Cname, HostnameSource::Lookup] {
            assert!(host_name(source).is_none_or(|name| !name.is_empty() && !name.ends_with('.')));
        }
        assert_eq!(canonical("localhost").as_deref(), Some("localhost"));
    }
}
