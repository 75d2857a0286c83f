//! The real binary, as a black-box test sees it: arguments, environment, what it
//! writes to stderr, signals, exit status.

use crate::wait::{TimedOut, Watched, eventually};
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io, thread};

/// What of the test's own environment the agent gets. No proxy, no `AWS_*`, no
/// log filter of the developer's shell changes what a test sees.
const INHERITED: [&str; 3] = ["PATH", "HOME", "TMPDIR"];

/// The built binary: `SKIDWAY_BIN` if set, else the workspace's own, of the
/// profile that the caller was built with if it is there.
///
/// # Panics
/// If there is none, with how to get one.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("SKIDWAY_BIN") {
        return path.into();
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let profiles = if cfg!(debug_assertions) { ["debug", "release"] } else { ["release", "debug"] };
    let found =
        profiles.map(|profile| target.join(profile).join("skidway")).into_iter().find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!("no skidway under {}: run cargo build -p skidway, or set SKIDWAY_BIN", target.display())
    })
}

/// A running agent. It is killed when it is dropped; if that is because the test
/// failed, its log is printed.
pub struct Agent {
    child: Child,
    log: Arc<Watched<Log>>,
    reader: Option<thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Log {
    lines: Vec<String>,
    ended: bool,
}

impl Agent {
    /// Starts `binary` with nothing in its environment but `env` and the paths a
    /// process cannot do without. Its stdout is discarded.
    pub fn start(
        binary: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
        env: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
    ) -> io::Result<Self> {
        let inherited = INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut child = Command::new(binary)
            .args(args)
            .env_clear()
            .envs(inherited)
            .envs(env)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let log = Arc::new(Watched::new(Log::default()));
        let stderr = child.stderr.take();
        let reader = thread::Builder::new().name("agent-stderr".to_owned()).spawn({
            let log = Arc::clone(&log);
            move || collect(stderr, &log)
        })?;
        Ok(Self { child, log, reader: Some(reader) })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to stderr so far, line by line.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().lines.clone()
    }

    /// How many lines of its log hold `text`.
    pub fn count_log(&self, text: &str) -> usize {
        self.log.lock().lines.iter().filter(|line| line.contains(text)).count()
    }

    /// Waits for a line of its log that fits, also among those already written, and
    /// answers it.
    pub fn wait_for_log(&self, within: Duration, fits: impl Fn(&str) -> bool) -> Result<String, TimedOut> {
        let find = |log: &Log| log.lines.iter().find(|line| fits(line)).cloned();
        let over = |log: &Log| log.ended || find(log).is_some();
        self.log.wait(within, over, |log| log.lines.join("\n"))?;
        let log = self.log.lock();
        find(&log).ok_or_else(|| TimedOut {
            waited: within,
            state: format!("it ended after {}", log.lines.join("\n")),
        })
    }

    /// Sends it a signal; an error if it has ended.
    pub fn signal(&mut self, signal: Signal) -> io::Result<()> {
        // Once it is reaped, its id may belong to somebody else.
        if self.child.try_wait()?.is_some() {
            return Err(io::Error::other("it has ended"));
        }
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        Ok(kill_process(pid.ok_or(io::ErrorKind::InvalidInput)?, signal)?)
    }

    /// Waits for its end. The log is complete afterwards.
    pub fn wait(&mut self, within: Duration) -> Result<ExitStatus, TimedOut> {
        let mut status = None;
        eventually(within, || {
            status = self.child.try_wait().ok().flatten();
            status.is_some()
        });
        let Some(status) = status else {
            let state = format!("it still runs, having said {}", self.log().join("\n"));
            return Err(TimedOut { waited: within, state });
        };
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        Ok(status)
    }

    /// Asks it to end with SIGTERM and waits.
    pub fn terminate(&mut self, within: Duration) -> Result<ExitStatus, TimedOut> {
        self.signal(Signal::TERM)
            .map_err(|error| TimedOut { waited: Duration::ZERO, state: error.to_string() })?;
        self.wait(within)
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        self.child.kill()?;
        self.child.wait()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.kill();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        if thread::panicking() {
            eprintln!("the agent's log:\n{}", self.log().join("\n"));
        }
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Agent({})", self.pid())
    }
}

fn collect(stderr: Option<impl Read>, log: &Watched<Log>) {
    let Some(stderr) = stderr else { return };
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    while matches!(stderr.read_until(b'\n', &mut line), Ok(1..)) {
        let text = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        log.update(|log| log.lines.push(text));
        line.clear();
    }
    log.update(|log| log.ended = true);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn shell(script: &str) -> Agent {
        Agent::start("/bin/sh", ["-c", script], [("GREETING", "hello")]).unwrap()
    }

    #[test]
    fn log_signal_and_exit_status_are_seen() {
        let mut agent =
            shell("trap 'echo bye >&2; exit 3' TERM; echo $GREETING >&2; while :; do sleep 0.01; done");
        assert_eq!(agent.wait_for_log(SOON, |line| line.contains("hell")).unwrap(), "hello");
        assert!(agent.wait(Duration::from_millis(1)).is_err());
        assert_eq!(agent.terminate(SOON).unwrap().code(), Some(3));
        assert_eq!(agent.log(), ["hello", "bye"]);
    }

    #[test]
    fn waiting_for_a_line_ends_with_the_process() {
        let agent = shell("echo one >&2");
        let error = agent.wait_for_log(SOON, |line| line == "two").unwrap_err();
        assert!(error.to_string().contains("it ended after one"), "{error}");
    }

    #[test]
    fn the_environment_of_the_test_stays_outside() {
        let agent = shell("test -z \"$CARGO_MANIFEST_DIR\" && echo clean >&2");
        agent.wait_for_log(SOON, |line| line == "clean").unwrap();
    }
}
