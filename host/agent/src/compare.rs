//! Two components on the same text: what each made of it, record by record and field by field.
//!
//! [`differences`] finds them all, for people who compare two components; [`Report`] counts them, and keeps the
//! first of each field, for an agent that has two components run side by side. Both know records and no files,
//! lanes or sandboxes.
//!
//! Records are the same ones where they begin at the same place of the text; several that begin there are matched
//! in their order. A field is what a backend can ask for: `body`, `time`, `severity`, `severity_text`,
//! `attributes.NAME`, and `resource.NAME` for what describes the source of a record. A value that says nothing, such
//! as time 0 or an empty text of a severity, is no field.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use skidway_model::{Checked, Kind, Subject};
use skidway_plugin::ERROR_KEY;

/// What one component made of a text.
#[derive(Debug, Default)]
pub(crate) struct Made<'p, 't> {
    /// Its records, in pieces: where each piece begins in the text.
    pub(crate) pieces: Vec<(usize, &'p Checked<'t>)>,
    /// How many of the records the component did not recognise.
    pub(crate) unrecognised: u64,
    /// How many of the records passed raw because it failed.
    pub(crate) failed: u64,
}

/// A value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value<'d> {
    pub(crate) kind: Kind,
    pub(crate) text: Cow<'d, str>,
}

/// A field that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference<'d> {
    /// The line that the record begins with.
    pub(crate) line: &'d str,
    /// Which field; [`RECORD`] where only one of the two has a record that begins there.
    pub(crate) field: &'d str,
    /// Its value in the old record, where it has it.
    pub(crate) old: Option<Value<'d>>,
    /// Its value in the new record, where it has it.
    pub(crate) new: Option<Value<'d>>,
}

/// The name of the difference that a record is there in only one of the two; its value is the body.
pub(crate) const RECORD: &str = "record";

/// A component may invent a name for each record; these many are told apart.
const MAX_FIELDS: usize = 100;
/// All others.
const OTHERS: &str = "other fields";
/// Of a line or a value as an example, in characters.
const EXAMPLE: usize = 200;

/// Finds what differs between two results for `text`, in its order, and tells how many records are the same in
/// both.
pub(crate) fn differences(
    text: &str,
    old: &Made<'_, '_>,
    new: &Made<'_, '_>,
    found: &mut dyn FnMut(&Difference<'_>),
) -> u64 {
    let (mut olds, mut news) = (old.records().peekable(), new.records().peekable());
    let mut equal = 0;
    loop {
        let (left, right) = match (olds.peek().copied(), news.peek().copied()) {
            (None, None) => return equal,
            (Some(left), Some(right)) if left.origin == right.origin => (Some(left), Some(right)),
            (Some(left), Some(right)) if left.origin < right.origin => (Some(left), None),
            (left @ Some(_), None) => (left, None),
            (_, right) => (None, right),
        };
        left.and_then(|_| olds.next());
        right.and_then(|_| news.next());
        match (left, right) {
            (Some(left), Some(right)) => equal += u64::from(!left.compare(right, text, found)),
            (left, right) => {
                let origin = left.or(right).map_or(0, |record| record.origin);
                let body = |record: Record<'_>| {
                    let body = lossless(record.records.body(record.index)).into_owned();
                    Value { kind: Kind::Text, text: Cow::Owned(body) }
                };
                let line = line_at(text, origin);
                found(&Difference { line, field: RECORD, old: left.map(body), new: right.map(body) });
            }
        }
    }
}

/// What was counted over many texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// How many texts.
    pub(crate) chunks: u64,
    /// Records that are the same in both.
    pub(crate) equal: u64,
    /// Each field that differed anywhere.
    pub(crate) fields: BTreeMap<String, Count>,
    /// Records of the old and of the new component that it did not recognise.
    pub(crate) unrecognised: (u64, u64),
    /// Records of the old and of the new component that passed raw because it failed.
    pub(crate) failed: (u64, u64),
    /// The first difference of all, for people.
    pub(crate) example: Option<String>,
}

