//! Drives a tailer the way a lane does, and keeps what it hands over.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use skidway_model::Anchor;
use skidway_state::{Checkpoint, Left, Resumer};
use skidway_tail::{FileKey, Notice, Options, StartAt, Tailer};
use tempfile::TempDir;
use tracing_subscriber::fmt::MakeWriter;

/// Long enough for a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How much of a chunk the parser takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Parser {
    /// All of it.
    All,
    /// All but the last line, which could go on; all of it with `flush`.
    HoldsLast,
    /// Nothing; all of it with `flush`.
    HoldsAll,
}

impl Parser {
    pub(crate) fn takes(self, chunk: &[u8], flush: bool) -> usize {
        match self {
            _ if flush => chunk.len(),
            Self::All => chunk.len(),
            Self::HoldsLast => {
                let body = &chunk[..chunk.len() - 1];
                body.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1)
            }
            Self::HoldsAll => 0,
        }
    }
}

pub(crate) struct Taken {
    pub(crate) file: FileKey,
    pub(crate) text: Vec<u8>,
    pub(crate) flush: bool,
    pub(crate) surplus: bool,
}

pub(crate) struct Rig {
    pub(crate) folder: TempDir,
    pub(crate) tailer: Tailer,
    pub(crate) parser: Parser,
    /// A line feed is two bytes.
    pub(crate) two_bytes: bool,
    pub(crate) taken: Vec<Taken>,
    pub(crate) notices: Vec<Notice>,
    /// The largest buffer that was needed.
    pub(crate) widest: usize,
    pub(crate) buffer: Vec<u8>,
}

pub(crate) fn options(folder: &TempDir, include: &[&str]) -> Options {
    Options {
        include: include.iter().map(|glob| format!("{}/{glob}", folder.path().display())).collect(),
        start_at: StartAt::Beginning,
        poll_interval: Duration::from_millis(10),
        flush_period: Duration::from_millis(40),
        settle: Duration::from_millis(20),
        grace: Duration::from_millis(100),
        ..Options::default()
    }
}

pub(crate) fn append(path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_ref()).unwrap();
}

/// What a run has left that stood at these offsets of the files that a tailer follows.
pub(crate) fn left(tailer: &Tailer, offset: impl Fn(&Path) -> u64) -> Resumer {
    let checkpoints = tailer.files().filter_map(|file| tailer.checkpoint(file));
    let left = checkpoints.map(|known| {
        let offset = offset(&known.path);
        let anchor = Anchor::default();
        Left { checkpoint: Checkpoint { offset, anchor, read_to: offset, ..known }, gone: false }
    });
    Resumer::new(Some(left.collect()))
}

impl Rig {
    pub(crate) fn new(include: &[&str]) -> Self {
        Self::with(tempfile::tempdir().unwrap(), include, |_| {})
    }

    pub(crate) fn with(folder: TempDir, include: &[&str], change: impl FnOnce(&mut Options)) -> Self {
        let mut options = options(&folder, include);
        change(&mut options);
        let tailer = Tailer::new(options, Resumer::new(None)).unwrap();
        Self::around(folder, tailer)
    }

    pub(crate) fn around(folder: TempDir, tailer: Tailer) -> Self {
        Self {
            folder,
            tailer,
            parser: Parser::All,
            two_bytes: false,
            taken: Vec::new(),
            notices: Vec::new(),
            widest: 0,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        append(self.path(name), text);
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn take_notices(&mut self) {
        self.notices.extend(std::iter::from_fn(|| self.tailer.take_notice()));
    }

    /// One round of the lane's loop.
    pub(crate) fn round(&mut self) {
        self.tailer.wait(Instant::now() + Duration::from_millis(10));
        self.take_notices();
        while let Some(file) = self.tailer.next() {
            self.take_notices();
            self.read(file);
        }
        self.take_notices();
    }

    pub(crate) fn read(&mut self, file: FileKey) {
        let Some(chunk) = self.tailer.read(file, &mut self.buffer) else { return };
        assert!(!chunk.bytes.is_empty() && chunk.bytes.len() as u64 == chunk.span.len());
        let end = if self.two_bytes { chunk.bytes.len() - 2 } else { chunk.bytes.len() - 1 };
        assert!(chunk.flush || chunk.bytes[end..].contains(&b'\n'));
        assert_eq!(chunk.file, file);
        let bytes = &chunk.bytes[..self.parser.takes(chunk.bytes, chunk.flush)];
        if !bytes.is_empty() {
            self.taken.push(Taken { file, text: bytes.to_vec(), flush: chunk.flush, surplus: chunk.surplus });
        }
        self.tailer.consume(file, bytes);
        self.widest = self.widest.max(self.buffer.len());
    }

    pub(crate) fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(Instant::now() < deadline, "never happened: {what}; taken so far: {:?}", self.texts());
            self.round();
        }
    }

    /// Waits until exactly these texts were taken, each from one file.
    pub(crate) fn expect(&mut self, texts: &[&str]) {
        let mut wanted: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        wanted.sort();
        self.until(&format!("{wanted:?}"), |rig| rig.texts() == wanted);
    }

    /// What was taken, file by file, sorted by content.
    pub(crate) fn texts(&self) -> Vec<String> {
        let mut files: BTreeMap<FileKey, Vec<u8>> = BTreeMap::new();
        for taken in &self.taken {
            files.entry(taken.file).or_default().extend(&taken.text);
        }
        let mut texts: Vec<String> =
            files.into_values().map(|text| String::from_utf8_lossy(&text).into()).collect();
        texts.sort();
        texts
    }

    /// Goes on for a while in which nothing must happen.
    pub(crate) fn rounds(&mut self, period: Duration) {
        let end = Instant::now() + period;
        while Instant::now() < end {
            self.round();
        }
    }
}

/// What this thread logs.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn capture() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(log.clone())
            .with_ansi(false)
            .with_max_level(tracing::Level::INFO)
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// How many lines hold all of these words.
    pub(crate) fn count(&self, words: &[&str]) -> usize {
        self.text().lines().filter(|line| words.iter().all(|word| line.contains(word))).count()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}
