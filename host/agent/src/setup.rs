//! From a config to the parts that run it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use skidway_config::{
    Component, Compression as Wanted, Config, Errors, FileLog, OtlpHttp, Parser, Pipeline, Problem, StartAt,
    Surroundings, Zone as ZoneName,
};
use skidway_model::Attribute;
use skidway_otlp::{Backoff, Compression, Delivery, Exporter, RetryPolicy};
use skidway_plugin::{ContainedEnricher, ContainedParser, Limits, LoadError};
use skidway_state::Resumer;
use skidway_tail::{Found, Tailer};
use tokio::sync::watch;

use crate::cli::ConfigFiles;
use crate::library::{Library, Source};
use crate::stage::{Stage, Zone};
use crate::zones;

/// Reads the config with this process's environment around it.
pub(crate) fn config(files: &ConfigFiles) -> Result<Config, Errors> {
    let surroundings = Surroundings {
        file: &skidway_config::read_file,
        env: &env,
        known_zone: &|name| TimeZone::get(name).is_ok(),
        state_dir: files.state_dir.clone(),
    };
    skidway_config::load(&files.config, &surroundings)
}

/// An environment variable. What is not UTF-8 counts as not set.
pub(crate) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Makes and drops an instance of every component that the config names. What they
/// say of their settings comes with its place.
pub(crate) fn try_components(library: &Library, config: &Config) -> Result<()> {
    let mut problems = Vec::new();
    let mut note = |error: anyhow::Error, problem: &dyn Fn(&str) -> Problem| {
        match error.downcast_ref::<LoadError>() {
            Some(LoadError::Configuration(message)) => {
                let problem = problem(message);
                // A receiver may be in several pipelines.
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
                Ok(())
            }
            _ => Err(error),
        }
    };
    for pipeline in &config.pipelines {
        for receiver in &pipeline.receivers {
            if let Err(error) = parsers(library, receiver) {
                note(error, &|message| config.parser_problem(receiver, message))?;
            }
        }
        for wanted in &pipeline.enrichers {
            if let Err(error) = enricher(library, wanted) {
                note(error, &|message| config.enricher_problem(wanted, message))?;
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Errors(problems).into()) }
}

/// An error of these as people read it: problems of the config as they are.
pub(crate) fn shown(error: &anyhow::Error) -> String {
    match error.downcast_ref::<Errors>() {
        Some(errors) => errors.to_string(),
        None => format!("error: {error:#}"),
    }
}

/// What a lane parses and enriches with.
pub(crate) fn stage(library: &Library, pipeline: &Pipeline, receiver: &FileLog) -> Result<Stage> {
    let zone = match &receiver.timezone {
        ZoneName::Local => TimeZone::system(),
        ZoneName::Utc => TimeZone::UTC,
        ZoneName::Named(name) => TimeZone::get(name).with_context(|| format!("time zone {name}"))?,
    };
    let (parsers, enrichers) = (parsers(library, receiver)?, enrichers(library, pipeline)?);
    Ok(Stage::new(parsers, enrichers, Zone::new(zone), receiver.encoding))
}

fn parsers(library: &Library, receiver: &FileLog) -> Result<Vec<ContainedParser>> {
    let made = match &receiver.parser {
        Parser::Auto(granted) => library.all_parsers(&limits(granted)),
        Parser::Component(Component { source, config_json, limits: granted }) => {
            library.parser(&Source::from(source), config_json, &limits(granted)).map(|parser| vec![parser])
        }
        Parser::Operators(operators) => {
            let source = Source::Bundled("operators".to_owned());
            let config = zones::with_zones(operators)?;
            library.parser(&source, &config, &limits(&operators.limits)).map(|parser| vec![parser])
        }
    };
    made.with_context(|| format!("receiver {}", receiver.id))
}

fn enrichers(library: &Library, pipeline: &Pipeline) -> Result<Vec<ContainedEnricher>> {
    pipeline.enrichers.iter().map(|wanted| enricher(library, wanted)).collect()
}

fn enricher(library: &Library, wanted: &skidway_config::Enricher) -> Result<ContainedEnricher> {
    let Component { source, config_json, limits: granted } = &wanted.component;
    library
        .enricher(&Source::from(source), config_json, &limits(granted))
        .with_context(|| format!("processor {}", wanted.id))
}

/// What a receiver says of the source of its records. Operators say it themselves.
pub(crate) fn own_resource(receiver: &FileLog) -> Vec<Attribute> {
    if matches!(receiver.parser, Parser::Operators(_)) {
        return Vec::new();
    }
    receiver.resource.iter().map(|(name, value)| Attribute::new(name, value)).collect()
}

fn limits(granted: &skidway_config::Limits) -> Limits {
    let memory = usize::try_from(granted.memory_bytes).unwrap_or(usize::MAX);
    Limits { memory, cpu: granted.cpu, ..Limits::default() }
}

/// Follows a receiver's files from where an earlier run left them.
pub(crate) fn tailer(receiver: &FileLog, mut resumer: Resumer) -> Result<Tailer> {
    let patterns =
        |globs: &[skidway_config::Glob]| globs.iter().map(|glob| glob.as_str().to_owned()).collect();
    let options = skidway_tail::Options {
        include: patterns(&receiver.include),
        exclude: patterns(&receiver.exclude),
        exclude_older_than: receiver.exclude_older_than,
        // See `Resumer`: on a later run, a file that nobody knows appeared while
        // nobody looked.
        start_at: match receiver.start_at {
            StartAt::End if resumer.first_run() => skidway_tail::StartAt::End,
            StartAt::End | StartAt::Beginning => skidway_tail::StartAt::Beginning,
        },
        poll_interval: receiver.poll_interval,
        flush_period: receiver.force_flush_period,
        settle: receiver.settle,
        fingerprint_size: receiver.fingerprint_size as usize,
        max_line: receiver.max_log_size as usize,
        ..skidway_tail::Options::default()
    };
    let resume = move |found: &Found<'_>| {
        resumer.find(found.path, &found.identity, found.length, |len| found.head_hash(len))
    };
    Tailer::new(options, resume).with_context(|| format!("receiver {}", receiver.id))
}

/// Delivers to a backend until `stop` says true.
pub(crate) fn delivery(config: &OtlpHttp, stop: watch::Receiver<bool>) -> Result<Delivery> {
    let compression = match config.compression {
        Wanted::None => Ok(Compression::NONE),
        Wanted::Gzip(None) => Ok(Compression::default()),
        Wanted::Gzip(Some(level)) => Compression::gzip(level),
        Wanted::Zstd(level) => Compression::zstd(level.unwrap_or(ZSTD_LEVEL)),
    }?;
    let options = skidway_otlp::Options {
        headers: config
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.reveal().to_owned()))
            .collect(),
        compression,
        timeout: config.timeout,
        tls: skidway_otlp::Tls {
            ca_file: config.tls.ca_file.clone(),
            insecure_skip_verify: config.tls.insecure_skip_verify,
            client: None,
        },
        ..skidway_otlp::Options::new(config.url.as_str())
    };
    let exporter = Exporter::new(options).with_context(|| format!("exporter {}", config.id))?;
    let retry = &config.retry;
    let soon = Backoff::try_new(retry.initial_interval, retry.multiplier, retry.max_interval)?;
    let policy = RetryPolicy { soon, ..RetryPolicy::default() };
    Ok(Delivery::new(exporter, policy, stop))
}

/// The library's own choice: three.
const ZSTD_LEVEL: i32 = 3;

/// How often checkpoints are saved while they move.
pub(crate) const SAVE_EVERY: Duration = Duration::from_secs(1);
