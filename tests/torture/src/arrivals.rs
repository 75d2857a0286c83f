//! What has arrived, line by line, and by which request.
//!
//! Kept small: for each line the request that brought it last and when the agent had read it, for each of its readings
//! where there are several; nothing of its text.

use std::collections::{BTreeMap, BTreeSet, HashMap};
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

/// A reading of a line, and what brought it last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Came {
    /// Index of the request.
    pub(crate) request: u32,
    /// When the agent had read the line, by the agent's clock in nanoseconds since 1970. No two readings have the same.
    pub(crate) observed: u64,
}

/// A line that arrived again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Again {
    pub(crate) id: Id,
    /// The same reading if it had arrived, or else the one that was the last to be new.
    pub(crate) before: Came,
    pub(crate) now: Came,
}

/// What is known of a line.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arrival {
    /// The how-manieth arrival of all was its first, counted from 1.
    pub(crate) first: u32,
    /// The first of its readings.
    came: Came,
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
    /// Further readings of a line, in the order in which they came first.
    read_again: HashMap<Id, Vec<Came>>,
    arrived: u32,
    /// Different lines that were acknowledged.
    pub(crate) acknowledged: u64,
}

const MANGLED_KEPT: usize = 20;

// === impl Arrivals ===

impl Arrivals {
    /// Enters the lines that were taken of one request, each with the time when it was read.
    pub(crate) fn enter(&mut self, request: Request, lines: impl IntoIterator<Item = (Id, u64)>) {
        let index = u32::try_from(self.requests.len()).unwrap_or(u32::MAX);
        self.requests.push(request);
        for (id, observed) in lines {
            let now = Came { request: index, observed };
            self.arrived += 1;
            let lines = self.files.entry(id.file).or_default();
            let index = id.number as usize;
            if lines.len() <= index {
                lines.resize(index + 1, Arrival::default());
            }
            let line = &mut lines[index];
            if line.first == 0 {
                (line.first, line.came) = (self.arrived, now);
            } else {
                let before = if line.came.observed == observed {
                    std::mem::replace(&mut line.came, now)
                } else {
                    again(self.read_again.entry(id).or_default(), now).unwrap_or(line.came)
                };
                self.again.push(Again { id, before, now });
            }
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

/// Enters an arrival among readings; answers what it is to be compared with, if that is one of them.
fn again(readings: &mut Vec<Came>, now: Came) -> Option<Came> {
    match readings.iter_mut().find(|reading| reading.observed == now.observed) {
        Some(reading) => Some(std::mem::replace(reading, now)),
        None => {
            let latest = readings.last().copied();
            readings.push(now);
            latest
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrival_is_compared_with_the_same_reading_or_else_with_the_latest() {
        let id = Id { file: 0, number: 0 };
        let mut arrivals = Arrivals::default();
        let request = Request { at: SystemTime::UNIX_EPOCH, run: 1, said: Said::Taken, part_of: None };
        for observed in [5, 7, 5, 7, 3, 7] {
            arrivals.enter(request, [(id, observed)]);
        }
        let pairs = arrivals.again.iter().map(|again| (again.before.request, again.now.request));
        assert_eq!(pairs.collect::<Vec<_>>(), [(0, 1), (0, 2), (1, 3), (3, 4), (3, 5)]);
        assert_eq!((arrivals.acknowledged, arrivals.of(id).first), (1, 1));
    }
}
