//! The agent's own log on standard error.

use std::io::{IsTerminal as _, stderr};
use std::sync::OnceLock;

use tracing_subscriber::filter::EnvFilter;

/// Sets another filter for the agent's log.
type SetFilter = Box<dyn Fn(EnvFilter) + Send + Sync>;

static SET_FILTER: OnceLock<SetFilter> = OnceLock::new();

/// For the agent at `level`: text on a terminal, JSON otherwise. `SKIDWAY_LOG` (a
/// filter such as `debug` or `skidway_tail=debug`) wins over the level.
pub(crate) fn start(level: &str) {
    let builder = tracing_subscriber::fmt().with_env_filter(filter(level)).with_writer(stderr);
    let set: SetFilter = if stderr().is_terminal() {
        let builder = builder.with_ansi(colour()).with_target(false).with_filter_reloading();
        let handle = builder.reload_handle();
        builder.init();
        Box::new(move |filter| drop(handle.reload(filter)))
    } else {
        let builder = builder.json().flatten_event(true).with_target(true).with_filter_reloading();
        let handle = builder.reload_handle();
        builder.init();
        Box::new(move |filter| drop(handle.reload(filter)))
    };
    // It is started once.
    let _ = SET_FILTER.set(set);
}

/// Changes the agent's level while it runs.
pub(crate) fn set_level(level: &str) {
    if let Some(set) = SET_FILTER.get() {
        set(filter(level));
    }
}

/// For commands that end by themselves: what goes wrong, as text.
pub(crate) fn start_for_command() {
    let ansi = stderr().is_terminal() && colour();
    let builder = tracing_subscriber::fmt().with_env_filter(filter("warn")).with_writer(stderr);
    builder.with_ansi(ansi).with_target(false).without_time().init();
}

/// `NO_COLOR` as no-color.org has it.
pub(crate) fn colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn filter(level: &str) -> EnvFilter {
    let asked = std::env::var("SKIDWAY_LOG").ok().and_then(|text| text.parse().ok());
    // Of libraries below ours only what is wrong: our own messages say the rest.
    asked.unwrap_or_else(|| {
        EnvFilter::new(format!("warn,{}", OURS.map(|name| format!("{name}={level}")).join(",")))
    })
}

const OURS: [&str; 7] = [
    "skidway",
    "skidway_config",
    "skidway_ec2",
    "skidway_otlp",
    "skidway_plugin",
    "skidway_state",
    "skidway_tail",
];
