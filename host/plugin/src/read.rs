//! Reading a component's file.

use std::fs::File;
use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::inspect::Digest;

/// Why a component's file is not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it means")]
pub enum ReadError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it is no regular file")]
    NoFile,
    #[error(
        "it is {size} bytes large, more than the {max} that are accepted; raise `limits.size` if it is meant to be so large"
    )]
    TooLarge { size: u64, max: usize },
}

/// The largest component there can be, whatever its limits.
pub const MAX_COMPONENT_BYTES: usize = 1 << 30;

/// Reads the file of a component. One that is larger than `max` bytes is refused
/// unread.
pub fn read(path: &Path, max: usize) -> Result<Vec<u8>, ReadError> {
    let (file, size) = open(path)?;
    let too_large = |size| Err(ReadError::TooLarge { size, max });
    if size > max as u64 {
        return too_large(size);
    }
    let mut bytes = Vec::with_capacity(size as usize);
    // It may grow meanwhile.
    file.take(max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max {
        return too_large(bytes.len() as u64);
    }
    Ok(bytes)
}

/// The digest of a component's file: nothing of it is kept.
pub fn digest(path: &Path) -> Result<Digest, ReadError> {
    let (file, size) = open(path)?;
    if size > MAX_COMPONENT_BYTES as u64 {
        return Err(ReadError::TooLarge { size, max: MAX_COMPONENT_BYTES });
    }
    // It may grow meanwhile, for ever.
    let (mut file, mut sha256) = (file.take(size), Sha256::new());
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Digest(sha256.finalize().into())),
            Ok(count) => sha256.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// A regular file and its size.
fn open(path: &Path) -> Result<(File, u64), ReadError> {
    // A pipe that nobody writes to would be waited for.
    let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(ReadError::NoFile);
    }
    Ok((file, meta.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};

    #[test]
    fn a_file_up_to_the_limit_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wasm");
        fs::write(&path, "four").unwrap();
        assert_eq!(read(&path, 4).unwrap(), b"four");
        assert_eq!(digest(&path).unwrap(), Digest::of(b"four"));
        assert!(matches!(read(&path, 3), Err(ReadError::TooLarge { size: 4, max: 3 })));
        assert!(matches!(read(&folder.path().join("b.wasm"), 3), Err(ReadError::Io(_))));
    }

    #[test]
    fn what_is_too_large_is_refused_unread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wasm");
        // Larger than any memory.
        File::create(&path).unwrap().set_len(1 << 43).unwrap();
        assert!(matches!(read(&path, 64 << 20), Err(ReadError::TooLarge { .. })));
        assert!(matches!(digest(&path), Err(ReadError::TooLarge { .. })));
    }

    #[test]
    fn what_has_no_end_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(Path::new("/dev/zero"), 10), Err(ReadError::NoFile)));
        assert!(matches!(read(folder.path(), 10), Err(ReadError::NoFile)));
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
            .unwrap();
        assert!(matches!(read(&pipe, 10), Err(ReadError::NoFile)));
    }
}
