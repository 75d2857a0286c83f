//! Bytes of segments and entries; see the head of the crate.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::Count;

pub(crate) const VERSION: u32 = 1;
pub(crate) const SEGMENT_HEAD: u64 = 24;
pub(crate) const ENTRY_HEAD: u64 = 36;
/// The largest payload. A batch is a few MiB; what claims to be larger is not ours.
pub const MAX_PAYLOAD: usize = 64 << 20;
/// Zstandard makes nothing longer than this of it.
const MAX_STORED: usize = MAX_PAYLOAD + (MAX_PAYLOAD >> 8) + 64;
/// Faster levels gain little speed and lose much of the ratio.
const LEVEL: i32 = 1;
const MAGIC: &[u8; 8] = b"skwspool";

/// What each entry of one segment begins with.
pub(crate) type Mark = [u8; 8];

/// What a segment's first bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SegmentHead {
    Known(Mark),
    Newer(u32),
    Damaged,
}

/// What stands before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) stored: u32,
    pub(crate) length: u32,
    pub(crate) records: u32,
    written: u64,
    checksum: u32,
}

/// Takes numbers from the front.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

// === impl SegmentHead ===

impl SegmentHead {
    pub(crate) fn encode(mark: Mark) -> Vec<u8> {
        let mut bytes = [&MAGIC[..], &VERSION.to_le_bytes(), &mark].concat();
        seal(&mut bytes);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; SEGMENT_HEAD as usize]) -> Self {
        let fields = || {
            let mut fields = Fields(unseal(bytes)?.strip_prefix(MAGIC)?);
            Some((fields.u32()?, fields.array()?))
        };
        match fields() {
            Some((VERSION, mark)) => Self::Known(mark),
            Some((version, _)) if version > VERSION => Self::Newer(version),
            _ => Self::Damaged,
        }
    }
}

// === impl Head ===

impl Head {
    pub(crate) fn new(stored: &[u8], length: usize, records: u32, written: SystemTime) -> Self {
        let written = written.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            stored: stored.len() as u32,
            length: length as u32,
            records,
            written: written.as_millis() as u64,
            checksum: crc32fast::hash(stored),
        }
    }

    pub(crate) fn encode(&self, mark: Mark) -> Vec<u8> {
        let mut bytes = [
            &mark[..],
            &self.stored.to_le_bytes(),
            &self.length.to_le_bytes(),
            &self.records.to_le_bytes(),
            &self.written.to_le_bytes(),
            &self.checksum.to_le_bytes(),
        ]
        .concat();
        seal(&mut bytes);
        bytes
    }

    /// `None` where no entry begins with this.
    pub(crate) fn decode(bytes: &[u8; ENTRY_HEAD as usize], mark: Mark) -> Option<Self> {
        let mut fields = Fields(unseal(bytes)?.strip_prefix(&mark)?);
        let head = Self {
            stored: fields.u32()?,
            length: fields.u32()?,
            records: fields.u32()?,
            written: fields.u64()?,
            checksum: fields.u32()?,
        };
        let is_bounded = head.stored as usize <= MAX_STORED && head.length as usize <= MAX_PAYLOAD;
        is_bounded.then_some(head)
    }

    /// From its first byte to the one behind its payload.
    pub(crate) fn size(&self) -> u64 {
        ENTRY_HEAD + u64::from(self.stored)
    }

    pub(crate) fn count(&self) -> Count {
        Count { entries: 1, records: u64::from(self.records), bytes: self.size() }
    }

    pub(crate) fn written(&self) -> SystemTime {
        UNIX_EPOCH.checked_add(Duration::from_millis(self.written)).unwrap_or(UNIX_EPOCH)
    }

    /// The payload, where that is what was stored.
    pub(crate) fn unpack(&self, stored: &[u8]) -> Option<Vec<u8>> {
        if stored.len() != self.stored as usize || crc32fast::hash(stored) != self.checksum {
            return None;
        }
        let payload = zstd::bulk::decompress(stored, self.length as usize).ok()?;
        (payload.len() == self.length as usize).then_some(payload)
    }
}

pub(crate) fn pack(payload: &[u8]) -> io::Result<Vec<u8>> {
    zstd::bulk::compress(payload, LEVEL)
}

// === impl Fields ===

impl Fields<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

/// Appends the checksum of what is there.
pub(crate) fn seal(bytes: &mut Vec<u8>) {
    let checksum = crc32fast::hash(bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
}

/// What stands before the checksum at the end, if it agrees with that.
pub(crate) fn unseal(bytes: &[u8]) -> Option<&[u8]> {
    let (content, checksum) = bytes.split_last_chunk()?;
    (crc32fast::hash(content) == u32::from_le_bytes(*checksum)).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_written_and_with_its_own_mark_only() {
        let stored = pack(b"payload").unwrap();
        let head = Head::new(&stored, 7, 3, UNIX_EPOCH + Duration::from_millis(1_795_000_000_123));
        let bytes: [u8; ENTRY_HEAD as usize] = head.encode(*b"12345678").try_into().unwrap();
        assert_eq!(Head::decode(&bytes, *b"12345678"), Some(head));
        assert_eq!(Head::decode(&bytes, *b"12345679"), None);
        assert_eq!(head.unpack(&stored).unwrap(), b"payload");
        assert_eq!(head.written(), UNIX_EPOCH + Duration::from_millis(1_795_000_000_123));
    }

    #[test]
    fn lengths_that_no_payload_has_are_refused() {
        let usual = Head { stored: 9, length: 9, records: 1, written: 0, checksum: 0 };
        let is_read = |head: Head| {
            let bytes: [u8; ENTRY_HEAD as usize] = head.encode(*b"12345678").try_into().unwrap();
            Head::decode(&bytes, *b"12345678").is_some()
        };
        assert!(is_read(usual));
        assert!(is_read(Head { length: MAX_PAYLOAD as u32, ..usual }));
        assert!(!is_read(Head { length: MAX_PAYLOAD as u32 + 1, ..usual }));
        assert!(!is_read(Head { stored: u32::MAX, ..usual }));
    }

    #[test]
    fn a_payload_that_is_longer_or_shorter_than_its_head_says_is_none() {
        let stored = pack(&[7; 1000]).unwrap();
        for length in [0, 999, 1001] {
            assert_eq!(Head::new(&stored, length, 1, UNIX_EPOCH).unpack(&stored), None);
        }
    }

    #[test]
    fn the_worst_payload_is_within_the_bound() {
        let mut random = fastrand::Rng::with_seed(7);
        let payload: Vec<u8> = (0..1 << 20).map(|_| random.u8(..)).collect();
        let allowed = payload.len() + (payload.len() >> 8) + 64;
        assert!(pack(&payload).unwrap().len() <= allowed);
    }

    #[test]
    fn a_newer_segment_is_told_from_a_damaged_one() {
        let mut bytes = [&MAGIC[..], &9_u32.to_le_bytes(), b"12345678"].concat();
        seal(&mut bytes);
        let mut bytes: [u8; SEGMENT_HEAD as usize] = bytes.try_into().unwrap();
        assert_eq!(SegmentHead::decode(&bytes), SegmentHead::Newer(9));
        bytes[8] = 8;
        assert_eq!(SegmentHead::decode(&bytes), SegmentHead::Damaged);
    }
}
