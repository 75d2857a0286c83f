//! Severities from words and numbers (collector-contrib,
//! `pkg/stanza/operator/helper/severity.go` and `severity_builder.go`).

use std::collections::HashMap;

use crate::LayoutError;

/// Which word is which severity.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// In lower case.
    words: HashMap<String, u8>,
}

/// A list of words and their severities that everybody means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// The names of severities, and what else programs write for them.
    Default,
    /// The names of severities alone.
    Otel,
    /// Nothing.
    None,
}

/// The names of severities and their numbers.
const NAMES: [(&str, u8); 24] = [
    ("trace", 1),
    ("trace2", 2),
    ("trace3", 3),
    ("trace4", 4),
    ("debug", 5),
    ("debug2", 6),
    ("debug3", 7),
    ("debug4", 8),
    ("info", 9),
    ("info2", 10),
    ("info3", 11),
    ("info4", 12),
    ("warn", 13),
    ("warn2", 14),
    ("warn3", 15),
    ("warn4", 16),
    ("error", 17),
    ("error2", 18),
    ("error3", 19),
    ("error4", 20),
    ("fatal", 21),
    ("fatal2", 22),
    ("fatal3", 23),
    ("fatal4", 24),
];

/// What syslog's severities 0 to 7 are, and their words.
pub const SYSLOG: [(u8, &str); 8] = [
    (21, "emerg"),
    (19, "alert"),
    (18, "crit"),
    (17, "err"),
    (13, "warning"),
    (10, "notice"),
    (9, "info"),
    (5, "debug"),
];

/// The number of a severity by its name, in any case, or its own digits.
pub fn number(name: &str) -> Option<u8> {
    let named = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, number)| *number);
    named.or_else(|| name.parse().ok().filter(|number| (1..=24).contains(number)))
}

impl Mapping {
    /// What a preset knows.
    pub fn new(preset: Preset) -> Self {
        let mut words = HashMap::new();
        if preset != Preset::None {
            for (name, number) in NAMES {
                words.insert(name.to_owned(), number);
                words.insert(number.to_string(), number);
            }
        }
        if preset == Preset::Default {
            let also = [("warning", 13), ("warning2", 14), ("warning3", 15), ("warning4", 16)];
            for (word, number) in
                also.into_iter().chain([("err", 17), ("err2", 18), ("err3", 19), ("err4", 20)])
            {
                words.insert(word.to_owned(), number);
            }
        }
        Self { words }
    }

    /// Adds a word, whatever its case.
    pub fn word(&mut self, word: &str, severity: u8) {
        self.words.insert(word.to_ascii_lowercase(), severity);
    }

    /// Adds all numbers from `min` to `max`.
    ///
    /// # Errors
    /// More than a mapping should hold.
    pub fn range(&mut self, min: i64, max: i64, severity: u8) -> Result<(), LayoutError> {
        let (min, max) = (min.min(max), min.max(max));
        if max - min > 10_000 {
            return Err(LayoutError(format!(
                "the range {min} to {max} is too wide; 10000 numbers are the most"
            )));
        }
        for number in min..=max {
            self.words.insert(number.to_string(), severity);
        }
        Ok(())
    }

    /// The severity of a word; 0 where it has none.
    #[inline]
    pub fn find(&self, word: &str) -> u8 {
        if let Some(&known) = self.words.get(word) {
            return known;
        }
        self.words.get(&word.to_lowercase()).copied().unwrap_or(0)
    }
}
