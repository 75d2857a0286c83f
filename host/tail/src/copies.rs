//! Where a text has gone: rotation gives its file another name, or copies it and empties
//! the file, and compresses what it has put away.
//!
//! Invariants: a file is a copy of a text where it begins as that does, by enough bytes
//! to tell, and holds what was read right before the place where reading stands. While
//! the original holds the text too, a copy under a name that rotation gives is left
//! alone. Once the original does not, the text is read on in the copy, under the key it
//! had: so what was written between the last read and the truncation is not lost, and
//! nothing is read twice. Two files that begin alike under other names are two texts.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use regex::Regex;
use skidway_model::{FileKey, Span};
use skidway_state::{Checkpoint, Left};
use walkdir::DirEntryExt as _;

use crate::absent::Elsewhere;
use crate::followed::{Followed, Likeness, Look, open};
use crate::head::next_lineage;
use crate::notice::{Cause, Notice};
use crate::options::{Compression, Options};
use crate::resume::Found;
use crate::scan::{Match, Node};
use crate::tailer::Tailer;

/// The name that a file had before rotation gave it this one: `syslog.1`, `syslog.2.gz`,
/// `messages-20261122`, `app-2026-11-22.log` and `app.1.log` have one.
pub(crate) fn original_name(name: &str) -> Option<String> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    const WRITTEN: &str =
        r"^(.+?)[-._](?:\d{1,5}|\d{4}-?\d\d-?\d\d(?:[-T_.]?\d{1,10})?|\d{10})(\.[A-Za-z]+)?$";
    let pattern = PATTERN.get_or_init(|| Regex::new(WRITTEN).ok()).as_ref()?;
    let packed = [".gz", ".bz2", ".xz", ".zst"].iter().find_map(|ending| name.strip_suffix(ending));
    match pattern.captures(packed.unwrap_or(name)) {
        Some(parts) => Some(format!("{}{}", &parts[1], parts.get(2).map_or("", |ending| ending.as_str()))),
        None => packed.map(str::to_owned),
    }
}

/// Whether rotation may have given this name to what was under the other one, which it
/// may have given before.
pub(crate) fn is_rotated(path: &Path, before: &Path) -> bool {
    let original = |path: &Path| original_name(path.file_name()?.to_str()?);
    let again = || original(path).is_some_and(|name| original(before) == Some(name));
    is_rotation_of(path, before) || (path != before && again())
}

/// Whether rotation may have made this name of the other one.
fn is_rotation_of(path: &Path, original: &Path) -> bool {
    let name = |path: &Path| path.file_name()?.to_str().map(str::to_owned);
    name(path).zip(name(original)).is_some_and(|(new, old)| original_name(&new) == Some(old))
}

/// The path that a file had before rotation gave it this one.
pub(crate) fn original_path(path: &Path) -> Option<PathBuf> {
    Some(path.with_file_name(original_name(path.file_name()?.to_str()?)?))
}

// === impl Tailer ===

