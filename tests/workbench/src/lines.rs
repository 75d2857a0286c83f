//! What is in a log file, counted here without the agent: its own count is checked against this one.

/// Lines of a file, by what must become of them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lines {
    /// Every line, blank ones included.
    pub(crate) all: u64,
    /// Lines that begin with white space after an entry: they belong to it.
    pub(crate) continued: u64,
    /// Lines with nothing in them.
    pub(crate) blank: u64,
}

impl Lines {
    /// Counts. `joins` says whether the file's parser knows continuation lines; one that no parser knows has
    /// none.
    pub(crate) fn count(text: &str, joins: bool) -> Self {
        let mut lines = Self::default();
        let mut after_entry = false;
        for line in text.lines() {
            lines.all += 1;
            if line.is_empty() {
                lines.blank += 1;
            } else if joins && after_entry && line.starts_with([' ', '\t']) {
                lines.continued += 1;
            } else {
                after_entry = true;
            }
        }
        lines
    }

    /// How many records they make.
    pub(crate) fn records(&self) -> u64 {
        self.all - self.continued - self.blank
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.all += other.all;
        self.continued += other.continued;
        self.blank += other.blank;
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn a_line_is_an_entry_its_continuation_or_blank() {
        let lines = Lines::count(" lead\none\n\tat two\n\n  still two\nthree", true);
        assert_eq!(lines, Lines { all: 6, continued: 2, blank: 1 });
        assert_eq!(lines.records(), 3);
        assert_eq!(Lines::count("one\n two\n", false).records(), 2);
    }
}
