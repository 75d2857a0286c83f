use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use skidway_model::Identity;
use tempfile::TempDir;

use super::*;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn checkpoint(path: impl AsRef<Path>, inode: u64, offset: u64) -> Checkpoint {
    Checkpoint {
        path: path.as_ref().to_owned(),
        identity: Identity { device: u64::MAX, inode, head_len: 20, head_hash: u64::MAX - inode },
        offset,
        modified: SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789),
    }
}

fn snapshot(checkpoints: &[Checkpoint]) -> Snapshot {
    Snapshot { checkpoints: checkpoints.to_vec(), forgotten: Vec::new() }
}

fn saved(folder: &TempDir) -> Vec<Checkpoint> {
    let (state, _) = StateFile::open(folder.path()).unwrap();
    state.entries.into_values().map(|entry| entry.checkpoint).collect()
}

fn finds(resumer: &mut Resumer, checkpoint: &Checkpoint) -> Option<u64> {
    let hash = checkpoint.identity.head_hash;
    resumer.find(&checkpoint.path, &checkpoint.identity, u64::MAX, |_| Some(hash))
}

#[test]
fn what_was_saved_is_found_again() {
    let folder = folder();
    let odd = Path::new(std::ffi::OsStr::from_bytes(b"/var/log/caf\xe9.log"));
    let mut early = checkpoint("/early", 3, u64::MAX);
    early.modified = SystemTime::UNIX_EPOCH - Duration::from_nanos(1);
    let checkpoints = [checkpoint("/var/log/syslog", 1, 52), checkpoint(odd, 2, 0), early];
    let (mut state, resumer) = StateFile::open(folder.path()).unwrap();
    assert!(resumer.first_run());
    assert!(state.save(&snapshot(&checkpoints)).unwrap());
    drop(state);
    assert_eq!(saved(&folder), checkpoints);
    let (_state, mut resumer) = StateFile::open(folder.path()).unwrap();
    assert!(!resumer.first_run());
    assert_eq!(
        checkpoints.each_ref().map(|known| finds(&mut resumer, known)),
        [Some(52), Some(0), Some(u64::MAX)]
    );
}

#[test]
fn only_changes_are_written() {
    let folder = folder();
    let (mut state, _) = StateFile::open(folder.path()).unwrap();
    assert!(state.save(&Snapshot::default()).unwrap(), "that there was a first run is worth a file");
    assert!(!state.save(&Snapshot::default()).unwrap());
    let first = snapshot(&[checkpoint("/a", 1, 5)]);
    assert!(state.save(&first).unwrap());
    assert!(!state.save(&first).unwrap());
    assert!(state.save(&snapshot(&[checkpoint("/a", 1, 6)])).unwrap());
    drop(state);
    let (mut state, resumer) = StateFile::open(folder.path()).unwrap();
    assert!(!resumer.first_run());
    assert!(!state.save(&snapshot(&[checkpoint("/a", 1, 6)])).unwrap());
}

#[test]
fn the_files_are_private() {
    let folder = folder();
    let inside = folder.path().join("var/lib/skidway");
    let (mut state, _) = StateFile::open(&inside).unwrap();
    state.save(&Snapshot::default()).unwrap();
    for (path, mode) in [(inside.join(NAME), 0o600), (inside.join(LOCK), 0o600), (inside.clone(), 0o700)] {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
    assert!(!inside.join("checkpoints.json.tmp").exists());
}

#[test]
fn a_crash_before_the_rename_leaves_the_old_state() {
    let folder = folder();
    let (mut state, _) = StateFile::open(folder.path()).unwrap();
    state.save(&snapshot(&[checkpoint("/a", 1, 5)])).unwrap();
    drop(state);
    let whole = fs::read(folder.path().join(NAME)).unwrap();
    for end in [0, 1, whole.len() / 2, whole.len() - 2] {
        fs::write(folder.path().join("checkpoints.json.tmp"), &whole[..end]).unwrap();
        assert_eq!(saved(&folder), [checkpoint("/a", 1, 5)]);
    }
    // And it does not stand in the way of the next save.
    let (mut state, _) = StateFile::open(folder.path()).unwrap();
    assert!(state.save(&snapshot(&[checkpoint("/a", 1, 6)])).unwrap());
    drop(state);
    assert_eq!(saved(&folder), [checkpoint("/a", 1, 6)]);
}

#[test]
fn a_temporary_name_that_leads_elsewhere_is_not_followed() {
    let folder = folder();
    let victim = folder.path().join("victim");
    fs::write(&victim, "keep me").unwrap();
    std::os::unix::fs::symlink(&victim, folder.path().join("checkpoints.json.tmp")).unwrap();
    let (mut state, _) = StateFile::open(folder.path()).unwrap();
    state.save(&Snapshot::default()).unwrap();
    assert_eq!(fs::read_to_string(victim).unwrap(), "keep me");
}

#[test]
fn a_corrupt_file_is_moved_aside() {
    let whole = {
        let folder = folder();
        let (mut state, _) = StateFile::open(folder.path()).unwrap();
        state.save(&snapshot(&[checkpoint("/a", 1, 5)])).unwrap();
        fs::read_to_string(folder.path().join(NAME)).unwrap()
    };
    let bad_hash = whole.replace("fffffffffffffffe", "not a hash");
    for text in ["", "\0\0\0\0", &whole[..whole.len() / 2], "{\"version\":0,\"files\":[]}", "[]", &bad_hash] {
        let folder = folder();
        fs::write(folder.path().join(NAME), text).unwrap();
        let (mut state, resumer) = StateFile::open(folder.path()).unwrap();
        assert!(resumer.first_run(), "{text}");
        assert_eq!(fs::read_to_string(folder.path().join("checkpoints.json.corrupt")).unwrap(), text);
        assert!(state.save(&Snapshot::default()).unwrap());
    }
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let folder = folder();
    let text = "{\"version\":2,\"anything\":true}";
    fs::write(folder.path().join(NAME), text).unwrap();
    let error = StateFile::open(folder.path()).unwrap_err();
    assert!(matches!(error, StateError::Newer { found: 2, known: 1, .. }), "{error}");
    assert!(error.to_string().contains("format 2"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join(NAME)).unwrap(), text);
}

#[test]
fn two_agents_cannot_share_a_folder() {
    let folder = folder();
    let (first, _) = StateFile::open(folder.path()).unwrap();
    let error = StateFile::open(folder.path()).unwrap_err();
    assert!(
        matches!(error, StateError::InUse { pid: Some(pid), .. } if pid == std::process::id()),
        "{error}"
    );
    assert!(error.to_string().contains(folder.path().to_str().unwrap()), "{error}");
    drop(first);
    StateFile::open(folder.path()).unwrap();
}

#[test]
fn a_folder_that_cannot_be_is_an_error_with_its_name() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = StateFile::open(&file.join("state")).unwrap_err();
    assert!(matches!(error, StateError::Folder { .. }), "{error}");
    assert!(error.to_string().contains("file/state"), "{error}");
}

