//! Whose components are loaded: pins, signatures, keys.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::command::{Ended, check, command, run, skidway};
use crate::lines::ubuntu;
use crate::programs::is_there;
use crate::rig::{PATIENCE, Rig, component};

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// A new key without a password: NAME.pub and NAME.key.
fn key(folder: &Path, name: &str) -> (String, String) {
    let name = text(&folder.join(name));
    skidway(&["keygen", "--no-password", "--output", &name]).ok();
    (format!("{name}.pub"), format!("{name}.key"))
}

fn sign(key: &str, component: &Path) {
    skidway(&["sign", "--key", key, &text(component)]).ok();
}

/// A copy of a bundled component in a folder of the test's own.
fn copy(rig: &Rig, of: &str, name: &str) -> PathBuf {
    let path = rig.folder().join(name);
    fs::copy(component(of), &path).unwrap();
    path
}

/// Puts a file in the place of another one, as packages do.
fn replace(path: &Path, of: &str) {
    let new = path.with_extension("new");
    fs::copy(component(of), &new).unwrap();
    fs::rename(new, path).unwrap();
}

fn signature(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.minisig", path.display()))
}

fn inspect(arguments: &[&str]) -> (Option<i32>, Value) {
    let Ended { code, out, err } = skidway(&[&["inspect", "--json"], arguments].concat());
    assert_eq!(err, "");
    (code, serde_json::from_str::<Value>(&out).unwrap()["signature"].clone())
}

// === keygen, sign, inspect ===

