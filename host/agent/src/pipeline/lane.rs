//! One way from a receiver's files to an exporter: a thread, files in, batches out.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use skidway_config::FileLog;
use skidway_model::{Anchor, Attribute, FileKey, Span};
use skidway_otlp::{Constants, UID_KEY};
use skidway_state::{Ledger, Lines};
use skidway_tail::{Cause, Facts, FileInfo, Notice, Tailer};

use super::note::Unrecognised;
use super::outbox::{NEVER, Outbox};
use super::room::Room;
use super::sender::{Sender, finish};
use super::sources::Sources;
use crate::identity::Identity;
use crate::stage::{Changes, Choice, Input, Part, Rest, Stage, Tally, Years};

/// What a lane is made of.
pub(crate) struct LaneParts {
    pub(crate) receiver: FileLog,
    pub(crate) tailer: Tailer,
    pub(crate) stage: Stage,
    pub(crate) outbox: Outbox,
    pub(crate) identity: Identity,
    pub(crate) sources: Sources,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) room: Room,
    pub(crate) sender: Sender,
    pub(crate) stop: Arc<AtomicBool>,
}

/// A lane, run by its own thread.
pub(crate) struct Lane {
    parts: LaneParts,
    files: HashMap<FileKey, Remembered>,
    buffer: Vec<u8>,
    unrecognised: Unrecognised,
}

/// What is kept of a file between two chunks.
struct Remembered {
    path: String,
    choice: Choice,
    years: Years,
    /// What its records carry besides what the parser found.
    attributes: Vec<Attribute>,
    /// The same, encoded, where the parser leaves it to the host.
    constants: Constants,
    /// Entries read so far.
    entries: u64,
}

impl Lane {
    /// The ledger knows all files that were found before the first time it is saved: those
    /// that it does not know are gone.
    pub(crate) fn new(parts: LaneParts) -> Self {
        let (files, buffer) = (HashMap::new(), Vec::new());
        let mut lane = Self { parts, files, buffer, unrecognised: Unrecognised::default() };
        lane.take_notices();
        lane
    }

    /// Reads and hands on until it is told to stop.
    pub(crate) fn run(mut self) {
        self.wait_for_identity();
        while !self.is_stopped() {
            self.turn();
        }
        let sender = &self.parts.sender;
        self.parts.outbox.close(&mut |batch| sender.send(batch));
    }

    fn is_stopped(&self) -> bool {
        self.parts.stop.load(Ordering::Acquire)
    }

    /// One step: a chunk where there is one, else a wait for one.
    fn turn(&mut self) {
        if let Some(changes) = self.parts.stage.take_mail() {
            self.follow(&changes);
        }
        let LaneParts { tailer, outbox, identity, sources, room, sender, .. } = &mut self.parts;
        if identity.has_changed() {
            sources.update(identity.now());
        }
        let now = Instant::now();
        outbox.settle(now, &mut |batch| sender.send(batch));
        let due = outbox.due().unwrap_or(now + NEVER);
        if !room.is_free(outbox.bytes()) {
            tailer.hold(due);
        } else if let Some(file) = tailer.next() {
            // The ledger hears of a file before it hears of its bytes.
            self.take_notices();
            self.pass_on(file);
        } else {
            tailer.wait(due);
        }
        self.take_notices();
    }

    /// What is kept of files follows the components that they are read with.
    fn follow(&mut self, changes: &Changes) {
        let LaneParts { receiver, tailer, stage, .. } = &self.parts;
        for (&file, remembered) in &mut self.files {
            changes.apply(&mut remembered.choice);
            if changes.file_attributes
                && let Some(info) = tailer.file(file)
            {
                remembered.describe(receiver, stage, &info, || tailer.facts(file));
            }
        }
    }

    /// Records wait for the host's identity, but not for ever: the files are the
    /// queue, so nothing is read before.
    fn wait_for_identity(&mut self) {
        let deadline = self.parts.identity.until;
        while !self.is_stopped() && !self.parts.identity.now().is_complete() && Instant::now() < deadline {
            self.parts.tailer.hold(deadline);
            self.take_notices();
        }
    }

