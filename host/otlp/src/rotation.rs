//! Files that are full are renamed to `NAME-2022-09-14T05-02-14.173.EXT`, and the
//! oldest of them are to be deleted, as the collector's file exporter does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Zoned;
use jiff::tz::TimeZone;

/// When a file is put aside, and when one that was is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// How long a file may get.
    pub max_bytes: u64,
    /// How old one that was put aside may get; `None`: as old as it likes.
    pub max_age: Option<Duration>,
    /// How many that were put aside are kept; 0: all.
    pub max_backups: usize,
    /// Whether their names are in the machine's zone rather than in UTC.
    pub local_time: bool,
}

impl Default for Rotation {
    /// The collector's: 100 MB, 100 files.
    fn default() -> Self {
        Self { max_bytes: 100 << 20, max_age: None, max_backups: 100, local_time: false }
    }
}

impl Rotation {
    /// Renames the file, and answers which of those that were put aside are too old or
    /// too many: they are the caller's to delete.
    pub(crate) fn put_aside(&self, path: &Path, now: Zoned) -> io::Result<Vec<PathBuf>> {
        let now = if self.local_time { now } else { now.with_time_zone(TimeZone::UTC) };
        // Two within a millisecond must not have the same name.
        let mut moment = now;
        let mut aside = name(path, &moment);
        while aside.try_exists()? {
            moment = moment.saturating_add(Duration::from_millis(1));
            aside = name(path, &moment);
        }
        fs::rename(path, aside)?;
        self.surplus(path)
    }

    /// Those that were put aside and are too old or too many.
    fn surplus(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let (stem, extension) = parts(path);
        let mut aside = Vec::new();
        for entry in fs::read_dir(folder(path))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let moment =
                name.strip_prefix(&format!("{stem}-")).and_then(|rest| rest.strip_suffix(&extension));
            if moment.is_some_and(is_moment) {
                aside.push((name, entry.path(), entry.metadata()?.modified()?));
            }
        }
        // Their names sort as their times do.
        aside.sort_by(|a, b| b.0.cmp(&a.0));
        let keep = if self.max_backups == 0 { usize::MAX } else { self.max_backups };
        let now = SystemTime::now();
        let is_old = |modified: SystemTime| {
            let age = now.duration_since(modified).unwrap_or_default();
            self.max_age.is_some_and(|limit| age > limit)
        };
        let aside = aside.into_iter().enumerate();
        Ok(aside.filter(|(i, (.., at))| *i >= keep || is_old(*at)).map(|(_, (_, path, _))| path).collect())
    }
}

/// Deletes them. One that cannot be deleted now is tried again with the next one.
pub(crate) fn delete(files: &[PathBuf]) {
    for path in files {
        // Somebody else may have deleted it already.
        if let Err(error) = fs::remove_file(path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "cannot delete an old file");
        }
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A file's name without its ending, and the ending with its dot.
fn parts(path: &Path) -> (String, String) {
    let text = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let extension = path.extension().map_or(String::new(), |_| format!(".{}", text(path.extension())));
    (text(path.file_stem()), extension)
}

fn name(path: &Path, moment: &Zoned) -> PathBuf {
    let (stem, extension) = parts(path);
    let millis = moment.millisecond();
    let name = format!("{stem}-{}.{millis:03}{extension}", moment.strftime("%Y-%m-%dT%H-%M-%S"));
    folder(path).join(name)
}

/// Whether this is `2022-09-14T05-02-14.173`.
fn is_moment(text: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00-00-00.000";
    text.len() == SHAPE.len()
        && text.bytes().zip(SHAPE).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            other => byte == *other,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_collectors() {
        let moment: Zoned = "2022-09-14T05:02:14.173+00:00[UTC]".parse().unwrap();
        let named = |path| name(Path::new(path), &moment);
        assert_eq!(named("/a/data.json"), Path::new("/a/data-2022-09-14T05-02-14.173.json"));
        assert_eq!(named("data"), Path::new("./data-2022-09-14T05-02-14.173"));
        assert!(is_moment("2022-09-14T05-02-14.173") && !is_moment("2022-09-14T05-02-14x173"));
    }

    #[test]
    fn others_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.json");
        let others =
            ["data-old.json", "data2-2022-09-14T05-02-14.173.json", "data-2022-09-14T05-02-14.173.txt"];
        for name in others {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let rotation = Rotation { max_backups: 1, ..Rotation::default() };
        let now: Zoned = "2026-01-01T00:00:00+00:00[UTC]".parse().unwrap();
        for _ in 0..3 {
            fs::write(&path, "x").unwrap();
            delete(&rotation.put_aside(&path, now.clone()).unwrap());
        }
        assert!(others.iter().all(|name| folder.path().join(name).exists()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    }

    #[test]
    fn the_old_go_by_age() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.json");
        let old = folder.path().join("data-2022-09-14T05-02-14.173.json");
        fs::write(&old, "").unwrap();
        let week_ago = SystemTime::now() - Duration::from_secs(7 * 86_400);
        fs::File::open(&old).unwrap().set_modified(week_ago).unwrap();
        fs::write(&path, "x").unwrap();
        let rotation = Rotation { max_age: Some(Duration::from_secs(86_400)), ..Rotation::default() };
        delete(&rotation.put_aside(&path, Zoned::now()).unwrap());
        assert!(!old.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
