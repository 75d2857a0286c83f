//! A slot: one use of a component, shared by all lanes that use it in the same way. It knows what runs in it, what is
//! on trial, and what was set aside and why; [`step`] tells what a look at the disk means to it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Instant, SystemTime};

use anyhow::Result;
use skidway_config::Swap;
use skidway_plugin::{Component, Digest, Limits, Role};

use super::disk::OnDisk;
use super::instance::Instance;

use super::seat::{Mailbox, News, Seat};
use super::supervisor::Message;
use super::tallies::{Counts, Tallies};
use super::trial::Trial;
use crate::library::{Library, Loaded, Pin, Source};

/// What a slot is for. Uses that are equal in all of this share a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spec {
    pub(crate) role: Role,
    pub(crate) source: Source,
    pub(crate) pin: Pin,
    /// JSON.
    pub(crate) config: String,
    pub(crate) limits: Limits,
    pub(crate) swap: Swap,
    /// One of those that `auto` chooses among.
    pub(crate) auto: bool,
}

/// One use of a component.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) spec: Spec,
    pub(super) totals: Arc<Tallies>,
    pub(super) swaps: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) running: Running,
    /// The one before, while it may come back.
    pub(super) before: Option<Before>,
    pub(super) candidate: Option<Candidate>,
    pub(super) aside: Option<Aside>,
    chairs: Vec<Chair>,
}

/// What runs.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) component: Component,
    pub(super) since: SystemTime,
    pub(super) tallies: Arc<Tallies>,
}

/// What ran, and how it did.
#[derive(Debug, Clone)]
pub(super) struct Before {
    pub(super) component: Component,
    pub(super) counts: Counts,
    /// So long it may come back.
    pub(super) until: Instant,
}

/// What is on trial.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) component: Component,
    pub(super) trial: Arc<Trial>,
}

/// What is on the disk and not followed: said once, and not looked at again until something else is there.
#[derive(Debug, Clone)]
pub(super) struct Aside {
    pub(super) what: OnDisk,
    pub(super) why: String,
}

/// A lane's seat, seen from here.
#[derive(Debug)]
struct Chair {
    mailbox: Weak<Mailbox>,
    id: u64,
    is_resting: Arc<AtomicBool>,
}

