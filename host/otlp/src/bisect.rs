//! The search for those records of a payload that a backend refuses: what it refused
//! together is sent again in halves, until each of them is alone.
//!
//! Invariants: parts come in the order of their records, and each record is in one part
//! that waits or was in one that came last. A part that must not be taken apart any more
//! is given up as a whole: who refuses everything must not be asked about each record.

use crate::batch::Payload;

/// How often the parts of one payload are taken apart to find what is refused. That
/// finds about twenty bad records among a thousand.
const MAX_SPLITS: usize = 256;
/// So many records that were refused one by one, and none that was taken: it is not a
/// matter of records.
const MAX_ALONE: usize = 8;

/// So many times over the records of a payload are sent again, at the most, to find those
/// that a partial success left out: each time all others arrive once more.
const MAX_AGAIN: usize = 4;

/// What is left to send of a payload.
#[derive(Debug)]
pub(crate) struct Search {
    /// The next part is the last one.
    waiting: Vec<Part>,
    splits: usize,
    alone: usize,
    taken: bool,
    /// Records that may still be sent again although they may have been taken.
    again: usize,
}

/// Records of a payload that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) payload: Payload,
    /// The place of its first record in the whole payload.
    pub(crate) first: usize,
}

impl Search {
    pub(crate) fn new(payload: &Payload) -> Self {
        let whole = Part { payload: payload.clone(), first: 0 };
        let again = payload.len() * MAX_AGAIN;
        Self { waiting: vec![whole], splits: 0, alone: 0, taken: false, again }
    }

    pub(crate) fn next(&mut self) -> Option<Part> {
        self.waiting.pop()
    }

    /// The backend took records: it is a matter of records what it refuses.
    pub(crate) fn taken(&mut self) {
        self.taken = true;
    }

    /// The halves of a part come next. False for a single record.
    pub(crate) fn halve(&mut self, part: &Part) -> bool {
        let Some((first, second)) = part.payload.split() else { return false };
        let middle = part.first + first.len();
        self.waiting.push(Part { payload: second, first: middle });
        self.waiting.push(Part { payload: first, first: part.first });
        true
    }

    /// The same for a part that was refused, in search of the record that is to blame.
    /// False for one that is found, or is given up as it is.
    pub(crate) fn narrow(&mut self, part: &Part) -> bool {
        if part.payload.len() == 1 {
            self.alone += 1;
        }
        if self.splits >= MAX_SPLITS || (self.alone >= MAX_ALONE && !self.taken) {
            return false;
        }
        self.splits += 1;
        self.halve(part)
    }

    /// The same for a part of which some records were taken. False where too many have been
    /// sent again already.
    pub(crate) fn narrow_taken(&mut self, part: &Part) -> bool {
        self.taken = true;
        let Some(again) = self.again.checked_sub(part.payload.len()) else { return false };
        self.again = again;
        self.narrow(part)
    }

    /// What was not sent, in order.
    pub(crate) fn rest(self) -> impl Iterator<Item = Payload> {
        self.waiting.into_iter().rev().map(|part| part.payload)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    /// A request of so many records, each with its place as its only byte of a body.
    fn payload(records: usize) -> Payload {
        let records: Vec<u8> = (0..records).flat_map(|_| [0x12, 2, 0x10, 9]).collect();
        let mut scope_logs = vec![0x12];
        prost::encoding::encode_varint(records.len() as u64, &mut scope_logs);
        scope_logs.extend(records);
        let mut request = vec![0x0a];
        prost::encoding::encode_varint(scope_logs.len() as u64, &mut request);
        request.extend(scope_logs);
        Payload::from_encoded(Bytes::from(request)).unwrap()
    }

    /// Sends a payload to a backend that refuses what has a bad record in it. Answers what
    /// was taken, what was given up, and how many requests it took.
    fn search(records: usize, bad: &[usize]) -> (Vec<usize>, Vec<usize>, usize) {
        let mut search = Search::new(&payload(records));
        let (mut taken, mut refused, mut requests) = (Vec::new(), Vec::new(), 0);
        while let Some(part) = search.next() {
            requests += 1;
            let places: Range<usize> = part.first..part.first + part.payload.len();
            if !bad.iter().any(|place| places.contains(place)) {
                taken.extend(places);
                search.taken();
            } else if !search.narrow(&part) {
                refused.extend(places);
            }
        }
        (taken, refused, requests)
    }

    #[test]
    fn one_bad_record_among_a_thousand_is_found_within_few_requests() {
        for bad in [0, 1, 511, 512, 777, 1023] {
            let (taken, refused, requests) = search(1024, &[bad]);
            assert_eq!((taken.len(), refused), (1023, vec![bad]));
            assert!(requests <= 21, "{requests}");
        }
    }

    #[test]
    fn who_refuses_everything_is_not_asked_about_each_record() {
        let all: Vec<usize> = (0..1024).collect();
        let (taken, refused, requests) = search(1024, &all);
        assert_eq!((taken.len(), refused.len()), (0, 1024));
        assert!(requests <= 40, "{requests}");
    }

    #[test]
    fn the_search_ends_however_many_are_bad() {
        let bad: Vec<usize> = (0..4096).step_by(2).collect();
        let (taken, refused, requests) = search(4096, &bad);
        assert_eq!(taken.len() + refused.len(), 4096);
        assert!(requests <= 2 * MAX_SPLITS + 20, "{requests}");
    }

    /// The backend takes the others of a request, and says how many it left out.
    #[test]
    fn what_was_taken_is_not_sent_again_without_end() {
        let bad: Vec<usize> = (0..1024).step_by(10).collect();
        let (mut search, mut sent, mut aside) = (Search::new(&payload(1024)), 0, 0);
        while let Some(part) = search.next() {
            sent += part.payload.len();
            let places = part.first..part.first + part.payload.len();
            let left_out = bad.iter().filter(|place| places.contains(place)).count();
            if left_out == part.payload.len() || (left_out > 0 && !search.narrow_taken(&part)) {
                aside += part.payload.len();
            }
        }
        assert!(sent <= (1 + MAX_AGAIN) * 1024, "{sent}");
        assert!(aside >= bad.len() && aside < 1024, "{aside}");
    }

    proptest! {
        #[test]
        fn few_bad_records_are_found_exactly(bad in prop::collection::btree_set(0usize..300, 0..8)) {
            let bad: Vec<usize> = bad.into_iter().collect();
            let (taken, refused, _) = search(300, &bad);
            prop_assert_eq!(refused, bad.clone());
            prop_assert_eq!(taken, (0..300).filter(|place| !bad.contains(place)).collect::<Vec<_>>());
        }
    }
}
