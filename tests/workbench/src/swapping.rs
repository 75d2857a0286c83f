//! A parser that is exchanged again and again under full load: does every line arrive once, and what does
//! it cost?
//!
//! Files are written as fast as their lines are delivered, so there is always something to read. One run
//! exchanges the parser, another one takes as long and does not: rates and pauses are compared between them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use comfy_table::{Cell, Table};
use skidway_test_support::sink::{Answer, OtlpSink, Record};
use tempfile::TempDir;

use crate::books::Books;
use crate::process::Running;
use crate::tables::{grouped, number};

/// All of them are read by one lane, so where one pauses for an exchange all do: a single file shows it best, because
/// others would have their turns in between.
const FILES: usize = 1;
/// Lines that are written at once to each file.
const BLOCK: usize = 10_000;
/// Lines that may wait to be delivered: more than a second's worth would hide a pause.
const AHEAD: u64 = 100_000;
/// For one exchange: it is noticed, compiled, tried and made in a fraction of it.
const TO_SWAP: Duration = Duration::from_secs(30);
const TO_ARRIVE: Duration = Duration::from_secs(120);
/// What the agent says after an exchange.
const SWAPPED: &str = "component is exchanged";

/// What one run took.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) swaps: u32,
    lines: u64,
    wall: Duration,
    cpu: Duration,
    longest_pause: Duration,
}

/// Both runs: with so many exchanges over at least so many lines, and as long without any.
///
/// # Errors
/// A line is missing or arrived twice, or the agent does not exchange its parser.
pub(crate) fn measure(parser: &Path, swaps: u32, lines: u64) -> Result<[Run; 2]> {
    let with = run(parser, swaps, lines, Duration::ZERO)?;
    let without = run(parser, 0, lines, with.wall)?;
    Ok([with, without])
}

fn run(parser: &Path, swaps: u32, at_least: u64, for_so_long: Duration) -> Result<Run> {
    let stage = Stage::set_up(parser)?;
    let sink = OtlpSink::start_counting()?;
    let arrivals = Arrivals::watch(&sink);
    let agent = stage.start(&sink)?;
    let mut writer = Writer::new(&stage)?;
    // The first records tell that everything is compiled and under way.
    writer.write_block()?;
    sink.wait_delivered(TO_ARRIVE, 1)?;
    let began = Instant::now();
    arrivals.begin();
    let mut swapped = 0;
    let mut asked = None;
    while swapped < swaps || writer.lines < at_least || began.elapsed() < for_so_long {
        if writer.lines < sink.delivered() + AHEAD {
            writer.write_block()?;
        } else {
            // In steps, because an exchange may have happened meanwhile.
            let _ = sink.wait_delivered(Duration::from_millis(5), writer.lines + 1 - AHEAD);
        }
        match asked {
            None if swapped < swaps => {
                stage.replace_parser(swapped + 1)?;
                asked = Some(Instant::now());
            }
            Some(since) => {
                if agent.count_log(SWAPPED) > swapped as usize {
                    swapped += 1;
                    asked = None;
                }
                let late = since.elapsed() > TO_SWAP;
                ensure!(!late, "exchange {} does not happen:\n{}", swapped + 1, agent.log().join("\n"));
            }
            None => {}
        }
    }
    let (wall, delivered) = (began.elapsed(), sink.delivered());
    let longest_pause = arrivals.end();
    sink.wait_delivered(TO_ARRIVE, writer.lines)?;
    let cpu = agent.cpu()?;
    let ended = agent.end()?;
    Books::find(&ended.log)?.check(writer.lines, sink.delivered())?;
    arrivals.check(writer.lines)?;
    Ok(Run { swaps, lines: delivered, wall, cpu, longest_pause })
}

/// The folders of a run.
struct Stage {
    folder: TempDir,
    parser: Vec<u8>,
}

impl Stage {
    fn set_up(parser: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("skidway-swap-").tempdir()?;
        for name in ["logs", "components"] {
            fs::create_dir(folder.path().join(name))?;
        }
        let parser = fs::read(parser).with_context(|| format!("cannot read {}", parser.display()))?;
        let stage = Self { folder, parser };
        stage.replace_parser(0)?;
        Ok(stage)
    }

    /// Two that differ in nothing but a section that nobody reads: what is measured is the exchange.
    fn replace_parser(&self, nth: u32) -> Result<()> {
        let mut bytes = self.parser.clone();
        bytes.extend([0, 2, 1, b'a' + (nth % 2) as u8]);
        let path = self.folder.path().join("components/ubuntu.wasm");
        let new = path.with_extension("new");
        fs::write(&new, bytes)?;
        fs::rename(&new, &path)?;
        Ok(())
    }

