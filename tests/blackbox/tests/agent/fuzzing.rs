//! `skidway test --fuzz`: lines that a parser does not stand.

use std::fs;
use std::path::Path;

use crate::command::{Ended, skidway};
use crate::rig::component;

fn fuzz(folder: &Path, parser: &str, config: &str, seconds: &str) -> Ended {
    let folder = folder.to_str().unwrap();
    let usual = ["test", "--seed", "7", "--color", "never", "--fuzz", seconds];
    skidway(&[&usual[..], &["--parser", parser, "--parser-config", config, folder]].concat())
}

#[test]
fn a_good_parser_stands_everything() {
    let folder = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/ubuntu-24.04.log");
    fs::copy(samples, folder.path().join("a.log")).unwrap();
    for parser in ["ubuntu", "amazon-linux"] {
        let said = fuzz(folder.path(), parser, "{}", "2").ok();
        assert!(said.starts_with("seed 7\n") && said.contains(" a second: nothing found\n"), "{said}");
    }
    assert!(!folder.path().join("fuzz").exists());
}

#[test]
fn what_is_found_is_small_and_is_a_test_from_then_on() {
    let hostile = component("hostile");
    let hostile = hostile.to_str().unwrap();
    for (misdeed, kind, complaint) in [
        ("trap", "trap", "FOUND hostile: it trapped"),
        ("loop", "time-out", "of CPU time"),
        ("past-end", "wrong-answer", "FOUND hostile: its answer is wrong"),
        ("refuse", "refusal", "FOUND hostile: it refused"),
        ("cuts", "cut", "FOUND the same bytes cut elsewhere, another answer"),
        ("remembers", "twice", "FOUND the same bytes twice, another answer"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let log = "2026-03-04 one line\n2026-03-04 some poison here\n2026-03-04 another line\n";
        fs::write(folder.path().join("a.log"), log).unwrap();
        let config = format!("{{\"do\":{misdeed:?}}}");
        let ended = fuzz(folder.path(), hostile, &config, "2");
        assert_eq!((ended.code, ended.err.as_str()), (Some(1), ""), "{}", ended.out);
        assert!(ended.out.contains(complaint) && ended.out.contains("1 flaw found"), "{}", ended.out);
        let found: Vec<_> =
            fs::read_dir(folder.path().join("fuzz")).unwrap().map(|it| it.unwrap().path()).collect();
        let [found] = &found[..] else { panic!("{found:?}") };
        let name = found.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with(&format!("{kind}-")) && name.ends_with(".log"), "{name}");
        let text = fs::read_to_string(found).unwrap();
        assert!(text.contains("poison") && text.len() < 12, "{text:?}");
        if kind == "cut" {
            assert!(ended.out.contains("severity_number  first"), "{}", ended.out);
        }
        // Mended, it is a test like the others.
        let folder = folder.path().to_str().unwrap();
        let said = skidway(&["test", "--parser", hostile, "--update", folder]).ok();
        assert!(said.contains("2 written"), "{said}");
    }
}

#[test]
fn what_it_needs_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.log"), "").unwrap();
    let ended = fuzz(folder.path(), "ubuntu", "{}", "1");
    assert!(ended.err.contains("there is nothing to change"), "{ended:?}");
    assert_eq!(ended.code, Some(2));
    let folder = folder.path().to_str().unwrap();
    for wrong in [["--fuzz", "0"], ["--seed", "1"]] {
        assert_eq!(skidway(&[&["test"], &wrong[..], &[folder]].concat()).code, Some(2));
    }
}