#[test]
fn a_save_that_failed_is_made_up_for() {
    let folder = folder();
    let (mut state, _) = StateFile::open(folder.path()).unwrap();
    let in_the_way = folder.path().join(NAME);
    fs::create_dir(&in_the_way).unwrap();
    let closed_since = snapshot(&[checkpoint("/a", 1, 5)]);
    assert!(matches!(state.save(&closed_since), Err(StateError::Write { .. })));
    fs::remove_dir(&in_the_way).unwrap();
    assert!(state.save(&Snapshot::default()).unwrap());
    drop(state);
    assert_eq!(saved(&folder), [checkpoint("/a", 1, 5)]);
}

#[test]
fn a_file_that_is_gone_is_kept_for_a_week() {
    let folder = folder();
    let (mut state, _) = StateFile::open(folder.path()).unwrap();
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    state.save_at(&snapshot(&[checkpoint("/a", 1, 5)]), start).unwrap();
    assert!(state.save_at(&Snapshot::default(), start).unwrap());
    drop(state);
    // Across a restart the time counts on.
    let (mut state, _) = StateFile::open(folder.path()).unwrap();
    assert!(!state.save_at(&Snapshot::default(), start + KEEP_GONE).unwrap());
    assert_eq!(state.entries.len(), 1);
    assert!(state.save_at(&Snapshot::default(), start + KEEP_GONE + Duration::from_secs(1)).unwrap());
    assert!(state.entries.is_empty());
}

#[test]
fn a_file_that_is_back_counts_anew() {
    let folder = folder();
    let (mut state, _) = StateFile::open(folder.path()).unwrap();
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let present = snapshot(&[checkpoint("/a", 1, 5)]);
    state.save_at(&present, start).unwrap();
    state.save_at(&Snapshot::default(), start).unwrap();
    assert!(state.save_at(&present, start + KEEP_GONE).unwrap());
    state.save_at(&Snapshot::default(), start + KEEP_GONE).unwrap();
    state.save_at(&Snapshot::default(), start + KEEP_GONE * 2).unwrap();
    assert_eq!(state.entries.len(), 1);
}

#[test]
fn of_many_gone_files_the_latest_are_kept() {
    let folder = folder();
    let (mut state, _) = StateFile::open(folder.path()).unwrap();
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let many: Vec<_> = (0..MAX_GONE as u64 + 2).map(|inode| checkpoint("/a", inode, inode)).collect();
    state.save_at(&snapshot(&many), start).unwrap();
    state.save_at(&snapshot(&many[..10]), start).unwrap();
    assert_eq!(state.entries.len(), many.len(), "files that are followed do not count");
    state.save_at(&Snapshot::default(), start + Duration::from_secs(1)).unwrap();
    assert_eq!(state.entries.len(), MAX_GONE);
    assert!(many[..10].iter().all(|known| state.entries.contains_key(&(u64::MAX, known.identity.inode))));
}

#[test]
fn what_is_forgotten_is_not_kept_and_its_inode_may_be_used_again() {
    let folder = folder();
    let (mut state, _) = StateFile::open(folder.path()).unwrap();
    let old = checkpoint("/a", 1, 500);
    let mut new = checkpoint("/b", 1, 0);
    new.identity.head_hash = 77;
    state.save(&snapshot(std::slice::from_ref(&old))).unwrap();
    state.save(&Snapshot { checkpoints: vec![new.clone()], forgotten: vec![old.identity] }).unwrap();
    drop(state);
    assert_eq!(saved(&folder), [new.clone()]);
    let (mut state, _) = StateFile::open(folder.path()).unwrap();
    state.save(&Snapshot { checkpoints: vec![], forgotten: vec![new.identity] }).unwrap();
    drop(state);
    assert_eq!(saved(&folder), []);
}
