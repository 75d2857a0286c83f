use std::time::SystemTime;

use proptest::prelude::*;
use skidway_model::Identity;

use super::*;

const FILE: FileKey = FileKey(1);

const ANCHOR: Anchor = Anchor { len: 2, hash: 9 };

fn checkpoint(inode: u64, offset: u64) -> Checkpoint {
    Checkpoint {
        path: "/a".into(),
        identity: Identity { device: 1, inode, born_unix_nano: 0, head_len: 0, head_hash: 0 },
        lineage: Lineage(inode),
        offset,
        anchor: Anchor::default(),
        read_to: offset,
        modified: SystemTime::UNIX_EPOCH,
    }
}

fn open(ledger: &Ledger, file: FileKey, offset: u64) {
    ledger.open(file, checkpoint(file.0, offset));
}

fn lines(records: u64) -> Lines {
    Lines::new(records, records, 0, 0, 0).unwrap()
}

const DELIVERED: Settled = Settled { dead_lettered: 0, spooled: 0 };

fn refused(dead_lettered: u64) -> Settled {
    Settled { dead_lettered, ..DELIVERED }
}

fn offsets(snapshot: &Snapshot) -> Vec<u64> {
    snapshot.checkpoints.iter().map(|checkpoint| checkpoint.offset).collect()
}

#[test]
fn a_checkpoint_waits_for_the_spans_before_it() {
    let ledger = Ledger::new();
    open(&ledger, FILE, 100);
    let spans = [Span::new(100, 200), Span::new(200, 250), Span::new(250, 300)];
    for span in spans {
        ledger.read(FILE, span, ANCHOR, lines(2)).unwrap();
    }
    assert_eq!((ledger.checkpoint(FILE), ledger.in_flight_bytes()), (Some(100), 200));
    ledger.settle(FILE, spans[1], DELIVERED);
    assert_eq!((ledger.checkpoint(FILE), ledger.in_flight_bytes()), (Some(100), 150));
    ledger.settle(FILE, spans[0], DELIVERED);
    assert_eq!(ledger.checkpoint(FILE), Some(250));
    ledger.settle(FILE, spans[2], refused(2));
    assert_eq!((ledger.checkpoint(FILE), ledger.in_flight_bytes()), (Some(300), 0));
    let totals = ledger.totals();
    assert_eq!((totals.records_delivered, totals.records_dead_lettered, totals.records_in_flight), (4, 2, 0));
    assert_eq!((totals.bytes_acknowledged, totals.bytes_dead_lettered), (150, 50));
    totals.balance().unwrap();
}

#[test]
fn a_span_with_nothing_to_send_waits_only_for_those_before_it() {
    let ledger = Ledger::new();
    open(&ledger, FILE, 0);
    let blank = Lines::new(3, 0, 0, 3, 0).unwrap();
    let dropped = Lines::new(2, 2, 0, 0, 2).unwrap();
    ledger.read(FILE, Span::new(0, 3), ANCHOR, blank).unwrap();
    assert_eq!((ledger.checkpoint(FILE), ledger.in_flight_bytes()), (Some(3), 0));
    ledger.read(FILE, Span::new(3, 10), ANCHOR, lines(1)).unwrap();
    ledger.read(FILE, Span::new(10, 20), ANCHOR, dropped).unwrap();
    assert_eq!((ledger.checkpoint(FILE), ledger.in_flight_bytes()), (Some(3), 7));
    ledger.settle(FILE, Span::new(3, 10), DELIVERED);
    assert_eq!(ledger.checkpoint(FILE), Some(20));
    ledger.totals().balance().unwrap();
}

