//! The state folder: whose it is, and what becomes of a disk that cannot take it.

use crate::lines::ubuntu;
use crate::rig::{Books, NOBODY, PATIENCE, Rig};
use rustix::process::geteuid;
use skidway_test_support::agent::{Agent, Signal, binary};
use skidway_test_support::eventually;
use skidway_test_support::imds::Instance;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

const FIRST: &str = "i-0abc1234def567890";
const COPY: &str = "i-0fed9876cba543210";
const ANOTHER_HOST: &str = "another host, as in a copy of its disk";

/// An instance that was started from an image of the first one's disk.
fn copy() -> Instance {
    Instance { instance_id: COPY.to_owned(), ..Instance::default() }
}

/// A rig whose agent has delivered ten lines and was stopped.
fn ten_delivered(yaml: &str) -> Rig {
    let mut rig = Rig::new();
    rig.config(yaml);
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.expect(&ubuntu(0..10));
    assert_eq!(rig.stop(), Books::all_delivered(10));
    rig
}

fn state_of(rig: &Rig) -> PathBuf {
    rig.folder().join("state/receivers/filelog/logs-otlphttp")
}

// === whose it is ===

#[test]
fn on_a_copy_of_the_disk_it_starts_afresh_and_says_so() {
    let mut rig = ten_delivered("{}");
    rig.imds.set_instance(copy());
    rig.append("syslog", ubuntu(10..12));
    rig.start();
    rig.expect(&(ubuntu(0..10) + &ubuntu(0..12)));
    let ids: Vec<_> =
        rig.sink.records().iter().map(|r| r.resource_attr("host.id").map(str::to_owned)).collect();
    assert_eq!((ids[9].as_deref(), ids[10].as_deref()), (Some(FIRST), Some(COPY)));
    assert_eq!(rig.stop(), Books::all_delivered(12));
    let said = rig.said(ANOTHER_HOST);
    assert!(said.len() == 1 && said[0].contains("WARN") && said[0].contains("starting afresh"), "{said:?}");
    assert!(said[0].contains(FIRST) && said[0].contains(COPY), "{said:?}");
    // From now on the state is the copy's.
    rig.append("syslog", ubuntu(12..14));
    rig.start();
    rig.expect(&(ubuntu(0..10) + &ubuntu(0..14)));
    assert_eq!(rig.stop(), Books::all_delivered(2));
    assert_eq!(rig.said(ANOTHER_HOST).len(), 1);
}

#[test]
fn on_a_copy_of_the_disk_start_at_counts_as_on_a_first_run() {
    let mut rig = ten_delivered("{}");
    rig.config("receivers: {filelog: {start_at: end}}");
    rig.imds.set_instance(copy());
    // Not known to the state either: on a later run it would be read.
    rig.append("other.log", ubuntu(10..20));
    rig.start();
    rig.append("syslog", ubuntu(20..22));
    rig.expect(&(ubuntu(0..10) + &ubuntu(20..22)));
    assert_eq!(rig.stop(), Books::all_delivered(2));
}

#[test]
fn the_same_instance_after_a_reboot_goes_on() {
    let mut rig = ten_delivered("{}");
    // Its tokens are gone, it has another name; it is the same instance.
    rig.imds
        .set_instance(Instance { hostname: "ip-10-0-9-9.ec2.internal".to_owned(), ..Instance::default() });
    rig.imds.restart().unwrap();
    rig.append("syslog", ubuntu(10..12));
    rig.start();
    rig.expect(&ubuntu(0..12));
    assert_eq!(rig.stop(), Books::all_delivered(2));
    assert_eq!(rig.said(ANOTHER_HOST), [""; 0]);
}

#[test]
fn who_is_known_to_be_a_copy_only_later_says_so_and_keeps_the_state() {
    let mut rig = ten_delivered("processors: {resourcedetection: {wait: 50ms}}");
    rig.imds.stop();
    rig.imds.set_instance(copy());
    rig.append("syslog", ubuntu(10..12));
    rig.start();
    rig.expect(&ubuntu(0..12));
    rig.imds.restart().unwrap();
    let said = rig.wait_for_log("the state turns out to be from another host");
    assert!(said.contains("WARN") && said.contains(FIRST) && said.contains(COPY), "{said}");
    assert_eq!(rig.stop(), Books::all_delivered(2));
    // The state is the copy's by now, whether it is known at the start or later.
    rig.append("syslog", ubuntu(12..14));
    rig.start();
    rig.expect(&ubuntu(0..14));
    assert_eq!(rig.stop(), Books::all_delivered(2));
    assert_eq!(rig.said(ANOTHER_HOST).len(), 1);
}

#[test]
fn who_is_known_to_be_the_same_only_later_says_nothing() {
    let mut rig = ten_delivered("processors: {resourcedetection: {wait: 50ms}}");
    rig.imds.stop();
    rig.append("syslog", ubuntu(10..12));
    rig.start();
    rig.expect(&ubuntu(0..12));
    rig.imds.restart().unwrap();
    rig.wait_for_log("this host is known");
    assert_eq!(rig.stop(), Books::all_delivered(2));
    assert_eq!(rig.said(ANOTHER_HOST), [""; 0]);
}

