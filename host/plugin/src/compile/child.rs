//! The child's side.

use std::io::{self, Read, Write};

use rustix::process::{
    Resource, Rlimit, Signal, getrlimit, nice, set_parent_process_death_signal, setrlimit,
};
use wasmtime::Engine;

use crate::engine::settings;

/// Compiles the component that `input` holds and writes its code to `output`.
///
/// For a process that does nothing else: it limits itself for good, to `memory` bytes
/// of address space and `seconds` of processor time, and ends when the thread that
/// started it does. Whatever goes wrong is an error for people.
pub fn compile(
    memory: u64,
    seconds: u64,
    input: &mut dyn Read,
    output: &mut dyn Write,
) -> Result<(), String> {
    confine(memory, seconds).map_err(|error| format!("cannot limit itself: {error}"))?;
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(|error| format!("cannot read the component: {error}"))?;
    let engine = Engine::new(&settings()).map_err(|error| format!("{error:#}"))?;
    let code = engine.precompile_component(&bytes).map_err(|error| format!("{error:#}"))?;
    output.write_all(&code).and_then(|()| output.flush()).map_err(|error| format!("cannot answer: {error}"))
}

fn confine(memory: u64, seconds: u64) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Somebody may have set a lower limit already, which cannot be raised and will do.
    let limit = |resource, soft: u64, hard: u64| {
        let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let limits = Rlimit { current: Some(soft.min(most)), maximum: Some(hard.min(most)) };
        setrlimit(resource, limits).map_err(io::Error::from)
    };
    // A core file would be as large as what made it crash.
    limit(Resource::Core, 0, 0)?;
    limit(Resource::As, memory, memory)?;
    // At the soft limit the kernel says why it ends the process, at the hard one it does not.
    limit(Resource::Cpu, seconds, seconds + 1)?;
    // Lanes go first. Where memory runs out, this process is the one to go: a group
    // of processes that shares one limit would otherwise lose the agent.
    let _ = nice(10);
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}
