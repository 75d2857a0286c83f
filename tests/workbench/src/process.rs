//! A running agent and what it takes of the machine.
//!
//! Processor time is read after the agent was waited for, from our own account of finished children: it is
//! the whole life of the agent, start and end included. Nothing else may be waited for meanwhile.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use skidway_test_support::agent::{self, Agent};
use skidway_test_support::eventually;

/// For the agent to end after SIGTERM: longer than it may take to drain.
const TO_END: Duration = Duration::from_secs(30);

/// An agent that was started here.
pub(crate) struct Running {
    agent: Agent,
    pub(crate) started: Instant,
    children_before: Duration,
}

/// What an agent took, from its start to its end.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    /// User and system time.
    pub(crate) cpu: Duration,
    /// Bytes of memory it held at the most, up to the moment it was told to end.
    pub(crate) peak_memory: u64,
    /// Its log, line by line.
    pub(crate) log: Vec<String>,
}

/// The agent's binary: the one beside this program, or what `SKIDWAY_BIN` says.
pub(crate) fn binary() -> Result<PathBuf> {
    if std::env::var_os("SKIDWAY_BIN").is_some() {
        return Ok(agent::binary());
    }
    let beside = std::env::current_exe()?.with_file_name("skidway");
    ensure!(beside.is_file(), "{} is missing: start this through `cargo xtask`", beside.display());
    Ok(beside)
}

impl Running {
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, String)]) -> Result<Self> {
        Self::start_as(&binary()?, arguments, environment)
    }

    /// Starts a program that becomes the agent.
    pub(crate) fn start_as(
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, String)],
    ) -> Result<Self> {
        let children_before = finished_children()?;
        let started = Instant::now();
        let agent = Agent::start(program, arguments, environment.iter().map(|(name, value)| (name, value)))
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { agent, started, children_before })
    }

    /// Processor time that it has taken so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let path = format!("/proc/{}/stat", self.agent.pid());
        let stat = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        duration(ticks(&stat, OWN).with_context(|| format!("{path} is not as proc(5) has it"))?)
    }

    /// Files that it has open now.
    pub(crate) fn descriptors(&self) -> Result<usize> {
        let path = format!("/proc/{}/fd", self.agent.pid());
        Ok(fs::read_dir(&path).with_context(|| format!("cannot read {path}"))?.count())
    }

    /// Bytes of memory it has held at the most.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        self.status("VmHWM")
    }

    /// Bytes of memory it holds now.
    pub(crate) fn memory(&self) -> Result<u64> {
        self.status("VmRSS")
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.agent.log()
    }

    /// How many lines of its log hold `text`.
    pub(crate) fn count_log(&self, text: &str) -> usize {
        self.agent.count_log(text)
    }

    /// Waits until its memory has been the same for `rest`, and gives it.
    pub(crate) fn settled_memory(&self, rest: Duration, within: Duration) -> Result<u64> {
        let (mut last, mut since) = (0, Instant::now());
        let settled = eventually(within, || {
            let now = self.memory().unwrap_or(0);
            if now != last {
                (last, since) = (now, Instant::now());
            }
            last > 0 && since.elapsed() >= rest
        });
        ensure!(settled, "the agent's memory does not settle");
        Ok(last)
    }

    /// Asks it to end, with SIGTERM, and waits for that. One that ended by itself is no error here: Ctrl-C
    /// reaches it as well as us.
    ///
    /// # Errors
    /// It does not end in time, or not with status 0.
    pub(crate) fn end(mut self) -> Result<Ended> {
        let peak_memory = self.status("VmHWM").unwrap_or(0);
        let _ = self.agent.signal(agent::Signal::TERM);
        let status = self.agent.wait(TO_END)?;
        let log = self.agent.log();
        let cpu = finished_children()?.saturating_sub(self.children_before);
        let end = log.len().saturating_sub(10);
        ensure!(status.success(), "the agent ended with {status}:\n{}", log[end..].join("\n"));
        Ok(Ended { cpu, peak_memory, log })
    }

    /// A size from /proc/PID/status, in bytes.
    fn status(&self, field: &str) -> Result<u64> {
        let path = format!("/proc/{}/status", self.agent.pid());
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        size_of(field, &text).with_context(|| format!("{path} has no {field}"))
    }
}

fn size_of(field: &str, status: &str) -> Option<u64> {
    let line =
        status.lines().find(|line| line.strip_prefix(field).is_some_and(|rest| rest.starts_with(':')))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

/// Processor time of the children we have waited for.
fn finished_children() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").context("cannot read /proc/self/stat")?;
    duration(ticks(&stat, CHILDREN).context("/proc/self/stat is not as proc(5) has it")?)
}

fn duration(ticks: u64) -> Result<Duration> {
    let seconds = ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
    Ok(Duration::try_from_secs_f64(seconds)?)
}

/// Where utime and stime are: fields 14 and 15 of proc(5), counted from behind field 2.
const OWN: usize = 11;
/// Likewise cutime and cstime: fields 16 and 17.
const CHILDREN: usize = 13;

/// The sum of two fields. The name in field 2 may hold blanks.
fn ticks(stat: &str, fields: usize) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(fields);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::{CHILDREN, OWN, finished_children, size_of, ticks};

    #[test]
    fn proc_files_are_read_by_field() {
        let stat = "77 (a b) c) S 1 2 3 4 5 6 7 8 9 10 100 200 30 4 20 0 1 0";
        assert_eq!(ticks(stat, CHILDREN), Some(34));
        assert_eq!(ticks(stat, OWN), Some(300));
        let status = "VmPeak:\t  9 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 12 kB\n";
        assert_eq!(size_of("VmHWM", status), Some(1234 * 1024));
        assert_eq!(size_of("Vm", status), None);
    }

    #[test]
    fn a_finished_child_is_on_the_account() {
        let before = finished_children().unwrap();
        let busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        assert!(std::process::Command::new("/bin/sh").args(["-c", busy]).status().unwrap().success());
        assert!(finished_children().unwrap() > before);
    }
}