/// The agent in a name space of its own, where the machine has another id.
fn on_machine(rig: &Rig, id: &str) -> Option<Agent> {
    let file = rig.folder().join(id);
    fs::write(&file, format!("{id}\n")).unwrap();
    let script = format!("mount --bind {} /etc/machine-id && exec \"$@\"", file.display());
    let mut line = ["-m", "sh", "-c", &script, "sh"].map(ToOwned::to_owned).to_vec();
    line.push(binary().display().to_string());
    line.extend(rig.command_line("run"));
    let agent = Agent::start("unshare", line, rig.environment().iter().cloned()).ok()?;
    agent.wait_for_log(PATIENCE, |line| line.contains("\"running\"")).ok().map(|_| agent)
}

#[test]
fn without_an_instance_the_machine_decides() {
    let tag = fs::read_to_string("/sys/devices/virtual/dmi/id/board_asset_tag").unwrap_or_default();
    if !geteuid().is_root() || !Path::new("/etc/machine-id").exists() || tag.starts_with("i-") {
        return println!("skipped: this is not root, an instance of EC2, or has no machine id");
    }
    let mut rig = Rig::new();
    rig.env("AWS_EC2_METADATA_DISABLED", "true");
    rig.append("syslog", ubuntu(0..10));
    let (one, other) = ("4c4c454400111122223333444455556666", "9a9a9a9a00111122223333444455556666");
    let mut delivered = String::new();
    for (machine, again) in [(one, true), (one, false), (other, true)] {
        let Some(mut agent) = on_machine(&rig, machine) else {
            return println!("skipped: no name spaces here");
        };
        if again {
            delivered += &ubuntu(0..10);
        }
        rig.expect(&delivered);
        let settled = || rig.checkpoint("syslog") == Some(ubuntu(0..10).len() as u64);
        assert!(eventually(PATIENCE, settled));
        agent.signal(Signal::TERM).unwrap();
        assert!(agent.wait(PATIENCE).unwrap().success());
        let said: Vec<_> = agent.log().into_iter().filter(|line| line.contains(ANOTHER_HOST)).collect();
        assert_eq!(said.len(), usize::from(machine == other), "{said:?}");
    }
    rig.expect(&delivered);
}

// === ruins ===

#[test]
fn for_a_damaged_state_the_one_before_it_counts() {
    let mut rig = ten_delivered("{}");
    rig.append("syslog", ubuntu(10..12));
    rig.start();
    rig.expect(&ubuntu(0..12));
    assert_eq!(rig.stop(), Books::all_delivered(2));
    let file = state_of(&rig).join("checkpoints.json");
    let before = fs::read_to_string(state_of(&rig).join("checkpoints.previous.json")).unwrap();
    // As a power cut may leave it.
    fs::write(&file, vec![0; 4096]).unwrap();
    rig.start();
    let offset = |text: &str| -> u64 {
        let state: serde_json::Value = serde_json::from_str(text).unwrap();
        state["files"][0]["offset"].as_u64().unwrap()
    };
    let again = &ubuntu(0..12)[offset(&before) as usize..];
    rig.expect(&(ubuntu(0..12) + again));
    assert_eq!(rig.stop(), Books::all_delivered(again.lines().count() as u64));
    for text in ["the state file cannot be understood", "going on from the state before the last one"] {
        let said = rig.said(text);
        assert!(said.len() == 1 && said[0].contains("WARN"), "{text}: {said:?}");
    }
}

// === disks ===

/// A file system of its own in memory, for as long as this lives.
pub(crate) struct Tmpfs(PathBuf);

impl Tmpfs {
    /// None where this test may not mount.
    pub(crate) fn mount(at: &Path, options: &str) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mount = |args: &[&str]| Command::new("mount").args(args).arg(at).output();
        let mounted = mount(&["-t", "tmpfs", "-o", options, "tmpfs"]);
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(at.to_owned()));
        }
        println!("skipped: nothing can be mounted here");
        None
    }

    fn remount(&self, options: &str) {
        let remounted =
            Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0).status();
        assert!(remounted.unwrap().success());
    }

    /// Takes all room that is left; what takes it is answered.
    pub(crate) fn fill(&self) -> PathBuf {
        let filler = self.0.join("filler");
        let mut file = fs::File::create(&filler).unwrap();
        let full = std::io::copy(&mut std::io::repeat(b'x'), &mut file).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
        filler
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // The agent may still be there, and ends with the test.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn on_a_full_disk_it_reads_on_says_so_and_saves_when_there_is_room() {
    let mut rig = Rig::new();
    let Some(disk) = Tmpfs::mount(&rig.folder().join("state"), "size=256k") else { return };
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.wait_for_checkpoint("syslog", ubuntu(0..10).len() as u64);

    let filler = disk.fill();
    rig.append("syslog", ubuntu(10..20));
    let said = rig.wait_for_log("trying on");
    assert!(said.contains("WARN") && said.contains("No space left on device"), "{said}");
    rig.append("syslog", ubuntu(20..30));
    rig.expect(&ubuntu(0..30));
    assert_eq!(rig.checkpoint("syslog"), Some(ubuntu(0..10).len() as u64), "the state before is whole");

    fs::remove_file(filler).unwrap();
    rig.wait_for_log("checkpoints are saved again");
    rig.wait_for_checkpoint("syslog", ubuntu(0..30).len() as u64);
    assert_eq!(rig.said("trying on").len(), 1);
    assert_eq!(rig.stop(), Books::all_delivered(30));
}

