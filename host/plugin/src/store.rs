//! One instance of a component: made when needed, armed before each call, dropped
//! after a failure. A component holds no state that matters, so a fresh instance
//! goes on where the old one failed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wasmtime::{Store, Trap, UpdateDeadline};

use crate::component::{Component, LoadError};
use crate::limits::{Limits, Memory, thread_cpu};
use crate::wasi;
use crate::wit::v0_1_0::host;

/// What the host keeps beside an instance.
pub(crate) struct Guest {
    name: Arc<str>,
    memory: Memory,
    /// Thread CPU time at which the running call is ended.
    deadline: Duration,
    log: SharedLogBudget,
    pub(crate) wasi: wasi::State,
}

pub(crate) use host::Level;

impl host::Host for Guest {
    fn log(&mut self, level: Level, message: String) {
        self.say(level, &message);
    }
}

impl Guest {
    /// Writes a line to the agent's log, as far as the component's budget goes.
    pub(crate) fn say(&self, level: Level, message: &str) {
        let component = &*self.name;
        let (grant, limit) = {
            let mut budget = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            (budget.take(), budget.per_minute)
        };
        match grant {
            LogGrant::Write => {
                let message = shorten(message);
                match level {
                    Level::Debug => tracing::debug!(component, "{message}"),
                    Level::Info => tracing::info!(component, "{message}"),
                    // A component cannot know that data was lost: nothing it says
                    // is an ERROR of the agent.
                    Level::Warn | Level::Error => tracing::warn!(component, "{message}"),
                }
            }
            LogGrant::LeaveOut => {}
            LogGrant::SayThatMoreIsLeftOut => {
                tracing::warn!(component, limit, "the component logs too much; lines are left out");
            }
        }
    }

    /// Says what the component has written without a line feed.
    fn say_unfinished(&mut self) {
        let [output, error] = self.wasi.unfinished();
        for (level, line) in [(Level::Info, output), (Level::Warn, error)] {
            if let Some(line) = line {
                self.say(level, &line);
            }
        }
    }
}

/// The longest log line of a component, in bytes.
const MAX_LOG_LINE: usize = 1024;

/// A component's log line made safe for a terminal and for one line.
pub(crate) fn shorten(message: &str) -> String {
    tame(message, MAX_LOG_LINE, |_| false)
}

/// What a component says of its settings: longer, and of several lines.
const MAX_COMPLAINT: usize = 16 << 10;

fn complaint(message: &str) -> String {
    tame(message, MAX_COMPLAINT, |c| c == '\n')
}

fn tame(message: &str, max: usize, is_good: impl Fn(char) -> bool) -> String {
    let mut end = message.len().min(max);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    let more = if end < message.len() { "…" } else { "" };
    let tamed = |c: char| if c.is_control() && !is_good(c) { ' ' } else { c };
    message[..end].chars().map(tamed).chain(more.chars()).collect()
}

/// Outlives an instance: a component that floods and traps does not start afresh.
type SharedLogBudget = Arc<Mutex<LogBudget>>;

struct LogBudget {
    per_minute: u32,
    left: u32,
    since: Instant,
    said: bool,
}

enum LogGrant {
    Write,
    LeaveOut,
    SayThatMoreIsLeftOut,
}

impl LogBudget {
    fn new(per_minute: u32) -> Self {
        Self { per_minute, left: per_minute, since: Instant::now(), said: false }
    }

    fn take(&mut self) -> LogGrant {
        if self.since.elapsed() >= Duration::from_secs(60) {
            *self = Self::new(self.per_minute);
        }
        if self.left > 0 {
            self.left -= 1;
            LogGrant::Write
        } else if !self.said {
            self.said = true;
            LogGrant::SayThatMoreIsLeftOut
        } else {
            LogGrant::LeaveOut
        }
    }
}

/// Why a call gave no usable answer. The instance is gone in every case but
/// [`CallError::Refused`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it means")]
pub enum CallError {
    #[error("it trapped: {0}")]
    Trap(String),
    #[error("it used more than {0:?} of CPU time")]
    OutOfTime(Duration),
    #[error("it wanted more than {0} bytes of memory")]
    OutOfMemory(usize),
    #[error("its answer takes more than {0} bytes")]
    OutOfOutput(usize),
    #[error("its answer is wrong: {0}")]
    Invalid(#[from] skidway_model::Invalid),
    #[error("it refused: {0}")]
    Refused(String),
    #[error("it cannot be started: {0}")]
    Start(String),
}

/// The bindings of one world, of whatever version.
pub(crate) trait World: Sized {
    type Pre: Clone;
    fn pre(component: &Component) -> wasmtime::Result<Self::Pre>;
    fn instantiate(pre: &Self::Pre, store: &mut Store<Guest>) -> wasmtime::Result<Self>;
    fn configure(&self, store: &mut Store<Guest>, json: &str) -> wasmtime::Result<Result<(), String>>;
}

/// An instance of a component that is made, configured and replaced as needed.
pub(crate) struct Sandbox<W: World> {
    component: Component,
    pre: W::Pre,
    config: String,
    limits: Limits,
    log: SharedLogBudget,
    live: Option<(Store<Guest>, W)>,
}

/// Linear memory never shrinks: an instance that has grown past this share of its
/// limit is replaced between two calls.
const RECYCLE_SHARE: usize = 4;

impl<W: World> Sandbox<W> {
    /// Makes the first instance at once, so that a wrong configuration is known
    /// before the first line.
    pub(crate) fn new(component: &Component, config: &str, limits: Limits) -> Result<Self, LoadError> {
        let pre = W::pre(component).map_err(LoadError::link)?;
        let log = Arc::new(Mutex::new(LogBudget::new(limits.log_lines)));
        let mut sandbox =
            Self { component: component.clone(), pre, config: config.into(), limits, log, live: None };
        match sandbox.start() {
            Ok(live) => sandbox.live = Some(live),
            Err(CallError::Refused(why)) => return Err(LoadError::Configuration(why)),
            Err(error) => return Err(LoadError::Start(error.to_string())),
        }
        Ok(sandbox)
    }

