//! `skidway get`: components from a registry, kept by their digest.

use std::io::{IsTerminal as _, Write as _, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use skidway_config::{Component, ComponentSource, Config, Parser, Trust};
use skidway_plugin::{MAX_COMPONENT_BYTES, inspect};
use skidway_registry::{Client, Credentials, Entry, Options, Pulled, Reference, RegistryError, Store};
use skidway_trust::{Standing, signature_path};

use crate::cli::{Access, ConfigFiles, Get};
use crate::{atomic, keys, logging, setup};

/// Where what is fetched goes, and what is asked of it.
struct Wanted<'a> {
    args: &'a Get,
    store: Store,
    trust: Trust,
    options: Options,
}

/// A component that is here.
struct Here {
    entry: Entry,
    bytes: Vec<u8>,
    signature: Option<Vec<u8>>,
    standing: Standing,
}

pub(crate) fn run(args: &Get) -> Result<ExitCode> {
    logging::start_for_command();
    let config = match config(args) {
        Some(Err(errors)) => {
            writeln!(stderr(), "{errors}")?;
            return Ok(ExitCode::FAILURE);
        }
        other => other.transpose().unwrap_or_default(),
    };
    let references = match (args.references.as_slice(), &config) {
        ([], Some(config)) => named(config),
        (written, _) => written.to_vec(),
    };
    if references.len() > 1 && args.output.is_some() {
        bail!("one file cannot hold {} components; `--into FOLDER` can", references.len());
    }
    let wanted = Wanted {
        store: Store::within(&state_dir(args, config.as_ref())),
        trust: trust(args, config.as_ref())?,
        options: options(&args.access, args.max_size << 20)?,
        args,
    };
    for reference in &references {
        let reference: Reference = reference.parse()?;
        let here = wanted.get(&reference).with_context(|| reference.to_string())?;
        wanted.copy(&reference, &here)?;
        wanted.tell(&reference, &here)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn config(args: &Get) -> Option<Result<Config, skidway_config::Errors>> {
    let files = ConfigFiles { config: args.config.clone(), state_dir: args.state_dir.clone() };
    (!args.config.is_empty()).then(|| setup::config(&files))
}

/// What a config wants from registries.
fn named(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    for pipeline in &config.pipelines {
        let parsers = pipeline.receivers.iter().filter_map(|receiver| match &receiver.parser {
            Parser::Component(component) => Some(component),
            _ => None,
        });
        for component in parsers.chain(pipeline.enrichers.iter().map(|enricher| &enricher.component)) {
            if let Component { source: ComponentSource::Oci(reference), .. } = component
                && !found.contains(reference)
            {
                found.push(reference.clone());
            }
        }
    }
    found
}

fn state_dir(args: &Get, config: Option<&Config>) -> PathBuf {
    let from_systemd = || {
        let list = setup::env("STATE_DIRECTORY")?;
        list.split(':').next().filter(|folder| !folder.is_empty()).map(PathBuf::from)
    };
    let given = args.state_dir.clone().or_else(|| config.map(|config| config.state_dir.clone()));
    given.or_else(from_systemd).unwrap_or_else(|| PathBuf::from("/var/lib/skidway"))
}

/// Keys of the command line are there to be asked; those of a config, as it says.
fn trust(args: &Get, config: Option<&Config>) -> Result<Trust> {
    if args.key.is_empty() {
        return Ok(config.map(|config| config.components.trust.clone()).unwrap_or_default());
    }
    let keys = args.key.iter().map(|key| keys::public(key)).collect::<Result<_>>()?;
    Ok(Trust { keys, require: true })
}

pub(super) fn options(access: &Access, max_bytes: u64) -> Result<Options> {
    let credentials = match &access.username {
        None => None,
        Some(username) => {
            let mut password = String::new();
            std::io::stdin().read_line(&mut password).context("cannot read the password")?;
            let password = password.trim_end_matches(['\r', '\n']).to_owned();
            Some(Credentials { username: username.clone(), password })
        }
    };
    Ok(Options { credentials, plain_http: access.plain_http, retries: access.retries, max_bytes })
}

/// For one exchange with the network.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Says that it will be tried again.
pub(super) fn say_pause(error: &RegistryError, pause: Duration) {
    let _ = writeln!(stderr(), "{error}; trying again in {:.1} s", pause.as_secs_f64());
}

impl Wanted<'_> {
    fn get(&self, reference: &Reference) -> Result<Here> {
        let known = self.store.find(reference)?;
        // Nothing newer can have that name.
        if let Some(entry) = known.clone().filter(|_| reference.is_fixed()) {
            return self.open(entry);
        }
        match self.pull(reference) {
            Ok(pulled) => self.take(reference, pulled),
            Err(error) if error.is_passing() => {
                let Some(entry) = known else { return Err(error.into()) };
                writeln!(stderr(), "{error}\noffline: using what was fetched on {}", entry.fetched)?;
                self.open(entry)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn pull(&self, reference: &Reference) -> Result<Pulled, RegistryError> {
        let runtime = runtime().map_err(|error| RegistryError::Other(error.to_string()))?;
        let client = Client::new(reference, self.options.clone())?;
        let mut shown = Progress::new();
        let mut progress = |done, all| shown.show(done, all);
        let pulled = runtime.block_on(client.pull(reference, &mut progress, &mut say_pause));
        shown.end();
        pulled
    }

    /// Checks what came before anything of it is kept.
    fn take(&self, reference: &Reference, pulled: Pulled) -> Result<Here> {
        let standing = self.check(&pulled.bytes, pulled.signature.as_deref(), None)?;
        let sha256 = skidway_trust::digest(&pulled.bytes);
        let entry = match self.store.put(reference, sha256, &pulled) {
            Ok(entry) => entry,
            // Who wants a file needs no store.
            Err(error) if self.target(reference).is_some() => {
                writeln!(stderr(), "it is not kept for later: {error}")?;
                let path = self.target(reference).unwrap_or_default();
                Entry { path, sha256, manifest: pulled.manifest, fetched: String::new() }
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Here { entry, bytes: pulled.bytes, signature: pulled.signature, standing })
    }

    /// What was fetched before is checked as if it came now.
    fn open(&self, entry: Entry) -> Result<Here> {
        let of = || format!("{}", entry.path.display());
        let most = usize::try_from(self.options.max_bytes).unwrap_or(MAX_COMPONENT_BYTES);
        let bytes = skidway_plugin::read(&entry.path, most).with_context(of)?;
        let signature = skidway_trust::read_signature(&entry.path).with_context(of)?;
        let standing = self.check(&bytes, signature.as_deref(), Some(&entry.sha256)).with_context(of)?;
        Ok(Here { entry, bytes, signature, standing })
    }

    fn check(&self, bytes: &[u8], signature: Option<&[u8]>, digest: Option<&[u8; 32]>) -> Result<Standing> {
        let standing = skidway_trust::check(bytes, digest, signature, &self.trust)?;
        inspect(bytes).context("it is no component that this agent can use")?;
        Ok(standing)
    }

    /// The file that a copy was asked for in.
    fn target(&self, reference: &Reference) -> Option<PathBuf> {
        let in_folder = |folder: &PathBuf| folder.join(format!("{}.wasm", reference.short_name()));
        self.args.output.clone().or_else(|| self.args.into.as_ref().map(in_folder))
    }

    /// The signature first: whoever watches the folder finds it when the component comes.
    fn copy(&self, reference: &Reference, here: &Here) -> Result<()> {
        let Some(path) = self.target(reference) else { return Ok(()) };
        let write = |path: &Path, bytes: &[u8]| {
            atomic::write(path, bytes, 0o644).with_context(|| format!("cannot write {}", path.display()))
        };
        let beside = signature_path(&path);
        match &here.signature {
            Some(signature) => write(&beside, signature)?,
            // One of what was there before is none of this.
            None if beside.exists() => {
                std::fs::remove_file(&beside)
                    .with_context(|| format!("cannot remove {}", beside.display()))?;
            }
            None => {}
        }
        write(&path, &here.bytes)
    }

    fn tell(&self, reference: &Reference, here: &Here) -> Result<()> {
        let mut out = stdout();
        writeln!(out, "{reference}")?;
        writeln!(out, "sha256     {}", skidway_trust::hex(&here.entry.sha256))?;
        writeln!(out, "manifest   {}", here.entry.manifest)?;
        let signature = match (&here.standing, &here.signature) {
            (Standing::Signed { key, .. }, _) => format!("good, by key {key}"),
            (_, Some(_)) => "not checked: there are no keys".to_owned(),
            (_, None) => "none".to_owned(),
        };
        writeln!(out, "signature  {signature}")?;
        writeln!(
            out,
            "file       {}",
            self.target(reference).unwrap_or_else(|| here.entry.path.clone()).display()
        )?;
        Ok(())
    }
}

/// How far a download is, on a terminal.
struct Progress {
    is_shown: bool,
    last: u64,
}

impl Progress {
    fn new() -> Self {
        Self { is_shown: stderr().is_terminal(), last: u64::MAX }
    }

    fn show(&mut self, done: u64, all: u64) {
        let percent = (done * 100).checked_div(all).unwrap_or(100);
        if self.is_shown && percent != self.last {
            let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
            let _ = write!(stderr(), "\r{percent:3} % of {:.1} MiB", mib(all));
            self.last = percent;
        }
    }

    fn end(&mut self) {
        if self.is_shown && self.last != u64::MAX {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
