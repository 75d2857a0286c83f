//! An agent with its doubles, its folders and its config.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use skidway_test_support::agent::{Agent, Signal, binary};
use skidway_test_support::eventually;
use skidway_test_support::imds::Imds;
use skidway_test_support::sink::{OtlpSink, Record};
use tempfile::TempDir;

/// For whatever is certain to happen: long enough for a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The user of that name, who has no rights.
pub(crate) const NOBODY: u32 = 65_534;

/// What every test starts from; overlays change it. Retries are quick, or tests would wait for them.
const BASE: &str = "\
receivers:
  filelog:
    include: ['${env:LOGS}/**/*']
    start_at: beginning
    parser: auto
    timezone: UTC
    attributes: {source: ec2-host-logs}
processors:
  resourcedetection:
    detectors: [ec2, system]
    ec2: {tags: [^Name]}
    system: {hostname_sources: [os]}
    wait: 20s
  resource:
    attributes: [{key: service.name, value: host-logs, action: insert}]
  wasm/severity: {component: severity}
  batch: {timeout: 20ms}
exporters:
  otlphttp:
    endpoint: ${env:SINK}
    retry_on_failure: {initial_interval: 10ms, max_interval: 100ms}
service:
  pipelines:
    logs:
      receivers: [filelog]
      processors: [resourcedetection, resource, wasm/severity, batch]
      exporters: [otlphttp]
";