#[test]
fn a_crash_on_a_full_disk_repeats_lines_and_loses_none() {
    let mut rig = Rig::new();
    let Some(disk) = Tmpfs::mount(&rig.folder().join("state"), "size=256k") else { return };
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    rig.wait_for_checkpoint("syslog", ubuntu(0..10).len() as u64);
    let filler = disk.fill();
    rig.append("syslog", ubuntu(10..20));
    rig.wait_for_log("trying on");
    rig.expect(&ubuntu(0..20));
    rig.kill();

    // It also starts on a full disk.
    rig.append("syslog", ubuntu(20..30));
    rig.start();
    rig.expect(&(ubuntu(0..20) + &ubuntu(10..30)));
    rig.wait_for_log("trying on");
    fs::remove_file(filler).unwrap();
    rig.wait_for_log("checkpoints are saved again");
    assert_eq!(rig.stop(), Books::all_delivered(20));
}

/// What an agent that cannot start says; it must end with 1 and have sent nothing.
fn refusal(rig: &Rig, mut agent: Agent) -> String {
    assert_eq!(agent.wait(PATIENCE).unwrap().code(), Some(1));
    assert_eq!(rig.sink.requests(), 0);
    let errors: Vec<_> = agent.log().into_iter().filter(|line| line.contains("cannot start")).collect();
    assert_eq!(errors.len(), 1, "{:?}", agent.log());
    errors.into_iter().next().unwrap()
}

#[test]
fn a_state_folder_on_a_disk_that_cannot_be_written_ends_the_start() {
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..10));
    let Some(disk) = Tmpfs::mount(&rig.folder().join("state"), "size=256k") else { return };
    for has_state in [false, true] {
        if has_state {
            disk.remount("rw");
            rig.start();
            rig.expect(&ubuntu(0..10));
            rig.stop();
        }
        disk.remount("ro");
        let requests = rig.sink.requests();
        let mut agent = rig.spawn();
        assert_eq!(agent.wait(PATIENCE).unwrap().code(), Some(1));
        let said = agent.log().join("\n");
        assert!(said.contains("cannot use the state folder"), "{said}");
        assert!(said.contains("Read-only file system") && said.contains("make it writable"), "{said}");
        assert_eq!(rig.sink.requests(), requests, "nothing was read");
    }
}

#[test]
fn a_state_folder_that_cannot_be_written_ends_the_start() {
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..10));
    let state = state_of(&rig);
    fs::create_dir_all(&state).unwrap();
    // From a run before somebody took the right away.
    fs::write(state.join("lock"), "").unwrap();
    for path in [state.as_path(), &state.join("lock")] {
        if geteuid().is_root() {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    fs::set_permissions(&state, Permissions::from_mode(0o555)).unwrap();
    let Some(agent) = rig.spawn_without_rights() else { return println!("skipped: setpriv is not there") };
    let said = refusal(&rig, agent);
    assert!(said.contains("cannot use the state folder") && said.contains(state.to_str().unwrap()), "{said}");
    assert!(said.contains("Permission denied") && said.contains("make it writable for this user"), "{said}");
    fs::set_permissions(&state, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_state_folder_of_another_user_ends_the_start() {
    if !geteuid().is_root() {
        return println!("skipped: this is not root, so all folders here belong to one user");
    }
    let mut rig = Rig::new();
    rig.append("syslog", ubuntu(0..10));
    let state = rig.folder().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, Permissions::from_mode(0o700)).unwrap();
    let Some(agent) = rig.spawn_without_rights() else { return println!("skipped: setpriv is not there") };
    let said = refusal(&rig, agent);
    let whose = format!("{} belongs to user 0 and this is user {NOBODY}", state.display());
    assert!(said.contains("Permission denied") && said.contains(&whose), "{said}");
    assert!(said.contains(&format!("chown -R {NOBODY}")), "{said}");
}

#[test]
fn what_is_no_folder_is_named_where_the_state_should_be() {
    for name in ["state", "state/receivers", "state/receivers/filelog/logs-otlphttp"] {
        let rig = Rig::new();
        rig.append("syslog", ubuntu(0..10));
        let file = rig.folder().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "").unwrap();
        let said = refusal(&rig, rig.spawn());
        let named = format!("{} is in the way", file.display());
        assert!(said.contains("cannot use the state folder") && said.contains(&named), "{said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "", "it is not ours to remove");
    }
}
