//! How far a spool is read and written, on disk.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::disk;
use crate::error::SpoolError;
use crate::format::{Fields, VERSION, seal, unseal};

const NAME: &str = "position";
const MAGIC: &[u8; 8] = b"skwplace";
/// A crash has at most this much delivered twice.
const EVERY: Duration = Duration::from_secs(1);
/// What is larger is not ours.
const MAX_BYTES: u64 = 4096;

/// Before a byte of a segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) segment: u64,
    pub(crate) offset: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Everything before it is done.
    pub(crate) read: Place,
    /// Everything before it was put.
    pub(crate) written: Place,
}

/// What is saved, and when that was.
#[derive(Debug)]
pub(crate) struct Saved {
    path: PathBuf,
    position: Option<Position>,
    at: Instant,
    /// That it cannot be written was said.
    told: bool,
}

impl Position {
    fn encode(&self) -> Vec<u8> {
        let Self { read, written } = self;
        let mut bytes = [&MAGIC[..], &VERSION.to_le_bytes()].concat();
        for number in [read.segment, read.offset, written.segment, written.offset] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        seal(&mut bytes);
        bytes
    }

    /// The version where that is a later one, nothing where these bytes are no position.
    fn decode(bytes: &[u8]) -> Result<Self, Option<u32>> {
        let mut fields = Fields(unseal(bytes).and_then(|content| content.strip_prefix(MAGIC)).ok_or(None)?);
        let version = fields.u32().ok_or(None)?;
        if version != VERSION {
            return Err(Some(version).filter(|version| *version > VERSION));
        }
        let mut place = || Some(Place { segment: fields.u64()?, offset: fields.u64()? });
        let position = place().zip(place()).map(|(read, written)| Self { read, written });
        position.filter(|position| position.read <= position.written).ok_or(None)
    }
}

impl Saved {
    /// What an earlier run has saved, if that can be read.
    pub(crate) fn load(folder: &Path) -> Result<Self, SpoolError> {
        let path = folder.join(NAME);
        let position = load(&path)?;
        Ok(Self { path, position, at: Instant::now(), told: false })
    }

    pub(crate) fn position(&self) -> Option<Position> {
        self.position
    }

    pub(crate) fn is_due(&self) -> bool {
        self.at.elapsed() >= EVERY
    }

    /// Saves it where it is not what is saved already. That this cannot be done is said once.
    pub(crate) fn save(&mut self, position: Position) -> Result<(), SpoolError> {
        if self.position == Some(position) {
            return Ok(());
        }
        self.at = Instant::now();
        match self.write(position) {
            Ok(()) => {
                self.position = Some(position);
                self.told = false;
                Ok(())
            }
            Err(source) => {
                let error = SpoolError::Write { path: self.path.clone(), source };
                if !std::mem::replace(&mut self.told, true) {
                    tracing::warn!("{error}");
                }
                Err(error)
            }
        }
    }

    fn write(&self, position: Position) -> io::Result<()> {
        let temporary = self.path.with_extension("tmp");
        let file = disk::create(&temporary)?;
        disk::write(&file, &position.encode(), 0)?;
        fs::rename(&temporary, &self.path)?;
        self.path.parent().map_or(Ok(()), disk::sync)
    }
}

fn load(path: &Path) -> Result<Option<Position>, SpoolError> {
    let unreadable = |source| SpoolError::Read { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
    match Position::decode(&bytes) {
        Ok(position) => Ok(Some(position)),
        Err(Some(found)) => Err(SpoolError::Newer { path: path.to_owned(), found, known: VERSION }),
        Err(None) => {
            tracing::warn!(path = %path.display(),
                "the position in the spool cannot be understood: all that is there is delivered, some of it again");
            Ok(None)
        }
    }
}
