use std::fmt;

/// A file that is being followed, for as long as this process runs. Given out in
/// the order of discovery and never reused, so a late acknowledgement cannot hit
/// another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileKey(pub u64);

/// A range of a file's bytes: `start` inclusive, `end` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset after the last byte; never less than `start`.
    pub end: u64,
}

impl Span {
    /// The range from `start` to `end`; empty where `end` lies before `start`.
    pub fn new(start: u64, end: u64) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Its length in bytes.
    pub fn len(self) -> u64 {
        self.end - self.start
    }

    /// Whether it holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// What a file is, whatever its name: it survives a rename, and a new file that
/// was given a freed inode is another one.
///
/// Two identities are the same file when device, inode and birth agree and the head
/// of the younger still starts with the head of the elder ([`Identity::head_len`]
/// grows while a file is shorter than the fingerprint).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Device number of the file system.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// When the file was made, in nanoseconds since 1970; 0 where the file system does
    /// not tell.
    pub born_unix_nano: u64,
    /// How many of the file's first bytes `head_hash` covers.
    pub head_len: u32,
    /// Hash of the file's first `head_len` bytes, the same on every machine and
    /// in every version.
    pub head_hash: u64,
}

impl Identity {
    /// Whether both are the same file as far as the file system tells: its content may
    /// still be another one.
    pub fn same_node(&self, other: &Self) -> bool {
        let born = (self.born_unix_nano, other.born_unix_nano);
        let same_birth = born.0 == born.1 || born.0 == 0 || born.1 == 0;
        (self.device, self.inode) == (other.device, other.inode) && same_birth
    }
}

/// The bytes right before an offset, which tell that what stands before it is what was
/// read: a file whose content was replaced may begin alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Anchor {
    /// How many of them the hash covers; 0: nothing is known.
    pub len: u32,
    /// Their hash, by the same function as that of a head.
    pub hash: u64,
}

/// A text, wherever it is: the same under another name, in a copy that rotation made and
/// compressed, and another one once a file is written anew. Given when the text is first
/// seen, and kept with its checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lineage(pub u64);

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