impl Slot {
    /// Loads what is there. The first instance tells whether it fits.
    pub(super) fn open(library: &Library, spec: Spec) -> Result<Self> {
        let Loaded { made: component, refused } =
            library.load(&spec.source, spec.pin, &spec.limits.compile, |component| {
                let made = if spec.auto {
                    Instance::tried(component, &spec)?
                } else {
                    Instance::new(component, &spec)?
                };
                drop(made);
                Ok(component.clone())
            })?;
        // It was said when it was refused.
        let aside =
            refused.and_then(|refused| Some(Aside { what: OnDisk::File(refused.digest?), why: refused.why }));
        let state = State {
            running: Running::new(component),
            before: None,
            candidate: None,
            aside,
            chairs: Vec::new(),
        };
        Ok(Self { spec, totals: Arc::default(), swaps: AtomicU64::new(0), state: Mutex::new(state) })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it is called in logs.
    pub(super) fn name(&self) -> String {
        self.state().running.component.name().to_owned()
    }

    /// A seat in a lane, and an instance of what runs.
    pub(super) fn sit(&self, mailbox: &Arc<Mailbox>, inbox: Sender<Message>) -> Result<(Instance, Seat)> {
        let mut state = self.state();
        let mut instance = Instance::new(&state.running.component, &self.spec)?;
        self.settle_in(&mut instance);
        let seat = Seat::new(Arc::clone(&self.totals), Arc::clone(&state.running.tallies), inbox);
        let is_resting = seat.is_resting();
        if let Some(Candidate { component, trial }) = &state.candidate {
            let candidate = Instance::new(component, &self.spec)?;
            mailbox.post(seat.id(), News::Try(candidate, Arc::clone(trial)));
        }
        state.chairs.push(Chair { mailbox: Arc::downgrade(mailbox), id: seat.id(), is_resting });
        Ok((instance, seat))
    }

    /// Whether the lane has a seat here.
    pub(super) fn seats(&self, mailbox: &Arc<Mailbox>) -> bool {
        let mailbox = Arc::downgrade(mailbox);
        self.state().chairs.iter().any(|chair| chair.mailbox.ptr_eq(&mailbox))
    }

    /// Whether any lane uses it. Those that have ended are forgotten.
    pub(super) fn is_used(&self) -> bool {
        let mut state = self.state();
        state.chairs.retain(|chair| chair.mailbox.strong_count() > 0);
        !state.chairs.is_empty()
    }

    /// Has all lanes use `component` from their next chunk on. Where an instance cannot be made, nothing changes.
    pub(super) fn switch(&self, component: Component, watched_until: Option<Instant>) -> Result<()> {
        let mut state = self.state();
        let running = Running::new(component);
        let letters = self.letters(&state, &running.component)?;
        running.tallies.is_watched.store(watched_until.is_some(), Ordering::Relaxed);
        for (mailbox, seat, instance) in letters {
            mailbox.post(seat, News::Replace(instance, Arc::clone(&running.tallies)));
        }
        let old = std::mem::replace(&mut state.running, running);
        // One that was itself still to show what it does is nothing to go back to.
        let proven = state.before.take();
        state.before = watched_until.map(|until| match proven {
            Some(proven) => Before { until, ..proven },
            None => Before { component: old.component, counts: old.tallies.counts(), until },
        });
        (state.candidate, state.aside) = (None, None);
        self.swaps.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Has all lanes run `component` beside the one in use.
    pub(super) fn try_out(&self, component: Component, trial: Arc<Trial>) -> Result<()> {
        let mut state = self.state();
        for (mailbox, seat, instance) in self.letters(&state, &component)? {
            mailbox.post(seat, News::Try(instance, Arc::clone(&trial)));
        }
        state.candidate = Some(Candidate { component, trial });
        state.aside = None;
        Ok(())
    }

    /// Ends a trial, if there is one.
    pub(super) fn stop_trial(&self) {
        let mut state = self.state();
        if state.candidate.take().is_some() {
            for chair in &state.chairs {
                chair
                    .mailbox
                    .upgrade()
                    .into_iter()
                    .for_each(|mailbox| mailbox.post(chair.id, News::StopTrial));
            }
        }
    }

    /// Takes the parser out of all lanes.
    pub(super) fn leave(&self) {
        for chair in &self.state().chairs {
            chair.mailbox.upgrade().into_iter().for_each(|mailbox| mailbox.post(chair.id, News::Leave));
        }
    }

    fn letters(&self, state: &State, component: &Component) -> Result<Vec<(Arc<Mailbox>, u64, Instance)>> {
        let chairs = state.chairs.iter().filter_map(|chair| Some((chair.mailbox.upgrade()?, chair.id)));
        chairs
            .map(|(mailbox, id)| {
                let mut instance = Instance::new(component, &self.spec)?;
                self.settle_in(&mut instance);
                Ok((mailbox, id, instance))
            })
            .collect()
    }

    /// Files need few of the parsers of `auto`: an instance is made when one does.
    fn settle_in(&self, instance: &mut Instance) {
        if let (true, Instance::Parser(parser)) = (self.spec.auto, instance) {
            parser.let_go();
        }
    }

    /// What a look at the disk means.
    pub(super) fn step(&self, on_disk: &OnDisk, bundled: Option<Digest>) -> Step {
        let state = self.state();
        let view = View {
            running: state.running.digest(),
            candidate: state.candidate.as_ref().map(|candidate| candidate.component.inspection().digest),
            aside: state.aside.as_ref().map(|aside| &aside.what),
            bundled,
            auto: self.spec.auto,
        };
        step(on_disk, &view)
    }
}

impl State {
    /// What runs and how it stands, for people.
    pub(super) fn says(&self) -> String {
        if let Some(Candidate { component, trial }) = &self.candidate {
            let (done, wanted) = trial.progress();
            return format!("trial of {} {done} of {wanted}", short(component.inspection().digest));
        }
        if let Some(Aside { why, .. }) = &self.aside {
            return format!("set aside: {why}");
        }
        match self.chairs.iter().any(|chair| chair.is_resting.load(Ordering::Relaxed)) {
            true => "resting".to_owned(),
            false => "running".to_owned(),
        }
    }
}

impl Running {
    fn new(component: Component) -> Self {
        Self { component, since: SystemTime::now(), tallies: Arc::default() }
    }

    pub(super) fn digest(&self) -> Digest {
        self.component.inspection().digest
    }
}

/// A digest as people compare it.
pub(super) fn short(digest: Digest) -> String {
    digest.to_string().chars().take(12).collect()
}

/// What a slot is, as far as [`step`] has to know.
struct View<'s> {
    running: Digest,
    candidate: Option<Digest>,
    aside: Option<&'s OnDisk>,
    /// The part of the agent that takes the place of a file which is gone.
    bundled: Option<Digest>,
    auto: bool,
}

/// What is to be done after a look at the disk.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    Stay,
    /// What is there runs already, or was set aside: nothing else is to be tried.
    Settle,
    /// To try what is there.
    Try,
    /// To go back to the part of the agent.
    GoBack,
    /// To go on, and to say why.
    SetAside(String),
    /// To take the parser out of `auto`.
    Leave,
}

