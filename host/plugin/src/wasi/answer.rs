//! What each function of WASI answers in an empty world.

use std::fmt;

use wasmtime::StoreContextMut;
use wasmtime::component::types::ComponentFunc;
use wasmtime::component::{ResourceAny, ResourceDynamic, Val};

use super::state::MAX_RANDOM;
use super::values::{self, CLOSED, DENIED};
use crate::store::{Guest, Level};

/// Why a call is a trap: goes on where `it called FUNCTION` ends.
#[derive(Debug)]
pub(super) struct Why(pub(super) String);

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<wasmtime::Error> for Why {
    fn from(error: wasmtime::Error) -> Self {
        Self(format!(": {error:#}"))
    }
}

/// What handles of streams stand for; other handles stand for nothing.
const NOTHING: u32 = 0;
const STANDARD_ERROR: u32 = 1;

/// How much a component may write at once; it may ask again.
const WRITE_AT_ONCE: u64 = 4096;

/// One function's way to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing, zero, an empty list, no error.
    Empty,
    Yes,
    Denied,
    Closed,
    /// A new handle of this kind of resource, which stands for this.
    Handle(u32, u32),
    /// The same, once the clock shows that instant, or has gone on for that time.
    Instant(u32),
    Duration(u32),
    Room,
    Write,
    Poll,
    Now,
    Nanosecond,
    WallNanosecond,
    RandomBytes,
    RandomNumber,
    RandomPair,
    Exit,
    Unknown,
}

impl Answer {
    /// `made` is the kind of resource that the function answers, if it does.
    pub(super) fn of(interface: &str, function: &str, made: Option<u32>) -> Self {
        let interface = interface.split('@').next().unwrap_or(interface);
        let handle = |rep| made.map_or(Self::Unknown, |kind| Self::Handle(kind, rep));
        match (interface, function) {
            ("wasi:cli/environment" | "wasi:filesystem/preopens" | "wasi:clocks/timezone", _)
            | ("wasi:cli/terminal-stdin", "get-terminal-stdin")
            | ("wasi:cli/terminal-stdout", "get-terminal-stdout")
            | ("wasi:cli/terminal-stderr", "get-terminal-stderr")
            | ("wasi:filesystem/types", "filesystem-error-code")
            | ("wasi:sockets/network", "network-error-code")
            | ("wasi:http/types", "http-error-code")
            | ("wasi:io/error", "[method]error.to-debug-string")
            | ("wasi:io/poll", "[method]pollable.block")
            | ("wasi:io/streams", "[method]output-stream.flush" | "[method]output-stream.blocking-flush")
            | ("wasi:clocks/wall-clock", "now") => Self::Empty,
            ("wasi:cli/stdin", "get-stdin")
            | ("wasi:cli/stdout", "get-stdout")
            | ("wasi:sockets/instance-network", "instance-network")
            | ("wasi:io/streams", "[method]input-stream.subscribe" | "[method]output-stream.subscribe") => {
                handle(NOTHING)
            }
            ("wasi:cli/stderr", "get-stderr") => handle(STANDARD_ERROR),
            ("wasi:sockets/tcp-create-socket", "create-tcp-socket")
            | ("wasi:sockets/udp-create-socket", "create-udp-socket")
            | ("wasi:sockets/ip-name-lookup", "resolve-addresses")
            | ("wasi:http/outgoing-handler", "handle") => Self::Denied,
            ("wasi:io/poll", "[method]pollable.ready") => Self::Yes,
            ("wasi:io/poll", "poll") => Self::Poll,
            ("wasi:io/streams", "[method]output-stream.check-write") => Self::Room,
            (
                "wasi:io/streams",
                "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush",
            ) => Self::Write,
            ("wasi:io/streams", _) => Self::Closed,
            ("wasi:clocks/monotonic-clock", "now") => Self::Now,
            ("wasi:clocks/monotonic-clock", "resolution") => Self::Nanosecond,
            ("wasi:clocks/monotonic-clock", "subscribe-instant") => made.map_or(Self::Unknown, Self::Instant),
            ("wasi:clocks/monotonic-clock", "subscribe-duration") => {
                made.map_or(Self::Unknown, Self::Duration)
            }
            ("wasi:clocks/wall-clock", "resolution") => Self::WallNanosecond,
            ("wasi:random/random", "get-random-bytes")
            | ("wasi:random/insecure", "get-insecure-random-bytes") => Self::RandomBytes,
            ("wasi:random/random", "get-random-u64")
            | ("wasi:random/insecure", "get-insecure-random-u64") => Self::RandomNumber,
            ("wasi:random/insecure-seed", "insecure-seed" | "get-insecure-seed") => Self::RandomPair,
            ("wasi:cli/exit", _) => Self::Exit,
            _ => Self::Unknown,
        }
    }

