//! The agent's books, from the last line of its log, and whether they balance.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// What became of every line, as the agent itself counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Books {
    pub(crate) lines_read: u64,
    pub(crate) records_delivered: u64,
    /// Lines that became part of the entry before them.
    pub(crate) lines_joined: u64,
    /// Blank lines.
    pub(crate) lines_skipped: u64,
    /// Records beyond the first of their line.
    pub(crate) records_extra: u64,
    /// Records that a processor left out on purpose.
    pub(crate) records_dropped: u64,
    /// Records that the receiver refused for good.
    pub(crate) records_dead_lettered: u64,
    /// Records that were read but not acknowledged at the end.
    pub(crate) in_flight: u64,
}

impl Books {
    /// Finds them in the agent's log.
    ///
    /// # Errors
    /// There is no such line, or a number is missing from it.
    pub(crate) fn find(log: &[String]) -> Result<Self> {
        let line = log
            .iter()
            .rev()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|line| line["message"] == "books");
        let Some(line) = line else {
            let end = log.len().saturating_sub(10);
            bail!("the agent closed no books; its log ended with\n{}", log[end..].join("\n"));
        };
        let number = |name: &str| {
            line[name].as_u64().with_context(|| format!("the agent's books have no `{name}`: {line}"))
        };
        Ok(Self {
            lines_read: number("lines_read")?,
            records_delivered: number("records_delivered")?,
            lines_joined: number("lines_joined")?,
            lines_skipped: number("lines_skipped")?,
            records_extra: number("records_extra")?,
            records_dropped: number("records_dropped")?,
            records_dead_lettered: number("records_dead_lettered")?,
            in_flight: number("in_flight")?,
        })
    }

    /// Compares them with the lines that are in the files and the records that arrived.
    ///
    /// # Errors
    /// The first sum that does not come out.
    pub(crate) fn check(&self, in_files: u64, arrived: u64) -> Result<()> {
        let equal = |left: u64, right: u64, what: &str| {
            if left == right {
                Ok(())
            } else {
                bail!("the books do not balance: {what}: {left} is not {right}")
            }
        };
        equal(in_files, self.lines_read, "lines in the files, lines read")?;
        equal(self.records_delivered, arrived, "records delivered by the agent, records that arrived")?;
        equal(self.in_flight, 0, "records in flight at the end, none")?;
        equal(self.accounted(), self.lines_read + self.records_extra, "lines accounted for, lines read")
    }

    /// Lines whose fate is known, and records beyond the first of their line.
    pub(crate) fn accounted(&self) -> u64 {
        self.records_delivered
            + self.lines_joined
            + self.lines_skipped
            + self.records_dropped
            + self.records_dead_lettered
            + self.in_flight
    }
}

/// What became of batches that went through a spool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spooled {
    /// Records that were delivered from it.
    pub(crate) done: u64,
}

impl Spooled {
    /// Finds the last word on it in the agent's log.
    ///
    /// # Errors
    /// There is none, or something is left in the spool.
    pub(crate) fn find(log: &[String]) -> Result<Self> {
        let mut said = log.iter().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let books = said.find(|line| line["message"] == "books of the spool");
        let books = books.context("the agent closed no books of its spool")?;
        let number = |name: &str| books[name].as_u64().with_context(|| format!("no `{name}` in {books}"));
        if number("records_waiting")? + number("records_damaged")? > 0 {
            bail!("the spool was not delivered: {books}");
        }
        Ok(Self { done: number("records_done")? })
    }
}

#[cfg(test)]
mod tests {
    use super::Books;

    const LINE: &str = r#"{"level":"INFO","message":"books","lines_read":10,"records_delivered":6,
        "lines_joined":2,"lines_skipped":2,"records_extra":1,"records_dropped":1,
        "records_dead_lettered":0,"in_flight":0}"#;

    fn books() -> Books {
        Books::find(&["not JSON".to_owned(), LINE.to_owned(), "{}".to_owned()]).unwrap()
    }

    #[test]
    fn the_books_are_found_in_the_log() {
        assert_eq!((books().lines_read, books().records_dropped), (10, 1));
        assert!(Books::find(&["{}".to_owned()]).is_err());
        let without = LINE.replace("in_flight", "in_fight");
        assert!(Books::find(&[without]).unwrap_err().to_string().contains("in_flight"));
    }

    #[test]
    fn every_sum_is_checked() {
        books().check(10, 6).unwrap();
        assert!(books().check(11, 6).is_err(), "a line was not read");
        assert!(books().check(10, 7).is_err(), "a record arrived twice");
        let unbalanced = Books { lines_joined: 1, ..books() };
        assert!(unbalanced.check(10, 6).is_err(), "a line is unaccounted for");
        let unfinished = Books { records_dropped: 0, in_flight: 1, ..books() };
        assert!(unfinished.check(10, 6).is_err(), "a record is on its way");
    }
}
