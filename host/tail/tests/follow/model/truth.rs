//! What must have become of every byte by now, and whether it has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use skidway_model::{FileKey, Span};
use skidway_state::Settled;
use skidway_tail::{Compression, Options, StartAt};
use tempfile::TempDir;
use tracing::subscriber::DefaultGuard;

use super::Step;
use super::world::{LOG, World};
use crate::rig::{Log, PATIENCE, Parser, options};
use crate::run::{Run, Sent};

type Node = (u64, u64);

#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// The glob leads to the log alone, not to what rotation makes of it.
    pub(crate) only_the_log: bool,
    pub(crate) parser: Parser,
    pub(crate) max_open_files: usize,
    pub(crate) notify: bool,
}

/// What has become of a text.
#[derive(Default)]
struct Fate {
    /// Byte by byte: sent in this run, answered for in any.
    sent: Vec<bool>,
    answered: Vec<bool>,
    /// The same, as far as this run can know.
    counted: Vec<bool>,
    /// Where the next chunk of this run must begin.
    next: Option<u64>,
    /// So much of it was answered for when the state was last saved: not to be sent again.
    safe: u64,
    /// So far it was read as the state has it, which was saved when the text was known.
    saved: Option<u64>,
    /// So far the run knows that there is text.
    known: u64,
    /// So far it is to be sent, or said to be lost, although no file holds it any more.
    promised: u64,
    /// What is left of it is less than what was seen: after a restart, nobody can tell that
    /// it is the same.
    cut: bool,
    /// It was never seen where a glob leads: nobody can know of it.
    unseen: bool,
}

pub(crate) struct Truth {
    setting: Setting,
    world: World,
    state: TempDir,
    run: Option<Run>,
    fates: Vec<Fate>,
    /// Which text is followed under which key.
    keys: BTreeMap<FileKey, usize>,
    flights: Vec<(Option<usize>, Sent)>,
    log: Log,
    _guard: DefaultGuard,
    story: Vec<String>,
}

// === impl Truth ===

impl Truth {
    pub(crate) fn new(setting: Setting) -> Self {
        let (log, guard) = Log::capture();
        let mut truth = Self {
            world: World::new(),
            state: tempfile::tempdir().unwrap(),
            run: None,
            fates: Vec::new(),
            keys: BTreeMap::new(),
            flights: Vec::new(),
            log,
            _guard: guard,
            story: vec![format!("{setting:?}")],
            setting,
        };
        truth.start();
        truth
    }

    /// What happened, for who has to find out why.
    pub(crate) fn story(&self) -> String {
        format!("{}\n--- the log:\n{}", self.story.join("\n"), self.log.text())
    }

    pub(crate) fn step(&mut self, step: &Step) {
        self.story.push(format!("{step:?}"));
        match *step {
            Step::Append { lines, partial, common } => {
                self.world.append(LOG, lines, partial, common);
                self.fates.resize_with(self.world.texts.len(), Fate::default);
            }
            Step::Rotate { look } => self.rotate(look),
            Step::Late => self.write_late(),
            Step::Pack { look } => self.pack(look),
            Step::CopyTruncate { look, between, common } => self.copy_and_truncate(look, between, common),
            Step::Truncate { common } => self.truncate(common),
            Step::Delete(which) => {
                let name = self.world.held.keys().nth(which % self.world.held.len().max(1)).cloned();
                if let Some(name) = name {
                    self.destroy(|world| world.remove(&name));
                }
            }
            Step::Look(chunks) => self.look(chunks),
            Step::Find => self.find(),
            Step::Settle => self.settle(),
            Step::Answer { which, reject } => self.answer(which, reject),
            Step::AnswerAll => (0..self.flights.len()).for_each(|_| self.answer(0, false)),
            Step::Save => self.save(),
            Step::Stop => {
                self.save();
                self.crash();
            }
            Step::Crash => self.crash(),
            Step::Start => self.start(),
        }
        self.check();
    }

    // === what is done to the files ===

    fn rotate(&mut self, look: bool) {
        let Some(held) = self.world.held.get(LOG).copied() else { return };
        self.destroy(World::shift);
        self.leaves(held.text, false);
        self.world.rename(LOG, &format!("{LOG}.1"));
        if look {
            self.look(1);
        }
    }

    fn copy_and_truncate(&mut self, look: bool, between: usize, common: bool) {
        let Some(held) = self.world.held.get(LOG).copied().filter(|held| held.length > 0) else { return };
        self.destroy(World::shift);
        self.leaves(held.text, true);
        self.world.copy(LOG, &format!("{LOG}.1"));
        if look {
            self.look(1);
        }
        self.world.append(LOG, between, false, false);
        if look {
            self.look(1);
        }
        self.destroy(|world| world.truncate(LOG, common));
    }

