//! `skidway replay`: sends dead letters again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal as _, Read as _, Write as _, stderr};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use skidway_config::{Config, Exporter};
use skidway_otlp::dead_letter::{Letter, keep_only, whole_length};
use skidway_otlp::{Delivery, Payload};
use tokio::sync::watch;

use crate::cli::Replay;
use crate::{exporter, setup};

/// How many records go in one request, or fewer where they are large.
const BATCH_RECORDS: usize = 1000;
const BATCH_BYTES: usize = 1 << 20;
/// The longest log line there can be, 256 MiB, every byte of it written as `\u0000`, and
/// some more: what is longer was not written by an agent.
const MAX_LINE: u64 = 2 << 30;

pub(crate) fn run(args: &Replay) -> Result<ExitCode> {
    let config = match setup::started(&args.files)? {
        Ok(config) => config,
        Err(wrong) => return Ok(wrong),
    };
    let exporters = exporters(&config);
    if let Some(id) = &args.exporter {
        known(&exporters, id)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (stop, stopped) = watch::channel(false);
    runtime.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.send_replace(true);
        }
        // Delivery ends when the sender is gone.
        std::future::pending::<()>().await;
    });
    runtime.block_on(async {
        let mut replay = Run { args, exporters, stopped, deliveries: BTreeMap::new(), sum: Sum::default() };
        for path in &args.dead_letters {
            replay.file(path).await.with_context(|| format!("cannot replay {}", path.display()))?;
        }
        replay.sum.say()
    })
}

/// All exporters of the pipelines, by their ids.
fn exporters(config: &Config) -> BTreeMap<&str, &Exporter> {
    let all = config.pipelines.iter().flat_map(|pipeline| &pipeline.exporters);
    all.map(|export| (export.exporter.id.as_str(), &export.exporter)).collect()
}

fn known<'c>(exporters: &BTreeMap<&'c str, &'c Exporter>, id: &str) -> Result<&'c Exporter> {
    let Some(exporter) = exporters.get(id) else {
        let ids: Vec<_> = exporters.keys().map(|id| format!("`{id}`")).collect();
        bail!("no pipeline has an exporter `{id}`; choose one with --exporter: {}", ids.join(", "));
    };
    Ok(exporter)
}

struct Run<'a> {
    args: &'a Replay,
    exporters: BTreeMap<&'a str, &'a Exporter>,
    stopped: watch::Receiver<bool>,
    deliveries: BTreeMap<String, Delivery>,
    sum: Sum,
}

#[derive(Debug, Default)]
struct Sum {
    taken: usize,
    refused: usize,
    /// Not sent any more, because somebody stopped it.
    left: usize,
    unreadable: usize,
}

/// The next line with its line feed. `None` at the end, and for a line that an agent is
/// still writing.
fn next_line(reader: &mut impl BufRead, limit: u64) -> Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.by_ref().take(limit).read_until(b'\n', &mut line)?;
    if line.ends_with(b"\n") {
        return Ok(Some(line));
    }
    if line.len() as u64 == limit {
        bail!("a line of it is longer than {limit} bytes: this is no file of dead letters");
    }
    Ok(None)
}

/// Letters that are sent together.
#[derive(Default)]
struct Batch {
    exporter: String,
    lines: Vec<Vec<u8>>,
    payloads: Vec<Payload>,
    bytes: usize,
}

impl Run<'_> {
    async fn file(&mut self, path: &Path) -> Result<()> {
        let file = File::open(path)?;
        // What an agent is writing now comes next time.
        let mut reader = BufReader::new((&file).take(whole_length(path)?));
        let (mut read_to, mut number) = (0, 0);
        let (mut kept, mut batch) = (Vec::new(), Batch::default());
        loop {
            let Some(line) = next_line(&mut reader, MAX_LINE)? else { break };
            read_to += line.len() as u64;
            number += 1;
            let letter = Letter::read(&line).and_then(|letter| Ok((letter.payload()?, letter.exporter)));
            let (payload, by) = match letter {
                Ok(letter) => letter,
                Err(error) => {
                    writeln!(stderr(), "{}:{number}: {error}; it stays where it is", path.display())?;
                    self.sum.unreadable += 1;
                    kept.push(line);
                    continue;
                }
            };
            let exporter = self.args.exporter.clone().unwrap_or(by);
            if let Err(unknown) = known(&self.exporters, &exporter) {
                writeln!(stderr(), "{}:{number}: {unknown}; it stays where it is", path.display())?;
                self.sum.unreadable += 1;
                kept.push(line);
                continue;
            }
            let is_full = batch.lines.len() >= BATCH_RECORDS || batch.bytes >= BATCH_BYTES;
            if is_full || batch.exporter != exporter {
                self.send(std::mem::take(&mut batch), &mut kept).await?;
            }
            batch.exporter = exporter;
            batch.bytes += payload.body().len();
            batch.lines.push(line);
            batch.payloads.push(payload);
        }
        self.send(batch, &mut kept).await?;
        if !self.args.keep && !keep_only(path, &file, read_to, &kept)? {
            writeln!(stderr(), "{} was put aside meanwhile: nothing was removed from it", path.display())?;
        }
        Ok(())
    }

    /// Sends a batch; lines that are not taken are to be kept.
    async fn send(&mut self, batch: Batch, kept: &mut Vec<Vec<u8>>) -> Result<()> {
        let Some(payload) = Payload::join(&batch.payloads) else { return Ok(()) };
        let delivery = match self.deliveries.get_mut(&batch.exporter) {
            Some(delivery) => delivery,
            None => {
                let exporter = known(&self.exporters, &batch.exporter)?;
                let delivery = exporter::bare_delivery(exporter, self.stopped.clone())?;
                self.deliveries.entry(batch.exporter.clone()).or_insert(delivery)
            }
        };
        let Ok(outcome) = delivery.deliver(&payload).await else {
            self.sum.left += batch.lines.len();
            kept.extend(batch.lines);
            return Ok(());
        };
        let refused = usize::try_from(outcome.refused()).unwrap_or(usize::MAX);
        self.sum.refused += refused;
        self.sum.taken += batch.lines.len() - refused;
        for reason in &outcome.reasons {
            writeln!(stderr(), "refused again: {reason}")?;
        }
        let lines = batch.lines.into_iter().enumerate();
        kept.extend(lines.filter(|(place, _)| outcome.may_be_refused(*place)).map(|(_, line)| line));
        if stderr().is_terminal() {
            write!(stderr(), "\r{} records taken, {refused} refused again", self.sum.taken)?;
        }
        Ok(())
    }
}

impl Sum {
    fn say(&self) -> Result<ExitCode> {
        let Self { taken, refused, left, unreadable } = self;
        let clear = if stderr().is_terminal() { "\r" } else { "" };
        write!(stderr(), "{clear}{taken} records were taken, {refused} refused again")?;
        if *left > 0 {
            write!(stderr(), ", {left} not sent because it was stopped")?;
        }
        if *unreadable > 0 {
            write!(stderr(), ", {unreadable} lines are no dead letters")?;
        }
        writeln!(stderr())?;
        let all = refused + left + unreadable == 0;
        Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_and_bounded() {
        let mut text = &b"one\ntwo\nunfinished"[..];
        assert_eq!(next_line(&mut text, 4).unwrap(), Some(b"one\n".to_vec()));
        assert_eq!(next_line(&mut text, 20).unwrap(), Some(b"two\n".to_vec()));
        let mut again = text;
        assert_eq!(next_line(&mut again, 20).unwrap(), None);
        assert!(next_line(&mut text, 5).unwrap_err().to_string().contains("longer than 5 bytes"));
    }
}
