//! `parser: auto`: which parser fits a file, and when another one fits better.
//!
//! A parser is judged by how many lines of a sample it recognises, those that it joins
//! to a record or leaves out among them; where several recognise nearly as much, the earliest
//! one is taken. A file is given to the best one; when that stops recognising lines, the others
//! are shown what follows, and the chunk is cut where the better one begins. Ever more seldom
//! the choice is made anew: one stray line may have brought a general parser in, which then
//! recognises everything and would never be questioned.

use std::ops::Range;

use skidway_plugin::{ContainedParser, Context, Piece};

use super::count_lines;

/// How much of a text a parser is judged by.
const SAMPLE: usize = 16 << 10;

/// The parser that a file is read with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    parser: Option<usize>,
    patience: Patience,
    review: Review,
}

/// When the choice is made anew, counted in chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Review {
    left: u32,
    pause: u32,
}

/// A review costs as much as some chunks do.
const MAX_CHUNKS_TO_REVIEW: u32 = 256;

impl Default for Review {
    fn default() -> Self {
        Self { left: 1, pause: 1 }
    }
}

impl Review {
    /// Another chunk: is it the one?
    fn is_due(&mut self) -> bool {
        self.left -= 1;
        if self.left > 0 {
            return false;
        }
        self.pause = (self.pause * 2).min(MAX_CHUNKS_TO_REVIEW);
        self.left = self.pause;
        true
    }
}

/// How long a file is left alone after a search that found nothing. To show a sample to all
/// parsers costs more than to parse a chunk, and a log with a stray line now and then has some
/// in every chunk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Patience {
    /// Searches in a row that found nothing.
    fruitless: u32,
    /// Records to pass unrecognised before the next one.
    left: u64,
}

/// A format that changes in a file with many stray lines is noticed after so many records at
/// the latest: two chunks of usual lines.
const MAX_PATIENCE: u64 = 4096;

impl Patience {
    /// So many records were not recognised: is it worth to search for a parser that does?
    fn is_over(&mut self, unrecognised: usize) -> bool {
        self.left = self.left.saturating_sub(unrecognised as u64);
        self.left == 0
    }

    fn found(&mut self) {
        *self = Self::default();
    }

    fn found_nothing(&mut self) {
        self.fruitless = (self.fruitless + 1).min(MAX_PATIENCE.ilog2());
        self.left = 1 << self.fruitless;
    }
}

impl Choice {
    /// The parser to use: the first one while none recognises anything.
    pub(crate) fn index(self) -> usize {
        self.parser.unwrap_or(0)
    }

    /// Chooses by the beginning of a chunk, where that was not done before or is due again.
    pub(super) fn settle(&mut self, parsers: &mut [ContainedParser], text: &str, context: &Context) {
        if parsers.len() == 1 {
            self.parser = Some(0);
            return;
        }
        let is_due = match self.parser {
            Some(_) => self.review.is_due(),
            None => self.patience.is_over(count_lines(text) as usize),
        };
        if !is_due {
            return;
        }
        if let Some(best) = best(&scores(parsers, text, context)) {
            self.parser = Some(best);
            self.patience.found();
        } else if self.parser.is_none() {
            self.patience.found_nothing();
        }
        self.let_others_rest(parsers);
    }

    /// Which parser a file was given to, if any.
    pub(super) fn settled(self) -> Option<usize> {
        self.parser
    }

