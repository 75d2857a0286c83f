//! Sandboxed components: built in or a file, their settings and limits.

use std::path::PathBuf;
use std::time::Duration;

use crate::bundled::{self, Purpose};
use crate::config::{Component, ComponentSource, Limits, Parser};
use crate::problem::nearest;
use crate::values::{ByteSize, GoDuration};
use crate::written;

use super::Check;

/// Room for a chunk and its columns many times over.
const MEMORY: u64 = 64 << 20;
/// Below: no instance starts. Above: 32-bit components cannot use more.
const MEMORY_RANGE: (u64, u64) = (1 << 20, 4 << 30);
/// A chunk takes milliseconds; a second is a component that hangs.
const CPU: Duration = Duration::from_secs(1);
/// Below: the clock that counts it is not finer. Above: the lane would stand still.
const CPU_RANGE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(60));

/// The parser of a receiver. `place` is the map with the settings, where there is one.
pub(super) fn parser(written: Option<written::Component>, check: &mut Check<'_>) -> Parser {
    let map = written.map(|w| w.0).unwrap_or_default();
    if matches!(map.component.as_deref(), None | Some("auto")) {
        if map.component.is_none() && (map.config.is_some() || map.limits.is_some()) {
            let at = check.place("parser");
            check.wrong(
                &at,
                "parser",
                "lacks `component`",
                "`component: auto`, a parser's name or FILE.wasm",
            );
        } else if map.config.is_some() {
            let at = check.place("parser.config");
            let what = "`auto` takes no settings";
            check.wrong(&at, "parser.config", what, "name the parser that they are for in `component`");
        }
        return Parser::Auto(limits(map.limits, "parser.limits", check));
    }
    Parser::Component(component(map, "parser", Purpose::Format, check))
}

/// The component of a `wasm` processor.
pub(super) fn enricher(written: written::ComponentMap, check: &mut Check<'_>) -> Component {
    if written.component.is_none() {
        check.missing("component", "`component: severity`, or the path of a .wasm file");
    }
    component(written, "component", Purpose::Enricher, check)
}

fn component(map: written::ComponentMap, key: &str, purpose: Purpose, check: &mut Check<'_>) -> Component {
    let name = map.component.unwrap_or_default();
    let source = if name.ends_with(".wasm") {
        ComponentSource::File(PathBuf::from(name))
    } else {
        if !bundled::named(purpose).any(|known| known == name) && !name.is_empty() {
            let at = match key {
                "parser" if check.node.get("parser").is_some_and(|p| p.get("component").is_some()) => {
                    check.place("parser.component")
                }
                key => check.place(key),
            };
            let valid = bundled::named(purpose).chain((key == "parser").then_some("auto"));
            let hint = nearest(&name, "built in", valid);
            let hint =
                if hint.starts_with("did you") { hint } else { hint + "; or the path of a .wasm file" };
            check.wrong(&at, key, format_args!("there is no component `{name}`"), hint);
        } else if name.is_empty() && key == "parser" {
            let at = check.place("parser");
            check.wrong(&at, key, "empty", "`auto`, a parser's name or FILE.wasm");
        }
        ComponentSource::BuiltIn(name)
    };
    let limits_key = if key == "parser" { "parser.limits" } else { "limits" };
    let config_json = map.config.map_or_else(|| "{}".to_owned(), |config| config.to_string());
    Component { source, config_json, limits: limits(map.limits, limits_key, check) }
}

pub(super) fn limits(written: Option<written::Limits>, key: &str, check: &mut Check<'_>) -> Limits {
    let written = written.unwrap_or_default();
    let memory_bytes = written.memory.map_or(MEMORY, |size| size.0);
    let cpu = written.cpu.map_or(CPU, |duration| duration.0);
    check.within(&format!("{key}.memory"), memory_bytes, MEMORY_RANGE, |b| ByteSize(b).to_string());
    check.within(&format!("{key}.cpu"), cpu, CPU_RANGE, |d| GoDuration(d).to_string());
    Limits { memory_bytes, cpu }
}
