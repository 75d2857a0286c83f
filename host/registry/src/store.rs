//! What was fetched, kept by its digest.
//!
//! ```text
//! components/sha256-HEX.wasm           a component; HEX is its SHA-256
//! components/sha256-HEX.wasm.minisig   its signature, where one came with it
//! components/refs.json                 {"HOST/NAME:TAG": {"sha256": HEX, "manifest": "sha256:…", "fetched": …}}
//! components/lock                      held by who writes
//! ```
//! A file is whole or not there: each is written under another name, synced and renamed. The list of names is
//! written after what it names. Nothing is removed: an agent may have it loaded, or a config may name it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::client::Pulled;
use crate::error::StoreError;
use crate::reference::Reference;

/// The folder of the local copies. Nothing is done before one is asked for.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// A local copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it lies. Whoever reads it checks it against its digest.
    pub path: PathBuf,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// The digest of the manifest that named it.
    pub manifest: String,
    /// When it was fetched, as people read it.
    pub fetched: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Written {
    sha256: String,
    manifest: String,
    fetched: String,
}

type Refs = BTreeMap<String, Written>;

impl Store {
    /// In an agent's state folder.
    pub fn within(state_dir: &Path) -> Self {
        Self { folder: state_dir.join("components") }
    }

    /// What was last fetched under that name, if it was.
    pub fn find(&self, reference: &Reference) -> Result<Option<Entry>, StoreError> {
        let mut refs = self.refs()?;
        let Some(written) = refs.remove(&reference.to_string()) else { return Ok(None) };
        let sha256 = parse(&written.sha256).ok_or_else(|| StoreError::Damaged {
            path: self.names().display().to_string(),
            why: format!("{reference} has no digest"),
        })?;
        let path = self.path(&sha256);
        let Written { manifest, fetched, .. } = written;
        Ok(path.is_file().then_some(Entry { path, sha256, manifest, fetched }))
    }

    /// Keeps what came, under its digest and that name. `sha256` is its digest.
    pub fn put(&self, reference: &Reference, sha256: [u8; 32], pulled: &Pulled) -> Result<Entry, StoreError> {
        fs::create_dir_all(&self.folder).map_err(at(&self.folder))?;
        let _lock = self.lock()?;
        let path = self.path(&sha256);
        if let Some(signature) = &pulled.signature {
            self.write(&with_suffix(&path, ".minisig"), signature)?;
        }
        self.write(&path, &pulled.bytes)?;
        let fetched = jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string();
        let entry = Entry { path, sha256, manifest: pulled.manifest.clone(), fetched };
        let mut refs = self.refs()?;
        let written = Written {
            sha256: hex(&sha256),
            manifest: entry.manifest.clone(),
            fetched: entry.fetched.clone(),
        };
        refs.insert(reference.to_string(), written);
        // A map with text keys always serialises.
        let mut text = serde_json::to_vec_pretty(&refs).unwrap_or_default();
        text.push(b'\n');
        self.write(&self.names(), &text)?;
        Ok(entry)
    }

    fn path(&self, sha256: &[u8; 32]) -> PathBuf {
        self.folder.join(format!("sha256-{}.wasm", hex(sha256)))
    }

    /// The file that says what was fetched under which name.
    pub fn names(&self) -> PathBuf {
        self.folder.join("refs.json")
    }

    fn refs(&self) -> Result<Refs, StoreError> {
        let path = self.names();
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Refs::new()),
            read => read.map_err(at(&path))?,
        };
        serde_json::from_slice(&text)
            .map_err(|error| StoreError::Damaged { path: path.display().to_string(), why: error.to_string() })
    }

    fn lock(&self) -> Result<File, StoreError> {
        let path = self.folder.join("lock");
        let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits() as i32;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).custom_flags(flags);
        let file = options.open(&path).map_err(at(&path))?;
        rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)
            .map_err(|error| at(&path)(error.into()))?;
        Ok(file)
    }

    /// Whole or not at all. Everybody may read it: the agent may be another user than who fetches.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let temporary = with_suffix(path, ".new");
        // Not through a link that another user may have put there: who fetches may be root.
        let _ = fs::remove_file(&temporary);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o644);
        let written = options.open(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written
            .and_then(|()| fs::rename(&temporary, path))
            .and_then(|()| File::open(&self.folder)?.sync_all())
            .map_err(at(path))
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.display().to_string();
    move |error| StoreError::Io { path, error }
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse(hex: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (i, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pulled(bytes: &[u8], signature: Option<&[u8]>) -> Pulled {
        Pulled {
            bytes: bytes.to_vec(),
            signature: signature.map(<[u8]>::to_vec),
            manifest: format!("sha256:{}", "1".repeat(64)),
        }
    }

    #[test]
    fn what_is_put_is_found_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::within(folder.path());
        let [one, two] = ["localhost/a:1", "localhost/a:2"].map(|name| name.parse::<Reference>().unwrap());
        assert_eq!(store.find(&one).unwrap(), None);
        let first = store.put(&one, [1; 32], &pulled(b"first", Some(b"signed"))).unwrap();
        assert_eq!(store.find(&one).unwrap().as_ref(), Some(&first));
        assert_eq!(fs::read(&first.path).unwrap(), b"first");
        assert_eq!(fs::read(with_suffix(&first.path, ".minisig")).unwrap(), b"signed");
        assert_eq!(store.find(&two).unwrap(), None);
        let second = store.put(&one, [2; 32], &pulled(b"second", None)).unwrap();
        assert_eq!(store.find(&one).unwrap(), Some(second));
        assert!(first.path.is_file(), "somebody may use it still");
        let names: Vec<_> = fs::read_dir(folder.path().join("components")).unwrap().flatten().collect();
        assert!(names.iter().all(|name| !name.file_name().to_string_lossy().ends_with(".new")));
    }

    #[test]
    fn a_copy_that_is_gone_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::within(folder.path());
        let name = "localhost/a:1".parse().unwrap();
        let entry = store.put(&name, [1; 32], &pulled(b"first", None)).unwrap();
        fs::remove_file(&entry.path).unwrap();
        assert_eq!(store.find(&name).unwrap(), None);
    }

    #[test]
    fn a_damaged_list_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::within(folder.path());
        let name = "localhost/a:1".parse().unwrap();
        store.put(&name, [1; 32], &pulled(b"first", None)).unwrap();
        let refs = folder.path().join("components/refs.json");
        let good = fs::read_to_string(&refs).unwrap();
        for bad in [&good[..good.len() / 2], "[]", &good.replace(&"01".repeat(32), "../../etc/passwd")] {
            fs::write(&refs, bad).unwrap();
            let error = store.find(&name).unwrap_err();
            assert!(error.to_string().contains("refs.json"), "{error}");
        }
    }
}
