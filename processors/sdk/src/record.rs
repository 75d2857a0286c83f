//! The record that a line function fills in, and the columns behind it.
//!
//! Invariants: all record columns are equally long, all attribute columns are;
//! attributes past the last `attributes-end` belong to the record at hand. Once that
//! has an attribute whose name was read from the line, all of its names are known to
//! `names`.

mod names;

use crate::bindings::lifecycle::skidway::processor::types::{Key, Kind, Records, Subject};
use crate::json::Member;
use crate::text::Text;
use names::{MAX_NAME_BYTES, Names};

/// A line is about 100 bytes long and has about five attributes: what the columns
/// are reserved for. They grow where that is wrong.
const BYTES_PER_RECORD: usize = 100;
const ATTRIBUTES_PER_RECORD: usize = 5;

/// A record in the making. Values that are sub-slices of the line cost an offset;
/// any other bytes are copied.
///
/// Cut the line between characters, for instance at ASCII bytes: the host refuses
/// an answer with half a character in it.
pub struct Record<'a> {
    columns: &'a mut Columns,
}

/// Everything that is known about a text so far.
pub(crate) struct Columns {
    pub(crate) records: Records,
    keys: Vec<&'static str>,
    /// How many of them the parser has declared.
    declared: usize,
    text_address: usize,
    text_len: usize,
    time: u64,
    severity: u8,
    first_attribute: usize,
    /// The record at hand has only keys below this one, so that it and all above are
    /// new to it.
    next_key: usize,
    open_ended: Option<usize>,
    names: Names,
    /// Counts records, also those that are forgotten; never 0.
    serial: u32,
    /// The record at hand has names that were read from the line.
    named: bool,
    /// It had a name too many.
    overflown: bool,
    /// Where escapes are resolved.
    unescaped: Vec<u8>,
}

impl<'a> Record<'a> {
    pub(crate) fn new(columns: &'a mut Columns) -> Self {
        Self { columns }
    }

    /// When it happened, in nanoseconds since 1970-01-01T00:00:00Z; 0 means unknown.
    #[inline]
    pub fn time(&mut self, unix_nano: u64) {
        self.columns.time(unix_nano);
    }

    /// OpenTelemetry severity number, 1 (TRACE) to 24 (FATAL4); 0 means unspecified.
    #[inline]
    pub fn severity(&mut self, number: u8) {
        self.columns.severity = number;
    }

    /// Sets an attribute; one that is set twice has its last value. Bytes that are
    /// not from the line need not be valid UTF-8: U+FFFD stands in.
    #[inline(always)]
    pub fn attribute(&mut self, key: &'static str, value: &[u8]) {
        self.attribute_as(key, Kind::Text, value);
    }

    /// Sets an attribute that is to be delivered as a number or a boolean. The
    /// first use of a key settles the kind of all; among [`KEYS`](crate::Parser::KEYS)
    /// the first that is no text.
    #[inline(always)]
    pub fn attribute_as(&mut self, key: &'static str, kind: Kind, value: &[u8]) {
        let (start, end) = self.columns.span(value);
        self.columns.set(key, kind, start, end);
    }

    /// As [`attribute`](Self::attribute), for a text that may hold escapes: the value is
    /// what they mean.
    #[inline]
    pub fn attribute_text(&mut self, key: &'static str, value: Text<'_>) {
        let (start, end) = self.columns.text_span(value);
        self.columns.set(key, Kind::Text, start, end);
    }

    /// Sets an attribute whose name was read from the line; one that is set twice has its
    /// last value, whichever way it was set. A name that the host would refuse, empty or
    /// longer than 256 bytes, sets nothing. Names may differ from line to line, but a line
    /// with more than a thousand of them has the first thousand.
    #[inline]
    pub fn named(&mut self, name: Text<'_>, kind: Kind, value: Text<'_>) {
        let (start, end) = self.columns.text_span(value);
        self.columns.set_text_named(name, kind, start, end);
    }

