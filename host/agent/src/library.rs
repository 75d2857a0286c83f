//! Finds components by name or path and makes instances of them.
//!
//! A name is that of a bundled component or of `NAME.wasm` in the components folder, which takes the place of the
//! bundled one. A file in the folder that cannot be used is said, and the bundled one is used: what somebody dropped
//! there must not keep the agent from starting.
//!
//! Files are read once, with their signatures: what was checked is what is compiled, and nothing of it is looked at
//! before. What is part of the agent is as good as the agent.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow, bail};
use skidway_config::bundled::{Purpose, named};
use skidway_config::{ComponentSource, Config, Trust};
use skidway_plugin::{
    CompileLimits, Component, ContainedEnricher, ContainedParser, Describer, Digest, Engine, Enricher,
    Limits, Parser, Program, ReadError, read,
};
use skidway_registry::{Entry, Store};
use skidway_trust::Standing;

use crate::bundled::{bundled, formats, general_formats, names};

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

/// A component's file as it was read.
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    /// What lies beside it.
    signature: io::Result<Option<Vec<u8>>>,
}

impl Content {
    /// The signature first: whoever replaces both puts it there before the component.
    pub(crate) fn read(path: &Path, max_bytes: usize) -> Result<Self, ReadError> {
        let signature = skidway_trust::read_signature(path);
        Ok(Self { bytes: read(path, max_bytes)?, signature })
    }

    /// What lies beside it.
    pub(crate) fn signature(&self) -> Result<Option<&[u8]>, &io::Error> {
        self.signature.as_ref().map(Option::as_deref)
    }

    fn check(&self, pin: Pin, trust: &Trust) -> Result<Standing> {
        let signature = match &self.signature {
            Ok(signature) => signature.as_deref(),
            Err(error) if !trust.keys.is_empty() => bail!("its signature cannot be read: {error}"),
            Err(_) => None,
        };
        Ok(skidway_trust::check(&self.bytes, pin.as_ref(), signature, trust)?)
    }
}

/// Loads components through one engine.
pub(crate) struct Library {
    engine: Engine,
    /// Where people put components of their own.
    folder: PathBuf,
    /// Whose components are loaded.
    trust: Trust,
    /// What was fetched from registries.
    store: Option<Store>,
    /// What was said of files in there already.
    said: Mutex<HashSet<String>>,
}

impl Library {
    /// `cache` is where compiled components are kept, `folder` where people put their own.
    pub(crate) fn new(cache: Option<&Path>, folder: &Path) -> Result<Self> {
        let engine = Engine::new(cache, Program::this(&["compile"]))?;
        let (folder, trust) = (folder.to_owned(), Trust::default());
        Ok(Self { engine, folder, trust, store: None, said: Mutex::default() })
    }

    /// What a config says of where components are and whose are loaded.
    pub(crate) fn of_config(cache: Option<&Path>, config: &Config) -> Result<Self> {
        let library = Self::new(cache, &config.components.directory)?;
        let store = Some(Store::within(&config.state_dir));
        Ok(Self { trust: config.components.trust.clone(), store, ..library })
    }

    /// The components folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that is used where it is there.
    pub(crate) fn path(&self, source: &Source) -> Option<PathBuf> {
        match source {
            Source::Bundled(_) => None,
            Source::Named(name) => Some(self.folder.join(format!("{name}.wasm"))),
            Source::File(path) => Some(path.clone()),
            Source::Oci(reference) => self.fetched(reference).ok().map(|entry| entry.path),
        }
    }

    /// The file that says what was fetched under which name.
    pub(crate) fn fetched_names(&self) -> Option<PathBuf> {
        self.store.as_ref().map(Store::names)
    }

    fn fetched(&self, reference: &str) -> Result<Entry> {
        let name = reference.parse()?;
        let known = match &self.store {
            Some(store) => store.find(&name)?,
            None => None,
        };
        known.with_context(|| {
            format!("component oci://{reference} was not fetched yet; run `skidway get {reference}`")
        })
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
        content: &Content,
        limits: &CompileLimits,
    ) -> Result<Component> {
        if let Source::Oci(reference) = source
            && self.fetched(reference)?.sha256 != skidway_trust::digest(&content.bytes)
        {
            bail!("it is not what was fetched; remove it, and run `skidway get {reference}`");
        }
        if content.check(pin, &self.trust)? == Standing::Unsigned {
            let name = name(source);
            self.say_once(format!(
                "component {name} is not signed; `components.trust.require` would refuse it"
            ));
        }
        Ok(self.engine.load(&name(source), &content.bytes, limits)?)
    }

