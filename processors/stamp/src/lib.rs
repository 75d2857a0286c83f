//! Time stamps and severities as the collector's operators read them
//! (collector-contrib, `pkg/stanza/operator/helper/time.go`, `severity.go`).
//!
//! A layout in `strptime` notation is translated to one of Go's, as there, and
//! Go's is read as Go's `time.Parse` reads it ([`layout`], [`read`]). So whatever
//! is peculiar there is peculiar here: `02` needs two digits, a fraction of a
//! second may follow seconds without being in the layout, any number of blanks
//! stands for one.

mod civil;
mod epoch;
mod layout;
mod read;
pub mod severity;
mod strptime;
mod zone;

pub use epoch::Epoch;
pub use zone::Zone;

use layout::Part;

/// Why a layout cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LayoutError(pub(crate) String);

/// Why a stamp cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it means")]
pub enum StampError {
    #[error("it does not fit the layout")]
    Mismatch,
    #[error("a number in it is out of range")]
    Range,
    #[error("there is text behind it")]
    Extra,
}

/// How stamps look.
#[derive(Debug, Clone)]
pub struct Layout {
    parts: Vec<Part>,
    /// Stamps without a zone are in UTC whatever the local one is.
    is_utc: bool,
}

impl Layout {
    /// One in `strptime` notation, such as `%Y-%m-%d %H:%M:%S`.
    ///
    /// # Errors
    /// What is no directive, or stands where it may not.
    pub fn strptime(layout: &str) -> Result<Self, LayoutError> {
        let native = strptime::to_native(layout)?;
        Ok(Self { parts: layout::parts(&native), is_utc: layout.ends_with('Z') })
    }

    /// One in Go's notation, such as `2006-01-02 15:04:05`.
    pub fn gotime(layout: &str) -> Self {
        Self { parts: layout::parts(layout), is_utc: layout.ends_with('Z') }
    }

    /// Whether it ends in `Z`: the zone of stamps is then UTC unless the user says
    /// otherwise.
    pub fn is_utc(&self) -> bool {
        self.is_utc
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z. `zone` is that of stamps which name
    /// none; `now_unix_nano` is what the year of stamps without one is taken from:
    /// the same one, or the year before for what would be more than seven days
    /// later.
    ///
    /// # Errors
    /// Why `stamp` does not fit.
    #[inline]
    pub fn parse(&self, stamp: &[u8], zone: &Zone, now_unix_nano: u64) -> Result<i128, StampError> {
        read::read(&self.parts, stamp, zone, now_unix_nano)
    }
}

#[cfg(test)]
mod tests;
