//! Keeps an agent running, and ends it again and again.

use std::fs::{self, DirBuilder};
use std::ops::RangeInclusive;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use jiff::Timestamp;
use serde_json::Value;
use skidway_test_support::agent::{Agent, Signal, binary};
use skidway_test_support::eventually;

use crate::backend::RUN_HEADER;
use crate::books;
use crate::journal::Journal;
use crate::place::Place;
use crate::stop::Stop;

/// Seconds that an agent gets to deliver what it has read after SIGTERM.
const DRAIN: &str = "3";
/// For an agent to end after that; longer, because the machine may be busy.
const TO_END: Duration = Duration::from_secs(30);
/// For an agent to say that it runs.
const TO_RUN: Duration = Duration::from_secs(60);
/// One of so many restarts has another clock.
const CLOCK: u8 = 4;

const CONFIG: &str = "\
receivers:
  filelog/live:
    include: ['${env:LIVE}/*.log']
    start_at: beginning
    parser: auto
    timezone: UTC
  filelog/all:
    include: ['${env:ALL}/*']
    compression: auto
    start_at: beginning
    parser: auto
    timezone: UTC
processors:
  batch: {timeout: 50ms}
  resource: {attributes: [{key: service.name, value: torture, action: insert}]}
exporters:
  otlphttp:
    endpoint: ${env:SINK}
    timeout: 1500ms
    headers: {HEADER: '${env:RUN}'}
    retry_on_failure: {initial_interval: 10ms, max_interval: 200ms}
    sending_queue: {sizer: bytes, queue_size: 4MiB}
service:
  pipelines:
    logs: {receivers: [filelog/live, filelog/all], processors: [resource, batch], exporters: [otlphttp]}
";

const STORAGE: &str = "\
exporters:
  otlphttp:
    sending_queue: {storage: file_storage, storage_limit_mib: 16}
extensions:
  file_storage:
service:
  extensions: [file_storage]
";

/// Which receiver follows a file, by whether its rotated names match.
pub(crate) fn receiver(rotated_match: bool) -> &'static str {
    if rotated_match { "filelog-all" } else { "filelog-live" }
}

/// How an agent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Killed,
    /// SIGTERM, and it ended by itself.
    Stopped,
    /// SIGTERM, and SIGKILL before it had ended.
    StoppedAndKilled,
}

/// The end of one of the agents.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) how: How,
    /// It ended before the backend had answered for everything that it had read.
    pub(crate) gave_up: bool,
    /// When the states were last saved, that of the files whose rotated names match and that of the others.
    pub(crate) saved: [Option<SystemTime>; 2],
    /// When it was last saved how far the batches on the disk are delivered, for the same files.
    pub(crate) saved_spool: [Option<SystemTime>; 2],
    /// From before its start until it was gone.
    pub(crate) life: RangeInclusive<SystemTime>,
    /// By how many days its clock was off.
    pub(crate) days: i64,
}

/// What the agents did and said.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// The end of each of the agents, in order.
    pub(crate) ends: Vec<End>,
    pub(crate) clocks_moved: u32,
    /// Lines of the log that say that something was lost.
    pub(crate) errors: Vec<String>,
    /// What else went wrong.
    pub(crate) failures: Vec<String>,
    pub(crate) balanced: u32,
}

pub(crate) struct Keeper<'a> {
    place: &'a Place,
    journal: &'a Journal,
    clock: Option<PathBuf>,
    arguments: Vec<String>,
    env: Vec<(String, String)>,
    account: Mutex<Account>,
    watched: Mutex<Option<SystemTime>>,
}

struct Running {
    agent: Agent,
    number: usize,
    started: SystemTime,
    moved: Option<Moved>,
}

/// By how much a clock is moved.
#[derive(Debug, Clone, Copy)]
struct Moved {
    days: i64,
}

// === impl Keeper ===

impl<'a> Keeper<'a> {
    pub(crate) fn new(
        place: &'a Place,
        journal: &'a Journal,
        endpoint: &str,
        clock: Option<PathBuf>,
        storage: bool,
    ) -> Result<Self> {
        let text = |path: PathBuf| path.display().to_string();
        let mut arguments: Vec<String> = ["run", "--drain", DRAIN, "--state-dir"].map(String::from).into();
        arguments.push(text(place.state()));
        let config = CONFIG.replace("HEADER", RUN_HEADER);
        let configs = [("config.yaml", config.as_str()), ("storage.yaml", STORAGE)];
        for (name, yaml) in configs.into_iter().take(1 + usize::from(storage)) {
            let path = place.root().join(name);
            fs::write(&path, yaml)?;
            arguments.extend(["--config".to_owned(), text(path)]);
        }
        // Where the black-box tests keep compiled components, too.
        let compiled = std::env::current_exe()?.parent().context("no folder")?.join("../tmp/compiled");
        DirBuilder::new().recursive(true).mode(0o700).create(&compiled)?;
        let env = [
            ("LIVE", text(place.logs(false))),
            ("ALL", text(place.logs(true))),
            ("SINK", endpoint.to_owned()),
            ("CACHE_DIRECTORY", text(compiled)),
        ];
        Ok(Self {
            place,
            journal,
            clock,
            arguments,
            env: env.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            account: Mutex::default(),
            watched: Mutex::default(),
        })
    }

