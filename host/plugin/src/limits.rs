//! What a component may use, and the counters that hold it to that.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use wasmtime::ResourceLimiter;

use crate::compile::CompileLimits;

/// What one component may use. The defaults leave the bundled components a margin
/// of ten and more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory and tables of one instance, in bytes. A chunk is 256 KiB and
    /// its columns are about as large.
    pub memory: usize,
    /// CPU time for a call with a full chunk. Real parsers need a millisecond.
    /// Smaller texts get a smaller share, but never less than a sixteenth.
    pub cpu: Duration,
    /// Bytes that one answer may take in the host.
    pub output: usize,
    /// Log lines a minute; more are counted and left out.
    pub log_lines: u32,
    /// What making it ready may cost, where it is not bundled.
    pub compile: CompileLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            cpu: Duration::from_secs(1),
            output: 32 << 20,
            log_lines: 60,
            compile: CompileLimits::default(),
        }
    }
}

/// The text size that `Limits::cpu` is meant for: a full chunk.
const FULL_CHUNK: usize = 256 << 10;

impl Limits {
    /// The CPU time for a call over `bytes` of text. Scaled, so that isolating a
    /// line that never ends costs about three times the limit and not the
    /// logarithm of the number of lines.
    pub(crate) fn cpu_for(&self, bytes: usize) -> Duration {
        let share = (bytes as f64 / FULL_CHUNK as f64).clamp(1.0 / 16.0, 1.0);
        self.cpu.mul_f64(share)
    }
}

/// Grants memory and tables up to the limit, and remembers that it refused.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: usize,
    used: usize,
    instances: usize,
    pub(crate) refused: bool,
}

/// Bytes that a table element takes in the host.
const TABLE_ELEMENT: usize = 16;
/// Bytes that a module's instance takes in the host for each function, global, … of
/// it, which are no linear memory. All instances together may take as much as the limit,
/// beside the memory: CPython's libraries are some dozens of modules, the largest of which has
/// 16,000 functions.
const MODULE_PART: usize = 32;
/// Each reserves four gigabytes of addresses. Components have one or two.
const MAX_MEMORIES: usize = 8;
/// Each is an allocation. Components have as many as modules in them.
const MAX_TABLES: usize = 1000;

impl Memory {
    /// `largest_module` is how many functions, globals, … the largest module of the
    /// component has.
    pub(crate) fn new(limit: usize, largest_module: usize) -> Self {
        let instances = limit / (largest_module * MODULE_PART).max(1 << 10);
        Self { limit, used: 0, instances, refused: false }
    }

    /// Bytes in use by all memories and tables of the instance: they never shrink.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    fn grant(&mut self, more: usize) -> bool {
        let total = self.used.saturating_add(more);
        let granted = total <= self.limit;
        if granted {
            self.used = total;
        } else {
            self.refused = true;
        }
        granted
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grant(desired.saturating_sub(current)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grant(desired.saturating_sub(current).saturating_mul(TABLE_ELEMENT)))
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        MAX_TABLES
    }

    fn memories(&self) -> usize {
        MAX_MEMORIES
    }
}

/// CPU time that this thread has used so far. Wall time would punish a component
/// for a busy machine.
pub(crate) fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_granted_up_to_the_limit_over_all_memories() {
        let mut memory = Memory::new(100, 0);
        assert!(memory.memory_growing(0, 60, None).unwrap());
        assert!(memory.memory_growing(0, 40, None).unwrap());
        assert!(!memory.memory_growing(40, 41, None).unwrap());
        assert!(memory.refused);
        assert_eq!(memory.used(), 100);
    }

    #[test]
    fn a_table_counts_too() {
        assert!(!Memory::new(1000, 0).table_growing(0, 100, None).unwrap());
    }

    #[test]
    fn instances_take_as_much_as_the_memory_at_the_most() {
        assert_eq!(Memory::new(64 << 20, 32).instances(), 64 << 10);
        // A module of a million globals, which takes 5 MB in a file.
        assert_eq!(Memory::new(64 << 20, 1_000_000).instances(), 2);
        // CPython.
        assert!(Memory::new(64 << 20, 16_000).instances() >= 128);
    }

    #[test]
    fn small_texts_get_a_small_share_of_the_time() {
        let limits = Limits::default();
        assert_eq!(limits.cpu_for(256 << 10), Duration::from_secs(1));
        assert_eq!(limits.cpu_for(4 << 20), Duration::from_secs(1));
        assert_eq!(limits.cpu_for(64 << 10), Duration::from_millis(250));
        assert_eq!(limits.cpu_for(1), Duration::from_secs(1) / 16);
    }
}
