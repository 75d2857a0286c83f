//! Hearing of changes: the system's notifications and other threads' calls end
//! up in one place, where the lane waits for them.
//!
//! Invariant: a notification only ever means "look again". Nothing is concluded
//! from its kind or its order, so one that is lost, doubled or late costs time
//! and no line.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

/// With more paths than this to look at, looking at everything is cheaper.
const MAX_PATHS: usize = 4096;

/// How long the system's notifications are left to gather after one that came
/// alone. The system merges the same news about the same file while nobody fetches
/// it: a file that is written line by line would otherwise cost a wake-up per line.
const GATHER: Duration = Duration::from_millis(10);
/// Notifications further apart than this come alone: there was none left to fetch.
const ALONE: Duration = Duration::from_micros(50);
/// How long notifications are fetched without a rest, for those that come close
/// together and cannot be merged. Long, so that the queue is emptied faster than
/// any writer can fill it.
const FETCH: Duration = Duration::from_millis(5);

/// What was heard since the last time.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Paths whose content or permissions changed.
    pub(crate) changed: HashSet<PathBuf>,
    /// Paths that came, went or were renamed.
    pub(crate) moved: HashSet<PathBuf>,
    /// Too much to name: look at everything.
    pub(crate) everything: bool,
    /// The system's queue overflowed.
    pub(crate) overflow: bool,
    /// Notifications have ended, and why.
    pub(crate) failed: Option<String>,
    /// Somebody asked the wait to end.
    pub(crate) woken: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Ear {
    heard: Mutex<Heard>,
    told: Condvar,
    /// The watcher's thread has something better to do than to rest.
    hurry: Mutex<bool>,
    hurried: Condvar,
}

/// Listens on the watcher's thread.
struct Listener {
    ear: Arc<Ear>,
    heard_at: Instant,
    rested_at: Instant,
}

/// Ends a wait from another thread. Cheap to clone; a call between two waits ends
/// the next one.
#[derive(Debug, Clone)]
pub struct Waker(pub(crate) Arc<Ear>);

/// The system's notifications.
pub(crate) struct Watch {
    watcher: RecommendedWatcher,
    ear: Arc<Ear>,
}

// === impl Heard ===

impl Heard {
    pub(crate) fn is_quiet(&self) -> bool {
        self.changed.is_empty() && self.moved.is_empty() && !self.everything && self.failed.is_none()
    }

    fn note(&mut self, event: notify::Result<notify::Event>) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                self.failed = Some(error.to_string());
                return;
            }
        };
        if event.need_rescan() {
            self.overflow = true;
            self.everything = true;
        }
        let paths = match event.kind {
            // Our own opening of files is among these.
            EventKind::Access(_) => return,
            EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_) | ModifyKind::Any) => {
                &mut self.changed
            }
            _ => &mut self.moved,
        };
        paths.extend(event.paths);
        if paths.len() > MAX_PATHS {
            paths.clear();
            self.everything = true;
        }
    }
}

// === impl Ear ===

impl Ear {
    /// What has been heard, without waiting.
    pub(crate) fn take(&self) -> Heard {
        std::mem::take(&mut self.lock())
    }