    fn take_notices(&mut self) {
        while let Some(notice) = self.parts.tailer.take_notice() {
            let LaneParts { tailer, ledger, .. } = &self.parts;
            match notice {
                Notice::Opened { file, .. } => {
                    if let Some(checkpoint) = tailer.checkpoint(file) {
                        ledger.open(file, checkpoint);
                    }
                }
                Notice::Changed { file } => {
                    if let Some(checkpoint) = tailer.checkpoint(file) {
                        ledger.update(file, checkpoint);
                        if let (Some(remembered), Some(info)) = (self.files.get_mut(&file), tailer.file(file))
                        {
                            let facts = || tailer.facts(file);
                            remembered.describe(&self.parts.receiver, &self.parts.stage, &info, facts);
                        }
                    }
                }
                Notice::Closed { file, cause } => {
                    match cause {
                        Cause::Moved => ledger.close(file),
                        Cause::Deleted | Cause::Truncated { .. } => ledger.forget(file),
                    }
                    self.files.remove(&file);
                }
            }
        }
    }

    fn pass_on(&mut self, file: FileKey) {
        let LaneParts { receiver, tailer, stage, outbox, sources, ledger, sender, .. } = &mut self.parts;
        let Some(info) = tailer.file(file) else { return };
        let remembered = self
            .files
            .entry(file)
            .or_insert_with(|| Remembered::new(receiver, stage, &info, || tailer.facts(file)));
        let Some(chunk) = tailer.read(file, &mut self.buffer) else { return };
        // Asked after reading, which may have found that there is more of it.
        let modified = tailer.file(file).map_or(0, |info| unix_nano(info.modified));
        let part = Part { bytes: chunk.bytes, start: chunk.span.start, more: chunk.more, modified };
        let rest = |from| tailer.ahead(file, from).map(|text| Rest { resumes: text.is_plain(), text });
        if !chunk.surplus && !stage.look_ahead(&mut remembered.years, &part, rest) {
            // Other files have their turn first; the same chunk comes again.
            return;
        }

        let entry = Outbox::entry(ledger, file);
        let mut tally = Tally::default();
        if chunk.surplus {
            // Its line was counted with the line's beginning.
            tally.consumed = chunk.bytes.len();
        } else {
            for stretch in stage.stretches(&mut remembered.years, &part) {
                let bytes = &chunk.bytes[tally.consumed..stretch.end];
                let input = Input {
                    bytes,
                    path: &remembered.path,
                    reference_unix_nano: stretch.reference,
                    flush: chunk.flush || stretch.end < chunk.bytes.len(),
                    offset: chunk.span.start + tally.consumed as u64,
                    entries_before: remembered.entries + tally.entries,
                    file_attributes: &remembered.attributes,
                };
                let made = stage.process(&input, &mut remembered.choice, &mut |records| {
                    let send = &mut |batch| sender.send(batch);
                    outbox.append(&entry, records, &remembered.constants, sources, send);
                });
                let is_all = made.consumed == bytes.len();
                tally.add(made);
                if !is_all {
                    break;
                }
            }
        }
        remembered.entries += tally.entries;
        let span = Span::new(chunk.span.start, chunk.span.start + tally.consumed as u64);
        let anchor = tailer.consume(file, &chunk.bytes[..tally.consumed]);
        if !span.is_empty() {
            enter(ledger, file, span, anchor, &tally);
            finish(entry.into_parcel(span));
        }
        self.unrecognised.note(&tally, &remembered.path, stage.parser_name(remembered.choice));
        outbox.settle(Instant::now(), &mut |batch| sender.send(batch));
    }
}

