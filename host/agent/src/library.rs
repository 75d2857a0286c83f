//! Finds components by name or path and makes instances of them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use skidway_config::ComponentSource;
use skidway_plugin::{
    Component, ContainedEnricher, ContainedParser, Describer, Engine, Enricher, Limits, Parser,
};

use crate::bundled::{bundled, formats, names};

/// What a component is called where people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Part of the agent.
    Bundled(String),
    /// A file.
    File(PathBuf),
}

impl Source {
    /// A name of a bundled component, or else a path.
    pub(crate) fn read(text: &str) -> Self {
        match bundled(text) {
            Some(_) => Source::Bundled(text.to_owned()),
            None => Source::File(PathBuf::from(text)),
        }
    }
}

impl From<&ComponentSource> for Source {
    fn from(source: &ComponentSource) -> Self {
        match source {
            ComponentSource::BuiltIn(name) => Source::Bundled(name.clone()),
            ComponentSource::File(path) => Source::File(path.clone()),
        }
    }
}

/// Loads components through one engine.
pub(crate) struct Library {
    engine: Engine,
}

impl Library {
    /// `cache` is where compiled components are kept.
    pub(crate) fn new(cache: Option<&Path>) -> Result<Self> {
        Ok(Self { engine: Engine::new(cache)? })
    }

    /// Loads one component.
    pub(crate) fn load(&self, source: &Source) -> Result<Component> {
        match source {
            Source::Bundled(name) => {
                let bytes = bundled(name).ok_or_else(|| unknown(name))?;
                self.engine.load(name, bytes).with_context(|| format!("bundled component {name}"))
            }
            Source::File(path) => {
                let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
                let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
                self.engine.load(&name, &bytes).with_context(|| format!("component {}", path.display()))
            }
        }
    }

    /// The parsers that `auto` chooses among. Each was tried, none has an instance: a file needs few of them.
    pub(crate) fn all_parsers(&self, limits: &Limits) -> Result<Vec<ContainedParser>> {
        let source = |name: &str| Source::Bundled(name.to_owned());
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
        let component = self.load(&Source::Bundled("ec2".to_owned()))?;
        Describer::new(&component, "{}", Limits::default()).context("describer ec2")
    }
}

fn unknown(name: &str) -> anyhow::Error {
    anyhow!("there is no bundled component {name}; there are {}", names().collect::<Vec<_>>().join(", "))
}

fn unreadable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    let hint = if path.extension().is_none() && error.kind() == std::io::ErrorKind::NotFound {
        let names: Vec<_> = names().collect();
        format!("; bundled components are {}", names.join(", "))
    } else {
        String::new()
    };
    anyhow!("cannot read component {}: {error}{hint}", path.display())
}
