use skidway_stamp::{Epoch, Layout, Zone};

use super::parse::required;
use crate::chain::{Failure, Fate, Making, Operator, Surroundings};
use crate::entry::Entry;
use crate::field::Field;
use crate::settings::{Problem, Settings};
use crate::value::Value;

/// Reads the time of an entry (collector-contrib, `operator/helper/time.go`).
#[derive(Debug)]
pub(crate) struct Time {
    from: Field,
    layout: Kind,
    /// The zone of stamps that name none; without one the host tells with each text.
    zone: Option<Zone>,
}

#[derive(Debug)]
enum Kind {
    Stamp(Layout),
    Epoch(Epoch),
}

pub(crate) const KNOWN: &[&str] = &["parse_from", "layout_type", "layout", "location"];

impl Time {
    pub(crate) fn new(settings: &Settings<'_>, making: &Making<'_>) -> Result<Self, Problem> {
        let from = required(settings, "parse_from", false)?;
        let example = "write how the time looks, such as `%Y-%m-%d %H:%M:%S`";
        let written = settings.required("layout", example)?;
        let wrong = |error: skidway_stamp::LayoutError| settings.wrong("layout", error.to_string());
        let layout = match settings.text("layout_type")?.unwrap_or("strptime") {
            "strptime" => Kind::Stamp(Layout::strptime(written).map_err(wrong)?),
            "gotime" => Kind::Stamp(Layout::gotime(written)),
            "epoch" => Kind::Epoch(Epoch::new(written).map_err(wrong)?),
            other => {
                let message = format!("`{other}` is unknown; there are strptime, gotime and epoch");
                return Err(settings.wrong("layout_type", message));
            }
        };
        let zone = match (settings.text("location")?, &layout) {
            (Some(name), _) if !name.is_empty() => {
                making.zones.find(name).map_err(|why| settings.wrong("location", why))?
            }
            (_, Kind::Stamp(layout)) if layout.is_utc() => Some(Zone::utc()),
            _ => making.zones.find("Local").map_err(|why| settings.wrong("location", why))?,
        };
        Ok(Self { from, layout, zone })
    }

    #[inline]
    pub(crate) fn read(&self, entry: &mut Entry<'_>, surroundings: &Surroundings<'_>) -> Result<(), Failure> {
        let value = self.from.get(entry).ok_or(MISSING)?;
        let zone = self.zone.as_ref().unwrap_or(surroundings.local);
        let now = surroundings.context.clock.reference_unix_nano();
        let time = match (&self.layout, value) {
            (Kind::Stamp(layout), Value::Text(text)) => layout.parse(text.as_str().as_bytes(), zone, now),
            (Kind::Epoch(epoch), Value::Text(text)) => epoch.parse(text.as_str()),
            (Kind::Epoch(epoch), Value::Integer(number)) => epoch.parse_integer(*number),
            (Kind::Epoch(epoch), Value::Float(number)) => epoch.parse_float(*number),
            (_, other) => return Err(format!("type {} cannot be parsed as a time", other.kind()).into()),
        };
        match time {
            Ok(time) => {
                // Nanoseconds of 64 bits wrap round in the collector as well.
                entry.time = time as i64;
                Ok(())
            }
            Err(why) => Err(format!("cannot read the time in {}: {why}", self.from.as_written()).into()),
        }
    }
}

pub(crate) const MISSING: &str = "log entry does not have the expected parse_from field";

impl Operator for Time {
    fn process<'t>(
        &self,
        entry: &mut Entry<'t>,
        surroundings: &Surroundings<'_>,
    ) -> Result<Fate<'_>, Failure> {
        self.read(entry, surroundings)?;
        Ok(Fate::On)
    }
}
