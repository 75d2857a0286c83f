//! Takes the entries of one text through the operators.

use skidway_sdk::{Context, Parsed};
use skidway_stamp::Zone;

use crate::Operators;
use crate::chain::{Chain, END, Failure, Fate, OnError, Surroundings, Work};
use crate::emit::Emitter;
use crate::entry::Entry;
use crate::operators::Batches;
use crate::statics::Base;
use crate::value::{Str, Value};

/// What is known about a text so far.
struct Run<'t, 'c> {
    chain: &'c Chain,
    surroundings: Surroundings<'c>,
    out: Out<'t>,
    /// What operators that need several entries hold, by place.
    batches: Vec<Batches<'t>>,
    /// Where entries that were dropped on purpose begin.
    dropped: Vec<usize>,
    unrecognised: Vec<u32>,
    reason: String,
}

/// Where entries go at the end.
enum Out<'t> {
    /// Into columns, at once.
    Columns(Box<Emitter<'t>>),
    /// Here, until it is known which of them count.
    Held(Vec<Entry<'t>>),
}

pub(crate) fn run<'t>(operators: &Operators, text: &'t str, context: &Context) -> Parsed {
    let local = Zone::new(context.clock.zone().iter().map(|&(from, offset)| (from, offset, String::new())));
    let chain = &operators.chain;
    let base = operators.statics.base(context);
    let held = chain.has_recombine;
    let mut run = Run {
        chain,
        surroundings: Surroundings { context, local: &local },
        out: if held { Out::Held(Vec::new()) } else { Out::Columns(Box::new(Emitter::new(text))) },
        batches: (0..if held { chain.nodes.len() } else { 0 }).map(|_| Batches::default()).collect(),
        dropped: Vec::new(),
        unrecognised: Vec::new(),
        reason: String::new(),
    };
    let mut entry = Entry::default();
    let (mut entries, mut skipped) = (0u32, 0u32);
    // Where each entry begins, for texts of which a part may be given back.
    let mut starts = Vec::new();
    let mut each = |run: &mut Run<'t, '_>, start: usize, line: &'t str| {
        entries += 1;
        if held {
            starts.push((start, line.is_empty()));
        }
        if line.is_empty() {
            skipped += 1;
        } else {
            let number = context.entries_before + u64::from(entries);
            let offset = context.offset + start as u64;
            run_entry(run, &base, &mut entry, start, line, (number, offset));
        }
    };
    let mut consumed = if operators.splitter.is_by_line() {
        operators.splitter.lines(text, context.flush, |start, line| each(&mut run, start, line))
    } else {
        let split = operators.splitter.split(text, context.flush);
        for (start, range) in split.entries {
            each(&mut run, start, &text[range]);
        }
        split.consumed
    };
    if held {
        let cut = run.settle(context.flush).map(|start| line_start(text, start));
        if let Some(cut) = cut {
            consumed = consumed.min(cut);
            starts.retain(|(start, _)| *start < cut);
            run.dropped.retain(|start| *start < cut);
            entries = starts.len() as u32;
            skipped = starts.iter().filter(|(_, blank)| *blank).count() as u32;
        }
    }
    run.finish(text, consumed, entries, skipped)
}

fn run_entry<'t>(
    run: &mut Run<'t, '_>,
    base: &Base<'_>,
    entry: &mut Entry<'t>,
    start: usize,
    line: &'t str,
    (number, offset): (u64, u64),
) {
    entry.origin = start;
    entry.time = 0;
    entry.severity = 0;
    entry.severity_text = Str::Text("");
    entry.body = Value::Text(Str::Text(line));
    entry.attributes.0.clear();
    entry.resource.0.clear();
    entry.failed = false;
    if let Err(why) = base.apply(entry, number, offset) {
        run.failed(entry, "attributes", &why);
    }
    run.walk(if run.chain.nodes.is_empty() { END } else { 0 }, entry);
}

/// Where the line begins in which `at` lies.
fn line_start(text: &str, at: usize) -> usize {
    memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |before| before + 1)
}

