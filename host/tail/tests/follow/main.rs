//! The tailer on real files: every rule of following, finding and cutting.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod bounded;
mod copying;
mod cutting;
mod finding;
mod hostile;
mod model;
mod packed;
mod restarting;
mod rig;
mod rotating;
mod run;
