//! The segments of an open spool, in order, and the books about them.

use std::collections::VecDeque;
use std::io;
use std::time::SystemTime;

use crate::books::{Count, Totals};
use crate::error::{PutError, SpoolError};
use crate::format::{Head, SEGMENT_HEAD};
use crate::position::{Place, Position, Saved};
use crate::segment::{Opened, Reader, Step, Writer};
use crate::{Entry, Options, disk};

#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) options: Options,
    /// Oldest first. None is done to its end.
    pub(crate) segments: VecDeque<Segment>,
    /// What the next one is called.
    pub(crate) next_number: u64,
    /// Of the last segment, if this run has begun it.
    writer: Option<Writer>,
    pub(crate) saved: Saved,
    pub(crate) totals: Totals,
    /// What was said and is still so.
    told: Told,
}

#[derive(Debug, Default)]
struct Told {
    unwritable: bool,
    full: bool,
}

/// A segment that is not done.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    /// Up to the end of its last entry.
    pub(crate) size: u64,
    /// Everything before is done, or cannot be read.
    pub(crate) at: u64,
    pub(crate) waiting: Count,
    pub(crate) damaged: bool,
    pub(crate) reader: Option<Reader>,
}

/// What waits can look at without the lock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) segments: usize,
    pub(crate) bytes: u64,
    pub(crate) oldest: Option<SystemTime>,
}

// === impl Level ===

impl Level {
    /// Whether so many bytes more may be taken.
    pub(crate) fn has_room(&self, needed: u64, options: &Options) -> bool {
        let age = self.oldest.and_then(|oldest| SystemTime::now().duration_since(oldest).ok());
        let is_old = age.zip(options.max_age).is_some_and(|(age, most)| age > most);
        !is_old && self.bytes.saturating_add(needed) <= options.max_bytes
    }
}

// === impl Queue ===

impl Queue {
    pub(crate) fn new(options: Options, saved: Saved, next_number: u64) -> Self {
        Self {
            options,
            segments: VecDeque::new(),
            next_number,
            writer: None,
            saved,
            totals: Totals::default(),
            told: Told::default(),
        }
    }

