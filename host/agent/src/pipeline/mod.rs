//! What moves lines: lanes that read and parse, a sender that delivers.
//!
//! A lane is one thread per receiver. It owns its files, its components and the
//! batch it fills; it shares the ledger, the room in flight and the channel to
//! the sender, each touched once per chunk or batch. The sender is a task per
//! consumer of the exporter; it knows payloads and parcels, not files.

mod lane;
mod note;
mod outbox;
mod parcel;
mod room;
mod sender;

pub(crate) use lane::{Lane, LaneParts};
pub(crate) use outbox::Outbox;
pub(crate) use room::Room;
pub(crate) use sender::Sender;
