use std::io;
use std::time::Duration;

use crate::cut::Sizes;
use crate::line::LineFeed;
use crate::order::Ordering;

/// Where to begin in a file that is there when tailing starts and that nobody
/// remembers. Files that appear later are always read from their beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartAt {
    /// With its first byte.
    Beginning,
    /// With what is written from now on.
    End,
}

/// What to do with a line that is longer than `max_line`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LongLine {
    /// It becomes several lines.
    #[default]
    Split,
    /// Its beginning is kept. The rest is handed over too, so that it can be
    /// counted, and marked as [`surplus`](crate::Chunk::surplus).
    Truncate,
}

/// Which files are compressed. Offsets and lengths are those of their text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// None: bytes are text.
    #[default]
    None,
    /// All, with gzip.
    Gzip,
    /// Those that begin as gzip files do.
    Auto,
}

/// What to follow and how. The defaults are the collector's where it has such an
/// option (filelog receiver), ours otherwise.
#[derive(Debug, Clone)]
pub struct Options {
    /// Globs with `*`, `?`, `[..]`, `{a,b}` and `**`; `*` does not cross a `/`.
    /// Relative ones count from the working directory. At least one.
    pub include: Vec<String>,
    /// Globs of paths to leave out. One that ends in `/**` also keeps the walk
    /// out of that directory.
    pub exclude: Vec<String>,
    /// Files that were not written to for longer than this are not taken up; they
    /// are when they change. `None`, the default: all are.
    pub exclude_older_than: Option<Duration>,
    /// Follow only the first files of an order; all are followed without one.
    pub ordering: Option<Ordering>,
    /// See [`StartAt`]; `End` by default.
    pub start_at: StartAt,
    /// How often to look without change notification, and at files that are on
    /// their way out; with notification also, while that costs next to nothing.
    /// 200 ms by default; at least 1 ms.
    pub poll_interval: Duration,
    /// How long a file must not have grown before a last line without line feed is
    /// handed over as it is. 500 ms by default; zero: wait for the line feed.
    pub flush_period: Duration,
    /// How long a file must not have grown before whole lines that the parser held
    /// back are offered for the last time. 100 ms by default.
    pub settle: Duration,
    /// How long a file that was renamed away or deleted is kept open after the
    /// last byte arrived: writers go on until they are told to reopen. 5 s by
    /// default.
    pub grace: Duration,
    /// How many files are open at once, 2 at least; 1024 by default. More of them are
    /// opened in turn. A file that is moved out of its folder or deleted while it is
    /// closed cannot be read to its end.
    pub max_open_files: usize,
    /// How many of a file's first bytes identify it: 16 to 65,536, 1000 by default.
    pub fingerprint_size: usize,
    /// The longest line in bytes, line feed not counted. At least 16, 1 MiB by
    /// default.
    pub max_line: usize,
    /// What happens to longer lines; they are split by default.
    pub on_long_line: LongLine,
    /// Which files are compressed; none by default.
    pub compression: Compression,
    /// What ends a line; one byte by default.
    pub line_feed: LineFeed,
    /// How many bytes to read at once when nothing asks for more. At least 16,
    /// 256 KiB by default; never more than `max_line`.
    pub chunk_size: usize,
    /// Whether to let the system tell of changes; `true` by default. Without it,
    /// and where it cannot be had, files are looked at every `poll_interval`.
    pub notify: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            include: Vec::new(),
            exclude: Vec::new(),
            exclude_older_than: None,
            ordering: None,
            start_at: StartAt::End,
            poll_interval: Duration::from_millis(200),
            flush_period: Duration::from_millis(500),
            settle: Duration::from_millis(100),
            grace: Duration::from_secs(5),
            max_open_files: 1024,
            fingerprint_size: 1000,
            max_line: 1 << 20,
            on_long_line: LongLine::Split,
            compression: Compression::None,
            line_feed: LineFeed::Byte,
            chunk_size: 256 << 10,
            notify: true,
        }
    }
}

impl Options {
    /// Refuses numbers that cannot work, and brings `chunk_size` under `max_line`:
    /// then no read of ordinary size can hold a line that has to be split.
    pub(crate) fn checked(mut self) -> Result<Self, Error> {
        let range = |option, value: usize, least, most| match value {
            v if v < least || v > most => Err(Error::OutOfRange { option, value, least, most }),
            _ => Ok(()),
        };
        range("fingerprint_size", self.fingerprint_size, 16, MAX_HEAD)?;
        range("max_open_files", self.max_open_files, 2, usize::MAX)?;
        range("max_line", self.max_line, 16, MAX_LINE)?;
        range("chunk_size", self.chunk_size, 16, MAX_LINE)?;
        self.chunk_size = self.chunk_size.min(self.max_line);
        self.poll_interval = self.poll_interval.max(Duration::from_millis(1));
        Ok(self)
    }

    pub(crate) fn sizes(&self) -> Sizes {
        Sizes { max_line: self.max_line, line_feed: self.line_feed }
    }
}

/// More than this of a head is never hashed, whatever a state file asks for.
pub(crate) const MAX_HEAD: usize = 64 << 10;

/// A window is at most four lines wide ([`crate::cut`]), and offsets in a chunk
/// are 32 bits wide on their way through a component.
const MAX_LINE: usize = 256 << 20;

/// Why a tailer could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing to follow.
    #[error("include is empty: name at least one file or glob")]
    NoInclude,
    /// A glob that cannot be read.
    #[error("cannot read the glob {pattern:?}: {}", source.kind())]
    Pattern {
        /// As it was written.
        pattern: String,
        /// What globset says.
        source: globset::Error,
    },
    /// A number that cannot work.
    #[error("{option} is {value}, which is outside {least} to {most}")]
    OutOfRange {
        /// The option's name.
        option: &'static str,
        /// What was asked for.
        value: usize,
        /// The smallest possible value.
        least: usize,
        /// The largest possible value.
        most: usize,
    },
    /// An order that cannot be carried out.
    #[error("ordering_criteria.{option}: {what}")]
    Ordering {
        /// The option's name.
        option: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// A relative glob, and no working directory to count from.
    #[error("cannot resolve the relative glob {pattern:?}: write it with a leading /")]
    NoWorkingDirectory {
        /// As it was written.
        pattern: String,
        /// What the system says.
        source: io::Error,
    },
}
