//! From a config to the parts that run it.

use std::io::{self, Write as _, stderr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use skidway_config::{
    Component, Config, Errors, FileLog, Parser, Pipeline, Problem, Surroundings, Zone as ZoneName,
};
use skidway_model::Attribute;
use skidway_plugin::{CompileLimits, ContainedEnricher, ContainedParser, Limits, LoadError, Role};

use crate::cli::ConfigFiles;
use crate::files;
use crate::library::{Library, Source};
use crate::logging;
use crate::memory;
use crate::stage::{Stage, Zone};
use crate::swap::{Components, Spec};
use crate::zones;

/// Reads the config with this process's environment around it.
pub(crate) fn config(files: &ConfigFiles) -> Result<Config, Errors> {
    let surroundings = Surroundings {
        is_file: &Path::is_file,
        file: &skidway_config::read_file,
        env: &env,
        known_zone: &|name| TimeZone::get(name).is_ok(),
        memory: memory::available(),
        state_dir: files.state_dir.clone(),
    };
    skidway_config::load(&files.config, &surroundings)
}

/// The exit code for wrong usage and a wrong config.
pub(crate) const WRONG_CONFIG: u8 = 2;

/// Reads the config and starts to log as it says. Where it is wrong that is said, and
/// answered with the exit code.
pub(crate) fn started(files: &ConfigFiles) -> io::Result<Result<Config, ExitCode>> {
    match config(files) {
        Ok(config) => {
            logging::start(config.log_level.as_str());
            Ok(Ok(config))
        }
        Err(errors) => {
            writeln!(stderr(), "{errors}")?;
            Ok(Err(ExitCode::from(WRONG_CONFIG)))
        }
    }
}

/// An environment variable. What is not UTF-8 counts as not set.
pub(crate) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Makes and drops an instance of every component that the config names. What they
/// say of their settings comes with its place, as does what is wrong with an order.
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
            if let Err(message) = files::try_order(receiver) {
                let problem = config.receiver_problem(receiver, &message);
                note(LoadError::Configuration(message).into(), &|_| problem.clone())?;
            }
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
pub(crate) fn stage(components: &Components, pipeline: &Pipeline, receiver: &FileLog) -> Result<Stage> {
    let zone = match &receiver.timezone {
        ZoneName::Local => TimeZone::system(),
        ZoneName::Utc => TimeZone::UTC,
        ZoneName::Named(name) => TimeZone::get(name).with_context(|| format!("time zone {name}"))?,
    };
    let seating = components.seating();
    let parsers = match &receiver.parser {
        Parser::Auto { limits: granted, swap } => seating.auto(&limits(granted), swap),
        parser => spec(parser).and_then(|spec| Ok(vec![seating.parser(spec)?])),
    };
    let (parsers, parser_seats) =
        parsers.with_context(|| format!("receiver {}", receiver.id))?.into_iter().unzip();
    let enrichers = pipeline.enrichers.iter().map(|wanted| {
        seating
            .enricher(component_spec(Role::Enricher, &wanted.component))
            .with_context(|| format!("processor {}", wanted.id))
    });
    let (enrichers, enricher_seats) = enrichers.collect::<Result<Vec<_>>>()?.into_iter().unzip();
    let stage = Stage::new(parsers, enrichers, Zone::new(zone), receiver.encoding);
    let stage = stage.seated(seating.mailbox, parser_seats, enricher_seats);
    Ok(stage.locating(receiver.include_record_uid))
}

/// How one parser is used.
fn spec(parser: &Parser) -> Result<Spec> {
    Ok(match parser {
        Parser::Component(component) => component_spec(Role::Parser, component),
        Parser::Operators(operators) => Spec {
            role: Role::Parser,
            source: Source::Bundled("operators".to_owned()),
            pin: None,
            config: zones::with_zones(operators)?,
            limits: limits(&operators.limits),
            swap: operators.swap.clone(),
            auto: false,
        },
        Parser::Auto { .. } => unreachable!("these are several"),
    })
}

fn component_spec(role: Role, component: &Component) -> Spec {
    let Component { source, config_json, limits: granted, sha256, swap } = component;
    Spec {
        role,
        source: Source::from(source),
        pin: *sha256,
        config: config_json.clone(),
        limits: limits(granted),
        swap: swap.clone(),
        auto: false,
    }
}

fn parsers(library: &Library, receiver: &FileLog) -> Result<Vec<ContainedParser>> {
    let made = match &receiver.parser {
        Parser::Auto { limits: granted, .. } => library.all_parsers(&limits(granted)),
        Parser::Component(Component { source, config_json, limits: granted, sha256, .. }) => library
            .parser(&Source::from(source), *sha256, config_json, &limits(granted))
            .map(|parser| vec![parser]),
        Parser::Operators(operators) => {
            let source = Source::Bundled("operators".to_owned());
            let config = zones::with_zones(operators)?;
            library.parser(&source, None, &config, &limits(&operators.limits)).map(|parser| vec![parser])
        }
    };
    made.with_context(|| format!("receiver {}", receiver.id))
}

fn enricher(library: &Library, wanted: &skidway_config::Enricher) -> Result<ContainedEnricher> {
    let Component { source, config_json, limits: granted, sha256, .. } = &wanted.component;
    library
        .enricher(&Source::from(source), *sha256, config_json, &limits(granted))
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
    let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    Limits {
        memory: bytes(granted.memory_bytes),
        cpu: granted.cpu,
        output: bytes(granted.output_bytes),
        log_lines: granted.log_lines,
        compile: CompileLimits {
            size: bytes(granted.size_bytes),
            memory: granted.compile_memory_bytes,
            time: granted.compile_time,
        },
    }
}

/// How often checkpoints are saved while they move.
pub(crate) const SAVE_EVERY: Duration = Duration::from_secs(1);
