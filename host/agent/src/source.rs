//! A file, or what a pipe gives, chunk by chunk through a stage, for commands that read it once.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

use crate::stage::{Choice, Input, Part, Rest, Stage, Years};

/// Bytes that are read at once, as in `run`.
pub(crate) const CHUNK: usize = 256 << 10;
/// An entry that is larger than this is not waited for any longer.
pub(crate) const MAX_ENTRY: usize = 4 << 20;

/// What is parsed.
pub(crate) struct Source<'p> {
    pub(crate) text: Box<dyn Read + 'p>,
    /// Where it can be read once more.
    pub(crate) path: Option<&'p Path>,
    pub(crate) modified_unix_nano: u64,
}

impl<'p> Source<'p> {
    pub(crate) fn open(path: &'p Path) -> Result<Self> {
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
pub(crate) fn each_chunk(
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
