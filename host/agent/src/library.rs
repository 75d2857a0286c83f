//! Finds components by name or path and makes instances of them.
//!
//! A name is that of a bundled component or of `NAME.wasm` in the components folder, which takes the place of the
//! bundled one. A file in the folder that cannot be used is said, and the bundled one is used: what somebody dropped
//! there must not keep the agent from starting.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow, bail};
use skidway_config::ComponentSource;
use skidway_config::bundled::{Purpose, named};
use skidway_plugin::{
    CompileLimits, Component, ContainedEnricher, ContainedParser, Describer, Digest, Engine, Enricher,
    Limits, Parser, Program, read,
};

use crate::bundled::{bundled, formats, names};

/// What a component is called where people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Part of the agent, and nothing else: the agent and it speak of settings that only they know.
    Bundled(String),
    /// `NAME.wasm` in the components folder, or else part of the agent.
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
            false => Self::named(text),
        }
    }

    fn named(name: &str) -> Self {
        match named(Purpose::Internal).any(|internal| internal == name) {
            true => Source::Bundled(name.to_owned()),
            false => Source::Named(name.to_owned()),
        }
    }

    /// The part of the agent that it is, or that it is where there is no file.
    pub(crate) fn bundled(&self) -> Option<&str> {
        match self {
            Source::Bundled(name) | Source::Named(name) => bundled(name).map(|_| name.as_str()),
            Source::File(_) | Source::Oci(_) => None,
        }
    }
}

impl From<&ComponentSource> for Source {
    fn from(source: &ComponentSource) -> Self {
        match source {
            ComponentSource::Named(name) => Source::named(name),
            ComponentSource::File(path) => Source::File(path.clone()),
            ComponentSource::Oci(reference) => Source::Oci(reference.clone()),
        }
    }
}

/// The SHA-256 of the only bytes that may be loaded.
pub(crate) type Pin = Option<[u8; 32]>;

/// What was made of a component.
pub(crate) struct Loaded<T> {
    pub(crate) made: T,
    /// The file in the folder that would have been used, had it worked.
    pub(crate) refused: Option<Refused>,
}

/// A file that is not used.
pub(crate) struct Refused {
    /// Of its content, where it could be read.
    pub(crate) digest: Option<Digest>,
    pub(crate) why: String,
}

/// Loads components through one engine.
pub(crate) struct Library {
    engine: Engine,
    /// Where people put components of their own.
    folder: PathBuf,
    /// What was said of files in there already.
    said: Mutex<HashSet<String>>,
}

impl Library {
    /// `cache` is where compiled components are kept, `folder` where people put their own.
    pub(crate) fn new(cache: Option<&Path>, folder: &Path) -> Result<Self> {
        let engine = Engine::new(cache, Program::this(&["compile"]))?;
        Ok(Self { engine, folder: folder.to_owned(), said: Mutex::default() })
    }

    /// The components folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that is used where it is there.
    pub(crate) fn path(&self, source: &Source) -> Option<PathBuf> {
        match source {
            Source::Bundled(_) | Source::Oci(_) => None,
            Source::Named(name) => Some(self.folder.join(format!("{name}.wasm"))),
            Source::File(path) => Some(path.clone()),
        }
    }

    /// The names of components in the folder that are none of the agent's, in order.
    pub(crate) fn further(&self) -> Vec<String> {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let name = |path: PathBuf| {
            let name = path.file_stem()?.to_str()?.to_owned();
            // Hidden files are those that are being written.
            let is_further =
                path.extension()? == "wasm" && !name.starts_with('.') && bundled(&name).is_none();
            is_further.then_some(name)
        };
        let mut names: Vec<_> = files.filter_map(|file| name(file.path())).collect();
        names.sort_unstable();
        names
    }

    /// Makes the bytes of a file ready to run, if they are those that are wanted.
    pub(crate) fn prepare(
        &self,
        source: &Source,
        pin: Pin,
        bytes: &[u8],
        limits: &CompileLimits,
    ) -> Result<Component> {
        if let Some(wanted) = pin.map(Digest)
            && wanted != Digest::of(bytes)
        {
            bail!("its SHA-256 is {}, and the config wants {wanted}", Digest::of(bytes));
        }
        Ok(self.engine.load(&name(source), bytes, limits)?)
    }

    /// Makes the bundled one ready to run.
    pub(crate) fn load_bundled(&self, name: &str) -> Result<Component> {
        let bytes = bundled(name).ok_or_else(|| anyhow!("there is no bundled component {name}"))?;
        self.engine.load_bundled(name, bytes).with_context(|| format!("bundled component {name}"))
    }

