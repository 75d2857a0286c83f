//! From a receiver's settings to what follows its files.

use anyhow::{Context as _, Result};
use skidway_config::{FileCompression, FileLog, Glob, SortBy, SortType, StartAt};
use skidway_state::Resumer;
use skidway_tail::{Compression, Tailer};

use crate::stage::line_feed;

/// Follows a receiver's files from where an earlier run left them.
pub(crate) fn tailer(receiver: &FileLog, resumer: Resumer) -> Result<Tailer> {
    Tailer::new(options(receiver), resumer).with_context(|| format!("receiver {}", receiver.id))
}

/// Whether the order of a receiver's files can be carried out; if not, what is wrong
/// with it, beginning with the path of the option.
pub(crate) fn try_order(receiver: &FileLog) -> Result<(), String> {
    match ordering(receiver) {
        Some(ordering) => ordering.check().map_err(|error| error.to_string()),
        None => Ok(()),
    }
}

fn options(receiver: &FileLog) -> skidway_tail::Options {
    let patterns = |globs: &[Glob]| globs.iter().map(|glob| glob.as_str().to_owned()).collect();
    skidway_tail::Options {
        include: patterns(&receiver.include),
        exclude: patterns(&receiver.exclude),
        exclude_older_than: receiver.exclude_older_than,
        ordering: ordering(receiver),
        start_at: match receiver.start_at {
            StartAt::End => skidway_tail::StartAt::End,
            StartAt::Beginning => skidway_tail::StartAt::Beginning,
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
