//! A way from a receiver through a pipeline to an exporter, and where its checkpoints
//! are.
//!
//! `receivers/RECEIVER/PIPELINE-EXPORTER` under the state folder. A way that is new to
//! a receiver begins where another way of it stood last: who renames a pipeline or
//! adds an exporter loses no line and sends none twice.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use skidway_state::StateFile;

/// The ids, as written in the config.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way<'c> {
    pub(crate) receiver: &'c str,
    pub(crate) pipeline: &'c str,
    pub(crate) exporter: &'c str,
}

impl fmt::Display for Way<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.receiver, self.pipeline, self.exporter)
    }
}

/// The file of a state folder that another way may begin with.
const CHECKPOINTS: &str = "checkpoints.json";

impl Way<'_> {
    /// The folder of its checkpoints under the agent's state folder.
    pub(crate) fn state_folder(&self, state_dir: &Path) -> Result<PathBuf> {
        let receiver = state_dir.join("receivers").join(folder_name(self.receiver));
        let own = receiver.join(format!("{}-{}", folder_name(self.pipeline), folder_name(self.exporter)));
        if StateFile::is_new(&own)
            && let Some(other) = latest(&receiver)
        {
            begin_with(&other, &own)
                .with_context(|| format!("cannot begin where {} ends", other.display()))?;
        }
        Ok(own)
    }
}

/// Copies the checkpoints of another way. All of them are there or none: a folder without any
/// is that of a first run, and half of them would be ruins.
fn begin_with(other: &Path, own: &Path) -> io::Result<()> {
    // As the state file's own folder: nobody else's business.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(own)?;
    let temporary = own.join("checkpoints.json.copy");
    fs::copy(other, &temporary)?;
    fs::File::open(&temporary)?.sync_all()?;
    fs::rename(temporary, own.join(CHECKPOINTS))
}

fn folder_name(id: &str) -> String {
    id.replace('/', "-")
}

/// The checkpoints of the other ways of a receiver that were saved last.
fn latest(receiver: &Path) -> Option<PathBuf> {
    let changed = |path: &PathBuf| -> Option<SystemTime> { path.metadata().ok()?.modified().ok() };
    let files = fs::read_dir(receiver).ok()?.flatten().map(|entry| entry.path().join(CHECKPOINTS));
    let files = files.filter_map(|path| Some((changed(&path)?, path)));
    files.max().map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_way_begins_where_the_latest_other_one_stands() {
        let folder = tempfile::tempdir().unwrap();
        let way = |exporter| Way { receiver: "filelog/a", pipeline: "logs", exporter };
        let first = way("otlphttp").state_folder(folder.path()).unwrap();
        assert_eq!(first, folder.path().join("receivers/filelog-a/logs-otlphttp"));
        assert!(!first.exists(), "nobody to begin with");
        fs::create_dir_all(&first).unwrap();
        fs::write(first.join(CHECKPOINTS), "first").unwrap();
        let second = way("debug").state_folder(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(second.join(CHECKPOINTS)).unwrap(), "first");
        fs::write(first.join(CHECKPOINTS), "moved on").unwrap();
        way("debug").state_folder(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(second.join(CHECKPOINTS)).unwrap(), "first", "it has its own by now");
        // A crash before the copy was whole.
        fs::remove_file(second.join(CHECKPOINTS)).unwrap();
        way("debug").state_folder(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(second.join(CHECKPOINTS)).unwrap(), "moved on");
        assert!(fs::read_dir(&second).unwrap().count() == 1, "nothing else is left behind");
        // A person who moved it away wants to start afresh.
        fs::write(second.join("lock"), "").unwrap();
        fs::remove_file(second.join(CHECKPOINTS)).unwrap();
        way("debug").state_folder(folder.path()).unwrap();
        assert!(!second.join(CHECKPOINTS).exists());
    }
}
