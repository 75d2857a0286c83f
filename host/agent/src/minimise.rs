//! The least text that still does something: whole lines are left out, more and more of them,
//! then parts of those that remain.

use std::ops::Range;

/// So often it is asked: a text that takes its time takes it this often at most.
const MAX_TRIES: usize = 300;

/// Leaves out as many lines as `still` allows; answers what is left, and where in `text` its first
/// line begins.
pub(crate) fn lines(text: &str, still: &mut dyn FnMut(&str) -> bool) -> (usize, String) {
    let mut start = 0;
    let all = text.split_inclusive('\n').map(|line| {
        start += line.len();
        start - line.len()..start
    });
    let kept = fewest(all.collect(), MAX_TRIES, &mut |kept| still(&joined(text, kept)));
    (kept.first().map_or(0, |first| first.start), joined(text, &kept))
}

/// Leaves out characters, too.
pub(crate) fn characters(text: &str, still: &mut dyn FnMut(&str) -> bool) -> String {
    let all = text.char_indices().map(|(at, c)| at..at + c.len_utf8()).collect();
    joined(text, &fewest(all, 2 * MAX_TRIES, &mut |kept| still(&joined(text, kept))))
}

fn joined(text: &str, kept: &[Range<usize>]) -> String {
    kept.iter().map(|range| &text[range.clone()]).collect()
}

/// Takes runs out, long ones first, while it still does what it did.
fn fewest(
    mut kept: Vec<Range<usize>>,
    tries: usize,
    still: &mut dyn FnMut(&[Range<usize>]) -> bool,
) -> Vec<Range<usize>> {
    let mut left = tries;
    let mut run = kept.len().div_ceil(2);
    while run > 0 && kept.len() > 1 {
        let (before, mut at) = (kept.len(), 0);
        while at < kept.len() {
            let behind = (at + run).min(kept.len());
            let without = [&kept[..at], &kept[behind..]].concat();
            if left == 0 {
                return kept;
            }
            if !without.is_empty() {
                left -= 1;
                if still(&without) {
                    kept = without;
                    continue;
                }
            }
            at = behind;
        }
        if run == 1 && kept.len() == before {
            break;
        }
        run = if run == 1 { 1 } else { run.div_ceil(2).min(run - 1) };
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_what_it_takes() {
        let text: String = (0..1000).map(|n| format!("line {n}\n")).collect();
        let mut asked = 0;
        let (at, left) = lines(&text, &mut |text| {
            asked += 1;
            text.contains("line 17\n") && text.contains("line 803\n")
        });
        assert_eq!(left, "line 17\nline 803\n");
        assert_eq!(at, text.find("line 17\n").unwrap());
        assert!(asked < 120, "{asked}");
        assert_eq!(characters("a long lüne with ü in it", &mut |text| text.contains('ü')), "ü");
    }

    #[test]
    fn what_cannot_be_made_smaller_stays() {
        assert_eq!(lines("a\nb\n", &mut |_| false), (0, "a\nb\n".to_owned()));
        assert_eq!(lines("", &mut |_| true), (0, String::new()));
        let endless: String = "x\n".repeat(10_000);
        let mut asked = 0;
        lines(&endless, &mut |_| {
            asked += 1;
            false
        });
        assert_eq!(asked, MAX_TRIES);
    }
}
