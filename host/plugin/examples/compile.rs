//! The compiler of this crate's tests: `compile MEMORY SECONDS`, as the agent's own.

use std::io::{stdin, stdout};

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Some(Ok(memory)), Some(Ok(seconds))) = (arguments.next(), arguments.next()) else {
        return Err("usage: compile MEMORY SECONDS".to_owned());
    };
    skidway_plugin::compile(memory, seconds, &mut stdin().lock(), &mut stdout().lock())
}
