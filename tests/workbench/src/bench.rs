//! The agent under load: processor time, memory, bytes sent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use comfy_table::{Cell, Table};
use serde_json::Value;
use skidway_test_support::sink::OtlpSink;
use tempfile::TempDir;

use crate::books::Books;
use crate::generate::{self, Form};
use crate::process::{Running, binary};
use crate::swapping;
use crate::tables::{grouped, megabytes, number, table};

/// For all lines to arrive: ten times what the slowest agent measured took for a million.
const TO_ARRIVE: Duration = Duration::from_secs(300);
/// Lines of the file for the first record: enough to be a batch, too few to matter.
const FIRST: u64 = 1000;
/// Rounds of the parse-only measurement; the best counts.
const PARSE_ROUNDS: &str = "5";

/// What the cost of a chain is measured with.
const CHAIN: [&str; 3] = ["severity", "clickstack", "severity"];

/// How bodies are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Compression {
    None,
    Gzip,
    Zstd,
}

/// What turns lines into records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Parsing {
    /// Our parsers, each on the lines that it knows.
    Auto,
    /// The collector's operators as ClickStack's guide has them for stamps with a year.
    Modern,
    /// The same for stamps without.
    Legacy,
}

/// What `bench` takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Lines to write, half in each format.
    #[arg(long, default_value_t = 1_000_000)]
    lines: u64,
    /// Runs of each kind; the median is shown.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Compressions to run.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "none,gzip,zstd")]
    compression: Vec<Compression>,
    /// Ways to parse to run.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "auto,modern,legacy")]
    parsing: Vec<Parsing>,
    /// Exchanges of the parser under full load; 0 leaves this part out.
    #[arg(long, default_value_t = 100)]
    swaps: u32,
    /// Print tables in Markdown.
    #[arg(long)]
    markdown: bool,
}

/// One run under load.
#[derive(Debug, Clone)]
struct Load {
    delivered: u64,
    wall: Duration,
    cpu: Duration,
    peak_memory: u64,
    sent: u64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let bench = Bench::set_up(options.lines)?;
    eprintln!(
        "{} lines, {:.1} bytes each, {} cores; 8 resource attributes, median of {}",
        grouped(options.lines),
        bench.bytes as f64 / options.lines as f64,
        std::thread::available_parallelism().map_or(1, usize::from),
        options.runs
    );
    if let Some(load) = load_average().filter(|load| *load > 0.5) {
        eprintln!(
            "  other programs are running (load average {load:.1}): figures will be worse than they could be"
        );
    }
    // The first start compiles the components; all that is measured finds them compiled.
    bench.first_record()?;

    let mut loads = Vec::new();
    for &parsing in &options.parsing {
        for &compression in &options.compression {
            let mut runs = Vec::new();
            for i in 1..=options.runs {
                let load = bench.load(parsing, compression, options.lines)?;
                eprintln!(
                    "  {} {} {i}: {:.2} s of processor time, {:.2} s",
                    parsing.name(),
                    name(compression),
                    load.cpu.as_secs_f64(),
                    load.wall.as_secs_f64()
                );
                runs.push(load);
            }
            loads.push((parsing, compression, median_by(runs, |load| load.cpu)));
        }
    }
    let firsts = (0..options.runs).map(|_| bench.first_record()).collect::<Result<Vec<_>>>()?;
    let first = median_by(firsts, |time| *time);
    let idles = (0..options.runs).map(|_| bench.idle_memory()).collect::<Result<Vec<_>>>()?;
    let idle = median_by(idles, |bytes| *bytes);
    let alone = &["none"][..];
    let parse =
        [("RFC 3339", bench.parse("syslog", alone)?), ("traditional", bench.parse("messages", alone)?)];
    let chain = bench.parse("syslog", &CHAIN)? - parse[0].1;
    print(options, &loads, first, idle, &parse);
    let mut rows = options.table(&["components", "value"]);
    rows.add_row(vec![
        Cell::new(format!("{}, a line more than the parser alone", CHAIN.join(" + "))),
        number(format!("{chain:.0} ns")),
    ]);
    rows.add_rows(bench.components()?);
    println!("\n{rows}");
    if options.swaps > 0 {
        let parser = components()?.join("ubuntu.wasm");
        let runs = swapping::measure(&parser, options.swaps, options.lines)?;
        let mut rows = options.table(&[
            "under full load",
            "lines",
            "wall s",
            "lines/s",
            "CPU µs a line",
            "longest pause of a file",
        ]);
        swapping::fill(&mut rows, &runs);
        println!("\n{rows}");
    }
    Ok(())
}

