//! The compiler and what all components share.

use std::path::Path;
use std::sync::Arc;

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Engine as Compiler, OptLevel};

use crate::cache::Cache;
use crate::component::{Component, LoadError};
use crate::inspect::inspect;
use crate::store::Guest;
use crate::ticker::Ticker;
use crate::wit::v0_1_0::host;

/// Compiles components, or finds them compiled in the cache. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    compiler: Compiler,
    linker: Linker<Guest>,
    ticker: Ticker,
    cache: Option<Cache>,
}

/// The sandbox could not be set up on this machine.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the WebAssembly sandbox: {0}")]
pub struct EngineError(String);

/// How much of a thread's stack a component may use. A deeper recursion traps; the
/// lanes' stacks are eight times as large.
const STACK: usize = 256 << 10;

impl Engine {
    /// An engine that keeps compiled code in `cache`. A cache that is not to be
    /// trusted is said once and not used: components are then compiled at each
    /// start.
    pub fn new(cache: Option<&Path>) -> Result<Self, EngineError> {
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
        Ok(Self(Arc::new(Inner { compiler, linker, ticker, cache })))
    }

    /// Makes `bytes` ready to run. Its version, exports and imports are checked
    /// before anything is compiled.
    pub fn load(&self, name: &str, bytes: &[u8]) -> Result<Component, LoadError> {
        let inspection = inspect(bytes).map_err(LoadError::Inspect)?;
        let foreign: Vec<_> = inspection.foreign_imports().map(str::to_owned).collect();
        if !foreign.is_empty() {
            return Err(LoadError::Imports { foreign });
        }
        let compiler = &self.0.compiler;
        let cached = self.0.cache.as_ref().and_then(|cache| cache.get(compiler, inspection.digest));
        let compiled = match cached {
            Some(compiled) => compiled,
            None => self.compile(bytes, &inspection)?,
        };
        let pre = self.0.linker.instantiate_pre(&compiled).map_err(LoadError::link)?;
        Ok(Component { name: name.into(), inspection: Arc::new(inspection), engine: self.clone(), pre })
    }

    fn compile(
        &self,
        bytes: &[u8],
        inspection: &crate::Inspection,
    ) -> Result<wasmtime::component::Component, LoadError> {
        let compiled = wasmtime::component::Component::from_binary(&self.0.compiler, bytes)
            .map_err(|error| LoadError::Compile(format!("{error:#}")))?;
        if let Some(cache) = &self.0.cache
            && let Err(error) = cache.put(inspection.digest, &compiled)
        {
            tracing::warn!("compiled component is not kept in the cache: {error}");
        }
        Ok(compiled)
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

fn settings() -> Config {
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
