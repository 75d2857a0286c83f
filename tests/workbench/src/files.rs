//! The agent among many files: ten thousand that nobody writes to, a backlog that was there before it, a deep
//! tree in which nothing matches. Each has bounds, and one that is broken makes the run fail.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use comfy_table::Cell;
use skidway_test_support::eventually;
use skidway_test_support::sink::OtlpSink;
use tempfile::TempDir;

use crate::books::Books;
use crate::generate::{self, Form};
use crate::process::{Running, binary};
use crate::tables::{grouped, megabytes, number, table};

/// Of a core, while nobody writes.
const IDLE_PERCENT: f64 = 1.0;
/// `max_concurrent_files` and what the rest of the agent needs.
const DESCRIPTORS: usize = 1024 + 64;
/// Twice what is in flight at the most by default, and the agent itself.
const MEMORY: u64 = 256_000_000;
/// For everything to arrive on a slow machine.
const TO_ARRIVE: Duration = Duration::from_secs(1800);
/// After the last line and before what counts as idle: saves, silences and first looks are over.
const TO_REST: Duration = Duration::from_secs(8);
/// A backlog is spread over so many files.
const BACKLOG_FILES: u64 = 200;
/// Files in each folder of idle ones.
const IN_A_FOLDER: usize = 100;

/// What `files` takes; zero leaves a case out.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Files that nobody writes to, once with notifications and once without.
    #[arg(long, default_value_t = 10_000)]
    idle: usize,
    /// Gigabytes (10^9 bytes) that are there at the start, in 200 files.
    #[arg(long, default_value_t = 5.0)]
    backlog: f64,
    /// Directories of a tree in which `**` finds one file among two and a half others each.
    #[arg(long, default_value_t = 20_000)]
    deep: usize,
    /// How long to watch an idle agent.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
}

/// What was seen of one agent.
struct Seen {
    case: String,
    lines: u64,
    /// From the start to the last line.
    drained: Duration,
    /// Of a core, while nothing was written.
    idle_percent: f64,
    descriptors: usize,
    peak_memory: u64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let idle_time = Duration::from_secs(options.seconds);
    let mut all = Vec::new();
    if options.idle > 0 {
        let folder = idle_files(options.idle)?;
        let lines = options.idle as u64;
        for polling in [false, true] {
            let how = if polling { "polled" } else { "with notifications" };
            let case = format!("{} idle files, {how}", grouped(lines));
            all.push(measure(case, folder.path(), lines, polling, idle_time)?);
        }
    }
    if options.deep > 0 {
        let folder = deep_tree(options.deep)?;
        let case = format!("one file among {} directories", grouped(options.deep as u64));
        all.push(measure(case, folder.path(), 1, false, idle_time)?);
    }
    if options.backlog > 0.0 {
        let (folder, lines) = backlog((options.backlog * 1e9) as u64)?;
        let case = format!("{:.1} GB in {BACKLOG_FILES} files", options.backlog);
        all.push(measure(case, folder.path(), lines, false, idle_time)?);
    }
    print(&all);
    match all.iter().filter(|seen| !seen.broken().is_empty()).count() {
        0 => Ok(()),
        broken => bail!("bounds are broken in {broken} of {} cases", all.len()),
    }
}

/// Files of one line each.
fn idle_files(count: usize) -> Result<TempDir> {
    let folder = folder()?;
    for file in 0..count {
        let inside = folder.path().join(format!("logs/{}", file / IN_A_FOLDER));
        if file % IN_A_FOLDER == 0 {
            fs::create_dir_all(&inside)?;
        }
        fs::write(inside.join(format!("{file}.log")), format!("the only line of file {file}\n"))?;
    }
    Ok(folder)
}

/// Directories ten to a level, and two or three files in each that do not match.
fn deep_tree(directories: usize) -> Result<TempDir> {
    let folder = folder()?;
    let mut made: Vec<PathBuf> = vec![folder.path().join("logs")];
    for number in 0..directories {
        let inside = made[number / 10].join(format!("d{number}"));
        fs::create_dir_all(&inside)?;
        for file in 0..2 + number % 2 {
            fs::write(inside.join(format!("{file}.txt")), "")?;
        }
        made.push(inside);
    }
    fs::write(made[made.len() - 1].join("app.log"), "the only line\n")?;
    Ok(folder)
}

/// So many bytes of lines, and how many lines.
fn backlog(bytes: u64) -> Result<(TempDir, u64)> {
    let folder = folder()?;
    fs::create_dir(folder.path().join("logs"))?;
    let part = folder.path().join("part");
    let lines = bytes / BACKLOG_FILES / 134;
    generate::write(&part, Form::Ubuntu, lines)?;
    let text = fs::read(&part)?;
    fs::remove_file(&part)?;
    for file in 0..BACKLOG_FILES {
        let mut out = BufWriter::new(File::create(folder.path().join(format!("logs/{file}.log")))?);
        // No two files begin alike.
        writeln!(out, "2026-11-17T00:00:00.000000+00:00 ip-10-0-1-23 app[{file}]: file {file}")?;
        out.write_all(&text)?;
        out.flush()?;
    }
    Ok((folder, (lines + 1) * BACKLOG_FILES))
}

fn folder() -> Result<TempDir> {
    tempfile::Builder::new().prefix("skidway-files-").tempdir().context("cannot make a folder")
}

