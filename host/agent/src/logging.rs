//! The agent's own log: standard error, text for people, JSON for machines.

use std::io::{IsTerminal as _, stderr};

use tracing_subscriber::filter::EnvFilter;

/// Starts logging at `level`; `SKIDWAY_LOG` (a filter such as `debug` or
/// `skidway_tail=debug`) wins over it.
pub(crate) fn start(level: &str) {
    let filter = std::env::var("SKIDWAY_LOG").ok().and_then(|text| text.parse::<EnvFilter>().ok());
    // Libraries below us are told about through our own messages.
    let filter = filter.unwrap_or_else(|| EnvFilter::new(format!("warn,skidway={level},skidway_config={level},\
        skidway_ec2={level},skidway_otlp={level},skidway_plugin={level},skidway_state={level},skidway_tail={level}")));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if stderr().is_terminal() {
        builder.with_ansi(!plain).with_target(false).init();
    } else {
        builder.json().flatten_event(true).with_target(true).init();
    }
}
