//! `skidway test`: golden tests of parsers, and fuzzing with the same logs.

mod fuzzing;
mod report;

use std::collections::BTreeMap;
use std::io::stdout;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::bare::Recipe;
use crate::cli::Test;
use crate::golden::{Cases, Settings};
use crate::library::Library;
use crate::show::Painter;
use crate::{commands, logging};
use report::Report;

pub(crate) fn run(args: &Test) -> Result<ExitCode> {
    logging::start_for_command();
    commands::answer(prepare(args).and_then(|(cases, recipes)| test(args, &cases, &recipes)))
}

/// How the logs of each folder are tested.
type Recipes = BTreeMap<PathBuf, Recipe>;

/// Finds what there is to test, and what with, before anything is tested.
fn prepare(args: &Test) -> Result<(Cases, Recipes)> {
    if !args.folder.is_dir() {
        bail!("{} is no folder; name one with NAME.log files in it", args.folder.display());
    }
    let cases = Cases::find(&args.folder)?;
    if cases.cases.is_empty() && cases.orphans.is_empty() {
        bail!("there is no NAME.log in {}: nothing to test", args.folder.display());
    }
    let over = overrides(args)?;
    let library = commands::library()?;
    let mut recipes = Recipes::new();
    for case in &cases.cases {
        let folder = folder_of(&case.log);
        if !recipes.contains_key(folder) {
            let recipe = recipe(folder, &over, &library)
                .with_context(|| format!("cannot test what is in {}", folder.display()))?;
            recipes.insert(folder.to_owned(), recipe);
        }
    }
    Ok((cases, recipes))
}

fn recipe(folder: &Path, over: &Settings, library: &Library) -> Result<Recipe> {
    let recipe = Settings::nearest(folder)?.recipe(over, library)?;
    // Its configuration is looked at by the component itself.
    recipe.start("")?;
    Ok(recipe)
}

fn overrides(args: &Test) -> Result<Settings> {
    let config = match &args.parser_config {
        None => None,
        Some(json) => Some(serde_json::from_str(json).context("--parser-config is no JSON object")?),
    };
    Ok(Settings {
        parser: args.parser.clone(),
        config,
        timezone: args.timezone.clone(),
        reference_time: args.reference_time,
        enrich: Some(args.enrich.clone()).filter(|names| !names.is_empty()),
        folder: PathBuf::new(),
    })
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(file)
}

fn test(args: &Test, cases: &Cases, recipes: &Recipes) -> Result<ExitCode> {
    match args.fuzz {
        None => golden(args, cases, recipes),
        Some(seconds) => fuzzing::run(args, seconds, cases, recipes),
    }
}

fn golden(args: &Test, cases: &Cases, recipes: &Recipes) -> Result<ExitCode> {
    let mut report = Report::new(stdout(), Painter::new(args.color), args.limit);
    for case in &cases.cases {
        let name = case.log.display().to_string();
        let Some(recipe) = recipes.get(folder_of(&case.log)) else { continue };
        match case.run(recipe, args.update) {
            Ok(verdict) => report.case(&name, case, &verdict)?,
            Err(error) => report.unreadable(&name, &error)?,
        }
    }
    for orphan in &cases.orphans {
        report.orphan(orphan)?;
    }
    report.finish()
}
