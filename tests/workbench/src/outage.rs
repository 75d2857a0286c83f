//! A backend that is away while lines are written and files are rotated: how much memory the agent holds
//! meanwhile, and how long after the return everything has arrived. Once with the files as the queue, once with
//! a spool on disk and files that are emptied instead of renamed.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use comfy_table::Cell;
use skidway_test_support::eventually;
use skidway_test_support::sink::OtlpSink;

use crate::books::{Books, Spooled};
use crate::generate::{self, Form};
use crate::process::Running;
use crate::tables::{grouped, megabytes, number, table};

/// What the agent may hold, whatever waits.
const MEMORY: u64 = 128_000_000;
/// For everything to arrive on a slow machine.
const TO_ARRIVE: Duration = Duration::from_secs(900);
/// The file is rotated so often during an outage.
const ROTATIONS: u64 = 20;

/// What `outage` takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Lines that are written while the backend is away.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(100..))]
    lines: u64,
    /// How long the backend is away.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// What was seen of one agent.
struct Seen {
    case: &'static str,
    peak_memory: u64,
    /// From the return of the backend to the first line, and to the last one.
    first: Duration,
    last: Duration,
    cpu: Duration,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let renamed = measure(options, "renamed, no storage", false)?;
    let emptied = measure(options, "emptied, with storage", true)?;
    let mut rows = table(&["files are", "lines", "peak RSS", "first after s", "all after s", "CPU s"]);
    for seen in [&renamed, &emptied] {
        rows.add_row(vec![
            Cell::new(seen.case),
            number(grouped(options.lines)),
            number(megabytes(seen.peak_memory)),
            number(format!("{:.2}", seen.first.as_secs_f64())),
            number(format!("{:.2}", seen.last.as_secs_f64())),
            number(format!("{:.2}", seen.cpu.as_secs_f64())),
        ]);
    }
    println!("{rows}\n\nthe backend was away for {} s; each line arrived once", options.seconds);
    for seen in [renamed, emptied] {
        ensure!(seen.peak_memory <= MEMORY, "{}: more memory than {}", seen.case, megabytes(MEMORY));
    }
    Ok(())
}

fn measure(options: &Options, case: &'static str, storage: bool) -> Result<Seen> {
    eprintln!("  {case}");
    let folder = tempfile::Builder::new().prefix("skidway-outage-").tempdir()?;
    let logs = folder.path().join("logs");
    fs::create_dir(&logs)?;
    let (log, part) = (logs.join("syslog"), folder.path().join("part"));
    let mut sink = OtlpSink::start_counting()?;
    let config = folder.path().join("config.yaml");
    fs::write(&config, config_text(&logs, &sink.endpoint(), storage))?;
    let (config, state) = (config.display().to_string(), folder.path().join("state").display().to_string());
    let agent = Running::start(&["run", "--config", &config, "--state-dir", &state], &[])?;
    append(&log, b"2026-11-17T00:00:00.000000+00:00 ip-10-0-1-23 app[1]: before the outage\n")?;
    sink.wait_delivered(TO_ARRIVE, 1)?;

    sink.stop();
    let away = Instant::now();
    let each = options.lines / ROTATIONS;
    for round in 0..ROTATIONS {
        let lines = if round == 0 { options.lines - each * (ROTATIONS - 1) } else { each };
        generate::write(&part, Form::Ubuntu, lines)?;
        let mut text = format!("2026-11-17T00:00:00.000000+00:00 ip-10-0-1-23 app[1]: round {round}\n");
        text.push_str(&fs::read_to_string(&part)?);
        let size = append(&log, text.as_bytes())?;
        if storage {
            // As logrotate does it, and its copy is deleted: all there is of these lines is in the spool.
            let read = || checkpoint(folder.path(), &log).is_some_and(|read| read >= size);
            ensure!(eventually(TO_ARRIVE, read), "the agent does not read on without a backend");
            OpenOptions::new().write(true).truncate(true).open(&log)?;
        } else {
            fs::rename(&log, logs.join(format!("syslog.{round}")))?;
        }
        let due = Duration::from_secs(options.seconds) * (round as u32 + 1) / ROTATIONS as u32;
        eventually(due.saturating_sub(away.elapsed()), || false);
    }
    let all = options.lines + ROTATIONS + 1;
    sink.restart()?;
    let back = Instant::now();
    sink.wait_delivered(TO_ARRIVE, 2)?;
    let first = back.elapsed();
    sink.wait_delivered(TO_ARRIVE, all)
        .map_err(|late| anyhow::anyhow!("{late}; the agent's log:\n{}", agent.log().join("\n")))?;
    let last = sink.read(|state| state.last_delivery).context("nothing arrived")?.duration_since(back);
    let ended = agent.end()?;
    let books = Books::find(&ended.log)?;
    let spooled = if storage { Spooled::find(&ended.log)?.done } else { 0 };
    ensure!(
        books.records_delivered + spooled == all && sink.delivered() == all,
        "a line arrived twice, or not"
    );
    Ok(Seen { case, peak_memory: ended.peak_memory, first, last, cpu: ended.cpu })
}

/// Appends, and answers how long the file is.
fn append(log: &Path, text: &[u8]) -> Result<u64> {
    let mut file = OpenOptions::new().create(true).append(true).open(log)?;
    file.write_all(text)?;
    Ok(file.metadata()?.len())
}

/// How far the file that is there now is done with.
fn checkpoint(folder: &Path, log: &Path) -> Option<u64> {
    let path = folder.join("state/receivers/filelog/logs-otlphttp/checkpoints.json");
    let state: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let named = state["files"].as_array()?.iter().filter(|file| file["path"] == log.to_str().unwrap_or(""));
    named.filter(|file| file["gone_since_unix"].is_null()).find_map(|file| file["offset"].as_u64())
}

fn config_text(logs: &Path, endpoint: &str, storage: bool) -> String {
    let queue = if storage { "sending_queue: {storage: file_storage}" } else { "" };
    format!(
        "receivers:
  filelog:
    include: ['{}/*']
    start_at: beginning
    parser: ubuntu
    poll_interval: 50ms
processors:
  batch: {{timeout: 200ms}}
exporters:
  otlphttp:
    endpoint: '{endpoint}'
    {queue}
extensions:
  file_storage: {{}}
service:
  extensions: [file_storage]
  pipelines:
    logs: {{receivers: [filelog], processors: [batch], exporters: [otlphttp]}}
",
        logs.display()
    )
}
