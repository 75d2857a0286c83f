//! Entries that belong together become one (collector-contrib,
//! `operator/transformer/recombine`).

use crate::chain::Failure;
use crate::entry::Entry;
use crate::expression::Expression;
use crate::field::Field;
use crate::settings::{Problem, Settings};
use crate::value::Value;

use super::parse::{field, required};

#[derive(Debug)]
pub(crate) struct Recombine {
    condition: Expression,
    /// The condition says which entry is the first one, not which is the last.
    first: bool,
    combine: Field,
    with: Box<str>,
    source: Field,
    newest: bool,
    max_batch: usize,
    max_unmatched: usize,
    max_sources: usize,
    max_size: usize,
}

/// What is held, by source.
#[derive(Debug, Default)]
pub(crate) struct Batches<'t>(Vec<(String, Batch<'t>)>);

#[derive(Debug)]
struct Batch<'t> {
    base: Entry<'t>,
    /// Where its first entry begins.
    origin: usize,
    entries: usize,
    text: String,
    matched: bool,
    failed: bool,
}

pub(crate) const KNOWN: &[&str] = &[
    "is_first_entry",
    "is_last_entry",
    "combine_field",
    "combine_with",
    "max_batch_size",
    "max_unmatched_batch_size",
    "overwrite_with",
    "force_flush_period",
    "source_identifier",
    "max_sources",
    "max_log_size",
];

impl Recombine {
    pub(crate) fn new(settings: &Settings<'_>) -> Result<Self, Problem> {
        let given = |key| Ok(settings.text(key)?.filter(|text: &&str| !text.is_empty()));
        let (key, written) = match (given("is_first_entry")?, given("is_last_entry")?) {
            (Some(first), None) => ("is_first_entry", first),
            (None, Some(last)) => ("is_last_entry", last),
            _ => return Err(settings.wrong("is_first_entry", "write either it or `is_last_entry`")),
        };
        let newest = match settings.text("overwrite_with")?.unwrap_or("newest") {
            "newest" => true,
            "oldest" | "" => false,
            other => {
                let message = format!("`{other}` is unknown; there are newest and oldest");
                return Err(settings.wrong("overwrite_with", message));
            }
        };
        let source = field(settings, "source_identifier", false)?;
        let file_path = || Field::new("attributes[\"log.file.path\"]", false);
        Ok(Self {
            condition: Expression::new(written).map_err(|why| settings.wrong(key, why))?,
            first: key == "is_first_entry",
            combine: required(settings, "combine_field", false)?,
            with: settings.text("combine_with")?.unwrap_or("\n").into(),
            source: match source {
                Some(source) => source,
                None => file_path().map_err(|why| settings.wrong("source_identifier", why))?,
            },
            newest,
            max_batch: settings.count("max_batch_size", 1000)?,
            max_unmatched: settings.count("max_unmatched_batch_size", 100)?,
            max_sources: settings.count("max_sources", 1000)?.max(1),
            // A size may be written with a unit, which the host resolves.
            max_size: settings.count("max_log_size", 0)?,
        })
    }

    /// Adds an entry and answers those that are complete now. Where it cannot be
    /// decided, the entry stays where it is.
    pub(crate) fn add<'t>(
        &self,
        batches: &mut Batches<'t>,
        entry: &mut Entry<'t>,
    ) -> Result<Vec<Entry<'t>>, Failure> {
        let matches = self.condition.holds(entry)?;
        let source = self.source.get(entry).and_then(Value::as_text).map(|text| text.as_str().to_owned());
        let source = source.unwrap_or_default();
        let mut ready = Vec::new();
        if matches && self.first {
            self.take(batches, &source, &mut ready);
        }
        self.push(batches, &source, std::mem::take(entry), matches, &mut ready);
        if matches && !self.first {
            self.take(batches, &source, &mut ready);
        }
        Ok(ready)
    }

    /// Everything that is held.
    pub(crate) fn flush<'t>(&self, batches: &mut Batches<'t>) -> Vec<Entry<'t>> {
        batches.0.drain(..).map(|(_, batch)| self.combined(batch)).collect()
    }

    fn push<'t>(
        &self,
        batches: &mut Batches<'t>,
        source: &str,
        entry: Entry<'t>,
        matches: bool,
        ready: &mut Vec<Entry<'t>>,
    ) {
        let text = self.combine.get(&entry).and_then(Value::as_text).map(|text| text.as_str().to_owned());
        let place = batches.0.iter().position(|(known, _)| known == source);
        let batch = match place {
            Some(place) => {
                let batch = &mut batches.0[place].1;
                batch.entries += 1;
                batch.failed |= entry.failed;
                if self.newest {
                    batch.base = entry;
                }
                batch
            }
            None => {
                if batches.0.len() >= self.max_sources {
                    ready.append(&mut self.flush(batches));
                }
                let (origin, failed) = (entry.origin, entry.failed);
                let batch =
                    Batch { base: entry, origin, entries: 1, text: String::new(), matched: false, failed };
                batches.0.push((source.to_owned(), batch));
                let last = batches.0.len() - 1;
                &mut batches.0[last].1
            }
        };
        batch.matched |= matches;
        let Some(text) = text else { return };
        if !batch.text.is_empty() {
            batch.text.push_str(&self.with);
        }
        batch.text.push_str(&text);
        let full = self.max_size > 0 && batch.text.len() > self.max_size
            || self.max_batch > 0 && batch.entries >= self.max_batch
            || !batch.matched && self.max_unmatched > 0 && batch.entries >= self.max_unmatched;
        if full {
            self.take(batches, source, ready);
        }
    }

    fn take<'t>(&self, batches: &mut Batches<'t>, source: &str, ready: &mut Vec<Entry<'t>>) {
        if let Some(place) = batches.0.iter().position(|(known, _)| known == source) {
            ready.push(self.combined(batches.0.remove(place).1));
        }
    }

    fn combined<'t>(&self, batch: Batch<'t>) -> Entry<'t> {
        let mut entry = batch.base;
        entry.origin = batch.origin;
        entry.failed = batch.failed;
        if self.combine.set(&mut entry, Value::made(batch.text)).is_err() {
            entry.failed = true;
        }
        entry
    }
}

impl Batches<'_> {
    /// Where the first entry begins that is held.
    pub(crate) fn first(&self) -> Option<usize> {
        self.0.iter().map(|(_, batch)| batch.origin).min()
    }
}