    /// Where in `text` another parser should take over: `pieces` is what the present one made of
    /// it.
    pub(super) fn switch_at(
        &mut self,
        parsers: &mut [ContainedParser],
        text: &str,
        pieces: &[Piece<'_>],
        context: &Context,
    ) -> Option<Switch> {
        // A component that fails is dealt with elsewhere; its chunk is not judged.
        let [piece] = pieces else { return None };
        let unrecognised = &piece.unrecognised;
        if unrecognised.is_empty() || piece.failed || parsers.len() == 1 {
            return None;
        }
        if self.parser.is_none() || !self.patience.is_over(unrecognised.len()) {
            return None;
        }
        let origins = &piece.records.columns().origin;
        let start = |record: usize| origins.get(record).map_or(piece.consumed, |&origin| origin as usize);
        let mut found = None;
        for run in runs(unrecognised) {
            // Only the run itself: what the chosen one recognises behind it, however
            // much, says nothing about these lines.
            let from = start(run.start as usize);
            // A record may begin in the middle of a line, where nothing is cut.
            let is_line = |at: usize| at == 0 || at == text.len() || text.as_bytes()[at - 1] == b'\n';
            if !is_line(from) || !is_line(start(run.end as usize)) {
                continue;
            }
            let sample = sample(&text[from..start(run.end as usize)]);
            if let Some((parser, score)) = best_of_others(parsers, self.index(), sample, context)
                && is_line(from + score.first)
            {
                let is_last = run.end as usize == origins.len();
                let until = (!is_last).then(|| start(run.end as usize));
                found = Some(Switch { at: from + score.first, until, parser });
                break;
            }
        }
        match found {
            Some(_) => self.patience.found(),
            None => self.patience.found_nothing(),
        }
        self.let_others_rest(parsers);
        found
    }

    /// The lines from here on are those of a switch.
    pub(super) fn follow(&mut self, switch: Switch) {
        self.parser = Some(switch.parser);
        // Not of these lines, which have just been looked at.
        self.review = Review { left: 2, pause: 1 };
    }

    /// The choice for the lines of a switch alone.
    pub(super) fn lent(self, switch: Switch) -> Self {
        Self { parser: Some(switch.parser), ..self }
    }

    /// The parsers are others than before: what was searched for in vain is searched for again, and what was
    /// found may be found better.
    pub(super) fn look_again(&mut self) {
        self.patience.found();
        self.review = Review::default();
    }

    /// Another parser has come in at `index`.
    pub(super) fn enter(&mut self, index: usize) {
        self.parser = self.parser.map(|chosen| if chosen >= index { chosen + 1 } else { chosen });
    }

    /// The parser at `index` is there no more. Files that were read with it are judged anew.
    pub(super) fn leave(&mut self, index: usize) {
        self.parser = match self.parser {
            Some(chosen) if chosen == index => None,
            Some(chosen) if chosen > index => Some(chosen - 1),
            other => other,
        };
    }

    /// What was only asked for its opinion gives its memory back: to have it made again costs
    /// less than to keep one of each format in each lane.
    fn let_others_rest(self, parsers: &mut [ContainedParser]) {
        let others = parsers.iter_mut().enumerate().filter(|&(index, _)| index != self.index());
        others.for_each(|(_, parser)| parser.let_go());
    }
}

/// Where a parser takes over, and which.
#[derive(Debug, Clone, Copy)]
pub(super) struct Switch {
    pub(super) at: usize,
    /// Where the present one recognises lines again.
    pub(super) until: Option<usize>,
    parser: usize,
}

fn best_of_others(
    parsers: &mut [ContainedParser],
    chosen: usize,
    sample: &str,
    context: &Context,
) -> Option<(usize, Score)> {
    let others = parsers.iter_mut().enumerate();
    let judged =
        others.map(|(index, parser)| if index == chosen { None } else { judge(parser, sample, context) });
    let mut scores: Vec<_> = judged.collect();
    let best = best(&scores)?;
    scores[best].take().map(|score| (best, score))
}

/// The parser to take: the earliest of those that recognise nearly as much as the best one. A
/// general parser knows the stray lines among those of a special one, too.
pub(crate) fn best(scores: &[Option<Score>]) -> Option<usize> {
    let recognised = |score: &Option<Score>| score.as_ref().map_or(0, |score| score.recognised);
    let most = scores.iter().map(recognised).max().filter(|&most| most > 0)?;
    scores.iter().position(|score| recognised(score) * 10 >= most * 9)
}

/// How well a parser fits a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Score {
    /// Lines that it recognises, those that it joins to a record or leaves out among them.
    pub(crate) recognised: usize,
    /// All lines that are not blank.
    pub(crate) lines: usize,
    /// Where the first recognised record begins; at the end of the sample where there is none.
    first: usize,
    /// Where the first one begins that it does not recognise.
    pub(crate) first_unrecognised: Option<usize>,
    /// Why it does not, as far as it says.
    pub(crate) reason: String,
}

/// How well each parser fits the beginning of `text`; none for one that fails on it.
pub(super) fn scores(parsers: &mut [ContainedParser], text: &str, context: &Context) -> Vec<Option<Score>> {
    let sample = sample(text);
    parsers.iter_mut().map(|parser| judge(parser, sample, context)).collect()
}