/// Where `cargo xtask components` puts them: beside the folder of this program.
fn components() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("this program lies in no target folder")?;
    Ok(target.join("components"))
}

impl Options {
    fn table(&self, header: &[&str]) -> Table {
        let mut table = table(header);
        if self.markdown {
            table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
        }
        table
    }
}

/// Of the last minute.
fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

fn name(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "none",
        Compression::Gzip => "gzip",
        Compression::Zstd => "zstd",
    }
}

/// What follows the stamp in the guide's patterns.
const AFTER_THE_STAMP: &str = r"(?P<hostname>\S+) (?P<unit>\S+?)(?:\[(?P<pid>\d+)\])?: (?P<message>.*)$$";

impl Parsing {
    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Modern => "modern",
            Self::Legacy => "legacy",
        }
    }

    /// The folder of the lines that it is measured with.
    fn folder(self) -> &'static str {
        match self {
            Self::Auto => "load",
            other => other.name(),
        }
    }

    /// Its part of a receiver's settings.
    fn settings(self) -> String {
        let (stamp, layout) = match self {
            Self::Auto => return "    parser: auto\n    attributes: {source: ec2-host-logs}\n".to_owned(),
            Self::Modern => {
                (r"(?P<timestamp>\S+)", "{layout_type: gotime, layout: '2006-01-02T15:04:05.999999-07:00'")
            }
            Self::Legacy => (r"(?P<timestamp>\w+ \d+ \d{2}:\d{2}:\d{2})", "{layout: '%b %d %H:%M:%S'"),
        };
        format!(
            "    operators:
      - {{type: regex_parser, regex: '^{stamp} {AFTER_THE_STAMP}'}}
      - {layout}, type: time_parser, parse_from: attributes.timestamp}}
      - {{type: add, field: attributes.source, value: ec2-host-logs}}
"
        )
    }
}

/// The middle one when sorted by `key`; of an even number, the lower of the two.
fn median_by<T, K: Ord>(mut values: Vec<T>, key: impl Fn(&T) -> K) -> T {
    values.sort_by_key(key);
    let middle = (values.len() - 1) / 2;
    values.swap_remove(middle)
}

/// Files to read, and a state folder that keeps compiled components from run to run.
struct Bench {
    folder: TempDir,
    /// Of both files together.
    bytes: u64,
}

