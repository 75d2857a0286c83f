use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use skidway_model::{Anchor, Identity};
use tempfile::TempDir;

use super::*;
use crate::Text;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn checkpoint(path: impl AsRef<Path>, inode: u64, offset: u64) -> Checkpoint {
    Checkpoint {
        path: path.as_ref().to_owned(),
        identity: Identity {
            device: u64::MAX,
            inode,
            born_unix_nano: u64::MAX,
            head_len: 20,
            head_hash: u64::MAX - inode,
        },
        lineage: Lineage(inode),
        offset,
        anchor: Anchor { len: 7, hash: inode },
        read_to: offset,
        modified: SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789),
    }
}

fn open(folder: &TempDir) -> Result<(StateFile, Resumer), StateError> {
    StateFile::open(folder.path(), &Host::default())
}

fn snapshot(checkpoints: &[Checkpoint]) -> Snapshot {
    Snapshot { checkpoints: checkpoints.to_vec(), forgotten: Vec::new() }
}

fn saved(folder: &TempDir) -> Vec<Checkpoint> {
    let (state, _) = open(folder).unwrap();
    state.entries.into_values().map(|entry| entry.checkpoint).collect()
}

/// A file that is as it was.
struct Same<'c>(&'c Checkpoint);

impl Text for Same<'_> {
    fn length(&self) -> u64 {
        u64::MAX
    }

    fn head_hash(&self, _: u32) -> Option<u64> {
        Some(self.0.identity.head_hash)
    }

    fn is_anchored(&self, offset: u64, anchor: Anchor, _: bool) -> bool {
        (offset, anchor) == (self.0.offset, self.0.anchor)
    }
}

fn finds(resumer: &mut Resumer, checkpoint: &Checkpoint) -> Option<u64> {
    resumer.find(&checkpoint.path, &checkpoint.identity, &Same(checkpoint)).map(|known| known.offset)
}

#[test]
fn what_was_saved_is_found_again() {
    let folder = folder();
    let odd = Path::new(std::ffi::OsStr::from_bytes(b"/var/log/caf\xe9.log"));
    let mut early = checkpoint("/early", 3, u64::MAX);
    early.modified = SystemTime::UNIX_EPOCH - Duration::from_nanos(1);
    let checkpoints = [checkpoint("/var/log/syslog", 1, 52), checkpoint(odd, 2, 0), early];
    let (mut state, resumer) = open(&folder).unwrap();
    assert!(resumer.first_run());
    assert!(state.save(&snapshot(&checkpoints)).unwrap());
    drop(state);
    assert_eq!(saved(&folder), checkpoints);
    let (_state, mut resumer) = open(&folder).unwrap();
    assert!(!resumer.first_run());
    assert_eq!(
        checkpoints.each_ref().map(|known| finds(&mut resumer, known)),
        [Some(52), Some(0), Some(u64::MAX)]
    );
}

#[test]
fn only_changes_are_written() {
    let folder = folder();
    let (mut state, _) = open(&folder).unwrap();
    assert!(state.save(&Snapshot::default()).unwrap(), "that there was a first run is worth a file");
    assert!(!state.save(&Snapshot::default()).unwrap());
    let first = snapshot(&[checkpoint("/a", 1, 5)]);
    assert!(state.save(&first).unwrap());
    assert!(!state.save(&first).unwrap());
    assert!(state.save(&snapshot(&[checkpoint("/a", 1, 6)])).unwrap());
    drop(state);
    let (mut state, resumer) = open(&folder).unwrap();
    assert!(!resumer.first_run());
    assert!(!state.save(&snapshot(&[checkpoint("/a", 1, 6)])).unwrap());
}

