//! What the component `operators` is given. What the operators mean is its own
//! business: it checks them itself and names the place of what is wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};

use crate::config::{self, Parser};
use crate::tree::{Node, Value};
use crate::values::parse_duration;

use super::Check;
use super::component::{self, Known};

pub(super) struct Operators<'a> {
    pub(super) operators: Vec<Json>,
    pub(super) attributes: &'a BTreeMap<String, String>,
    pub(super) resource: &'a BTreeMap<String, String>,
    pub(super) max_log_size: u64,
    /// Further settings, handed on as they are.
    pub(super) entries: Map<String, Json>,
}

/// How long `recombine` waits for an entry's rest, as in the collector.
const RECOMBINE: Duration = Duration::from_secs(5);
/// What holds nothing back.
const NOTHING_HELD: Duration = Duration::from_millis(100);

impl Operators<'_> {
    /// How long lines that are held back wait for what follows.
    pub(super) fn settle(&self, multiline: bool, force_flush_period: Duration) -> Duration {
        let recombine = self.operators.iter().filter(|operator| operator["type"] == "recombine");
        let waits = recombine.map(|operator| {
            let written = operator["force_flush_period"].as_str().and_then(parse_duration);
            written.unwrap_or(RECOMBINE)
        });
        let entry = if multiline { force_flush_period } else { NOTHING_HELD };
        waits.chain([entry]).max().unwrap_or(entry)
    }

    pub(super) fn resolve(
        self,
        node: &Node,
        known: Known<'_>,
        known_zone: &dyn Fn(&str) -> bool,
        check: &mut Check<'_>,
    ) -> Parser {
        let mut locations = Vec::new();
        if let Some(operators) = node.get("operators") {
            zones(operators, known_zone, check, &mut locations);
        }
        let mut config = self.entries;
        config.insert("operators".to_owned(), self.operators.into());
        config.insert("attributes".to_owned(), json!(self.attributes));
        config.insert("resource".to_owned(), json!(self.resource));
        config.insert("max_log_size".to_owned(), self.max_log_size.into());
        Parser::Operators(config::Operators {
            config,
            locations,
            limits: component::limits(None, "limits", check),
            swap: known.components.swap.clone(),
        })
    }
}

/// The names of time zones under any `location`.
fn zones(node: &Node, known: &dyn Fn(&str) -> bool, check: &mut Check<'_>, found: &mut Vec<String>) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|item| zones(item, known, check, found)),
        Value::Map(entries) => {
            for (key, below) in entries {
                match &below.value {
                    Value::Scalar(name) if key.name == "location" && !name.text.is_empty() => {
                        if ["UTC", "Local"].contains(&name.text.as_str()) || found.contains(&name.text) {
                            continue;
                        }
                        if known(&name.text) {
                            found.push(name.text.clone());
                        } else {
                            let what = format!("there is no time zone `{}`", name.text);
                            let hint = "`Local`, `UTC`, or a name such as `Europe/Berlin`";
                            check.wrong(&below.at, "operators", what, hint);
                        }
                    }
                    _ => zones(below, known, check, found),
                }
            }
        }
    }
}
