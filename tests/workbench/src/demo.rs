//! The main job with nothing but this repository: the sample log through the real agent.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use skidway_test_support::imds::Imds;
use skidway_test_support::sink::OtlpSink;
use tempfile::TempDir;

use crate::books::Books;
use crate::lines::Lines;
use crate::process::Running;
use crate::report;

/// For the sample to arrive; it takes well under a second, a cold start of the compiler included.
const TO_ARRIVE: Duration = Duration::from_secs(60);
/// How soon Ctrl-C is noticed.
const LOOK: Duration = Duration::from_millis(200);

const UBUNTU: &str = include_str!("../../samples/ubuntu-24.04.log");
const AMAZON_LINUX: &str = include_str!("../../samples/amazon-linux-2.log");
const DPKG: &str = include_str!("../../samples/dpkg.log");
/// Name on the host, content, whether a parser knows its continuation lines.
const FILES: [(&str, &str, bool); 3] =
    [("syslog", UBUNTU, true), ("messages", AMAZON_LINUX, true), ("dpkg.log", DPKG, false)];

/// What `demo` takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Go on tailing until Ctrl-C, and print each new record as it comes.
    #[arg(long)]
    keep: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let host = Host::set_up()?;
    let (imds, sink) = (Imds::start()?, OtlpSink::start()?);
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/demo.yaml").canonicalize();
    let config = config.context("configs/demo.yaml is missing")?.display().to_string();
    // A host on EC2 is in UTC, and the sample has stamps without a zone.
    let environment = [
        ("SKIDWAY_DEMO_LOG", host.logs.join("*").display().to_string()),
        ("SKIDWAY_DEMO_STATE", host.state.display().to_string()),
        ("SKIDWAY_DEMO_TIMEZONE", "UTC".to_owned()),
        ("CLICKSTACK_ENDPOINT", sink.endpoint()),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds.endpoint()),
    ];
    println!("EC2 metadata service at {}, OTLP receiver at {}", imds.endpoint(), sink.endpoint());
    println!("skidway run --config configs/demo.yaml");
    let agent = Running::start(&["run", "--config", &config], &environment)?;

    let expected = host.lines()?;
    let arrived = sink.wait_delivered(TO_ARRIVE, expected.records());
    let delivered_after =
        sink.read(|state| state.last_delivery).map(|last| last.duration_since(agent.started));
    if let Err(late) = arrived {
        // The books say what became of the rest; they are printed before this is an error.
        eprintln!("error: {} records were to arrive: {late}\n{}", expected.records(), agent.log().join("\n"));
    } else if options.keep {
        let seen = sink.records();
        report::records(&seen);
        report::resources(&seen);
        follow(&host, &sink, seen.len())?;
    }

    let ended = agent.end()?;
    let records = sink.records();
    if !options.keep {
        report::records(&records);
        report::resources(&records);
    }
    report::counts(&records);
    let in_files = host.lines()?;
    let books = Books::find(&ended.log)?;
    report::books(&books, &in_files, sink.delivered());
    books.check(in_files.all, sink.delivered())?;
    println!(
        "  {} + {} + {} = {}: it balances",
        books.records_delivered + books.records_dropped + books.records_dead_lettered - books.records_extra,
        books.lines_joined,
        books.lines_skipped,
        books.lines_read
    );
    if let Some(delivered_after) = delivered_after.filter(|_| !options.keep) {
        report::speed(in_files.all, delivered_after, &ended);
    }
    Ok(())
}

/// Prints records as they come, until Ctrl-C.
fn follow(host: &Host, sink: &OtlpSink, mut seen: usize) -> Result<()> {
    let stop = on_interrupt()?;
    let file = host.logs.join("syslog");
    println!("\nnow tailing; in another terminal, append a line to the sample and see it here:");
    println!(
        "  echo \"$(date +%Y-%m-%dT%H:%M:%S.%6N%:z) $(hostname) demo[$$]: hello\" >> {}",
        file.display()
    );
    println!("Ctrl-C ends it\n");
    while !stop.load(Ordering::Relaxed) {
        // A time-out here is the moment to look at `stop` again.
        let _ = sink.wait_delivered(LOOK, seen as u64 + 1);
        let new = sink.read(|state| state.records.get(seen..).unwrap_or_default().to_vec());
        seen += new.len();
        for record in &new {
            println!("{}", report::line(record));
        }
    }
    println!();
    Ok(())
}

/// Becomes true with the first Ctrl-C; the second one ends this program.
fn on_interrupt() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let signal = {
        let _entered = runtime.enter();
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?
    };
    thread::Builder::new().name("ctrl-c".to_owned()).spawn({
        let (stop, mut signal) = (Arc::clone(&stop), signal);
        move || {
            runtime.block_on(signal.recv());
            stop.store(true, Ordering::Relaxed);
            runtime.block_on(signal.recv());
            std::process::exit(130);
        }
    })?;
    Ok(stop)
}

/// A folder that looks like a host to the agent. It is gone with this.
struct Host {
    _folder: TempDir,
    logs: PathBuf,
    state: PathBuf,
}

impl Host {
    fn set_up() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("skidway-demo-").tempdir()?;
        let (logs, state) = (folder.path().join("var-log"), folder.path().join("state"));
        fs::create_dir(&logs)?;
        fs::create_dir(&state)?;
        for (name, content, _) in FILES {
            fs::write(logs.join(name), content)?;
        }
        Ok(Self { _folder: folder, logs, state })
    }

    /// What is in its log files now.
    fn lines(&self) -> Result<Lines> {
        let mut lines = Lines::default();
        for (name, _, joins) in FILES {
            let text = fs::read(self.logs.join(name))?;
            lines.add(Lines::count(&String::from_utf8_lossy(&text), joins));
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::{AMAZON_LINUX, DPKG, UBUNTU};
    use crate::lines::Lines;

    #[test]
    fn the_sample_is_long_enough_to_be_a_morning() {
        for sample in [UBUNTU, AMAZON_LINUX] {
            let lines = Lines::count(sample, true);
            assert!(lines.all >= 210 && lines.continued > 0 && lines.blank > 0, "{lines:?}");
        }
    }

    /// RFC 5737: no address of the sample belongs to anybody.
    #[test]
    fn the_sample_has_documentation_addresses_only() {
        let mut seen = 0;
        for word in [UBUNTU, AMAZON_LINUX, DPKG]
            .concat()
            .split(|c: char| !c.is_ascii_alphanumeric() && !".-".contains(c))
        {
            let word = word.trim_matches('.');
            if word.parse::<Ipv4Addr>().is_err() {
                continue;
            }
            let free = ["192.0.2.", "198.51.100.", "203.0.113."].iter().any(|net| word.starts_with(net));
            assert!(free || ["0.0.0.0", "255.255.255.0"].contains(&word), "{word}");
            seen += 1;
        }
        assert!(seen > 100);
    }
}
