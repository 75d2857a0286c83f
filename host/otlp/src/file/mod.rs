//! Payloads in a file, in the collector's formats (fileexporter).
//!
//! - `json`: a request in JSON on each line.
//! - `proto`: each request behind its length in 4 bytes, big-endian.
//! - With compression each request is compressed for itself, behind its length in
//!   the same form, whichever format it has.
//!
//! A request counts as delivered when it is on the disk, not before: the checkpoint
//! moves past its lines then.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::attempt::Attempt;
use crate::batch::Payload;
use crate::compress::{Compression, Compressor};
use crate::error::OptionsError;
use crate::exporter::{Prepared, Unwritable};
use crate::json;
use crate::rotation::delete;

pub use crate::rotation::Rotation;

/// Where and how to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The file.
    pub path: PathBuf,
    /// What a request becomes.
    pub format: Format,
    /// Whether each request is compressed.
    pub compression: Compression,
    /// Whether what is in the file stays; it does with a rotation in any case.
    pub append: bool,
    /// Whether to make the folder of the file.
    pub create_directory: bool,
    /// When the file is put aside and a new one begun.
    pub rotation: Option<Rotation>,
}

/// What a request becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Format {
    Json,
    Proto,
}

/// Clones write to the same file, a request at a time.
#[derive(Debug)]
pub(crate) struct File {
    out: Arc<Mutex<Out>>,
    shown: String,
    format: Format,
    compressor: Compressor,
}

#[derive(Debug)]
struct Out {
    path: PathBuf,
    rotation: Option<Rotation>,
    file: fs::File,
    length: u64,
}

impl File {
    pub(crate) fn new(options: Options) -> Result<Self, OptionsError> {
        let Options { path, format, compression, append, create_directory, rotation } = options;
        let shown = path.display().to_string();
        let failed = |source| OptionsError::Output { path: path.clone(), source };
        if create_directory && let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let keep = append || rotation.is_some();
        let mut open = OpenOptions::new();
        let file = open.create(true).append(true).open(&path).map_err(failed)?;
        if !keep {
            file.set_len(0).map_err(failed)?;
        }
        let length = file.metadata().map_err(failed)?.len();
        let out = Arc::new(Mutex::new(Out { path, rotation, file, length }));
        Ok(Self { out, shown, format, compressor: Compressor::new(compression) })
    }

    pub(crate) fn backend(&self) -> &str {
        &self.shown
    }

    pub(crate) fn prepare(&mut self, payload: &Payload) -> Result<Prepared, Unwritable> {
        let mut body = match self.format {
            Format::Proto => payload.body().clone(),
            Format::Json => json::request(payload)?.into(),
        };
        let mut framed = self.format == Format::Proto;
        if self.compressor.method() != Compression::NONE {
            framed = true;
            body = self
                .compressor
                .compress(&body)
                .map_err(|error| Unwritable { form: "compressed", reason: error.to_string() })?;
        }
        let mut out = Vec::with_capacity(body.len() + 4);
        if framed {
            // A batch of 4 GiB is far above any bound there is.
            out.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
        }
        out.extend_from_slice(&body);
        if !framed {
            out.push(b'\n');
        }
        Ok(Prepared { body: out.into(), encoding: None })
    }

    pub(crate) async fn send(&self, prepared: &Prepared) -> Attempt {
        let (out, body) = (Arc::clone(&self.out), prepared.body.clone());
        let written = tokio::task::spawn_blocking(move || {
            out.lock().unwrap_or_else(PoisonError::into_inner).write(&body)
        });
        match written.await {
            Ok(Ok(())) => Attempt::delivered(),
            Ok(Err(error)) => {
                Attempt::Retry { after: None, reason: format!("cannot be written to: {error}") }
            }
            // The runtime is being shut down.
            Err(error) => Attempt::Retry { after: None, reason: format!("was not written to: {error}") },
        }
    }
}

impl Clone for File {
    fn clone(&self) -> Self {
        Self {
            out: Arc::clone(&self.out),
            shown: self.shown.clone(),
            format: self.format,
            compressor: Compressor::new(self.compressor.method()),
        }
    }
}

impl Out {
    /// Writes a request as a whole: what is left of one that failed is taken back.
    fn write(&mut self, body: &Bytes) -> io::Result<()> {
        self.rotate(body.len() as u64)?;
        let written = self.file.write_all(body).and_then(|()| self.file.sync_data());
        match &written {
            Ok(()) => self.length += body.len() as u64,
            Err(_) => self.file.set_len(self.length)?,
        }
        written
    }

    fn rotate(&mut self, more: u64) -> io::Result<()> {
        let Some(rotation) = &self.rotation else { return Ok(()) };
        if self.length == 0 || self.length + more <= rotation.max_bytes {
            return Ok(());
        }
        delete(&rotation.put_aside(&self.path, jiff::Zoned::now())?);
        self.file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        self.length = self.file.metadata()?.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(path: PathBuf) -> Options {
        Options {
            path,
            format: Format::Json,
            compression: Compression::NONE,
            append: false,
            create_directory: false,
            rotation: None,
        }
    }

    #[test]
    fn what_was_there_goes_or_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        let start = |append, rotation| {
            fs::write(&path, "old\n").unwrap();
            let file = File::new(Options { append, rotation, ..options(path.clone()) }).unwrap();
            file.out.lock().unwrap().write(&Bytes::from_static(b"new\n")).unwrap();
            fs::read_to_string(&path).unwrap()
        };
        assert_eq!(start(false, None), "new\n");
        assert_eq!(start(true, None), "old\nnew\n");
        assert_eq!(start(false, Some(Rotation::default())), "old\nnew\n");
    }

    #[test]
    fn a_folder_is_made_where_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/out.json");
        let without = File::new(options(path.clone())).unwrap_err();
        assert!(matches!(without, OptionsError::Output { .. }), "{without}");
        File::new(Options { create_directory: true, ..options(path.clone()) }).unwrap();
        assert!(path.exists());
    }

    #[test]
    fn a_full_file_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        let rotation = Rotation { max_bytes: 10, max_backups: 2, ..Rotation::default() };
        let file = File::new(Options { rotation: Some(rotation), ..options(path.clone()) }).unwrap();
        for _ in 0..4 {
            file.out.lock().unwrap().write(&Bytes::from_static(b"seven b\n")).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "seven b\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "two of three were kept");
    }
}