#[test]
fn records_of_a_span_may_go_several_ways() {
    let ledger = Ledger::new();
    open(&ledger, FILE, 0);
    let spans = [Span::new(0, 10), Span::new(10, 20), Span::new(20, 30)];
    for span in spans {
        ledger.read(FILE, span, ANCHOR, lines(3)).unwrap();
    }
    ledger.settle(FILE, spans[0], Settled { dead_lettered: 1, spooled: 1 });
    ledger.settle(FILE, spans[1], refused(3));
    // Nobody can answer for more records than there are.
    ledger.settle(FILE, spans[2], Settled { dead_lettered: 2, spooled: 99 });
    let totals = ledger.totals();
    let records = (totals.records_delivered, totals.records_dead_lettered, totals.records_spooled);
    assert_eq!(records, (1, 6, 2));
    assert_eq!((totals.bytes_acknowledged, totals.bytes_dead_lettered), (20, 10));
    assert_eq!(ledger.checkpoint(FILE), Some(30));
    totals.balance().unwrap();
}

#[test]
fn gaps_and_files_that_are_not_open_are_refused() {
    let ledger = Ledger::new();
    assert_eq!(ledger.read(FILE, Span::new(0, 1), ANCHOR, lines(1)), Err(LedgerError::NotOpen(FILE)));
    open(&ledger, FILE, 5);
    let span = Span::new(6, 7);
    assert_eq!(
        ledger.read(FILE, span, ANCHOR, lines(1)),
        Err(LedgerError::Gap { file: FILE, expected: 5, span })
    );
    let empty = ledger.read(FILE, Span::new(5, 5), ANCHOR, lines(1));
    assert_eq!(empty, Err(LedgerError::Empty { file: FILE, at: 5 }));
    ledger.read(FILE, Span::new(5, 5), ANCHOR, lines(0)).unwrap();
    ledger.close(FILE);
    assert_eq!(ledger.read(FILE, Span::new(5, 6), ANCHOR, lines(1)), Err(LedgerError::NotOpen(FILE)));
    assert_eq!(ledger.totals(), Totals::default());
}

#[test]
fn an_answer_for_something_else_moves_nothing() {
    let ledger = Ledger::new();
    open(&ledger, FILE, 0);
    let span = Span::new(0, 10);
    ledger.read(FILE, span, ANCHOR, lines(1)).unwrap();
    ledger.read(FILE, Span::new(10, 20), ANCHOR, lines(1)).unwrap();
    for (file, span) in [(FILE, Span::new(0, 9)), (FILE, Span::new(5, 10)), (FileKey(9), span)] {
        ledger.settle(file, span, DELIVERED);
    }
    assert_eq!((ledger.checkpoint(FILE), ledger.in_flight_bytes()), (Some(0), 20));
    for _ in 0..3 {
        ledger.settle(FILE, span, DELIVERED);
    }
    assert_eq!((ledger.checkpoint(FILE), ledger.totals().records_delivered), (Some(10), 1));
}

/// A late answer about the old content of a truncated file.
#[test]
fn replaced_content_is_another_file() {
    let ledger = Ledger::new();
    let (old, new, span) = (FileKey(1), FileKey(2), Span::new(0, 10));
    open(&ledger, old, 0);
    ledger.read(old, span, ANCHOR, lines(1)).unwrap();
    ledger.forget(old);
    open(&ledger, new, 0);
    ledger.read(new, span, ANCHOR, lines(1)).unwrap();
    let snapshot = ledger.snapshot();
    assert_eq!((offsets(&snapshot), snapshot.forgotten), (vec![0, 0], vec![]), "a copy may be found");
    ledger.settle(old, span, DELIVERED);
    assert_eq!(ledger.snapshot().forgotten, [Lineage(1)]);
    assert_eq!((ledger.checkpoint(old), ledger.checkpoint(new)), (None, Some(0)));
    ledger.settle(new, span, DELIVERED);
    assert_eq!(ledger.checkpoint(new), Some(10));
    assert_eq!(ledger.totals().records_delivered, 2);
    assert_eq!(ledger.snapshot().forgotten, []);
}

