//! What is due at a moment: what was heard is taken up, files are looked at, the
//! walk is made, silences end, files are let go.

use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use skidway_model::FileKey;

use crate::followed::Look;
use crate::notice::{Cause, Notice};
use crate::tailer::Tailer;
use crate::watch::Heard;

/// Files are looked at although notifications tell of changes: some changes are told
/// to nobody (network file systems, writing through another name). That happens
/// every `poll_interval` while it takes no more than a thousandth of a core, with
/// many files less often, ...
pub(crate) const IDLE_FACTOR: u32 = 1000;
/// Without notifications it may take a two-hundredth, ...
pub(crate) const POLL_FACTOR: u32 = 200;
/// ... but it happens at least this often.
const SLOW_LOOK: Duration = Duration::from_secs(5);
/// A file that has grown so lately is one that is written to, and without notifications
/// looked at every `poll_interval`, however many others there are.
const LIVELY: Duration = Duration::from_secs(60);
/// How long to poll after the queue of notifications has overflowed.
const OVERFLOW_POLL: Duration = Duration::from_secs(60);

// === impl Tailer ===

impl Tailer {
    /// Takes up what was heard and does what is due.
    pub(crate) fn turn(&mut self, now: Instant, heard: Heard) {
        self.turned_at = now;
        self.hear(heard, now);
        self.look_around(now);
        if now >= self.next_scan || (self.scan_wanted && now >= self.scan_not_before) {
            self.scan(false);
        }
        for key in std::mem::take(&mut self.restless) {
            if self
                .files
                .get(&key)
                .and_then(|file| file.next_look(&self.options))
                .is_some_and(|due| now >= due)
            {
                self.look(key, now);
            }
            if self.files.get(&key).and_then(|file| file.closes(&self.options)).is_some_and(|due| now >= due)
            {
                self.let_go(key, now);
            }
            self.complain(key, now);
            self.revisit(key, now);
        }
    }

    /// Looks at all files, or at those that are written to.
    fn look_around(&mut self, now: Instant) {
        let all = now >= self.next_look;
        if !all && (self.is_told() || now < self.next_brisk_look) {
            return;
        }
        let due = self.files.iter().filter(|(_, file)| all || now < file.grown_at() + LIVELY);
        for key in due.map(|(key, _)| *key).collect::<Vec<_>>() {
            self.look(key, now);
        }
        let cost = now.elapsed();
        if all {
            self.next_look = now + self.look_interval(now, cost);
        }
        self.next_brisk_look = now + self.options.poll_interval.max(cost * POLL_FACTOR);
    }

    /// Whether the system tells of all changes at the moment.
    fn is_told(&self) -> bool {
        self.watch.is_some() && self.poll_until.is_none()
    }

    fn hear(&mut self, heard: Heard, now: Instant) {
        self.woken |= heard.woken;
        if let Some(error) = heard.failed {
            self.poll_from_now_on(&error, "see that inotify is available to this process");
        }
        if heard.overflow {
            if self.poll_until.is_none() {
                tracing::warn!(
                    "too many files change at once to be told of all; polling for a while. To change that, \
                     raise the sysctl fs.inotify.max_queued_events"
                );
            }
            self.poll_until = Some(now + OVERFLOW_POLL);
        }
        if heard.everything {
            self.next_look = now;
            self.scan_wanted = true;
        }
        for path in heard.moved {
            self.scan_wanted |= self.concerns(&path);
        }
        for path in heard.changed {
            self.scan_wanted |= self.problems.contains_key(&path) || self.passed_over.contains(&path);
            if let Some(&key) = self.aliases.get(&path).and_then(|node| self.by_node.get(node)) {
                self.look(key, now);
            }
        }
    }

    fn look_interval(&mut self, now: Instant, cost: Duration) -> Duration {
        if self.poll_until.is_some_and(|until| now >= until) {
            self.poll_until = None;
        }
        let factor = if self.is_told() { IDLE_FACTOR } else { POLL_FACTOR };
        self.options.poll_interval.max((cost * factor).min(SLOW_LOOK))
    }

    pub(crate) fn look(&mut self, key: FileKey, now: Instant) {
        let Some(file) = self.files.get_mut(&key) else { return };
        match file.look(now, &self.options, &mut self.scratch) {
            Ok(Look::Same) => {}
            Ok(Look::Changed { identity_grew }) => {
                if identity_grew {
                    self.notices.push_back(Notice::Changed { file: key });
                }
                self.revisit(key, now);
            }
            Ok(Look::Replaced) => self.replaced(key, now),
            Ok(Look::Closed) => {
                self.open_again(key, now);
            }
            Ok(Look::Elsewhere) => self.scan_wanted = true,
            Err(error) => {
                if file.failed(now, error.kind()) {
                    tracing::warn!(path = %file.path.display(), %error, "cannot look at the file; trying again");
                }
            }
        }
    }

    /// Closes a file that no path leads to, unless something was written to it
    /// after all.
    fn let_go(&mut self, key: FileKey, now: Instant) {
        self.look(key, now);
        let closes = self.files.get(&key).and_then(|file| file.closes(&self.options));
        if closes.is_none_or(|due| now < due) {
            return;
        }
        let Some(file) = self.remove(key) else { return };
        let deleted = file.metadata().is_ok_and(|metadata| metadata.nlink() == 0);
        self.part(&file, deleted);
        tracing::info!(path = %file.path.display(), offset = file.offset, deleted, "let go of a file, read to its end");
        let cause = if deleted { Cause::Deleted } else { Cause::Moved };
        self.notices.push_back(Notice::Closed { file: key, cause });
    }

