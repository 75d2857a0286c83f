//! What is written, and what rotation and people do to the files: the truth that the
//! run is held against.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

/// Where everything is written to.
pub(crate) const LOG: &str = "app.log";

/// What some texts begin with, so that their first lines do not tell them apart.
const COMMON: &str = "2026-11-22T10:00:00 the first line, the same in many files\n";

/// What was written from one rotation to the next.
pub(crate) struct Text {
    pub(crate) bytes: Vec<u8>,
    /// So much of its beginning cannot be told from that of others.
    pub(crate) common: u64,
    lines: usize,
}

/// What a file holds: the first bytes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) text: usize,
    pub(crate) length: u64,
}

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) texts: Vec<Text>,
    pub(crate) held: BTreeMap<String, Held>,
}

// === impl Text ===

impl Text {
    pub(crate) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Where its last whole line ends, of its first bytes.
    pub(crate) fn whole_lines(&self, length: u64) -> u64 {
        let text = &self.bytes[..length.min(self.len()) as usize];
        text.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last as u64 + 1)
    }
}

// === impl World ===

impl World {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), texts: Vec::new(), held: BTreeMap::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names that hold a text, and how much of it at the most.
    pub(crate) fn exists(&self, text: usize) -> u64 {
        self.held.values().filter(|held| held.text == text).map(|held| held.length).max().unwrap_or(0)
    }

    /// Which text is in the file with this device and inode.
    pub(crate) fn by_node(&self, node: (u64, u64)) -> Option<usize> {
        let is_it = |name: &String| {
            fs::metadata(self.path(name)).is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == node)
        };
        self.held.iter().find(|(name, _)| is_it(name)).map(|(_, held)| held.text)
    }

    /// Writes lines to a file, the last one perhaps not to its end yet.
    pub(crate) fn append(&mut self, name: &str, lines: usize, partial: bool, common: bool) {
        if !self.held.contains_key(name) {
            File::create(self.path(name)).unwrap();
            self.begin(name, common);
        }
        let Held { text, length } = self.held[name];
        let number = text;
        let text = &mut self.texts[text];
        assert_eq!(length, text.len(), "only what holds all of a text is written to");
        let mut new = Vec::new();
        // Never alone: two files with nothing else in them are the same to everybody.
        if text.len() == 0 && text.common > 0 && lines > 0 {
            new.extend(COMMON.as_bytes());
        }
        if text.bytes.last().is_some_and(|&last| last != b'\n') {
            new.extend(b" and its end\n");
        }
        for _ in 0..lines {
            let line = text.lines;
            text.lines += 1;
            writeln!(
                new,
                "2026-11-22T10:00:{line:02} text {number} line {line} {}",
                "x".repeat(line % 7 * 5)
            )
            .unwrap();
        }
        if partial && lines > 0 {
            new.pop();
        }
        text.bytes.extend(&new);
        self.held.get_mut(name).unwrap().length = text.len();
        OpenOptions::new().append(true).open(self.path(name)).unwrap().write_all(&new).unwrap();
    }

    /// A new text begins in a file that is empty.
    fn begin(&mut self, name: &str, common: bool) {
        let common = if common { COMMON.len() as u64 } else { 0 };
        self.held.insert(name.to_owned(), Held { text: self.texts.len(), length: 0 });
        self.texts.push(Text { bytes: Vec::new(), common, lines: 0 });
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if let Some(held) = self.held.remove(from) {
            fs::rename(self.path(from), self.path(to)).unwrap();
            self.held.insert(to.to_owned(), held);
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if self.held.remove(name).is_some() {
            fs::remove_file(self.path(name)).unwrap();
        }
    }

    /// Makes room for a first rotated file.
    pub(crate) fn shift(&mut self) {
        for ending in ["", ".gz"] {
            self.remove(&format!("{LOG}.2{ending}"));
            self.rename(&format!("{LOG}.1{ending}"), &format!("{LOG}.2{ending}"));
        }
    }

    pub(crate) fn copy(&mut self, from: &str, to: &str) {
        fs::copy(self.path(from), self.path(to)).unwrap();
        self.held.insert(to.to_owned(), self.held[from]);
    }

    pub(crate) fn pack(&mut self, from: &str, to: &str) {
        let mut packer = GzEncoder::new(File::create(self.path(to)).unwrap(), Compression::fast());
        packer.write_all(&fs::read(self.path(from)).unwrap()).unwrap();
        packer.finish().unwrap();
        self.held.insert(to.to_owned(), self.held[from]);
    }

    pub(crate) fn truncate(&mut self, name: &str, common: bool) {
        OpenOptions::new().write(true).open(self.path(name)).unwrap().set_len(0).unwrap();
        self.begin(name, common);
    }
}
