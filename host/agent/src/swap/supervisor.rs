//! The thread that sees to it that components are what lies on the disk.
//!
//! It hears of a change, waits until the file is quiet, compares digests, loads and tries what is new, and leaves
//! finished instances in the mailboxes of the lanes: a lane never waits for any of this. What cannot be used is said
//! once and changes nothing.

use std::any::Any;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use anyhow::Result;
use skidway_config::SwapMode;
use skidway_plugin::{Component, Digest, LoadError, ReadError, Role};

use super::debounce::Debounce;
use super::disk::{Disk, OnDisk, age};
use super::instance::Instance;

use super::seat::{Mailbox, News};
use super::slot::{Aside, Candidate, Slot, Spec, Step, short};
use super::tallies::worse;
use super::trial::Trial;
use super::watch::Watch;
use super::{Group, Shared};
use crate::bundled::bundled;
use crate::library::{Content, Source};

/// How often files are looked at where nothing is heard of them: what the system does not tell of is rare, and each
/// time wakes an agent that may have nothing else to do.
const POLL: Duration = Duration::from_secs(10);
/// What does not work and was written to so recently may be half of a file: it is looked at again before anything is
/// said.
const MAY_BE_HALF: Duration = Duration::from_secs(2);

/// What the supervisor is told.
pub(crate) enum Message {
    /// A file may have changed.
    Changed,
    /// A lane uses something that nobody used before.
    Seated,
    /// A trial is over, or a component that was switched to does badly.
    Decide,
    /// A lane has no use for this any more.
    Used(Box<dyn Any + Send>),
    /// The agent ends.
    Stop,
}

pub(super) struct Supervisor {
    shared: Arc<Shared>,
    inbox: Receiver<Message>,
    watch: Watch,
    disk: Disk,
    debounce: Debounce,
    /// Further components that are none for `auto`, and for which state of their file that was said.
    refused: HashMap<String, OnDisk>,
}

impl Supervisor {
    pub(super) fn new(shared: Arc<Shared>, inbox: Receiver<Message>, own: Sender<Message>) -> Self {
        let watch = Watch::new(own);
        let (disk, debounce, refused) = (Disk::default(), Debounce::default(), HashMap::new());
        Self { shared, inbox, watch, disk, debounce, refused }
    }