    /// Puts a file where it belongs: among those to read, among those for which
    /// time matters, or nowhere.
    pub(crate) fn revisit(&mut self, key: FileKey, now: Instant) {
        let Some(file) = self.files.get_mut(&key) else { return };
        if !file.queued && file.is_due(now, &self.options) {
            file.queued = true;
            self.ready.push_back(key);
        }
        if file.alarm(&self.options).is_some() {
            self.restless.insert(key);
        } else {
            self.restless.remove(&key);
        }
    }

    pub(crate) fn next_alarm(&self) -> Instant {
        let alarms = self.restless.iter().filter_map(|key| self.files.get(key)?.alarm(&self.options));
        let mut next = alarms.fold(self.next_look.min(self.next_scan), Instant::min);
        if !self.is_told() {
            next = next.min(self.next_brisk_look);
        }
        if self.scan_wanted {
            next = next.min(self.scan_not_before);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use notify::event::{EventKind, Flag};

    use super::*;
    use crate::Options;
    use crate::watch::Watch;

    fn tailer(folder: &Path) -> Tailer {
        let options = Options {
            include: vec![format!("{}/*.log", folder.display())],
            poll_interval: Duration::from_millis(5),
            ..Options::default()
        };
        Tailer::new(options, skidway_state::Resumer::new(None)).unwrap()
    }

    fn wait_for_bytes(tailer: &mut Tailer, bytes: u64) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while tailer.unread_bytes() != bytes {
            assert!(Instant::now() < deadline, "{} unread instead of {bytes}", tailer.unread_bytes());
            tailer.hold(Instant::now() + Duration::from_millis(5));
            while tailer.take_notice().is_some() {}
        }
    }

    /// What a tailer does whose notifications end must not depend on any that are
    /// still on their way: they are gone before the first change.
    #[test]
    fn without_notifications_files_are_polled() {
        let folder = tempfile::tempdir().unwrap();
        let mut tailer = tailer(folder.path());
        tailer.ear.note(Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch)));
        tailer.wait(Instant::now());
        while tailer.watch.is_some() {
            tailer.wait(Instant::now() + Duration::from_millis(5));
        }
        assert!(tailer.watched.is_empty());
        fs::write(folder.path().join("a.log"), "one\n").unwrap();
        wait_for_bytes(&mut tailer, 4);
        fs::write(folder.path().join("a.log"), "one\ntwo\n").unwrap();
        wait_for_bytes(&mut tailer, 8);
    }

    /// As on a network file system: notifications work, and nobody gives any.
    #[test]
    fn what_nobody_tells_of_is_seen_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.log"), "").unwrap();
        let mut tailer = tailer(folder.path());
        tailer.hold(Instant::now() + Duration::from_millis(50));
        tailer.watch = Some(Watch::new(std::sync::Arc::default()).unwrap());
        tailer.scan_wanted = false;
        let changed = Instant::now();
        fs::write(folder.path().join("a.log"), "one\n").unwrap();
        wait_for_bytes(&mut tailer, 4);
        assert!(changed.elapsed() < SLOW_LOOK, "after {:?}", changed.elapsed());
        let made = Instant::now();
        fs::write(folder.path().join("b.log"), "two\n").unwrap();
        wait_for_bytes(&mut tailer, 8);
        // At the latest after the slowest walk, for which a busy machine is enough.
        assert!(made.elapsed() < Duration::from_secs(15), "after {:?}", made.elapsed());
        assert!(tailer.watch.is_some());
    }

    #[test]
    fn many_files_are_looked_at_less_often() {
        let folder = tempfile::tempdir().unwrap();
        let mut tailer = tailer(folder.path());
        let now = Instant::now();
        let interval = |tailer: &mut Tailer, cost| tailer.look_interval(now, Duration::from_micros(cost));
        assert_eq!(interval(&mut tailer, 1), tailer.options.poll_interval);
        assert_eq!(interval(&mut tailer, 100), Duration::from_millis(100));
        assert_eq!(interval(&mut tailer, 20_000), SLOW_LOOK);
        tailer.watch = None;
        assert_eq!(interval(&mut tailer, 20_000), Duration::from_secs(4));
    }

    #[test]
    fn an_overflow_makes_it_look_at_everything_and_poll_for_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let mut tailer = tailer(folder.path());
        tailer.next_look = Instant::now() + Duration::from_secs(3600);
        tailer.ear.note(Ok(notify::Event::new(EventKind::Other).set_flag(Flag::Rescan)));
        let deadline = Instant::now() + Duration::from_secs(10);
        while tailer.poll_until.is_none() {
            assert!(Instant::now() < deadline);
            tailer.wait(Instant::now() + Duration::from_millis(5));
        }
        assert!(tailer.watch.is_some());
        assert!(tailer.next_look <= Instant::now() + tailer.options.poll_interval);
    }

    /// A walk per write would cost a core on a deep tree.
    #[test]
    fn writing_to_a_file_does_not_make_it_walk() {
        use std::io::Write;
        let folder = tempfile::tempdir().unwrap();
        let mut file = fs::File::create(folder.path().join("a.log")).unwrap();
        let mut tailer = tailer(folder.path());
        wait_for_bytes(&mut tailer, 0);
        while tailer.scan_wanted {
            tailer.hold(Instant::now() + Duration::from_millis(5));
        }
        let next_scan = Instant::now() + Duration::from_secs(3600);
        tailer.next_scan = next_scan;
        for round in 1..=20 {
            file.write_all(b"0123456789\n").unwrap();
            wait_for_bytes(&mut tailer, round * 11);
        }
        fs::write(folder.path().join("no match"), "x").unwrap();
        tailer.hold(Instant::now() + Duration::from_millis(50));
        assert_eq!(tailer.next_scan, next_scan);
    }
}
