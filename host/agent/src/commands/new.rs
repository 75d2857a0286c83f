//! `skidway new`: a project that builds, passes its own tests and is there to be changed.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::cli::{Language, New, NewParser, NewProject};

/// More is no name that people type.
const MAX_NAME: usize = 64;

/// Names that cargo has for itself, besides the language's words.
const RESERVED: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "skidway-sdk",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

pub(crate) fn run(args: &New) -> Result<()> {
    match &args.what {
        NewProject::Parser(args) => parser(args),
    }
}

fn parser(args: &NewParser) -> Result<()> {
    check_name(&args.name)?;
    let mut project = args.lang.project(&args.name);
    if let Some(sdk) = &args.sdk {
        ensure!(args.lang == Language::Rust, "--sdk is for Rust: other projects bring what they need");
        take_sdk_from(&mut project, &find_sdk(sdk)?)?;
    }
    let folder = args.dir.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    write(&folder, &project)?;
    let readme = project.iter().find(|(path, _)| *path == "README.md").map_or("", |(_, text)| text);
    stdout().write_all(next_steps(&folder, &project, readme).as_bytes())?;
    Ok(())
}

/// A name that is also one of a package, a file and, with underscores, of a library.
fn check_name(name: &str) -> Result<()> {
    let words = name.split('-').all(|word| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    ensure!(
        words && name.starts_with(|first: char| first.is_ascii_lowercase()),
        "`{name}` is no name for a parser: take lower-case letters, digits and single hyphens between them, a \
         letter first, as in `audit-log`"
    );
    ensure!(name.len() <= MAX_NAME, "`{name}` is longer than {MAX_NAME} letters");
    ensure!(
        !RESERVED.contains(&name),
        "`{name}` has a meaning to a compiler: take another name, as `{name}-log`"
    );
    Ok(())
}

/// The SDK's folder of a checkout, or of what is named itself.
fn find_sdk(path: &Path) -> Result<PathBuf> {
    let is_sdk = |folder: &PathBuf| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml"));
        manifest.is_ok_and(|text| text.contains("name = \"skidway-sdk\""))
    };
    let found = [path.to_owned(), path.join("processors/sdk")].into_iter().find(is_sdk);
    let found = found.with_context(|| {
        format!(
            "--sdk {}: there is no SDK; name a checkout of Skidway, or its processors/sdk",
            path.display()
        )
    })?;
    fs::canonicalize(&found).with_context(|| format!("cannot read {}", found.display()))
}

/// Has the project's manifest name a folder, not the repository.
fn take_sdk_from(project: &mut [(&str, String)], sdk: &Path) -> Result<()> {
    let sdk = sdk.to_str().filter(|path| !path.contains(['"', '\\', '\n']));
    let sdk = sdk.context("--sdk: a manifest cannot hold this path; link to it from another one")?;
    for (path, text) in project {
        if *path == "Cargo.toml" {
            let line = |line: &str| match line.starts_with("skidway-sdk = ") {
                true => format!("skidway-sdk = {{ path = \"{sdk}\" }}\n"),
                false => format!("{line}\n"),
            };
            *text = text.lines().map(line).collect();
        }
    }
    Ok(())
}

/// Writes a project into a folder that has nothing in it yet.
fn write(folder: &Path, project: &[(&str, String)]) -> Result<()> {
    let cannot = |path: &Path| format!("cannot write {}", path.display());
    match fs::read_dir(folder) {
        Ok(mut entries) => ensure!(
            entries.next().is_none(),
            "{} has something in it already: nothing was written. Name another folder with --dir",
            folder.display()
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            bail!("{} is there and is no folder: name another one with --dir", folder.display())
        }
        Err(error) => return Err(error).with_context(|| cannot(folder)),
    }
    for (path, text) in project {
        let path = folder.join(path);
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| new_file(&path, text))
            .with_context(|| cannot(&path))?;
    }
    Ok(())
}

fn new_file(path: &Path, text: &str) -> io::Result<()> {
    File::create_new(path)?.write_all(text.as_bytes())
}

/// The commands of the project's own README.
fn next_steps(folder: &Path, project: &[(&str, String)], readme: &str) -> String {
    let mut text = format!("made {}:\n", folder.display());
    for (path, _) in project {
        text += &format!("  {path}\n");
    }
    text += &format!("\nnext (README.md has more):\n  cd {}\n", quoted(folder));
    for command in commands(readme) {
        text += &format!("  {command}\n");
    }
    text
}

/// The lines of all `sh` blocks.
fn commands(readme: &str) -> impl Iterator<Item = &str> {
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.flat_map(|(block, _)| block.lines())
}

/// A path that a shell takes for one word.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,".contains(c);
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_of_a_package_and_of_a_file() {
        for name in ["levels", "audit-log", "a", "nginx2"] {
            check_name(name).unwrap();
        }
        for name in ["", "Audit", "audit_log", "-a", "a-", "a--b", "2nd", "../a", "a b", "ä", "match", "test"]
        {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(check_name(&"a".repeat(MAX_NAME + 1)).is_err());
    }

    #[test]
    fn the_next_steps_are_the_readmes() {
        let readme = "# a\n```sh\none\ntwo\n```\n```yaml\nnone\n```\ntext\n```sh\nthree\n```\n";
        assert_eq!(commands(readme).collect::<Vec<_>>(), ["one", "two", "three"]);
        assert_eq!(commands("none").count(), 0);
    }

    #[test]
    fn a_folders_name_is_one_word_to_a_shell() {
        assert_eq!(quoted(Path::new("/tmp/a-b")), "/tmp/a-b");
        assert_eq!(quoted(Path::new("it's here")), "'it'\\''s here'");
    }
}
