//! The components that are part of the agent, put there by `build.rs`.

use skidway_config::bundled::{Purpose, named};

include!(concat!(env!("OUT_DIR"), "/bundled.rs"));

/// The parsers that `auto` chooses among: what people add comes between these ...
pub(crate) fn formats() -> impl Iterator<Item = &'static str> {
    named(Purpose::Format)
}

/// ... and those for what programs of many kinds write.
pub(crate) fn general_formats() -> impl ExactSizeIterator<Item = &'static str> {
    named(Purpose::GeneralFormat).collect::<Vec<_>>().into_iter()
}

/// The bytes of a bundled component.
pub(crate) fn bundled(name: &str) -> Option<&'static [u8]> {
    BUNDLED.iter().find(|(own, _)| *own == name).map(|(_, bytes)| *bytes)
}

/// The names of all bundled components.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    BUNDLED.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_the_agent_needs_is_there_and_pure() {
        for name in skidway_config::bundled::BUNDLED.iter().map(|one| one.name) {
            let bytes = bundled(name).unwrap();
            assert!(skidway_plugin::inspect(bytes).unwrap().is_pure(), "{name}");
        }
    }
}
