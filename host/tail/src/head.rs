//! The first bytes of a file, which tell it from another one with the same inode
//! number.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::options::MAX_HEAD;

/// FNV-1a with 64 bits over a file's first bytes. Stored in the state file, so it
/// must never change. It need not withstand an attacker: who can choose the bytes
/// of a log file can only have that file taken for an earlier version of itself.
pub fn head_hash(head: &[u8]) -> u64 {
    head.iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
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
