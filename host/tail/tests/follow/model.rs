//! Whatever is written, in whatever pieces, renamed in between, and however much
//! the parser holds back: every byte is taken exactly once, in the order written.

use proptest::prelude::*;

use crate::rig::{Parser, Rig};

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<u8>),
    Rotate,
    Round,
}

fn step() -> impl Strategy<Value = Step> {
    let piece =
        prop::collection::vec(prop_oneof![4 => Just(b'x'), 1 => Just(b'\n'), 1 => Just(0xc3)], 1..200);
    prop_oneof![6 => piece.prop_map(Step::Write), 1 => Just(Step::Rotate), 3 => Just(Step::Round)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_byte_is_taken_once(
        steps in prop::collection::vec(step(), 1..25),
        parser in prop_oneof![Just(Parser::All), Just(Parser::HoldsLast), Just(Parser::HoldsAll)],
        notify in any::<bool>(),
        max_open_files in prop_oneof![Just(2_usize), Just(1024)],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut rig = Rig::with(folder, &["*.log"], |options| {
            options.max_line = 64;
            options.chunk_size = 32;
            options.notify = notify;
            options.max_open_files = max_open_files;
            options.settle = std::time::Duration::from_millis(2);
            options.flush_period = std::time::Duration::from_millis(4);
        });
        rig.parser = parser;
        let mut files: Vec<Vec<u8>> = vec![Vec::new()];
        for step in steps {
            match step {
                Step::Write(piece) => {
                    // Rotated files begin differently, as real ones do.
                    if files.last().unwrap().is_empty() {
                        let head = format!("{}:", files.len()).into_bytes();
                        rig.append("a.log", &head);
                        files.last_mut().unwrap().extend(head);
                    }
                    rig.append("a.log", &piece);
                    files.last_mut().unwrap().extend(piece);
                }
                Step::Rotate if !files.last().unwrap().is_empty() => {
                    // Found before it is renamed, as in the contract: a file that comes
                    // and goes between two looks was never there.
                    let found = files.len();
                    rig.until("the file was found", |rig| rig.texts().len() == found);
                    rig.rename("a.log", &format!("a.{found}"));
                    files.push(Vec::new());
                }
                Step::Rotate => {}
                Step::Round => rig.round(),
            }
        }
        let mut wanted: Vec<String> = files
            .iter()
            .filter(|text| !text.is_empty())
            .map(|text| String::from_utf8_lossy(text).into_owned())
            .collect();
        wanted.sort();
        rig.until("everything was taken", |rig| rig.texts() == wanted);
    }
}