    pub(crate) fn name(&self) -> &str {
        self.component.name()
    }

    /// Calls into the instance. `bytes` is the size of the text: CPU time is
    /// granted by it.
    pub(crate) fn call<T>(
        &mut self,
        bytes: usize,
        body: impl FnOnce(&mut Store<Guest>, &W) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        let (mut store, world) = match self.live.take() {
            Some(live) => live,
            None => self.start()?,
        };
        let answer = self.armed(&mut store, bytes, |store| body(store, &world))?;
        if store.data().memory.used() < self.limits.memory / RECYCLE_SHARE {
            self.live = Some((store, world));
        }
        Ok(answer)
    }

    /// Drops the instance: nobody needs it for now, or its answer was wrong and its
    /// memory is not to be trusted.
    pub(crate) fn let_go(&mut self) {
        self.live = None;
    }

    fn start(&self) -> Result<(Store<Guest>, W), CallError> {
        let guest = Guest {
            name: self.component.name.clone(),
            memory: Memory::new(self.limits.memory, self.component.inspection().largest_module),
            deadline: Duration::ZERO,
            log: Arc::clone(&self.log),
            wasi: wasi::State::new(),
        };
        let mut store = Store::new(self.component.engine.compiler(), guest);
        store.limiter(|guest| &mut guest.memory);
        store.set_hostcall_fuel(self.limits.output);
        store.epoch_deadline_callback(|guest| {
            if thread_cpu() < guest.data().deadline {
                return Ok(UpdateDeadline::Continue(1));
            }
            Err(wasmtime::Error::from(Trap::Interrupt))
        });
        let full = usize::MAX;
        let world = self.armed(&mut store, full, |store| W::instantiate(&self.pre, store))?;
        self.armed(&mut store, full, |store| world.configure(store, &self.config))?
            .map_err(|why| CallError::Refused(complaint(&why)))?;
        Ok((store, world))
    }

    fn armed<T>(
        &self,
        store: &mut Store<Guest>,
        bytes: usize,
        body: impl FnOnce(&mut Store<Guest>) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        let cpu = self.limits.cpu_for(bytes);
        store.data_mut().deadline = thread_cpu() + cpu;
        store.set_epoch_deadline(1);
        let _running = self.component.engine.ticker().running();
        let answer = body(store);
        store.data_mut().say_unfinished();
        answer.map_err(|error| self.explain(&error, store, cpu))
    }

    fn explain(&self, error: &wasmtime::Error, store: &Store<Guest>, cpu: Duration) -> CallError {
        if let Some(refused) = error.downcast_ref::<wasi::Refused>() {
            return CallError::Trap(shorten(&refused.to_string()));
        }
        let trap = error.downcast_ref::<Trap>();
        // wasmtime has no type for an answer that is too large.
        if trap.is_none() && format!("{error:#}").contains("fuel") {
            return CallError::OutOfOutput(self.limits.output);
        }
        match trap {
            Some(Trap::Interrupt) => CallError::OutOfTime(cpu),
            // Guests that get no memory give up in ways of their own.
            _ if store.data().memory.refused => CallError::OutOfMemory(self.limits.memory),
            Some(trap) => CallError::Trap(trap.to_string()),
            None => CallError::Trap(shorten(&format!("{error:#}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_lines_are_bounded_and_that_is_said_once() {
        let mut budget = LogBudget::new(2);
        assert!(matches!(budget.take(), LogGrant::Write));
        assert!(matches!(budget.take(), LogGrant::Write));
        assert!(matches!(budget.take(), LogGrant::SayThatMoreIsLeftOut));
        assert!(matches!(budget.take(), LogGrant::LeaveOut));
    }

    #[test]
    fn log_lines_are_cut_at_a_character_and_stay_one_line() {
        assert_eq!(shorten("a\nb\x1b[31m"), "a b [31m");
        let long = shorten(&"ä".repeat(1000));
        assert_eq!(long.chars().count(), 513);
        assert!(long.ends_with('…'));
    }
}
