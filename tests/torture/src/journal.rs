//! What was done when, for whoever has to find out what went wrong.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// A file of lines, each with its time.
#[derive(Debug)]
pub(crate) struct Journal {
    file: Mutex<BufWriter<File>>,
}

impl Journal {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: Mutex::new(BufWriter::new(File::create(path)?)) })
    }

    /// Notes what happens. A note that cannot be written is no reason to stop.
    pub(crate) fn note(&self, what: impl AsRef<str>) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = writeln!(file, "{} {}", Timestamp::now().strftime("%H:%M:%S%.3f"), what.as_ref());
        let _ = written.and_then(|()| file.flush());
    }
}
