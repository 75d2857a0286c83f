//! Places up to which a text was read, by which a copy is known that ends before the
//! place where reading stands: lines were written while it was made.

use skidway_model::Anchor;

use crate::resume::TELLING_HEAD;

/// Few, close to each other near the last one and far apart before.
#[derive(Debug, Default, Clone)]
pub(crate) struct Marks(Vec<(u64, Anchor)>);

const MOST: usize = 16;

impl Marks {
    /// What stands before this offset, which is behind all others.
    pub(crate) fn note(&mut self, offset: u64, anchor: Anchor) {
        if offset < u64::from(TELLING_HEAD) {
            return;
        }
        self.0.push((offset, anchor));
        if self.0.len() > MOST {
            // The one that leaves the smallest gap, for how far back that is; never the first.
            let at = |i: usize| self.0[i].0;
            let gap = |i: &usize| (at(i + 1) - at(i - 1)) as f64 / (offset - at(i - 1)) as f64;
            let closest = (1..MOST).min_by(|a, b| gap(a).total_cmp(&gap(b)));
            self.0.remove(closest.unwrap_or(1));
        }
    }

    /// The last one in a file of this length.
    pub(crate) fn within(&self, length: u64) -> Option<(u64, Anchor)> {
        self.0.iter().rev().find(|(offset, _)| *offset <= length).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_few_and_one_is_never_far() {
        let mut marks = Marks::default();
        let anchor = Anchor::default();
        for offset in (10..1_000_000).step_by(10) {
            marks.note(offset, anchor);
            assert!(marks.0.len() <= MOST && marks.0.is_sorted_by_key(|mark| mark.0));
        }
        assert_eq!(marks.within(15), None);
        for back in [0, 1000, 100_000, 500_000] {
            let (offset, _) = marks.within(999_990 - back).unwrap();
            assert!(999_990 - offset <= 3 * back, "{offset} {back}");
        }
    }
}
