//! Addresses of the network interfaces that are up and are no loopback.

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags;

fn addresses() -> impl Iterator<Item = InterfaceAddress> {
    let all = getifaddrs().ok().into_iter().flatten();
    all.filter(|interface| {
        let up = interface.flags.contains(InterfaceFlags::IFF_UP);
        up && !interface.flags.contains(InterfaceFlags::IFF_LOOPBACK)
    })
}

/// IPv4 and IPv6, as text.
pub(crate) fn ips() -> Vec<String> {
    let ip = |interface: InterfaceAddress| {
        let address = interface.address?;
        match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
            (Some(v4), _) => Some(v4.ip().to_string()),
            (None, Some(v6)) => Some(v6.ip().to_string()),
            (None, None) => None,
        }
    };
    addresses().filter_map(ip).collect()
}

/// As IEEE RA writes them: upper case, hyphens (semantic conventions, `host.mac`).
pub(crate) fn macs() -> Vec<String> {
    let mac = |interface: InterfaceAddress| interface.address?.as_link_addr()?.addr();
    addresses().filter_map(mac).filter(|mac| *mac != [0; 6]).map(written).collect()
}

fn written(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02X}")).join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_their_form() {
        assert_eq!(written([0xac, 0xde, 0x48, 0, 0x11, 0x22]), "AC-DE-48-00-11-22");
        for ip in ips() {
            assert!(ip.parse::<std::net::IpAddr>().is_ok_and(|ip| !ip.is_loopback()), "{ip}");
        }
    }
}
