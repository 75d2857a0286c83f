//! The collector's `attributes` and `filter` processors for logs
//! (collector-contrib, `processor/attributesprocessor`, `processor/filterprocessor`,
//! `internal/filter/filterconfig`), as one component:
//!
//! ```json
//! {"include": {"match_type": "regexp", "bodies": ["^a"]}, "exclude": {}, "actions": [], "drop": false}
//! ```
//!
//! Records that `include` takes and `exclude` does not are worked on: their
//! attributes are changed by `actions`. With `drop` it is the others that go.

mod condition;
mod record;

use condition::Condition;
use record::OfRecord;
use serde_json::Value as Json;
use skidway_actions::Actions;
use skidway_sdk::{Changes, Enricher, Item};

/// Changes attributes of some records, or drops all others.
#[derive(Debug)]
pub struct Attributes {
    include: Option<Condition>,
    exclude: Option<Condition>,
    actions: Actions,
    drop: bool,
}

skidway_sdk::export_enricher!(Attributes);

const KEYS: [&str; 4] = ["include", "exclude", "actions", "drop"];

impl Enricher for Attributes {
    fn configure(config: &str) -> Result<Self, String> {
        let json: Json = serde_json::from_str(config).map_err(|error| error.to_string())?;
        let map = json.as_object().ok_or("the settings must be a map")?;
        if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("{key}: unknown setting; there are {}", KEYS.join(", ")));
        }
        let condition = |key: &str| match map.get(key) {
            None | Some(Json::Null) => Ok(None),
            Some(json) => Condition::new(json, key).map(Some),
        };
        let actions = map.get("actions").unwrap_or(&Json::Null);
        Ok(Self {
            include: condition("include")?,
            exclude: condition("exclude")?,
            actions: Actions::read(actions)
                .map_err(|problem| format!("actions{}: {}", problem.path, problem.message))?,
            drop: map.get("drop") == Some(&Json::Bool(true)),
        })
    }

    fn record(&self, record: &Item<'_>, out: &mut Changes<'_>) {
        let included = self.include.as_ref().is_none_or(|condition| condition.holds(record));
        let chosen = included && !self.exclude.as_ref().is_some_and(|condition| condition.holds(record));
        if self.drop {
            if !chosen {
                out.drop_record();
            }
            return;
        }
        if chosen {
            let mut attributes = OfRecord::new(record);
            self.actions.apply(&mut attributes);
            attributes.write(out);
        }
    }
}

#[cfg(test)]
mod tests;
