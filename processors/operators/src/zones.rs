//! Time zones, which the host hands over with the settings.

use std::collections::HashMap;

use serde_json::Value as Json;
use skidway_stamp::Zone;

use crate::settings::{Problem, Settings};

/// The zones that are known by name.
#[derive(Debug, Default)]
pub(crate) struct Zones(HashMap<String, Zone>);

/// The name of the machine's own zone.
const LOCAL: &str = "Local";

impl Zones {
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self, Problem> {
        let Some(json) = settings.get("zones") else { return Ok(Self::default()) };
        let path = settings.at("zones");
        let mut zones = HashMap::new();
        for (name, changes) in Settings::new(json, &path)?.entries() {
            let change = |change: &Json| {
                let name = change.get(2).and_then(Json::as_str).unwrap_or_default();
                Some((change.get(0)?.as_i64()?, change.get(1)?.as_i64()?, name.to_owned()))
            };
            let changes: Option<Vec<_>> =
                changes.as_array().and_then(|list| list.iter().map(change).collect());
            let changes = changes.ok_or_else(|| {
                Problem::new(format!("{path}.{name}"), "it is no list of [second, offset, name]")
            })?;
            zones.insert(name.clone(), Zone::new(changes));
        }
        Ok(Self(zones))
    }

    /// A zone by its name. UTC is always known; the machine's own is None where the
    /// host tells of it with every text.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Zone>, String> {
        match name {
            "" | "UTC" => Ok(Some(Zone::utc())),
            LOCAL => Ok(self.0.get(LOCAL).cloned()),
            _ => match self.0.get(name) {
                Some(zone) => Ok(Some(zone.clone())),
                None => Err(format!(
                    "`{name}` is no time zone; write UTC, Local, or a name such as Europe/Berlin"
                )),
            },
        }
    }
}
