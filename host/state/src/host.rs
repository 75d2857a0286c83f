//! Whose state it is.

use serde::{Deserialize, Serialize};

/// The host that a state was written on. An image of a host's disk starts other hosts,
/// whose files begin like those of the first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The id that its cloud gave it; `None` where that is not known (yet).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What the system calls itself (`/etc/machine-id`); images may share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
}

impl Host {
    /// Whether both may be one host. The instance decides where both name one, else the
    /// machine; who knows nothing says nothing.
    pub fn may_be(&self, other: &Self) -> bool {
        fn agree(a: Option<&String>, b: Option<&String>) -> Option<bool> {
            a.zip(b).map(|(a, b)| a == b)
        }
        agree(self.instance.as_ref(), other.instance.as_ref())
            .or_else(|| agree(self.machine.as_ref(), other.machine.as_ref()))
            .unwrap_or(true)
    }

    /// What is known of it; what is not known now is what was known before.
    pub(crate) fn or(&self, before: &Self) -> Self {
        Self {
            instance: self.instance.clone().or_else(|| before.instance.clone()),
            machine: self.machine.clone().or_else(|| before.machine.clone()),
        }
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.instance, &self.machine) {
            (Some(instance), _) => write!(f, "instance {instance}"),
            (None, Some(machine)) => write!(f, "machine {machine}"),
            (None, None) => f.write_str("an unknown host"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(instance: &str, machine: &str) -> Host {
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Host { instance: known(instance), machine: known(machine) }
    }

    #[test]
    fn the_instance_decides_then_the_machine() {
        assert!(host("i-1", "m").may_be(&host("i-1", "other")));
        assert!(!host("i-1", "m").may_be(&host("i-2", "m")), "an image keeps the machine's id");
        assert!(host("", "m").may_be(&host("i-2", "m")));
        assert!(!host("", "m").may_be(&host("i-2", "n")));
        assert!(host("", "").may_be(&host("i-2", "n")));
        assert_eq!(host("", "m").or(&host("i-1", "n")), host("i-1", "m"));
    }
}