#[test]
fn a_closed_file_is_saved_until_it_is_answered_for() {
    let ledger = Ledger::new();
    open(&ledger, FILE, 0);
    let span = Span::new(0, 10);
    ledger.read(FILE, span, ANCHOR, lines(1)).unwrap();
    ledger.close(FILE);
    for _ in 0..2 {
        assert_eq!(offsets(&ledger.snapshot()), [0]);
    }
    ledger.settle(FILE, span, DELIVERED);
    assert_eq!(offsets(&ledger.snapshot()), [10]);
    assert_eq!(offsets(&ledger.snapshot()), [0; 0]);
}

#[test]
fn a_file_is_saved_under_its_latest_name_and_head() {
    let ledger = Ledger::new();
    open(&ledger, FILE, 0);
    let later = Identity { head_len: 10, head_hash: 7, ..checkpoint(1, 0).identity };
    ledger.update(FILE, Checkpoint { path: "/a.1".into(), identity: later, ..checkpoint(1, 77) });
    let saved = ledger.snapshot().checkpoints;
    assert_eq!((saved[0].path.to_str(), saved[0].identity), (Some("/a.1"), later));
    assert_eq!(saved[0].offset, 0);
}

#[test]
fn a_snapshot_is_worth_while_when_it_would_be_another_one() {
    let ledger = Ledger::new();
    assert!(ledger.has_changed(), "even that there is nothing is worth saving once");
    ledger.snapshot();
    assert!(!ledger.has_changed());
    open(&ledger, FILE, 0);
    assert!(ledger.has_changed());
    ledger.snapshot();
    let span = Span::new(0, 10);
    ledger.read(FILE, span, ANCHOR, lines(1)).unwrap();
    assert!(ledger.has_changed());
    ledger.snapshot();
    ledger.settle(FILE, span, Settled::default());
    assert!(ledger.has_changed());
    ledger.snapshot();
    ledger.close(FILE);
    assert_eq!(offsets(&ledger.snapshot()), [10]);
    assert!(ledger.has_changed(), "the file is not in the next one");
    assert_eq!(offsets(&ledger.snapshot()), [0; 0]);
    assert!(!ledger.has_changed());
}

// Any order of calls, against the plainest possible bookkeeping.

#[derive(Debug, Clone)]
enum Call {
    Open { offset: u64 },
    Read { file: usize, length: u64, counts: [u64; 5] },
    Settle { pick: usize, settled: Settled },
    Close(usize),
    Forget(usize),
    Snapshot,
}

fn call() -> impl Strategy<Value = Call> {
    let counts = prop::array::uniform5(0_u64..5);
    prop_oneof![
        1 => (0_u64..100).prop_map(|offset| Call::Open { offset }),
        6 => (any::<usize>(), 0_u64..50, counts).prop_map(|(file, length, counts)| Call::Read { file, length, counts }),
        8 => (any::<usize>(), 0_u64..4, 0_u64..4).prop_map(|(pick, dead_lettered, spooled)| {
            Call::Settle { pick, settled: Settled { dead_lettered, spooled } }
        }),
        1 => any::<usize>().prop_map(Call::Close),
        1 => any::<usize>().prop_map(Call::Forget),
        1 => Just(Call::Snapshot),
    ]
}

#[derive(Debug, Default)]
struct Plain {
    start: u64,
    closed: bool,
    forgotten: bool,
    /// Span, records in flight at first, answered.
    spans: Vec<(Span, u64, bool)>,
}

impl Plain {
    fn end(&self) -> u64 {
        self.spans.last().map_or(self.start, |(span, ..)| span.end)
    }

    fn checkpoint(&self) -> u64 {
        self.spans
            .iter()
            .take_while(|(.., answered)| *answered)
            .last()
            .map_or(self.start, |(span, ..)| span.end)
    }
}