#[test]
fn keygen_writes_two_files_and_overwrites_none() {
    let rig = Rig::new();
    let (public, secret) = key(rig.folder(), "k");
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read_to_string(&secret).unwrap();
    let name = text(&rig.folder().join("k"));
    let said = skidway(&["keygen", "--no-password", "--output", &name]).failed();
    assert!(said.contains("is there already"), "{said}");
    fs::remove_file(&public).unwrap();
    assert!(
        skidway(&["keygen", "--no-password", "--output", &name]).failed().contains("k.key is there already")
    );
    assert_eq!(fs::read_to_string(&secret).unwrap(), before);
    skidway(&["keygen", "--no-password", "--force", "--output", &name]).ok();
    assert_ne!(fs::read_to_string(&secret).unwrap(), before);
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_with_a_password_signs_with_it_alone() {
    let rig = Rig::new();
    let name = text(&rig.folder().join("k"));
    let with = |password: &str, arguments: &[&str]| {
        let mut command = command(arguments);
        command.env("SKIDWAY_KEY_PASSWORD", password);
        run(command)
    };
    let no_terminal = skidway(&["keygen", "--output", &name]).failed();
    assert!(no_terminal.contains("set SKIDWAY_KEY_PASSWORD"), "{no_terminal}");
    with("open sesame", &["keygen", "--output", &name]).ok();
    let component = copy(&rig, "ubuntu", "a.wasm");
    let (key, path) = (format!("{name}.key"), text(&component));
    let signing = ["sign", "--key", &key, "--comment", "one \u{fc}ber all", &path];
    let said = with("open barley", &signing).failed();
    assert!(said.contains("the password is wrong"), "{said}");
    assert!(!signature(&component).exists());
    let out = with("open sesame", &signing).ok();
    assert!(out.contains("a.wasm.minisig: signed by key "), "{out}");
    let (code, signature) = inspect(&["--key", &format!("{name}.pub"), &path]);
    assert_eq!(
        (code, &signature["good"], &signature["comment"]),
        (Some(0), &true.into(), &"one \u{fc}ber all".into())
    );
}

#[test]
fn inspect_tells_a_good_signature_from_a_bad_one() {
    let rig = Rig::new();
    let ((public, secret), (other, _)) = (key(rig.folder(), "mine"), key(rig.folder(), "other"));
    let component = copy(&rig, "ubuntu", "a.wasm");
    let path = text(&component);
    let (code, none) = inspect(&[&path]);
    assert_eq!((code, &none["good"], &none["says"]), (Some(0), &Value::Null, &"none".into()));
    assert_eq!(inspect(&["--key", &public, &path]).0, Some(1), "it was asked for");
    sign(&secret, &component);
    let (code, unchecked) = inspect(&[&path]);
    assert_eq!((code, &unchecked["good"]), (Some(0), &Value::Null));
    let (code, good) = inspect(&["--key", &other, "--key", &public, &path]);
    assert_eq!((code, &good["good"], &good["key"]), (Some(0), &true.into(), &unchecked["key"]));
    // The line itself does as well as the file.
    let line = fs::read_to_string(&public).unwrap().lines().nth(1).unwrap().to_owned();
    assert_eq!(inspect(&["--key", &line, &path]).0, Some(0));
    let (code, stranger) = inspect(&["--key", &other, &path]);
    assert_eq!((code, &stranger["good"]), (Some(1), &false.into()));
    replace(&component, "amazon-linux");
    let (code, forged) = inspect(&["--key", &public, &path]);
    assert_eq!((code, &forged["good"]), (Some(1), &false.into()));
    let printed = skidway(&["inspect", &path]).ok();
    assert!(printed.contains("signature by key ") && printed.contains("digest    sha256:"), "{printed}");
}

#[test]
fn sign_takes_components_and_secret_keys_alone() {
    let rig = Rig::new();
    let (public, secret) = key(rig.folder(), "k");
    let component = copy(&rig, "ubuntu", "a.wasm");
    let said = skidway(&["sign", "--key", &public, &text(&component)]).failed();
    assert!(said.contains("it is a public key"), "{said}");
    let said = skidway(&["sign", "--key", &secret, &secret]).failed();
    assert!(said.contains("it is not WebAssembly"), "{said}");
}

#[test]
fn minisign_and_skidway_read_what_the_other_one_writes() {
    if !is_there("minisign") {
        return;
    }
    let rig = Rig::new();
    let path = |name: &str| text(&rig.folder().join(name));
    let minisign = |arguments: &[&str]| {
        let output = Command::new("minisign").args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let component = copy(&rig, "ubuntu", "a.wasm");
    // Our key and signature, checked there.
    let (public, secret) = key(rig.folder(), "ours");
    sign(&secret, &component);
    let (good, said) = minisign(&["-V", "-p", &public, "-m", &path("a.wasm")]);
    assert!(good && said.contains("file:a.wasm"), "{said}");
    // Our key, signed there, checked here.
    fs::remove_file(signature(&component)).unwrap();
    let (good, said) = minisign(&["-S", "-s", &secret, "-m", &path("a.wasm"), "-t", "by minisign"]);
    assert!(good, "{said}");
    let (code, found) = inspect(&["--key", &public, &path("a.wasm")]);
    assert_eq!((code, &found["comment"]), (Some(0), &"by minisign".into()));
    // Its key, signed here, checked on both sides.
    let (good, said) = minisign(&["-G", "-W", "-p", &path("theirs.pub"), "-s", &path("theirs.key")]);
    assert!(good, "{said}");
    sign(&path("theirs.key"), &component);
    assert!(minisign(&["-V", "-p", &path("theirs.pub"), "-m", &path("a.wasm")]).0);
    assert_eq!(inspect(&["--key", &path("theirs.pub"), &path("a.wasm")]).0, Some(0));
    // The form before 0.10.
    let (good, said) = minisign(&["-S", "-l", "-s", &secret, "-m", &path("a.wasm")]);
    assert!(good, "{said}");
    let (code, found) = inspect(&["--key", &public, &path("a.wasm")]);
    assert_eq!(code, Some(1));
    assert!(found["says"].as_str().unwrap().contains("legacy form"), "{found}");
}

// === what is loaded ===

/// Both `check` and `run` refuse the rig's config with `complaint`, before a line is read.
fn refused(rig: &Rig, complaint: &str) {
    rig.append("syslog", ubuntu(0..1));
    let said = check(rig).failed();
    assert!(said.contains(complaint), "check says {said}");
    let mut agent = rig.spawn();
    assert_eq!(agent.wait(PATIENCE).unwrap().code(), Some(1));
    let said = agent.log().join("\n");
    assert!(said.contains("cannot start") && said.contains(complaint), "{said}");
    assert_eq!(rig.sink.requests(), 0);
}

/// Lines arrive, parsed.
fn works(rig: &mut Rig) {
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    let records = rig.records(10);
    assert!(records.iter().all(|record| record.attributes.contains_key("unit")), "{records:?}");
    rig.stop();
}

fn pinned(rig: &mut Rig, parser: &str, digest: &str) {
    rig.config(&format!("receivers: {{filelog: {{parser: {{component: {parser}, sha256: {digest}}}}}}}"));
}

fn digest(path: &Path) -> String {
    let printed = skidway(&["inspect", "--json", &text(path)]).ok();
    let digest = serde_json::from_str::<Value>(&printed).unwrap()["digest"].as_str().unwrap().to_owned();
    digest.strip_prefix("sha256:").unwrap().to_owned()
}

#[test]
fn a_pin_takes_one_component_alone() {
    let mut rig = Rig::new();
    let path = copy(&rig, "ubuntu", "parser.wasm");
    let actual = digest(&path);
    pinned(&mut rig, &text(&path), &"00".repeat(32));
    refused(&rig, &format!("its digest is sha256:{actual}, not the pinned sha256:0000"));
    pinned(&mut rig, &text(&path), &actual);
    rig.append("syslog", "");
    works(&mut rig);
}

#[test]
fn a_pin_holds_for_what_is_part_of_the_agent_too() {
    let mut rig = Rig::new();
    pinned(&mut rig, "ubuntu", &"00".repeat(32));
    refused(&rig, "bundled component ubuntu: its digest is sha256:");
}

fn trusting(rig: &mut Rig, parser: &Path, key: &str, require: bool) {
    rig.config(&format!(
        "receivers: {{filelog: {{parser: {}}}}}\ncomponents: {{trust: {{keys: [{key}], require: {require}}}}}",
        parser.display()
    ));
}

#[test]
fn where_signatures_are_required_nothing_runs_without_one() {
    let mut rig = Rig::new();
    let ((public, secret), (_, stranger)) = (key(rig.folder(), "mine"), key(rig.folder(), "other"));
    let path = copy(&rig, "ubuntu", "parser.wasm");
    trusting(&mut rig, &path, &public, true);
    refused(&rig, "it is not signed, and `trust.require` is set");
    sign(&stranger, &path);
    refused(&rig, "which is not one of `trust.keys`");
    sign(&secret, &path);
    replace(&path, "amazon-linux");
    refused(&rig, "is of something else: the component or the signature was changed");
    replace(&path, "ubuntu");
    works(&mut rig);
}

#[test]
fn nothing_of_a_component_is_looked_at_before_its_signature() {
    let mut rig = Rig::new();
    let (public, _) = key(rig.folder(), "mine");
    let path = rig.folder().join("parser.wasm");
    fs::write(&path, "no component at all").unwrap();
    trusting(&mut rig, &path, &public, true);
    refused(&rig, "it is not signed");
}

#[test]
fn where_none_is_required_a_missing_one_is_said_and_a_bad_one_refused() {
    let mut rig = Rig::new();
    let ((public, _), (_, stranger)) = (key(rig.folder(), "mine"), key(rig.folder(), "other"));
    let path = copy(&rig, "ubuntu", "parser.wasm");
    trusting(&mut rig, &path, &public, false);
    works(&mut rig);
    let said = rig.said("component parser is not signed");
    assert!(said.len() == 1 && said[0].contains("WARN"), "{said:?}");
    sign(&stranger, &path);
    refused_after(&rig, "which is not one of `trust.keys`");
}

/// As [`refused`], after something has arrived already.
fn refused_after(rig: &Rig, complaint: &str) {
    let said = check(rig).failed();
    assert!(said.contains(complaint), "check says {said}");
    let mut agent = rig.spawn();
    assert_eq!(agent.wait(PATIENCE).unwrap().code(), Some(1));
}

#[test]
fn names_in_the_folder_need_signatures_and_bundled_ones_do_not() {
    let mut rig = Rig::new();
    let (public, secret) = key(rig.folder(), "mine");
    let folder = rig.folder().join("processors");
    fs::create_dir(&folder).unwrap();
    // It would parse none of these lines.
    fs::copy(component("amazon-linux"), folder.join("ubuntu.wasm")).unwrap();
    fs::copy(component("ubuntu"), folder.join("acme.wasm")).unwrap();
    let components = format!(
        "components: {{directory: {}, trust: {{keys: [{public}], require: true}}}}",
        folder.display()
    );
    rig.config(&format!("receivers: {{filelog: {{parser: ubuntu}}}}\n{components}"));
    works(&mut rig);
    let said = rig.said("the bundled ubuntu is");
    assert!(said.iter().any(|line| line.contains("it is not signed")), "{said:?}");

    rig.config("receivers: {filelog: {parser: acme}}");
    refused_after(&rig, "it is not signed");
    sign(&secret, &folder.join("acme.wasm"));
    rig.append("syslog", ubuntu(10..20));
    rig.start();
    assert!(rig.records(20).iter().all(|record| record.attributes.contains_key("unit")));
    rig.stop();
}

#[test]
fn what_takes_the_place_of_a_running_component_needs_a_signature_too() {
    let mut rig = Rig::new();
    let (public, secret) = key(rig.folder(), "mine");
    let path = copy(&rig, "ubuntu", "parser.wasm");
    sign(&secret, &path);
    trusting(&mut rig, &path, &public, true);
    rig.append("syslog", ubuntu(0..10));
    rig.start();
    assert!(rig.records(10).iter().all(|record| record.attributes.contains_key("unit")));
    replace(&path, "amazon-linux");
    rig.wait_for_log("is of something else");
    rig.append("syslog", ubuntu(10..20));
    assert!(
        rig.records(20).iter().all(|record| record.attributes.contains_key("unit")),
        "the old one goes on"
    );
    sign(&secret, &path);
    rig.wait_for_log("component is exchanged");
    rig.stop();
}

#[test]
fn trust_does_not_change_while_the_agent_runs() {
    let mut rig = Rig::new();
    let (public, _) = key(rig.folder(), "mine");
    rig.config("{}");
    rig.start();
    rig.replace_config(&format!("components: {{trust: {{keys: [{public}], require: true}}}}"));
    rig.wait_for_log("whose are loaded cannot change while the agent runs");
    rig.append("syslog", ubuntu(0..10));
    rig.records(10);
    rig.stop();
}
