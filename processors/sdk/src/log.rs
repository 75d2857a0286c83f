//! Lines to the agent's own log, marked there with the component's name. The host
//! bounds their number and length. In native tests they go to standard error.

use crate::bindings::lifecycle::skidway::processor::host::Level;

/// For whoever looks for a fault.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// Something worth knowing, once.
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// Something is wrong, and nothing was lost.
pub fn warn(message: &str) {
    write(Level::Warn, message);
}

/// Data was lost.
pub fn error(message: &str) {
    write(Level::Error, message);
}

#[cfg(target_arch = "wasm32")]
fn write(level: Level, message: &str) {
    crate::bindings::lifecycle::skidway::processor::host::log(level, message);
}

#[cfg(not(target_arch = "wasm32"))]
fn write(level: Level, message: &str) {
    eprintln!("{level:?}: {message}");
}
