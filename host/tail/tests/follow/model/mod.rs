//! Whatever is done to the files, to the run and by the backend, nothing is lost without
//! a word, nothing is sent twice that need not be, and the order holds: the real tailer,
//! ledger and state file against the plainest idea of what was written and answered.

mod truth;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use proptest::prelude::*;

use crate::rig::Parser;
use truth::{Setting, Truth};

/// What happens next. Steps that make no sense at the moment do nothing.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Lines are written, the last one perhaps not to its end. In a new file, the first one
    /// may be that of other files.
    Append {
        lines: usize,
        partial: bool,
        common: bool,
    },
    /// The file is renamed, its forerunners before it.
    Rotate {
        look: bool,
    },
    /// Somebody goes on to write to the file that was rotated.
    Late,
    /// What was rotated is compressed.
    Pack {
        look: bool,
    },
    /// The file is copied and emptied; lines may be written in between.
    CopyTruncate {
        look: bool,
        between: usize,
        common: bool,
    },
    /// The file is emptied, and nobody has a copy.
    Truncate {
        common: bool,
    },
    /// One of the files is deleted.
    Delete(usize),
    /// The run looks, and reads so many chunks at the most.
    Look(usize),
    /// The run looks until it follows the log, and reads nothing if possible.
    Find,
    /// The run looks until there is nothing left to read.
    Settle,
    /// The backend answers for one of the spans.
    Answer {
        which: usize,
        reject: bool,
    },
    /// It answers for all of them.
    AnswerAll,
    Save,
    /// The run ends, with or without a last word.
    Stop,
    Crash,
    Start,
}

fn step() -> impl Strategy<Value = Step> {
    let flag = any::<bool>;
    prop_oneof![
        9 => (0_usize..6, prop::bool::weighted(0.2), flag()).prop_map(|(lines, partial, common)| Step::Append { lines, partial, common }),
        2 => flag().prop_map(|look| Step::Rotate { look }),
        1 => Just(Step::Late),
        1 => flag().prop_map(|look| Step::Pack { look }),
        2 => (flag(), 0_usize..3, flag())
            .prop_map(|(look, between, common)| Step::CopyTruncate { look, between, common }),
        1 => flag().prop_map(|common| Step::Truncate { common }),
        1 => (0_usize..8).prop_map(Step::Delete),
        3 => (0_usize..4).prop_map(Step::Look),
        3 => Just(Step::Find),
        2 => Just(Step::Settle),
        3 => (0_usize..8, prop::bool::weighted(0.2)).prop_map(|(which, reject)| Step::Answer { which, reject }),
        1 => Just(Step::AnswerAll),
        2 => Just(Step::Save),
        1 => Just(Step::Stop),
        1 => Just(Step::Crash),
        3 => Just(Step::Start),
    ]
}

fn setting() -> impl Strategy<Value = Setting> {
    let parser = prop_oneof![2 => Just(Parser::All), 1 => Just(Parser::HoldsLast)];
    let max_open_files = prop_oneof![3 => Just(1024_usize), 1 => Just(2)];
    (any::<bool>(), parser, max_open_files, prop::bool::weighted(0.2)).prop_map(
        |(only_the_log, parser, max_open_files, notify)| {
            let max_open_files = if only_the_log { max_open_files } else { 1024 };
            Setting { only_the_log, parser, max_open_files, notify }
        },
    )
}

/// Does the steps, and at the end sees to it that everything has arrived.
pub(crate) fn play(setting: &Setting, steps: &[Step]) {
    let mut truth = Truth::new(setting.clone());
    let played = catch_unwind(AssertUnwindSafe(|| {
        for step in steps {
            truth.step(step);
        }
        truth.step(&Step::Start);
        truth.step(&Step::Settle);
        truth.step(&Step::AnswerAll);
        truth.end();
    }));
    if let Err(panic) = played {
        eprintln!("{}", truth.story());
        resume_unwind(panic);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_without_a_word(
        setting in setting(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        play(&setting, &steps);
    }
}
