//! What a lane does between a start and a stop or a crash: the real tailer, the real
//! ledger and the real state file.

use std::path::Path;
use std::time::{Duration, Instant};

use skidway_model::{FileKey, Span};
use skidway_state::{Host, Ledger, Lines, Settled, StateFile};
use skidway_tail::{Cause, Notice, Options, Tailer};
use tempfile::TempDir;

use crate::rig::{PATIENCE, Parser, options};

pub(crate) struct Run {
    pub(crate) tailer: Tailer,
    pub(crate) ledger: Ledger,
    pub(crate) state: StateFile,
    pub(crate) parser: Parser,
    buffer: Vec<u8>,
    /// What waits for an answer.
    pub(crate) sent: Vec<Sent>,
}

#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) file: FileKey,
    pub(crate) span: Span,
    pub(crate) text: Vec<u8>,
}

impl Run {
    pub(crate) fn new(folder: &TempDir, state: &Path) -> Self {
        Self::with(folder, state, &["*.log", "*.1"])
    }

    pub(crate) fn with(folder: &TempDir, state: &Path, include: &[&str]) -> Self {
        let options = Options { start_at: skidway_tail::StartAt::End, ..options(folder, include) };
        Self::start(options, state)
    }

    pub(crate) fn start(options: Options, state: &Path) -> Self {
        let (state, resumer) = StateFile::open(state, &Host::default()).unwrap();
        let tailer = Tailer::new(options, resumer).unwrap();
        let (ledger, buffer, sent) = (Ledger::new(), Vec::new(), Vec::new());
        let mut run = Self { tailer, ledger, state, parser: Parser::All, buffer, sent };
        run.take_notices();
        run
    }

    fn take_notices(&mut self) {
        while let Some(notice) = self.tailer.take_notice() {
            match notice {
                Notice::Opened { file, .. } => {
                    let Some(checkpoint) = self.tailer.checkpoint(file) else { continue };
                    self.ledger.open(file, checkpoint);
                }
                Notice::Changed { file } => {
                    let Some(checkpoint) = self.tailer.checkpoint(file) else { continue };
                    self.ledger.update(file, checkpoint);
                }
                Notice::Closed { file, cause: Cause::Moved } => self.ledger.close(file),
                Notice::Closed { file, .. } => self.ledger.forget(file),
            }
        }
    }

    /// One round of the lane's loop: everything that is there, or so many chunks.
    pub(crate) fn round(&mut self, wait: Duration, most: usize) {
        self.tailer.wait(Instant::now() + wait);
        self.take_notices();
        for _ in 0..most {
            let file = self.tailer.next();
            self.take_notices();
            let Some(file) = file else { break };
            self.read(file);
            self.take_notices();
        }
    }

    fn read(&mut self, file: FileKey) {
        let Some(chunk) = self.tailer.read(file, &mut self.buffer) else { return };
        let taken = &chunk.bytes[..self.parser.takes(chunk.bytes, chunk.flush)];
        let anchor = self.tailer.consume(file, taken);
        if taken.is_empty() {
            return;
        }
        let span = Span::new(chunk.span.start, chunk.span.start + taken.len() as u64);
        let lines = taken.split_inclusive(|&byte| byte == b'\n').count() as u64;
        let lines = Lines::new(lines, lines, 0, 0, 0).unwrap();
        self.ledger.read(file, span, anchor, lines).unwrap();
        self.sent.push(Sent { file, span, text: taken.to_vec() });
    }

    /// Reads until exactly these texts are sent, in any order of files.
    pub(crate) fn expect(&mut self, texts: &[&str]) {
        let deadline = Instant::now() + PATIENCE;
        let mut wanted = texts.to_vec();
        wanted.sort_unstable();
        loop {
            let mut sent: Vec<_> = self.sent.iter().map(|sent| String::from_utf8_lossy(&sent.text)).collect();
            sent.sort_unstable();
            if sent == wanted {
                break;
            }
            assert!(Instant::now() < deadline, "{sent:?} instead of {wanted:?}");
            self.round(Duration::from_millis(10), usize::MAX);
        }
    }

    /// The backend answers for everything that was sent; the state is saved.
    pub(crate) fn acknowledge(&mut self) {
        for sent in self.sent.drain(..) {
            self.ledger.settle(sent.file, sent.span, Settled::default());
        }
        self.save();
        self.ledger.totals().balance().unwrap();
    }

    pub(crate) fn save(&mut self) {
        self.state.save(&self.ledger.snapshot()).unwrap();
    }
}