impl Remembered {
    fn new<'t>(
        receiver: &FileLog,
        stage: &Stage,
        info: &FileInfo<'_>,
        facts: impl FnOnce() -> Option<Facts<'t>>,
    ) -> Self {
        let (attributes, constants) = (Vec::new(), Constants::default());
        let mut remembered = Self {
            path: String::new(),
            choice: Choice::default(),
            years: Years::default(),
            attributes,
            constants,
            entries: 0,
        };
        remembered.describe(receiver, stage, info, facts);
        remembered
    }

    /// The name on its records follows the file's.
    fn describe<'t>(
        &mut self,
        receiver: &FileLog,
        stage: &Stage,
        info: &FileInfo<'_>,
        facts: impl FnOnce() -> Option<Facts<'t>>,
    ) {
        self.path = info.path.to_string_lossy().into_owned();
        self.attributes = file_attributes(receiver, info.path, facts);
        let constants = match stage.owns_file_attributes(self.choice) {
            true => Constants::default(),
            false => {
                let fixed = receiver.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                let file = self.attributes.iter().map(|a| (a.name.as_str(), a.value.as_str()));
                Constants::new(file.chain(fixed))
            }
        };
        let wants_uid = receiver.include_record_uid && !receiver.attributes.contains_key(UID_KEY);
        self.constants = if wants_uid { constants.with_uid(info.lineage) } else { constants };
    }
}

fn unix_nano(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// What is known of a file and was asked for (semantic conventions: `log.file.*`).
/// What the system does not tell is left out.
fn file_attributes<'t>(
    receiver: &FileLog,
    path: &Path,
    facts: impl FnOnce() -> Option<Facts<'t>>,
) -> Vec<Attribute> {
    // A file that is gone has the name that it had.
    let wants_resolved = receiver.include_file_name_resolved || receiver.include_file_path_resolved;
    let resolved = wants_resolved.then(|| path.canonicalize().unwrap_or_else(|_| path.to_owned()));
    let resolved = resolved.as_deref().unwrap_or(path);
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (name, name_resolved) = (name(path), name(resolved));
    let (path, path_resolved) = (path.to_string_lossy(), resolved.to_string_lossy());
    let wants_facts = receiver.include_file_owner_name
        || receiver.include_file_owner_group_name
        || receiver.include_file_permissions;
    let facts = if wants_facts { facts() } else { None };
    let fact = |wanted: bool, key: &str, ask: fn(&Facts<'_>) -> Option<String>| {
        let value = facts.as_ref().filter(|_| wanted).and_then(ask)?;
        Some(Attribute::new(key, &value))
    };
    let attribute = |wanted: bool, key: &str, value: &str| wanted.then(|| Attribute::new(key, value));
    let all = [
        attribute(receiver.include_file_name, "log.file.name", &name),
        attribute(receiver.include_file_path, "log.file.path", &path),
        attribute(receiver.include_file_name_resolved, "log.file.name_resolved", &name_resolved),
        attribute(receiver.include_file_path_resolved, "log.file.path_resolved", &path_resolved),
        fact(receiver.include_file_owner_name, "log.file.owner.name", |facts| facts.owner()),
        fact(receiver.include_file_owner_group_name, "log.file.owner.group.name", |facts| facts.group()),
        fact(receiver.include_file_permissions, "log.file.permissions", |facts| Some(facts.permissions())),
    ];
    all.into_iter().flatten().collect()
}

/// Books a chunk. Counts that do not fit are a flaw of the agent: they are said,
/// and the span stays unacknowledged, so that its lines are read again.
fn enter(ledger: &Ledger, file: FileKey, span: Span, anchor: Anchor, tally: &Tally) {
    let made = tally.records + tally.dropped;
    let lines = match Lines::new(tally.lines, made, tally.extra, tally.skipped, tally.dropped) {
        Ok(lines) => lines,
        Err(uneven) => return tracing::error!(%span, "a chunk cannot be booked: {uneven}"),
    };
    if let Err(error) = ledger.read(file, span, anchor, lines) {
        tracing::error!(%span, "a chunk cannot be booked: {error}");
    }
}
