//! Time zones for the operators: the sandbox has no database of them.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use skidway_config::Operators;

/// What zones are told of: from the first stamps that computers wrote on until well
/// after those of today.
const FROM: i64 = 0;
/// The end of 2050.
const TO: i64 = 2_556_143_999;

/// The settings of the component `operators`, with the zones that they name and the
/// machine's own.
pub(crate) fn with_zones(operators: &Operators) -> Result<String> {
    let mut zones = Map::new();
    zones.insert("Local".to_owned(), changes(&TimeZone::system()));
    for name in &operators.locations {
        let zone = TimeZone::get(name).with_context(|| format!("time zone {name}"))?;
        zones.insert(name.clone(), changes(&zone));
    }
    let mut config = operators.config.clone();
    config.insert("zones".to_owned(), zones.into());
    Ok(Value::Object(config).to_string())
}

/// From which second on which offset is in force, and what local time is called
/// then.
fn changes(zone: &TimeZone) -> Value {
    let first = Timestamp::constant(FROM, 0);
    let info = zone.to_offset_info(first);
    let mut changes = vec![json!([FROM, info.offset().seconds(), info.abbreviation()])];
    for change in zone.following(first).take_while(|change| change.timestamp().as_second() <= TO) {
        changes.push(json!([
            change.timestamp().as_second(),
            change.offset().seconds(),
            change.abbreviation()
        ]));
    }
    changes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_their_moments_offsets_and_names() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let changes = changes(&berlin);
        assert_eq!(changes[0], json!([0, 3600, "CET"]));
        let summer = json!([1_774_746_000, 7200, "CEST"]);
        assert!(changes.as_array().unwrap().contains(&summer), "{changes}");
        assert_eq!(super::changes(&TimeZone::UTC), json!([[0, 0, "UTC"]]));
    }
}