fn judge(parser: &mut ContainedParser, sample: &str, context: &Context) -> Option<Score> {
    let context = Context { flush: true, ..context.clone() };
    let answer = parser.try_parse(sample, &context)?;
    let origins = &answer.records.columns().origin;
    let mut unrecognised = answer.unrecognised.iter().peekable();
    let first = (0..origins.len() as u32).find(|i| unrecognised.next_if(|&u| u == i).is_none());
    let lines = sample.lines().filter(|line| !line.trim_ascii().is_empty()).count();
    Some(Score {
        // What is not recognised is a record a line.
        recognised: lines.saturating_sub(answer.unrecognised.len()),
        lines,
        first: first.map_or(sample.len(), |first| origins[first as usize] as usize),
        first_unrecognised: answer.unrecognised.first().map(|&first| origins[first as usize] as usize),
        reason: answer.unrecognised_reason,
    })
}

/// The first run of unrecognised records and, where that is another, the longest:
/// a stray line must not hide a change behind it.
fn runs(unrecognised: &[u32]) -> impl Iterator<Item = Range<u32>> {
    let by_run = |pair: &[u32]| pair[1] == pair[0] + 1;
    let mut all = Vec::new();
    let mut start = 0;
    for end in 1..=unrecognised.len() {
        if end == unrecognised.len() || !by_run(&unrecognised[end - 1..=end]) {
            all.push(unrecognised[start]..unrecognised[end - 1] + 1);
            start = end;
        }
    }
    let first = all.first().cloned();
    let longest = all.into_iter().rev().max_by_key(Range::len).filter(|run| Some(run) != first.as_ref());
    first.into_iter().chain(longest)
}

/// The first lines of `text`, which a parser is judged by: whole ones, unless the first is longer than a sample.
pub(super) fn sample(text: &str) -> &str {
    if text.len() <= SAMPLE {
        return text;
    }
    match memchr::memrchr(b'\n', &text.as_bytes()[..SAMPLE]) {
        Some(at) => &text[..=at],
        None => memchr::memchr(b'\n', text.as_bytes()).map_or(text, |at| &text[..=at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_longest_run_are_looked_at() {
        let looked_at =
            |unrecognised: &[u32]| runs(unrecognised).map(|run| (run.start, run.end)).collect::<Vec<_>>();
        assert_eq!(looked_at(&[]), []);
        assert_eq!(looked_at(&[3]), [(3, 4)]);
        assert_eq!(looked_at(&[3, 4, 5, 9]), [(3, 6)]);
        assert_eq!(looked_at(&[3, 7, 8, 9, 12, 13]), [(3, 4), (7, 10)]);
    }

    #[test]
    fn reviews_come_ever_more_seldom() {
        let mut review = Review::default();
        let due: Vec<_> = (1..2000).filter(|_| review.is_due()).collect();
        assert_eq!(due[..5], [1, 3, 7, 15, 31]);
        assert!(due.windows(2).all(|pair| pair[1] - pair[0] <= MAX_CHUNKS_TO_REVIEW));
    }

    #[test]
    fn patience_grows_with_each_search_that_finds_nothing() {
        let mut patience = Patience::default();
        assert!(patience.is_over(1), "the first stray line is looked at");
        patience.found_nothing();
        assert!(!patience.is_over(1));
        assert!(patience.is_over(1));
        (0..100).for_each(|_| patience.found_nothing());
        assert!(!patience.is_over(MAX_PATIENCE as usize - 1));
        assert!(patience.is_over(1));
        patience.found();
        assert!(patience.is_over(1));
    }

    #[test]
    fn a_parser_that_leaves_takes_its_place_along() {
        let after = |parser| {
            let mut choice = Choice { parser, ..Choice::default() };
            choice.leave(1);
            choice.parser
        };
        assert_eq!([Some(0), Some(1), Some(2), None].map(after), [Some(0), None, Some(1), None]);
    }

    #[test]
    fn a_sample_is_whole_lines() {
        let long = format!("{}\n{}\nrest\n", "a".repeat(SAMPLE - 10), "b".repeat(100));
        assert_eq!(sample(&long).len(), SAMPLE - 9);
        let one = format!("{}\nrest\n", "a".repeat(2 * SAMPLE));
        assert_eq!(sample(&one).len(), 2 * SAMPLE + 1);
        assert_eq!(sample("short"), "short");
    }
}
