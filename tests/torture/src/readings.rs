//! Why a line arrived again where batches go by way of the disk.
//!
//! A batch on the disk outlives the agent that has read its lines, so the agent that delivers a line need not be the
//! one that has read it. Each reading has its time:
//! - The same reading twice is a batch that was delivered from the disk again: the agent that had delivered it ended
//!   before it saved that, or in the midst of the batch.
//! - Two readings are a line that was read again: the agent that had read it first ended before it saved a checkpoint
//!   behind it, whoever delivered the two.

use std::time::{Duration, SystemTime};

use crate::arrivals::{Again, Request, Said};
use crate::keeper::End;
use crate::verdict::{Cause, Evidence, clock};

/// From reading a line to the moment when it is delivered or on the disk, unless that is full: one request that is
/// left hanging, and what a busy machine takes.
const TO_STORE: Duration = Duration::from_millis(2500);
/// From then on to the moment when it is saved, which is done each second; a stop, in which that is not so, may take
/// half a second until it is cut short.
const TO_SAVE: Duration = Duration::from_secs(4);
/// How often the agent tries the disk again.
const TRIES_DISK: Duration = Duration::from_secs(1);

/// A line was read by an agent.
struct Reading<'a> {
    /// The first is number 1.
    run: u32,
    end: &'a End,
    /// By the clock of this machine.
    at: SystemTime,
}