    /// Answers one call.
    pub(super) fn give(
        self,
        store: &mut StoreContextMut<'_, Guest>,
        function: &ComponentFunc,
        arguments: &[Val],
        results: &mut [Val],
    ) -> Result<(), Why> {
        let odd = || Why(", whose type is not WASI's".to_owned());
        let own = take(store, arguments)?;
        let value = match self {
            Self::Empty => match function.results().next() {
                Some(ty) => values::empty(&ty).ok_or_else(odd)?,
                None => return Ok(()),
            },
            Self::Yes => Val::Bool(true),
            Self::Denied => values::error(function, DENIED).ok_or_else(odd)?,
            Self::Closed => values::error(function, CLOSED).ok_or_else(odd)?,
            Self::Handle(kind, rep) => handle(store, kind, rep)?,
            Self::Instant(kind) | Self::Duration(kind) => {
                let &[Val::U64(time)] = arguments else { return Err(odd()) };
                let state = &mut store.data_mut().wasi;
                if matches!(self, Self::Instant(_)) {
                    state.wait_until(time)
                } else {
                    state.wait_for(time)
                }
                handle(store, kind, NOTHING)?
            }
            Self::Room => Val::Result(Ok(Some(Box::new(Val::U64(WRITE_AT_ONCE))))),
            Self::Write => {
                let [_, Val::List(bytes)] = arguments else { return Err(odd()) };
                write(store.data_mut(), own == Some(STANDARD_ERROR), bytes);
                Val::Result(Ok(None))
            }
            Self::Poll => {
                let [Val::List(pollables)] = arguments else { return Err(odd()) };
                Val::List((0..pollables.len() as u32).map(Val::U32).collect())
            }
            Self::Now => Val::U64(store.data_mut().wasi.now()),
            Self::Nanosecond => Val::U64(1),
            Self::WallNanosecond => Val::Record(vec![
                ("seconds".to_owned(), Val::U64(0)),
                ("nanoseconds".to_owned(), Val::U32(1)),
            ]),
            Self::RandomBytes => {
                let &[Val::U64(count)] = arguments else { return Err(odd()) };
                if count > MAX_RANDOM {
                    return Err(Why(format!(" for {count} bytes, and {MAX_RANDOM} at once are the most")));
                }
                let state = &mut store.data_mut().wasi;
                Val::List((0..count).map(|_| Val::U8(state.random_byte())).collect())
            }
            Self::RandomNumber => Val::U64(store.data_mut().wasi.random()),
            Self::RandomPair => {
                let state = &mut store.data_mut().wasi;
                Val::Tuple(vec![Val::U64(state.random()), Val::U64(state.random())])
            }
            Self::Exit => return Err(Why(", which ends it".to_owned())),
            Self::Unknown => return Err(Why(", which is not there in an empty world".to_owned())),
        };
        let [result] = results else { return Err(odd()) };
        *result = value;
        Ok(())
    }
}

/// Ends the loan of all handles among the arguments, and tells what the first
/// argument stands for.
fn take(store: &mut StoreContextMut<'_, Guest>, arguments: &[Val]) -> Result<Option<u32>, Why> {
    let mut first = None;
    for (index, argument) in arguments.iter().enumerate() {
        match argument {
            Val::Resource(resource) => {
                let rep = end_loan(store, *resource)?;
                first = (index == 0).then_some(rep).or(first);
            }
            Val::List(list) => {
                for value in list {
                    let Val::Resource(resource) = value else { break };
                    end_loan(store, *resource)?;
                }
            }
            _ => {}
        }
    }
    Ok(first)
}

fn end_loan(store: &mut StoreContextMut<'_, Guest>, resource: ResourceAny) -> Result<u32, Why> {
    if resource.owned() {
        store.data_mut().wasi.give_back();
    }
    Ok(ResourceDynamic::try_from_resource_any(resource, store)?.rep())
}

fn handle(store: &mut StoreContextMut<'_, Guest>, kind: u32, rep: u32) -> Result<Val, Why> {
    store.data_mut().wasi.hand_out()?;
    Ok(Val::Resource(ResourceDynamic::new_own(rep, kind).try_into_resource_any(store)?))
}

fn write(guest: &mut Guest, is_error: bool, bytes: &[Val]) {
    for byte in bytes {
        let Val::U8(byte) = byte else { return };
        if let Some(line) = guest.wasi.line(is_error).push(*byte) {
            guest.say(if is_error { Level::Warn } else { Level::Info }, &line);
        }
    }
}
