//! Finds components by name or path and makes instances of them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use skidway_config::ComponentSource;
use skidway_plugin::{
    Component, ContainedEnricher, ContainedParser, Describer, Engine, Enricher, Limits, Parser,
};

use crate::bundled::{bundled, formats, names};

/// What a component is called where people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// `NAME.wasm` in the components' directory, or else part of the agent.
    Named(String),
    /// A file.
    File(PathBuf),
    /// What was fetched from a registry.
    Oci(String),
}

impl Source {
    /// A path, or else a name.
    pub(crate) fn read(text: &str) -> Self {
        match text.ends_with(".wasm") || text.contains('/') {
            true => Source::File(PathBuf::from(text)),
            false => Source::Named(text.to_owned()),
        }
    }
}

impl From<&ComponentSource> for Source {
    fn from(source: &ComponentSource) -> Self {
        match source {
            ComponentSource::Named(name) => Source::Named(name.clone()),
            ComponentSource::File(path) => Source::File(path.clone()),
            ComponentSource::Oci(reference) => Source::Oci(reference.clone()),
        }
    }
}

/// Loads components through one engine.
pub(crate) struct Library {
    engine: Engine,
    /// Where people put components of their own.
    folder: PathBuf,
}

impl Library {
    /// `cache` is where compiled components are kept, `folder` where people put their own.
    pub(crate) fn new(cache: Option<&Path>, folder: &Path) -> Result<Self> {
        Ok(Self { engine: Engine::new(cache)?, folder: folder.to_owned() })
    }

    /// Loads one component.
    pub(crate) fn load(&self, source: &Source) -> Result<Component> {
        match source {
            Source::Named(name) => {
                let path = self.folder.join(format!("{name}.wasm"));
                if path.is_file() {
                    return self.load(&Source::File(path));
                }
                let bytes = bundled(name).ok_or_else(|| unknown(name, &self.folder))?;
                self.engine.load(name, bytes).with_context(|| format!("bundled component {name}"))
            }
            Source::File(path) => {
                let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
                let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
                self.engine.load(&name, &bytes).with_context(|| format!("component {}", path.display()))
            }
            Source::Oci(reference) => {
                bail!("component oci://{reference} is not there; run `skidway get {reference}`")
            }
        }
    }

    /// The parsers that `auto` chooses among. Each was tried, none has an instance: a file needs few of them.
    pub(crate) fn all_parsers(&self, limits: &Limits) -> Result<Vec<ContainedParser>> {
        let source = |name: &str| Source::Named(name.to_owned());
        let tried = |name| {
            let mut parser = self.parser(&source(name), "{}", limits)?;
            parser.let_go();
            Ok(parser)
        };
        formats().map(tried).collect()
    }

    /// One parser, configured.
    pub(crate) fn parser(&self, source: &Source, config: &str, limits: &Limits) -> Result<ContainedParser> {
        let component = self.load(source)?;
        let parser = Parser::new(&component, config, limits.clone())
            .with_context(|| format!("parser {}", component.name()))?;
        Ok(ContainedParser::new(parser))
    }

    /// One enricher, configured.
    pub(crate) fn enricher(
        &self,
        source: &Source,
        config: &str,
        limits: &Limits,
    ) -> Result<ContainedEnricher> {
        let component = self.load(source)?;
        let enricher = Enricher::new(&component, config, limits.clone())
            .with_context(|| format!("enricher {}", component.name()))?;
        Ok(ContainedEnricher::new(enricher))
    }

    /// The component that reads what the metadata service says.
    pub(crate) fn ec2_describer(&self) -> Result<Describer> {
        let component = self.load(&Source::Named("ec2".to_owned()))?;
        Describer::new(&component, "{}", Limits::default()).context("describer ec2")
    }
}

fn unknown(name: &str, folder: &Path) -> anyhow::Error {
    let bundled = names().collect::<Vec<_>>().join(", ");
    anyhow!("there is no component {name} in {}; bundled components are {bundled}", folder.display())
}

fn unreadable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    anyhow!("cannot read component {}: {error}", path.display())
}
