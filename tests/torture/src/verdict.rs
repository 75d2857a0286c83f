//! What was written against what arrived.
//!
//! - A line is lost that was neither acknowledged nor put aside.
//! - A line may arrive again for one of these reasons only: the backend had taken it without saying so; it was in a
//!   request that was taken in part, which is sent again in parts; the agent that had sent it ended before it saved
//!   a checkpoint. Whatever arrived well before the last save comes once. For what goes by way of the disk, see
//!   `readings`.
//! - Within a text (what one file holds until it is moved away or emptied) lines arrive in order.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use crate::arrivals::{Again, Arrivals, Request, Said};
use crate::keeper::{End, How};
use crate::lines::Id;
use crate::log_file::Written;

/// From an answer to the moment when the agent has it in its ledger, on a busy machine.
const TO_BOOK: Duration = Duration::from_millis(1500);
/// Connections that were closed this soon after an answer may have taken it with them.
const TO_ANSWER: Duration = Duration::from_millis(500);
/// How many kinds of examples are kept of each.
const EXAMPLES: usize = 30;

/// Why a line arrived again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// The agent ended before it had saved that the line is delivered.
    Crash,
    /// The backend had taken it and did not say so.
    Unanswered,
    /// The backend had taken the request in part.
    InPart,
    /// The agent ended before it had saved that a batch on the disk is delivered.
    Disk,
    Unexplained,
}

/// Lines of which the same is to be said, and what that is.
#[derive(Debug, Default)]
pub(crate) struct Examples(BTreeMap<(u16, usize, String), (u32, u32, u64)>);

impl Examples {
    /// A line of this text (the how-manieth of its file).
    fn add(&mut self, id: Id, text: usize, what: impl FnOnce() -> String) {
        if let Some(mut last) = self.0.last_entry()
            && last.key().0 == id.file
            && last.key().1 == text
            && last.get().1 + 1 == id.number
        {
            let (_, end, count) = last.get_mut();
            (*end, *count) = (id.number, *count + 1);
        } else if self.0.len() < EXAMPLES {
            let (_, end, count) = self.0.entry((id.file, text, what())).or_insert((id.number, id.number, 0));
            (*end, *count) = (id.number.max(*end), *count + 1);
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |((file, text, what), (first, last, count)): (&(u16, usize, String), &(u32, u32, u64))| {
            format!("f{file:03} {first}..={last} ({count}), in text {text} of its file{what}")
        };
        self.0.iter().map(line).collect()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) written: u64,
    pub(crate) delivered: u64,
    pub(crate) dead_lettered: u64,
    pub(crate) lost: u64,
    pub(crate) lost_examples: Examples,
    /// Lines of files that have not so many.
    pub(crate) made_up: u64,
    pub(crate) duplicates: BTreeMap<Cause, u64>,
    pub(crate) unexplained_examples: Examples,
    /// Within a text.
    pub(crate) out_of_order: u64,
    pub(crate) out_of_order_examples: Examples,
    /// The first line of a text arrived before the last one of the text before it.
    pub(crate) overtaken_texts: u64,
}

/// All that is to be compared.
pub(crate) struct Evidence<'a> {
    /// By the numbers of the files.
    pub(crate) written: &'a [Written],
    pub(crate) rotated_match: &'a [bool],
    pub(crate) arrivals: &'a Arrivals,
    pub(crate) dead_letters: &'a BTreeSet<Id>,
    /// The first agent is number 1.
    pub(crate) ends: &'a [End],
    /// When the backend closed all connections.
    pub(crate) closed: &'a [SystemTime],
    pub(crate) disk_full: &'a [RangeInclusive<SystemTime>],
    /// Batches go to the disk while the backend is away.
    pub(crate) storage: bool,
}

// === impl Evidence ===