    pub(crate) fn into_account(self) -> Account {
        self.account.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts and ends agents until it is time to stop; the last one has ended then.
    pub(crate) fn torment(&self, mut rng: Rng, stop: &Stop) -> Result<()> {
        loop {
            let running = self.start(self.draw_clock(&mut rng))?;
            let life = draw_life(&mut rng);
            let (how, patience) = match rng.u8(..20) {
                0 | 1 => (How::Stopped, 0.0),
                2 => (How::StoppedAndKilled, rng.f32() * 0.5),
                _ => (How::Killed, 0.0),
            };
            let rest = if rng.bool() { 0.0 } else { rng.f32() * 1.5 };
            let go_on = self.live(&running, life, stop);
            self.end(running, how, Duration::from_secs_f32(patience))?;
            if !go_on || !stop.pause(Duration::from_secs_f32(rest)) {
                return Ok(());
            }
        }
    }

    /// One agent that nothing is done to, until `done`; it is stopped then.
    pub(crate) fn settle(&self, within: Duration, done: impl FnMut() -> bool) -> Result<()> {
        let running = self.start(None)?;
        eventually(within, done);
        self.end(running, How::Stopped, Duration::ZERO)
    }

    /// False when it is time to stop. An agent that ends by itself is found dead soon.
    fn live(&self, running: &Running, life: Duration, stop: &Stop) -> bool {
        let end = Instant::now() + life;
        while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            if !stop.pause(left.min(Duration::from_millis(100))) {
                return false;
            }
            if !is_alive(running.agent.pid()) {
                return true;
            }
            if let Some(saved) = self.saved(false).filter(|saved| *saved > running.started) {
                *lock(&self.watched) = Some(saved);
            }
        }
        true
    }

    fn draw_clock(&self, rng: &mut Rng) -> Option<Moved> {
        const DAYS: [i64; 3] = [400, -2, 8];
        let moved = Moved { days: DAYS[rng.usize(..DAYS.len())] };
        (rng.u8(..CLOCK) == 0 && self.clock.is_some()).then_some(moved)
    }

    fn start(&self, moved: Option<Moved>) -> Result<Running> {
        let number = self.account(|account| account.ends.len()) + 1;
        self.journal.note(format!("agent {number} starts, {moved:?}"));
        let mut env = self.env.clone();
        env.push(("RUN".to_owned(), number.to_string()));
        if let (Some(library), Some(Moved { days })) = (&self.clock, moved) {
            let settings = [
                ("LD_PRELOAD", library.display().to_string()),
                ("FAKETIME", format!("{days:+}d")),
                // Only the time of day: pauses, and what files say of themselves, are as they are.
                ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
                ("DONT_FAKE_MONOTONIC", "1".to_owned()),
                ("NO_FAKE_STAT", "1".to_owned()),
            ];
            env.extend(settings.map(|(name, value)| (name.to_owned(), value)));
        }
        let started = SystemTime::now();
        let agent = Agent::start(binary(), &self.arguments, env).context("cannot start the agent")?;
        Ok(Running { agent, number, started, moved })
    }

    fn end(&self, mut running: Running, how: How, patience: Duration) -> Result<()> {
        let number = running.number;
        self.journal.note(format!("agent {number} is ended: {how:?}"));
        let mut how = how;
        if !is_alive(running.agent.pid()) {
            let status = running.agent.wait(TO_END)?;
            self.fail(format!("agent {number} ended by itself, with {status}"));
            how = How::Killed;
        } else if how == How::Killed {
            running.agent.kill()?;
        } else {
            // Before it listens to signals it ends as by SIGKILL.
            let listens = running.agent.count_log("\"running\"") > 0;
            running.agent.signal(Signal::TERM)?;
            if how == How::StoppedAndKilled {
                if eventually(patience, || !is_alive(running.agent.pid())) {
                    how = How::Stopped;
                } else {
                    running.agent.kill()?;
                }
            }
            let ended = running.agent.wait(TO_END);
            if ended.is_err() {
                self.fail(format!("agent {number} did not end within {TO_END:?} after SIGTERM"));
                running.agent.kill()?;
                how = How::StoppedAndKilled;
            }
            if how == How::Stopped {
                match ended {
                    Ok(status) if status.success() => self.check_books(number, &running.agent.log()),
                    Ok(_) if !listens => how = How::Killed,
                    Ok(status) => self.fail(format!("agent {number} ended with {status} after SIGTERM")),
                    Err(_) => {}
                }
            }
        }
        // Its log is complete once it was waited for.
        running.agent.wait(TO_END)?;
        let end = End {
            how,
            gave_up: running.agent.count_log("not everything was delivered") > 0,
            saved: [true, false].map(|rotated_match| self.saved(rotated_match)),
            saved_spool: [true, false].map(|rotated_match| self.modified(rotated_match, "spool/position")),
            life: running.started..=SystemTime::now(),
            days: running.moved.map_or(0, |moved| moved.days),
        };
        self.account(|account| account.ends.push(end));
        self.read_log(&running)
    }

