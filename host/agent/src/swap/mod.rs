//! Components that are exchanged while lines flow.
//!
//! A [`Slot`](slot::Slot) is one use of a component. The supervisor's thread watches the files of all slots and the
//! components folder, loads and tries what is new, and leaves finished instances in the mailboxes of the lanes. A lane
//! looks into its mailbox between two chunks. So no chunk is parsed by two components, and none waits for one.
//!
//! Invariants:
//! - What a slot runs changes in one place, [`Slot::switch`](slot::Slot::switch), for all its lanes or for none.
//! - A component runs only where an instance of it has parsed, or enriched, a sample.
//! - What was set aside is not tried again until the file changes. A start knows nothing of that.
//! - The supervisor holds no lane: mailboxes are weak, and a lane that ends has nothing to say to anybody.

mod debounce;
mod disk;
mod instance;
mod seat;
mod slot;
mod supervisor;
mod tallies;
mod trial;
mod watch;

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use anyhow::{Context as _, Result};
use skidway_config::Swap;
use skidway_plugin::{ContainedEnricher, ContainedParser, Limits, Role};

use crate::bundled::{formats, general_formats};
use crate::library::{Library, Source};
pub(crate) use instance::Instance;
pub(crate) use seat::{Mailbox, News, Seat};
pub(crate) use slot::Spec;
use slot::{Slot, short};
use supervisor::{Message, Supervisor};
pub(crate) use tallies::Counts;

/// All components in use.
pub(crate) struct Components {
    shared: Arc<Shared>,
}

struct Shared {
    library: Library,
    state: Mutex<State>,
    inbox: Mutex<Sender<Message>>,
}

#[derive(Default)]
struct State {
    slots: Vec<Arc<Slot>>,
    groups: Vec<Group>,
}

/// Lanes that use `auto` in the same way.
#[derive(Clone)]
struct Group {
    limits: Limits,
    swap: Swap,
    lanes: Vec<Weak<Mailbox>>,
}

/// What is known of a slot, for people and their dashboards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) component: String,
    pub(crate) role: Role,
    pub(crate) digest: String,
    pub(crate) counts: Counts,
    pub(crate) swaps: u64,
}

impl Numbers {
    /// Another use of a component of the same name.
    pub(crate) fn add(&mut self, other: &Self) {
        self.swaps += other.swaps;
        self.counts += other.counts;
    }
}

/// Seats a lane's components.
pub(crate) struct Seating<'c> {
    shared: &'c Shared,
    pub(crate) mailbox: Arc<Mailbox>,
}

impl Components {
    /// Starts the supervisor.
    pub(crate) fn start(library: Library) -> Result<Self> {
        let (inbox, messages) = channel();
        let shared = Arc::new(Shared { library, state: Mutex::default(), inbox: Mutex::new(inbox.clone()) });
        let supervisor = Supervisor::new(Arc::clone(&shared), messages, inbox);
        std::thread::Builder::new()
            .name("components".to_owned())
            .spawn(move || supervisor.run())
            .context("cannot start a thread")?;
        Ok(Self { shared })
    }

    /// Where components come from.
    pub(crate) fn library(&self) -> &Library {
        &self.shared.library
    }

    /// Begins to seat the components of a lane.
    pub(crate) fn seating(&self) -> Seating<'_> {
        let mailbox = Arc::new(Mailbox::new(self.shared.inbox()));
        Seating { shared: &self.shared, mailbox }
    }

    /// Says how each component stands: on SIGUSR1, beside the books.
    pub(crate) fn say(&self) {
        for slot in self.shared.slots_in_use() {
            let state = slot.state();
            let (component, digest) = (state.running.component.name(), short(state.running.digest()));
            let since =
                state.running.since.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
            let counts = slot.totals.counts();
            tracing::info!(
                component,
                digest,
                since_unix = since,
                state = state.says(),
                records = counts.records,
                failed = counts.failed,
                unrecognised = counts.unrecognised,
                "component"
            );
        }
    }

    /// The numbers of all components in use.
    pub(crate) fn numbers(&self) -> Vec<Numbers> {
        let numbers = |slot: &Arc<Slot>| Numbers {
            component: slot.name(),
            role: slot.spec.role,
            digest: slot.state().running.digest().to_string(),
            counts: slot.totals.counts(),
            swaps: slot.swaps.load(Ordering::Relaxed),
        };
        self.shared.slots_in_use().iter().map(numbers).collect()
    }
}

impl Drop for Components {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.shared.inbox().send(Message::Stop);
    }
}

