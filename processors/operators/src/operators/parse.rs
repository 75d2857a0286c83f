//! What all parsers have in common (collector-contrib,
//! `operator/helper/parser.go`).

use super::severity::Severity;
use super::time::Time;
use crate::chain::{Failure, Making, Surroundings};
use crate::entry::Entry;
use crate::field::Field;
use crate::settings::{Problem, Settings};
use crate::value::{Str, Value};

/// Where a parser reads, where it writes, and what it reads from that afterwards.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) from: Field,
    pub(crate) to: Field,
    time: Option<Time>,
    severity: Option<Severity>,
}

const MISSING: &str = "Entry is missing the expected parse_from field.";

impl Places {
    pub(crate) fn new(settings: &Settings<'_>, making: &Making<'_>) -> Result<Self, Problem> {
        let inner = |key: &str| settings.get(key).map(|json| (json, settings.at(key)));
        let time = match inner("timestamp") {
            None => None,
            Some((json, path)) => {
                let settings = Settings::new(json, &path)?;
                settings.only(&[super::time::KNOWN])?;
                Some(Time::new(&settings, making)?)
            }
        };
        let severity = match inner("severity") {
            None => None,
            Some((json, path)) => {
                let settings = Settings::new(json, &path)?;
                settings.only(&[super::severity::KNOWN])?;
                Some(Severity::new(&settings)?)
            }
        };
        Ok(Self {
            from: field(settings, "parse_from", false)?.unwrap_or_else(Field::body),
            to: field(settings, "parse_to", true)?.unwrap_or_else(Field::attributes),
            time,
            severity,
        })
    }

    /// The text to parse.
    #[inline]
    pub(crate) fn text<'e, 't>(
        &self,
        entry: &'e Entry<'t>,
        what: &'static str,
    ) -> Result<&'e Str<'t>, Failure> {
        let value = self.from.get(entry).ok_or(MISSING)?;
        value.as_text().ok_or_else(|| format!("type {} cannot be parsed as {what}", value.kind()).into())
    }

    /// Writes what was parsed, and reads time and severity from it.
    #[inline]
    pub(crate) fn write<'t>(
        &self,
        entry: &mut Entry<'t>,
        value: Value<'t>,
        surroundings: &Surroundings<'_>,
    ) -> Result<(), Failure> {
        self.to.set(entry, value)?;
        self.finish(entry, surroundings)
    }

    /// Reads time and severity, each whatever becomes of the other.
    #[inline]
    pub(crate) fn finish(
        &self,
        entry: &mut Entry<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Result<(), Failure> {
        let time = self.time.as_ref().map_or(Ok(()), |time| time.read(entry, surroundings));
        let severity = self.severity.as_ref().map_or(Ok(()), |severity| severity.read(entry));
        time.and(severity)
    }
}

/// A place that a setting names.
pub(crate) fn field(settings: &Settings<'_>, key: &str, rootable: bool) -> Result<Option<Field>, Problem> {
    match settings.text(key)?.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(written) => Field::new(written, rootable).map(Some).map_err(|why| settings.wrong(key, why)),
    }
}

/// A place that must be named.
pub(crate) fn required(settings: &Settings<'_>, key: &str, rootable: bool) -> Result<Field, Problem> {
    let missing = || settings.wrong(key, "it is missing; name a field, such as `attributes.level`");
    field(settings, key, rootable)?.ok_or_else(missing)
}
