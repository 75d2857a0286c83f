//! What the agent has put aside because the backend rejects it: JSON lines, each with a `request` in OTLP/JSON.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::lines::{self, Id};

/// The lines in all dead-letter files of a state folder.
pub(crate) fn read(state: &Path) -> Result<BTreeSet<Id>> {
    let mut ids = BTreeSet::new();
    let Ok(files) = fs::read_dir(state.join("dead-letter")) else { return Ok(ids) };
    for file in files {
        let path = file?.path();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let lines = text.lines().count();
        for (index, line) in text.lines().enumerate() {
            match serde_json::from_str::<Value>(line) {
                Ok(letter) => collect(&letter["request"], &mut ids),
                // A crash while it was written; it is written again.
                Err(_) if index + 1 == lines => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("{}, line {}", path.display(), index + 1));
                }
            }
        }
    }
    Ok(ids)
}

/// Bodies are wherever a `body` holds a `stringValue`.
fn collect(value: &Value, ids: &mut BTreeSet<Id>) {
    match value {
        Value::Object(map) => {
            if let Some(body) = map.get("body").and_then(|body| body["stringValue"].as_str()) {
                ids.extend(lines::read(body).flatten());
            }
            map.values().for_each(|value| collect(value, ids));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, ids)),
        _ => {}
    }
}