impl<'t, 'c> Run<'t, 'c> {
    /// Takes an entry from `place` on through the operators.
    fn walk(&mut self, place: usize, entry: &mut Entry<'t>) {
        let mut place = place;
        while place != END {
            let chain = self.chain;
            let node = &chain.nodes[place];
            let fate = match &node.condition {
                Some(condition) => match condition.holds(entry) {
                    Ok(true) => self.work(place, entry),
                    Ok(false) => Ok(Some(Fate::On)),
                    Err(why) => Err(why.into()),
                },
                None => self.work(place, entry),
            };
            let next = match fate {
                Ok(Some(Fate::On)) => node.next.as_slice(),
                Ok(Some(Fate::To(places))) => places,
                Ok(Some(Fate::Dropped)) => return self.dropped.push(entry.origin),
                // It is held for later.
                Ok(None) => return,
                Err(why) => {
                    if matches!(node.on_error, OnError::Send | OnError::Drop) {
                        self.failed(entry, node.kind, &why);
                    }
                    if matches!(node.on_error, OnError::Drop | OnError::DropQuiet) {
                        return self.dropped.push(entry.origin);
                    }
                    node.next.as_slice()
                }
            };
            match next {
                [one] => place = *one,
                [] => return self.dropped.push(entry.origin),
                [others @ .., last] => {
                    for other in others {
                        self.walk(*other, &mut entry.clone());
                    }
                    place = *last;
                }
            }
        }
        self.emit(entry);
    }

    fn work(&mut self, place: usize, entry: &mut Entry<'t>) -> Result<Option<Fate<'c>>, Failure> {
        let chain = self.chain;
        match &chain.nodes[place].work {
            Work::One(operator) => operator.process(entry, &self.surroundings).map(Some),
            Work::Recombine(recombine) => {
                let ready = recombine.add(&mut self.batches[place], entry)?;
                for mut entry in ready {
                    self.pass_on(place, &mut entry);
                }
                Ok(None)
            }
        }
    }

    /// Sends an entry that an operator held to what follows it.
    fn pass_on(&mut self, place: usize, entry: &mut Entry<'t>) {
        let chain = self.chain;
        for next in &chain.nodes[place].next {
            self.walk(*next, &mut entry.clone());
        }
    }

    fn emit(&mut self, entry: &Entry<'t>) {
        match &mut self.out {
            Out::Columns(emitter) => {
                if entry.failed {
                    self.unrecognised.push(emitter.len() as u32);
                }
                emitter.push(entry);
            }
            Out::Held(entries) => entries.push(entry.clone()),
        }
    }

    #[cold]
    fn failed(&mut self, entry: &mut Entry<'t>, kind: &str, why: &str) {
        entry.failed = true;
        if self.reason.is_empty() {
            let body = match &entry.body {
                Value::Text(text) => text.as_str().chars().take(80).collect(),
                other => format!("a body that is a {}", other.kind()),
            };
            self.reason = format!("{kind}: {why}: {body:?}");
        }
    }

    /// Lets go of what is held where nothing more comes; else tells where the first
    /// entry begins that must come again.
    fn settle(&mut self, flush: bool) -> Option<usize> {
        if !flush {
            let first = self.batches.iter().filter_map(Batches::first).min()?;
            if let Out::Held(entries) = &mut self.out {
                entries.retain(|entry| entry.origin < first);
            }
            return Some(first);
        }
        for place in 0..self.batches.len() {
            if let Work::Recombine(recombine) = &self.chain.nodes[place].work {
                for mut entry in recombine.flush(&mut self.batches[place]) {
                    self.pass_on(place, &mut entry);
                }
            }
        }
        None
    }

    fn finish(mut self, text: &'t str, consumed: usize, entries: u32, skipped: u32) -> Parsed {
        let records = match self.out {
            Out::Columns(emitter) => emitter.finish(),
            Out::Held(mut held) => {
                held.sort_by_key(|entry| entry.origin);
                let mut emitter = Emitter::new(text);
                for entry in held.iter().filter(|entry| entry.origin < consumed) {
                    if entry.failed {
                        self.unrecognised.push(emitter.len() as u32);
                    }
                    emitter.push(entry);
                }
                emitter.finish()
            }
        };
        Parsed {
            records,
            consumed: consumed as u32,
            skipped_lines: skipped,
            dropped: self.dropped.len() as u32,
            entries,
            unrecognised: self.unrecognised,
            unrecognised_reason: self.reason,
        }
    }
}
