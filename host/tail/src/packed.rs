//! The text of a compressed file, read piece by piece from where reading stands.
//!
//! Invariants: offsets are those of the text; what was not taken is kept, so it can
//! be given again, and is never more than was asked for at once; nothing is
//! decompressed while the file does not change and all of it was taken.

use std::fs::File;
use std::io;

use crate::gunzip::{Boundary, Gunzip, Stop};

/// How much text is passed over in one go, on the way to where reading stands.
const PASS_OVER: u64 = 8 << 20;

pub(crate) struct Packed {
    /// The text from `start` on, as far as it was asked for.
    pending: Vec<u8>,
    /// Where reading stands.
    start: u64,
    /// There is none before anything was read, and after all of it was.
    stream: Option<Gunzip>,
    /// A place at or before `start` where reading can begin again.
    known: Boundary,
    /// A later one, behind `start`.
    ahead: Boundary,
    /// Bytes in the file as of the last look.
    size: u64,
    state: State,
    complained: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There may be more text than is pending.
    More,
    /// There is none, and the last member is whole.
    End,
    /// There is none yet: the last member is not whole.
    Inside,
    Corrupt(&'static str),
}

/// The text's first bytes, as far as they are there; `true` when there is more of
/// them, or surely no more than these.
pub(crate) fn read_head(file: &File, head: &mut Vec<u8>) -> io::Result<bool> {
    let (filled, stop) = Gunzip::new(Boundary::default()).read(file, head)?;
    head.truncate(filled);
    Ok(matches!(stop, Stop::Full | Stop::End))
}

/// Leaves what stands in the text right before an offset in the buffer; `false` where the
/// text is shorter than that. Everything before it is unpacked.
pub(crate) fn read_before(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<bool> {
    let mut stream = Gunzip::new(Boundary::default());
    let mut scratch = vec![0; 64 << 10];
    let mut left = offset.saturating_sub(buffer.len() as u64);
    while left > 0 {
        let piece = (scratch.len() as u64).min(left) as usize;
        let (filled, stop) = stream.read(file, &mut scratch[..piece])?;
        left -= filled as u64;
        if stop != Stop::Full {
            return Ok(false);
        }
    }
    Ok(stream.read(file, buffer)?.0 == buffer.len())
}

// === impl Packed ===

impl Packed {
    pub(crate) fn new(size: u64) -> Self {
        Self {
            pending: Vec::new(),
            start: 0,
            stream: None,
            known: Boundary::default(),
            ahead: Boundary::default(),
            size,
            state: State::More,
            complained: false,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Where reading can begin again without what comes before.
    pub(crate) fn known(&self) -> Boundary {
        self.known
    }

    /// How many bytes of the file have been read.
    pub(crate) fn packed_read(&self) -> u64 {
        self.stream.as_ref().map_or(self.known.packed, |stream| stream.at().packed)
    }

    /// Where the text that is known ends.
    pub(crate) fn text_known(&self) -> u64 {
        self.start + self.pending.len() as u64
    }

    /// The text's length; an estimate that is more than what is known while there may
    /// be more.
    pub(crate) fn length(&self) -> u64 {
        match self.state {
            State::More => self.text_known() + self.size.saturating_sub(self.packed_read()).max(1),
            _ => self.text_known(),
        }
    }

    /// Reads on from there, whatever the length.
    pub(crate) fn begin_at(&mut self, start: u64) {
        if start != self.start {
            self.rest();
            self.known = if self.known.text <= start { self.known } else { Boundary::default() };
            (self.start, self.state) = (start, State::More);
        }
    }

    /// Passes over all there is, and answers the length of the text.
    pub(crate) fn pass_over_all(&mut self, file: &File) -> io::Result<u64> {
        let mut stream = Gunzip::new(self.known);
        let mut scratch = vec![0; 64 << 10];
        while stream.read(file, &mut scratch)?.1 == Stop::Full {}
        self.start = stream.at().text;
        self.known = stream.boundary();
        self.stream = Some(stream);
        Ok(self.start)
    }

    /// Gives what comes next, again and again until it is taken. Less than there is
    /// room for, even nothing, does not mean that there is no more: see
    /// [`has_more`](Self::has_more).
    pub(crate) fn read(&mut self, file: &File, output: &mut [u8]) -> io::Result<usize> {
        if self.state == State::More && self.pending.len() < output.len() {
            let filled = self.fill(file, output.len());
            self.note_boundary();
            filled?;
        }
        let given = self.pending.len().min(output.len());
        output[..given].copy_from_slice(&self.pending[..given]);
        Ok(given)
    }

    /// Whether there may be more text behind this much of it.
    pub(crate) fn has_more(&self, given: usize) -> bool {
        self.state == State::More || self.pending.len() > given
    }

    fn fill(&mut self, file: &File, wanted: usize) -> io::Result<()> {
        let stream = self.stream.get_or_insert_with(|| Gunzip::new(self.known));
        let behind = self.start.saturating_sub(stream.at().text);
        let mut stop = Stop::Full;
        if behind > 0 {
            let mut scratch = vec![0; 64 << 10];
            let mut left = behind.min(PASS_OVER);
            while left > 0 && stop == Stop::Full {
                let piece = (scratch.len() as u64).min(left) as usize;
                let (filled, why) = stream.read(file, &mut scratch[..piece])?;
                left -= filled as u64;
                stop = why;
            }
        }
        if behind <= PASS_OVER && stop == Stop::Full {
            let from = self.pending.len();
            self.pending.resize(wanted, 0);
            let result = stream.read(file, &mut self.pending[from..]);
            self.pending.truncate(from + result.as_ref().map_or(0, |(filled, _)| *filled));
            stop = result?.1;
        }
        self.state = match stop {
            Stop::Full => State::More,
            Stop::End => State::End,
            Stop::Inside => State::Inside,
            Stop::Corrupt(what) => State::Corrupt(what),
        };
        self.rest_when_done();
        Ok(())
    }

    fn note_boundary(&mut self) {
        if let Some(stream) = &self.stream {
            self.ahead = stream.boundary();
        }
        if self.ahead.text <= self.start && self.ahead.text >= self.known.text {
            self.known = self.ahead;
        }
    }

    /// This much of what was given is done with.
    pub(crate) fn take(&mut self, bytes: u64) {
        let taken = (bytes as usize).min(self.pending.len());
        self.pending.drain(..taken);
        self.pending.shrink_to(self.pending.len().max(4 << 10));
        self.start += bytes;
        self.note_boundary();
        self.rest_when_done();
    }

    fn rest_when_done(&mut self) {
        if self.pending.is_empty() && matches!(self.state, State::End | State::Corrupt(_)) {
            self.note_boundary();
            self.stream = None;
            self.pending = Vec::new();
        }
    }

    /// The file has changed.
    pub(crate) fn changed(&mut self, size: u64) {
        if matches!(self.state, State::Corrupt(_)) {
            // Perhaps what was wrong has been replaced.
            self.rest();
        }
        (self.size, self.state) = (size, State::More);
    }

    /// Gives back what can be had again from the file.
    pub(crate) fn rest(&mut self) {
        self.note_boundary();
        self.stream = None;
        if !self.pending.is_empty() {
            self.pending = Vec::new();
            self.state = State::More;
        }
    }

    /// It takes memory to go on where it stands.
    pub(crate) fn is_unpacking(&self) -> bool {
        self.stream.is_some()
    }

    /// It has begun, and would have to begin again after a rest.
    pub(crate) fn is_midway(&self) -> bool {
        self.stream.is_some() && self.state == State::More
    }

    /// It is about to begin.
    pub(crate) fn is_to_begin(&self) -> bool {
        self.stream.is_none() && self.state == State::More
    }

    /// The file ends before the compressed data does, which may be in any place of a line.
    pub(crate) fn is_inside(&self) -> bool {
        self.state == State::Inside
    }

    /// The same, and nobody was told.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.state == State::Inside && !self.complained
    }

    /// What is wrong, once; `silent`: nothing more is expected.
    pub(crate) fn complaint(&mut self, silent: bool) -> Option<&'static str> {
        let what = match self.state {
            State::Corrupt(what) => what,
            State::Inside if silent => "the file ends before the compressed data does",
            _ => return None,
        };
        (!std::mem::replace(&mut self.complained, true)).then_some(what)
    }
}