/// Has an agent read what is under a folder, and watches it while there is nothing more to do.
fn measure(case: String, folder: &Path, lines: u64, polling: bool, idle_time: Duration) -> Result<Seen> {
    eprintln!("  {case}: reading");
    let sink = OtlpSink::start_counting()?;
    let config = folder.join("config.yaml");
    fs::write(&config, config_text(&folder.join("logs"), &sink.endpoint()))?;
    let state = folder.join(if polling { "state-polling" } else { "state" });
    let (config, state) = (config.display().to_string(), state.display().to_string());
    let agent = ["run", "--config", &config, "--state-dir", &state];
    let agent = if polling { without_notifications(&agent)? } else { Running::start(&agent, &[])? };
    let started = agent.started;
    sink.wait_delivered(TO_ARRIVE, lines)
        .map_err(|late| anyhow::anyhow!("{late}; the agent's log:\n{}", agent.log().join("\n")))?;
    let last = sink.read(|state| state.last_delivery).context("nothing arrived")?;
    if polling {
        let says_so = |line: &String| line.contains("so they are polled");
        ensure!(agent.log().iter().any(says_so), "the agent does not say that it polls");
    }

    eprintln!("  {case}: {:.1} s; idle now", last.duration_since(started).as_secs_f64());
    eventually(TO_REST, || false);
    let (before, from) = (agent.cpu()?, Instant::now());
    eventually(idle_time, || false);
    let (after, time) = (agent.cpu()?, from.elapsed());
    let (descriptors, peak_memory) = (agent.descriptors()?, agent.peak_memory()?);
    let ended = agent.end()?;
    Books::find(&ended.log)?.check(lines, sink.delivered())?;
    Ok(Seen {
        case,
        lines,
        drained: last.duration_since(started),
        idle_percent: (after - before).as_secs_f64() / time.as_secs_f64() * 100.0,
        descriptors,
        peak_memory,
    })
}

/// Starts the agent where the system allows no notifications: in a user namespace of its own, which has limits
/// of its own.
fn without_notifications(arguments: &[&str]) -> Result<Running> {
    const BECOME: &str = "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$0\" \"$@\"";
    let binary = binary()?.display().to_string();
    let mut all = vec!["--user", "--map-root-user", "/bin/sh", "-c", BECOME, &binary];
    all.extend(arguments);
    Running::start_as(Path::new("unshare"), &all, &[])
}

fn config_text(logs: &Path, endpoint: &str) -> String {
    format!(
        "receivers:
  filelog:
    include: ['{}/**/*.log']
    start_at: beginning
    parser: auto
processors:
  batch: {{timeout: 200ms}}
exporters:
  otlphttp: {{endpoint: '{endpoint}', compression: none}}
service:
  pipelines:
    logs: {{receivers: [filelog], processors: [batch], exporters: [otlphttp]}}
",
        logs.display()
    )
}

// === impl Seen ===

impl Seen {
    /// What is more than it may be.
    fn broken(&self) -> Vec<&'static str> {
        let bounds = [
            (self.idle_percent > IDLE_PERCENT, "CPU"),
            (self.descriptors > DESCRIPTORS, "descriptors"),
            (self.peak_memory > MEMORY, "memory"),
        ];
        bounds.into_iter().filter_map(|(broken, what)| broken.then_some(what)).collect()
    }
}

fn print(all: &[Seen]) {
    let mut rows =
        table(&["case", "lines", "drained s", "lines/s", "idle CPU", "descriptors", "peak RSS", "bounds"]);
    for seen in all {
        let seconds = seen.drained.as_secs_f64();
        let broken = seen.broken();
        rows.add_row(vec![
            Cell::new(&seen.case),
            number(grouped(seen.lines)),
            number(format!("{seconds:.1}")),
            number(grouped((seen.lines as f64 / seconds.max(0.001)) as u64)),
            number(format!("{:.2} %", seen.idle_percent)),
            number(seen.descriptors),
            number(megabytes(seen.peak_memory)),
            Cell::new(if broken.is_empty() {
                "kept".to_owned()
            } else {
                format!("BROKEN: {}", broken.join(", "))
            }),
        ]);
    }
    println!(
        "{rows}\n\nbounds: {IDLE_PERCENT} % of a core while idle, {DESCRIPTORS} descriptors, {} of memory; \
         lines arrived = lines written, by the agent's books and the receiver's",
        megabytes(MEMORY)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_is_what_was_asked_for() {
        let count = |folder: &Path, ending: &str| {
            let mut left = vec![folder.to_owned()];
            let (mut folders, mut files) = (0, 0);
            while let Some(folder) = left.pop() {
                for entry in fs::read_dir(folder).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        folders += 1;
                        left.push(path);
                    } else if path.to_string_lossy().ends_with(ending) {
                        files += 1;
                    }
                }
            }
            (folders, files)
        };
        let idle = idle_files(250).unwrap();
        assert_eq!(count(idle.path(), ".log"), (4, 250));
        let deep = deep_tree(200).unwrap();
        assert_eq!(count(deep.path(), ".txt"), (201, 500));
        assert_eq!(count(deep.path(), ".log").1, 1);
        let (backlog, lines) = backlog(4_000_000).unwrap();
        assert_eq!(count(backlog.path(), ".log").1, 200);
        let text = fs::read_to_string(backlog.path().join("logs/7.log")).unwrap();
        assert_eq!(text.lines().count() as u64 * 200, lines);
    }

    #[test]
    fn a_broken_bound_is_named() {
        let case = String::new();
        let (lines, drained) = (1, Duration::from_secs(1));
        let seen =
            Seen { case, lines, drained, idle_percent: 1.1, descriptors: 2000, peak_memory: 100_000_000 };
        assert_eq!(seen.broken(), ["CPU", "descriptors"]);
    }
}