    fn check_books(&self, number: usize, log: &[String]) {
        match books::check(log) {
            Ok(()) => self.account(|account| account.balanced += 1),
            Err(error) => self.fail(format!("agent {number}: {error:#}")),
        }
    }

    /// When the state was last saved, of the files whose rotated names do not match, by an agent that was looking at
    /// files. One that was told to stop looks no more, and saves once again.
    pub(crate) fn saved_while_watching(&self) -> Option<SystemTime> {
        *lock(&self.watched)
    }

    /// When the state was last saved.
    fn saved(&self, rotated_match: bool) -> Option<SystemTime> {
        let modified = |name| self.modified(rotated_match, name);
        modified("checkpoints.json").or_else(|| modified("checkpoints.previous.json"))
    }

    fn modified(&self, rotated_match: bool, name: &str) -> Option<SystemTime> {
        fs::metadata(self.state(rotated_match).join(name)).and_then(|metadata| metadata.modified()).ok()
    }

    /// Whether this file, whose rotated names do not match, is in the saved state.
    pub(crate) fn has_saved(&self, inode: u64) -> bool {
        let saved = fs::read(self.state(false).join("checkpoints.json")).unwrap_or_default();
        let saved: Value = serde_json::from_slice(&saved).unwrap_or_default();
        saved["files"].as_array().is_some_and(|files| files.iter().any(|file| file["inode"] == inode))
    }

    fn state(&self, rotated_match: bool) -> PathBuf {
        self.place.state().join("receivers").join(receiver(rotated_match)).join("logs-otlphttp")
    }

    fn read_log(&self, running: &Running) -> Result<()> {
        let log = running.agent.log();
        let number = running.number;
        fs::write(self.place.agents().join(format!("{number:04}.log")), log.join("\n"))?;
        for line in &log {
            let said: Value = serde_json::from_str(line).unwrap_or_default();
            // What is no JSON is a panic, or of the libraries below.
            if said["level"] == "ERROR" || said.is_null() && !line.is_empty() {
                self.account(|account| account.errors.push(format!("agent {number}: {line}")));
            }
        }
        if let Some(moved) = running.moved {
            self.account(|account| account.clocks_moved += 1);
            if let Err(error) = moved.check(&log) {
                self.fail(format!("agent {number}: {error:#}"));
            }
        }
        Ok(())
    }

    fn fail(&self, what: String) {
        self.journal.note(format!("FAILURE: {what}"));
        self.account(|account| account.failures.push(what));
    }

    fn account<R>(&self, change: impl FnOnce(&mut Account) -> R) -> R {
        change(&mut lock(&self.account))
    }

    /// Waits until the agents' compiled components are there: the first start takes longer than most lives.
    pub(crate) fn warm_up(&self) -> Result<()> {
        let running = self.start(None)?;
        let runs = running.agent.wait_for_log(TO_RUN, |line| line.contains("\"running\""));
        runs.context("the agent does not start")?;
        self.end(running, How::Stopped, Duration::ZERO)
    }
}

// === impl Moved ===

impl Moved {
    /// The agent's own stamps tell whether its clock was moved.
    fn check(self, log: &[String]) -> Result<()> {
        let Some(first) = log.iter().find_map(|line| serde_json::from_str::<Value>(line).ok()) else {
            // It was ended before it said anything.
            return Ok(());
        };
        let stamp = first["timestamp"].as_str().context("a line of its log has no timestamp")?;
        let stamp: Timestamp = stamp.parse()?;
        let off = stamp.as_second() - Timestamp::now().as_second();
        let wanted = self.days * 24 * 3600;
        ensure!((off - wanted).abs() < 3600, "its clock is off by {off} s instead of {wanted} s");
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Some end while they start; most live for some seconds.
fn draw_life(rng: &mut Rng) -> Duration {
    let seconds = if rng.u8(..8) == 0 { rng.f32() * 0.5 } else { 1.0 + rng.f32() * 6.5 };
    Duration::from_secs_f32(seconds)
}

/// A process that has ended and was not waited for yet is a zombie.
fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}