impl Tailer {
    /// The content of an open file is another one. The old one is read on where it has
    /// gone to; the new one is another file, from its beginning.
    pub(crate) fn replaced(&mut self, key: FileKey, now: Instant) {
        self.look_at_rotated(key, now);
        let Some(old) = self.files.get_mut(&key) else { return };
        old.mistrust();
        if !matches!(old.look(now, &self.options, &mut self.scratch), Ok(Look::Replaced)) {
            // One of the others was its copy, and it is read on there by now.
            return self.revisit(key, now);
        }
        let Some(old) = self.remove(key) else { return };
        let path = old.path.clone();
        let new = old.again(now, &self.options, &mut self.scratch);
        let known = old.checkpoint();
        let node = old.node();
        let copy = if old.is_packed() { None } else { self.holder(&known, now, Some(node)) };
        match copy {
            Some(copy) => {
                tracing::info!(path = %path.display(), copy = %copy.path.display(), offset = copy.offset,
                    "the file was emptied after it was copied: reading on in the copy");
                self.reinsert(key, copy, now);
            }
            None => {
                let lost = old.lost();
                if lost.is_empty() {
                    tracing::info!(path = %path.display(), offset = old.offset,
                        "the file was truncated when all that was known of it was read, and there is no copy: \
                         reading from its beginning");
                } else {
                    tracing::error!(path = %path.display(), bytes = lost.len(), range = %lost,
                        "the file was truncated before all of it was read, and there is no copy: bytes are lost");
                }
                self.absent.lost(&old);
                self.notices.push_back(Notice::Closed { file: key, cause: Cause::Truncated { lost } });
            }
        }
        match new {
            Ok(file) => self.follow_new(file, now),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "cannot read the file; trying again");
                self.scan_wanted = true;
            }
        }
    }

    /// Follows what a file holds now, where a glob leads to it and it is no copy of what
    /// is read elsewhere.
    fn follow_new(&mut self, mut file: Followed, now: Instant) {
        if file.leaving.is_some() && !self.globs.matches(&file.path) {
            return;
        }
        if let Some(known) = self.absent.returned(&Found::new(&file)) {
            file.go_on(&known);
        } else if self.is_spare_copy(&file, now) {
            self.passed_over.insert(file.path);
            return;
        } else {
            match self.read_elsewhere(&mut file, now) {
                Ok(Elsewhere::UpTo(known)) => file.go_on(&known),
                Ok(Elsewhere::All) => {
                    self.passed_over.insert(file.path);
                    return;
                }
                Ok(Elsewhere::Beginning) if self.is_young(&file, now) => {
                    self.passed_over.insert(file.path);
                    return;
                }
                Ok(Elsewhere::Beginning | Elsewhere::Nothing) => {}
                Err(error) => tracing::warn!(path = %file.path.display(), %error,
                    "cannot tell whether this was read before: reading from its beginning"),
            }
        }
        self.insert(file, now);
    }

    /// Followed files whose names rotation made of this one's may hold its text by now.
    fn look_at_rotated(&mut self, key: FileKey, now: Instant) {
        let Some(file) = self.files.get(&key) else { return };
        let rotated = self.files.iter().filter(|(_, other)| is_rotation_of(&other.path, &file.path));
        let rotated: Vec<FileKey> = rotated.map(|(key, _)| *key).collect();
        for key in rotated {
            if let Some(other) = self.files.get_mut(&key) {
                other.mistrust();
            }
            self.look(key, now);
        }
    }

    /// Before files are taken up whose names rotation made: what those are copies of may
    /// have been emptied, and renamed, since it was looked at.
    pub(crate) fn look_at_families(&mut self, new: &[(Node, Match)], now: Instant) {
        let names = new.iter().filter_map(|(_, found)| found.paths.first());
        let originals: HashSet<PathBuf> = names.filter_map(|(_, path)| original_path(path)).collect();
        if originals.is_empty() {
            return;
        }
        let is_one = |path: &PathBuf| {
            originals.contains(path) || original_path(path).is_some_and(|path| originals.contains(&path))
        };
        let family = self.files.iter().filter(|(_, file)| is_one(&file.path));
        for key in family.map(|(key, _)| *key).collect::<Vec<_>>() {
            if let Some(file) = self.files.get_mut(&key) {
                file.mistrust();
            }
            self.look(key, now);
        }
    }

    /// Reads a text on in another file, under the key it has.
    fn reinsert(&mut self, key: FileKey, mut file: Followed, now: Instant) {
        // The next walk takes it back where a glob leads to it.
        file.leaving = Some(now);
        self.by_node.insert(file.node(), key);
        self.handles.used(key, &mut file);
        self.notices.push_back(Notice::Changed { file: key });
        self.series.enter(key, &file.path);
        self.files.insert(key, file);
        self.scan_wanted = true;
        self.restless.insert(key);
        self.revisit(key, now);
    }

    /// Looks for the texts that an earlier run was reading and that no glob leads to any
    /// more. What is found is read to its end.
    pub(crate) fn look_for_missing(&mut self, now: Instant) {
        let missing = self.missing();
        for (path, last) in self.follow_missing(&missing, now) {
            self.follow_unseen(&path, last, &missing, now);
        }
    }

    /// Answers which of the names that globs lead to have lost their text so, and when
    /// that was written to last.
    fn follow_missing(&mut self, missing: &[Left], now: Instant) -> BTreeMap<PathBuf, SystemTime> {
        let mut left = BTreeMap::new();
        for Left { checkpoint: known, gone } in missing {
            let unread = known.read_to.saturating_sub(known.offset);
            if *gone && unread == 0 {
                continue;
            }
            let mut last = known.modified;
            let path = known.path.display();
            match self.holder(known, now, None) {
                Some(mut file) => {
                    tracing::info!(from = %path, to = %file.path.display(), offset = file.offset,
                        "rotated while nobody looked: reading the rest");
                    last = file.modified;
                    file.leaving = Some(now);
                    self.resumer.claim(known.lineage);
                    let key = self.insert(file, now);
                    self.restless.insert(key);
                }
                None if unread > 0 && !*gone => {
                    tracing::error!(%path, bytes = unread, range = %Span::new(known.offset, known.read_to),
                        "not all of this file was delivered, and neither it nor a copy is found: these bytes \
                         are lost unless it comes back");
                }
                None => tracing::info!(%path, offset = known.offset, "a file that was followed is gone"),
            }
            if !gone && original_path(&known.path).is_none() {
                let latest = left.entry(known.path.clone()).or_insert(last);
                *latest = last.max(*latest);
            }
        }
        left
    }

    /// What an earlier run has read and this one has not found.
    pub(crate) fn missing(&self) -> Vec<Left> {
        self.resumer.unclaimed().cloned().collect()
    }

    /// Where a text was put away while nobody looked, another one may have taken its place
    /// and been put away, too. Nobody knows that one, and no glob leads to it: it has a name
    /// that rotation gives, and was written to later than the one that is known.
    fn follow_unseen(&mut self, original: &Path, last: SystemTime, missing: &[Left], now: Instant) {
        let in_place = self.aliases.get(original).and_then(|node| self.by_node.get(node));
        if in_place.is_some_and(|key| self.resumer.knows(self.files[key].lineage)) {
            return;
        }
        let mut unseen = Vec::new();
        for path in siblings(original, |entry| is_rotated(entry.path(), original)) {
            // In another folder it may be of another log, and nobody asked for that.
            if path.parent() != original.parent() || self.globs.excludes(&path) {
                continue;
            }
            let Some(file) = self.open_to_drain(&path, now) else { continue };
            let found = Found::new(&file);
            let holds = |left: &Left| found.is_still(&left.checkpoint) || found.holds(&left.checkpoint);
            if file.modified >= last && !missing.iter().any(holds) && !self.is_spare_copy(&file, now) {
                // No handle is kept meanwhile: there may be many.
                unseen.push((file.modified, path));
            }
        }
        unseen.sort();
        for (_, path) in unseen {
            let Some(mut file) = self.open_to_drain(&path, now) else { continue };
            tracing::info!(path = %file.path.display(), original = %original.display(),
                "written and rotated while nobody looked: reading it");
            while self.resumer.knows(file.lineage) {
                file.lineage = next_lineage(file.lineage);
            }
            file.leaving = Some(now);
            let key = self.insert(file, now);
            self.restless.insert(key);
        }
    }

    /// A text of an earlier run that a new file holds: rotation has copied it there while
    /// nobody looked.
    pub(crate) fn held_before(&mut self, file: &Followed, missing: &[Left]) -> Option<Checkpoint> {
        let found = Found::new(file);
        let mut missing = missing.iter().map(|left| &left.checkpoint);
        let known = missing.find(|known| is_rotated(&file.path, &known.path) && found.holds(known))?;
        let original = open(&known.path).ok().and_then(|handle| {
            Followed::new(known.path.clone(), handle, Instant::now(), &self.options, &mut self.scratch).ok()
        });
        if original.is_some_and(|original| Found::new(&original).is_still(known)) {
            return None;
        }
        // Another file may have been given it a moment ago.
        self.resumer.claim(known.lineage)
    }

    /// Whether a new file is a copy, by its name and by its content, of one that is
    /// followed and has it all: then nothing is to be read in it. So is one that may
    /// become such a copy, while it is written. Where the original turns out to hold
    /// something else by now, the copy is read on after that.
    pub(crate) fn is_spare_copy(&mut self, file: &Followed, now: Instant) -> bool {
        let Some(path) = original_path(&file.path) else { return false };
        let Some(&key) = self.aliases.get(&path).and_then(|node| self.by_node.get(node)) else {
            return false;
        };
        // What it holds now: else an original that was emptied a moment ago would not
        // resemble its copy any more.
        if let Some(original) = self.files.get_mut(&key) {
            original.mistrust();
        }
        self.look(key, now);
        if self.by_node.contains_key(&file.node()) {
            return true;
        }
        let Some(original) = self.files.get(&key).filter(|original| original.path == path) else {
            return false;
        };
        match original.compare(file) {
            Ok(Likeness::Copy) => true,
            Ok(Likeness::Beginning) => self.is_young(file, now),
            Ok(Likeness::Other) | Err(_) => false,
        }
    }

    /// The file that holds a text now, where reading goes on in it: in the folder where
    /// it was, and in those directly below that. Where it is known which file was emptied a
    /// moment ago, also in a copy that is too short to be certain: of old ones there may be
    /// many that begin alike.
    fn holder(&mut self, known: &Checkpoint, now: Instant, emptied: Option<Node>) -> Option<Followed> {
        let name = known.path.file_name()?;
        let paths = siblings(&known.path, |entry| {
            entry.file_name() == name
                || is_rotated(entry.path(), &known.path)
                || entry.ino() == known.identity.inode
        });
        // Of two that hold it the same one is always taken.
        let is_other = |found: &Found<'_>| emptied != Some((found.identity.device, found.identity.inode));
        let certain = |found: &Found<'_>| is_other(found) && (found.is_still(known) || found.holds(known));
        let short = |found: &Found<'_>| emptied.is_some() && is_other(found) && found.may_hold(known);
        let ways: [&dyn Fn(&Found<'_>) -> bool; 2] = [&certain, &short];
        ways.into_iter().find_map(|fits| paths.iter().find_map(|path| self.take_over(path, known, now, fits)))
    }

    /// Has a text read on in this file, if that is the one.
    fn take_over(
        &mut self,
        path: &Path,
        known: &Checkpoint,
        now: Instant,
        fits: &dyn Fn(&Found<'_>) -> bool,
    ) -> Option<Followed> {
        let mut file = self.open_to_drain(path, now).filter(|file| fits(&Found::new(file)))?;
        let length = file.text_length().ok()?;
        if length < known.offset {
            return None;
        }
        file.go_on(known);
        file.say_what_is_cut_off(length);
        Some(file)
    }

    /// A file, compressed or not, that is not followed.
    fn open_to_drain(&mut self, path: &Path, now: Instant) -> Option<Followed> {
        self.make_room();
        let handle = open(path).inspect_err(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(path = %path.display(), %error,
                    "cannot open this, which may hold what was not read before rotation");
            }
        });
        let handle = handle.ok()?;
        if !handle.metadata().ok()?.is_file() {
            return None;
        }
        let options = Options { compression: Compression::Auto, ..self.options.clone() };
        let file = Followed::new(path.to_owned(), handle, now, &options, &mut self.scratch).ok()?;
        (!self.by_node.contains_key(&file.node())).then_some(file)
    }
}

