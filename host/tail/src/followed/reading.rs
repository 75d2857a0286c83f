//! Reading a followed file piece by piece, and moving on behind what was taken.

use std::fs::File;
use std::io;
use std::time::Instant;

use skidway_model::Span;

use super::{Followed, Offered, Piece, Waiting};
use crate::cut::{Around, Cut, cut};
use crate::head::{anchor, head_hash, is_anchored, read_at, read_head};
use crate::options::{LongLine, Options};

// === impl Followed ===

impl Followed {
    /// Reads the next piece into the buffer's beginning. `None`: there is nothing
    /// to hand over at the moment.
    pub(crate) fn read(
        &mut self,
        now: Instant,
        options: &Options,
        buffer: &mut Vec<u8>,
    ) -> io::Result<Option<Piece>> {
        self.offered = None;
        self.blocked_until = None;
        let sizes = options.sizes();
        loop {
            fit(buffer, self.window, options.chunk_size);
            let Some(handle) = self.handle.as_ref().filter(|_| !self.unproven) else { return Ok(None) };
            let (read, more) = if let Some(packed) = &mut self.packed {
                let read = packed.read(handle, &mut buffer[..self.window])?;
                self.length = packed.length();
                if read == 0 {
                    return Ok(None);
                }
                (read, packed.has_more(read))
            } else {
                let read = read_at(handle, self.offset, &mut buffer[..self.window])?;
                let end = self.offset + read as u64;
                // Asked after the bytes were read: what is no part of the text that was
                // read so far must not be handed over.
                let replaced =
                    !is_anchored(handle, false, self.offset, self.anchor)? || !self.has_its_head(handle)?;
                if replaced || (end < self.length && read < self.window) {
                    self.suspect = true;
                    return Ok(None);
                }
                if end > self.length {
                    self.modified = handle.metadata()?.modified()?;
                    (self.length, self.proven) = (end, end);
                    self.grown_at = now;
                }
                (read, end < self.length)
            };
            let around = Around {
                more,
                stuck: self.stuck,
                settled: now >= self.grown_at + options.settle,
                flush_partial: self.partial_due(options).is_some_and(|due| now >= due),
                leaving: self.leaving.is_some_and(|since| now >= self.grown_at.max(since) + options.grace),
                surplus: self.surplus,
            };
            let (length, flush, into_surplus) = match cut(&buffer[..read], around, sizes) {
                Cut::Take { length, flush } => {
                    let line_ended = sizes.line_feed.last_end(&buffer[..length]) == Some(length);
                    (length, flush, self.surplus && !line_ended)
                }
                Cut::Split { length } => (length, true, options.on_long_line == LongLine::Truncate),
                Cut::Grow => {
                    self.window = (self.window * 2).min(sizes.line_window());
                    continue;
                }
                Cut::Wait => {
                    let half = around.flush_partial || around.surplus;
                    self.waiting = Some(if half { Waiting::Growth } else { Waiting::LineFeed });
                    return Ok(None);
                }
            };
            let behind = read - length;
            self.offered = Some(Offered { length, flush, behind, more: around.more, into_surplus });
            let span = Span::new(self.offset, self.offset + length as u64);
            return Ok(Some(Piece { span, flush, more: around.more, surplus: self.surplus }));
        }
    }

    /// Whether it begins as it did, which is asked where what stands before the offset does
    /// not tell: texts may begin alike.
    fn has_its_head(&self, handle: &File) -> io::Result<bool> {
        if self.anchor.len > 0 && self.offset >= u64::from(self.identity.head_len) {
            return Ok(true);
        }
        let (length, mut head) = (self.identity.head_len as usize, Vec::new());
        Ok(head_hash(read_head(handle, length, &mut head)?) == self.identity.head_hash)
    }

    /// Moves on behind what the parser took of the last piece.
    pub(crate) fn consume(&mut self, taken: &[u8], options: &Options) {
        let Some(offered) = self.offered.take() else { return };
        let taken = &taken[..taken.len().min(offered.length)];
        let bytes = taken.len() as u64;
        self.offset += bytes;
        if bytes > 0 {
            self.anchor = anchor(taken);
            self.marks.note(self.offset, self.anchor);
        }
        if let Some(packed) = &mut self.packed {
            packed.take(bytes);
            self.length = packed.length();
        }
        let rest = offered.length as u64 - bytes;
        if bytes > 0 {
            self.window = options.chunk_size;
            self.stuck = false;
            // Of an offer that was not taken in full, the rest belongs to the same line.
            self.surplus = if rest == 0 { offered.into_surplus } else { self.surplus };
        } else if offered.more {
            let largest = options.sizes().largest_window();
            self.stuck = self.window >= largest;
            self.window = (self.window * 2).min(largest);
        }
        self.waiting = match () {
            () if offered.more || offered.flush => None,
            () if rest > 0 => Some(Waiting::Settle),
            () if offered.behind > 0 => Some(Waiting::LineFeed),
            () => None,
        };
    }
}

/// Makes room for a window, and gives back what a larger one took.
fn fit(buffer: &mut Vec<u8>, window: usize, chunk: usize) {
    if buffer.len() < window {
        buffer.resize(window, 0);
    } else if window <= chunk && buffer.len() > chunk {
        buffer.truncate(chunk);
        buffer.shrink_to_fit();
    }
}
