//! Two parsers over the same text, block by block, each at its own pace.
//!
//! An entry may wait for its end in one and not in the other. Records that begin behind the place
//! up to which both are done are left for the next block, and each goes on where one of its own
//! records begins: so no entry is cut in the middle but those that the agent would cut, too.

use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result};
use skidway_model::Checked;
use skidway_plugin::{ContainedParser, Context};

use crate::compare::Made;
use crate::source::{CHUNK, MAX_ENTRY, Source};
use crate::stage::{self, Zone};

/// So much is compared at once: the largest entry fits in, wherever it begins.
const BLOCK: usize = 2 * MAX_ENTRY;

/// The old parser and the new one.
pub(super) struct Sides {
    pub(super) parsers: [ContainedParser; 2],
    pub(super) zone: Zone,
}

/// What both made of a block.
pub(super) struct Block<'b> {
    pub(super) text: &'b str,
    /// Lines of the file in front of it.
    pub(super) lines_before: usize,
    pub(super) old: &'b Made<'b, 'b>,
    pub(super) new: &'b Made<'b, 'b>,
}

impl Sides {
    /// Has both parse what is in a file and hands it on.
    pub(super) fn over(&mut self, path: &Path, each: &mut dyn FnMut(&Block<'_>) -> Result<()>) -> Result<()> {
        let mut source = Source::open(path)?;
        let reference = source.modified_unix_nano;
        let context = Context {
            path: path.to_string_lossy().into_owned(),
            reference_time_unix_nano: reference,
            zone: self.zone.around(reference),
            ..Context::default()
        };
        let (mut text, mut ended, mut left) = (String::new(), false, Vec::new());
        // Where in the text the two go on, and what of the file is in front of it.
        let (mut from, mut offset, mut lines_before) = ([0, 0], 0, 0);
        while !ended || !text.is_empty() {
            if !ended {
                ended = more(&mut source, &mut left, &mut text)
                    .with_context(|| format!("cannot read {}", path.display()))?;
            }
            let context = Context { offset, ..context.clone() };
            let [old, new] = &mut self.parsers;
            let mut old = Side::parse(old, &text, from[0], ended, &context);
            let mut new = Side::parse(new, &text, from[1], ended, &context);
            let done = old.end.min(new.end);
            from = [old.give_back(done), new.give_back(done)];
            {
                let (old, new) = (old.made(), new.made());
                each(&Block { text: &text, lines_before, old: &old, new: &new })?;
            }
            let gone = from[0].min(from[1]);
            lines_before += memchr::memchr_iter(b'\n', &text.as_bytes()[..gone]).count();
            offset += gone as u64;
            from = from.map(|from| from - gone);
            text.drain(..gone);
            if ended && gone == 0 {
                break;
            }
        }
        Ok(())
    }
}

/// Reads on until a block is full; true at the end. `left` is what follows the last whole line.
fn more(source: &mut Source<'_>, left: &mut Vec<u8>, text: &mut String) -> Result<bool> {
    let wanted = BLOCK.saturating_sub(text.len()).max(CHUNK) as u64;
    let mut bytes = std::mem::take(left);
    let before = bytes.len();
    source.text.by_ref().take(wanted).read_to_end(&mut bytes)?;
    let ended = ((bytes.len() - before) as u64) < wanted;
    let whole = match memchr::memrchr(b'\n', &bytes) {
        _ if ended => bytes.len(),
        Some(at) => at + 1,
        None => 0,
    };
    *left = bytes.split_off(whole);
    text.push_str(&stage::utf8(&bytes));
    Ok(ended)
}

/// What one parser made of a block.
struct Side<'t> {
    pieces: Vec<Piece<'t>>,
    /// Up to where it is done.
    end: usize,
}

struct Piece<'t> {
    start: usize,
    records: Checked<'t>,
    unrecognised: Vec<u32>,
    failed: bool,
}

impl<'t> Side<'t> {
    fn parse(
        parser: &mut ContainedParser,
        text: &'t str,
        from: usize,
        ended: bool,
        context: &Context,
    ) -> Self {
        let (mut pieces, mut start, mut wanted) = (Vec::new(), from, CHUNK);
        while start < text.len() {
            let chunk = &text[start..chunk_end(text, start, wanted)];
            let is_last = start + chunk.len() == text.len();
            let flush = (ended && is_last) || chunk.len() >= MAX_ENTRY;
            let context = Context { flush, ..context.after(start, 0) };
            let mut consumed = 0;
            for piece in parser.parse(chunk, &context) {
                let (records, unrecognised, failed) = (piece.records, piece.unrecognised, piece.failed);
                pieces.push(Piece { start: start + consumed, records, unrecognised, failed });
                consumed += piece.consumed;
            }
            start += consumed;
            if consumed > 0 {
                wanted = CHUNK;
            } else if is_last {
                break;
            } else {
                wanted = chunk.len() * 2;
            }
        }
        Self { pieces, end: start }
    }

    /// Forgets records that begin at `done` or behind it; answers where the next block begins for it.
    fn give_back(&mut self, done: usize) -> usize {
        let mut next = self.end;
        for piece in self.pieces.iter_mut().rev() {
            let origins = &piece.records.columns().origin;
            let kept = origins.partition_point(|&origin| piece.start + (origin as usize) < done);
            let Some(&first) = origins.get(kept) else { continue };
            next = piece.start + first as usize;
            piece.records.split_off(kept);
            piece.unrecognised.retain(|&record| (record as usize) < kept);
        }
        next
    }

    fn made(&self) -> Made<'_, 't> {
        let failed = self.pieces.iter().filter(|piece| piece.failed);
        Made {
            pieces: self.pieces.iter().map(|piece| (piece.start, &piece.records)).collect(),
            unrecognised: self.pieces.iter().map(|piece| piece.unrecognised.len() as u64).sum(),
            failed: failed.map(|piece| piece.records.len() as u64).sum(),
        }
    }
}

/// The end of the last line within so many bytes, or else of the first line.
fn chunk_end(text: &str, start: usize, wanted: usize) -> usize {
    let rest = &text.as_bytes()[start..];
    if rest.len() <= wanted {
        return text.len();
    }
    let end = memchr::memrchr(b'\n', &rest[..wanted]).or_else(|| memchr::memchr(b'\n', rest));
    end.map_or(text.len(), |at| start + at + 1)
}
