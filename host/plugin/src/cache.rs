//! Compiled components on disk, so that a start does not compile.
//!
//! A file's name is `COMPONENT-ENGINE-CONTENT.cwasm`: the SHA-256 of the
//! component's bytes, a hash of everything that decides whether compiled code fits
//! this engine (wasmtime's version, its settings, the CPU's features), and the
//! SHA-256 of the file's own content. A file that was cut short or changed does
//! not match its name and is a miss; so is one of another engine. A miss is never
//! an error: the component is compiled again.
//!
//! Invariant: nothing is mapped as code unless a child of this process has just
//! compiled it, or it lies in a folder that belongs to this user, that nobody else may
//! enter, and has the content its name says.

use std::fs::{self, DirBuilder};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::compile::Compiled;
use crate::inspect::Digest;

/// A folder of compiled components.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    engine: u64,
}

impl Cache {
    /// Opens `folder`, making it where it is missing. An error says why it is not
    /// to be trusted.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let meta = fs::symlink_metadata(folder)?;
        let own = rustix::process::geteuid().as_raw();
        let problem = if !meta.is_dir() {
            Some("it is no folder")
        } else if meta.uid() != own {
            Some("it belongs to another user")
        } else if meta.mode() & 0o077 != 0 {
            Some("others may enter it (chmod 700 it)")
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
        }
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        Ok(Self { folder: folder.to_owned(), engine: hasher.finish() })
    }

    fn prefix(&self, component: Digest) -> String {
        format!("{component}-{:016x}-", self.engine)
    }

    /// The compiled form of a component, where a sound one is there.
    pub(crate) fn get(&self, engine: &Engine, component: Digest) -> Option<Component> {
        let prefix = self.prefix(component);
        for entry in fs::read_dir(&self.folder).ok()?.flatten() {
            let name = entry.file_name();
            let Some(claimed) = name
                .to_str()
                .and_then(|name| name.strip_prefix(&prefix))
                .and_then(|rest| rest.strip_suffix(".cwasm"))
            else {
                continue;
            };
            let Ok(content) = fs::read(entry.path()) else { continue };
            if Digest::of(&content).to_string() != claimed {
                tracing::warn!(file = %entry.path().display(), "cached code is damaged; compiling again");
                let _ = fs::remove_file(entry.path());
                continue;
            }
            if let Some(found) = map(engine, &content) {
                return Some(found);
            }
        }
        None
    }

    /// Keeps the compiled form of a component: a new name, then a rename, so that
    /// another process never reads half a file.
    pub(crate) fn put(&self, component: Digest, content: &[u8]) -> io::Result<()> {
        let name = format!("{}{}.cwasm", self.prefix(component), Digest::of(content));
        let temporary = self.folder.join(format!(".{name}.{}", std::process::id()));
        let kept =
            fs::write(&temporary, content).and_then(|()| fs::rename(&temporary, self.folder.join(name)));
        // Half a file on a disk that is full stays for ever: the next process has another name.
        kept.inspect_err(|_| drop(fs::remove_file(&temporary)))
    }
}

/// Makes code of what a child has compiled. None: it was compiled for another engine.
pub(crate) fn map_compiled(engine: &Engine, compiled: &Compiled) -> Option<Component> {
    map(engine, compiled.bytes())
}

/// Makes code of bytes that this program compiled.
#[expect(unsafe_code, reason = "the one place where compiled code is mapped; argued below")]
fn map(engine: &Engine, content: &[u8]) -> Option<Component> {
    // SAFETY: `deserialize` runs whatever machine code it is given, so the bytes
    // must be what wasmtime's compiler wrote. They lie in memory of our own, so they
    // cannot change any more, and come from one of two places.
    //
    // Either they were read from a folder that only this user can enter, which
    // `Cache::open` checked, and their SHA-256 is the one in their name, so they are
    // whole. Whoever can write there as this user can replace the agent itself.
    //
    // Or they are a `Compiled`, which only `Program::compile` makes: what a child of
    // this process wrote to a pipe that nobody else holds, and ended with success,
    // so they are whole. The program that it ran is the one that the host named, in
    // the agent its own executable, which has the same compiler in it that would
    // otherwise run here; a component is data to both.
    //
    // wasmtime checks version, settings and CPU features and answers an error where
    // they differ.
    unsafe { Component::deserialize(engine, content) }.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn setup() -> (tempfile::TempDir, Engine, Cache, Component, Digest) {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        let cache = Cache::open(&folder.path().join("compiled"), &engine).unwrap();
        let bytes = wat::parse_str("(component)").unwrap();
        let component = Component::new(&engine, &bytes).unwrap();
        (folder, engine, cache, component, Digest::of(&bytes))
    }

    fn only_file(cache: &Cache) -> PathBuf {
        fs::read_dir(&cache.folder).unwrap().next().unwrap().unwrap().path()
    }

    #[test]
    fn what_was_put_is_found() {
        let (_folder, engine, cache, component, digest) = setup();
        assert!(cache.get(&engine, digest).is_none());
        cache.put(digest, &component.serialize().unwrap()).unwrap();
        assert!(cache.get(&engine, digest).is_some());
        assert!(cache.get(&engine, Digest::of(b"another")).is_none());
    }

    #[test]
    fn damaged_code_is_a_miss_and_removed() {
        let (_folder, engine, cache, component, digest) = setup();
        cache.put(digest, &component.serialize().unwrap()).unwrap();
        let file = only_file(&cache);
        let mut content = fs::read(&file).unwrap();
        let middle = content.len() / 2;
        content[middle] ^= 1;
        fs::write(&file, content).unwrap();
        assert!(cache.get(&engine, digest).is_none());
        assert!(!file.exists());
    }

    #[test]
    fn what_cannot_be_kept_leaves_nothing_behind() {
        let (_folder, _engine, cache, component, digest) = setup();
        cache.put(digest, &component.serialize().unwrap()).unwrap();
        let file = only_file(&cache);
        fs::remove_file(&file).unwrap();
        // A folder in its place: the rename fails.
        fs::create_dir_all(file.join("in the way")).unwrap();
        assert!(cache.put(digest, &component.serialize().unwrap()).is_err());
        assert_eq!(only_file(&cache), file);
        assert_eq!(fs::read_dir(&cache.folder).unwrap().count(), 1);
    }

    #[test]
    fn code_of_another_engine_is_a_miss() {
        let (_folder, engine, cache, component, digest) = setup();
        cache.put(digest, &component.serialize().unwrap()).unwrap();
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        let other = Engine::new(&config).unwrap();
        let same_folder = Cache::open(&cache.folder, &other).unwrap();
        assert!(same_folder.get(&other, digest).is_none());
        assert!(cache.get(&engine, digest).is_some());
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        let (_folder, engine, cache, ..) = setup();
        fs::set_permissions(&cache.folder, fs::Permissions::from_mode(0o755)).unwrap();
        let refused = Cache::open(&cache.folder, &engine).unwrap_err();
        assert!(refused.to_string().contains("chmod 700"));
    }
}
