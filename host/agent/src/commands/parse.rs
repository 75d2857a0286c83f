//! `skidway parse`: lines through the same sandboxed components as in `run`.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use jiff::tz::TimeZone;
use skidway_config::Encoding;
use skidway_plugin::Limits;

use crate::cli::{Output, Parse};
use crate::library;
use crate::print::{Jsonl, Table};
use crate::stage::{Choice, Input, Part, Rest, Stage, Years, Zone};
use crate::{commands, logging};

/// Bytes that are read at once, as in `run`.
const CHUNK: usize = 256 << 10;
/// An entry that is larger than this is not waited for any longer.
const MAX_ENTRY: usize = 4 << 20;

pub(crate) fn run(args: &Parse) -> Result<()> {
    logging::start_for_command();
    let mut stage = stage(args)?;
    let mut source = Source::open(&args.file)?;
    if let Some(times) = args.bench {
        return bench(&mut stage, &mut source, times);
    }
    let stdout = BufWriter::new(io::stdout().lock());
    let result = match args.output {
        Output::Jsonl => {
            let mut jsonl = Jsonl::new(stdout);
            each_chunk(&mut source, &mut stage, &mut |records| jsonl.write(&records))
        }
        Output::Table => {
            let mut table = Table::new(stdout);
            let end = each_chunk(&mut source, &mut stage, &mut |records| table.add(&records));
            end.and_then(|lines| table.finish().map(|()| lines).map_err(Into::into))
        }
    };
    match result {
        // `skidway parse … | head` is no failure.
        Err(error) if commands::is_broken_pipe(&error) => Ok(()),
        other => other.map(|_| ()),
    }
}

fn stage(args: &Parse) -> Result<Stage> {
    let library = commands::library()?;
    let limits = Limits::default();
    let parsers = match args.parser.as_str() {
        "auto" => library.all_parsers(&limits)?,
        other => vec![library.parser(&library::Source::read(other), "{}", &limits)?],
    };
    let enrichers = args
        .enrich
        .iter()
        .filter(|name| *name != "none")
        .map(|name| library.enricher(&library::Source::read(name), "{}", &limits))
        .collect::<Result<Vec<_>>>()?;
    let zone = match &args.timezone {
        None => TimeZone::system(),
        Some(name) => {
            TimeZone::get(name).with_context(|| format!("no time zone {name}; try UTC or Europe/Berlin"))?
        }
    };
    Ok(Stage::new(parsers, enrichers, Zone::new(zone), Encoding::Utf8))
}

/// What is parsed.
struct Source<'p> {
    text: Box<dyn Read + 'p>,
    /// Where it can be read once more.
    path: Option<&'p Path>,
    modified_unix_nano: u64,
}

impl<'p> Source<'p> {
    fn open(path: &'p Path) -> Result<Self> {
        let nanos =
            |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
        if path.as_os_str() == "-" {
            let text = Box::new(io::stdin().lock());
            return Ok(Self { text, path: None, modified_unix_nano: nanos(SystemTime::now()) });
        }
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let meta = file.metadata()?;
        if meta.is_dir() {
            bail!("cannot read {}: it is a folder", path.display());
        }
        let path = Some(path).filter(|_| meta.is_file());
        Ok(Self { text: Box::new(file), path, modified_unix_nano: nanos(meta.modified()?) })
    }

    /// Its text from there on, to look at.
    fn ahead(&self, from: u64) -> Option<Rest<File>> {
        let mut text = File::open(self.path?).ok()?;
        text.seek(SeekFrom::Start(from)).ok()?;
        Some(Rest { text, resumes: true })
    }
}

/// Runs everything that `source` gives through `stage`, and tells how many lines
/// that were.
fn each_chunk(
    source: &mut Source<'_>,
    stage: &mut Stage,
    out: &mut dyn FnMut(skidway_model::Checked<'_>) -> io::Result<()>,
) -> Result<u64> {
    let (mut buffer, mut filled, mut ended) = (vec![0; CHUNK], 0, false);
    let (mut choice, mut lines, mut failed) = (Choice::default(), 0, None);
    let (mut offset, mut entries, mut years) = (0, 0, Years::default());
    while !ended || filled > 0 {
        if filled == buffer.len() {
            buffer.resize(buffer.len() * 2, 0);
        }
        // Once only: what a pipe gives is shown before it gives more.
        if !ended {
            let read = source.text.read(&mut buffer[filled..])?;
            ended = read == 0;
            filled += read;
        }
        let whole = match memchr::memrchr(b'\n', &buffer[..filled]) {
            _ if ended => filled,
            _ if filled >= MAX_ENTRY => last_character(&buffer[..filled]),
            Some(at) => at + 1,
            None => continue,
        };
        let flush = ended || filled >= MAX_ENTRY;
        let part = Part {
            bytes: &buffer[..whole],
            start: offset,
            more: !ended,
            modified: source.modified_unix_nano,
        };
        while !stage.look_ahead(&mut years, &part, |from| source.ahead(from)) {}
        let mut consumed = 0;
        for stretch in stage.stretches(&mut years, &part) {
            let input = Input {
                bytes: &buffer[consumed..stretch.end],
                path: "",
                reference_unix_nano: stretch.reference,
                flush: flush || stretch.end < whole,
                offset: offset + consumed as u64,
                entries_before: entries,
                file_attributes: &[],
            };
            let tally = stage.process(&input, &mut choice, &mut |records| {
                if failed.is_none() {
                    failed = out(records).err();
                }
            });
            if let Some(error) = failed.take() {
                return Err(error.into());
            }
            lines += tally.lines;
            entries += tally.entries;
            consumed += tally.consumed;
            if consumed < stretch.end {
                break;
            }
        }
        offset += consumed as u64;
        buffer.copy_within(consumed..filled, 0);
        filled -= consumed;
        if filled < CHUNK {
            buffer.truncate(CHUNK);
        }
    }
    Ok(lines)
}

/// Where the last character begins, which may not be there in full; the end, where
/// the bytes are no UTF-8.
fn last_character(bytes: &[u8]) -> usize {
    let end = bytes.len();
    (end.saturating_sub(4)..end).rev().find(|&at| bytes[at] & 0xc0 != 0x80).unwrap_or(end)
}

/// What one line costs: parser, enrichers and the way through the sandbox.
fn bench(stage: &mut Stage, source: &mut Source<'_>, times: u32) -> Result<()> {
    let mut bytes = Vec::new();
    source.text.read_to_end(&mut bytes)?;
    let mut best = f64::MAX;
    for _ in 0..times.max(1) {
        let start = Instant::now();
        let text = Box::new(bytes.as_slice());
        let mut source = Source { text, ..*source };
        let lines = each_chunk(&mut source, stage, &mut |_| Ok(()))?;
        best = best.min(start.elapsed().as_nanos() as f64 / lines.max(1) as f64);
    }
    writeln!(io::stdout(), "{best:.1}")?;
    Ok(())
}
