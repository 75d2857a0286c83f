//! Version 1 of the state file; described in [`super`].

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use skidway_model::Identity;

use super::Entry;
use crate::Checkpoint;

pub(super) const VERSION: u64 = 1;

pub(super) enum Undecodable {
    Newer(u64),
    Corrupt(String),
}

/// What every version has.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u64,
    files: Vec<Record>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    path: Name,
    device: u64,
    inode: u64,
    head_len: u32,
    /// Hexadecimal: many JSON tools read numbers as floats.
    head_hash: String,
    offset: u64,
    modified_unix_nano: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gone_since_unix: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Bytes(Vec<u8>),
}

pub(super) fn encode<'e>(entries: impl Iterator<Item = &'e Entry>) -> io::Result<Vec<u8>> {
    let document = Document { version: VERSION, files: entries.map(Record::from).collect() };
    let mut text = serde_json::to_vec(&document)?;
    text.push(b'\n');
    Ok(text)
}

pub(super) fn decode(text: &[u8]) -> Result<Vec<Entry>, Undecodable> {
    let corrupt = |error: serde_json::Error| Undecodable::Corrupt(error.to_string());
    let Versioned { version } = serde_json::from_slice(text).map_err(corrupt)?;
    match version {
        VERSION => {}
        newer if newer > VERSION => return Err(Undecodable::Newer(newer)),
        other => return Err(Undecodable::Corrupt(format!("there is no format {other}"))),
    }
    let document: Document = serde_json::from_slice(text).map_err(corrupt)?;
    let entries = document.files.into_iter().map(Entry::try_from);
    entries.collect::<Result<_, _>>().map_err(Undecodable::Corrupt)
}

impl From<&Entry> for Record {
    fn from(entry: &Entry) -> Self {
        let Checkpoint { path, identity, offset, modified } = &entry.checkpoint;
        Self {
            path: Name::from(path.as_path()),
            device: identity.device,
            inode: identity.inode,
            head_len: identity.head_len,
            head_hash: format!("{:016x}", identity.head_hash),
            offset: *offset,
            modified_unix_nano: unix_nano(*modified),
            gone_since_unix: entry.gone_since.map(|time| unix_nano(time).max(0) as u64 / 1_000_000_000),
        }
    }
}

impl TryFrom<Record> for Entry {
    type Error = String;

    fn try_from(record: Record) -> Result<Self, String> {
        let head_hash = u64::from_str_radix(&record.head_hash, 16)
            .map_err(|_| format!("{:?} is not a hash", record.head_hash))?;
        let gone_since = record.gone_since_unix.map(|seconds| {
            let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
            time.ok_or_else(|| format!("{seconds} is not a time"))
        });
        Ok(Self {
            checkpoint: Checkpoint {
                path: record.path.into(),
                identity: Identity {
                    device: record.device,
                    inode: record.inode,
                    head_len: record.head_len,
                    head_hash,
                },
                offset: record.offset,
                modified: from_unix_nano(record.modified_unix_nano),
            },
            gone_since: gone_since.transpose()?,
        })
    }
}

impl From<&Path> for Name {
    fn from(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(path.as_os_str().as_bytes().to_owned()),
        }
    }
}

impl From<Name> for PathBuf {
    fn from(name: Name) -> Self {
        match name {
            Name::Text(text) => text.into(),
            Name::Bytes(bytes) => OsString::from_vec(bytes).into(),
        }
    }
}

/// The nearest time that 64 bits can hold: the years 1677 to 2262.
fn unix_nano(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
    }
}

fn from_unix_nano(nanos: i64) -> SystemTime {
    let distance = Duration::from_nanos(nanos.unsigned_abs());
    if nanos < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance }
}