    /// Makes the bundled one ready to run.
    pub(crate) fn load_bundled(&self, name: &str, pin: Pin) -> Result<Component> {
        let bytes = bundled(name).ok_or_else(|| anyhow!("there is no bundled component {name}"))?;
        let of = || format!("bundled component {name}");
        skidway_trust::check(bytes, pin.as_ref(), None, &Trust::default()).with_context(of)?;
        self.engine.load_bundled(name, bytes).with_context(of)
    }

    /// Loads one component and makes something of it; `limits` are for one that is not bundled.
    pub(crate) fn load<T>(
        &self,
        source: &Source,
        pin: Pin,
        limits: &CompileLimits,
        make: impl Fn(&Component) -> Result<T>,
    ) -> Result<Loaded<T>> {
        let of_agent =
            |name: &str, refused| Ok(Loaded { made: make(&self.load_bundled(name, pin)?)?, refused });
        let path = match source {
            Source::Oci(reference) => self.fetched(reference)?.path,
            _ => match self.path(source) {
                Some(path) => path,
                None => return of_agent(&name(source), None),
            },
        };
        if !self.is_there(&path)
            && let Source::Named(name) = source
        {
            bundled(name).ok_or_else(|| self.unknown(source))?;
            return of_agent(name, None);
        }
        let shown = path.display();
        let read = Content::read(&path, limits.size)
            .map_err(|error| anyhow!("cannot read component {shown}: {error}"));
        let digest = read.as_ref().ok().map(|content| Digest::of(&content.bytes));
        let made = read.and_then(|content| {
            let component = self.prepare(source, pin, &content, limits);
            make(&component.with_context(|| format!("component {shown}"))?)
        });
        let why = match made {
            Ok(made) => return Ok(Loaded { made, refused: None }),
            Err(why) => why,
        };
        let Some(name) = source.bundled() else { return Err(why) };
        self.say_once(format!("{} is not used, the bundled {name} is: {why:#}", path.display()));
        of_agent(name, Some(Refused { digest, why: format!("{why:#}") }))
    }

    /// Where the folder cannot be looked into that is said: somebody may wonder why the bundled one runs.
    fn is_there(&self, path: &Path) -> bool {
        path.try_exists().unwrap_or_else(|error| {
            self.say_once(format!("cannot look for component {}: {error}", path.display()));
            false
        })
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

    /// The parsers that `auto` chooses among: the bundled ones, or what takes their place, and before those of general
    /// formats the further ones of the folder that can be used. Each was tried, none has an instance: a file needs few
    /// of them.
    pub(crate) fn all_parsers(&self, limits: &Limits) -> Result<Vec<ContainedParser>> {
        let tried = |name: &str| {
            let mut parser = self.parser(&Source::named(name), None, "{}", limits)?;
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
        formats().map(tried).chain(further).chain(general_formats().map(tried)).collect()
    }

    /// One parser, configured.
    pub(crate) fn parser(
        &self,
        source: &Source,
        pin: Pin,
        config: &str,
        limits: &Limits,
    ) -> Result<ContainedParser> {
        let loaded = self.load(source, pin, &limits.compile, |component| {
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
        pin: Pin,
        config: &str,
        limits: &Limits,
    ) -> Result<ContainedEnricher> {
        let loaded = self.load(source, pin, &limits.compile, |component| {
            let enricher = Enricher::new(component, config, limits.clone())
                .with_context(|| format!("enricher {}", component.name()))?;
            Ok(ContainedEnricher::new(enricher))
        })?;
        Ok(loaded.made)
    }

    /// The component that reads what the metadata service says.
    pub(crate) fn ec2_describer(&self) -> Result<Describer> {
        let component = self.load_bundled("ec2", None)?;
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
        assert_eq!(names, formats().chain(["mine"]).chain(general_formats()).collect::<Vec<_>>());
    }
}
