//! Where changes of component files are heard of.
//!
//! A file changes under its path when any name on the way to it does: the file's own, a symbolic link's (Kubernetes
//! switches `..data` beside the files), a folder's that was missing. So each of these names is watched, in the
//! folder that it stands in; other names in these folders are nobody's business and wake nobody.
//!
//! Invariant: what is heard only ever means "look again", as in `tail`. Where the system does not tell, the
//! supervisor looks every few seconds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::supervisor::Message;

/// As the kernel.
const MAX_LINKS: usize = 40;

/// The names that matter.
#[derive(Debug, Default)]
struct Names {
    places: BTreeSet<PathBuf>,
    /// In this folder each component matters.
    folder: Option<PathBuf>,
}

/// Listens on notify's thread.
struct Ear {
    names: Arc<Mutex<Names>>,
    is_told: Arc<AtomicBool>,
    inbox: Sender<Message>,
}

/// The folders that are listened to.
pub(super) struct Watch {
    watcher: Option<RecommendedWatcher>,
    names: Arc<Mutex<Names>>,
    is_told: Arc<AtomicBool>,
    /// By device and inode: another folder may take the name.
    watched: BTreeMap<PathBuf, (u64, u64)>,
}

impl Watch {
    /// Tells `inbox` of changes, once until [`heard`](Self::heard).
    pub(super) fn new(inbox: Sender<Message>) -> Self {
        let (names, is_told) = (Arc::default(), Arc::default());
        let ear = Ear { names: Arc::clone(&names), is_told: Arc::clone(&is_told), inbox };
        let watcher = notify::recommended_watcher(ear).inspect_err(|error| {
            tracing::warn!("changed components are noticed some seconds later, because the system tells of no changes: {error}");
        });
        Self { watcher: watcher.ok(), names, is_told, watched: BTreeMap::new() }
    }

    /// The news has arrived; what comes now is news again.
    pub(super) fn heard(&self) {
        self.is_told.store(false, Ordering::Release);
    }

    /// Listens to what may change these files, or the components of `folder`.
    pub(super) fn follow(&mut self, paths: &[PathBuf], folder: &Path) {
        let any = folder.join("any.wasm");
        let places: BTreeSet<_> = paths.iter().chain([&any]).flat_map(|path| places(path)).collect();
        let mut folders: BTreeSet<_> =
            places.iter().filter_map(|place| place.parent()).map(Path::to_owned).collect();
        let folder = folder.canonicalize().ok();
        folders.extend(folder.clone());
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = Names { places, folder };
        let Some(watcher) = &mut self.watcher else { return };
        let identity = |folder: &Path| fs::metadata(folder).ok().map(|meta| (meta.dev(), meta.ino()));
        self.watched.retain(|folder, known| {
            let keeps = folders.contains(folder) && identity(folder) == Some(*known);
            if !keeps {
                // It fails when the folder is gone, and then there is nothing to do.
                let _ = watcher.unwatch(folder);
            }
            keeps
        });
        for folder in folders {
            let Some(identity) = identity(&folder).filter(|_| !self.watched.contains_key(&folder)) else {
                continue;
            };
            match watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => drop(self.watched.insert(folder, identity)),
                Err(error) => tracing::debug!(folder = %folder.display(), %error, "cannot watch this folder"),
            }
        }
    }
}

impl notify::EventHandler for Ear {
    fn handle_event(&mut self, event: notify::Result<notify::Event>) {
        let matters = match &event {
            // Our own reading is among these.
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => false,
            Ok(event) => {
                event.need_rescan() || {
                    let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
                    event.paths.iter().any(|path| names.matter(path))
                }
            }
            Err(_) => true,
        };
        if matters && !self.is_told.swap(true, Ordering::AcqRel) {
            // The supervisor ends with the agent.
            let _ = self.inbox.send(Message::Changed);
        }
    }
}

impl Names {
    fn matter(&self, path: &Path) -> bool {
        let is_component =
            path.extension().is_some_and(|extension| extension == "wasm" || extension == "minisig");
        self.places.contains(path) || (is_component && path.parent() == self.folder.as_deref())
            // The folder itself: it was moved or removed.
            || self.places.iter().any(|place| place.parent() == Some(path))
    }
}

