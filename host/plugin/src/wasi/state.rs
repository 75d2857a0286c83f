//! What an instance has of its world.

use super::answer::Why;

/// Handles that a component may hold at once: each is an entry in a table of the host.
const MAX_HANDLES: u32 = 10_000;
/// Random bytes for one call: each is a value of some tens of bytes in the host, for a moment.
pub(super) const MAX_RANDOM: u64 = 64 << 10;
/// A line for the log; of a longer one the rest is left out.
const MAX_LINE: usize = 2 << 10;
/// Every look at the clock moves it, or who waits for a time to come would wait for ever.
const LOOK: u64 = 1_000;

/// The mutable part of an empty world.
pub(crate) struct State {
    handles: u32,
    clock: u64,
    random: fastrand::Rng,
    output: Line,
    error: Line,
}

impl State {
    pub(crate) fn new() -> Self {
        let (output, error) = Default::default();
        // The same for every instance: a fresh one answers as the last one did.
        Self { handles: 0, clock: 0, random: fastrand::Rng::with_seed(0), output, error }
    }

    pub(super) fn hand_out(&mut self) -> Result<(), Why> {
        if self.handles >= MAX_HANDLES {
            return Err(Why(format!(" and holds {MAX_HANDLES} handles already")));
        }
        self.handles += 1;
        Ok(())
    }

    pub(super) fn give_back(&mut self) {
        self.handles = self.handles.saturating_sub(1);
    }

    pub(super) fn now(&mut self) -> u64 {
        self.clock = self.clock.saturating_add(LOOK);
        self.clock
    }

    /// A component waits: no time passes but its own.
    pub(super) fn wait_until(&mut self, instant: u64) {
        self.clock = self.clock.max(instant);
    }

    pub(super) fn wait_for(&mut self, duration: u64) {
        self.clock = self.clock.saturating_add(duration);
    }

    pub(super) fn random(&mut self) -> u64 {
        self.random.u64(..)
    }

    pub(super) fn random_byte(&mut self) -> u8 {
        self.random.u8(..)
    }

    /// The line that a stream has begun.
    pub(super) fn line(&mut self, is_error: bool) -> &mut Line {
        if is_error { &mut self.error } else { &mut self.output }
    }

    /// What was written without a line feed, of standard output and of standard error.
    pub(crate) fn unfinished(&mut self) -> [Option<String>; 2] {
        [self.output.take(), self.error.take()]
    }
}

/// A line that is being written.
#[derive(Default)]
pub(super) struct Line(Vec<u8>);

impl Line {
    /// Answers the line when it is whole.
    pub(super) fn push(&mut self, byte: u8) -> Option<String> {
        if byte == b'\n' {
            return self.take();
        }
        if self.0.len() < MAX_LINE {
            self.0.push(byte);
        }
        None
    }

    fn take(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.0);
        (!line.trim_ascii().is_empty()).then(|| String::from_utf8_lossy(&line).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_bounded_and_come_back() {
        let mut state = State::new();
        for _ in 0..MAX_HANDLES {
            state.hand_out().unwrap();
        }
        assert!(state.hand_out().is_err());
        state.give_back();
        state.hand_out().unwrap();
    }

    #[test]
    fn a_world_is_the_same_each_time() {
        let seen = |mut state: State| (state.now(), state.random(), state.random_byte(), state.now());
        assert_eq!(seen(State::new()), seen(State::new()));
    }

    #[test]
    fn lines_are_whole_and_bounded() {
        let mut line = Line::default();
        let lines: Vec<_> = b"one\n\n  \ntwo\xff\nrest".iter().filter_map(|&byte| line.push(byte)).collect();
        assert_eq!(lines, ["one", "two\u{fffd}"]);
        assert_eq!(line.take().as_deref(), Some("rest"));
        assert!((0..10_000_000).all(|_| line.push(b'x').is_none()));
        assert_eq!(line.take().map(|line| line.len()), Some(MAX_LINE));
    }
}
