//! Which paths are meant. A pattern is split into the directory before its first
//! special character, where the walk begins, and one matcher for each level
//! below it, so that the walk never enters a directory that cannot hold a match.

use std::io;
use std::path::{Path, PathBuf};

use globset::{Glob, GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};

use crate::Error;

/// The include and exclude patterns of a tailer.
pub(crate) struct Globs {
    pub(crate) include: Vec<Pattern>,
    exclude: GlobSet,
    /// What the excludes that end in `/**` are about.
    closed: GlobSet,
}

pub(crate) enum Pattern {
    /// No special character: one path.
    Literal(PathBuf),
    Wild(Wild),
}

pub(crate) struct Wild {
    /// Where the walk begins.
    pub(crate) root: PathBuf,
    /// How far down it goes; `None` with `**`.
    pub(crate) depth: Option<usize>,
    full: GlobMatcher,
    /// What a directory at each level below the root must look like; below the
    /// last of them any will do, down to `depth`.
    levels: Vec<GlobMatcher>,
    /// Ends in `*` or `**`: meets directories all the time and means none of them.
    pub(crate) takes_all: bool,
}

// === impl Globs ===

impl Globs {
    pub(crate) fn new(include: &[String], exclude: &[String]) -> Result<Self, Error> {
        if include.is_empty() {
            return Err(Error::NoInclude);
        }
        let patterns = include.iter().map(|written| Pattern::new(written)).collect::<Result<_, _>>()?;
        let mut globs = GlobSetBuilder::new();
        let mut closed = GlobSetBuilder::new();
        for written in exclude {
            let absolute = absolute(written)?;
            globs.add(compile(&absolute, written)?);
            if let Some(folder) = absolute.strip_suffix("/**") {
                closed.add(compile(folder, written)?);
            }
        }
        let build = |set: GlobSetBuilder| {
            set.build().map_err(|source| Error::Pattern { pattern: exclude.join(", "), source })
        };
        Ok(Self { include: patterns, exclude: build(globs)?, closed: build(closed)? })
    }

    /// Whether a file of this path is to be followed.
    pub(crate) fn matches(&self, path: &Path) -> bool {
        !self.excludes(path) && self.include.iter().any(|pattern| pattern.matches(path))
    }

    pub(crate) fn excludes(&self, path: &Path) -> bool {
        self.exclude.is_match(path)
    }

    /// Whether everything below this directory is excluded.
    pub(crate) fn closes(&self, directory: &Path) -> bool {
        self.closed.is_match(directory)
    }

    /// Whether this path leads to where a walk begins: once it exists, there may
    /// be something to find.
    pub(crate) fn leads_to_root(&self, path: &Path) -> bool {
        self.include.iter().any(|pattern| match pattern {
            Pattern::Literal(file) => file.starts_with(path),
            Pattern::Wild(wild) => wild.root.starts_with(path),
        })
    }

    /// Whether a walk would enter this directory.
    pub(crate) fn enters(&self, directory: &Path) -> bool {
        !self.closes(directory)
            && self.include.iter().any(|pattern| match pattern {
                Pattern::Literal(_) => false,
                Pattern::Wild(wild) => wild.enters(directory),
            })
    }
}

// === impl Pattern ===

impl Pattern {
    fn new(written: &str) -> Result<Self, Error> {
        let absolute = absolute(written)?;
        let full = compile(&absolute, written)?;
        let parts: Vec<&str> = absolute.split('/').skip(1).collect();
        let Some(first_wild) = parts.iter().position(|part| part.contains(SPECIAL)) else {
            return Ok(Self::Literal(PathBuf::from(absolute)));
        };
        let root = format!("/{}", parts[..first_wild].join("/"));
        let depth = if absolute.contains("**") { None } else { Some(parts.len() - first_wild) };
        let mut levels = Vec::new();
        for (index, part) in parts.iter().enumerate().skip(first_wild) {
            // From `**` on any level will do, and braces may hold a slash.
            if part.contains("**") || part.contains('{') || index + 1 == parts.len() {
                break;
            }
            levels.push(compile(&format!("/{}", parts[..=index].join("/")), written)?.compile_matcher());
        }
        let takes_all = matches!(parts.last(), Some(&"*" | &"**"));
        Ok(Self::Wild(Wild { root: root.into(), depth, full: full.compile_matcher(), levels, takes_all }))
    }

    fn matches(&self, path: &Path) -> bool {
        match self {
            Self::Literal(file) => file == path,
            Self::Wild(wild) => wild.matches(path),
        }
    }
}

