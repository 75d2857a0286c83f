//! The operating system and the machine it runs on.

use std::fs;

/// What systemd or D-Bus calls this machine (machine-id(5)).
pub fn machine_id() -> Option<String> {
    let paths = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
    let ids = paths.iter().filter_map(|path| fs::read_to_string(path).ok());
    ids.map(|id| id.trim().to_owned()).find(|id| !id.is_empty())
}

/// The id that EC2 gave this instance, as far as its firmware tells: on Nitro the asset
/// tag of the board.
pub fn instance_id() -> Option<String> {
    let tag = fs::read_to_string("/sys/devices/virtual/dmi/id/board_asset_tag").ok()?;
    Some(tag.trim().to_owned()).filter(|tag| tag.starts_with("i-"))
}

/// Names as the semantic conventions have them (`host.arch`).
pub(crate) fn arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "arm" => "arm32",
        "powerpc" => "ppc32",
        "powerpc64" => "ppc64",
        other => other,
    }
}

/// The distribution, then what the kernel says of itself (as OpenTelemetry's Go SDK
/// has it).
pub(crate) fn description() -> String {
    let uname = rustix::system::uname();
    let parts = [uname.sysname(), uname.nodename(), uname.release(), uname.version(), uname.machine()];
    let kernel = parts.map(|part| part.to_string_lossy().into_owned()).join(" ");
    let paths = ["/etc/os-release", "/usr/lib/os-release"];
    let distribution = paths.iter().find_map(|path| distribution(&fs::read_to_string(path).ok()?));
    match distribution {
        Some(distribution) => format!("{distribution} ({kernel})"),
        None => kernel,
    }
}

/// From os-release(5).
fn distribution(text: &str) -> Option<String> {
    let value = |key: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        let value = value.trim().trim_matches(['"', '\'']);
        (!value.is_empty()).then(|| value.to_owned())
    };
    let named =
        || Some([Some(value("NAME")?), value("VERSION")].into_iter().flatten().collect::<Vec<_>>().join(" "));
    value("PRETTY_NAME").or_else(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_has_a_pretty_name() {
        let text = "NAME=\"Ubuntu\"\nVERSION=\"24.04 LTS\"\nPRETTY_NAME=\"Ubuntu 24.04 LTS\"\n";
        assert_eq!(distribution(text).as_deref(), Some("Ubuntu 24.04 LTS"));
        assert_eq!(distribution("NAME=Debian\n").as_deref(), Some("Debian"));
        assert_eq!(distribution("ID=x\n"), None);
        assert!(description().contains("Linux"));
    }
}