/// In how many records a field differs, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Only the old one has it.
    pub(crate) missing: u64,
    /// Only the new one has it.
    pub(crate) added: u64,
    /// Its value is another one.
    pub(crate) changed: u64,
    /// The first that is missing, or else the first difference.
    pub(crate) example: String,
}

// === impl Report ===

impl Report {
    /// Counts what differs in what both made of `text`.
    pub(crate) fn add(&mut self, text: &str, old: &Made<'_, '_>, new: &Made<'_, '_>) {
        self.chunks += 1;
        self.unrecognised = (self.unrecognised.0 + old.unrecognised, self.unrecognised.1 + new.unrecognised);
        self.failed = (self.failed.0 + old.failed, self.failed.1 + new.failed);
        let (fields, example) = (&mut self.fields, &mut self.example);
        self.equal += differences(text, old, new, &mut |difference| {
            example.get_or_insert_with(|| difference.to_string());
            let known = fields.contains_key(difference.field) || fields.len() < MAX_FIELDS;
            let name = if known { difference.field } else { OTHERS };
            match fields.get_mut(name) {
                Some(count) => count.note(difference),
                None => fields.entry(name.to_owned()).or_default().note(difference),
            }
        });
    }

    /// The new component failed on a text, and what the old one made of it has nothing beside it. Where that
    /// failed on some of it, too, the text is as much to blame.
    pub(crate) fn fail(&mut self, old: &Made<'_, '_>) {
        let records: usize = old.pieces.iter().map(|(_, records)| records.len()).sum();
        self.chunks += 1;
        let failed = if old.failed > 0 { old.failed } else { records as u64 };
        self.failed = (self.failed.0 + old.failed, self.failed.1 + failed);
    }

    /// Whether both answered the same.
    pub(crate) fn is_identical(&self) -> bool {
        self.fields.is_empty() && self.unrecognised.0 == self.unrecognised.1 && self.failed.0 == self.failed.1
    }

    /// What the new component loses, if anything: fields that records of the old one have, records, lines that
    /// it does not recognise or fails on.
    pub(crate) fn loss(&self) -> Option<String> {
        if self.failed.1 > self.failed.0 {
            return Some(format!(
                "it fails on {} records, the running one on {}",
                self.failed.1, self.failed.0
            ));
        }
        // To have failed on a record is nothing to lose.
        let is_mark = |field: &str| field.strip_prefix("attributes.") == Some(ERROR_KEY);
        let lost = self.fields.iter().filter(|(field, count)| count.missing > 0 && !is_mark(field));
        if let Some((field, count)) = lost.max_by_key(|(_, count)| count.missing) {
            let (missing, example) = (count.missing, &count.example);
            return Some(format!("{missing} records have no {field} any more: {example}"));
        }
        (self.unrecognised.1 > self.unrecognised.0).then(|| {
            let (old, new) = self.unrecognised;
            format!("it does not recognise {new} records, the running one {old}")
        })
    }
}

/// `3 chunks, 120 records alike; unit: 4 missing, 1 changed; …`
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} chunks, {} records alike", self.chunks, self.equal)?;
        for (what, (old, new)) in [("unrecognised", self.unrecognised), ("failed", self.failed)] {
            if old != new {
                write!(f, "; {what}: {new}, not {old}")?;
            }
        }
        for (field, count) in &self.fields {
            let counts = [(count.missing, "missing"), (count.added, "new"), (count.changed, "changed")];
            let counts: Vec<_> =
                counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
            write!(f, "; {field}: {}", counts.join(", "))?;
        }
        Ok(())
    }
}

impl Count {
    fn note(&mut self, difference: &Difference<'_>) {
        let count = match (&difference.old, &difference.new) {
            (Some(_), None) => &mut self.missing,
            (None, _) => &mut self.added,
            (Some(_), Some(_)) => &mut self.changed,
        };
        *count += 1;
        if self.example.is_empty() || (difference.new.is_none() && self.missing == 1) {
            self.example = difference.to_string();
        }
    }
}