/// The names on the way to a file that may lead elsewhere one day: links, the file's own, the first that is missing.
fn places(path: &Path) -> Vec<PathBuf> {
    let Ok(path) = std::path::absolute(path) else { return Vec::new() };
    let parts = |path: &Path| -> Vec<PathBuf> {
        path.components().rev().map(|part| PathBuf::from(part.as_os_str())).collect()
    };
    let (mut at, mut ahead, mut links, mut places) = (PathBuf::from("/"), parts(&path), 0, Vec::new());
    while let Some(part) = ahead.pop() {
        let name = match part.components().next() {
            Some(Component::Normal(name)) => name,
            Some(Component::RootDir) => {
                at = PathBuf::from("/");
                continue;
            }
            Some(Component::ParentDir) => {
                at.pop();
                continue;
            }
            Some(Component::CurDir | Component::Prefix(_)) | None => continue,
        };
        let place = at.join(name);
        match fs::symlink_metadata(&place) {
            Ok(meta) if meta.is_dir() => at = place,
            Ok(meta) if meta.is_symlink() && links < MAX_LINKS => {
                links += 1;
                ahead.extend(fs::read_link(&place).map(|target| parts(&target)).unwrap_or_default());
                places.push(place);
            }
            Ok(_) | Err(_) => {
                places.push(place);
                break;
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn names(folder: &Path, path: &Path) -> Vec<String> {
        let name = |place: &PathBuf| place.strip_prefix(folder).unwrap().display().to_string();
        places(path).iter().map(name).collect()
    }

    #[test]
    fn every_link_on_the_way_matters() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        fs::create_dir_all(folder.join("v1/deep")).unwrap();
        fs::write(folder.join("v1/deep/a.wasm"), "").unwrap();
        symlink("v1", folder.join("..data")).unwrap();
        symlink("..data/deep/../deep/a.wasm", folder.join("a.wasm")).unwrap();
        assert_eq!(names(&folder, &folder.join("a.wasm")), ["a.wasm", "..data", "v1/deep/a.wasm"]);
        symlink(folder.join("a.wasm"), folder.join("v1/absolute")).unwrap();
        assert_eq!(
            names(&folder, &folder.join("v1/./absolute")),
            ["v1/absolute", "a.wasm", "..data", "v1/deep/a.wasm"]
        );
    }

    #[test]
    fn what_is_missing_is_awaited_where_it_will_appear() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        assert_eq!(names(&folder, &folder.join("new/sub/a.wasm")), ["new"]);
        symlink("nowhere/a.wasm", folder.join("dangling")).unwrap();
        assert_eq!(names(&folder, &folder.join("dangling")), ["dangling", "nowhere"]);
        symlink("loop", folder.join("loop")).unwrap();
        assert_eq!(places(&folder.join("loop")).len(), MAX_LINKS + 1);
    }

    #[test]
    fn only_names_that_matter_are_news() {
        let (inbox, told) = std::sync::mpsc::channel();
        let places = [PathBuf::from("/a/x.wasm"), PathBuf::from("/a/..data")].into();
        let names = Arc::new(Mutex::new(Names { places, folder: Some("/b".into()) }));
        let mut ear = Ear { names, is_told: Arc::default(), inbox };
        let mut news = |kind, path: &str| {
            ear.is_told.store(false, Ordering::Release);
            notify::EventHandler::handle_event(&mut ear, Ok(notify::Event::new(kind).add_path(path.into())));
            told.try_iter().count()
        };
        let any = EventKind::Any;
        assert_eq!([news(any, "/a/x.wasm"), news(any, "/a/..data"), news(any, "/b/new.wasm")], [1, 1, 1]);
        assert_eq!([news(any, "/a/app.log"), news(any, "/a/y.wasm"), news(any, "/b/.new.swp")], [0, 0, 0]);
        assert_eq!(news(any, "/a"), 1, "the folder went");
        assert_eq!(news(EventKind::Access(notify::event::AccessKind::Any), "/a/x.wasm"), 0);
    }
}
