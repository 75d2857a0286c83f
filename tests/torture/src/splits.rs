//! Batches that the backend has refused, which the agent sends again in parts.
//!
//! A batch is answered for when the last of its lines is: until then none of its lines counts as delivered, so all of
//! them come again after a crash.

use std::collections::HashMap;
use std::time::SystemTime;

use crate::lines::Id;

#[derive(Debug, Default)]
pub(crate) struct Splits {
    run: u32,
    /// Lines that are not answered for, and their batches.
    open: HashMap<Id, usize>,
    batches: Vec<Batch>,
}

#[derive(Debug)]
struct Batch {
    open: usize,
    ended: Option<SystemTime>,
}

// === impl Splits ===

impl Splits {
    /// These lines were refused together, one record or several.
    pub(crate) fn refused(&mut self, run: u32, at: SystemTime, ids: &[Id], single: bool) {
        self.begin_run(run);
        if single {
            return self.answered(run, at, ids.iter().copied()).map_or((), drop);
        }
        let new: Vec<Id> = ids.iter().copied().filter(|id| !self.open.contains_key(id)).collect();
        if !new.is_empty() {
            self.open.extend(new.iter().map(|id| (*id, self.batches.len())));
            self.batches.push(Batch { open: new.len(), ended: None });
        }
    }

    /// These lines were answered for; the batch that they are part of, if they are.
    pub(crate) fn answered(
        &mut self,
        run: u32,
        at: SystemTime,
        ids: impl IntoIterator<Item = Id>,
    ) -> Option<usize> {
        self.begin_run(run);
        let mut part_of = None;
        for id in ids {
            let Some(index) = self.open.remove(&id) else { continue };
            part_of = Some(index);
            let batch = &mut self.batches[index];
            batch.open -= 1;
            if batch.open == 0 {
                batch.ended = Some(at);
            }
        }
        part_of
    }

    /// When the last line of a batch was answered for.
    pub(crate) fn ended(&self, batch: usize) -> Option<SystemTime> {
        self.batches[batch].ended
    }

    /// What an agent that has ended did not finish, nobody does.
    fn begin_run(&mut self, run: u32) {
        if self.run != run {
            self.open.clear();
            self.run = run;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_ends_with_its_last_line() {
        let at = |second| SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(second);
        let ids: Vec<Id> = (0..4).map(|number| Id { file: 0, number }).collect();
        let mut splits = Splits::default();
        let part = |range: std::ops::Range<usize>| ids[range].iter().copied();
        assert_eq!(splits.answered(1, at(1), part(0..4)), None);
        splits.refused(1, at(2), &ids, false);
        splits.refused(1, at(3), &ids[..2], false);
        splits.refused(1, at(4), &ids[..1], true);
        assert_eq!(splits.answered(1, at(5), part(1..2)), Some(0));
        assert_eq!(splits.ended(0), None);
        assert_eq!(splits.answered(1, at(6), part(2..4)), Some(0));
        assert_eq!(splits.ended(0), Some(at(6)));
        splits.refused(1, at(7), &ids, false);
        assert_eq!(splits.answered(2, at(8), part(0..4)), None, "another run knows nothing of it");
        assert_eq!(splits.ended(1), None);
    }
}
