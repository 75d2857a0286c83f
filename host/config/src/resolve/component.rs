//! Sandboxed components: by name, a file or from a registry; their settings and limits.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::bundled::{self, Purpose};
use crate::config::{Component, ComponentSource, Components, Limits, Parser};
use crate::problem::nearest;
use crate::values::{ByteSize, GoDuration, reference};
use crate::written;

use super::{Check, components};

/// Room for a chunk and its columns many times over.
const MEMORY: u64 = 64 << 20;
/// Below: no instance starts. Above: 32-bit components cannot use more.
const MEMORY_RANGE: (u64, u64) = (1 << 20, 4 << 30);
/// A chunk takes milliseconds; a second is a component that hangs.
const CPU: Duration = Duration::from_secs(1);
/// Below: the clock that counts it is not finer. Above: the lane would stand still.
const CPU_RANGE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(60));

/// A chunk's columns many times over, and the text that a component may add.
const OUTPUT: u64 = 32 << 20;
/// Below: the columns of a chunk do not fit. Above: the agent would be as large.
const OUTPUT_RANGE: (u64, u64) = (1 << 20, 1 << 30);
/// Enough to tell what is wrong; a component that says something of every line is not read.
const LOG_LINES: u32 = 60;
/// None at all is a choice. Above: the log is no log any more.
const LOG_LINES_RANGE: (u32, u32) = (0, 10_000);
/// Bundled ones have tens of kilobytes, interpreters tens of megabytes.
const SIZE: u64 = 64 << 20;
/// Below: no component has so little. Above: the agent reads it at once.
const SIZE_RANGE: (u64, u64) = (4 << 10, 1 << 30);
/// An interpreter of 20 MB takes half of it.
const COMPILE_MEMORY: u64 = 1 << 30;
/// Below: the program itself does not fit. Above: no machine that follows logs has so much.
const COMPILE_MEMORY_RANGE: (u64, u64) = (256 << 20, 64 << 30);
/// An interpreter of 20 MB takes half of it on a slow machine.
const COMPILE_TIME: Duration = Duration::from_secs(60);
/// Below: the kernel does not count finer. Above: nobody waits for it.
const COMPILE_TIME_RANGE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));

/// What names of components stand for.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// What holds for all of them.
    pub(super) components: &'a Components,
    /// Whether there is a file of that name.
    pub(super) is_file: &'a dyn Fn(&Path) -> bool,
}

impl Known<'_> {
    /// Whether the components' directory has one of that name. A name is no path.
    fn in_directory(self, name: &str) -> bool {
        let is_name = !name.is_empty() && !name.starts_with('.') && !name.contains('/');
        is_name && (self.is_file)(&self.components.directory.join(format!("{name}.wasm")))
    }
}

/// The parser of a receiver.
pub(super) fn parser(written: written::Component, known: Known<'_>, check: &mut Check<'_>) -> Parser {
    let map = written.0;
    if map.component.is_none() {
        let at = check.place("parser");
        check.wrong(&at, "parser", "lacks `component`", "`component: auto`, a parser's name or FILE.wasm");
    } else if map.component.as_deref() != Some("auto") {
        return Parser::Component(component(map, "parser", Purpose::Format, known, check));
    } else if map.config.is_some() {
        let at = check.place("parser.config");
        let what = "`auto` takes no settings";
        check.wrong(&at, "parser.config", what, "name the parser that they are for in `component`");
    } else if map.sha256.is_some() {
        let at = check.place("parser.sha256");
        let what = "`auto` is not one component";
        check.wrong(&at, "parser.sha256", what, "name the parser that it is of in `component`");
    }
    Parser::Auto {
        limits: limits(map.limits, "parser.limits", check),
        swap: components::own_swap(map.swap, known.components, "parser.swap", check),
    }
}

/// The component of a `wasm` processor.
pub(super) fn enricher(written: written::ComponentMap, known: Known<'_>, check: &mut Check<'_>) -> Component {
    if written.component.is_none() {
        check.missing("component", "`component: severity`, or the path of a .wasm file");
    }
    component(written, "component", Purpose::Enricher, known, check)
}