    /// Waits until somebody calls, or something changed and `earliest` has passed,
    /// or `until`.
    pub(crate) fn wait(&self, until: Instant, earliest: Instant) -> Heard {
        let mut heard = self.lock();
        loop {
            let now = Instant::now();
            let ready = !heard.is_quiet() && now >= earliest;
            if heard.woken || ready || now >= until {
                return std::mem::take(&mut heard);
            }
            let end = if heard.is_quiet() { until } else { until.min(earliest) };
            heard = self
                .told
                .wait_timeout(heard, end.saturating_duration_since(now))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    pub(crate) fn note(&self, event: notify::Result<notify::Event>) {
        let mut heard = self.lock();
        let was_quiet = heard.is_quiet();
        heard.note(event);
        if was_quiet && !heard.is_quiet() {
            self.told.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rest(&self) {
        let hurry = self.hurry.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.hurried.wait_timeout_while(hurry, GATHER, |hurry| !*hurry));
    }

    fn hurry(&self, hurry: bool) {
        *self.hurry.lock().unwrap_or_else(PoisonError::into_inner) = hurry;
        self.hurried.notify_all();
    }
}

// === impl Listener ===

impl notify::EventHandler for Listener {
    fn handle_event(&mut self, event: notify::Result<notify::Event>) {
        self.ear.note(event);
        let now = Instant::now();
        if now >= self.heard_at + ALONE || now >= self.rested_at + FETCH {
            self.ear.rest();
            self.rested_at = Instant::now();
        }
        self.heard_at = Instant::now();
    }
}

// === impl Waker ===

impl Waker {
    /// Makes the wait that is going on, or the next one, return at once.
    pub fn wake(&self) {
        self.0.lock().woken = true;
        self.0.told.notify_one();
    }
}

// === impl Watch ===

impl Watch {
    pub(crate) fn new(ear: Arc<Ear>) -> notify::Result<Self> {
        let now = Instant::now();
        let listener = Listener { ear: ear.clone(), heard_at: now, rested_at: now };
        Ok(Self { watcher: notify::recommended_watcher(listener)?, ear })
    }

    /// Watches a directory, not what is below it. An error that concerns only this
    /// directory is left to the slow look.
    pub(crate) fn add(&mut self, directory: &Path) -> notify::Result<()> {
        self.hurried(|watcher| match watcher.watch(directory, RecursiveMode::NonRecursive) {
            Err(error) if !ends_everything(&error) => {
                tracing::debug!(path = %directory.display(), %error, "cannot watch this directory");
                Ok(())
            }
            other => other,
        })
    }

    pub(crate) fn remove(&mut self, directory: &Path) {
        // It fails when the directory is gone, and then there is nothing to do.
        let _ = self.hurried(|watcher| watcher.unwatch(directory));
    }

    /// The watcher's thread has to answer, so it must not rest meanwhile.
    fn hurried<T>(&mut self, call: impl FnOnce(&mut RecommendedWatcher) -> T) -> T {
        self.ear.hurry(true);
        let answer = call(&mut self.watcher);
        self.ear.hurry(false);
        answer
    }
}

/// Whether no further directory could be watched either.
fn ends_everything(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound | notify::ErrorKind::WatchNotFound => false,
        notify::ErrorKind::Io(io) => {
            !matches!(io.kind(), std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::NotADirectory)
        }
        _ => true,
    }
}

/// What to change so that the next start can use notifications.
pub(crate) fn remedy(error: &notify::Error) -> &'static str {
    match &error.kind {
        notify::ErrorKind::MaxFilesWatch => "raise the sysctl fs.inotify.max_user_watches",
        notify::ErrorKind::Io(io) if io.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) => {
            "raise the sysctl fs.inotify.max_user_instances, or the limit of open files"
        }
        _ => "see that inotify is available to this process",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use notify::event::{AccessKind, CreateKind, DataChange, Flag};

    use super::*;

    fn event(kind: EventKind, path: &str) -> notify::Result<notify::Event> {
        Ok(notify::Event::new(kind).add_path(path.into()))
    }

    #[test]
    fn opening_a_file_is_no_news() {
        let mut heard = Heard::default();
        heard.note(event(EventKind::Access(AccessKind::Any), "/a"));
        assert!(heard.is_quiet());
        heard.note(event(EventKind::Modify(ModifyKind::Data(DataChange::Any)), "/a"));
        heard.note(event(EventKind::Create(CreateKind::File), "/b"));
        assert!(heard.changed.contains(Path::new("/a")) && heard.moved.contains(Path::new("/b")));
    }

    #[test]
    fn an_overflow_means_everything() {
        let mut heard = Heard::default();
        heard.note(Ok(notify::Event::new(EventKind::Other).set_flag(Flag::Rescan)));
        assert!(heard.overflow && heard.everything);
        let mut heard = Heard::default();
        for number in 0..=MAX_PATHS {
            heard.note(event(EventKind::Create(CreateKind::File), &format!("/{number}")));
        }
        assert!(heard.everything && heard.moved.is_empty());
    }

    #[test]
    fn a_call_ends_the_wait_and_a_change_waits_for_its_moment() {
        let ear = Arc::new(Ear::default());
        let far = Instant::now() + Duration::from_secs(60);
        Waker(ear.clone()).wake();
        assert!(ear.wait(far, far).woken);
        ear.note(event(EventKind::Create(CreateKind::File), "/a"));
        let soon = Instant::now() + Duration::from_millis(5);
        assert!(!ear.wait(far, soon).is_quiet());
        assert!(Instant::now() >= soon);
        assert!(ear.wait(Instant::now(), far).is_quiet());
    }

    #[test]
    fn a_rest_ends_when_there_is_something_to_answer() {
        let ear = Arc::new(Ear::default());
        let started = Instant::now();
        ear.rest();
        assert!(started.elapsed() >= GATHER);
        ear.hurry(true);
        let started = Instant::now();
        for _ in 0..1000 {
            ear.rest();
        }
        assert!(started.elapsed() < GATHER * 500);
    }
}
