//! `skidway detect`: which parser `auto` gives a file to, and why.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::command::{skidway, skidway_reading};

const MODERN: &str = "2026-03-04T05:06:07Z web-1 sshd[842]: modern\n";
const LEGACY: &str = "Mar  4 05:06:07 web-1 sshd[842]: legacy\n";

fn detect(text: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    fs::write(&path, text).unwrap();
    let ended = skidway(&[Path::new("detect"), &path]);
    assert_eq!(ended.err, "");
    (ended.code, ended.out.replace(&*path.to_string_lossy(), "a.log"))
}

fn assert_all_in(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

/// The line of the table about a parser, with single blanks.
fn row(said: &str, parser: &str) -> String {
    let row =
        said.lines().find(|line| line.trim_start().starts_with(&format!("{parser} ")) && line.contains('%'));
    row.unwrap_or_else(|| panic!("{parser} is not in\n{said}"))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_choice_is_explained_with_scores() {
    let (code, said) = detect(&format!("{LEGACY}{LEGACY}{LEGACY}{MODERN}"));
    assert_eq!(code, Some(0));
    assert_all_in(
        &said,
        &["a.log: amazon-linux\n", "amazon-linux recognises most\n", "judged by its first 4 lines"],
    );
    assert_eq!(
        row(&said, "amazon-linux"),
        format!("amazon-linux 3 of 4 75 % not line 4: {}", MODERN.trim_end())
    );
    assert_eq!(row(&said, "ubuntu"), "ubuntu 1 of 4 25 % not line 1: Mar 4 05:06:07 web-1 sshd[842]: legacy");
    // As a lane does.
    assert_all_in(
        &said,
        &[
            "its format changes:",
            "lines 1 to 3, 3 of 3 records recognised",
            "lines 4 to 4, 1 of 1 record recognised",
        ],
    );
}

#[test]
fn equals_are_told_apart_by_their_order() {
    let (_, said) = detect(&format!("{LEGACY}{MODERN}"));
    assert_all_in(
        &said,
        &["a.log: ubuntu\n", "ubuntu and amazon-linux recognise as much; ubuntu comes first in the list"],
    );
}

#[test]
fn where_none_fits_it_says_how_to_make_one() {
    let (code, said) = detect("a line\nanother one\n");
    assert_eq!(code, Some(1));
    assert_all_in(&said, &["a.log: no parser\n", "no parser recognises anything", "skidway new parser NAME"]);
    let (code, said) = detect("");
    assert_eq!(code, Some(1));
    assert_all_in(&said, &["there is nothing in it to judge by"]);
}

#[test]
fn a_format_that_begins_later_is_found() {
    // More than a chunk: what is parsed together is judged together.
    let text = "nobody knows this line\n".repeat(20_000) + &MODERN.repeat(5_000) + &LEGACY.repeat(5_000);
    let (code, said) = detect(&text);
    assert_eq!(code, Some(0));
    assert_all_in(
        &said,
        &["a.log: ubuntu\n", "no parser recognises the beginning; ubuntu recognises what follows"],
    );
    assert_all_in(
        &said,
        &["    no parser         lines 1 to ", "lines 25001 to 30000, 5000 of 5000 records recognised"],
    );
}

#[test]
fn scripts_get_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    fs::write(&path, format!("{MODERN}{MODERN}{LEGACY}")).unwrap();
    let said: Value = serde_json::from_str(&skidway_reading(&path, &["detect", "--json", "-"]).ok()).unwrap();
    assert_eq!(
        (&said["file"], &said["parser"], &said["sample_lines"]),
        (&json!("-"), &json!("ubuntu"), &json!(3))
    );
    let scores = said["scores"].as_array().unwrap();
    let ubuntu = scores.iter().find(|score| score["parser"] == "ubuntu").unwrap();
    assert_eq!((&ubuntu["recognised"], &ubuntu["lines"]), (&json!(2), &json!(3)));
    let unknown =
        json!({"line": 3, "text": LEGACY.trim_end(), "reason": ubuntu["first_unrecognised"]["reason"]});
    assert_eq!(ubuntu["first_unrecognised"], unknown);
    assert_eq!(said["sections"].as_array().unwrap().len(), 2);
    assert_eq!(said["sections"][1]["first_line"], 3);
}

#[test]
fn what_cannot_be_read_is_wrong_usage() {
    let ended = skidway(&["detect", "/nowhere"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.contains("cannot read /nowhere"), "{ended:?}");
}
