//! A lane with the real ledger and the real state file, stopped and started again.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use skidway_model::{FileKey, Span};
use skidway_state::{Ledger, Lines, StateFile};
use skidway_tail::{Cause, Found, Notice, StartAt, Tailer};
use tempfile::TempDir;

use crate::rig::{append, options};

/// One run of a lane: everything between a start and a stop or a crash.
struct Run {
    tailer: Tailer,
    ledger: Ledger,
    state: StateFile,
    buffer: Vec<u8>,
    sent: Vec<(FileKey, Span, String)>,
}

impl Run {
    fn new(folder: &TempDir, state: &Path) -> Self {
        let (state, resumer) = StateFile::open(state).unwrap();
        let mut options = options(folder, &["*.log", "*.1"]);
        options.start_at = if resumer.first_run() { StartAt::End } else { StartAt::Beginning };
        let resumer = Arc::new(Mutex::new(resumer));
        let resume = move |found: &Found<'_>| {
            let head_hash = |length| found.head_hash(length);
            resumer.lock().unwrap().find(found.path, &found.identity, found.length, head_hash)
        };
        let tailer = Tailer::new(options, resume).unwrap();
        Self { tailer, ledger: Ledger::new(), state, buffer: Vec::new(), sent: Vec::new() }
    }

    fn take_notices(&mut self) {
        while let Some(notice) = self.tailer.take_notice() {
            match notice {
                Notice::Opened { file, offset } => {
                    let Some(info) = self.tailer.file(file) else { continue };
                    self.ledger.open(file, info.path, info.identity, info.modified, offset);
                }
                Notice::Changed { file } => {
                    let Some(info) = self.tailer.file(file) else { continue };
                    self.ledger.update(file, info.path, info.identity, info.modified);
                }
                Notice::Closed { file, cause: Cause::Moved } => self.ledger.close(file),
                Notice::Closed { file, .. } => self.ledger.forget(file),
            }
        }
    }

    fn round(&mut self) {
        self.tailer.wait(Instant::now() + Duration::from_millis(10));
        loop {
            let file = self.tailer.next();
            self.take_notices();
            let Some(file) = file else { break };
            let Some(chunk) = self.tailer.read(file, &mut self.buffer) else { continue };
            let lines = chunk.bytes.split_inclusive(|&byte| byte == b'\n').count() as u64;
            let lines = Lines::new(lines, lines, 0, 0, 0).unwrap();
            self.ledger.read(file, chunk.span, lines).unwrap();
            self.sent.push((file, chunk.span, String::from_utf8_lossy(chunk.bytes).into_owned()));
            let length = chunk.span.len();
            self.tailer.consume(file, length);
        }
    }

    /// Reads until exactly these texts are sent, in any order of files.
    fn expect(&mut self, texts: &[&str]) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut wanted = texts.to_vec();
        wanted.sort_unstable();
        loop {
            let mut sent: Vec<&str> = self.sent.iter().map(|(.., text)| text.as_str()).collect();
            sent.sort_unstable();
            if sent == wanted {
                break;
            }
            assert!(Instant::now() < deadline, "{sent:?} instead of {wanted:?}");
            self.round();
        }
    }

    /// The backend answers for everything that was sent; the state is saved.
    fn acknowledge(&mut self) {
        let spans: Vec<_> = self.sent.drain(..).map(|(file, span, _)| (file, span)).collect();
        self.ledger.acknowledge(&spans, 0);
        self.state.save(&self.ledger.snapshot()).unwrap();
        self.ledger.totals().balance().unwrap();
    }
}

const LONG_LINE: &str = "a line that is long enough to tell one file from another\n";

#[test]
fn what_was_not_acknowledged_is_read_again() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = folder.path().join("a.log");
    append(&log, "before the first run\n");
    let mut run = Run::new(&folder, state.path());
    append(&log, "one\n");
    run.expect(&["one\n"]);
    run.acknowledge();
    append(&log, "two\n");
    run.expect(&["two\n"]);
    run.state.save(&run.ledger.snapshot()).unwrap();
    drop(run);
    append(&log, "three\n");
    append(folder.path().join("new.log"), "appeared meanwhile\n");
    let mut run = Run::new(&folder, state.path());
    run.expect(&["two\nthree\n", "appeared meanwhile\n"]);
}

/// Rows 1 and 2 of what users of other agents suffer from: an inode that is used
/// again, and a rotation while nobody looks.
#[test]
fn a_rotation_during_a_restart_loses_and_doubles_nothing() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = folder.path().join("a.log");
    let mut run = Run::new(&folder, state.path());
    append(&log, LONG_LINE);
    run.expect(&[LONG_LINE]);
    run.acknowledge();
    drop(run);
    append(&log, "the end of the old file\n");
    fs::rename(&log, folder.path().join("a.1")).unwrap();
    append(&log, "the new file\n");
    let mut run = Run::new(&folder, state.path());
    run.expect(&["the end of the old file\n", "the new file\n"]);
    run.acknowledge();
    drop(run);
    // Deleted and made again, perhaps with the same inode, longer than what was read.
    fs::remove_file(&log).unwrap();
    let text = "something else, and more of it than before\n".repeat(3);
    append(&log, &text);
    let mut run = Run::new(&folder, state.path());
    run.expect(&[&text]);
}

#[test]
fn a_truncation_moves_the_checkpoint_back_and_late_answers_do_not_move_it() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = folder.path().join("a.log");
    let mut run = Run::new(&folder, state.path());
    append(&log, LONG_LINE);
    run.expect(&[LONG_LINE]);
    let old = run.sent[0].0;
    fs::write(&log, "new\n").unwrap();
    run.expect(&[LONG_LINE, "new\n"]);
    let new = run.sent[1].0;
    assert_ne!(old, new);
    // Only the answer for the old content has come.
    run.ledger.acknowledge(&[(old, Span::new(0, LONG_LINE.len() as u64))], 0);
    assert_eq!(run.ledger.checkpoint(new), Some(0));
    run.state.save(&run.ledger.snapshot()).unwrap();
    drop(run);
    let mut run = Run::new(&folder, state.path());
    run.expect(&["new\n"]);
}
