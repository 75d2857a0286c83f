//! `skidway-test.yaml`: how the logs in a folder, and in those below it, are tested.
//!
//! ```yaml
//! parser: nginx                # a bundled component, or the path of one, from this file on
//! config: {format: combined}   # the parser's configuration; default: {}
//! timezone: Europe/Berlin      # of stamps that name none; default: UTC
//! reference_time: 2026-11-22T12:00:00Z   # the default; a stamp without a year lies in the year before it
//! enrich: [severity]           # components that change records behind the parser; default: none
//! ```
//!
//! All keys may be left out, others are errors. The file that is nearest counts, alone; the
//! command line wins over it, key by key.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Map, Value};
use skidway_plugin::CompileLimits;

use crate::bare::Recipe;
use crate::library::{Library, Source};

/// What the file is called.
const FILE: &str = "skidway-test.yaml";
/// What stamps without a year are taken to be written before, in place of a file's last change,
/// which a checkout does not keep. The SDK's native tests take the same.
const REFERENCE_TIME: &str = "2026-11-22T12:00:00Z";
/// Six keys take some hundred bytes.
const MAX_FILE_BYTES: u64 = 64 << 10;

/// What a file says, or the command line.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) parser: Option<String>,
    pub(crate) config: Option<Map<String, Value>>,
    pub(crate) timezone: Option<String>,
    pub(crate) reference_time: Option<Timestamp>,
    pub(crate) enrich: Option<Vec<String>>,
    /// Where the file lies: what paths in it are relative to.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

impl Settings {
    /// What the nearest file says that lies in `folder` or above it.
    pub(crate) fn nearest(folder: &Path) -> Result<Self> {
        let absolute = folder.canonicalize().with_context(|| format!("cannot read {}", folder.display()))?;
        match absolute.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file()) {
            Some(path) => Self::read(&path),
            None => Ok(Self::default()),
        }
    }

    fn read(path: &Path) -> Result<Self> {
        let unreadable = || format!("cannot read {}", path.display());
        if path.metadata().with_context(unreadable)?.len() > MAX_FILE_BYTES {
            bail!("{} is larger than {MAX_FILE_BYTES} bytes", path.display());
        }
        let text = std::fs::read_to_string(path).with_context(unreadable)?;
        let settings = if text.trim().is_empty() { Ok(Self::default()) } else { serde_yaml::from_str(&text) };
        let settings: Self = settings.with_context(|| path.display().to_string())?;
        Ok(Self { folder: path.parent().unwrap_or(path).to_owned(), ..settings })
    }

    /// What is tried, with what these settings say where `over` says nothing.
    pub(crate) fn recipe(&self, over: &Self, library: &Library) -> Result<Recipe> {
        let Some(parser) = over.component(over.parser.as_ref()).or(self.component(self.parser.as_ref()))
        else {
            bail!(
                "which parser? Name a bundled one or a file with --parser, \
                 or write `parser: NAME` to a file {FILE} beside the logs"
            );
        };
        let enrichers = match (&over.enrich, &self.enrich) {
            (Some(names), _) => over.components(names),
            (None, Some(names)) => self.components(names),
            (None, None) => Vec::new(),
        };
        let config = over.config.as_ref().or(self.config.as_ref());
        let reference_time = match over.reference_time.or(self.reference_time) {
            Some(time) => time,
            None => REFERENCE_TIME.parse()?,
        };
        let reference_unix_nano = reference_time.as_nanosecond();
        let limits = CompileLimits::default();
        let component = |source: &Source| -> Result<_> {
            Ok(library.load(source, None, &limits, |component| Ok(component.clone()))?.made)
        };
        Ok(Recipe {
            parser: component(&parser)?,
            config: Value::Object(config.cloned().unwrap_or_default()).to_string(),
            enrichers: enrichers.iter().map(component).collect::<Result<_>>()?,
            zone: zone(over.timezone.as_deref().or(self.timezone.as_deref()))?,
            reference_unix_nano: u64::try_from(reference_unix_nano)
                .with_context(|| format!("reference time {reference_time} lies before 1970"))?,
        })
    }

    fn component(&self, name: Option<&String>) -> Option<Source> {
        name.map(|name| match Source::read(name) {
            Source::File(path) => Source::File(self.folder.join(path)),
            other => other,
        })
    }

    fn components(&self, names: &[String]) -> Vec<Source> {
        let named = names.iter().filter(|name| *name != "none");
        named.filter_map(|name| self.component(Some(name))).collect()
    }
}

/// The zone of stamps that name none.
pub(crate) fn zone(name: Option<&str>) -> Result<TimeZone> {
    match name {
        None | Some("UTC") => Ok(TimeZone::UTC),
        Some(name) => {
            TimeZone::get(name).with_context(|| format!("no time zone {name}; try UTC or Europe/Berlin"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_counts() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        std::fs::write(folder.path().join(FILE), "parser: ubuntu\ntimezone: Europe/Berlin\n").unwrap();
        let found = Settings::nearest(&below).unwrap();
        assert_eq!(found.parser.as_deref(), Some("ubuntu"));
        std::fs::write(below.join(FILE), "parser: ./mine.wasm\nconfig: {a: [1, b]}\n").unwrap();
        let found = Settings::nearest(&below).unwrap();
        assert_eq!(found.timezone, None);
        assert_eq!(Value::Object(found.config.clone().unwrap()).to_string(), r#"{"a":[1,"b"]}"#);
        let file = below.canonicalize().unwrap().join("./mine.wasm");
        assert_eq!(found.component(found.parser.as_ref()), Some(Source::File(file)));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        for (text, complaint) in [
            ("parsre: ubuntu\n", "unknown field `parsre`"),
            ("reference_time: soon\n", "reference_time: failed to parse"),
            ("config: 7\n", "config"),
            (&"#".repeat(70_000), "larger than 65536 bytes"),
        ] {
            std::fs::write(&path, text).unwrap();
            let said = format!("{:#}", Settings::nearest(folder.path()).unwrap_err());
            assert!(said.contains(complaint) && said.contains(FILE), "{said}");
        }
        std::fs::write(&path, "").unwrap();
        assert_eq!(Settings::nearest(folder.path()).unwrap().parser, None);
    }
}