    fn start(&self, sink: &OtlpSink) -> Result<Running> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let config = format!(
            "components: {{directory: '{}'}}
receivers:
  filelog: {{include: ['{}/*'], start_at: beginning, parser: ubuntu}}
processors:
  batch: {{timeout: 5ms, send_batch_size: 2048}}
exporters:
  otlphttp: {{endpoint: {}, compression: none}}
service:
  pipelines:
    logs: {{receivers: [filelog], processors: [batch], exporters: [otlphttp]}}
",
            path("components"),
            path("logs"),
            sink.endpoint()
        );
        fs::write(self.folder.path().join("config.yaml"), config)?;
        Running::start(&["run", "--config", &path("config.yaml"), "--state-dir", &path("state")], &[])
    }
}

/// Writes numbered lines, each number once over all files.
struct Writer {
    files: Vec<File>,
    lines: u64,
    text: String,
}

impl Writer {
    fn new(stage: &Stage) -> Result<Self> {
        let open = |nth| {
            let path = stage.folder.path().join("logs").join(format!("file-{nth}"));
            OpenOptions::new().create(true).append(true).open(path)
        };
        let files = (0..FILES).map(open).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { files, lines: 0, text: String::new() })
    }

    fn write_block(&mut self) -> Result<()> {
        for file in &mut self.files {
            self.text.clear();
            for nth in self.lines..self.lines + BLOCK as u64 {
                writeln!(
                    self.text,
                    "2026-11-17T06:41:09.123456+00:00 ip-10-0-1-23 orderdesk[702]: line {nth:012} of many, \
                     each of which is as long as the lines of usual logs are"
                )?;
            }
            file.write_all(self.text.as_bytes())?;
            self.lines += BLOCK as u64;
        }
        Ok(())
    }
}

/// Which lines have arrived, and how long a file had nothing to say.
#[derive(Clone, Default)]
struct Arrivals(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// A bit for each line.
    lines: Vec<u64>,
    twice: u64,
    strange: u64,
    last: HashMap<String, Instant>,
    longest_pause: Duration,
    measuring: bool,
}

impl Arrivals {
    fn watch(sink: &OtlpSink) -> Self {
        let arrivals = Self::default();
        let seen = arrivals.clone();
        sink.set_answer(Answer::by_records(move |records| {
            seen.with(|seen| seen.note(records));
            Answer::Accept
        }));
        arrivals
    }

    fn with<R>(&self, act: impl FnOnce(&mut Seen) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn begin(&self) {
        self.with(|seen| {
            seen.last.clear();
            seen.measuring = true;
        });
    }

    /// The longest that any file has been silent since the beginning.
    fn end(&self) -> Duration {
        self.with(|seen| {
            seen.measuring = false;
            seen.longest_pause
        })
    }

    fn check(&self, lines: u64) -> Result<()> {
        self.with(|seen| {
            let arrived: u64 = seen.lines.iter().map(|bits| u64::from(bits.count_ones())).sum();
            ensure!(seen.strange == 0, "{} records are no line that was written", seen.strange);
            ensure!(seen.twice == 0, "{} lines arrived twice", seen.twice);
            ensure!(arrived == lines, "{} of {lines} lines are missing", lines - arrived);
            Ok(())
        })
    }
}

impl Seen {
    fn note(&mut self, records: &[Record]) {
        let now = Instant::now();
        let mut files: Vec<&str> = Vec::new();
        for record in records {
            let file = record.attr("log.file.name").unwrap_or_default();
            if !files.contains(&file) {
                files.push(file);
            }
            let message = record.attr("message").unwrap_or_default();
            match message.get(5..17).and_then(|digits| digits.parse::<usize>().ok()) {
                Some(line) => self.mark(line),
                None => self.strange += 1,
            }
        }
        for file in files {
            if let Some(last) = self.last.insert(file.to_owned(), now)
                && self.measuring
            {
                self.longest_pause = self.longest_pause.max(now.duration_since(last));
            }
        }
    }

    fn mark(&mut self, line: usize) {
        let (word, bit) = (line / 64, 1 << (line % 64));
        if self.lines.len() <= word {
            self.lines.resize(word + 1, 0);
        }
        self.twice += u64::from(self.lines[word] & bit != 0);
        self.lines[word] |= bit;
    }
}

/// The rows of both runs, and what they say to each other.
pub(crate) fn fill(table: &mut Table, runs: &[Run; 2]) {
    for run in runs {
        let seconds = run.wall.as_secs_f64();
        table.add_row(vec![
            Cell::new(match run.swaps {
                0 => "no exchange".to_owned(),
                n => format!("{n} exchanges"),
            }),
            number(grouped(run.lines)),
            number(format!("{seconds:.1}")),
            number(grouped((run.lines as f64 / seconds) as u64)),
            number(format!("{:.2}", run.cpu.as_secs_f64() * 1e6 / run.lines as f64)),
            number(format!("{:.0} ms", run.longest_pause.as_secs_f64() * 1e3)),
        ]);
    }
}