    fn truncate(&mut self, common: bool) {
        if self.world.held.get(LOG).is_some_and(|held| held.length > 0) {
            self.destroy(|world| world.truncate(LOG, common));
        }
    }

    fn pack(&mut self, look: bool) {
        let (plain, packed) = (format!("{LOG}.1"), format!("{LOG}.1.gz"));
        if self.world.held.contains_key(&plain) {
            self.destroy(|world| world.pack(&plain, &packed));
            if look {
                self.look(1);
            }
            self.destroy(|world| world.remove(&plain));
        }
    }

    /// Its writer has not reopened the file yet, and the file has not been let go.
    fn write_late(&mut self) {
        let rotated = format!("{LOG}.1");
        let Some(held) = self.world.held.get(&rotated).copied() else { return };
        let Some(file) = self.follows(held.text) else { return };
        if held.length < self.world.texts[held.text].len()
            || Some(self.node(file)) != node(&self.world, &rotated)
        {
            return;
        }
        self.world.append(&rotated, 2, false, false);
        let length = self.world.texts[held.text].len();
        let deadline = Instant::now() + PATIENCE;
        while self.fates[held.text].known < length {
            assert!(Instant::now() < deadline, "what was written late to text {} is not seen", held.text);
            self.look(usize::MAX);
        }
    }

    /// The text is not where a glob leads any more, for those who know of the log alone.
    fn leaves(&mut self, text: usize, copied: bool) {
        let fate = &self.fates[text];
        // What was copied before more was seen of it than all have in common cannot be told.
        let telling = !copied || fate.known > self.world.texts[text].common;
        let known = self.follows(text).is_some() || fate.saved.is_some();
        self.fates[text].unseen |= self.setting.only_the_log && !(known && telling);
    }

    /// Does what may take bytes away, and notes what is owed of those.
    fn destroy(&mut self, what: impl FnOnce(&mut World)) {
        let nodes = |world: &World| -> BTreeSet<Node> {
            world.held.keys().filter_map(|name| node(world, name)).collect()
        };
        let before: Vec<u64> = (0..self.fates.len()).map(|text| self.world.exists(text)).collect();
        let nodes_before = nodes(&self.world);
        what(&mut self.world);
        self.fates.resize_with(self.world.texts.len(), Fate::default);
        let nodes_after = nodes(&self.world);
        for (text, before) in before.into_iter().enumerate() {
            if self.world.exists(text) >= before {
                continue;
            }
            let exists = self.world.exists(text);
            let file = self.follows(text);
            let unlinked = file
                .map(|file| self.node(file))
                .is_some_and(|node| nodes_before.contains(&node) && !nodes_after.contains(&node));
            let fate = &mut self.fates[text];
            let owed = match file {
                // The handle keeps it.
                Some(_) if unlinked && self.setting.max_open_files > 2 => before,
                Some(_) => fate.known,
                None => fate.saved.filter(|_| self.run.is_none()).unwrap_or(0),
            };
            fate.cut |= exists < fate.known.max(fate.next.unwrap_or(0));
            fate.promised = fate.promised.max(owed);
        }
    }

    /// Under which key the text is followed now.
    fn follows(&self, text: usize) -> Option<FileKey> {
        let run = self.run.as_ref()?;
        run.tailer.files().find(|file| self.keys.get(file) == Some(&text))
    }

    fn node(&self, file: FileKey) -> Node {
        let info = self.run.as_ref().unwrap().tailer.file(file).unwrap();
        (info.identity.device, info.identity.inode)
    }

    // === what the run does ===

    fn start(&mut self) {
        if self.run.is_some() {
            return;
        }
        let include = if self.setting.only_the_log { LOG.to_owned() } else { format!("{LOG}*") };
        let millis = Duration::from_millis;
        let options = Options {
            start_at: StartAt::Beginning,
            poll_interval: millis(1),
            flush_period: Duration::ZERO,
            settle: millis(2),
            grace: millis(40),
            max_open_files: self.setting.max_open_files,
            chunk_size: 128,
            compression: if self.setting.only_the_log { Compression::None } else { Compression::Auto },
            notify: self.setting.notify,
            ..options(&self.world.folder, &[&include])
        };
        let mut run = Run::start(options, self.state.path());
        run.parser = self.setting.parser;
        self.run = Some(run);
        self.note_what_is_known();
    }

