//! Entries to columns.

use std::rc::Rc;

use skidway_sdk::{Key, Kind, Records, Subject};

use crate::entry::Entry;
use crate::value::{Map, Name, Str, Value};

/// Columns in the making.
pub(crate) struct Emitter<'t> {
    text: &'t str,
    records: Records,
    names: Vec<Name>,
    /// The index of the key that is expected next: records mostly have the same
    /// keys in the same order.
    next_key: usize,
    /// Texts from the settings that are in the scratch bytes already.
    shared: Vec<(Rc<str>, (u32, u32))>,
    /// Whether a record has a severity; before that there is no column of texts.
    has_texts: bool,
}

/// What columns are reserved for.
const BYTES_PER_RECORD: usize = 100;
const ATTRIBUTES_PER_RECORD: usize = 7;

impl<'t> Emitter<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let records = text.len() / BYTES_PER_RECORD + 1;
        let attributes = records * ATTRIBUTES_PER_RECORD;
        Self {
            text,
            records: Records {
                origin: Vec::with_capacity(records),
                time_unix_nano: Vec::with_capacity(records),
                severity_number: Vec::with_capacity(records),
                severity_text_start: Vec::new(),
                severity_text_end: Vec::new(),
                body_start: Vec::with_capacity(records),
                body_end: Vec::with_capacity(records),
                body_json: Vec::new(),
                attributes_end: Vec::with_capacity(records),
                attribute_key: Vec::with_capacity(attributes),
                attribute_start: Vec::with_capacity(attributes),
                attribute_end: Vec::with_capacity(attributes),
                keys: Vec::new(),
                scratch: Vec::new(),
            },
            names: Vec::new(),
            next_key: 0,
            shared: Vec::new(),
            has_texts: false,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.records.origin.len()
    }

    pub(crate) fn finish(self) -> Records {
        self.records
    }

    #[inline]
    pub(crate) fn push(&mut self, entry: &Entry<'t>) {
        self.next_key = 0;
        self.attributes(&entry.attributes, Subject::Entry);
        self.attributes(&entry.resource, Subject::Source);
        self.severity(entry);
        let body = match &entry.body {
            Value::Text(text) => self.span(text),
            other => {
                self.records.body_json.push(self.len() as u32);
                self.json(other)
            }
        };
        self.records.origin.push(entry.origin as u32);
        // As the collector sends it, whose time is signed.
        self.records.time_unix_nano.push(entry.time as u64);
        self.records.body_start.push(body.0);
        self.records.body_end.push(body.1);
        self.records.attributes_end.push(self.records.attribute_key.len() as u32);
    }

    /// Texts of severities are what the operators say, also for a number alone: the
    /// column is there as soon as one record has a severity.
    #[inline]
    fn severity(&mut self, entry: &Entry<'t>) {
        self.records.severity_number.push(entry.severity);
        if !self.has_texts {
            if entry.severity == 0 && entry.severity_text.is_empty() {
                return;
            }
            self.has_texts = true;
            self.records.severity_text_start = vec![0; self.len()];
            self.records.severity_text_end = vec![0; self.len()];
        }
        let (start, end) = self.span(&entry.severity_text);
        self.records.severity_text_start.push(start);
        self.records.severity_text_end.push(end);
    }

    #[inline]
    fn attributes(&mut self, attributes: &Map<'t>, subject: Subject) {
        for (name, value) in &attributes.0 {
            let (kind, span) = match value {
                Value::Text(text) => (Kind::Text, self.span(text)),
                other => self.typed(other),
            };
            // The host refuses names that nobody would call one.
            if name.is_empty() || name.len() > MAX_NAME {
                continue;
            }
            let key = self.key(name, kind, subject);
            self.records.attribute_key.push(key);
            self.records.attribute_start.push(span.0);
            self.records.attribute_end.push(span.1);
        }
    }

    #[cold]
    fn typed(&mut self, value: &Value<'t>) -> (Kind, (u32, u32)) {
        match value {
            Value::Integer(number) => (Kind::Integer, self.copy(&number.to_string())),
            Value::Float(number) => (Kind::Float, self.copy(&number.to_string())),
            Value::Boolean(truth) => (Kind::Boolean, self.copy(if *truth { "true" } else { "false" })),
            other => (Kind::Json, self.json(other)),
        }
    }

    #[inline]
    fn key(&mut self, name: &Name, kind: Kind, subject: Subject) -> u16 {
        let at = self.next_key;
        let expected = self.names.get(at).is_some_and(|known| Rc::ptr_eq(known, name))
            && self.records.keys[at].kind == kind
            && self.records.keys[at].subject == subject;
        let index = if expected { at } else { self.search(name, kind, subject) };
        self.next_key = index + 1;
        index as u16
    }

    #[cold]
    fn search(&mut self, name: &Name, kind: Kind, subject: Subject) -> usize {
        let same = |key: &Key| key.kind == kind && key.subject == subject && *key.name == **name;
        self.records.keys.iter().position(same).unwrap_or_else(|| {
            self.records.keys.push(Key { name: name.to_string(), kind, subject });
            self.names.push(Rc::clone(name));
            self.names.len() - 1
        })
    }

    /// The place of a text: in the text, or in the scratch bytes.
    #[inline]
    fn span(&mut self, text: &Str<'t>) -> (u32, u32) {
        match text {
            Str::Text(part) => {
                let start = part.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
                if start <= self.text.len() && part.len() <= self.text.len() - start {
                    return (start as u32, (start + part.len()) as u32);
                }
                self.copy(part)
            }
            Str::Shared(shared) => {
                if let Some((_, span)) = self.shared.iter().find(|(known, _)| Rc::ptr_eq(known, shared)) {
                    return *span;
                }
                let span = self.copy(shared);
                self.shared.push((Rc::clone(shared), span));
                span
            }
            Str::Made(made) => self.copy(made),
        }
    }

    fn copy(&mut self, text: &str) -> (u32, u32) {
        let start = self.text.len() + self.records.scratch.len();
        self.records.scratch.extend_from_slice(text.as_bytes());
        (start as u32, (start + text.len()) as u32)
    }

    #[cold]
    fn json(&mut self, value: &Value<'t>) -> (u32, u32) {
        let mut out = String::new();
        write_json(&mut out, value);
        self.copy(&out)
    }
}

/// The longest name that the interface takes.
const MAX_NAME: usize = 256;

fn write_json(out: &mut String, value: &Value<'_>) {
    match value {
        Value::Nil => out.push_str("null"),
        Value::Boolean(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Integer(number) => out.push_str(&number.to_string()),
        Value::Float(number) => match serde_json::Number::from_f64(*number) {
            Some(number) => out.push_str(&number.to_string()),
            None => out.push_str("null"),
        },
        Value::Text(text) => out.push_str(&serde_json::Value::from(text.as_str()).to_string()),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(out, item);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (index, (name, value)) in map.0.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&serde_json::Value::from(&**name).to_string());
                out.push(':');
                write_json(out, value);
            }
            out.push('}');
        }
    }
}