    pub(crate) fn level(&mut self) -> Level {
        // An error comes again with the next call that can report it.
        let oldest = self.seek().ok().flatten().map(|head| head.written());
        Level { segments: self.segments.len(), bytes: self.bytes(), oldest }
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.size).sum()
    }

    fn position(&self) -> Position {
        let next = Place { segment: self.next_number, offset: 0 };
        let place = |segment: &Segment, offset| Place { segment: segment.number, offset };
        Position {
            read: self.segments.front().map_or(next, |first| place(first, first.at)),
            written: self.segments.back().map_or(next, |last| place(last, last.size)),
        }
    }

    // === in ===

    /// Appends an entry to the last segment, or to a new one.
    pub(crate) fn put(&mut self, head: &Head, stored: &[u8]) -> Result<(), PutError> {
        let segment_bytes = self.options.segment_bytes.min(self.options.max_bytes / 4);
        let fits = |writer: &Writer| writer.end() + head.size() <= segment_bytes;
        let begins = !self.writer.as_ref().is_some_and(fits);
        let needed = head.size() + if begins { SEGMENT_HEAD } else { 0 };
        if needed > self.options.max_bytes {
            return Err(PutError::TooLarge { bytes: needed, limit: self.options.max_bytes });
        }
        let level = self.level();
        if !level.has_room(needed, &self.options) {
            self.tell_full(level);
            return Err(PutError::Full { needed });
        }
        let written = if begins { self.begin(head, stored) } else { self.append(head, stored) };
        match written {
            Ok(()) => self.tell_writable(),
            Err(source) => return Err(self.tell_unwritable(source)),
        }
        self.totals.put += head.count();
        self.totals.waiting += head.count();
        self.save_if_due();
        Ok(())
    }

    fn begin(&mut self, head: &Head, stored: &[u8]) -> io::Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.cut()?;
        }
        let writer = Writer::begin(&self.options.folder, self.next_number, head, stored)?;
        self.segments.push_back(Segment {
            number: self.next_number,
            size: writer.end(),
            at: SEGMENT_HEAD,
            waiting: head.count(),
            damaged: false,
            reader: None,
        });
        self.next_number += 1;
        self.writer = Some(writer);
        Ok(())
    }

    fn append(&mut self, head: &Head, stored: &[u8]) -> io::Result<()> {
        let writer = self.writer.as_mut().zip(self.segments.back_mut());
        let (writer, segment) = writer.ok_or(io::ErrorKind::NotFound)?;
        writer.append(head, stored)?;
        segment.size = writer.end();
        segment.waiting += head.count();
        Ok(())
    }

    pub(crate) fn tell_full(&mut self, level: Level) {
        if !std::mem::replace(&mut self.told.full, true) {
            let Options { folder, max_bytes, max_age, .. } = &self.options;
            let waiting = self.totals.waiting;
            tracing::warn!(spool = %folder.display(), bytes = level.bytes, max_bytes, ?max_age, records = waiting.records,
                "the spool is at its limit: nothing is read until the backend takes some of it, lines wait in their files");
        }
    }

    fn tell_unwritable(&mut self, source: io::Error) -> PutError {
        let writer = self.writer.as_ref().map(|writer| writer.path().to_owned());
        let path = writer.unwrap_or_else(|| disk::segment(&self.options.folder, self.next_number));
        let error = PutError::Write { path, source };
        if !std::mem::replace(&mut self.told.unwritable, true) {
            tracing::warn!("{error}: nothing is read until that works, lines wait in their files");
        }
        error
    }

    fn tell_writable(&mut self) {
        if std::mem::take(&mut self.told.unwritable) {
            tracing::info!(spool = %self.options.folder.display(), "the spool can be written again");
        }
    }

    // === out ===

    /// The next entries, as many of one segment as have no more than `most` bytes
    /// together, but at least one if there is any. They stay until they are done.
    pub(crate) fn next(&mut self, most: usize) -> Result<Vec<Entry>, SpoolError> {
        let mut entries = Vec::new();
        let mut bytes = 0;
        while let Some(head) = self.seek()? {
            let Some(first) = self.segments.front_mut() else { break };
            if let Some(entry) = first.entry(&head, first.at).map_err(|source| self.unreadable(source))? {
                bytes = entry.payload.len();
                entries.push(entry);
                break;
            }
            self.skip(&head);
        }
        let Some(first) = self.segments.front() else { return Ok(entries) };
        // Whatever cannot be read here is found out when it is the first one.
        while let Some(last) = entries.last()
            && let at = last.at + last.count.bytes
            && let Some(reader) = &first.reader
            && let Ok(Some(head)) = reader.head_at(at, first.size)
            && bytes + head.length as usize <= most
            && let Ok(Some(entry)) = first.entry(&head, at)
        {
            bytes += entry.payload.len();
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Entries are delivered. Those that are not the next ones are left out: they were
    /// done before.
    pub(crate) fn done(&mut self, entries: &[Entry]) {
        for entry in entries {
            let Some(first) = self.segments.front_mut() else { return };
            if (first.number, first.at) == (entry.segment, entry.at) {
                first.at += entry.count.bytes;
                self.settle(entry.count);
                self.totals.done += entry.count;
                self.totals.waiting -= entry.count;
            }
        }
        let _ = self.seek();
        self.save_if_due();
    }

    /// Goes to the next entry that can be read. Segments that end before it are done.
    fn seek(&mut self) -> Result<Option<Head>, SpoolError> {
        while let Some(first) = self.segments.front_mut() {
            match first.step(&self.options) {
                Ok(Step::Entry(head)) => return Ok(Some(head)),
                Ok(Step::Gap(to)) => (first.at, first.damaged) = (to, true),
                Ok(Step::End) => self.finish(),
                Err(source) => return Err(self.unreadable(source)),
            }
        }
        Ok(None)
    }

    /// The next entry has a head that can be read, and a payload that cannot.
    fn skip(&mut self, head: &Head) {
        let Some(first) = self.segments.front_mut() else { return };
        first.at += head.size();
        first.damaged = true;
        let segment = first.number;
        self.settle(head.count());
        self.totals.damaged += head.count();
        self.totals.waiting -= head.count();
        tracing::error!(spool = %self.options.folder.display(), segment, records = head.records, bytes = head.size(),
            "an entry of the spool is damaged: its records are lost");
    }

    /// An entry of the first segment waits no more. One that could not be read when the
    /// spool was opened, and can now, was found after all.
    fn settle(&mut self, count: Count) {
        let Some(first) = self.segments.front_mut() else { return };
        let unknown = count.beyond(first.waiting);
        first.waiting -= count;
        self.totals.found += unknown;
        self.totals.waiting += unknown;
    }

    /// The first segment is at its end. What should have been in it and was not is lost.
    fn finish(&mut self) {
        let Some(mut segment) = self.segments.pop_front() else { return };
        // A file that is open keeps its room when it is removed.
        segment.reader = None;
        if self.segments.is_empty() {
            self.writer = None;
            self.told.full = false;
        }
        let folder = &self.options.folder;
        let lost = segment.waiting;
        if lost != Count::NONE {
            self.totals.damaged += lost;
            self.totals.waiting -= lost;
            tracing::error!(spool = %folder.display(), segment = segment.number, entries = lost.entries,
                records = lost.records, bytes = lost.bytes,
                "a part of the spool cannot be read: its records are lost");
        }
        // A full disk may need the segment's room for the position.
        let saved = self.save();
        self.remove(segment.number, segment.damaged || lost != Count::NONE);
        if saved.is_err() {
            let _ = self.save();
        }
    }

    /// Deletes a segment, or keeps it aside.
    pub(crate) fn remove(&self, number: u64, damaged: bool) {
        let folder = &self.options.folder;
        let path = disk::segment(folder, number);
        let removed = if damaged {
            disk::put_aside(folder, number).map(|aside| {
                tracing::warn!(kept_as = %aside.display(), "what is damaged of the spool is kept for a look at it");
            })
        } else {
            std::fs::remove_file(&path)
        };
        if let Err(error) = removed
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(
                "cannot remove {}, which is delivered: {error}; the next start tries again",
                path.display()
            );
        }
    }

    fn unreadable(&self, source: io::Error) -> SpoolError {
        let number = self.segments.front().map_or(self.next_number, |first| first.number);
        SpoolError::Read { path: disk::segment(&self.options.folder, number), source }
    }

    // === position ===

    pub(crate) fn save(&mut self) -> Result<(), SpoolError> {
        self.saved.save(self.position())
    }

    fn save_if_due(&mut self) {
        if self.saved.is_due() {
            // It was said; what is on disk stands before what is done.
            let _ = self.save();
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        if let Some(writer) = &mut self.writer {
            let _ = writer.cut();
        }
        let _ = self.save();
    }
}

// === impl Segment ===

impl Segment {
    /// What stands at its place. Nothing, up to its end, where it is gone or nothing says
    /// how to read it any more.
    fn step(&mut self, options: &Options) -> io::Result<Step> {
        if self.at >= self.size {
            return Ok(Step::End);
        }
        if self.reader.is_none() {
            match Reader::open(&disk::segment(&options.folder, self.number)) {
                Ok(Opened::Readable(reader)) => self.reader = Some(reader),
                Ok(Opened::Unreadable | Opened::Newer(_)) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let step = self.reader.as_ref().map(|reader| reader.step(self.at, self.size));
        step.unwrap_or(Ok(Step::Gap(self.size)))
    }

    fn entry(&self, head: &Head, at: u64) -> io::Result<Option<Entry>> {
        let Some(reader) = &self.reader else { return Ok(None) };
        let payload = reader.payload(head, at)?;
        Ok(payload.map(|payload| Entry {
            payload,
            records: head.records,
            written: head.written(),
            segment: self.number,
            at,
            count: head.count(),
        }))
    }
}