    fn look(&mut self, chunks: usize) {
        let Some(run) = &mut self.run else { return };
        run.round(Duration::from_millis(5), chunks);
        let sent = std::mem::take(&mut run.sent);
        self.note_what_is_known();
        for sent in sent {
            self.take(sent);
        }
    }

    /// Which texts are followed, and how much of them is known to be there.
    fn note_what_is_known(&mut self) {
        let Some(run) = &self.run else { return };
        for file in run.tailer.files() {
            let Some(info) = run.tailer.file(file) else { continue };
            let there = self.world.by_node((info.identity.device, info.identity.inode));
            if let Some(text) = there {
                self.keys.entry(file).or_insert(text);
            }
            let Some(&text) = self.keys.get(&file) else { continue };
            if there.is_none_or(|there| there == text) {
                let known = info.length.min(self.world.texts[text].len());
                self.fates[text].known = self.fates[text].known.max(known);
            }
        }
    }

    /// A chunk is on its way: it is what stands there in one of the texts, and comes next.
    fn take(&mut self, sent: Sent) {
        let Span { start, end } = sent.span;
        let holds = |bytes: &[u8]| bytes.get(start as usize..end as usize) == Some(&sent.text[..]);
        let text = self.world.texts.iter().position(|text| holds(&text.bytes));
        let text = text.unwrap_or_else(|| {
            panic!("{start}..{end} is in no text: {:?}", String::from_utf8_lossy(&sent.text))
        });
        let common = self.world.texts[text].common;
        if end <= common {
            // The file was emptied and begun again before anybody looked at what it held.
            let is_it = |text: &usize| holds(&self.world.texts[*text].bytes);
            if !self.keys.get(&sent.file).is_some_and(is_it) {
                self.keys.remove(&sent.file);
            }
            return self.flights.push((None, sent));
        }
        self.keys.insert(sent.file, text);
        self.story.push(format!("  sent {start}..{end} of text {text}"));
        let said = self.said();
        let lost = |byte: u64| said.iter().any(|span| (span.start..span.end).contains(&byte));
        let fate = &mut self.fates[text];
        fate.fit(self.world.texts[text].len(), common);
        match fate.next {
            Some(next) => assert!(
                fate.cut || start == next || start.max(next) <= common,
                "of text {text}, {start}..{end} was sent when {next} came next"
            ),
            None => {
                let skipped = (common..start).find(|&byte| !fate.answered[byte as usize] && !lost(byte));
                assert_eq!(
                    skipped, None,
                    "text {text} begins at {start}, and this byte was not answered for"
                );
                assert!(
                    fate.cut || start >= fate.safe || start <= common && fate.safe <= common,
                    "{start}..{end} of text {text} is sent again, and the state knew that {} was answered for",
                    fate.safe
                );
            }
        }
        fate.next = Some(end);
        fate.sent[start as usize..end as usize].fill(true);
        self.flights.push((Some(text), sent));
    }

    fn find(&mut self) {
        let Some(log) = node(&self.world, LOG).filter(|_| self.run.is_some()) else { return };
        let deadline = Instant::now() + PATIENCE;
        while !self.run.iter().flat_map(|run| run.tailer.files()).any(|file| self.node(file) == log) {
            assert!(Instant::now() < deadline, "the log is not found");
            // Where few files may be open, others have to be read to their end before.
            self.look(usize::from(self.setting.max_open_files == 2));
        }
    }

