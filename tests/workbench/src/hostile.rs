//! All hostile components at once, under load: every line of each arrives, once, as it was parsed or raw and marked;
//! what runs beside them is not affected; the agent's memory stays within its bound; its log tells of each.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use comfy_table::Cell;
use skidway_test_support::eventually;
use skidway_test_support::sink::{OtlpSink, Record};

use crate::process::Running;
use crate::tables::{grouped, megabytes, number, table};

/// What `processors/hostile` does on request. The rest of what it can do is no harm to the agent.
const MISDEEDS: [&str; 14] = [
    "trap",
    "loop",
    "grow",
    "recurse",
    "unequal",
    "past-end",
    "inside-character",
    "many",
    "consume-more",
    "consume-nothing",
    "consume-middle",
    "flood",
    "refuse",
    "bad-scratch",
];
/// The same as enrichers; what only a parser can answer is left out.
const ENRICHERS: [&str; 6] = ["trap", "loop", "grow", "recurse", "past-end", "refuse"];
/// What each instance may take, in MiB; an enricher has a parser beside it.
const MEMORY_MIB: u64 = 16;
/// What an agent without them takes, with a chunk and its columns for each of so many lanes.
const AGENT_MIB: u64 = 300;
/// For everything to arrive on a slow machine after the load has ended.
const TO_ARRIVE: Duration = Duration::from_secs(600);
/// One line among so many makes a component do its misdeed.
const POISON_EVERY: u64 = 1000;

/// What `hostile` takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How long lines are written.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Lines a second for each component.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..))]
    rate: u64,
}

/// One component and the file that it is given.
struct Case {
    name: String,
    file: File,
    written: u64,
}

impl Case {
    fn new(logs: &Path, name: String) -> Result<Self> {
        let path = logs.join(format!("{name}.log"));
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { name, file, written: 0 })
    }

    fn write(&mut self, lines: u64) -> Result<()> {
        let mut text = String::new();
        for _ in 0..lines {
            let word = if self.written % POISON_EVERY == POISON_EVERY / 2 { "poison" } else { "plain" };
            writeln!(text, "2026-11-17T00:00:00.000000+00:00 ip-10-0-1-23 app[1]: {word} {}", self.written)?;
            self.written += 1;
        }
        Ok(self.file.write_all(text.as_bytes())?)
    }
}

/// What became of a case.
#[derive(Default)]
struct Seen {
    parsed: u64,
    marked: u64,
    /// Lines that are not where they belong: lost, twice, or out of order.
    wrong: u64,
    events: usize,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("skidway-hostile-").tempdir()?;
    let logs = folder.path().join("logs");
    fs::create_dir(&logs)?;
    let sink = OtlpSink::start()?;
    let config = folder.path().join("config.yaml");
    fs::write(&config, config_text(folder.path(), &logs, &sink.endpoint())?)?;
    let names = MISDEEDS.iter().map(|name| format!("parser-{name}"));
    let names = names.chain(ENRICHERS.iter().map(|name| format!("enricher-{name}")));
    let mut cases: Vec<_> =
        names.chain(["beside".to_owned()]).map(|name| Case::new(&logs, name)).collect::<Result<_>>()?;
    let (config, state) = (config.display().to_string(), folder.path().join("state").display().to_string());
    let agent = Running::start(&["run", "--config", &config, "--state-dir", &state], &[])?;

    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(options.seconds) {
        let due = (start.elapsed().as_secs_f64() * options.rate as f64) as u64 + 1;
        for case in &mut cases {
            case.write(due.saturating_sub(case.written))?;
        }
        eventually(Duration::from_millis(100), || false);
    }
    let all: u64 = cases.iter().map(|case| case.written).sum();
    sink.wait_delivered(TO_ARRIVE, all)
        .map_err(|late| anyhow::anyhow!("{late}; the agent's log:\n{}", agent.log().join("\n")))?;
    let ended = agent.end()?;
    let records = sink.records();

