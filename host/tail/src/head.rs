//! The bytes that tell one text from another: a file's first ones, and those before the
//! place where reading stands.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use skidway_model::{Anchor, Lineage};

use crate::options::MAX_HEAD;
use crate::packed;

/// FNV-1a with 64 bits over a file's first bytes. Stored in the state file, so it
/// must never change. It need not withstand an attacker: who can choose the bytes
/// of a log file can only have that file taken for an earlier version of itself.
pub fn head_hash(head: &[u8]) -> u64 {
    head.iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// How many bytes before a place are looked at. A line or two: what differs between two
/// texts that begin alike is mostly the time of each line.
const ANCHOR: usize = 256;

/// What stands before the end of these bytes.
pub(crate) fn anchor(bytes: &[u8]) -> Anchor {
    let last = &bytes[bytes.len().saturating_sub(ANCHOR)..];
    Anchor { len: last.len() as u32, hash: head_hash(last) }
}

/// What stands in the file's text before this offset, as far as it is there. A compressed
/// one is unpacked up to there.
pub(crate) fn anchor_at(file: &File, packed: bool, offset: u64) -> io::Result<Anchor> {
    let mut bytes = [0; ANCHOR];
    let bytes = &mut bytes[..offset.min(ANCHOR as u64) as usize];
    Ok(if read_before(file, packed, offset, bytes)? { anchor(bytes) } else { Anchor::default() })
}

/// Whether the file's text holds what the anchor says before this offset. One that cannot
/// be checked, because nothing is known or it is no anchor of ours, holds. A compressed
/// file is unpacked up to there.
pub(crate) fn is_anchored(file: &File, packed: bool, offset: u64, anchor: Anchor) -> io::Result<bool> {
    let len = anchor.len as usize;
    if len == 0 || len > ANCHOR || len as u64 > offset {
        return Ok(true);
    }
    let mut bytes = [0; ANCHOR];
    let bytes = &mut bytes[..len];
    Ok(read_before(file, packed, offset, bytes)? && head_hash(bytes) == anchor.hash)
}

fn read_before(file: &File, packed: bool, offset: u64, bytes: &mut [u8]) -> io::Result<bool> {
    match packed {
        true => packed::read_before(file, offset, bytes),
        false => Ok(read_at(file, offset - bytes.len() as u64, bytes)? == bytes.len()),
    }
}

/// A name for the text of a file that is seen for the first time. Nothing that rotation
/// changes is in it but what the file system gives once.
pub(crate) fn lineage(inode: u64, born_unix_nano: u64, head_hash: u64) -> Lineage {
    let birth = if born_unix_nano == 0 { head_hash } else { born_unix_nano };
    named(inode, birth)
}

/// A name for what a file holds after its content was replaced.
pub(crate) fn next_lineage(before: Lineage) -> Lineage {
    named(before.0, u64::MAX)
}

fn named(a: u64, b: u64) -> Lineage {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&a.to_le_bytes());
    bytes[8..].copy_from_slice(&b.to_le_bytes());
    Lineage(head_hash(&bytes))
}

/// The file's first `length` bytes, or fewer where it is shorter.
pub(crate) fn read_head<'b>(file: &File, length: usize, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
    buffer.resize(length.min(MAX_HEAD), 0);
    let read = read_at(file, 0, buffer)?;
    Ok(&buffer[..read])
}

/// Fills the buffer from an offset, or as much of it as there is.
pub(crate) fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values published with the function (draft-eastlake-fnv): what stands in
    /// state files must be found again by every later version.
    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(head_hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(head_hash(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(head_hash(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