#[test]
fn the_files_are_private() {
    let folder = folder();
    let inside = folder.path().join("var/lib/skidway");
    let (mut state, _) = StateFile::open(&inside, &Host::default()).unwrap();
    state.save(&Snapshot::default()).unwrap();
    for (path, mode) in [(inside.join(NAME), 0o600), (inside.join(LOCK), 0o600), (inside.clone(), 0o700)] {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
    assert!(!inside.join("checkpoints.json.tmp").exists());
}

#[test]
fn a_crash_before_the_rename_leaves_the_old_state() {
    let folder = folder();
    let (mut state, _) = open(&folder).unwrap();
    state.save(&snapshot(&[checkpoint("/a", 1, 5)])).unwrap();
    drop(state);
    let whole = fs::read(folder.path().join(NAME)).unwrap();
    for end in [0, 1, whole.len() / 2, whole.len() - 2] {
        fs::write(folder.path().join("checkpoints.json.tmp"), &whole[..end]).unwrap();
        assert_eq!(saved(&folder), [checkpoint("/a", 1, 5)]);
    }
    // And it does not stand in the way of the next save.
    let (mut state, _) = open(&folder).unwrap();
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
    let (mut state, _) = open(&folder).unwrap();
    state.save(&Snapshot::default()).unwrap();
    assert_eq!(fs::read_to_string(victim).unwrap(), "keep me");
}

/// The file as it is after two saves, of 5 and of 6.
fn two_saves(folder: &TempDir) -> String {
    let (mut state, _) = open(folder).unwrap();
    state.save(&snapshot(&[checkpoint("/a", 1, 5)])).unwrap();
    state.save(&snapshot(&[checkpoint("/a", 1, 6)])).unwrap();
    fs::read_to_string(folder.path().join(NAME)).unwrap()
}

fn ruined(whole: &str) -> Vec<String> {
    let changed = |from: &str, to: &str| {
        let changed = whole.replacen(from, to, 1);
        assert_ne!(changed, whole);
        changed
    };
    let mut ruined: Vec<String> = (0..whole.len()).step_by(37).map(|end| whole[..end].to_owned()).collect();
    ruined.extend(["\0\0\0\0".to_owned(), "[]".to_owned(), whole[..whole.len() - 1].to_owned()]);
    ruined.extend([changed("\"offset\":6", "\"offset\":7"), changed("\"version\":2", "\"version\":0")]);
    ruined
}

#[test]
fn for_a_corrupt_file_the_one_before_it_counts() {
    for text in ruined(&two_saves(&folder())) {
        let folder = folder();
        two_saves(&folder);
        fs::write(folder.path().join(NAME), &text).unwrap();
        let (mut state, mut resumer) = open(&folder).unwrap();
        assert_eq!(finds(&mut resumer, &checkpoint("/a", 1, 5)), Some(5), "{text}");
        assert_eq!(fs::read_to_string(folder.path().join("checkpoints.json.corrupt")).unwrap(), text);
        assert!(state.save(&snapshot(&[checkpoint("/a", 1, 7)])).unwrap());
        drop(state);
        assert_eq!(saved(&folder), [checkpoint("/a", 1, 7)]);
    }
}

#[test]
fn a_crash_between_the_renames_leaves_the_one_before() {
    let folder = folder();
    two_saves(&folder);
    fs::remove_file(folder.path().join(NAME)).unwrap();
    let (_state, mut resumer) = open(&folder).unwrap();
    assert_eq!(finds(&mut resumer, &checkpoint("/a", 1, 5)), Some(5));
}

#[test]
fn with_nothing_but_ruins_files_are_read_from_their_beginning() {
    let folder = folder();
    two_saves(&folder);
    for name in [NAME, PREVIOUS] {
        fs::write(folder.path().join(name), "{").unwrap();
    }
    let (mut state, resumer) = open(&folder).unwrap();
    assert!(!resumer.first_run(), "`start_at: end` would lose what was written meanwhile");
    assert_eq!(resumer.unclaimed().count(), 0);
    assert!(state.save(&snapshot(&[checkpoint("/a", 1, 5)])).unwrap());
}

#[test]
fn on_another_host_it_starts_afresh() {
    let folder = folder();
    let host = |instance: &str| Host { instance: Some(instance.to_owned()), machine: Some("m".to_owned()) };
    let opened = |instance| StateFile::open(folder.path(), &host(instance)).unwrap();
    let (mut state, _) = opened("i-1");
    state.save(&snapshot(&[checkpoint("/a", 1, 5)])).unwrap();
    drop(state);
    assert_eq!(opened("i-1").1.unclaimed().count(), 1);
    let (mut state, resumer) = opened("i-2");
    assert!(resumer.first_run());
    assert!(state.save(&Snapshot::default()).unwrap());
    drop(state);
    assert_eq!(opened("i-2").1.unclaimed().count(), 0, "it is this host's from now on");
    assert!(opened("i-1").1.first_run());
}

#[test]
fn the_ruins_of_a_copy_are_no_first_run() {
    let folder = folder();
    let host = |instance: &str| Host { instance: Some(instance.to_owned()), machine: None };
    let opened = |instance| StateFile::open(folder.path(), &host(instance)).unwrap();
    let (mut state, _) = opened("i-1");
    state.save(&snapshot(&[checkpoint("/a", 1, 5)])).unwrap();
    drop(state);
    // The copy's own state, behind it that of the first host.
    let (mut state, _) = opened("i-2");
    state.save(&snapshot(&[checkpoint("/a", 1, 9)])).unwrap();
    drop(state);
    fs::write(folder.path().join(NAME), "{").unwrap();
    let (_state, resumer) = opened("i-2");
    assert_eq!(resumer.unclaimed().count(), 0, "the first host's offsets are not ours");
    assert!(!resumer.first_run(), "`start_at: end` would lose what was written meanwhile");
}

#[test]
fn a_text_that_is_there_twice_counts_as_far_as_all_of_it_is_done_with() {
    let folder = folder();
    let (mut state, _) = open(&folder).unwrap();
    let both = [checkpoint("/a", 1, 6), checkpoint("/a", 1, 5), checkpoint("/a", 1, 7)];
    state.save(&snapshot(&both)).unwrap();
    drop(state);
    assert_eq!(saved(&folder), [checkpoint("/a", 1, 5)]);
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let folder = folder();
    let text = "{\"version\":3,\"anything\":true}";
    fs::write(folder.path().join(NAME), text).unwrap();
    let error = open(&folder).unwrap_err();
    assert!(matches!(error, StateError::Newer { found: 3, known: 2, .. }), "{error}");
    assert!(error.to_string().contains("format 3"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join(NAME)).unwrap(), text);
}

#[test]
fn two_agents_cannot_share_a_folder() {
    let folder = folder();
    let (first, _) = open(&folder).unwrap();
    let error = open(&folder).unwrap_err();
    assert!(
        matches!(error, StateError::InUse { pid: Some(pid), .. } if pid == std::process::id()),
        "{error}"
    );
    assert!(error.to_string().contains(folder.path().to_str().unwrap()), "{error}");
    drop(first);
    open(&folder).unwrap();
}

#[test]
fn a_folder_that_cannot_be_is_an_error_with_its_name() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = StateFile::open(&file.join("state"), &Host::default()).unwrap_err();
    assert!(matches!(error, StateError::Folder { .. }), "{error}");
    assert!(error.to_string().contains("file/state"), "{error}");
}