/// Not dropped before the end of its test: what its agents said is printed if that fails.
pub(crate) struct Rig {
    agent: Option<Agent>,
    ended: Vec<Agent>,
    pub(crate) sink: OtlpSink,
    pub(crate) imds: Imds,
    folder: TempDir,
    configs: Vec<PathBuf>,
    arguments: Vec<String>,
    env: Vec<(String, String)>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(OtlpSink::start().unwrap())
    }

    /// With a receiver that decodes records and keeps none.
    pub(crate) fn counting() -> Self {
        Self::with(OtlpSink::start_counting().unwrap())
    }

    /// Without the config that every other test starts from.
    pub(crate) fn without_config() -> Self {
        let mut rig = Self::new();
        rig.configs.clear();
        rig
    }

    fn with(sink: OtlpSink) -> Self {
        let imds = Imds::start().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        fs::create_dir(&logs).unwrap();
        let mut rig = Self {
            agent: None,
            ended: Vec::new(),
            env: Vec::new(),
            sink,
            imds,
            folder,
            configs: Vec::new(),
            arguments: Vec::new(),
        };
        rig.env("LOGS", &logs.display().to_string());
        rig.env("SINK", &rig.sink.endpoint());
        rig.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &rig.imds.endpoint());
        rig.env("CACHE_DIRECTORY", &compiled().display().to_string());
        rig.config(BASE);
        rig
    }

    /// Merges a config over what is there.
    pub(crate) fn config(&mut self, yaml: &str) {
        let path = self.folder.path().join(format!("config-{}.yaml", self.configs.len()));
        fs::write(&path, yaml).unwrap();
        self.configs.push(path);
    }

    /// Replaces the config that was merged last, as editors and deployments do: under another name first.
    pub(crate) fn replace_config(&self, yaml: &str) {
        let path = self.configs.last().expect("no config to replace");
        let new = path.with_extension("new");
        fs::write(&new, yaml).unwrap();
        fs::rename(new, path).unwrap();
    }

    /// Sets a variable of the agent's environment; the config may use it.
    pub(crate) fn env(&mut self, name: &str, value: &str) {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
    }

    /// Sets the further arguments of `skidway run`.
    pub(crate) fn arguments(&mut self, arguments: &[&str]) {
        self.arguments = arguments.iter().map(ToString::to_string).collect();
    }

    // === files ===

    /// A path below the folder that belongs to this test alone.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A log file by its name.
    pub(crate) fn log_file(&self, name: &str) -> PathBuf {
        self.folder.path().join("logs").join(name)
    }

    pub(crate) fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        self.writer(name).write_all(text.as_ref()).unwrap();
    }

    /// The file opened as a logger holds it: it writes on whatever becomes of the name.
    pub(crate) fn writer(&self, name: &str) -> File {
        OpenOptions::new().create(true).append(true).open(self.log_file(name)).unwrap()
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.log_file(from), self.log_file(to)).unwrap();
    }

    /// Sets when a file was last written, which is where stamps without a year take theirs from.
    pub(crate) fn set_modified(&self, name: &str, unix_second: u64) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(unix_second);
        self.writer(name).set_modified(time).unwrap();
    }

    /// What the checkpoints say of a file: the offset up to which it is delivered.
    pub(crate) fn checkpoint(&self, name: &str) -> Option<u64> {
        let text =
            fs::read(self.folder.path().join("state/receivers/filelog/logs-otlphttp/checkpoints.json"))
                .ok()?;
        let state: Value = serde_json::from_slice(&text).unwrap();
        let path = self.log_file(name);
        let named = state["files"].as_array()?.iter().filter(|file| file["path"] == path.to_str().unwrap());
        // Another file may have had the name before.
        let file = named.min_by_key(|file| !file["gone_since_unix"].is_null())?;
        file["offset"].as_u64()
    }

    pub(crate) fn wait_for_checkpoint(&self, name: &str, offset: u64) {
        let arrived = eventually(PATIENCE, || self.checkpoint(name) == Some(offset));
        assert!(arrived, "the checkpoint of {name} is {:?}, not {offset}", self.checkpoint(name));
    }

    // === the agent ===

    /// Starts an agent on the folders of this rig, and waits until it says that it runs.
    pub(crate) fn start(&mut self) {
        assert!(self.agent.is_none(), "an agent is running already");
        self.agent = Some(self.spawn());
        self.wait_for_log("\"running\"");
    }

    /// Keeps account of an agent that was spawned, as [`start`](Self::start) does.
    pub(crate) fn adopt(&mut self, agent: Agent) {
        assert!(self.agent.replace(agent).is_none(), "an agent is running already");
    }

    /// Starts an agent and keeps no account of it.
    pub(crate) fn spawn(&self) -> Agent {
        Agent::start(binary(), self.command_line("run"), self.env.iter().cloned()).unwrap()
    }

    /// As [`start`](Self::start), without the rights of root if this test has them. False, and nothing was
    /// started, where that cannot be done.
    pub(crate) fn start_without_rights(&mut self) -> bool {
        self.agent = self.spawn_without_rights();
        if self.agent.is_some() {
            self.wait_for_log("\"running\"");
        }
        self.agent.is_some()
    }

    /// As [`spawn`](Self::spawn), without the rights of root; the folders of this rig, but for what is in them
    /// already, belong to nobody then.
    pub(crate) fn spawn_without_rights(&mut self) -> Option<Agent> {
        if !rustix::process::geteuid().is_root() {
            return Some(self.spawn());
        }
        // The binary may lie in a folder that nobody may enter. Another process copies it: what this one has
        // open to write may be open in a child of another test, too, and a program that is cannot be started.
        let program = self.folder.path().join("skidway");
        let copied = Command::new("cp").arg(binary()).arg(&program).status();
        assert!(copied.is_ok_and(|status| status.success()), "cannot copy the agent");
        let own = self.folder.path().join("compiled").display().to_string();
        self.env("CACHE_DIRECTORY", &own);
        for path in [self.folder.path().to_owned(), self.log_file("")] {
            std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mut line: Vec<String> =
            ["--reuid=65534", "--regid=65534", "--clear-groups"].map(ToOwned::to_owned).to_vec();
        line.push(program.display().to_string());
        line.extend(self.command_line("run"));
        Agent::start("setpriv", line, self.env.iter().cloned()).ok()
    }

    /// The arguments of a command that takes configs.
    pub(crate) fn command_line(&self, command: &str) -> Vec<String> {
        let state = self.folder.path().join("state").display().to_string();
        let mut line = vec![command.to_owned(), "--state-dir".to_owned(), state];
        for config in &self.configs {
            line.extend(["--config".to_owned(), config.display().to_string()]);
        }
        if command == "run" {
            line.extend(self.arguments.iter().cloned());
        }
        line
    }

    /// The agent's environment.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.env
    }

    pub(crate) fn agent(&mut self) -> &mut Agent {
        self.agent.as_mut().expect("no agent is running")
    }

    /// Waits for a line of the running agent's log that holds `text`.
    pub(crate) fn wait_for_log(&mut self, text: &str) -> String {
        let found = self.agent().wait_for_log(PATIENCE, |line| line.contains(text));
        found.unwrap_or_else(|error| panic!("the agent does not say {text:?}: {error}"))
    }

    /// What all agents of this rig have said with `text` in it.
    pub(crate) fn said(&self, text: &str) -> Vec<String> {
        let agents = self.ended.iter().chain(&self.agent);
        agents.flat_map(Agent::log).filter(|line| line.contains(text)).collect()
    }

    /// Stops the agent with SIGTERM as an operator does, which must go well, and reads its books.
    pub(crate) fn stop(&mut self) -> Books {
        self.agent().signal(Signal::TERM).unwrap();
        let (status, books) = self.wait_for_end();
        assert!(status.success(), "the agent ended with {status}");
        books
    }

    /// Waits for the end of the agent, and checks that its books balance.
    pub(crate) fn wait_for_end(&mut self) -> (ExitStatus, Books) {
        let status = self.agent().wait(PATIENCE).unwrap_or_else(|error| panic!("it does not end: {error}"));
        let agent = self.agent.take().unwrap();
        let log = agent.log();
        self.ended.push(agent);
        (status, Books::read(&log))
    }

    /// Ends the agent as a crash does.
    pub(crate) fn kill(&mut self) {
        self.agent().kill().unwrap();
        self.ended.extend(self.agent.take());
    }

    /// The bodies in the dead-letter file of the exporter, and why they were refused.
    pub(crate) fn dead_letters(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.dead_letter_file()).unwrap_or_default();
        let letter = |line: &str| -> (String, String) {
            let letter: Value = serde_json::from_str(line).unwrap();
            let record = &letter["request"]["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
            let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{letter}")).to_owned();
            (text(&record["body"]["stringValue"]), text(&letter["reason"]))
        };
        text.lines().map(letter).collect()
    }

    pub(crate) fn dead_letter_file(&self) -> PathBuf {
        self.folder.path().join("state/dead-letter/otlphttp.jsonl")
    }

    // === what arrives ===

    /// Waits until so many records were delivered, and answers all of them.
    pub(crate) fn records(&self, at_least: usize) -> Vec<Record> {
        self.sink.wait_delivered(PATIENCE, at_least as u64).unwrap();
        self.sink.records()
    }

    /// The bodies in the order of arrival, once there are so many.
    pub(crate) fn bodies(&self, at_least: usize) -> Vec<String> {
        self.records(at_least).into_iter().map(|record| record.body).collect()
    }

    /// Waits until as many records have arrived as `text` has lines, and compares: each line once, in order.
    pub(crate) fn expect(&self, text: &str) {
        let expected: Vec<_> = text.lines().collect();
        assert_eq!(self.bodies(expected.len()), expected);
    }
}

