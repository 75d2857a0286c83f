//! What is wrong, where, and what to write instead.
//!
//! The form is the compiler's, so that terminals and editors make the place clickable:
//! ```text
//! error: unknown key `inclued` in receiver `filelog/system`
//!   --> configs/x.yaml:4:5
//!   hint: did you mean `include`?
//! ```

use std::fmt;
use std::sync::Arc;

/// A place in a config file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position {
    /// The file, as the user named it.
    pub file: Arc<str>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One thing that is wrong, or that the user should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where; `None` where it is nowhere in a file.
    pub at: Option<Position>,
    /// What.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Problem {
    fn write(&self, f: &mut fmt::Formatter<'_>, level: &str) -> fmt::Result {
        write!(f, "{level}: {}", self.message)?;
        if let Some(at) = &self.at {
            write!(f, "\n  --> {at}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// A config that works, though perhaps not as its author meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning(pub Problem);

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, "warning")
    }
}

/// Everything that keeps a config from being used, one paragraph each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Errors(pub Vec<Problem>);

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { "\n\n" })?;
            problem.write(f, "error")?;
        }
        Ok(())
    }
}

/// What the stages of reading found so far.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) errors: Vec<Problem>,
    pub(crate) warnings: Vec<Warning>,
}

impl Report {
    pub(crate) fn error(&mut self, at: &Position, message: impl Into<String>, hint: impl Into<String>) {
        self.errors.push(problem(at, message.into(), hint.into()));
    }

    pub(crate) fn warn(&mut self, at: &Position, message: impl Into<String>, hint: impl Into<String>) {
        self.warnings.push(Warning(problem(at, message.into(), hint.into())));
    }
}

fn problem(at: &Position, message: String, hint: String) -> Problem {
    Problem { at: Some(at.clone()), message, hint: Some(hint).filter(|h| !h.is_empty()) }
}

/// `did you mean …?` where one of `valid` is near, else the list of them.
pub(crate) fn nearest<'v>(
    word: &str,
    what: &str,
    valid: impl IntoIterator<Item = &'v str> + Clone,
) -> String {
    let near = valid
        .clone()
        .into_iter()
        .map(|v| (distance(&word.to_lowercase(), v), v))
        .min_by_key(|&(distance, _)| distance)
        .filter(|&(distance, v)| distance <= (v.chars().count() / 3).max(1));
    if let Some((_, v)) = near {
        return format!("did you mean `{v}`?");
    }
    // Not the empty word, and of a level's two spellings only the lower-case one.
    let shown = |v: &&str| v.chars().any(char::is_lowercase);
    let list: Vec<_> = valid.into_iter().filter(shown).map(|v| format!("`{v}`")).collect();
    if list.is_empty() { String::new() } else { format!("{what}: {}", list.join(", ")) }
}

/// How many letters are wrong; one where a word only goes on or breaks off.
fn distance(word: &str, valid: &str) -> usize {
    let begins = |long: &str, short: &str| short.len() >= 4 && long.starts_with(short);
    if word != valid && (begins(word, valid) || begins(valid, word)) {
        return 1;
    }
    strsim::damerau_levenshtein(word, valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_offered_and_far_ones_listed() {
        let valid = ["include", "exclude", "start_at"];
        assert_eq!(nearest("inclued", "keys", valid), "did you mean `include`?");
        assert_eq!(nearest("Start_At", "keys", valid), "did you mean `start_at`?");
        assert_eq!(nearest("warning", "levels", ["info", "warn", "WARN"]), "did you mean `warn`?");
        assert_eq!(nearest("loud", "levels", ["", "info", "INFO"]), "levels: `info`");
        assert_eq!(nearest("operators", "keys", valid), "keys: `include`, `exclude`, `start_at`");
        assert_eq!(nearest("x", "keys", []), "");
    }
}