impl Bench {
    fn set_up(lines: u64) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("skidway-bench-").tempdir()?;
        let file = |kind: &str, name: &str| folder.path().join(kind).join(name);
        for kind in ["load", "modern", "legacy", "first", "idle"] {
            fs::create_dir(folder.path().join(kind))?;
        }
        let bytes = generate::write(&file("load", "syslog"), Form::Ubuntu, lines / 2)?
            + generate::write(&file("load", "messages"), Form::AmazonLinux, lines - lines / 2)?;
        generate::write(&file("modern", "syslog"), Form::Ubuntu, lines)?;
        generate::write(&file("legacy", "messages"), Form::TwoDigitDay, lines)?;
        generate::write(&file("first", "syslog"), Form::Ubuntu, FIRST)?;
        fs::write(file("idle", "syslog"), "")?;
        Ok(Self { folder, bytes })
    }

    /// Starts the agent on the files of one kind.
    fn start(
        &self,
        kind: &str,
        parsing: Parsing,
        compression: Compression,
        sink: &OtlpSink,
    ) -> Result<Running> {
        self.forget_positions()?;
        let config = self.folder.path().join("config.yaml");
        let text = config_text(&self.folder.path().join(kind), parsing, compression, &sink.endpoint());
        fs::write(&config, text)?;
        let (config, state) = (config.display().to_string(), self.state().display().to_string());
        Running::start(&["run", "--config", &config, "--state-dir", &state], &[])
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Takes everything out of the state folder but the compiled components.
    fn forget_positions(&self) -> Result<()> {
        fs::create_dir_all(self.state())?;
        for entry in fs::read_dir(self.state())? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true if entry.file_name() == "compiled" => {}
                true => fs::remove_dir_all(entry.path())?,
                false => fs::remove_file(entry.path())?,
            }
        }
        Ok(())
    }

    fn load(&self, parsing: Parsing, compression: Compression, lines: u64) -> Result<Load> {
        let sink = OtlpSink::start_counting()?;
        let agent = self.start(parsing.folder(), parsing, compression, &sink)?;
        let started = agent.started;
        sink.wait_delivered(TO_ARRIVE, lines).map_err(|late| late_with_log(late, &agent))?;
        let ended = agent.end()?;
        Books::find(&ended.log)?.check(lines, sink.delivered())?;
        Ok(sink.read(|state| Load {
            delivered: state.delivered,
            wall: state.last_delivery.map_or(Duration::ZERO, |last| last.duration_since(started)),
            cpu: ended.cpu,
            peak_memory: ended.peak_memory,
            sent: state.wire_bytes,
        }))
    }

    /// From the start of the process to its first record at the receiver.
    fn first_record(&self) -> Result<Duration> {
        let sink = OtlpSink::start_counting()?;
        let agent = self.start("first", Parsing::Auto, Compression::None, &sink)?;
        sink.wait_delivered(TO_ARRIVE, FIRST).map_err(|late| late_with_log(late, &agent))?;
        let first = sink.read(|state| state.first_delivery).context("nothing arrived")?;
        let time = first.duration_since(agent.started);
        agent.end()?;
        Ok(time)
    }

    /// Bytes of memory with nothing to do.
    fn idle_memory(&self) -> Result<u64> {
        let sink = OtlpSink::start_counting()?;
        let agent = self.start("idle", Parsing::Auto, Compression::None, &sink)?;
        let memory = agent.settled_memory(Duration::from_secs(2), Duration::from_secs(30))?;
        agent.end()?;
        Ok(memory)
    }

    /// How soon the bundled components are there, and how long an instance takes.
    fn components(&self) -> Result<Vec<Vec<Cell>>> {
        let output = Command::new(binary()?)
            .args(["measure", "--cache"])
            .arg(self.state().join("compiled"))
            .output()
            .context("cannot start the agent")?;
        ensure!(output.status.success(), "measure failed: {}", String::from_utf8_lossy(&output.stderr));
        let measured: Value = serde_json::from_slice(&output.stdout)?;
        let nanoseconds = |value: &Value| value.as_u64().unwrap_or_default() as f64;
        let instances = measured["instance_ns"].as_object().context("measure has no `instance_ns`")?;
        let slowest = instances.iter().max_by_key(|(_, time)| time.as_u64());
        let (name, slowest) = slowest.context("measure has no instances")?;
        let warm = nanoseconds(&measured["warm_start_ns"]) / 1e6;
        let ubuntu = nanoseconds(&instances["ubuntu"]) / 1e3;
        let slowest = nanoseconds(slowest) / 1e3;
        Ok(vec![
            vec![Cell::new("all bundled ones ready, compiled before"), number(format!("{warm:.1} ms"))],
            vec![Cell::new("an instance of ubuntu, configured"), number(format!("{ubuntu:.0} µs"))],
            vec![
                Cell::new(format!("the slowest instance of {}: {name}", instances.len())),
                number(format!("{slowest:.0} µs")),
            ],
        ])
    }

    /// Nanoseconds a line through the parser and these enrichers, with the sandbox and its checks.
    fn parse(&self, file: &str, enrichers: &[&str]) -> Result<f64> {
        let enrich = enrichers.iter().flat_map(|name| ["--enrich", name]);
        let output = Command::new(binary()?)
            .args(["parse", "--parser", "auto", "--bench", PARSE_ROUNDS])
            .args(enrich)
            .arg(self.folder.path().join("load").join(file))
            .output()?;
        ensure!(output.status.success(), "parse failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().parse().context("parse printed no number")
    }
}

