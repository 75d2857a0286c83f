//! The compiler and what all components share.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Engine as Compiler, OptLevel};

use crate::cache::{self, Cache};
use crate::compile::{CompileLimits, Program};
use crate::component::{Code, Component, LoadError};
use crate::inspect::{Digest, Inspection, inspect};
use crate::store::Guest;
use crate::ticker::Ticker;
use crate::wasi;
use crate::wit::v0_1_0::host;

/// Compiles components, or finds them compiled in the cache. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    compiler: Compiler,
    linker: Linker<Guest>,
    ticker: Ticker,
    cache: Option<Cache>,
    program: Program,
    /// Held while a stranger is compiled: one at a time, so that their limits do not add up.
    compiling: Mutex<()>,
    known: Mutex<HashMap<Digest, Weak<Code>>>,
}

/// The sandbox could not be set up on this machine.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the WebAssembly sandbox: {0}")]
pub struct EngineError(String);

/// How much of a thread's stack a component may use. A deeper recursion traps; the
/// lanes' stacks are eight times as large.
const STACK: usize = 256 << 10;

impl Engine {
    /// An engine that keeps compiled code in `cache` and has `program` compile what
    /// is not bundled. A cache that is not to be trusted is said once and not used:
    /// components are then compiled at each start.
    pub fn new(cache: Option<&Path>, program: Program) -> Result<Self, EngineError> {
        let wrong = |error: wasmtime::Error| EngineError(format!("{error:#}"));
        let compiler = Compiler::new(&settings()).map_err(wrong)?;
        let mut linker = Linker::new(&compiler);
        host::add_to_linker::<_, HasSelf<Guest>>(&mut linker, |guest| guest).map_err(wrong)?;
        let ticker = Ticker::start(&compiler).map_err(|error| EngineError(error.to_string()))?;
        let cache = cache.and_then(|folder| {
            Cache::open(folder, &compiler)
                .inspect_err(|error| {
                    let folder = folder.display();
                    tracing::warn!("components are compiled at each start: cache {folder}: {error}");
                })
                .ok()
        });
        let (compiling, known) = (Mutex::default(), Mutex::default());
        Ok(Self(Arc::new(Inner { compiler, linker, ticker, cache, program, compiling, known })))
    }

    /// Makes a component that anyone may have built ready to run. Its size, version,
    /// exports and imports are checked before anything is compiled; what has to be
    /// compiled is compiled by a child process within `limits`, one component at a
    /// time. May take as long as those allow: not for a thread that lines wait for.
    ///
    /// Components of the same bytes share their code while one of them lives, so
    /// loading one again is cheap.
    pub fn load(&self, name: &str, bytes: &[u8], limits: &CompileLimits) -> Result<Component, LoadError> {
        if bytes.len() > limits.size {
            return Err(LoadError::TooLarge { size: bytes.len(), max: limits.size });
        }
        self.load_with(name, bytes, |digest| {
            let _one = lock(&self.0.compiling);
            // Another thread may have waited for the same one.
            if let Some(compiled) = self.cached(digest) {
                return Ok(compiled);
            }
            let compiled = self.0.program.compile(bytes, limits)?;
            self.keep(digest, compiled.bytes());
            let foreign = || LoadError::Compile("it was compiled by another version".to_owned());
            cache::map_compiled(&self.0.compiler, &compiled).ok_or_else(foreign)
        })
    }

    /// The same for a component that is part of this program, so that its bytes are
    /// as good as the program: it is compiled by the calling thread.
    pub fn load_bundled(&self, name: &str, bytes: &[u8]) -> Result<Component, LoadError> {
        self.load_with(name, bytes, |digest| {
            let wrong = |error: wasmtime::Error| LoadError::Compile(format!("{error:#}"));
            let compiled =
                wasmtime::component::Component::from_binary(&self.0.compiler, bytes).map_err(wrong)?;
            self.keep(digest, &compiled.serialize().map_err(wrong)?);
            Ok(compiled)
        })
    }

    fn load_with(
        &self,
        name: &str,
        bytes: &[u8],
        compile: impl FnOnce(Digest) -> Result<wasmtime::component::Component, LoadError>,
    ) -> Result<Component, LoadError> {
        let inspection = inspect(bytes).map_err(LoadError::Inspect)?;
        let digest = inspection.digest;
        let known = lock(&self.0.known).get(&digest).map(Weak::upgrade);
        let code = match known.clone().flatten() {
            Some(code) => code,
            None => {
                let code = Arc::new(self.code(inspection, compile)?);
                // Said once: a config is tried before lanes load what it names.
                if known.is_none() && code.inspection.wasi_imports().next().is_some() {
                    tracing::info!(component = name, "component imports WASI and gets an empty world");
                }
                lock(&self.0.known).insert(digest, Arc::downgrade(&code));
                code
            }
        };
        Ok(Component { name: name.into(), engine: self.clone(), code })
    }

    fn code(
        &self,
        inspection: Inspection,
        compile: impl FnOnce(Digest) -> Result<wasmtime::component::Component, LoadError>,
    ) -> Result<Code, LoadError> {
        let foreign: Vec<_> = inspection.foreign_imports().map(str::to_owned).collect();
        if !foreign.is_empty() {
            return Err(LoadError::Imports { foreign });
        }
        let compiled = match self.cached(inspection.digest) {
            Some(compiled) => compiled,
            None => compile(inspection.digest)?,
        };
        let pre = if inspection.wasi_imports().next().is_some() {
            let mut linker = self.0.linker.clone();
            wasi::link(&mut linker, &compiled).and_then(|()| linker.instantiate_pre(&compiled))
        } else {
            self.0.linker.instantiate_pre(&compiled)
        };
        Ok(Code { inspection, pre: pre.map_err(LoadError::link)? })
    }

    fn cached(&self, digest: Digest) -> Option<wasmtime::component::Component> {
        self.0.cache.as_ref()?.get(&self.0.compiler, digest)
    }

    fn keep(&self, digest: Digest, compiled: &[u8]) {
        if let Some(cache) = &self.0.cache
            && let Err(error) = cache.put(digest, compiled)
        {
            tracing::warn!("compiled component is not kept in the cache: {error}");
        }
    }

    pub(crate) fn compiler(&self) -> &Compiler {
        &self.0.compiler
    }

    pub(crate) fn ticker(&self) -> &Ticker {
        &self.0.ticker
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("cache", &self.0.cache).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What compiles and what runs must agree on.
pub(crate) fn settings() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .max_wasm_stack(STACK)
        // A few names of functions in a trap's message help its author;
        // line numbers are not there in stripped components.
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(8));
    // The reservation of address space for a memory stays at its default of 4 GiB:
    // no page of it exists before it is used, and with less of it every load and
    // store of a component would have to be checked.
    config
}