    /// Sets an attribute from a member of a JSON object, with the kind that the value has:
    /// an object or an array is [`Kind::Json`]. `null` sets nothing. A number that the
    /// kinds do not hold exactly enough (past 64 bits, or an exponent of three digits) is
    /// text.
    #[inline]
    pub fn member(&mut self, name: Text<'_>, value: Member<'_>) {
        let (kind, raw) = match value {
            Member::Null => return,
            Member::Boolean(raw) => (Kind::Boolean, raw),
            Member::Number(raw) => (number_kind(raw), raw),
            Member::Nested(raw) => (Kind::Json, raw),
            Member::String(text) => return self.named(name, Kind::Text, text),
        };
        self.named(name, kind, Text::plain(raw));
    }

    /// Sets an attribute to everything from the start of `rest` to the end of the
    /// entry: it grows when lines are joined to the entry. `rest` is the end of the
    /// line, be it empty; anything that is not of the line does not grow. One entry
    /// has one such attribute.
    #[inline(always)]
    pub fn attribute_to_end(&mut self, key: &'static str, rest: &[u8]) {
        let place = self.columns.place(rest);
        let (start, end) = place.unwrap_or_else(|| self.columns.copy(rest));
        let slot = self.columns.set(key, Kind::Text, start, end);
        self.columns.open_ended = place.map(|_| slot);
    }
}

/// The longest number that is surely a float without being infinite.
const MAX_FLOAT_BYTES: usize = 64;

/// The kind of a JSON number.
#[inline]
fn number_kind(raw: &[u8]) -> Kind {
    let exponent = raw.iter().position(|byte| byte | 0x20 == b'e');
    if exponent.is_some() || raw.contains(&b'.') {
        let digits = exponent.map_or(0, |at| raw[at..].iter().filter(|byte| byte.is_ascii_digit()).count());
        return if digits < 3 && raw.len() <= MAX_FLOAT_BYTES { Kind::Float } else { Kind::Text };
    }
    // 18 digits always fit, and nearly all numbers have fewer.
    let fits = raw.len() <= 18 || std::str::from_utf8(raw).is_ok_and(|raw| raw.parse::<i64>().is_ok());
    if fits { Kind::Integer } else { Kind::Text }
}

