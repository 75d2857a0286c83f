//! A log file with its one writer and its one kind of rotation.
//!
//! What must stay true: a line that was counted as written is in the file, or in what rotation made of it. Copying
//! and emptying would lose what is written in between, whoever reads; so a file is written and rotated under one
//! lock.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use fastrand::Rng;
use jiff::Timestamp;

use crate::lines::{self, Form, Id};

/// The most that is written at once; a page or more makes the reader see half a line.
const BURST: u32 = 60;

#[derive(Debug)]
pub(crate) struct LogFile {
    pub(crate) id: u16,
    pub(crate) path: PathBuf,
    /// Names that rotation gives match the agent's glob, too.
    pub(crate) rotated_match: bool,
    form: Form,
    inside: Mutex<Inside>,
}

#[derive(Debug)]
struct Inside {
    handle: File,
    next: u32,
    /// The first line of each text: a text is what one file holds until it is moved away or emptied.
    texts: Vec<u32>,
    /// Bursts that still go to the old file after it was moved.
    late: u32,
    moved: bool,
    began: SystemTime,
    rng: Rng,
}

/// What became of a file's lines.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) lines: u32,
    /// The first line of each text.
    pub(crate) texts: Vec<u32>,
}

/// The file while nobody writes to it.
pub(crate) struct Quiet<'a> {
    file: &'a LogFile,
    inside: MutexGuard<'a, Inside>,
}

// === impl LogFile ===

impl LogFile {
    pub(crate) fn create(id: u16, path: PathBuf, rotated_match: bool, seed: u64) -> io::Result<Self> {
        let form = if id.is_multiple_of(2) { Form::Rfc3339 } else { Form::Traditional };
        let inside = Inside {
            handle: open(&path)?,
            next: 0,
            texts: vec![0],
            late: 0,
            moved: false,
            began: SystemTime::now(),
            rng: Rng::with_seed(seed),
        };
        Ok(Self { id, path, rotated_match, form, inside: Mutex::new(inside) })
    }

    /// Writes some lines, mostly at once and sometimes in two pieces; answers how many.
    pub(crate) fn write_burst(&self) -> io::Result<u32> {
        let mut inside = self.lock();
        if inside.moved && inside.late == 0 {
            inside.reopen(&self.path)?;
        }
        inside.late = inside.late.saturating_sub(1);
        let (now, count) = (Timestamp::now(), inside.rng.u32(1..=BURST));
        let mut text = Vec::new();
        for number in inside.next..inside.next + count {
            let may_join = inside.texts.last().is_some_and(|&first| number > first);
            lines::write(&mut text, self.form, Id { file: self.id, number }, now, may_join, &mut inside.rng);
        }
        let middle = if inside.rng.u8(..4) == 0 { inside.rng.usize(..text.len()) } else { 0 };
        inside.handle.write_all(&text[..middle])?;
        inside.handle.write_all(&text[middle..])?;
        inside.next += count;
        Ok(count)
    }

    /// Keeps the writer away, after it has left a file that was moved.
    pub(crate) fn quiet(&self) -> io::Result<Quiet<'_>> {
        let mut inside = self.lock();
        if inside.moved {
            inside.reopen(&self.path)?;
        }
        Ok(Quiet { file: self, inside })
    }

    /// Asked at the end.
    pub(crate) fn written(&self) -> Written {
        let inside = self.lock();
        Written { lines: inside.next, texts: inside.texts.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Inside ===

impl Inside {
    fn reopen(&mut self, path: &PathBuf) -> io::Result<()> {
        self.handle = open(path)?;
        self.begin_text();
        self.moved = false;
        self.late = 0;
        Ok(())
    }

    fn begin_text(&mut self) {
        self.texts.push(self.next);
        self.began = SystemTime::now();
    }
}

// === impl Quiet ===

impl Quiet<'_> {
    /// Since when the file holds the text it has now.
    pub(crate) fn began(&self) -> SystemTime {
        self.inside.began
    }

    pub(crate) fn inode(&self) -> io::Result<u64> {
        Ok(self.inside.handle.metadata()?.ino())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.inside.texts.last() == Some(&self.inside.next)
    }

    /// It has another name now. The writer goes on with it for so many bursts, as one does that is told late.
    pub(crate) fn was_moved(&mut self, late: u32) -> io::Result<()> {
        self.inside.moved = true;
        self.inside.late = late;
        if late == 0 { self.inside.reopen(&self.file.path) } else { Ok(()) }
    }

    /// Somebody else has rotated it: the file system says how.
    pub(crate) fn was_rotated(&mut self, late: u32) -> io::Result<()> {
        let own = self.inside.handle.metadata()?;
        match fs::metadata(&self.file.path) {
            Ok(named) if named.ino() == own.ino() => {
                if named.len() != 0 {
                    return Err(io::Error::other(format!("{} was not rotated", self.file.path.display())));
                }
                self.inside.begin_text();
                Ok(())
            }
            Ok(_) => self.was_moved(late),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.was_moved(late),
            Err(error) => Err(error),
        }
    }

    /// Empties it.
    pub(crate) fn truncate(&mut self) -> io::Result<()> {
        self.inside.handle.set_len(0)?;
        self.inside.begin_text();
        Ok(())
    }
}

/// As a logger does.
fn open(path: &PathBuf) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}
