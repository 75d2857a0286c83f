//! The OpenTelemetry Collector's config format, read strictly.
//!
//! Stages, each in its module: text to a tree with positions (`yaml`), several
//! trees to one (`tree`), `${env:NAME}` (`env`), tree to what was written (`read`,
//! `written`), written to what can be run (`resolve`). Only the last one, a
//! [`Config`], leaves this crate.
//!
//! Nothing is ignored silently: a key, a value or a component that is not
//! supported is an error with its file, line and column and a hint; what is
//! accepted and has no effect here is a [`Warning`].
//!
//! Architecture invariant: parsing does no I/O. It takes text and lookups for
//! environment variables and files; only [`load`] reads files by itself.

mod advice;
mod config;
mod detection;
mod effective;
mod env;
mod exporter;
mod files;
mod places;
mod problem;
mod read;
mod resolve;
mod resource;
mod tree;
mod unsupported;
mod values;
mod written;
mod yaml;

use std::io::Read;
use std::path::{Path, PathBuf};

pub use config::{
    Accept, Batch, Component, ComponentSource, Components, Config, Enricher, Export, FileLog, HealthCheck,
    Limits, LogLevel, LongLine, Operators, Parser, Pipeline, StartAt, Swap, SwapMode, Zone,
};
pub use detection::{
    Detection, DetectionRetry, Detector, EC2_ATTRIBUTES, Ec2, HostnameSource, SYSTEM_ATTRIBUTES, System,
};
pub use exporter::{
    Client, Compression, DeadLetter, Debug, Encoding as BodyEncoding, Exporter, FileFormat, FileTarget,
    Keepalive, Method, OtlpGrpc, OtlpHttp, Output, PartialSuccess, Pem, Queue, Retry, Rotation, SpoolLimits,
    Target, Tls, TlsVersion, Verbosity,
};
pub use files::{FileCompression, Ordering, SortBy, SortType};
pub use problem::{Errors, Position, Problem, Warning};
pub use resource::{Resource, ResourceStep};
pub use skidway_trust::{PublicKey, Trust};
pub use values::{Encoding, Glob, Pattern, Secret};

use crate::problem::Report;

#[path = "../../../processors/bundled.rs"]
pub mod bundled;

/// A config file's text and the name that messages give it.
#[derive(Clone)]
pub struct Source {
    /// The path as the user wrote it.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// What a config depends on besides its files. Passed in, so that parsing is a
/// function of its arguments.
pub struct Surroundings<'a> {
    /// The value of an environment variable.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// Whether there is a file of that name.
    pub is_file: &'a dyn Fn(&Path) -> bool,
    /// What is in a file that the config refers to.
    pub file: &'a dyn Fn(&Path) -> std::io::Result<String>,
    /// Whether the time zone database has this name.
    pub known_zone: &'a dyn Fn(&str) -> bool,
    /// Bytes of memory that this process may use, where that is known.
    pub memory: Option<u64>,
    /// From the command line: goes before what the files say.
    pub state_dir: Option<PathBuf>,
}

/// Reads the files in order, later ones over earlier ones, and [`parse`]s them.
/// At most 1 MiB and one byte of each is read.
pub fn load(paths: &[impl AsRef<Path>], surroundings: &Surroundings<'_>) -> Result<Config, Errors> {
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    for path in paths.iter().map(AsRef::as_ref) {
        match read_file(path) {
            Ok(text) => sources.push(Source { name: path.display().to_string(), text }),
            Err(error) => problems.push(Problem {
                at: None,
                message: format!("cannot read {}: {error}", path.display()),
                hint: None,
            }),
        }
    }
    if problems.is_empty() { parse(&sources, surroundings) } else { Err(Errors(problems)) }
}

/// The text of a file, up to 1 MiB and one byte.
pub fn read_file(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let limit = yaml::MAX_FILE_BYTES as u64 + 1;
    std::fs::File::open(path)?.take(limit).read_to_string(&mut text)?;
    Ok(text)
}

/// Merges, expands, checks and resolves. All errors of the first stage that has
/// any come back together.
pub fn parse(sources: &[Source], surroundings: &Surroundings<'_>) -> Result<Config, Errors> {
    let mut report = Report::default();
    let trees: Vec<_> = sources.iter().filter_map(|s| yaml::parse(&s.name, &s.text, &mut report)).collect();
    let merged = trees.into_iter().reduce(|mut base, over| {
        base.merge(over);
        base
    });
    match merged {
        _ if !report.errors.is_empty() => Err(Errors(report.errors)),
        None => Err(Errors(vec![Problem {
            at: None,
            message: "no config file was given".to_owned(),
            hint: Some("name one with `--config FILE`".to_owned()),
        }])),
        Some(mut root) => {
            let outside = env::Outside { env: surroundings.env, file: surroundings.file };
            env::expand(&mut root, outside, &mut report);
            if !report.errors.is_empty() {
                return Err(Errors(report.errors));
            }
            resolve::resolve(&root, surroundings, report).map_err(Errors)
        }
    }
}

impl Config {
    /// What the component that parses for a receiver says of its settings, with
    /// their place in the file.
    pub fn parser_problem(&self, receiver: &FileLog, message: &str) -> Problem {
        let who = format!("receiver `{}`", receiver.id);
        match &receiver.parser {
            Parser::Operators(_) => self.places.problem(&who, &["receivers", &receiver.id], message),
            _ => self.places.problem(&who, &["receivers", &receiver.id, "parser", "config"], message),
        }
    }

    /// What is wrong with a receiver's files, with its place in the file where the
    /// message begins with a path such as `ordering_criteria.regex: `.
    pub fn receiver_problem(&self, receiver: &FileLog, message: &str) -> Problem {
        let who = format!("receiver `{}`", receiver.id);
        self.places.problem(&who, &["receivers", &receiver.id], message)
    }

    /// What an enricher says of its settings, with their place in the file.
    pub fn enricher_problem(&self, enricher: &Enricher, message: &str) -> Problem {
        let path: Vec<_> = ["processors", &enricher.id].into_iter().chain(enricher.settings_under).collect();
        self.places.problem(&format!("processor `{}`", enricher.id), &path, message)
    }

    /// What will run, as a config file: defaults filled in, secrets redacted, one
    /// state folder. It can be read again (a text that holds U+2028 or U+2029 comes
    /// back changed: the printer folds lines there, as YAML 1.1 did).
    pub fn to_yaml(&self) -> String {
        // A tree of maps, lists and scalars always serialises.
        serde_yaml::to_string(&self.effective).unwrap_or_default()
    }
}