impl Evidence<'_> {
    pub(crate) fn cause_by_way_of_the_disk(&self, again: &Again) -> Cause {
        let (before, now) = self.requests(again);
        if again.before.observed == again.now.observed {
            return match before.said {
                Said::Nothing => Cause::Unanswered,
                Said::TakenInPart => Cause::InPart,
                Said::Taken if self.was_cut(before) => Cause::Unanswered,
                Said::Taken if now.run > before.run && self.is_on_disk_still(again.id.file, before) => {
                    Cause::Disk
                }
                Said::Taken => Cause::Unexplained,
            };
        }
        let readings = self.reading(again.before.observed).zip(self.reading(again.now.observed));
        let is_explained = readings.is_some_and(|(first, second)| {
            first.run < second.run && self.was_read_in_vain(again.id.file, &first, before)
        });
        if is_explained { Cause::Crash } else { Cause::Unexplained }
    }

    /// Whether the agent that delivered it ended without having saved so.
    fn is_on_disk_still(&self, file: u16, request: Request) -> bool {
        let Some(end) = self.end(request.run) else { return false };
        let booked = self.booked(request);
        booked.is_none_or(|booked| self.ended_soon(end, booked))
            && self.was_unsaved(end, self.of(file, end.saved_spool), booked)
    }

    /// Whether the agent that has read it ended without a checkpoint behind it. `request` delivered it.
    fn was_read_in_vain(&self, file: u16, reading: &Reading<'_>, request: Request) -> bool {
        let saved = self.of(file, reading.end.saved);
        if saved.is_some_and(|saved| self.saved_last_of_all(reading.end, saved)) {
            return false;
        }
        let stored = self.stored_by(reading.at);
        if !self.ended_soon(reading.end, stored) {
            return false;
        }
        // It was on the disk before it was delivered from there.
        let booked = if request.run == reading.run { self.booked(request) } else { None };
        let booked = booked.map_or(stored, |booked| booked.min(stored));
        self.was_unsaved(reading.end, saved, Some(booked))
    }

    /// Whether an agent was gone before it must have saved what was done then.
    fn ended_soon(&self, end: &End, done: SystemTime) -> bool {
        *end.life.end() <= done + TO_SAVE || self.was_disk_full(done, end)
    }

    /// When a line that was read then is delivered or on the disk.
    fn stored_by(&self, read: SystemTime) -> SystemTime {
        let mut stored = read + TO_STORE;
        for full in self.disk_full {
            if *full.start() <= stored && read <= *full.end() {
                stored = stored.max(*full.end() + TRIES_DISK + TO_STORE);
            }
        }
        stored
    }

    /// By an agent that lived when its clock said so.
    fn reading(&self, observed: u64) -> Option<Reading<'_>> {
        (1..).zip(self.ends).find_map(|(run, end)| {
            let at = i128::from(observed) - i128::from(end.days) * 24 * 3600 * 1_000_000_000;
            let at = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(at).ok()?);
            end.life.contains(&at).then_some(Reading { run, end, at })
        })
    }

    /// For whoever has to find out what went wrong.
    pub(crate) fn describe_readings(&self, again: &Again) -> String {
        let tell = |observed| {
            let reading = self.reading(observed);
            reading.map_or_else(
                || format!("at {observed}, when no agent lived"),
                |Reading { run, at, end }| {
                    let saved = self.of(again.id.file, end.saved);
                    format!(
                        "by agent {run} at {}, which ended {:?} at {} and had saved its state at {}",
                        clock(Some(at)),
                        end.how,
                        clock(Some(*end.life.end())),
                        clock(saved)
                    )
                },
            )
        };
        let (before, _) = self.requests(again);
        let spool = self.end(before.run).and_then(|end| self.of(again.id.file, end.saved_spool));
        if again.before.observed == again.now.observed {
            return format!(
                "; read {}; how far the disk is read was saved at {}",
                tell(again.now.observed),
                clock(spool)
            );
        }
        format!("; read {}, and {}", tell(again.before.observed), tell(again.now.observed))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::ops::RangeInclusive;

    use super::*;
    use crate::arrivals::Arrivals;
    use crate::keeper::How;
    use crate::lines::Id;
    use crate::log_file::Written;

    const LINE: Id = Id { file: 0, number: 0 };

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    fn request(second: u64, run: u32, said: Said) -> Request {
        Request { at: at(second), run, said, part_of: None }
    }

    /// Read at that second by an agent whose clock is off by so many days.
    fn read(second: u64, days: u64) -> u64 {
        (second + days * 24 * 3600) * 1_000_000_000
    }

    /// The first agent lived from 0 to 16, had saved its checkpoints at 12 and its spool at 15. The second one lived
    /// from 30 to 50, a week ahead, and was stopped. The third one lived from 60 to 80, and saved nothing after 61.
    fn causes(arrivals: &Arrivals, disk_full: &[RangeInclusive<SystemTime>]) -> BTreeMap<Cause, u64> {
        let ends = [
            (How::Killed, (12, 15), 0..=16, 0),
            (How::Stopped, (50, 50), 30..=50, 7),
            (How::Killed, (61, 61), 60..=80, 0),
        ];
        let ends = ends.map(|(how, (saved, saved_spool), life, days)| End {
            how,
            gave_up: false,
            saved: [Some(at(saved)); 2],
            saved_spool: [Some(at(saved_spool)); 2],
            life: at(*life.start())..=at(*life.end()),
            days,
        });
        Evidence {
            written: &[Written { lines: 1, texts: vec![0] }],
            rotated_match: &[true],
            arrivals,
            dead_letters: &BTreeSet::new(),
            ends: &ends,
            closed: &[],
            disk_full,
            storage: true,
        }
        .judge()
        .duplicates
    }

    #[test]
    fn the_same_reading_twice_was_on_the_disk() {
        for (first, then, cause) in [
            (request(16, 1, Said::Taken), request(31, 2, Said::Taken), Cause::Disk),
            (request(10, 1, Said::Taken), request(31, 2, Said::Taken), Cause::Unexplained),
            (request(16, 1, Said::Taken), request(17, 1, Said::Taken), Cause::Unexplained),
            (request(10, 1, Said::Nothing), request(11, 1, Said::Taken), Cause::Unanswered),
            (request(10, 1, Said::TakenInPart), request(11, 1, Said::Taken), Cause::InPart),
            (request(49, 2, Said::Taken), request(61, 3, Said::Taken), Cause::Unexplained),
            (request(77, 3, Said::Taken), request(90, 4, Said::Taken), Cause::Disk),
            // It had time to save that.
            (request(74, 3, Said::Taken), request(90, 4, Said::Taken), Cause::Unexplained),
        ] {
            let mut arrivals = Arrivals::default();
            arrivals.enter(first, [(LINE, read(9, 0))]);
            arrivals.enter(then, [(LINE, read(9, 0))]);
            assert_eq!(causes(&arrivals, &[]), BTreeMap::from([(cause, 1)]), "{first:?} {then:?}");
        }
    }

    #[test]
    fn a_batch_of_which_a_part_was_delivered_is_delivered_again_as_a_whole() {
        for (whole, cause) in [(false, Cause::Disk), (true, Cause::Unexplained)] {
            let mut arrivals = Arrivals::default();
            let ids = [LINE, Id { number: 1, ..LINE }];
            arrivals.splits.refused(2, at(39), &ids, false);
            for (second, id) in [(40, ids[0]), (41, ids[1])].into_iter().take(1 + usize::from(whole)) {
                let part_of = arrivals.splits.answered(2, at(second), [id]);
                arrivals.enter(Request { part_of, ..request(second, 2, Said::Taken) }, [(id, read(9, 0))]);
            }
            arrivals.enter(request(61, 3, Said::Taken), [(LINE, read(9, 0))]);
            assert_eq!(causes(&arrivals, &[]), BTreeMap::from([(cause, 1)]));
        }
    }

    #[test]
    fn a_line_is_read_again_by_a_later_agent_where_no_checkpoint_was_saved_behind_it() {
        for (first, then, cause) in [
            // Whoever delivers them.
            ((11, 0), (31, 7), Cause::Crash),
            ((4, 0), (31, 7), Cause::Unexplained),
            ((16, 0), (17, 0), Cause::Unexplained),
            // It was stopped, and had saved last of all.
            ((49, 7), (61, 0), Cause::Unexplained),
            // No agent had this clock then.
            ((11, 0), (31, 0), Cause::Unexplained),
        ] {
            for runs in [(3, 3), (2, 3)] {
                let mut arrivals = Arrivals::default();
                arrivals.enter(request(61, runs.0, Said::Nothing), [(LINE, read(first.0, first.1))]);
                arrivals.enter(request(62, runs.1, Said::Taken), [(LINE, read(then.0, then.1))]);
                assert_eq!(causes(&arrivals, &[]), BTreeMap::from([(cause, 1)]), "{first:?} {then:?}");
            }
        }
    }

    #[test]
    fn what_its_own_agent_delivered_was_on_the_disk_before() {
        for (delivered, cause) in [(11, Cause::Crash), (10, Cause::Unexplained)] {
            let mut arrivals = Arrivals::default();
            arrivals.enter(request(delivered, 1, Said::Taken), [(LINE, read(10, 0))]);
            arrivals.enter(request(31, 2, Said::Taken), [(LINE, read(31, 7))]);
            assert_eq!(causes(&arrivals, &[]), BTreeMap::from([(cause, 1)]));
        }
    }

    #[test]
    fn a_full_disk_lets_lines_wait() {
        let mut arrivals = Arrivals::default();
        arrivals.enter(request(31, 2, Said::Taken), [(LINE, read(4, 0))]);
        arrivals.enter(request(31, 2, Said::Taken), [(LINE, read(31, 7))]);
        assert_eq!(causes(&arrivals, &[at(5)..=at(11)]), BTreeMap::from([(Cause::Crash, 1)]));
        assert_eq!(causes(&arrivals, &[at(13)..=at(14)]), BTreeMap::from([(Cause::Unexplained, 1)]));
        // It could not save for a while.
        let mut arrivals = Arrivals::default();
        arrivals.enter(request(74, 3, Said::Taken), [(LINE, read(4, 0))]);
        arrivals.enter(request(90, 4, Said::Taken), [(LINE, read(4, 0))]);
        assert_eq!(causes(&arrivals, &[at(75)..=at(79)]), BTreeMap::from([(Cause::Disk, 1)]));
        // It could not save at the end.
        let mut arrivals = Arrivals::default();
        arrivals.enter(request(49, 2, Said::Taken), [(LINE, read(49, 7))]);
        arrivals.enter(request(61, 3, Said::Taken), [(LINE, read(61, 0))]);
        assert_eq!(causes(&arrivals, &[at(50)..=at(52)]), BTreeMap::from([(Cause::Crash, 1)]));
    }
}