/// Files in the folder of this one, and in those directly below that, in the order of
/// their names.
fn siblings(path: &Path, wanted: impl Fn(&walkdir::DirEntry) -> bool) -> Vec<PathBuf> {
    let Some(folder) = path.parent() else { return Vec::new() };
    let walk = walkdir::WalkDir::new(folder).min_depth(1).max_depth(2).into_iter();
    let files = walk.flatten().filter(|entry| entry.file_type().is_file() && wanted(entry));
    let mut paths: Vec<PathBuf> = files.map(walkdir::DirEntry::into_path).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_rotation_gives() {
        for (rotated, original) in [
            ("syslog.1", Some("syslog")),
            ("syslog.2.gz", Some("syslog")),
            ("app.log.10", Some("app.log")),
            ("app.log.1.zst", Some("app.log")),
            ("app.log.gz", Some("app.log")),
            ("messages-20261122", Some("messages")),
            ("messages-20261122.gz", Some("messages")),
            ("messages-20261122-1763800000", Some("messages")),
            ("app-2026-11-22.log", Some("app.log")),
            ("app-20261122.log", Some("app.log")),
            ("app.1.log", Some("app.log")),
            ("app.log-1763800000", Some("app.log")),
            ("syslog", None),
            ("app.log", None),
            ("app1.log", None),
            ("a", None),
        ] {
            assert_eq!(original_name(rotated).as_deref(), original, "{rotated}");
        }
    }

    #[test]
    fn a_rotated_file_is_rotated_again() {
        let is_rotated = |new: &str, old: &str| is_rotated(Path::new(new), Path::new(old));
        for (new, old) in [
            ("syslog.1", "syslog"),
            ("syslog.2.gz", "syslog.1"),
            ("syslog.1.gz", "syslog.1"),
            ("/var/log/syslog.1", "/var/log/syslog"),
            ("/var/log/syslog.2.gz", "/var/log/syslog.1"),
            ("app-20261122.log.gz", "app-20261122.log"),
        ] {
            assert!(is_rotated(new, old), "{old} to {new}");
        }
        for (new, old) in [
            ("syslog", "syslog.1"),
            ("syslog.1", "syslog.1"),
            ("syslog.1", "messages.1"),
            ("/var/log/syslog", "/var/log/syslog.1"),
            ("/var/log/other.2", "/var/log/syslog.1"),
        ] {
            assert!(!is_rotated(new, old), "{old} to {new}");
        }
    }
}
