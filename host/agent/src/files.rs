//! From a receiver's settings to what follows its files.

use anyhow::{Context as _, Result};
use skidway_config::{FileCompression, FileLog, Glob, SortBy, SortType, StartAt};
use skidway_model::{Anchor, Lineage};
use skidway_state::{Checkpoint, Left, Resumer, Text};
use skidway_tail::{Compression, FileInfo, Found, Known, Place, Resume, Tailer};

use crate::stage::line_feed;

/// Follows a receiver's files from where an earlier run left them.
pub(crate) fn tailer(receiver: &FileLog, resumer: Resumer) -> Result<Tailer> {
    let options = options(receiver, resumer.first_run());
    Tailer::new(options, Earlier(resumer)).with_context(|| format!("receiver {}", receiver.id))
}

/// What is to be saved of a file that stands at this offset.
pub(crate) fn checkpoint(info: &FileInfo<'_>, offset: u64) -> Checkpoint {
    Checkpoint {
        path: info.path.to_owned(),
        identity: info.identity,
        lineage: info.lineage,
        offset,
        anchor: info.anchor,
        read_to: offset,
        modified: info.modified,
    }
}

/// What an earlier run left, as the tailer asks for it.
struct Earlier(Resumer);

struct Asked<'f>(&'f Found<'f>);

impl Text for Asked<'_> {
    fn length(&self) -> u64 {
        self.0.length
    }

    fn head_hash(&self, length: u32) -> Option<u64> {
        self.0.head_hash(length)
    }

    fn is_anchored(&self, offset: u64, anchor: Anchor) -> bool {
        self.0.is_anchored(offset, anchor)
    }
}

impl Resume for Earlier {
    fn resume(&mut self, found: &Found<'_>) -> Option<Place> {
        let known = self.0.find(found.path, &found.identity, &Asked(found))?;
        Some(Place { offset: known.offset, lineage: known.lineage })
    }

    fn knows(&self, lineage: Lineage) -> bool {
        self.0.knows(lineage)
    }

    fn missing(&self) -> Vec<Known> {
        let known = |left: &Left| {
            let Checkpoint { path, identity, lineage, offset, anchor, read_to, .. } = left.checkpoint.clone();
            Known { path, identity, lineage, offset, anchor, read_to, gone: left.gone }
        };
        self.0.unclaimed().map(known).collect()
    }

    fn claim(&mut self, lineage: Lineage) {
        self.0.claim(lineage);
    }
}

/// Whether the order of a receiver's files can be carried out; if not, what is wrong
/// with it, beginning with the path of the option.
pub(crate) fn try_order(receiver: &FileLog) -> Result<(), String> {
    match ordering(receiver) {
        Some(ordering) => ordering.check().map_err(|error| error.to_string()),
        None => Ok(()),
    }
}

fn options(receiver: &FileLog, first_run: bool) -> skidway_tail::Options {
    let patterns = |globs: &[Glob]| globs.iter().map(|glob| glob.as_str().to_owned()).collect();
    skidway_tail::Options {
        include: patterns(&receiver.include),
        exclude: patterns(&receiver.exclude),
        exclude_older_than: receiver.exclude_older_than,
        ordering: ordering(receiver),
        // See `Resumer`: on a later run, a file that nobody knows appeared while
        // nobody looked.
        start_at: match receiver.start_at {
            StartAt::End if first_run => skidway_tail::StartAt::End,
            StartAt::End | StartAt::Beginning => skidway_tail::StartAt::Beginning,
        },
        poll_interval: receiver.poll_interval,
        flush_period: receiver.force_flush_period,
        settle: receiver.settle,
        max_open_files: receiver.max_concurrent_files,
        fingerprint_size: receiver.fingerprint_size as usize,
        max_line: receiver.max_log_size as usize,
        on_long_line: match receiver.on_long_line {
            skidway_config::LongLine::Split => skidway_tail::LongLine::Split,
            skidway_config::LongLine::Truncate => skidway_tail::LongLine::Truncate,
        },
        compression: match receiver.compression {
            FileCompression::None => Compression::None,
            FileCompression::Gzip => Compression::Gzip,
            FileCompression::Auto => Compression::Auto,
        },
        line_feed: line_feed(receiver.encoding),
        ..skidway_tail::Options::default()
    }
}

fn ordering(receiver: &FileLog) -> Option<skidway_tail::Ordering> {
    let wanted = receiver.ordering_criteria.as_ref()?;
    Some(skidway_tail::Ordering {
        regex: wanted.regex.clone(),
        group_by: wanted.group_by.clone(),
        top_n: wanted.top_n,
        sort_by: wanted.sort_by.iter().map(rule).collect(),
    })
}

fn rule(wanted: &SortBy) -> skidway_tail::SortBy {
    let sort_type = match wanted.sort_type {
        SortType::Numeric => skidway_tail::SortType::Numeric,
        SortType::Alphabetical => skidway_tail::SortType::Alphabetical,
        SortType::Timestamp => skidway_tail::SortType::Timestamp {
            layout: wanted.layout.clone(),
            location: wanted.location.clone(),
        },
        SortType::Mtime => skidway_tail::SortType::Mtime,
    };
    skidway_tail::SortBy { key: wanted.regex_key.clone(), sort_type, ascending: wanted.ascending }
}
