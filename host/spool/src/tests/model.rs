//! Any course of events, compared with a list.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Event {
    Put {
        length: usize,
    },
    /// The disk is full after so many bytes.
    Refused {
        length: usize,
        room: usize,
    },
    Deliver {
        most: usize,
        of_those: usize,
    },
    Save,
    Restart,
    /// In the middle of a put: so much of what it writes is on disk, in per mille, and
    /// behind it nothing, or zeros.
    Crash {
        length: usize,
        written: u64,
        zeros: bool,
    },
}

fn event() -> impl Strategy<Value = Event> {
    let length = 8_usize..900;
    prop_oneof![
        4 => length.clone().prop_map(|length| Event::Put { length }),
        1 => (length.clone(), 0_usize..900).prop_map(|(length, room)| Event::Refused { length, room }),
        3 => (0_usize..2_000, 1_usize..4).prop_map(|(most, of_those)| Event::Deliver { most, of_those }),
        1 => Just(Event::Save),
        1 => Just(Event::Restart),
        2 => (length, 0_u64..=1_000, any::<bool>())
            .prop_map(|(length, written, zeros)| Event::Crash { length, written, zeros }),
    ]
}

/// The spool, and what it must hold.
struct Rig {
    folder: TempDir,
    spool: Option<Spool>,
    /// The numbers that were put, in order.
    put: Vec<u64>,
    /// So many of them are done.
    done: usize,
    /// What is on disk says so of so many.
    saved: usize,
    position: Vec<u8>,
    next: u64,
}

impl Rig {
    fn new() -> Self {
        let folder = folder();
        let spool = Some(open(folder.path()).0);
        let mut rig =
            Self { folder, spool, put: Vec::new(), done: 0, saved: 0, position: Vec::new(), next: 0 };
        rig.look();
        rig
    }

    fn spool(&self) -> &Spool {
        self.spool.as_ref().unwrap()
    }

    /// Whether the position was saved meanwhile, and whether the books agree.
    fn look(&mut self) {
        let position = fs::read(options(self.folder.path()).folder.join("position")).unwrap();
        if position != self.position {
            self.saved = self.done;
            self.position = position;
        }
        let totals = self.spool().totals();
        totals.balance().unwrap();
        assert_eq!(totals.waiting.entries as usize, self.put.len() - self.done);
        assert_eq!(totals.damaged, Count::NONE);
        assert_eq!(self.spool().is_empty(), self.put.len() == self.done);
        let on_disk = segments(self.folder.path()).into_iter().map(|path| path.metadata().unwrap().len());
        assert_eq!(self.spool().bytes(), on_disk.sum::<u64>());
    }

    fn fresh(&mut self, length: usize) -> (u64, Vec<u8>) {
        self.next += 1;
        (self.next, payload(self.next, length))
    }

    fn apply(&mut self, event: &Event) {
        match *event {
            Event::Put { length } => {
                let (number, payload) = self.fresh(length);
                self.spool().put(&payload, 1).unwrap();
                self.put.push(number);
            }
            Event::Refused { length, room } => {
                let (number, payload) = self.fresh(length);
                disk::fault::leave(Some(room));
                let put = self.spool().put(&payload, 1);
                disk::fault::leave(None);
                if put.is_ok() {
                    self.put.push(number);
                }
            }
            Event::Deliver { most, of_those } => {
                let mut entries = self.spool().next(most).unwrap();
                let numbers: Vec<_> = entries.iter().map(|entry| number(&entry.payload)).collect();
                assert_eq!(numbers, self.put[self.done..][..numbers.len()]);
                assert_eq!(numbers.is_empty(), self.done == self.put.len());
                entries.truncate(of_those);
                self.spool().done(&entries);
                self.done += entries.len();
            }
            Event::Save => {
                self.spool().save().unwrap();
            }
            Event::Restart => {
                self.spool = None;
                self.reopen();
                assert_eq!(self.saved, self.done, "it ended well, and something is delivered twice");
            }
            Event::Crash { length, written, zeros } => self.crash(length, written, zeros),
        }
        self.look();
    }

    fn crash(&mut self, length: usize, written: u64, zeros: bool) {
        let before = segments(self.folder.path());
        let size = |path: &PathBuf| path.metadata().unwrap().len();
        let sizes: Vec<_> = before.iter().map(size).collect();
        let (number, payload) = self.fresh(length);
        self.spool().put(&payload, 1).unwrap();
        let after = copy(self.folder.path());
        fs::write(options(after.path()).folder.join("position"), &self.position).unwrap();
        let last = segments(after.path()).pop().unwrap();
        let full = size(&last);
        let least = if segments(after.path()).len() > before.len() { 0 } else { *sizes.last().unwrap() };
        let kept = least + (full - least) * written / 1_000;
        let whole = fs::read(&last).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&last).unwrap();
        file.set_len(kept).unwrap();
        if zeros {
            file.set_len(full).unwrap();
        }
        self.spool = None;
        self.folder = after;
        // Nobody was told that it was put; if all of it is there, it counts.
        if fs::read(&last).unwrap() == whole {
            self.put.push(number);
        }
        self.reopen();
    }

    fn reopen(&mut self) {
        self.position = fs::read(options(self.folder.path()).folder.join("position")).unwrap();
        let (spool, found) = open(self.folder.path());
        assert_eq!((found.damaged, found.missing_segments), (Count::NONE, 0), "{found:?}");
        let first = spool.next(0).unwrap().first().map(|entry| number(&entry.payload));
        self.spool = Some(spool);
        let starts = match first {
            None => self.put.len(),
            Some(first) => self.put.iter().position(|&number| number == first).unwrap(),
        };
        assert!(starts <= self.done, "something is lost");
        assert!(starts >= self.saved, "what was saved as done is delivered again");
        (self.done, self.saved) = (starts, starts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_order_holds_and_only_what_was_not_saved_comes_twice(
        events in proptest::collection::vec(event(), 1..60),
    ) {
        let mut rig = Rig::new();
        for event in &events {
            rig.apply(event);
        }
        assert_eq!(drain(rig.spool()), rig.put[rig.done..]);
    }
}
