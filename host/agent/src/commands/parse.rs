//! `skidway parse`: lines through the same sandboxed components as in `run`.

use std::io::{self, BufWriter, Read as _, Write as _};
use std::time::Instant;

use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use skidway_config::Encoding;
use skidway_plugin::Limits;

use crate::cli::{Output, Parse};
use crate::library;
use crate::print::{Jsonl, Table};
use crate::source::{Source, each_chunk};
use crate::stage::{Stage, Zone};
use crate::{commands, logging};

pub(crate) fn run(args: &Parse) -> Result<()> {
    logging::start_for_command();
    let mut stage = stage(args)?;
    let mut source = Source::open(&args.file)?;
    if let Some(times) = args.bench {
        return bench(&mut stage, &mut source, times);
    }
    let stdout = BufWriter::new(io::stdout().lock());
    let result = match args.output {
        Output::Jsonl => {
            let mut jsonl = Jsonl::new(stdout);
            each_chunk(&mut source, &mut stage, &mut |records| jsonl.write(&records))
        }
        Output::Table => {
            let mut table = Table::new(stdout);
            let end = each_chunk(&mut source, &mut stage, &mut |records| table.add(&records));
            end.and_then(|lines| table.finish().map(|()| lines).map_err(Into::into))
        }
    };
    match result {
        // `skidway parse … | head` is no failure.
        Err(error) if commands::is_broken_pipe(&error) => Ok(()),
        other => other.map(|_| ()),
    }
}

fn stage(args: &Parse) -> Result<Stage> {
    let library = commands::library()?;
    let limits = Limits::default();
    let parsers = match args.parser.as_str() {
        "auto" => library.all_parsers(&limits)?,
        other => vec![library.parser(&library::Source::read(other), None, "{}", &limits)?],
    };
    let enrichers = args
        .enrich
        .iter()
        .filter(|name| *name != "none")
        .map(|name| library.enricher(&library::Source::read(name), None, "{}", &limits))
        .collect::<Result<Vec<_>>>()?;
    let zone = match &args.timezone {
        None => TimeZone::system(),
        Some(name) => {
            TimeZone::get(name).with_context(|| format!("no time zone {name}; try UTC or Europe/Berlin"))?
        }
    };
    Ok(Stage::new(parsers, enrichers, Zone::new(zone), Encoding::Utf8))
}

/// What one line costs: parser, enrichers and the way through the sandbox.
fn bench(stage: &mut Stage, source: &mut Source<'_>, times: u32) -> Result<()> {
    let mut bytes = Vec::new();
    source.text.read_to_end(&mut bytes)?;
    let mut best = f64::MAX;
    for _ in 0..times.max(1) {
        let start = Instant::now();
        let text = Box::new(bytes.as_slice());
        let mut source = Source { text, ..*source };
        let lines = each_chunk(&mut source, stage, &mut |_| Ok(()))?;
        best = best.min(start.elapsed().as_nanos() as f64 / lines.max(1) as f64);
    }
    writeln!(io::stdout(), "{best:.1}")?;
    Ok(())
}
