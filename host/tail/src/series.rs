//! Files that rotation has made of one log: what was written earlier is read first, so that
//! after an outage or a restart records come in the order of their lines.
//!
//! A file waits for another one of its series that was written to earlier and has something
//! to hand over now; never for one that itself waits for something. By names alone other
//! files are in a series, too (`app-1.log`, `app-2.log`): they wait for each other no longer
//! than it takes to read what is there, for one that is written to on and on is not the
//! earlier one.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Instant;

use skidway_model::FileKey;

use crate::copies::original_path;
use crate::followed::Followed;
use crate::tailer::Tailer;

/// A series of more files is none of a rotation that anybody reads to its end: looking
/// through all of them for each chunk would cost more than their order is worth.
const MOST: usize = 64;

/// Which files there are of each log.
#[derive(Debug, Default)]
pub(crate) struct Series {
    members: HashMap<PathBuf, BTreeSet<FileKey>>,
    of: HashMap<FileKey, PathBuf>,
}

// === impl Series ===

impl Series {
    /// The file has this name now.
    pub(crate) fn enter(&mut self, key: FileKey, path: &Path) {
        self.leave(key);
        let log = original_path(path).unwrap_or_else(|| path.to_owned());
        self.members.entry(log.clone()).or_default().insert(key);
        self.of.insert(key, log);
    }

    /// The file is not followed any more.
    pub(crate) fn leave(&mut self, key: FileKey) {
        let Some(log) = self.of.remove(&key) else { return };
        if let Some(members) = self.members.get_mut(&log) {
            members.remove(&key);
            if members.is_empty() {
                self.members.remove(&log);
            }
        }
    }

    /// The others of its series, where there are few enough.
    fn others(&self, key: FileKey) -> impl Iterator<Item = FileKey> + '_ {
        let members = self.of.get(&key).and_then(|log| self.members.get(log));
        let members = members.filter(|members| members.len() <= MOST);
        members.into_iter().flatten().copied().filter(move |other| *other != key)
    }
}

// === impl Tailer ===

impl Tailer {
    /// Whether something that was written before this file's next line has to be read first.
    pub(crate) fn waits_for_earlier(&self, key: FileKey, now: Instant) -> bool {
        let Some(file) = self.files.get(&key) else { return false };
        let mut others = self.series.others(key).filter_map(|other| Some((other, self.files.get(&other)?)));
        let is_earlier = |earlier: &Followed, other| match earlier.modified.cmp(&file.modified) {
            Ordering::Equal => (is_in_place(earlier), other) < (is_in_place(file), key),
            written => written == Ordering::Less,
        };
        others.any(|(other, earlier)| {
            earlier.queued && earlier.is_due(now, &self.options) && is_earlier(earlier, other)
        })
    }
}

/// Whether it is where it is written, as far as that can be told.
fn is_in_place(file: &Followed) -> bool {
    file.leaving.is_none() && original_path(&file.path).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_log_are_found_by_their_names() {
        let mut series = Series::default();
        let names = ["/a/syslog", "/a/syslog.1", "/a/syslog.2.gz", "/b/syslog.1", "/a/messages"];
        for (number, name) in (0..).zip(names) {
            series.enter(FileKey(number), Path::new(name));
        }
        let others = |series: &Series, key| series.others(FileKey(key)).map(|key| key.0).collect::<Vec<_>>();
        assert_eq!(others(&series, 0), [1, 2]);
        assert_eq!(others(&series, 3), [0; 0]);
        series.enter(FileKey(1), Path::new("/a/messages.1"));
        assert_eq!((others(&series, 0), others(&series, 4)), (vec![2], vec![1]));
        for number in 0..5 {
            series.leave(FileKey(number));
        }
        assert!(series.members.is_empty() && series.of.is_empty());
    }

    #[test]
    fn a_long_series_is_none() {
        let mut series = Series::default();
        for number in 0..=MOST as u64 {
            assert_eq!(series.others(FileKey(0)).count(), (number as usize).saturating_sub(1));
            series.enter(FileKey(number), Path::new(&format!("/a/app-{number}.log")));
        }
        assert_eq!(series.others(FileKey(0)).count(), 0);
    }
}