fn late_with_log(late: skidway_test_support::TimedOut, agent: &Running) -> anyhow::Error {
    anyhow::anyhow!("{late}; the agent's log:\n{}", agent.log().join("\n"))
}

/// The guide's record shape; the collector's own defaults for the batch.
fn config_text(logs: &Path, parsing: Parsing, compression: Compression, endpoint: &str) -> String {
    let resource: String = [
        ("service.name", "ec2-host-logs"),
        ("cloud.provider", "aws"),
        ("cloud.platform", "aws_ec2"),
        ("cloud.region", "us-east-1"),
        ("cloud.account.id", "'123456789012'"),
        ("host.id", "i-0abc1234def567890"),
        ("host.type", "t3.medium"),
        ("host.name", "ip-10-0-1-23.ec2.internal"),
    ]
    .map(|(key, value)| format!("      - {{key: {key}, value: {value}, action: insert}}\n"))
    .concat();
    format!(
        "receivers:
  filelog:
    include: ['{}/*']
    start_at: beginning
{}processors:
  resource:
    attributes:
{resource}  batch:
    timeout: 200ms
    send_batch_size: 8192
exporters:
  otlphttp:
    endpoint: {endpoint}
    compression: {}
service:
  pipelines:
    logs:
      receivers: [filelog]
      processors: [resource, batch]
      exporters: [otlphttp]
",
        logs.display(),
        parsing.settings(),
        name(compression)
    )
}

fn print(
    options: &Options,
    loads: &[(Parsing, Compression, Load)],
    first: Duration,
    idle: u64,
    parse: &[(&str, f64)],
) {
    let mut runs =
        options.table(&["parsing", "compression", "lines delivered", "wall s", "CPU s", "peak RSS", "sent"]);
    let mut figures = options.table(&["figure", "value"]);
    for (parsing, compression, load) in loads {
        runs.add_row(vec![
            Cell::new(parsing.name()),
            Cell::new(name(*compression)),
            number(grouped(load.delivered)),
            number(format!("{:.2}", load.wall.as_secs_f64())),
            number(format!("{:.2}", load.cpu.as_secs_f64())),
            number(megabytes(load.peak_memory)),
            number(megabytes(load.sent)),
        ]);
    }
    println!("{runs}\n");
    figures.add_row(vec![
        Cell::new("first record after the start, components compiled before"),
        number(format!("{:.0} ms", first.as_secs_f64() * 1e3)),
    ]);
    figures.add_row(vec![Cell::new("memory with nothing to do (RSS)"), number(megabytes(idle))]);
    for (form, nanoseconds) in parse {
        figures.add_row(vec![
            Cell::new(format!("parse only, {form} stamps, a line")),
            number(format!("{nanoseconds:.0} ns")),
        ]);
    }
    println!("{figures}");
}

#[cfg(test)]
mod tests {
    use super::median_by;

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median_by(vec![9, 1, 5], |n| *n), 5);
        assert_eq!(median_by(vec![4, 1], |n| *n), 1);
        assert_eq!(median_by(vec![7], |n| *n), 7);
    }
}
