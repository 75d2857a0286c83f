//! The projects that `skidway new` writes: real files under `templates/LANGUAGE`, which are part of the agent.
//!
//! A template is a project by the name of [`PLACEHOLDER`], which is all that is replaced in it: with a hyphen, with an
//! underscore where an identifier stands, and in camel case. What several languages share (the interface, the SDK for
//! C) is added from its one place in the tree.

use crate::cli::Language;

/// What the project in a template is called.
const PLACEHOLDER: &str = "my-parser";

/// The interface; `componentize` describes it to components, too.
pub(crate) const WIT: &str = include_str!("../../../wit/v0.1.0/processor.wit");

/// A file of a project: its path and what is in it.
type File = (&'static str, &'static str);

macro_rules! files {
    ($language:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../templates/", $language, "/", $path)))),+]
    };
}

const RUST: &[File] = files!("rust":
    "README.md",
    "Cargo.toml",
    ".cargo/config.toml",
    ".gitignore",
    "src/lib.rs",
    "golden/sample.log",
    "golden/sample.expected.jsonl",
);

const C: &[File] = files!("c":
    "README.md",
    "Makefile",
    ".gitignore",
    "parser.c",
    "golden/sample.log",
    "golden/sample.expected.jsonl",
);

const JAVASCRIPT: &[File] = files!("javascript":
    "README.md",
    "package.json",
    ".gitignore",
    "parser.js",
    "golden/sample.log",
    "golden/sample.expected.jsonl",
);

const PYTHON: &[File] = files!("python":
    "README.md",
    ".gitignore",
    "parser.py",
    "golden/sample.log",
    "golden/sample.expected.jsonl",
);

/// For `cargo component`, which describes the component from it.
const SHARED_RUST: &[File] = &[("wit/processor.wit", WIT)];

const SHARED_C: &[File] = &[
    ("skidway.h", include_str!("../../../processors/sdk-c/skidway.h")),
    ("skidway.c", include_str!("../../../processors/sdk-c/skidway.c")),
];

const SHARED_JAVASCRIPT: &[File] = &[
    ("skidway.js", include_str!("../../../processors/sdk-javascript/skidway.js")),
    ("package-lock.json", include_str!("../../../processors/examples/nginx-javascript/package-lock.json")),
    ("wit/processor.wit", WIT),
];

const SHARED_PYTHON: &[File] = &[
    ("skidway.py", include_str!("../../../processors/sdk-python/skidway.py")),
    ("requirements.txt", include_str!("../../../processors/examples/traceback-python/requirements.txt")),
    ("wit/processor.wit", WIT),
];

impl Language {
    /// The template's own files, and those that it shares with others.
    fn files(self) -> (&'static [File], &'static [File]) {
        match self {
            Self::Rust => (RUST, SHARED_RUST),
            Self::C => (C, SHARED_C),
            Self::Javascript => (JAVASCRIPT, SHARED_JAVASCRIPT),
            Self::Python => (PYTHON, SHARED_PYTHON),
        }
    }

    /// A project called `name`: paths and contents.
    pub(crate) fn project(self, name: &str) -> Vec<(&'static str, String)> {
        let (own, shared) = self.files();
        let named = own.iter().map(|&(path, text)| (path, named(text, name)));
        named.chain(shared.iter().map(|&(path, text)| (path, text.to_owned()))).collect()
    }
}

/// `text` with `name` in the placeholder's place.
fn named(text: &str, name: &str) -> String {
    text.replace(PLACEHOLDER, name)
        .replace(&snake(PLACEHOLDER), &snake(name))
        .replace(&camel(PLACEHOLDER), &camel(name))
}

/// `my_parser`.
fn snake(name: &str) -> String {
    name.replace('-', "_")
}

/// `MyParser`.
fn camel(name: &str) -> String {
    let word = |word: &str| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => String::new(),
    };
    name.split('-').map(word).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use clap::ValueEnum as _;

    use super::*;

    fn folder(language: Language) -> PathBuf {
        let name = language.to_possible_value().unwrap().get_name().to_owned();
        Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(name)
    }

    /// The files that git knows, or would.
    fn known(folder: &Path) -> BTreeSet<String> {
        let list = ["ls-files", "--cached", "--others", "--exclude-standard"];
        let output = std::process::Command::new("git").args(list).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn no_file_of_a_template_is_forgotten() {
        for language in Language::value_variants() {
            let own = language.files().0.iter().map(|(path, _)| (*path).to_owned()).collect();
            assert_eq!(known(&folder(*language)), own, "{language:?}");
        }
    }

    /// Their folders are projects as their authors have them, with the SDK in them.
    #[test]
    fn an_example_has_the_sdk_as_it_is() {
        let javascript = include_str!("../../../processors/examples/nginx-javascript/skidway.js");
        assert!(
            SHARED_JAVASCRIPT.contains(&("skidway.js", javascript)),
            "copy processors/sdk-javascript/skidway.js"
        );
        let python = include_str!("../../../processors/examples/traceback-python/skidway.py");
        assert!(SHARED_PYTHON.contains(&("skidway.py", python)), "copy processors/sdk-python/skidway.py");
    }

    #[test]
    fn a_name_takes_the_placeholders_place_in_all_its_forms() {
        assert_eq!(named("my-parser my_parser MyParser", "audit-log"), "audit-log audit_log AuditLog");
        for language in Language::value_variants() {
            for (path, text) in language.project("a1") {
                for left in [PLACEHOLDER, &snake(PLACEHOLDER), &camel(PLACEHOLDER)] {
                    assert!(!text.contains(left), "{language:?}: {left} in {path}");
                }
            }
        }
    }

    #[test]
    fn every_project_says_how_to_build_test_and_run_it() {
        for language in Language::value_variants() {
            let project = language.project("levels");
            let (_, readme) = project.iter().find(|(path, _)| *path == "README.md").unwrap();
            for part in ["\n## Build\n", "\n## Test\n", "\n## Run\n", "```sh\n", "```yaml\n"] {
                assert!(readme.contains(part), "{language:?}: no {part:?}");
            }
            for path in [".gitignore", "golden/sample.log", "golden/sample.expected.jsonl"] {
                assert!(project.iter().any(|(known, _)| *known == path), "{language:?}: no {path}");
            }
        }
    }
}