impl Evidence<'_> {
    pub(crate) fn judge(&self) -> Verdict {
        let mut verdict = Verdict::default();
        for (file, written) in (0..).zip(self.written) {
            self.count(file, written, &mut verdict);
            self.check_order(file, written, &mut verdict);
        }
        for again in &self.arrivals.again {
            let cause = self.cause(again);
            *verdict.duplicates.entry(cause).or_default() += 1;
            if cause == Cause::Unexplained {
                let text = self.text(again.id);
                verdict.unexplained_examples.add(again.id, text, || self.describe(again));
            }
        }
        verdict
    }

    fn count(&self, file: u16, written: &Written, verdict: &mut Verdict) {
        verdict.written += u64::from(written.lines);
        let known = self.arrivals.length(file);
        verdict.made_up += (known as u64).saturating_sub(u64::from(written.lines));
        for number in 0..written.lines {
            let id = Id { file, number };
            if self.arrivals.of(id).acknowledged {
                verdict.delivered += 1;
            } else if self.dead_letters.contains(&id) {
                verdict.dead_lettered += 1;
            } else {
                verdict.lost += 1;
                let seen = if self.arrivals.of(id).first > 0 { ", arrived without an answer" } else { "" };
                verdict.lost_examples.add(id, self.text(id), || seen.to_owned());
            }
        }
    }

    fn check_order(&self, file: u16, written: &Written, verdict: &mut Verdict) {
        let mut latest: Option<(Id, u32)> = None;
        for number in 0..written.lines {
            let id = Id { file, number };
            let first = self.arrivals.of(id).first;
            if first == 0 || self.arrivals.left_out.contains(&id) {
                continue;
            }
            if let Some((before, arrived)) = latest
                && first < arrived
            {
                let begins = |first: &u32| *first > before.number && *first <= number;
                if written.texts.iter().any(begins) {
                    verdict.overtaken_texts += 1;
                } else {
                    verdict.out_of_order += 1;
                    let examples = &mut verdict.out_of_order_examples;
                    examples.add(id, self.text(id), || format!(" before {before}"));
                }
            }
            latest = Some((id, first));
        }
    }

    fn cause(&self, again: &Again) -> Cause {
        if self.storage {
            return self.cause_by_way_of_the_disk(again);
        }
        let (before, now) = self.requests(again);
        match before.said {
            Said::Nothing => Cause::Unanswered,
            Said::TakenInPart => Cause::InPart,
            Said::Taken if self.was_cut(before) => Cause::Unanswered,
            Said::Taken if now.run > before.run && self.was_lost(again.id.file, before) => Cause::Crash,
            Said::Taken => Cause::Unexplained,
        }
    }

    /// Whether the answer may not have arrived.
    pub(crate) fn was_cut(&self, request: Request) -> bool {
        let was_cut =
            |closed: &SystemTime| closed.duration_since(request.at).is_ok_and(|time| time < TO_ANSWER);
        self.closed.iter().any(was_cut)
    }

    /// Whether the agent that sent the request ended without having saved that it was answered.
    fn was_lost(&self, file: u16, request: Request) -> bool {
        let Some(end) = self.end(request.run) else { return false };
        self.was_unsaved(end, self.of(file, end.saved), self.booked(request))
    }

    /// When the agent could enter that what was in a request is delivered; `None`: it could not.
    pub(crate) fn booked(&self, request: Request) -> Option<SystemTime> {
        match request.part_of {
            // A part of a batch counts with the whole of it.
            Some(batch) => self.arrivals.splits.ended(batch),
            None => Some(request.at),
        }
    }

    /// Whether something that was done then is not in what an agent has saved last.
    pub(crate) fn was_unsaved(
        &self,
        end: &End,
        saved: Option<SystemTime>,
        booked: Option<SystemTime>,
    ) -> bool {
        let Some(saved) = saved else { return true };
        let to_book = if self.saved_last_of_all(end, saved) { Duration::ZERO } else { TO_BOOK };
        booked.is_none_or(|booked| booked + to_book >= saved)
    }

    /// Whether an agent was stopped, had time, and could save after all that it did.
    pub(crate) fn saved_last_of_all(&self, end: &End, saved: SystemTime) -> bool {
        end.how == How::Stopped && !end.gave_up && !self.was_disk_full(saved, end)
    }

    /// Whether the disk was full at some time from then on until an agent was gone.
    pub(crate) fn was_disk_full(&self, since: SystemTime, end: &End) -> bool {
        let was_full =
            |full: &RangeInclusive<SystemTime>| since <= *full.end() && full.start() <= end.life.end();
        self.disk_full.iter().any(was_full)
    }

    pub(crate) fn end(&self, run: u32) -> Option<&End> {
        (run as usize).checked_sub(1).and_then(|index| self.ends.get(index))
    }

    /// That of the state which a file is in.
    pub(crate) fn of<T: Copy>(&self, file: u16, states: [T; 2]) -> T {
        states[usize::from(!self.rotated_match[usize::from(file)])]
    }

    /// The how-manieth of its file it is in.
    fn text(&self, id: Id) -> usize {
        self.written[usize::from(id.file)].texts.partition_point(|&first| first <= id.number)
    }

    pub(crate) fn requests(&self, again: &Again) -> (Request, Request) {
        let request = |index: u32| self.arrivals.requests[index as usize];
        (request(again.before.request), request(again.now.request))
    }

    fn describe(&self, again: &Again) -> String {
        let (before, now) = self.requests(again);
        let end = self.end(before.run);
        let readings = if self.storage { self.describe_readings(again) } else { String::new() };
        format!(
            ": from agent {} at {} ({:?}), again from agent {} at {}; the former ended {:?}, its state saved at {}{readings}",
            before.run,
            clock(Some(before.at)),
            before.said,
            now.run,
            clock(Some(now.at)),
            end.map(|end| end.how),
            clock(end.and_then(|end| self.of(again.id.file, end.saved))),
        )
    }
}