/// The agent's last word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Books {
    pub(crate) lines_read: u64,
    pub(crate) records_delivered: u64,
    pub(crate) records_dead_lettered: u64,
    pub(crate) records_spooled: u64,
    pub(crate) records_dropped: u64,
    pub(crate) records_extra: u64,
    pub(crate) lines_joined: u64,
    pub(crate) lines_skipped: u64,
    pub(crate) in_flight: u64,
}

impl Books {
    /// Lines that were all delivered, each as a record of its own.
    pub(crate) fn all_delivered(lines: u64) -> Self {
        Self { lines_read: lines, records_delivered: lines, ..Self::default() }
    }

    /// The blank lines that end an entry are counted, too.
    pub(crate) fn and_blank(self, lines: u64) -> Self {
        Self { lines_read: self.lines_read + lines, lines_skipped: self.lines_skipped + lines, ..self }
    }

    fn read(log: &[String]) -> Self {
        let said: Vec<Value> = log.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let books = said.iter().rfind(|line| line["message"] == "books");
        let books = books.unwrap_or_else(|| panic!("it said no books"));
        let count = |name: &str| books[name].as_u64().unwrap_or_else(|| panic!("no {name} in {books}"));
        let books = Self {
            lines_read: count("lines_read"),
            records_delivered: count("records_delivered"),
            records_dead_lettered: count("records_dead_lettered"),
            records_spooled: count("records_spooled"),
            records_dropped: count("records_dropped"),
            records_extra: count("records_extra"),
            lines_joined: count("lines_joined"),
            lines_skipped: count("lines_skipped"),
            in_flight: count("in_flight"),
        };
        let answered = books.records_delivered + books.records_dead_lettered + books.records_spooled;
        let records = answered + books.records_dropped + books.in_flight;
        let in_records = records + books.lines_joined + books.lines_skipped;
        assert_eq!(books.lines_read + books.records_extra, in_records, "{books:?} do not balance");
        books
    }
}

/// Where all tests keep compiled components: compiling takes longer than most of them.
pub(crate) fn compiled() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled")
}

/// A component that `cargo xtask components` has built.
pub(crate) fn component(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let path = target.join("components").join(format!("{name}.wasm"));
    assert!(path.is_file(), "{} is missing: run `cargo xtask components`", path.display());
    path
}
