use std::ops::Range;
use std::time::Duration;

use crate::batch::Payload;

/// How many different reasons an [`Outcome`] keeps.
const MAX_REASONS: usize = 8;

/// What became of a payload's records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Taken by the backend.
    pub delivered: u64,
    /// Which records, by their places in the payload, the backend refused for good:
    /// ascending. Together with `delivered`: all of them that are settled.
    pub refused: Vec<Range<usize>>,
    /// Parts in which some records were refused, and nobody knows which: those of them in
    /// `refused` are as many, and may be others.
    pub unsure: Vec<Range<usize>>,
    /// Why; the first few that differ.
    pub reasons: Vec<String>,
}

/// The stop signal came first. Nothing of the payload may count as delivered for
/// the checkpoint: it is sent again at the next start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stopped before the backend had taken all {records} records")]
pub struct Interrupted {
    /// How many records the payload has.
    pub records: usize,
    /// What was settled of it before, after a split.
    pub settled: Outcome,
}

/// What became of a payload that was offered without waiting for a backend that is
/// away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// What is settled: the records before those in `rest`.
    pub settled: Outcome,
    /// The others, in their order; nothing where all is settled.
    pub rest: Vec<Payload>,
    /// How long to leave the backend alone before the rest is sent.
    pub pause: Duration,
}

// === impl Outcome ===

impl Outcome {
    /// How many records the backend refused for good.
    pub fn refused(&self) -> u64 {
        self.refused.iter().map(|places| places.len() as u64).sum()
    }

    /// How many of the records at these places it refused.
    pub fn refused_within(&self, places: &Range<usize>) -> u64 {
        common(&self.refused, places)
    }

    /// Whether the record at this place may be one that the backend refused.
    pub fn may_be_refused(&self, place: usize) -> bool {
        self.refused.iter().chain(&self.unsure).any(|places| places.contains(&place))
    }

    /// Adds what became of a part that begins at this place.
    pub fn add(&mut self, part: Self, first: usize) {
        self.delivered += part.delivered;
        self.unsure.extend(part.unsure.iter().map(|places| places.start + first..places.end + first));
        for places in part.refused {
            self.refuse(
                places.start + first..places.end + first,
                part.reasons.first().map_or("", String::as_str),
            );
        }
    }

    pub(crate) fn refuse(&mut self, places: Range<usize>, reason: &str) {
        match self.refused.last_mut() {
            Some(last) if last.end == places.start => last.end = places.end,
            _ => self.refused.push(places),
        }
        if self.reasons.len() < MAX_REASONS && !self.reasons.iter().any(|known| known == reason) {
            self.reasons.push(reason.to_owned());
        }
    }
}

/// How many of these places are in one of the ranges.
pub fn common(ranges: &[Range<usize>], places: &Range<usize>) -> u64 {
    let of =
        |range: &Range<usize>| range.end.min(places.end).saturating_sub(range.start.max(places.start)) as u64;
    ranges.iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "neighbours become one range")]
    fn refused_records_are_found_by_their_places() {
        let mut outcome = Outcome::default();
        outcome.refuse(3..5, "bad");
        outcome.refuse(5..6, "bad");
        assert_eq!(outcome.refused, [3..6]);
        outcome.refuse(9..10, "worse");
        assert_eq!(outcome.refused(), 4);
        assert_eq!(outcome.reasons, ["bad", "worse"]);
        let within = |places| outcome.refused_within(&places);
        assert_eq!([within(0..3), within(0..4), within(4..20), within(6..9)], [0, 1, 3, 0]);
        let part = Outcome { delivered: 2, refused: vec![0..1], ..Outcome::default() };
        let part = Outcome { reasons: vec!["late".to_owned()], ..part };
        outcome.add(part, 10);
        assert_eq!((outcome.delivered, &outcome.refused[1..]), (2, &[9..11][..]));
    }
}