impl Seating<'_> {
    /// A parser, or an enricher.
    fn seat(&self, spec: Spec) -> Result<(Instance, Seat)> {
        let seated = self.shared.seat(spec, &self.mailbox)?;
        let _ = self.shared.inbox().send(Message::Seated);
        Ok(seated)
    }

    /// A parser.
    pub(crate) fn parser(&self, spec: Spec) -> Result<(ContainedParser, Seat)> {
        match self.seat(spec)? {
            (Instance::Parser(parser), seat) => Ok((ContainedParser::new(parser), seat)),
            (Instance::Enricher(_), _) => unreachable!("a slot makes what its role says"),
        }
    }

    /// An enricher.
    pub(crate) fn enricher(&self, spec: Spec) -> Result<(ContainedEnricher, Seat)> {
        match self.seat(spec)? {
            (Instance::Enricher(enricher), seat) => Ok((ContainedEnricher::new(enricher), seat)),
            (Instance::Parser(_), _) => unreachable!("a slot makes what its role says"),
        }
    }

    /// The parsers that `auto` chooses among: what somebody adds comes behind the bundled ones for special formats and
    /// before those for general ones. None has an instance: a file needs few of them. What cannot be used of the
    /// further ones is left to the supervisor to say.
    pub(crate) fn auto(&self, limits: &Limits, swap: &Swap) -> Result<Vec<(ContainedParser, Seat)>> {
        let group = Group { limits: limits.clone(), swap: swap.clone(), lanes: Vec::new() };
        let named = |name: &str| group.spec(Source::Named(name.to_owned()));
        let mut parsers = formats().map(|name| self.parser(named(name))).collect::<Result<Vec<_>>>()?;
        let further = self.shared.library.further();
        parsers.extend(further.iter().filter_map(|name| self.parser(named(name)).ok()));
        for name in general_formats() {
            parsers.push(self.parser(named(name))?);
        }
        parsers.iter_mut().for_each(|(parser, _)| parser.let_go());
        self.shared.state().join(group, &self.mailbox);
        let _ = self.shared.inbox().send(Message::Seated);
        Ok(parsers)
    }
}

impl Group {
    fn spec(&self, source: Source) -> Spec {
        let Self { limits, swap, .. } = self.clone();
        Spec { role: Role::Parser, source, pin: None, config: "{}".to_owned(), limits, swap, auto: true }
    }

    fn mailboxes(&self) -> Vec<Arc<Mailbox>> {
        self.lanes.iter().filter_map(Weak::upgrade).collect()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inbox(&self) -> Sender<Message> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn slots(&self) -> Vec<Arc<Slot>> {
        self.state().slots.clone()
    }

    /// The slots that lanes use. The others are forgotten.
    fn slots_in_use(&self) -> Vec<Arc<Slot>> {
        let mut state = self.state();
        state.slots.retain(|slot| slot.is_used());
        state.slots.clone()
    }

    fn groups(&self) -> Vec<Group> {
        let mut state = self.state();
        state.groups.iter_mut().for_each(|group| group.lanes.retain(|lane| lane.strong_count() > 0));
        state.groups.retain(|group| !group.lanes.is_empty());
        state.groups.clone()
    }

    /// A seat for a lane, in the slot that is for this.
    fn seat(&self, spec: Spec, mailbox: &Arc<Mailbox>) -> Result<(Instance, Seat)> {
        let slot = self.open(spec)?;
        let seated = slot.sit(mailbox, self.inbox())?;
        let mut state = self.state();
        // It may have been forgotten meanwhile, because nobody used it.
        if !state.slots.iter().any(|known| Arc::ptr_eq(known, &slot)) {
            state.slots.push(slot);
        }
        Ok(seated)
    }

    /// Loading may take long: nothing is locked meanwhile, and whoever is second takes what is there.
    fn open(&self, spec: Spec) -> Result<Arc<Slot>> {
        if let Some(known) = self.known(&spec) {
            return Ok(known);
        }
        let slot = Arc::new(Slot::open(&self.library, spec)?);
        Ok(self.known(&slot.spec).unwrap_or(slot))
    }

    fn known(&self, spec: &Spec) -> Option<Arc<Slot>> {
        self.state().slots.iter().find(|slot| slot.spec == *spec).cloned()
    }

    fn forget(&self, slot: &Arc<Slot>) {
        self.state().slots.retain(|known| !Arc::ptr_eq(known, slot));
    }
}

impl State {
    fn join(&mut self, group: Group, mailbox: &Arc<Mailbox>) {
        let same = |known: &Group| known.limits == group.limits && known.swap == group.swap;
        let index = self.groups.iter().position(same).unwrap_or_else(|| {
            self.groups.push(group);
            self.groups.len() - 1
        });
        self.groups[index].lanes.push(Arc::downgrade(mailbox));
    }
}
