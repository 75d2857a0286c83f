//! Compiling what strangers have built, in a process of its own.
//!
//! A compiler that is given odd input can take gigabytes, minutes, or its own stack.
//! So a component that is not part of the agent is compiled by a child process that
//! limits itself before it reads a byte ([`compile`]), and the host ([`Program`])
//! waits for it with a deadline, reads a bounded answer, and goes on whatever becomes
//! of the child. The component comes to it on standard input; compiled code goes back
//! on standard output, and what is wrong with the component on standard error.
//!
//! This guards against a compiler that takes too much or crashes. It is no second
//! wall behind it: the code that comes back runs in the host, as it would if it had
//! been compiled there.

mod child;
mod parent;

use std::time::Duration;

pub use child::compile;
pub(crate) use parent::Compiled;
pub use parent::Program;

/// What making a component ready may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileLimits {
    /// Bytes of the component. Its compiled code may have [`CODE_SHARE`] times as many.
    pub size: usize,
    /// Bytes of address space for the compiler.
    pub memory: u64,
    /// Processor time for the compiler, in whole seconds; it is given
    /// [`WAITING_SHARE`] times as long by the clock, for a busy machine.
    pub time: Duration,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { size: 64 << 20, memory: 1 << 30, time: Duration::from_secs(60) }
    }
}

/// Machine code is larger than WebAssembly: three times as large in interpreters.
const CODE_SHARE: usize = 4;
/// By the clock a compiler may take so many times as long as by processor time.
const WAITING_SHARE: u32 = 4;

impl CompileLimits {
    fn code(&self) -> usize {
        self.size.saturating_mul(CODE_SHARE)
    }

    fn deadline(&self) -> Duration {
        self.time.saturating_mul(WAITING_SHARE)
    }

    /// The kernel counts whole seconds.
    fn seconds(&self) -> u64 {
        self.time.as_secs().max(1)
    }
}