impl Columns {
    /// For a text, with the names of `declared` known from the start.
    pub(crate) fn new(text: &[u8], declared: &[&'static str]) -> Self {
        let lines = text.len() / BYTES_PER_RECORD + 1;
        let attributes = lines * ATTRIBUTES_PER_RECORD;
        Self {
            records: Records {
                origin: Vec::with_capacity(lines),
                time_unix_nano: Vec::with_capacity(lines),
                severity_number: Vec::with_capacity(lines),
                severity_text_start: Vec::new(),
                severity_text_end: Vec::new(),
                body_start: Vec::with_capacity(lines),
                body_end: Vec::with_capacity(lines),
                body_json: Vec::new(),
                attributes_end: Vec::with_capacity(lines),
                attribute_key: Vec::with_capacity(attributes),
                attribute_start: Vec::with_capacity(attributes),
                attribute_end: Vec::with_capacity(attributes),
                keys: declared.iter().map(|&name| key(name, Kind::Text)).collect(),
                scratch: Vec::new(),
            },
            keys: declared.to_vec(),
            declared: declared.len(),
            text_address: text.as_ptr().addr(),
            text_len: text.len(),
            time: 0,
            severity: 0,
            first_attribute: 0,
            next_key: 0,
            open_ended: None,
            names: Names::new(),
            serial: 1,
            named: false,
            overflown: false,
            unescaped: Vec::new(),
        }
    }

    /// Whether the record at hand had a name for which there was no room among those of
    /// the records before it.
    #[inline]
    pub(crate) fn overflown(&self) -> bool {
        self.overflown
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.records.origin.len()
    }

    /// The columns, finished.
    pub(crate) fn into_records(self) -> Records {
        self.records
    }

    /// Adds a record with what was set since the last one.
    #[inline]
    pub(crate) fn push(&mut self, origin: usize, body_start: usize, body_end: usize) {
        self.records.origin.push(origin as u32);
        self.records.time_unix_nano.push(self.time);
        self.records.severity_number.push(self.severity);
        self.records.body_start.push(body_start as u32);
        self.records.body_end.push(body_end as u32);
        self.records.attributes_end.push(self.records.attribute_key.len() as u32);
        self.start_record();
    }

    /// Forgets what was set since the last record.
    pub(crate) fn discard(&mut self) {
        self.records.attribute_key.truncate(self.first_attribute);
        self.records.attribute_start.truncate(self.first_attribute);
        self.records.attribute_end.truncate(self.first_attribute);
        self.start_record();
    }

    /// Gives what was set since the last record to that one; of a name that it has already
    /// only the value.
    pub(crate) fn add_to_last(&mut self) {
        let Records { keys, attribute_key, attribute_start, attribute_end, attributes_end, .. } =
            &mut self.records;
        let first = attributes_end.iter().rev().nth(1).map_or(0, |&end| end as usize);
        let name = |key: u16| keys.get(usize::from(key)).map(|key| &key.name);
        let mut len = self.first_attribute;
        for slot in self.first_attribute..attribute_key.len() {
            let known = (first..len).find(|&known| name(attribute_key[known]) == name(attribute_key[slot]));
            let place = known.unwrap_or(len);
            attribute_key[place] = attribute_key[slot];
            attribute_start[place] = attribute_start[slot];
            attribute_end[place] = attribute_end[slot];
            len = len.max(place + 1);
        }
        attribute_key.truncate(len);
        attribute_start.truncate(len);
        attribute_end.truncate(len);
        if let Some(end) = attributes_end.last_mut() {
            *end = len as u32;
        }
        if let Some(time) = self.records.time_unix_nano.last_mut().filter(|_| self.time != 0) {
            *time = self.time;
        }
        if let Some(severity) = self.records.severity_number.last_mut().filter(|_| self.severity != 0) {
            *severity = self.severity;
        }
        self.start_record();
    }

    /// Takes back the last record.
    pub(crate) fn pop(&mut self) {
        self.records.origin.pop();
        self.records.time_unix_nano.pop();
        self.records.severity_number.pop();
        self.records.body_start.pop();
        self.records.body_end.pop();
        self.records.attributes_end.pop();
        self.first_attribute = self.records.attributes_end.last().map_or(0, |&end| end as usize);
        self.discard();
    }

    /// Where the attribute is that was set to the end of the entry.
    #[inline]
    pub(crate) fn take_open_ended(&mut self) -> Option<usize> {
        self.open_ended.take()
    }

    /// Moves the end of the last record, and that of one of its attributes.
    pub(crate) fn extend_last(&mut self, end: usize, open_ended: Option<usize>) {
        if let Some(body_end) = self.records.body_end.last_mut() {
            *body_end = end as u32;
        }
        if let Some(attribute_end) = open_ended.and_then(|slot| self.records.attribute_end.get_mut(slot)) {
            *attribute_end = end as u32;
        }
    }

    #[inline]
    fn start_record(&mut self) {
        self.time = 0;
        self.severity = 0;
        self.first_attribute = self.records.attribute_key.len();
        self.next_key = 0;
        self.open_ended = None;
        self.serial += 1;
        self.named = false;
        self.overflown = false;
    }

    /// The offsets of what a text means.
    #[inline]
    pub(crate) fn text_span(&mut self, text: Text<'_>) -> (u32, u32) {
        if text.escaped { self.unescape(text, |whole| whole) } else { self.span(text.raw) }
    }

    /// The offsets of `part` of what a text with escapes means.
    pub(crate) fn unescape(&mut self, text: Text<'_>, part: impl FnOnce(&[u8]) -> &[u8]) -> (u32, u32) {
        let mut unescaped = std::mem::take(&mut self.unescaped);
        unescaped.clear();
        text.unescape(&mut unescaped);
        let span = self.copy(part(&unescaped));
        self.unescaped = unescaped;
        span
    }

    /// When the record at hand happened.
    #[inline]
    pub(crate) fn time(&mut self, unix_nano: u64) {
        self.time = unix_nano;
    }

    /// The offsets of `value`: its place in the text, or that of a copy.
    #[inline]
    pub(crate) fn span(&mut self, value: &[u8]) -> (u32, u32) {
        self.place(value).unwrap_or_else(|| self.copy(value))
    }

    /// Where in the text `value` lies. Slices do not overlap by chance: what begins
    /// and ends in the text is of it.
    #[inline]
    fn place(&self, value: &[u8]) -> Option<(u32, u32)> {
        let start = value.as_ptr().addr().wrapping_sub(self.text_address);
        let inside = start <= self.text_len && value.len() <= self.text_len - start;
        inside.then_some((start as u32, (start + value.len()) as u32))
    }

    #[cold]
    pub(crate) fn copy(&mut self, value: &[u8]) -> (u32, u32) {
        let scratch = &mut self.records.scratch;
        let start = self.text_len + scratch.len();
        for part in value.utf8_chunks() {
            scratch.extend_from_slice(part.valid().as_bytes());
            if !part.invalid().is_empty() {
                scratch.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
        (start as u32, (self.text_len + scratch.len()) as u32)
    }

    /// Sets an attribute of the record at hand and tells its place in the columns.
    #[inline(always)]
    pub(crate) fn set(&mut self, name: &'static str, kind: Kind, start: u32, end: u32) -> usize {
        if self.named {
            return self.set_named(name.as_bytes(), kind, start, end);
        }
        let slot = self.records.attribute_key.len();
        let mut key = self.key(name, kind);
        if kind != Kind::Text && key < self.declared {
            key = self.settled(key, kind);
        }
        if key >= self.next_key {
            self.next_key = key + 1;
        } else if let Some(slot) = self.find(key) {
            self.records.attribute_start[slot] = start;
            self.records.attribute_end[slot] = end;
            return slot;
        }
        self.records.attribute_key.push(key as u16);
        self.records.attribute_start.push(start);
        self.records.attribute_end.push(end);
        slot
    }

    /// The key of that kind for a declared one, which is a text until it is used.
    #[inline]
    fn settled(&mut self, key: usize, kind: Kind) -> usize {
        if self.records.keys.get(key).is_some_and(|declared| declared.kind == Kind::Text) {
            self.settle(key, kind)
        } else {
            key
        }
    }

    #[cold]
    fn settle(&mut self, declared: usize, kind: Kind) -> usize {
        let name = &self.records.keys[declared].name;
        // One that was read from a line may be there already.
        if let Some(read) = self.records.keys.iter().position(|key| key.kind == kind && key.name == *name) {
            return read;
        }
        // As a text it may be in use, by a name that was read from a line.
        if self.records.attribute_key.contains(&(declared as u16)) {
            self.records.keys.push(key(&name.clone(), kind));
            self.keys.push("");
            return self.keys.len() - 1;
        }
        self.records.keys[declared].kind = kind;
        declared
    }

    #[cold]
    fn find(&self, key: usize) -> Option<usize> {
        let own = self.records.attribute_key.get(self.first_attribute..)?;
        own.iter().position(|&k| usize::from(k) == key).map(|at| self.first_attribute + at)
    }

    /// The index of a name. Records mostly set the same keys in the same order,
    /// leaving some out, so it is mostly the next one or near behind it; and the
    /// same name mostly has the same address.
    #[inline]
    fn key(&mut self, name: &'static str, kind: Kind) -> usize {
        let ahead = self.keys.get(self.next_key..).unwrap_or(&[]);
        match ahead.iter().position(|&key| std::ptr::eq(key, name)) {
            Some(further) => self.next_key + further,
            None => self.search_key(name, kind),
        }
    }

    fn set_text_named(&mut self, name: Text<'_>, kind: Kind, start: u32, end: u32) {
        if !name.escaped {
            self.set_named(name.raw, kind, start, end);
            return;
        }
        let mut unescaped = Vec::new();
        name.unescape(&mut unescaped);
        // Half a surrogate pair is U+FFFD by now.
        self.set_named(&unescaped, kind, start, end);
    }

    /// As [`set`](Self::set), for a name that may be any. Without room for it the slot
    /// is one that no attribute has.
    #[inline]
    fn set_named(&mut self, name: &[u8], kind: Kind, start: u32, end: u32) -> usize {
        if !self.named {
            self.named = true;
            self.name_all();
        }
        let slot = self.records.attribute_key.len();
        let Some((place, key)) = self.named_key(name, kind) else { return usize::MAX };
        if let Some(slot) = self.names.get(place).mark(self.serial, slot) {
            self.records.attribute_key[slot] = key as u16;
            self.records.attribute_start[slot] = start;
            self.records.attribute_end[slot] = end;
            return slot;
        }
        self.records.attribute_key.push(key as u16);
        self.records.attribute_start.push(start);
        self.records.attribute_end.push(end);
        slot
    }

    /// Makes what the record has so far known to `names`.
    fn name_all(&mut self) {
        for slot in self.first_attribute..self.records.attribute_key.len() {
            let Some(key) = self.records.keys.get(usize::from(self.records.attribute_key[slot])) else {
                continue;
            };
            let (name, kind) = (key.name.clone(), key.kind);
            if let Some((place, _)) = self.named_key(name.as_bytes(), kind) {
                self.names.get(place).mark(self.serial, slot);
            }
        }
    }

    /// The place of a name among `names`, and the index of its key of that kind.
    #[inline]
    fn named_key(&mut self, name: &[u8], kind: Kind) -> Option<(usize, usize)> {
        let place = self.names.find(name, &self.records.keys);
        let known = place.and_then(|place| Some((place, self.names.get(place).key(kind)?)));
        // A declared one may have another kind since.
        match known.filter(|&(_, key)| self.records.keys.get(key).is_some_and(|key| key.kind == kind)) {
            Some(known) => Some(known),
            None => self.add_named_key(name, kind, place),
        }
    }

    #[cold]
    fn add_named_key(&mut self, name: &[u8], kind: Kind, place: Option<usize>) -> Option<(usize, usize)> {
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            return None;
        }
        if place.is_none() && self.names.is_full() {
            self.overflown = true;
            return None;
        }
        let text = std::str::from_utf8(name).ok()?;
        // One that the parser also has in its own words.
        let known = self.records.keys.iter().position(|key| key.kind == kind && key.name == text);
        let index = known.unwrap_or_else(|| {
            self.keys.push("");
            self.records.keys.push(key(text, kind));
            self.keys.len() - 1
        });
        let place = match place {
            Some(place) => {
                self.names.get(place).add_key(kind, index);
                place
            }
            None => self.names.add(name, kind, index)?,
        };
        Some((place, index))
    }

    #[cold]
    fn search_key(&mut self, name: &'static str, kind: Kind) -> usize {
        let same = |key: &&'static str| std::ptr::eq(*key, name) || *key == name;
        let read =
            |this: &Self| this.records.keys.iter().position(|key| key.kind == kind && key.name == name);
        self.keys.iter().position(same).or_else(|| read(self)).unwrap_or_else(|| {
            self.keys.push(name);
            self.records.keys.push(key(name, kind));
            self.keys.len() - 1
        })
    }
}

fn key(name: &str, kind: Kind) -> Key {
    Key { name: name.into(), kind, subject: Subject::Entry }
}

#[cfg(test)]
mod tests;
