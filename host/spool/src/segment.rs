//! Reading and writing one segment.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use memchr::memmem;

use crate::disk;
use crate::format::{ENTRY_HEAD, Head, Mark, SEGMENT_HEAD, SegmentHead};

/// How much is searched at a time for the next entry.
const SEARCH: usize = 64 << 10;

/// A segment to read from.
#[derive(Debug)]
pub(crate) struct Reader {
    file: File,
    mark: Mark,
}

/// What opening a segment comes to.
#[derive(Debug)]
pub(crate) enum Opened {
    Readable(Reader),
    Newer(u32),
    /// Neither its head nor its first entry says what its mark is.
    Unreadable,
}

/// What stands at a place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Entry(Head),
    /// Nothing that can be read up to here.
    Gap(u64),
    End,
}

// === impl Reader ===

impl Reader {
    pub(crate) fn open(path: &Path) -> io::Result<Opened> {
        let file = File::open(path)?;
        let mut head = [0; SEGMENT_HEAD as usize];
        match read(&file, &mut head, 0)?.then(|| SegmentHead::decode(&head)) {
            Some(SegmentHead::Known(mark)) => return Ok(Opened::Readable(Self { file, mark })),
            Some(SegmentHead::Newer(version)) => return Ok(Opened::Newer(version)),
            Some(SegmentHead::Damaged) | None => {}
        }
        // The first entry says its mark as well.
        let mut head = [0; ENTRY_HEAD as usize];
        if read(&file, &mut head, SEGMENT_HEAD)?
            && let Some((&mark, _)) = head.split_first_chunk()
            && Head::decode(&head, mark).is_some()
        {
            return Ok(Opened::Readable(Self { file, mark }));
        }
        Ok(Opened::Unreadable)
    }

    /// The entry there, where it is one and within the bound.
    pub(crate) fn head_at(&self, at: u64, end: u64) -> io::Result<Option<Head>> {
        let mut bytes = [0; ENTRY_HEAD as usize];
        if end.saturating_sub(at) < ENTRY_HEAD || !read(&self.file, &mut bytes, at)? {
            return Ok(None);
        }
        let head = Head::decode(&bytes, self.mark);
        Ok(head.filter(|head| head.size() <= end - at))
    }

    pub(crate) fn step(&self, at: u64, end: u64) -> io::Result<Step> {
        if at >= end {
            return Ok(Step::End);
        }
        match self.head_at(at, end)? {
            Some(head) => Ok(Step::Entry(head)),
            None => Ok(Step::Gap(self.find(at + 1, end)?.unwrap_or(end))),
        }
    }

    /// The payload of the entry there; `None` where it is damaged.
    pub(crate) fn payload(&self, head: &Head, at: u64) -> io::Result<Option<Vec<u8>>> {
        let mut stored = vec![0; head.stored as usize];
        if !read(&self.file, &mut stored, at + ENTRY_HEAD)? {
            return Ok(None);
        }
        Ok(head.unpack(&stored))
    }

    /// The next place from there on with an entry.
    fn find(&self, mut from: u64, end: u64) -> io::Result<Option<u64>> {
        let finder = memmem::Finder::new(&self.mark);
        let mut buffer = vec![0; SEARCH];
        while end.saturating_sub(from) >= ENTRY_HEAD {
            let length = buffer.len().min((end - from) as usize);
            let part = &mut buffer[..length];
            if !read(&self.file, part, from)? {
                return Ok(None);
            }
            for offset in finder.find_iter(part) {
                let at = from + offset as u64;
                if self.head_at(at, end)?.is_some() {
                    return Ok(Some(at));
                }
            }
            // A mark may lie across the border.
            from += (length - (self.mark.len() - 1)) as u64;
        }
        Ok(None)
    }
}

/// Fills the buffer; `false` where that cannot be done: the file ends before, or the disk
/// fails there.
fn read(file: &File, buffer: &mut [u8], at: u64) -> io::Result<bool> {
    const EIO: i32 = 5;
    match file.read_exact_at(buffer, at) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) if error.raw_os_error() == Some(EIO) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The segment that is written to.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    file: File,
    mark: Mark,
    /// Behind the last entry that is on disk.
    end: u64,
    /// There may be something behind it that is no entry.
    torn: bool,
}

// === impl Writer ===

impl Writer {
    /// A new segment with its first entry. Where this fails there is no segment.
    pub(crate) fn begin(folder: &Path, number: u64, head: &Head, stored: &[u8]) -> io::Result<Self> {
        let path = disk::segment(folder, number);
        let mark = fastrand::u64(..).to_le_bytes();
        let bytes = [&SegmentHead::encode(mark), &head.encode(mark), stored].concat();
        let file = disk::create(&path)?;
        if let Err(error) = disk::write(&file, &bytes, 0).and_then(|()| disk::sync(folder)) {
            // The next attempt replaces what cannot be removed now.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(Self { path, file, mark, end: bytes.len() as u64, torn: false })
    }

    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends an entry. Where this fails the segment ends where it did.
    pub(crate) fn append(&mut self, head: &Head, stored: &[u8]) -> io::Result<()> {
        self.cut()?;
        let bytes = [&head.encode(self.mark), stored].concat();
        self.torn = true;
        if let Err(error) = disk::write(&self.file, &bytes, self.end) {
            // If that fails too, it is done before anything else is written.
            let _ = self.cut();
            return Err(error);
        }
        self.torn = false;
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// Removes what a write that failed has left.
    pub(crate) fn cut(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.end)?;
            self.torn = false;
        }
        Ok(())
    }
}
