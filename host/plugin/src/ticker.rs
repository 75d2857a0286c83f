//! Advances the engine's epoch while calls are running, so that a component that
//! never returns is looked at every [`TICK`]. Costs nothing while none runs: the
//! thread is parked then.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

/// How often a running component is asked for its CPU time.
const TICK: Duration = Duration::from_millis(10);

#[derive(Debug, Default)]
struct State {
    running: usize,
    parked: bool,
    stopped: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Owns the thread; dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Ticker(Arc<Shared>);

/// A call in progress. Epochs advance while one of these lives.
pub(crate) struct Running<'t>(&'t Shared);

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (thread, engine) = (Arc::clone(&shared), engine.weak());
        std::thread::Builder::new().name("epoch".into()).spawn(move || tick(&thread, &engine))?;
        Ok(Self(shared))
    }

    pub(crate) fn running(&self) -> Running<'_> {
        let mut state = self.0.lock();
        state.running += 1;
        if state.parked {
            self.0.changed.notify_one();
        }
        Running(&self.0)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.lock().stopped = true;
        self.0.changed.notify_one();
    }
}

fn tick(shared: &Shared, engine: &EngineWeak) {
    let mut state = shared.lock();
    while !state.stopped {
        if state.running == 0 {
            state.parked = true;
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.parked = false;
            continue;
        }
        state = shared.changed.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
        match engine.upgrade() {
            Some(engine) => engine.increment_epoch(),
            None => return,
        }
    }
}
