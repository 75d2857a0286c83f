//! Version 2 of the state file; described in [`super`].

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use skidway_model::{Anchor, Identity, Lineage};

use super::Entry;
use crate::{Checkpoint, Host};

pub(super) const VERSION: u64 = 2;

#[derive(Debug)]
pub(super) enum Undecodable {
    Newer(u64),
    Corrupt(String),
}

/// What a state file says.
#[derive(Debug, Default)]
pub(super) struct Saved {
    pub(super) generation: u64,
    pub(super) host: Host,
    pub(super) entries: Vec<Entry>,
}

/// What every version begins with.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u64,
    generation: u64,
    host: Host,
    files: Vec<Record>,
}

/// What stands before and after the checksum. Behind that the document goes on as it
/// would without it, but for the brace.
const BEFORE: &[u8] = br#"{"crc32":""#;
const AFTER: &[u8] = br#"","#;
const DIGITS: usize = 8;

#[derive(Serialize, Deserialize)]
struct Record {
    path: Name,
    device: u64,
    inode: u64,
    born_unix_nano: u64,
    head_len: u32,
    /// Hexadecimal, as all hashes: many JSON tools read numbers as floats.
    head_hash: String,
    lineage: String,
    offset: u64,
    anchor_len: u32,
    anchor_hash: String,
    read_to: u64,
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

pub(super) fn encode<'e>(
    generation: u64,
    host: &Host,
    entries: impl Iterator<Item = &'e Entry>,
) -> io::Result<Vec<u8>> {
    let files = entries.map(Record::from).collect();
    let document = Document { version: VERSION, generation, host: host.clone(), files };
    let document = serde_json::to_vec(&document)?;
    let rest = document.strip_prefix(b"{").unwrap_or_default();
    let crc32 = format!("{:0DIGITS$x}", crc32fast::hash(rest));
    Ok([BEFORE, crc32.as_bytes(), AFTER, rest, b"\n"].concat())
}

pub(super) fn decode(text: &[u8]) -> Result<Saved, Undecodable> {
    let corrupt = |error: serde_json::Error| Undecodable::Corrupt(error.to_string());
    let Versioned { version } = serde_json::from_slice(text).map_err(corrupt)?;
    match version {
        VERSION => {}
        newer if newer > VERSION => return Err(Undecodable::Newer(newer)),
        other => return Err(Undecodable::Corrupt(format!("there is no format {other} any more"))),
    }
    let rest = text.strip_prefix(BEFORE).and_then(|rest| rest.split_at_checked(DIGITS));
    let checked =
        rest.and_then(|(crc32, rest)| Some((crc32, rest.strip_prefix(AFTER)?.strip_suffix(b"\n")?)));
    let (crc32, rest) = checked.ok_or_else(|| Undecodable::Corrupt("its checksum is missing".to_owned()))?;
    let found = format!("{:0DIGITS$x}", crc32fast::hash(rest));
    if found.as_bytes() != crc32 {
        let written = String::from_utf8_lossy(crc32);
        return Err(Undecodable::Corrupt(format!("its checksum is {found}, and {written} was written")));
    }
    let Document { generation, host, files, .. } = serde_json::from_slice(text).map_err(corrupt)?;
    let entries = files.into_iter().map(Entry::try_from).collect::<Result<_, _>>();
    Ok(Saved { generation, host, entries: entries.map_err(Undecodable::Corrupt)? })
}

impl From<&Entry> for Record {
    fn from(entry: &Entry) -> Self {
        let Checkpoint { path, identity, lineage, offset, anchor, read_to, modified } = &entry.checkpoint;
        Self {
            path: Name::from(path.as_path()),
            device: identity.device,
            inode: identity.inode,
            born_unix_nano: identity.born_unix_nano,
            head_len: identity.head_len,
            head_hash: hex(identity.head_hash),
            lineage: hex(lineage.0),
            offset: *offset,
            anchor_len: anchor.len,
            anchor_hash: hex(anchor.hash),
            read_to: *read_to,
            modified_unix_nano: unix_nano(*modified),
            gone_since_unix: entry.gone_since.map(|time| unix_nano(time).max(0) as u64 / 1_000_000_000),
        }
    }
}

impl TryFrom<Record> for Entry {
    type Error = String;

    fn try_from(record: Record) -> Result<Self, String> {
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
                    born_unix_nano: record.born_unix_nano,
                    head_len: record.head_len,
                    head_hash: unhex(&record.head_hash)?,
                },
                lineage: Lineage(unhex(&record.lineage)?),
                offset: record.offset,
                anchor: Anchor { len: record.anchor_len, hash: unhex(&record.anchor_hash)? },
                read_to: record.read_to,
                modified: from_unix_nano(record.modified_unix_nano),
            },
            gone_since: gone_since.transpose()?,
        })
    }
}

fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

fn unhex(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text, 16).map_err(|_| format!("{text:?} is not a hash"))
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
