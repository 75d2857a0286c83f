//! The books, said while the agent runs.

use serde_json::Value;
use skidway_test_support::agent::Signal;
use skidway_test_support::eventually;
use skidway_test_support::sink::Answer;

use crate::lines::ubuntu;
use crate::rig::{PATIENCE, Rig};

fn last_books(rig: &Rig) -> Option<Value> {
    rig.said("\"books\"").last().map(|line| serde_json::from_str(line).unwrap())
}

#[test]
fn a_signal_has_the_books_said_whatever_is_in_flight() {
    let mut rig = Rig::new();
    rig.sink.set_answer(Answer::Hang);
    rig.append("syslog", ubuntu(0..100));
    rig.start();
    rig.sink.wait_for(PATIENCE, |state| !state.requests.is_empty()).unwrap();
    let bytes = ubuntu(0..100).len() as u64;
    // It may have been asked before the last chunk was read.
    let whole = eventually(PATIENCE, || {
        rig.agent().signal(Signal::USR1).unwrap();
        last_books(&rig).is_some_and(|books| {
            (books["lines_read"].as_u64(), books["in_flight"].as_u64()) == (Some(100), Some(100))
                && books["bytes_in_flight"].as_u64() == Some(bytes)
        })
    });
    assert!(whole, "{:?}", last_books(&rig));
    rig.sink.set_answer(Answer::Accept);
    let settled = eventually(PATIENCE, || {
        rig.agent().signal(Signal::USR1).unwrap();
        last_books(&rig).is_some_and(|books| {
            books["records_delivered"].as_u64() == Some(100)
                && books["bytes_acknowledged"].as_u64() == Some(bytes)
                && books["bytes_in_flight"].as_u64() == Some(0)
        })
    });
    assert!(settled, "{:?}", last_books(&rig));
    assert!(rig.said("do not balance").is_empty());
    rig.stop();
}
