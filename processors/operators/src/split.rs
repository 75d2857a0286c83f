//! From a text to entries (collector-contrib, `pkg/stanza/split` and `trim`).
//!
//! Invariant: what is not handed out is what begins at a line's start and whose
//! end is not known, so that the host can offer it again.

use std::cell::RefCell;
use std::ops::Range;

use skidway_pattern::{Pattern, Slots};

use crate::settings::{Problem, Settings};

/// Where one entry ends and the next one begins.
#[derive(Debug)]
pub(crate) struct Splitter {
    boundary: Boundary,
    omit_pattern: bool,
    keep_leading: bool,
    keep_trailing: bool,
    max_size: usize,
    truncate: bool,
    slots: RefCell<Slots>,
}

#[derive(Debug)]
enum Boundary {
    Line,
    Start(Pattern),
    End(Pattern),
}

/// The entries of a text.
#[derive(Debug, Default)]
pub(crate) struct Split {
    /// Where each begins, before anything is trimmed off, and its text. Blank ones
    /// are there, too, with an empty text.
    pub(crate) entries: Vec<(usize, Range<usize>)>,
    /// Bytes that are dealt with.
    pub(crate) consumed: usize,
}

impl Splitter {
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self, Problem> {
        let (mut boundary, mut omit_pattern) = (Boundary::Line, false);
        if let Some(multiline) = settings.get("multiline") {
            let path = settings.at("multiline");
            let multiline = Settings::new(multiline, &path)?;
            multiline.only(&[&["line_start_pattern", "line_end_pattern", "omit_pattern"]])?;
            omit_pattern = multiline.boolean("omit_pattern")?;
            let pattern = |key| match multiline.text(key)?.filter(|text| !text.is_empty()) {
                None => Ok(None),
                Some(text) => Pattern::new(&format!("(?m){text}"))
                    .map(Some)
                    .map_err(|error| multiline.wrong(key, error.to_string())),
            };
            boundary = match (pattern("line_start_pattern")?, pattern("line_end_pattern")?) {
                (Some(start), None) => Boundary::Start(start),
                (None, Some(end)) => Boundary::End(end),
                (None, None) => Boundary::Line,
                (Some(_), Some(_)) => {
                    return Err(
                        multiline.wrong("line_end_pattern", "there is a line_start_pattern; keep one")
                    );
                }
            };
        }
        Ok(Self {
            boundary,
            omit_pattern,
            keep_leading: settings.boolean("preserve_leading_whitespaces")?,
            keep_trailing: settings.boolean("preserve_trailing_whitespaces")?,
            max_size: settings.count("max_log_size", 1 << 20)?.max(1),
            truncate: settings.text("max_log_size_behavior")? == Some("truncate"),
            slots: RefCell::default(),
        })
    }

    /// Whether entries are lines, which [`lines`](Self::lines) gives.
    pub(crate) fn is_by_line(&self) -> bool {
        matches!(self.boundary, Boundary::Line)
    }

    /// Hands each line of `text` to `each`: where it begins and its text, trimmed.
    /// Answers how much is dealt with.
    #[inline]
    pub(crate) fn lines<'t>(
        &self,
        text: &'t str,
        flush: bool,
        mut each: impl FnMut(usize, &'t str),
    ) -> usize {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
            let line = &text[start..end];
            each(start, self.trim(line.strip_suffix('\r').unwrap_or(line)));
            start = end + 1;
        }
        if flush && start < text.len() {
            each(start, self.trim(&text[start..]));
            start = text.len();
        }
        start
    }

    /// The entries of `text` where they are not lines.
    pub(crate) fn split(&self, text: &str, flush: bool) -> Split {
        let mut split = Split::default();
        let mut start = 0;
        // A place where nothing is cut that begins inside of a line.
        let (mut safe, mut safe_entries) = (0, 0);
        while start < text.len() {
            let Some((token, next)) = self.token(text, start, flush) else { break };
            let (token, next) = self.bounded(text, token, next);
            let trimmed = self.trim(&text[token.clone()]);
            let from = trimmed.as_ptr().addr() - text.as_ptr().addr();
            split.entries.push((start, from..from + trimmed.len()));
            start = next;
            if text.as_bytes()[start - 1] == b'\n' {
                (safe, safe_entries) = (start, split.entries.len());
            }
        }
        if flush && start == text.len() {
            (safe, safe_entries) = (start, split.entries.len());
        }
        split.entries.truncate(safe_entries);
        split.consumed = safe;
        split
    }

    /// The next entry from `start` on and where it goes on behind it.
    fn token(&self, text: &str, start: usize, flush: bool) -> Option<(Range<usize>, usize)> {
        let bytes = text.as_bytes();
        let slots = &mut *self.slots.borrow_mut();
        let rest = || flush.then_some((start..text.len(), text.len()));
        let mut find = |pattern: &Pattern, from: usize| {
            // `^` means the start of what is left, as well as that of a line.
            let found = pattern.find_at(&bytes[start..], from - start, slots)?;
            Some((start + found.0, start + found.1))
        };
        match &self.boundary {
            Boundary::Line => None,
            Boundary::End(pattern) => match find(pattern, start) {
                None => rest(),
                Some((_, end)) if end + 1 == text.len() && !flush => None,
                Some((_, end)) if end == start => rest(),
                Some((from, end)) => Some((start..if self.omit_pattern { from } else { end }, end)),
            },
            Boundary::Start(pattern) => {
                let Some((first, first_end)) = find(pattern, start) else { return rest() };
                if first > start {
                    return Some((start..first, first));
                }
                let from = if self.omit_pattern { first_end } else { first };
                // The next match begins behind this one, not right at its end.
                let mut at = first_end;
                while at < text.len() {
                    match find(pattern, at) {
                        Some((next, _)) if next > first_end => return Some((from..next, next)),
                        Some((next, end)) => at = next_place(text, end.max(next)),
                        None => break,
                    }
                }
                flush.then_some((from.min(text.len())..text.len(), text.len()))
            }
        }
    }

    /// An entry that is too large is cut; what is left of it is the next one, or is
    /// left out.
    fn bounded(&self, text: &str, token: Range<usize>, next: usize) -> (Range<usize>, usize) {
        if token.len() <= self.max_size {
            return (token, next);
        }
        let limit = token.start + self.max_size;
        let end = (token.start + 1..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(token.end);
        (token.start..end, if self.truncate { next } else { end })
    }

    #[inline]
    fn trim<'t>(&self, entry: &'t str) -> &'t str {
        const SPACE: [char; 4] = ['\r', '\n', '\t', ' '];
        let mut trimmed = entry;
        if !self.keep_trailing {
            trimmed = trimmed.trim_end_matches(SPACE);
        }
        if !self.keep_leading {
            trimmed = trimmed.trim_start_matches(SPACE);
        }
        trimmed
    }
}

/// The next place between characters behind `at`.
fn next_place(text: &str, at: usize) -> usize {
    (at + 1..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len())
}
