//! What an earlier run left, with whatever became of it since.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use crate::books::Count;
use crate::error::SpoolError;
use crate::format::{SEGMENT_HEAD, VERSION};
use crate::position::{Place, Position, Saved};
use crate::queue::{Queue, Segment};
use crate::segment::{Opened, Reader, Step};
use crate::{Found, Options, disk};

/// A segment that was gone through.
struct Looked {
    segment: Option<Segment>,
    damaged: Count,
    torn: u64,
}

pub(crate) fn open(options: Options) -> Result<(Queue, Found), SpoolError> {
    let folder = options.folder.clone();
    let unusable = |source| SpoolError::Folder { path: folder.clone(), source };
    match disk::make(&folder) {
        // It is made with the first file that goes in.
        Err(error) if disk::is_full(&error) => {}
        made => made.map_err(unusable)?,
    }
    let saved = Saved::load(&folder)?;
    let position = saved.position();
    let numbers = disk::segments(&folder).map_err(unusable)?;
    let mut queue = Queue::new(options, saved, next_number(&numbers, position));
    let kept = disk::damaged_segments(&folder).map_err(unusable)?;
    let mut found = Found { missing_segments: missing(&numbers, &kept, position), ..Found::default() };
    let Position { read, written } = position.unwrap_or_default();
    for &number in &numbers {
        if number < read.segment {
            queue.remove(number, false);
            continue;
        }
        let from = if number == read.segment { read.offset } else { 0 };
        let known_end = match number.cmp(&written.segment) {
            std::cmp::Ordering::Less => u64::MAX,
            std::cmp::Ordering::Equal => written.offset,
            std::cmp::Ordering::Greater => 0,
        };
        let is_last = numbers.last() == Some(&number);
        let looked = look(&folder, Place { segment: number, offset: from }, known_end, is_last)?;
        found.damaged += looked.damaged;
        found.torn_bytes += looked.torn;
        match looked.segment {
            Some(segment) => {
                found.waiting += segment.waiting;
                queue.segments.push_back(segment);
            }
            None => {
                queue.remove(number, looked.damaged != Count::NONE);
                // Nothing in it was ever put: its number is free.
                if is_last && known_end == 0 && looked.damaged == Count::NONE {
                    queue.next_number = number;
                }
            }
        }
    }
    queue.totals.found = found.waiting;
    queue.totals.found += found.damaged;
    queue.totals.damaged = found.damaged;
    queue.totals.waiting = found.waiting;
    tell(&folder, &found);
    // So that the next start knows what was written, even where nothing is put.
    match queue.save() {
        // It was said. What was saved before stands before what is done.
        Err(SpoolError::Write { source, .. }) if disk::is_full(&source) => {}
        saved => saved?,
    }
    Ok((queue, found))
}

/// One that no segment has had.
fn next_number(numbers: &[u64], position: Option<Position>) -> u64 {
    let begun = |place: Place| place.segment + u64::from(place.offset > 0);
    let known = position.map_or(1, |position| begun(position.written).max(begun(position.read)));
    numbers.last().map_or(known, |last| known.max(last + 1)).max(1)
}

/// How many segments should be there and are not. Those that were `kept` as damaged are known of.
fn missing(numbers: &[u64], kept: &[u64], position: Option<Position>) -> u64 {
    let waited = position.filter(|position| position.read < position.written);
    let from = waited.map(|position| position.read.segment).or(numbers.first().copied());
    let written = waited.map(|position| position.written.segment);
    let to = numbers.last().copied().max(written);
    let Some((from, to)) = from.zip(to).filter(|(from, to)| from <= to) else { return 0 };
    let kept = kept.iter().filter(|number| !numbers.contains(number));
    let known = numbers.iter().chain(kept).filter(|number| (from..=to).contains(number));
    to - from + 1 - known.count() as u64
}

/// Goes through a segment from there on. Before `known_end` it was put for certain.
fn look(folder: &Path, from: Place, known_end: u64, is_last: bool) -> Result<Looked, SpoolError> {
    let number = from.segment;
    let path = disk::segment(folder, number);
    let unreadable = |source| SpoolError::Read { path: path.clone(), source };
    let mut size = std::fs::metadata(&path).map_err(unreadable)?.len();
    let mut at = from.offset.max(SEGMENT_HEAD);
    let mut damaged = Count::NONE;
    // It was longer once.
    if known_end != u64::MAX {
        damaged.bytes += known_end.saturating_sub(size.max(at));
    }
    let reader = match Reader::open(&path).map_err(unreadable)? {
        Opened::Readable(reader) => reader,
        Opened::Newer(found) => {
            return Err(SpoolError::Newer { path, found, known: VERSION });
        }
        // A segment whose first write was cut short.
        Opened::Unreadable if is_last && known_end == 0 => {
            return Ok(Looked { segment: None, damaged, torn: size });
        }
        Opened::Unreadable => {
            // An empty one is damage as well, of unknown size.
            damaged.bytes += size.saturating_sub(from.offset).max(1);
            return Ok(Looked { segment: None, damaged, torn: 0 });
        }
    };
    let mut torn = 0;
    let mut waiting = Count::NONE;
    let mut is_damaged = damaged != Count::NONE;
    let first = at;
    loop {
        match reader.step(at, size).map_err(unreadable)? {
            Step::Entry(head) => {
                let next = at + head.size();
                // The last write may have been cut short behind its head.
                if is_last
                    && next == size
                    && at >= known_end
                    && reader.payload(&head, at).map_err(unreadable)?.is_none()
                {
                    torn = size - at;
                    break;
                }
                waiting += head.count();
                at = next;
            }
            Step::Gap(to) if is_last && to == size && at >= known_end => {
                torn = size - at;
                break;
            }
            Step::Gap(to) => {
                damaged.bytes += to - at;
                is_damaged = true;
                at = to;
            }
            Step::End => break,
        }
    }
    if torn > 0 {
        size -= torn;
        cut(&path, size).map_err(unreadable)?;
    }
    let segment = Segment { number, size, at: first, waiting, damaged: is_damaged, reader: None };
    let segment = (waiting != Count::NONE).then_some(segment);
    Ok(Looked { segment, damaged, torn })
}

fn cut(path: &Path, size: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(size)?;
    file.sync_all()
}

fn tell(folder: &Path, found: &Found) {
    let spool = folder.display();
    if found.torn_bytes > 0 {
        tracing::warn!(%spool, bytes = found.torn_bytes,
            "the last write to the spool was cut short: its lines are read from their files again");
    }
    if found.damaged != Count::NONE {
        tracing::error!(%spool, bytes = found.damaged.bytes,
            "a part of the spool cannot be read: the records in it are lost");
    }
    if found.missing_segments > 0 {
        tracing::error!(%spool, segments = found.missing_segments,
            "segments of the spool are gone: the records in them are lost");
    }
    if found.waiting != Count::NONE {
        tracing::info!(%spool, entries = found.waiting.entries, records = found.waiting.records,
            bytes = found.waiting.bytes, "the spool holds what an earlier run could not deliver");
    }
}
