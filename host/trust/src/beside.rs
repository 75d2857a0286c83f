//! The file of a signature, beside the component's.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A signature has four lines. Comments may be long, but not that long.
const MAX_BYTES: u64 = 16 << 10;

/// Where the signature of a component's file stands.
pub fn signature_path(component: &Path) -> PathBuf {
    let mut name = OsString::from(component);
    name.push(".minisig");
    PathBuf::from(name)
}

/// What stands there, if anything does.
pub fn read_signature(component: &Path) -> io::Result<Option<Vec<u8>>> {
    // A pipe that nobody writes to would be waited for.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(signature_path(component)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is too large to be a signature"));
    }
    Ok(Some(bytes))
}