fn step(on_disk: &OnDisk, view: &View<'_>) -> Step {
    if view.aside == Some(on_disk) {
        return if view.candidate.is_some() { Step::Settle } else { Step::Stay };
    }
    match on_disk {
        OnDisk::File(digest) if view.candidate == Some(*digest) => Step::Stay,
        OnDisk::File(digest) if view.running == *digest => Step::Settle,
        OnDisk::File(_) => Step::Try,
        OnDisk::Unusable(why) => Step::SetAside(format!("it cannot be read: {why}")),
        OnDisk::Missing => match view.bundled {
            Some(bundled) if view.running == bundled => Step::Settle,
            Some(_) => Step::GoBack,
            None if view.auto => Step::Leave,
            None => Step::SetAside("the file is gone".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNNING: Digest = Digest([1; 32]);
    const OTHER: Digest = Digest([2; 32]);
    const BUNDLED: Digest = Digest([3; 32]);

    fn view() -> View<'static> {
        View { running: RUNNING, candidate: None, aside: None, bundled: None, auto: false }
    }

    #[test]
    fn another_content_is_tried_once() {
        let other = OnDisk::File(OTHER);
        assert_eq!(step(&OnDisk::File(RUNNING), &view()), Step::Settle);
        assert_eq!(step(&other, &view()), Step::Try);
        assert_eq!(step(&other, &View { candidate: Some(OTHER), ..view() }), Step::Stay);
        assert_eq!(step(&other, &View { aside: Some(&other), ..view() }), Step::Stay);
        let gone = OnDisk::Missing;
        assert_eq!(step(&other, &View { aside: Some(&gone), ..view() }), Step::Try);
        let aside_again = View { aside: Some(&other), candidate: Some(BUNDLED), ..view() };
        assert_eq!(step(&other, &aside_again), Step::Settle, "what is on trial is no longer there");
    }

    #[test]
    fn without_its_file_a_slot_goes_back_or_on() {
        let missing = |view| step(&OnDisk::Missing, &view);
        assert_eq!(missing(View { bundled: Some(BUNDLED), ..view() }), Step::GoBack);
        assert_eq!(missing(View { bundled: Some(RUNNING), ..view() }), Step::Settle);
        assert_eq!(missing(View { bundled: Some(BUNDLED), auto: true, ..view() }), Step::GoBack);
        assert_eq!(missing(View { auto: true, ..view() }), Step::Leave);
        assert!(matches!(missing(view()), Step::SetAside(_)));
        let (gone, known) = (OnDisk::Missing, OnDisk::Missing);
        assert_eq!(step(&gone, &View { aside: Some(&known), ..view() }), Step::Stay, "it was said");
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        let unusable = OnDisk::Unusable("permission denied".to_owned());
        assert!(matches!(step(&unusable, &view()), Step::SetAside(_)));
        assert_eq!(step(&unusable, &View { aside: Some(&unusable), ..view() }), Step::Stay);
    }
}