#[test]
fn what_is_in_the_way_of_a_folder_is_named() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("a/b")] {
        let error = StateFile::open(&path, &Host::default()).unwrap_err().to_string();
        let named = format!("{} is in the way", file.display());
        assert!(error.contains(&named) && error.contains("choose another folder"), "{error}");
    }
}

#[test]
fn a_lock_that_leads_elsewhere_is_not_followed() {
    let folder = folder();
    let victim = folder.path().join("victim");
    fs::write(&victim, "keep me").unwrap();
    std::os::unix::fs::symlink(&victim, folder.path().join(LOCK)).unwrap();
    assert!(matches!(open(&folder), Err(StateError::Folder { .. })));
    assert_eq!(fs::read_to_string(victim).unwrap(), "keep me");
}

#[test]
fn a_state_that_cannot_be_read_is_not_taken_for_none() {
    let folder = folder();
    two_saves(&folder);
    fs::remove_file(folder.path().join(NAME)).unwrap();
    // Nobody can read that, not even root.
    fs::create_dir(folder.path().join(NAME)).unwrap();
    let error = open(&folder).unwrap_err();
    assert!(matches!(error, StateError::Read { .. }), "{error}");
    assert!(error.to_string().contains("move it away to start afresh"), "{error}");
}

#[test]
fn a_save_that_failed_is_made_up_for() {
    let folder = folder();
    let (mut state, _) = open(&folder).unwrap();
    let in_the_way = folder.path().join("checkpoints.json.tmp");
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
    let (mut state, _) = open(&folder).unwrap();
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    state.save_at(&snapshot(&[checkpoint("/a", 1, 5)]), start).unwrap();
    assert!(state.save_at(&Snapshot::default(), start).unwrap());
    drop(state);
    // Across a restart the time counts on.
    let (mut state, _) = open(&folder).unwrap();
    assert!(!state.save_at(&Snapshot::default(), start + KEEP_GONE).unwrap());
    assert_eq!(state.entries.len(), 1);
    assert!(state.save_at(&Snapshot::default(), start + KEEP_GONE + Duration::from_secs(1)).unwrap());
    assert!(state.entries.is_empty());
}

#[test]
fn a_file_that_is_back_counts_anew() {
    let folder = folder();
    let (mut state, _) = open(&folder).unwrap();
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
    let (mut state, _) = open(&folder).unwrap();
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let many: Vec<_> = (0..MAX_GONE as u64 + 2).map(|inode| checkpoint("/a", inode, inode)).collect();
    state.save_at(&snapshot(&many), start).unwrap();
    state.save_at(&snapshot(&many[..10]), start).unwrap();
    assert_eq!(state.entries.len(), many.len(), "files that are followed do not count");
    state.save_at(&Snapshot::default(), start + Duration::from_secs(1)).unwrap();
    assert_eq!(state.entries.len(), MAX_GONE);
    assert!(many[..10].iter().all(|known| state.entries.contains_key(&known.lineage)));
}

#[test]
fn what_is_forgotten_is_not_kept_and_its_inode_may_be_used_again() {
    let folder = folder();
    let (mut state, _) = open(&folder).unwrap();
    let old = checkpoint("/a", 1, 500);
    let new = Checkpoint { lineage: Lineage(2), ..checkpoint("/b", 1, 0) };
    state.save(&snapshot(std::slice::from_ref(&old))).unwrap();
    state.save(&Snapshot { checkpoints: vec![new.clone()], forgotten: vec![old.lineage] }).unwrap();
    drop(state);
    assert_eq!(saved(&folder), std::slice::from_ref(&new));
    let (mut state, _) = open(&folder).unwrap();
    state.save(&Snapshot { checkpoints: vec![], forgotten: vec![new.lineage] }).unwrap();
    drop(state);
    assert_eq!(saved(&folder), []);
}