pub(crate) fn clock(time: Option<SystemTime>) -> String {
    let time = time.and_then(|time| jiff::Timestamp::try_from(time).ok());
    time.map_or_else(|| "no time".to_owned(), |time| time.strftime("%H:%M:%S%.3f").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    fn ids(numbers: std::ops::Range<u32>) -> impl Iterator<Item = Id> {
        numbers.map(|number| Id { file: 0, number })
    }

    /// Read at no time that matters.
    fn lines(numbers: std::ops::Range<u32>) -> impl Iterator<Item = (Id, u64)> {
        ids(numbers).map(|id| (id, 0))
    }

    fn request(second: u64, run: u32, said: Said) -> Request {
        Request { at: at(second), run, said, part_of: None }
    }

    fn end() -> End {
        let life = at(0)..=at(0);
        End { how: How::Killed, gave_up: false, saved: [None; 2], saved_spool: [None; 2], life, days: 0 }
    }

    /// Ten lines in two texts; the first agent was killed at 20 and had saved at 15.
    fn judge(arrivals: &Arrivals, dead: &[u32]) -> Verdict {
        let saved = [Some(at(15)); 2];
        Evidence {
            written: &[Written { lines: 10, texts: vec![0, 5] }],
            rotated_match: &[true],
            arrivals,
            dead_letters: &dead.iter().map(|&number| Id { file: 0, number }).collect(),
            ends: &[
                End { how: How::Killed, saved, ..end() },
                End { how: How::Stopped, saved: [Some(at(100)); 2], ..end() },
            ],
            closed: &[at(60)],
            disk_full: &[],
            storage: false,
        }
        .judge()
    }

    #[test]
    fn every_line_is_delivered_put_aside_or_lost() {
        let mut arrivals = Arrivals::default();
        arrivals.enter(request(10, 1, Said::Taken), lines(0..7));
        arrivals.enter(request(11, 1, Said::Nothing), lines(7..9));
        let verdict = judge(&arrivals, &[8, 9]);
        assert_eq!((verdict.delivered, verdict.dead_lettered, verdict.lost), (7, 2, 1));
        let lost = ["f000 7..=7 (1), in text 2 of its file, arrived without an answer"];
        assert_eq!(verdict.lost_examples.lines(), lost);
    }

    #[test]
    fn a_duplicate_has_its_cause() {
        for (first, then, cause) in [
            (request(16, 1, Said::Taken), request(22, 2, Said::Taken), Cause::Crash),
            (request(12, 1, Said::Taken), request(22, 2, Said::Taken), Cause::Unexplained),
            (request(16, 1, Said::Taken), request(17, 1, Said::Taken), Cause::Unexplained),
            (request(12, 1, Said::Nothing), request(13, 1, Said::Taken), Cause::Unanswered),
            (request(12, 1, Said::TakenInPart), request(13, 1, Said::Taken), Cause::InPart),
            (request(60, 2, Said::Taken), request(61, 2, Said::Taken), Cause::Unanswered),
            (request(99, 2, Said::Taken), request(110, 3, Said::Taken), Cause::Unexplained),
        ] {
            let mut arrivals = Arrivals::default();
            arrivals.enter(first, lines(0..3));
            arrivals.enter(then, lines(0..10));
            let verdict = judge(&arrivals, &[]);
            assert_eq!(verdict.duplicates, BTreeMap::from([(cause, 3)]), "{first:?} {then:?}");
            assert_eq!((verdict.lost, verdict.out_of_order), (0, 0));
        }
    }

    #[test]
    fn a_part_of_a_batch_counts_with_the_whole_of_it() {
        for (whole, cause) in [(14, Cause::Crash), (12, Cause::Unexplained)] {
            let mut arrivals = Arrivals::default();
            let all: Vec<Id> = ids(0..10).collect();
            arrivals.splits.refused(1, at(9), &all, false);
            for (second, part) in [(10, 0..5), (whole, 5..10)] {
                let part_of = arrivals.splits.answered(1, at(second), ids(part.clone()));
                arrivals.enter(Request { part_of, ..request(second, 1, Said::Taken) }, lines(part));
            }
            arrivals.enter(request(22, 2, Said::Taken), lines(0..5));
            assert_eq!(judge(&arrivals, &[]).duplicates, BTreeMap::from([(cause, 5)]));
        }
    }

    #[test]
    fn order_counts_within_a_text() {
        let mut arrivals = Arrivals::default();
        for part in [5..10, 0..2, 3..5, 2..3] {
            arrivals.enter(request(10, 1, Said::Taken), lines(part));
        }
        let verdict = judge(&arrivals, &[]);
        assert_eq!((verdict.out_of_order, verdict.overtaken_texts), (1, 1));
        arrivals.left_out.insert(Id { file: 0, number: 2 });
        assert_eq!(judge(&arrivals, &[]).out_of_order, 0);
    }
}