    let mut rows = table(&["component", "lines", "parsed", "raw, marked", "not right", "said"]);
    let mut broken = Vec::new();
    for case in &cases {
        let seen = look(case, &records, &ended.log);
        let wanted = case.written.div_ceil(POISON_EVERY);
        let is_beside = case.name == "beside";
        if seen.wrong > 0 || seen.parsed + seen.marked != case.written {
            broken.push(format!("{}: a line is missing, twice, or out of order", case.name));
        } else if is_beside && seen.marked > 0 {
            broken.push("a component that does no harm was affected".to_owned());
        } else if !is_beside && seen.events == 0 && wanted > 0 {
            broken.push(format!("{}: nothing in the log", case.name));
        }
        rows.add_row(vec![
            Cell::new(&case.name),
            number(grouped(case.written)),
            number(grouped(seen.parsed)),
            number(grouped(seen.marked)),
            number(grouped(seen.wrong)),
            number(seen.events),
        ]);
    }
    let instances = (MISDEEDS.len() + 2 * ENRICHERS.len() + 1) as u64;
    let bound = (AGENT_MIB + MEMORY_MIB * instances) << 20;
    println!("{rows}\n\nthe agent took {} of memory at the most", megabytes(ended.peak_memory));
    if ended.peak_memory > bound {
        broken.push(format!("the agent took more memory than {}", megabytes(bound)));
    }
    ensure!(broken.is_empty(), "{}", broken.join("; "));
    Ok(())
}

fn look(case: &Case, records: &[Record], log: &[String]) -> Seen {
    let file = format!("{}.log", case.name);
    let mut seen = Seen::default();
    let own = records.iter().filter(|record| record.attr("log.file.name") == Some(&file));
    for (index, record) in own.enumerate() {
        let number = record.body.rsplit(' ').next().and_then(|number| number.parse().ok());
        seen.wrong += u64::from(number != Some(index as u64));
        match record.attr("skidway.error") {
            Some(_) => seen.marked += 1,
            None => seen.parsed += 1,
        }
    }
    let component = format!("\"component\":\"{}\"", case.name);
    seen.events = log.iter().filter(|line| line.contains(&component)).count();
    seen
}

/// A copy of the hostile component, so that the log calls it by that name.
fn component(folder: &Path, name: &str) -> Result<PathBuf> {
    let built =
        std::env::var_os("SKIDWAY_COMPONENTS").map_or_else(|| "target/components".into(), PathBuf::from);
    let (from, to) = (built.join("hostile.wasm"), folder.join(format!("{name}.wasm")));
    fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(to)
}

fn config_text(folder: &Path, logs: &Path, endpoint: &str) -> Result<String> {
    let (mut receivers, mut processors, mut pipelines) = (String::new(), String::new(), String::new());
    let logs = logs.display();
    let limits = format!("limits: {{cpu: 200ms, memory: {MEMORY_MIB}MiB}}");
    let mut parsers = vec!["filelog/beside".to_owned()];
    writeln!(
        receivers,
        "  filelog/beside: {{include: ['{logs}/beside.log'], start_at: beginning, parser: ubuntu}}"
    )?;
    for misdeed in MISDEEDS {
        let path = component(folder, &format!("parser-{misdeed}"))?;
        writeln!(
            receivers,
            "  filelog/{misdeed}:\n    include: ['{logs}/parser-{misdeed}.log']\n    start_at: beginning\n    \
             parser: {{component: {}, config: {{do: {misdeed}}}, {limits}}}",
            path.display()
        )?;
        parsers.push(format!("filelog/{misdeed}"));
    }
    writeln!(
        pipelines,
        "    logs: {{receivers: [{}], processors: [batch], exporters: [otlphttp]}}",
        parsers.join(", ")
    )?;
    for misdeed in ENRICHERS {
        let path = component(folder, &format!("enricher-{misdeed}"))?;
        writeln!(
            receivers,
            "  filelog/e-{misdeed}: {{include: ['{logs}/enricher-{misdeed}.log'], start_at: beginning, parser: ubuntu}}"
        )?;
        writeln!(
            processors,
            "  wasm/{misdeed}: {{component: {}, config: {{do: {misdeed}}}, {limits}}}",
            path.display()
        )?;
        writeln!(
            pipelines,
            "    logs/{misdeed}: {{receivers: [filelog/e-{misdeed}], processors: [wasm/{misdeed}, batch], \
             exporters: [otlphttp]}}"
        )?;
    }
    Ok(format!(
        "receivers:\n{receivers}processors:\n  batch: {{timeout: 200ms}}\n{processors}exporters:\n  otlphttp: \
         {{endpoint: '{endpoint}'}}\nservice:\n  pipelines:\n{pipelines}"
    ))
}