    pub(super) fn run(mut self) {
        let mut poll = Instant::now() + POLL;
        loop {
            let due = self.debounce.due().into_iter().chain(self.next_verdict()).fold(poll, Instant::min);
            match self.inbox.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(Message::Changed) => {
                    self.watch.heard();
                    self.debounce.changed(Instant::now());
                }
                Ok(Message::Seated) => self.debounce.again(Instant::now()),
                Ok(Message::Decide) => self.decide(),
                Ok(Message::Used(used)) => drop(used),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                // A verdict may be due, which would be due again and again.
                Err(RecvTimeoutError::Timeout) => self.decide(),
            }
            let now = Instant::now();
            if now >= poll {
                poll = now + POLL;
                if self.disk.has_changed() {
                    self.debounce.changed(now);
                }
                self.decide();
            }
            if self.debounce.take(now) {
                self.look();
            }
        }
    }

    fn next_verdict(&self) -> Option<Instant> {
        let until = |slot: &Arc<Slot>| slot.state().before.as_ref().map(|before| before.until);
        self.shared.slots().iter().filter_map(until).min()
    }

    /// Looks at all files that matter.
    fn look(&mut self) {
        let slots = self.shared.slots_in_use();
        let library = &self.shared.library;
        let mut paths: Vec<_> = slots.iter().filter_map(|slot| library.path(&slot.spec.source)).collect();
        let names = library.fetched_names();
        let heard: Vec<_> = paths
            .iter()
            .flat_map(|path| [path.clone(), skidway_trust::signature_path(path)])
            .chain(names.clone())
            .collect();
        // Listening comes before looking, or what changes in between would be missed.
        self.watch.follow(&heard, library.folder());
        for path in [library.folder().to_owned()].into_iter().chain(names) {
            self.disk.look(&path);
            paths.push(path);
        }
        for name in library.further() {
            paths.extend(library.path(&Source::Named(name)));
        }
        self.disk.keep(&paths);
        // What was refused may have been for its signature.
        for path in self.disk.signed_anew(&paths) {
            let is_there = |source: &Source| library.path(source).as_ref() == Some(&path);
            slots
                .iter()
                .filter(|slot| is_there(&slot.spec.source))
                .for_each(|slot| slot.state().aside = None);
            self.refused.retain(|name, _| !is_there(&Source::Named(name.clone())));
        }
        slots.iter().for_each(|slot| self.look_at(slot));
        for group in self.shared.groups() {
            self.look_for_further(&group);
        }
    }

    fn look_at(&mut self, slot: &Arc<Slot>) {
        let Some(path) = self.shared.library.path(&slot.spec.source) else { return };
        let on_disk = self.disk.look(&path);
        let own = slot.spec.source.bundled();
        let bundled = own.and_then(bundled).map(Digest::of).filter(|_| on_disk == OnDisk::Missing);
        match slot.step(&on_disk, bundled) {
            Step::Stay => {}
            Step::Settle => {
                slot.stop_trial();
                let aside = &mut slot.state().aside;
                aside.take_if(|aside| aside.what != on_disk);
            }
            Step::Try => self.try_file(slot, &path),
            Step::GoBack => self.go_back(slot, own.unwrap_or_default(), &path),
            Step::SetAside(why) => set_aside(slot, on_disk, &path, &why),
            Step::Leave => {
                tracing::info!(component = slot.name(), file = %path.display(), "parser is no longer one of `auto`'s: its file is gone");
                slot.leave();
                self.shared.forget(slot);
            }
        }
    }

    fn try_file(&mut self, slot: &Arc<Slot>, path: &Path) {
        let Spec { source, pin, limits, .. } = &slot.spec;
        let (on_disk, begun) = match Content::read(path, limits.compile.size) {
            Ok(content) => {
                let library = &self.shared.library;
                let loaded = library.prepare(source, *pin, &content, &limits.compile).and_then(|component| {
                    Instance::tried(&component, &slot.spec)?;
                    Ok(component)
                });
                let begun = loaded.and_then(|component| self.begin(slot, component, path));
                (OnDisk::File(Digest::of(&content.bytes)), begun)
            }
            Err(error @ ReadError::TooLarge { .. }) => (self.disk.look(path), Err(error.into())),
            // It is gone by now, or will be looked at again.
            Err(error) => return tracing::debug!(file = %path.display(), %error, "cannot read a component"),
        };
        if let Err(error) = begun
            && !self.may_be_half(path)
        {
            set_aside(slot, on_disk, path, &format!("{error:#}"));
        }
    }

    /// Whether a file that does not work will be looked at again, since it may be there in half.
    fn may_be_half(&mut self, path: &Path) -> bool {
        let left = age(path).and_then(|age| MAY_BE_HALF.checked_sub(age)).filter(|left| !left.is_zero());
        if let Some(left) = left {
            self.debounce.again(Instant::now() + left);
        }
        left.is_some()
    }

    /// Switches to a component that works, or puts it on trial.
    fn begin(&self, slot: &Arc<Slot>, component: Component, path: &Path) -> Result<()> {
        let new = short(component.inspection().digest);
        if slot.spec.swap.mode == SwapMode::Shadow {
            let chunks = slot.spec.swap.chunks;
            let trial = Trial::new(chunks, self.shared.inbox());
            slot.try_out(component, Arc::new(trial))?;
            tracing::info!(component = slot.name(), new, chunks, file = %path.display(), "component is on trial");
            return Ok(());
        }
        self.switch(slot, component)?;
        Ok(())
    }

    fn switch(&self, slot: &Arc<Slot>, component: Component) -> Result<()> {
        let (old, new) = (short(slot.state().running.digest()), short(component.inspection().digest));
        let rollback = slot.spec.swap.rollback;
        slot.switch(component, (!rollback.is_zero()).then(|| Instant::now() + rollback))?;
        tracing::info!(component = slot.name(), old, new, "component is exchanged");
        Ok(())
    }

    /// Whoever takes the file away wants what was there before it: that is neither tried nor taken back.
    fn go_back(&self, slot: &Arc<Slot>, name: &str, path: &Path) {
        let old = short(slot.state().running.digest());
        match self
            .shared
            .library
            .load_bundled(name, slot.spec.pin)
            .and_then(|component| slot.switch(component, None))
        {
            Ok(()) => {
                let new = short(slot.state().running.digest());
                tracing::info!(component = name, old, new, file = %path.display(), "the file is gone; the bundled component runs again");
            }
            Err(error) => {
                set_aside(slot, OnDisk::Missing, path, &format!("the bundled one cannot run: {error:#}"))
            }
        }
    }

    /// Parsers in the folder that are none of the agent's take part in `auto`.
    fn look_for_further(&mut self, group: &Group) {
        let shared = Arc::clone(&self.shared);
        for name in shared.library.further() {
            let source = Source::Named(name.clone());
            let Some(path) = shared.library.path(&source) else { continue };
            let on_disk = self.disk.look(&path);
            let spec = group.spec(source);
            let known = shared.known(&spec);
            if known.is_none() && self.refused.get(&name) == Some(&on_disk) {
                continue;
            }
            let is_seated = |lane: &Arc<Mailbox>| known.as_ref().is_some_and(|slot| slot.seats(lane));
            let mut lanes = group.mailboxes();
            lanes.retain(|lane| !is_seated(lane));
            let joined = lanes.iter().try_fold(0, |joined, lane| {
                if let (Instance::Parser(parser), seat) = shared.seat(spec.clone(), lane)? {
                    lane.post(0, News::Join(Box::new((parser, seat))));
                }
                anyhow::Ok(joined + 1)
            });
            match joined {
                Ok(0) => {}
                Ok(_) => {
                    tracing::info!(component = name, file = %path.display(), "parser takes part in `auto`")
                }
                Err(error) => {
                    if self.may_be_half(&path) {
                        continue;
                    }
                    if !is_other_role(&error) {
                        let file = path.display();
                        tracing::warn!(component = name, %file, "parser does not take part in `auto`: {error:#}");
                    }
                    self.refused.insert(name, on_disk);
                }
            }
        }
    }

    /// Ends trials that are over, and takes back what does worse than before.
    fn decide(&mut self) {
        for slot in self.shared.slots() {
            self.end_trial(&slot);
            self.take_back(&slot);
        }
    }

    fn end_trial(&self, slot: &Arc<Slot>) {
        let candidate = slot.state().candidate.clone();
        let Some(Candidate { component, trial }) = candidate.filter(|candidate| candidate.trial.is_over())
        else {
            return;
        };
        let digest = component.inspection().digest;
        let (verdict, report) = trial.verdict(slot.spec.swap.accept);
        let taken = verdict.and_then(|()| {
            tracing::info!(component = slot.name(), new = short(digest), %report, "component has stood its trial");
            self.switch(slot, component).map_err(|error| format!("{error:#}"))
        });
        if let Err(why) = taken {
            slot.stop_trial();
            tracing::warn!(component = slot.name(), new = short(digest), %report, "component is set aside after its trial; the running one goes on: {why}");
            slot.state().aside = Some(Aside { what: OnDisk::File(digest), why });
        }
    }

    fn take_back(&self, slot: &Arc<Slot>) {
        let (running, before) = {
            let state = slot.state();
            let Some(before) = state.before.clone() else { return };
            (state.running.clone(), before)
        };
        running.tallies.is_told.store(false, Ordering::Release);
        let counts = running.tallies.counts();
        let Some(why) = worse(before.counts, counts) else {
            if Instant::now() >= before.until {
                let mut state = slot.state();
                // Nothing was parsed so far: it still has to show what it does.
                let rollback = (counts.records == 0).then(|| Instant::now() + slot.spec.swap.rollback);
                state.before = state
                    .before
                    .take()
                    .zip(rollback)
                    .map(|(before, until)| super::slot::Before { until, ..before });
                running.tallies.is_watched.store(state.before.is_some(), Ordering::Relaxed);
            }
            return;
        };
        let (bad, good) = (running.digest(), short(before.component.inspection().digest));
        let name = slot.name();
        match slot.switch(before.component, None) {
            Ok(()) => {
                tracing::warn!(
                    component = name,
                    old = short(bad),
                    new = good,
                    "component is taken back, the one before runs again: {why}"
                );
                slot.state().aside =
                    Some(Aside { what: OnDisk::File(bad), why: format!("taken back: {why}") });
            }
            Err(error) => {
                tracing::warn!(
                    component = name,
                    "component does worse than the one before, which cannot run again: {error:#}"
                );
                slot.state().before = None;
            }
        }
    }
}

/// Says why what is on the disk is not used.
fn set_aside(slot: &Slot, what: OnDisk, path: &Path, why: &str) {
    slot.stop_trial();
    let mut state = slot.state();
    let (component, file) = (state.running.component.name(), path.display());
    tracing::warn!(component, %file, "a changed component is not used, and the one before goes on: {why}");
    state.aside = Some(Aside { what, why: why.to_owned() });
}

/// An enricher in the folder is there for configs that name it.
fn is_other_role(error: &anyhow::Error) -> bool {
    let is_other = |error: &LoadError| matches!(error, LoadError::Role { wanted: Role::Parser, .. });
    error.downcast_ref::<LoadError>().is_some_and(is_other)
}
