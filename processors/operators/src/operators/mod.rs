//! The operators, and which settings each of them has.

mod edit;
mod flow;
mod json;
mod key_value;
mod parse;
mod recombine;
mod regex;
mod severity;
mod syslog;
mod time;

pub(crate) use recombine::{Batches, Recombine};

use crate::chain::{Making, Operator, Work};
use crate::settings::{Problem, Settings, nearest};

/// An operator's type, what it knows besides what all of them know, and itself.
type Made = (&'static str, &'static [&'static str], Work);

/// The types that there are.
pub(crate) const TYPES: [&str; 15] = [
    "regex_parser",
    "json_parser",
    "key_value_parser",
    "syslog_parser",
    "time_parser",
    "severity_parser",
    "add",
    "remove",
    "move",
    "copy",
    "retain",
    "recombine",
    "router",
    "filter",
    "noop",
];

/// Types of the collector that are not there, and what to do instead.
const MISSING: [(&str, &str); 12] = [
    ("container", "use recombine and json_parser, or a component of your own with `parser: ./my.wasm`"),
    ("csv_parser", "use a regex_parser, or a component of your own with `parser: ./my.wasm`"),
    ("uri_parser", "use a regex_parser, or a component of your own with `parser: ./my.wasm`"),
    ("json_array_parser", "use a component of your own with `parser: ./my.wasm`"),
    ("scope_name_parser", "leave it out; records have an empty scope"),
    ("trace_parser", "leave it out; records keep the ids as attributes"),
    ("unquote", "use a regex_parser that leaves the quotes out"),
    ("flatten", "use move for each field"),
    ("assign_keys", "use a component of your own with `parser: ./my.wasm`"),
    ("sanitize_utf8", "leave it out; the text is valid UTF-8 already"),
    ("file_output", "use a `file` exporter"),
    ("stdout", "use a `debug` exporter"),
];

pub(crate) fn make(settings: &Settings<'_>, making: &Making<'_>) -> Result<Made, Problem> {
    let written = settings.required("type", "name the operator, such as `type: regex_parser`")?;
    let Some(kind) = TYPES.into_iter().find(|kind| *kind == written) else {
        let hint = match MISSING.iter().find(|(kind, _)| *kind == written) {
            Some((_, instead)) => {
                return Err(settings.wrong("type", format!("`{written}` is not supported; {instead}")));
            }
            None => nearest(written, TYPES.into_iter()),
        };
        return Err(settings.wrong("type", format!("there is no operator `{written}`; {hint}")));
    };
    let (known, operator): (&'static [&'static str], Box<dyn Operator>) = match kind {
        "regex_parser" => (regex::KNOWN, Box::new(regex::Regex::new(settings, making)?)),
        "json_parser" => (json::KNOWN, Box::new(json::Json::new(settings, making)?)),
        "key_value_parser" => (key_value::KNOWN, Box::new(key_value::KeyValue::new(settings, making)?)),
        "syslog_parser" => (syslog::KNOWN, Box::new(syslog::Syslog::new(settings, making)?)),
        "time_parser" => (time::KNOWN, Box::new(time::Time::new(settings, making)?)),
        "severity_parser" => (severity::KNOWN, Box::new(severity::Severity::new(settings)?)),
        "add" => (edit::ADD, Box::new(edit::Add::new(settings)?)),
        "remove" => (edit::REMOVE, Box::new(edit::Remove::new(settings)?)),
        "move" => (edit::MOVE, Box::new(edit::Move::new(settings)?)),
        "copy" => (edit::MOVE, Box::new(edit::Copy::new(settings)?)),
        "retain" => (edit::RETAIN, Box::new(edit::Retain::new(settings)?)),
        "router" => (flow::ROUTER, Box::new(flow::Router::new(settings, making)?)),
        "filter" => (flow::FILTER, Box::new(flow::Filter::new(settings)?)),
        "recombine" => {
            return Ok((kind, recombine::KNOWN, Work::Recombine(Box::new(Recombine::new(settings)?))));
        }
        _ => (&[], Box::new(flow::Noop)),
    };
    Ok((kind, known, Work::One(operator)))
}