// === impl Wild ===

impl Wild {
    pub(crate) fn matches(&self, path: &Path) -> bool {
        self.full.is_match(path)
    }

    pub(crate) fn enters(&self, directory: &Path) -> bool {
        let Ok(below) = directory.strip_prefix(&self.root) else { return false };
        let level = below.components().count();
        level == 0
            || (self.depth.is_none_or(|depth| level < depth)
                && self.levels.get(level - 1).is_none_or(|matcher| matcher.is_match(directory)))
    }
}

const SPECIAL: [char; 5] = ['*', '?', '[', '{', '\\'];

/// The pattern with the working directory before it where it is relative.
fn absolute(written: &str) -> Result<String, Error> {
    let mut pattern = written.to_owned();
    if !pattern.starts_with('/') {
        let fail = |source| Error::NoWorkingDirectory { pattern: written.to_owned(), source };
        let folder = std::env::current_dir().map_err(fail)?;
        let folder = folder
            .to_str()
            .ok_or_else(|| fail(io::Error::new(io::ErrorKind::InvalidData, "its name is not UTF-8")))?;
        let relative = pattern.strip_prefix("./").unwrap_or(&pattern);
        pattern = format!("{}/{relative}", globset::escape(folder));
    }
    while pattern.contains("//") {
        pattern = pattern.replace("//", "/");
    }
    Ok(pattern)
}

fn compile(pattern: &str, written: &str) -> Result<Glob, Error> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|source| Error::Pattern { pattern: written.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(include: &[&str], exclude: &[&str]) -> Globs {
        let owned = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
        Globs::new(&owned(include), &owned(exclude)).unwrap()
    }

    #[test]
    fn a_star_stays_on_its_level_and_two_cross() {
        let one = globs(&["/var/log/*.log"], &[]);
        assert!(one.matches(Path::new("/var/log/a.log")));
        assert!(!one.matches(Path::new("/var/log/sub/a.log")));
        let deep = globs(&["/var/log/**/*.log"], &["/var/log/private/**", "/var/log/*-debug.log"]);
        for path in ["/var/log/a.log", "/var/log/sub/a.log", "/var/log/sub/sub/a.log"] {
            assert!(deep.matches(Path::new(path)), "{path}");
        }
        for path in ["/var/log/private/a.log", "/var/log/x-debug.log", "/var/log/a.txt", "/srv/a.log"] {
            assert!(!deep.matches(Path::new(path)), "{path}");
        }
        assert!(deep.closes(Path::new("/var/log/private")));
        assert!(!deep.closes(Path::new("/var/log/sub")));
    }

    #[test]
    fn the_walk_enters_only_what_can_hold_a_match() {
        let globs = globs(&["/home/*/logs/*.log", "/srv/{a,b/c}/x/*.log", "/etc/hosts"], &[]);
        for path in ["/home", "/home/ann", "/home/ann/logs", "/srv", "/srv/b", "/srv/b/c", "/srv/b/c/x"] {
            assert!(globs.enters(Path::new(path)), "{path}");
        }
        for path in ["/home/ann/music", "/home/ann/logs/old", "/etc", "/srv/b/c/x/y/z"] {
            assert!(!globs.enters(Path::new(path)), "{path}");
        }
        assert!(globs.matches(Path::new("/srv/b/c/x/1.log")));
        assert!(globs.leads_to_root(Path::new("/etc")));
        assert!(globs.leads_to_root(Path::new("/")));
        assert!(!globs.leads_to_root(Path::new("/etc/passwd")));
    }

    #[test]
    fn a_name_that_is_not_utf8_matches() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/var/log/caf\xe9.log"));
        assert!(globs(&["/var/log/*.log"], &[]).matches(path));
    }

    #[test]
    fn a_bad_glob_is_named() {
        let error = Globs::new(&["/var/log/[a".to_owned()], &[]).err().unwrap().to_string();
        assert!(error.contains("/var/log/[a"), "{error}");
        let error = Globs::new(&["/var/log/a".to_owned()], &["{x".to_owned()]).err().unwrap().to_string();
        assert!(error.contains("{x"), "{error}");
        assert!(matches!(Globs::new(&[], &[]), Err(Error::NoInclude)));
    }

    #[test]
    fn a_relative_glob_counts_from_the_working_directory() {
        let here = std::env::current_dir().unwrap();
        for written in ["./*.log", "*.log", ".//*.log"] {
            assert!(globs(&[written], &[]).matches(&here.join("a.log")), "{written}");
        }
    }
}
