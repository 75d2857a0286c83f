//! The real `skidway` between an EC2 metadata service and an OTLP receiver, on real files.
//!
//! One program, so that it is linked once. Each test has its own folders, doubles and agent; they share
//! nothing but the cache of compiled components.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

mod arriving;
mod authoring;
mod books;
mod changing;
mod collector;
mod command;
mod commands;
mod components;
mod copying;
mod corpora;
mod detecting;
mod differing;
mod draining;
mod exporters;
mod faults;
mod files;
mod formats;
mod fuzzing;
mod golden;
mod hostile;
mod identity;
mod lines;
mod operators;
mod programs;
mod refusing;
mod registry;
mod reloading;
mod restarting;
mod rig;
mod rotating;
mod spooling;
mod state;
mod swapping;
mod trust;
mod uids;
mod years;
