//! What moves lines: lanes that read and parse, a sender that delivers.
//!
//! A lane is one thread per receiver, pipeline and exporter: each of these ways has a
//! place of its own in the files, so that a backend which is away holds up no other
//! one. It owns its files, its components and the
//! batch it fills; it shares the ledger, the room in flight and the channel to
//! the sender, each touched once per chunk or batch. The sender is a task per
//! consumer of the exporter; it knows payloads and parcels, not files. Where the exporter
//! has a storage, the sender goes past a spool on disk or through it.

mod lane;
mod note;
mod outbox;
mod parcel;
mod room;
mod sender;
mod sources;
mod spooling;

pub(crate) use lane::{Lane, LaneParts};
pub(crate) use outbox::Outbox;
pub(crate) use room::Room;
pub(crate) use sender::Sender;
pub(crate) use sources::Sources;
pub(crate) use spooling::Spooling;