proptest! {
    #[test]
    fn the_ledger_does_what_plain_bookkeeping_does(calls in prop::collection::vec(call(), 1..80)) {
        let ledger = Ledger::new();
        let mut files: Vec<Plain> = Vec::new();
        let mut totals = Totals::default();
        let mut checkpoints: Vec<u64> = Vec::new();
        for call in calls {
            match call {
                Call::Open { offset } => {
                    open(&ledger, FileKey(files.len() as u64), offset);
                    files.push(Plain { start: offset, ..Plain::default() });
                    checkpoints.push(offset);
                }
                Call::Read { file, length, counts } if !files.is_empty() => {
                    let key = file % files.len();
                    let [read, records, extra, skipped, dropped] = counts;
                    let Ok(lines) = Lines::new(read, records, extra, skipped, dropped) else { continue };
                    let file = &mut files[key];
                    let span = Span::new(file.end(), file.end() + length);
                    let result = ledger.read(FileKey(key as u64), span, ANCHOR, lines);
                    prop_assert_eq!(result.is_ok(), !file.closed && !file.forgotten && (length > 0 || read == 0));
                    if result.is_ok() && length > 0 {
                        totals.bytes_read += length;
                        totals.lines_read += read;
                        totals.records_extra += extra;
                        totals.lines_skipped += skipped;
                        totals.lines_joined += read + extra - records - skipped;
                        totals.records_dropped += dropped;
                        file.spans.push((span, records - dropped, records == dropped));
                    }
                }
                Call::Settle { pick, settled } => {
                    let all: Vec<(usize, usize)> = files
                        .iter()
                        .enumerate()
                        .flat_map(|(key, file)| (0..file.spans.len()).map(move |span| (key, span)))
                        .collect();
                    if all.is_empty() { continue }
                    let (key, span) = all[pick % all.len()];
                    let (span, records, answered) = &mut files[key].spans[span];
                    ledger.settle(FileKey(key as u64), *span, settled);
                    if !std::mem::replace(answered, true) {
                        let dead = settled.dead_lettered.min(*records);
                        let spooled = settled.spooled.min(*records - dead);
                        totals.records_dead_lettered += dead;
                        totals.records_spooled += spooled;
                        totals.records_delivered += *records - dead - spooled;
                        totals.bytes_dead_lettered += if dead == *records { span.len() } else { 0 };
                    }
                }
                Call::Close(file) if !files.is_empty() => {
                    let key = file % files.len();
                    ledger.close(FileKey(key as u64));
                    files[key].closed = true;
                }
                Call::Forget(file) if !files.is_empty() => {
                    let key = file % files.len();
                    ledger.forget(FileKey(key as u64));
                    files[key].forgotten = true;
                }
                Call::Snapshot => {
                    for checkpoint in ledger.snapshot().checkpoints {
                        let file = &files[checkpoint.identity.inode as usize];
                        prop_assert!(!file.forgotten || file.checkpoint() < file.end());
                        prop_assert_eq!(checkpoint.offset, file.checkpoint());
                    }
                }
                _ => {}
            }
            let waiting = || files.iter().flat_map(|file| &file.spans).filter(|(.., answered)| !answered);
            totals.bytes_in_flight = waiting().map(|(span, ..)| span.len()).sum();
            totals.bytes_acknowledged = totals.bytes_read - totals.bytes_in_flight - totals.bytes_dead_lettered;
            totals.records_in_flight = waiting().map(|(_, records, _)| records).sum();
            prop_assert_eq!(ledger.totals(), totals);
            prop_assert_eq!(ledger.totals().balance(), Ok(()));
            prop_assert_eq!(ledger.in_flight_bytes(), totals.bytes_in_flight);
            for (key, file) in files.iter().enumerate() {
                if let Some(offset) = ledger.checkpoint(FileKey(key as u64)) {
                    prop_assert_eq!(offset, file.checkpoint());
                    prop_assert!(offset >= checkpoints[key], "a checkpoint moved back");
                    checkpoints[key] = offset;
                } else {
                    let done = file.spans.iter().all(|(.., answered)| *answered);
                    prop_assert!(done && (file.closed || file.forgotten), "a file is missing");
                }
            }
        }
    }
}