// === impl Difference ===

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<Value<'_>>| {
            value.as_ref().map_or_else(|| "nothing".to_owned(), |value| example(&value.to_string()))
        };
        write!(f, "{} was {} and is {}", self.field, shown(&self.old), shown(&self.new))?;
        write!(f, " in the line {:?}", example(self.line))
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Text => write!(f, "{:?}", self.text),
            Kind::Integer | Kind::Float | Kind::Boolean | Kind::Json => f.write_str(&self.text),
        }
    }
}

fn example(text: &str) -> String {
    match text.char_indices().nth(EXAMPLE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What was checked is UTF-8.
fn lossless(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn line_at(text: &str, origin: usize) -> &str {
    text.get(origin..).and_then(|rest| rest.lines().next()).unwrap_or("")
}

// === records ===

/// A record of several pieces.
#[derive(Clone, Copy)]
struct Record<'p> {
    records: &'p Checked<'p>,
    index: usize,
    /// Where it begins in the whole text.
    origin: usize,
}

impl<'p> Made<'p, '_> {
    fn records(&self) -> impl Iterator<Item = Record<'p>> {
        let pieces = self.pieces.iter().copied();
        pieces.flat_map(|(start, records)| {
            let origins = records.columns().origin.iter().enumerate();
            origins.map(move |(index, &origin)| Record { records, index, origin: start + origin as usize })
        })
    }
}

impl<'p> Record<'p> {
    /// Whether the two differ; how is handed to `found`.
    fn compare(self, new: Self, text: &str, found: &mut dyn FnMut(&Difference<'_>)) -> bool {
        let line = line_at(text, self.origin);
        let mut differs = false;
        let mut compare = |field: &str, old: Option<Value<'_>>, new: Option<Value<'_>>| {
            if old != new {
                differs = true;
                found(&Difference { line, field, old, new });
            }
        };
        compare("body", self.body(), new.body());
        compare("time", self.time(), new.time());
        compare("severity", self.severity(), new.severity());
        compare("severity_text", self.severity_text(), new.severity_text());
        for (key, value) in self.records.attributes(self.index) {
            let key = &self.records.keys()[usize::from(key)];
            let value = Some(Value { kind: key.kind, text: lossless(value) });
            let other = new.attribute(&key.name, key.subject);
            if value != other {
                compare(&field(key), value, other);
            }
        }
        for (key, value) in new.records.attributes(new.index) {
            let key = &new.records.keys()[usize::from(key)];
            if self.attribute(&key.name, key.subject).is_none() {
                compare(&field(key), None, Some(Value { kind: key.kind, text: lossless(value) }));
            }
        }
        differs
    }

    fn body(self) -> Option<Value<'p>> {
        let kind = if self.records.body_is_json(self.index) { Kind::Json } else { Kind::Text };
        let body = self.records.body(self.index);
        (!body.is_empty()).then(|| Value { kind, text: lossless(body) })
    }

    fn time(self) -> Option<Value<'p>> {
        number(self.records.columns().time_unix_nano[self.index])
    }

    fn severity(self) -> Option<Value<'p>> {
        number(u64::from(self.records.columns().severity_number[self.index]))
    }

    fn severity_text(self) -> Option<Value<'p>> {
        let text = self.records.severity_text(self.index);
        (!text.is_empty()).then(|| Value { kind: Kind::Text, text: lossless(text) })
    }

    fn attribute(self, name: &str, subject: Subject) -> Option<Value<'p>> {
        let keys = self.records.keys();
        let mut all =
            self.records.attributes(self.index).map(|(key, value)| (&keys[usize::from(key)], value));
        let (key, value) = all.find(|(key, _)| key.name == name && key.subject == subject)?;
        Some(Value { kind: key.kind, text: lossless(value) })
    }
}

fn number(number: u64) -> Option<Value<'static>> {
    (number != 0).then(|| Value { kind: Kind::Integer, text: Cow::Owned(number.to_string()) })
}

fn field(key: &skidway_model::Key) -> String {
    match key.subject {
        Subject::Entry => format!("attributes.{}", key.name),
        Subject::Source => format!("resource.{}", key.name),
    }
}

#[cfg(test)]
mod tests;
