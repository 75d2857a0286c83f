//! Looking at text before it is read: nothing moves.

use std::fs::File;
use std::io::{self, Read};

use skidway_model::FileKey;

use crate::gunzip::{Boundary, Gunzip, Stop};
use crate::head::read_at;
use crate::tailer::Tailer;

/// So much of a compressed file is passed over, on the way to where looking begins, and no
/// more: it takes about a quarter of a second, in which nothing else is read.
const PASS_OVER: u64 = 64 << 20;

/// The text of a file from an offset on, as far as the last look has found it. Takes
/// nothing from what is read.
pub struct Ahead(Source);

enum Source {
    Plain {
        file: File,
        at: u64,
        end: u64,
    },
    /// Still so much to pass over.
    Packed {
        file: File,
        stream: Box<Gunzip>,
        before: u64,
    },
}

// === impl Ahead ===

impl Ahead {
    pub(crate) fn plain(file: File, from: u64, end: u64) -> Self {
        Self(Source::Plain { file, at: from, end })
    }

    /// Whether looking on from a later place costs nothing for what stands before it.
    pub fn is_plain(&self) -> bool {
        matches!(self.0, Source::Plain { .. })
    }

    /// `None` where there is too much before it.
    pub(crate) fn packed(file: File, from: u64, known: Boundary) -> Option<Self> {
        let known = if known.text <= from { known } else { Boundary::default() };
        let stream = Box::new(Gunzip::new(known));
        let before = from - known.text;
        (before <= PASS_OVER).then_some(Self(Source::Packed { file, stream, before }))
    }
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Source::Plain { file, at, end } => {
                let wanted = buffer.len().min(usize::try_from(*end - *at).unwrap_or(usize::MAX));
                let read = read_at(file, *at, &mut buffer[..wanted])?;
                *at += read as u64;
                Ok(read)
            }
            Source::Packed { file, stream, before } => loop {
                let wanted = match *before {
                    0 => buffer.len(),
                    before => buffer.len().min(usize::try_from(before).unwrap_or(usize::MAX)),
                };
                let (read, stop) = stream.read(file, &mut buffer[..wanted])?;
                match *before {
                    0 => return Ok(read),
                    _ if stop != Stop::Full => return Ok(0),
                    _ => *before -= read as u64,
                }
            },
        }
    }
}

// === impl Tailer ===

impl Tailer {
    /// Looks at a file's text from an offset on. `None` where it cannot be read now, or is
    /// compressed and would have to be unpacked for too long before that offset.
    pub fn ahead(&self, file: FileKey, from: u64) -> Option<Ahead> {
        self.files.get(&file)?.ahead(from)
    }
}
