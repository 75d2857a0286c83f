//! Components are exchanged while lines flow: each line arrives once, in order, whatever happens to the file.

mod accepting;
mod bad;
mod changing;
mod folder;
mod variants;

use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use skidway_test_support::eventually;
use skidway_test_support::sink::Record;
use std::io::Write as _;

use crate::lines::ubuntu;
use crate::rig::{Books, PATIENCE, Rig};
use variants::deploy;

/// An agent whose parser is a file, while lines are written.
struct Swapping {
    rig: Rig,
    parser: PathBuf,
    flow: Option<Flow>,
}

/// Somebody who writes numbered lines, one at a time.
struct Flow {
    stop: Sender<()>,
    writer: JoinHandle<usize>,
}

impl Flow {
    fn start(rig: &Rig) -> Self {
        let mut file = rig.writer("app.log");
        let (stop, stopped) = channel();
        let writer = std::thread::spawn(move || {
            let mut number = 0;
            // Never longer than a moment between two lines.
            while stopped.recv_timeout(Duration::from_millis(2)) == Err(RecvTimeoutError::Timeout) {
                file.write_all(ubuntu(number..number + 1).as_bytes()).unwrap();
                number += 1;
            }
            number
        });
        Self { stop, writer }
    }

    /// How many lines there are.
    fn end(self) -> usize {
        self.stop.send(()).unwrap();
        self.writer.join().unwrap()
    }
}

impl Swapping {
    /// `settings` are further keys of the parser.
    fn start(parser: &[u8], settings: &str) -> Self {
        let mut swapping = Self::prepare(parser, settings);
        swapping.run();
        swapping
    }

    fn prepare(parser: &[u8], settings: &str) -> Self {
        let mut rig = Rig::new();
        let path = rig.folder().join("mine.wasm");
        deploy(&path, parser);
        rig.config(&format!(
            "receivers: {{filelog: {{parser: {{component: {}, {settings}}}}}}}",
            path.display()
        ));
        Self { rig, parser: path, flow: None }
    }

    /// Until the first lines have arrived.
    fn run(&mut self) {
        self.rig.start();
        self.flow = Some(Flow::start(&self.rig));
        self.wait_for("lines", |records| records.len() > 20);
    }

    /// Waits until what has arrived is as it should be.
    fn wait_for(&self, what: &str, is_there: impl Fn(&[Record]) -> bool) {
        assert!(eventually(PATIENCE, || is_there(&self.rig.sink.records())), "there is no {what}");
    }

    /// Waits until the last record has such an attribute.
    fn wait_until_last_has(&self, attribute: &str) {
        self.wait_for(attribute, |records| {
            records.last().is_some_and(|record| record.attr(attribute).is_some())
        });
    }

    /// Waits for further lines: what they must not be like would have been seen by then.
    fn wait_for_more(&self) {
        let before = self.rig.sink.records().len();
        self.wait_for("further lines", |records| records.len() > before + 50);
    }

    fn wait_for_swaps(&self, count: usize) {
        let swapped = eventually(PATIENCE, || self.swaps() >= count);
        assert!(swapped, "{} of {count} swaps: {:?}", self.swaps(), self.rig.said("WARN"));
        assert_eq!(self.swaps(), count);
    }

    fn swaps(&self) -> usize {
        self.rig.said("\"component is exchanged\"").len()
    }

    /// Each line has arrived once, in order.
    fn end(mut self) -> Vec<Record> {
        let count = self.flow.take().unwrap().end();
        self.rig.expect(&ubuntu(0..count));
        assert_eq!(self.rig.stop(), Books::all_delivered(count as u64));
        assert!(self.rig.said("\"ERROR\"").is_empty(), "{:?}", self.rig.said("\"ERROR\""));
        self.rig.sink.records()
    }
}
