//! `skidway measure`, for `cargo xtask bench`: what it takes to have the bundled components ready, and an instance of
//! one.

use std::io::{Write as _, stdout};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Map, json};
use skidway_config::bundled::BUNDLED;
use skidway_plugin::{Component, Describer, Enricher, Limits, Parser, Role};

use crate::cli::Measure;
use crate::library::Library;

/// Of so many, the fastest counts: the machine may have had something else to do.
const ROUNDS: usize = 50;

pub(crate) fn run(args: &Measure) -> Result<()> {
    // The first time compiles them.
    load(&args.cache)?;
    let (components, time) = (0..ROUNDS)
        .map(|_| load(&args.cache))
        .try_fold((Vec::new(), Duration::MAX), |(_, best), loaded| {
            loaded.map(|(components, time)| (components, best.min(time)))
        })?;
    let instances: Map<_, _> = components
        .iter()
        .filter_map(|component| {
            Some((component.name().to_owned(), json!(instance(component)?.as_nanos() as u64)))
        })
        .collect();
    let measured = json!({ "warm_start_ns": time.as_nanos() as u64, "instance_ns": instances });
    writeln!(stdout(), "{measured}")?;
    Ok(())
}

/// An engine and all bundled components, ready to be instantiated.
fn load(cache: &Path) -> Result<(Vec<Component>, Duration)> {
    let start = Instant::now();
    let library = Library::new(Some(cache), Path::new("/nonexistent"))?;
    let components =
        BUNDLED.iter().map(|one| library.load_bundled(one.name, None)).collect::<Result<Vec<_>>>()?;
    Ok((components, start.elapsed()))
}

/// How long it takes to make a configured instance; none for one that wants settings.
fn instance(component: &Component) -> Option<Duration> {
    let made = || match component.inspection().roles.first()? {
        Role::Parser => Parser::new(component, "{}", Limits::default()).ok().map(drop),
        Role::Enricher => Enricher::new(component, "{}", Limits::default()).ok().map(drop),
        Role::Describer => Describer::new(component, "{}", Limits::default()).ok().map(drop),
    };
    let timed = || {
        let start = Instant::now();
        made().map(|()| start.elapsed())
    };
    (0..ROUNDS).map(|_| timed()).min().flatten()
}
