//! What has arrived, line by line, and by which request.
//!
//! Kept small: for each line the requests that brought it first and last, nothing of its text.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::lines::Id;
use crate::splits::Splits;

/// What the backend said to a request of which it took lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// 200.
    Taken,
    /// 200, without some of the records.
    TakenInPart,
    /// Nothing: it took them and cut the connection, or left it hanging.
    Nothing,
}

/// A request of which lines were taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    pub(crate) at: SystemTime,
    /// Which of the agents sent it.
    pub(crate) run: u32,
    pub(crate) said: Said,
    /// The refused batch that it is a part of.
    pub(crate) part_of: Option<usize>,
}

/// A line that arrived again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Again {
    pub(crate) id: Id,
    /// Index of the request that had brought it before.
    pub(crate) before: u32,
    pub(crate) now: u32,
}

/// What is known of a line.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arrival {
    /// The how-manieth arrival of all was its first, counted from 1.
    pub(crate) first: u32,
    /// Index of the last request that brought it.
    last: u32,
    /// The agent was told that it is taken.
    pub(crate) acknowledged: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    pub(crate) requests: Vec<Request>,
    pub(crate) again: Vec<Again>,
    /// Lines that nobody has written, or not so: a few of them.
    pub(crate) mangled: Vec<String>,
    pub(crate) mangled_lines: u64,
    /// Lines of records that the backend left out of a request of which it took the rest. They come later than their
    /// neighbours.
    pub(crate) left_out: BTreeSet<Id>,
    pub(crate) splits: Splits,
    files: BTreeMap<u16, Vec<Arrival>>,
    arrived: u32,
    /// Different lines that were acknowledged.
    pub(crate) acknowledged: u64,
}

const MANGLED_KEPT: usize = 20;

// === impl Arrivals ===

impl Arrivals {
    /// Enters the lines that were taken of one request.
    pub(crate) fn enter(&mut self, request: Request, ids: impl IntoIterator<Item = Id>) {
        let now = u32::try_from(self.requests.len()).unwrap_or(u32::MAX);
        self.requests.push(request);
        for id in ids {
            self.arrived += 1;
            let lines = self.files.entry(id.file).or_default();
            let index = id.number as usize;
            if lines.len() <= index {
                lines.resize(index + 1, Arrival::default());
            }
            let line = &mut lines[index];
            if line.first == 0 {
                line.first = self.arrived;
            } else {
                self.again.push(Again { id, before: line.last, now });
            }
            line.last = now;
            if request.said != Said::Nothing && !line.acknowledged {
                line.acknowledged = true;
                self.acknowledged += 1;
            }
        }
    }

    /// Enters a line that nobody has written so.
    pub(crate) fn enter_mangled(&mut self, line: &str) {
        self.mangled_lines += 1;
        if self.mangled.len() < MANGLED_KEPT {
            self.mangled.push(line.to_owned());
        }
    }

    /// What is known of a line.
    pub(crate) fn of(&self, id: Id) -> Arrival {
        let lines = self.files.get(&id.file);
        lines.and_then(|lines| lines.get(id.number as usize)).copied().unwrap_or_default()
    }

    /// How many lines of this file are known: those past the written ones were made up.
    pub(crate) fn length(&self, file: u16) -> usize {
        self.files.get(&file).map_or(0, Vec::len)
    }
}