    /// Loads one component and makes something of it; `limits` are for one that is not bundled.
    pub(crate) fn load<T>(
        &self,
        source: &Source,
        pin: Pin,
        limits: &CompileLimits,
        make: impl Fn(&Component) -> Result<T>,
    ) -> Result<Loaded<T>> {
        if let Source::Oci(reference) = source {
            bail!("component oci://{reference} is not there; run `skidway get {reference}`");
        }
        let of_agent = |name: &str, refused| Ok(Loaded { made: make(&self.load_bundled(name)?)?, refused });
        let Some(path) = self.path(source) else { return of_agent(&name(source), None) };
        if !path.exists()
            && let Source::Named(name) = source
        {
            bundled(name).ok_or_else(|| self.unknown(source))?;
            return of_agent(name, None);
        }
        let read = read(&path, limits.size)
            .map_err(|error| anyhow!("cannot read component {}: {error}", path.display()));
        let digest = read.as_ref().ok().map(|bytes| Digest::of(bytes));
        let made = read.and_then(|bytes| {
            let component = self.prepare(source, pin, &bytes, limits);
            make(&component.with_context(|| format!("component {}", path.display()))?)
        });
        let why = match made {
            Ok(made) => return Ok(Loaded { made, refused: None }),
            Err(why) => why,
        };
        let Some(name) = source.bundled() else { return Err(why) };
        self.say_once(format!("{} is not used, the bundled {name} is: {why:#}", path.display()));
        of_agent(name, Some(Refused { digest, why: format!("{why:#}") }))
    }

    fn unknown(&self, source: &Source) -> anyhow::Error {
        let (name, folder) = (name(source), self.folder.display());
        let bundled = names().collect::<Vec<_>>().join(", ");
        anyhow!("there is no component {name} in {folder}; bundled components are {bundled}")
    }

    fn say_once(&self, message: String) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if !said.contains(&message) {
            tracing::warn!("{message}");
            said.insert(message);
        }
    }

    /// The parsers that `auto` chooses among: the bundled ones, or what takes their place, then the further ones of
    /// the folder that can be used. Each was tried, none has an instance: a file needs few of them.
    pub(crate) fn all_parsers(&self, limits: &Limits) -> Result<Vec<ContainedParser>> {
        let tried = |name: &str| {
            let mut parser = self.parser(&Source::named(name), "{}", limits)?;
            parser.let_go();
            Ok(parser)
        };
        let further = self.further();
        let further = further.iter().filter_map(|name| match tried(name) {
            Ok(parser) => Some(Ok(parser)),
            Err(error) => {
                self.say_once(format!("`auto` does not use {name}: {error:#}"));
                None
            }
        });
        formats().map(tried).chain(further).collect()
    }

    /// One parser, configured.
    pub(crate) fn parser(&self, source: &Source, config: &str, limits: &Limits) -> Result<ContainedParser> {
        let loaded = self.load(source, None, &limits.compile, |component| {
            let parser = Parser::new(component, config, limits.clone())
                .with_context(|| format!("parser {}", component.name()))?;
            Ok(ContainedParser::new(parser))
        })?;
        Ok(loaded.made)
    }

    /// One enricher, configured.
    pub(crate) fn enricher(
        &self,
        source: &Source,
        config: &str,
        limits: &Limits,
    ) -> Result<ContainedEnricher> {
        let loaded = self.load(source, None, &limits.compile, |component| {
            let enricher = Enricher::new(component, config, limits.clone())
                .with_context(|| format!("enricher {}", component.name()))?;
            Ok(ContainedEnricher::new(enricher))
        })?;
        Ok(loaded.made)
    }

    /// The component that reads what the metadata service says.
    pub(crate) fn ec2_describer(&self) -> Result<Describer> {
        let component = self.load_bundled("ec2")?;
        Describer::new(&component, "{}", Limits::default()).context("describer ec2")
    }
}

/// What a component is called in logs.
fn name(source: &Source) -> String {
    match source {
        Source::Bundled(name) | Source::Named(name) | Source::Oci(name) => name.clone(),
        Source::File(path) => path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_chooses_among_what_people_put_into_the_folder_too() {
        let folder = tempfile::tempdir().unwrap();
        let ubuntu = bundled("ubuntu").unwrap();
        for (name, bytes) in [("mine.wasm", ubuntu), ("broken.wasm", b"no component"), (".new.wasm", ubuntu)]
        {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let library = Library::new(None, folder.path()).unwrap();
        let parsers = library.all_parsers(&Limits::default()).unwrap();
        let names: Vec<_> = parsers.iter().map(ContainedParser::name).collect();
        assert_eq!(names, formats().chain(["mine"]).collect::<Vec<_>>());
    }
}