    fn settle(&mut self) {
        if self.run.is_none() {
            return;
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.look(usize::MAX);
            let missing = self.missing();
            if missing.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "never sent: {}", missing.join(", "));
        }
    }

    fn answer(&mut self, which: usize, reject: bool) {
        let Some(run) = self.run.as_ref().filter(|_| !self.flights.is_empty()) else { return };
        let (text, sent) = self.flights.remove(which % self.flights.len());
        let dead_lettered = if reject { u64::MAX } else { 0 };
        run.ledger.settle(sent.file, sent.span, Settled { dead_lettered, spooled: 0 });
        if let Some(text) = text {
            let span = sent.span.start as usize..sent.span.end as usize;
            self.fates[text].answered[span.clone()].fill(true);
            self.fates[text].counted[span].fill(true);
        }
    }

    fn save(&mut self) {
        let Some(run) = &mut self.run else { return };
        run.save();
        for (file, text) in &self.keys {
            let fate = &mut self.fates[*text];
            // What texts have in common is nobody's, and the checkpoint waits for it too.
            let waits = self.flights.iter().any(|(text, sent)| text.is_none() && sent.file == *file);
            fate.safe = if waits { 0 } else { fate.answered_prefix() };
            if fate.known > 0 || fate.saved.is_some() {
                fate.saved = Some(fate.next.max(fate.saved).unwrap_or(0));
            }
        }
    }

    /// Nobody knows more than what was saved.
    fn crash(&mut self) {
        if self.run.take().is_none() {
            return;
        }
        self.keys.clear();
        self.flights.clear();
        for (text, fate) in self.fates.iter_mut().enumerate() {
            fate.sent.fill(false);
            fate.counted.iter_mut().skip(fate.safe as usize).for_each(|counted| *counted = false);
            (fate.next, fate.known) = (None, fate.saved.unwrap_or(0));
            fate.promised = fate.promised.min(fate.saved.unwrap_or(0));
            let in_the_log = self.world.held.get(LOG).is_some_and(|held| held.text == text);
            fate.unseen |= self.setting.only_the_log && !in_the_log && fate.saved.is_none();
        }
    }

    // === what must hold ===

    fn check(&self) {
        let Some(run) = &self.run else { return };
        run.ledger.totals().balance().unwrap();
        let said = self.said();
        let mut offsets: BTreeMap<usize, u64> = BTreeMap::new();
        for (file, &text) in &self.keys {
            // Of a text in two files, the one that stands further back counts.
            if let Some(offset) = run.ledger.checkpoint(*file) {
                offsets.entry(text).and_modify(|least| *least = offset.min(*least)).or_insert(offset);
            }
        }
        for (text, offset) in offsets {
            let (fate, common) = (&self.fates[text], self.world.texts[text].common);
            let open = (common..offset).find(|&byte| {
                !fate.answered.get(byte as usize).is_some_and(|&answered| answered)
                    && !said.iter().any(|span| (span.start..span.end).contains(&byte))
            });
            assert_eq!(open, None, "the checkpoint of text {text} is at {offset}");
        }
    }

    /// Whole lines that are not on their way, nor answered for, nor said to be lost.
    fn missing(&self) -> Vec<String> {
        let said = self.said();
        let mut missing = Vec::new();
        for (number, (fate, text)) in self.fates.iter().zip(&self.world.texts).enumerate() {
            let exists = text.whole_lines(self.world.exists(number));
            let wanted = if fate.unseen { 0 } else { exists.max(text.whole_lines(fate.promised)) };
            // A line whose end is gone waits for it in what is left.
            let waits = exists..self.world.exists(number);
            let open = (text.common..wanted).filter(|byte| !waits.contains(byte)).find(|&byte| {
                let is = |bytes: &[bool]| bytes.get(byte as usize).is_some_and(|&is| is);
                let lost = (byte >= exists || fate.cut)
                    && said.iter().any(|span| (span.start..span.end).contains(&byte));
                !is(&fate.sent) && !is(&fate.answered) && !lost
            });
            missing.extend(open.map(|byte| format!("byte {byte} of text {number}, of {wanted}")));
        }
        missing
    }

    /// Ranges that the log says to be lost.
    fn said(&self) -> Vec<Span> {
        let log = self.log.text();
        let ranges = log.lines().filter(|line| line.contains("ERROR")).map(|line| {
            let (_, range) = line.split_once("range=").expect("an error has a range");
            let range = range.split_whitespace().next().unwrap();
            let (start, end) = range.split_once("..").unwrap();
            Span::new(start.parse().unwrap(), end.parse().unwrap())
        });
        ranges.collect()
    }

    pub(crate) fn end(&mut self) {
        assert!(self.flights.is_empty());
        assert_eq!(self.run.as_ref().unwrap().ledger.totals().bytes_in_flight, 0);
        for span in self.said() {
            let destroyed = (0..self.fates.len()).any(|text| {
                let (exists, all) = (self.world.exists(text), self.world.texts[text].len());
                let gone_from = if self.fates[text].cut { 0 } else { exists };
                gone_from.max(span.start) < all.min(span.end)
            });
            assert!(destroyed, "{span} was said to be lost, and every file still holds it");
        }
    }
}

// === impl Fate ===

impl Fate {
    /// Room for every byte of the text. What all texts begin with counts as done.
    fn fit(&mut self, length: u64, common: u64) {
        self.sent.resize(length as usize, false);
        self.answered.resize(length as usize, false);
        self.counted.resize(length as usize, false);
        self.answered[..common as usize].fill(true);
        self.counted[..common as usize].fill(true);
    }

    fn answered_prefix(&self) -> u64 {
        self.counted.iter().take_while(|&&answered| answered).count() as u64
    }
}

fn node(world: &World, name: &str) -> Option<Node> {
    let metadata = fs::metadata(world.path(name)).ok()?;
    Some((metadata.dev(), metadata.ino()))
}