/// `key` is `parser` where the settings stand in a map of a receiver.
fn component(
    map: written::ComponentMap,
    key: &str,
    purpose: Purpose,
    known: Known<'_>,
    check: &mut Check<'_>,
) -> Component {
    let source = source(map.component.unwrap_or_default(), key, purpose, known, check);
    let under = if key == "parser" { "parser." } else { "" };
    Component {
        source,
        config_json: map.config.map_or_else(|| "{}".to_owned(), |config| config.to_string()),
        limits: limits(map.limits, &format!("{under}limits"), check),
        sha256: map.sha256.map(|digest| digest.0),
        swap: components::own_swap(map.swap, known.components, &format!("{under}swap"), check),
    }
}

fn source(
    name: String,
    key: &str,
    purpose: Purpose,
    known: Known<'_>,
    check: &mut Check<'_>,
) -> ComponentSource {
    let at = match key {
        "parser" if check.node.get("parser").is_some_and(|p| p.get("component").is_some()) => {
            check.place("parser.component")
        }
        key => check.place(key),
    };
    if let Some(reference) = name.strip_prefix("oci://") {
        if let Some(problem) = reference::problem(reference) {
            let what = format!("`{name}`: {problem}");
            check.wrong(&at, key, what, "`oci://HOST/NAME:TAG`, or `oci://HOST/NAME@sha256:HEX`");
        }
        return ComponentSource::Oci(reference.to_owned());
    }
    if let Some((scheme, _)) = name.split_once("://") {
        let what = format!("`{scheme}://` is not supported");
        check.wrong(&at, key, what, "`oci://HOST/NAME:TAG` of a registry, or the path of a .wasm file");
    } else if name.ends_with(".wasm") {
        return ComponentSource::File(PathBuf::from(name));
    } else if name.is_empty() && key == "parser" {
        check.wrong(&at, key, "empty", "`auto`, a parser's name or FILE.wasm");
    } else if !name.is_empty()
        && !bundled::usable_as(purpose).any(|bundled| bundled == name)
        && !known.in_directory(&name)
    {
        let valid = bundled::usable_as(purpose).chain((key == "parser").then_some("auto"));
        let hint = nearest(&name, "built in", valid);
        let hint = if hint.starts_with("did you") {
            hint
        } else {
            let directory = known.components.directory.display();
            format!("{hint}; or the path of a .wasm file; or put its file into {directory}")
        };
        check.wrong(&at, key, format_args!("there is no component `{name}`"), hint);
    }
    ComponentSource::Named(name)
}

pub(super) fn limits(written: Option<written::Limits>, key: &str, check: &mut Check<'_>) -> Limits {
    let written = written.unwrap_or_default();
    let memory_bytes = written.memory.map_or(MEMORY, |size| size.0);
    let cpu = written.cpu.map_or(CPU, |duration| duration.0);
    let output_bytes = written.output.map_or(OUTPUT, |size| size.0);
    let log_lines = written.log_lines.unwrap_or(LOG_LINES);
    let size_bytes = written.size.map_or(SIZE, |size| size.0);
    let compile_memory_bytes = written.compile_memory.map_or(COMPILE_MEMORY, |size| size.0);
    let compile_time = written.compile_time.map_or(COMPILE_TIME, |duration| duration.0);
    let size = |bytes| ByteSize(bytes).to_string();
    let duration = |duration| GoDuration(duration).to_string();
    let key = |name| format!("{key}.{name}");
    check.within(&key("memory"), memory_bytes, MEMORY_RANGE, size);
    check.within(&key("cpu"), cpu, CPU_RANGE, duration);
    check.within(&key("output"), output_bytes, OUTPUT_RANGE, size);
    check.within(&key("log_lines"), log_lines, LOG_LINES_RANGE, |lines| lines.to_string());
    check.within(&key("size"), size_bytes, SIZE_RANGE, size);
    check.within(&key("compile_memory"), compile_memory_bytes, COMPILE_MEMORY_RANGE, size);
    check.within(&key("compile_time"), compile_time, COMPILE_TIME_RANGE, duration);
    Limits { memory_bytes, cpu, output_bytes, log_lines, size_bytes, compile_memory_bytes, compile_time }
}
