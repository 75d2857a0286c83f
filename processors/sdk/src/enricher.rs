//! From records to changes of records: an [`Enricher`] sees one record at a time.

use crate::Kind;
use crate::bindings::enricher::exports::skidway::processor::enricher::Patch;
use crate::bindings::lifecycle::skidway::processor::types::{Key, Records, Subject};

/// In the severity column of a patch: as it was.
const UNCHANGED: u8 = 255;

/// A pure function from records to changes.
pub trait Enricher: Sized + 'static {
    /// Makes an enricher from the JSON text of the user's `config`, `{}` without one.
    ///
    /// # Errors
    /// What is wrong and what to write instead, shown to the user as it stands.
    fn configure(config: &str) -> Result<Self, String>;

    /// The names of the attributes that [`Item::attribute`] is asked for. They are
    /// looked up once per call, not once per record.
    fn reads(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Looks at one record.
    fn record(&self, record: &Item<'_>, out: &mut Changes<'_>);
}

/// A record to read.
pub struct Item<'a> {
    text: &'a [u8],
    records: &'a Records,
    /// Which of the names in [`Enricher::reads`] each key is.
    wanted: &'a [Option<usize>],
    index: usize,
}

/// An attribute of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name.
    pub name: &'a str,
    /// How its value is delivered.
    pub kind: Kind,
    /// Whom it describes.
    pub subject: Subject,
    /// Its value as text.
    pub value: &'a [u8],
}

impl<'a> Item<'a> {
    /// The whole entry, as the file has it.
    #[inline]
    pub fn body(&self) -> &'a [u8] {
        let span = self.records.body_start.get(self.index).zip(self.records.body_end.get(self.index));
        span.map_or(&[], |(&start, &end)| self.bytes(start, end))
    }

    /// Whether the body is JSON, not text.
    pub fn body_is_json(&self) -> bool {
        self.records.body_json.binary_search(&(self.index as u32)).is_ok()
    }

    /// The text of the severity where it is not simply the name of the number.
    pub fn severity_text(&self) -> Option<&'a [u8]> {
        let start = *self.records.severity_text_start.get(self.index)?;
        Some(self.bytes(start, *self.records.severity_text_end.get(self.index)?))
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z, 0 when unknown.
    pub fn time(&self) -> u64 {
        self.records.time_unix_nano.get(self.index).copied().unwrap_or(0)
    }

    /// OpenTelemetry severity number, 0 when unspecified.
    #[inline]
    pub fn severity(&self) -> u8 {
        self.records.severity_number.get(self.index).copied().unwrap_or(0)
    }

    /// The value of the record's attribute with the name `reads()[name]`.
    #[inline]
    pub fn attribute(&self, name: usize) -> Option<&'a [u8]> {
        if self.wanted.is_empty() {
            return None;
        }
        let range = self.range();
        let is_it = |&key: &u16| self.wanted.get(usize::from(key)) == Some(&Some(name));
        let at = range.start + self.records.attribute_key.get(range)?.iter().position(is_it)?;
        Some(self.bytes(*self.records.attribute_start.get(at)?, *self.records.attribute_end.get(at)?))
    }

    /// All attributes, those of the record's source among them.
    pub fn attributes(&self) -> impl Iterator<Item = Field<'a>> + '_ {
        self.range().filter_map(|at| {
            let key = self.records.keys.get(usize::from(*self.records.attribute_key.get(at)?))?;
            let end = *self.records.attribute_end.get(at)?;
            let value = self.bytes(*self.records.attribute_start.get(at)?, end);
            Some(Field { name: &key.name, kind: key.kind, subject: key.subject, value })
        })
    }

    /// Where the record's attributes are in their columns.
    #[inline]
    fn range(&self) -> std::ops::Range<usize> {
        let ends = &self.records.attributes_end;
        let start =
            self.index.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |&end| end as usize);
        start..ends.get(self.index).map_or(start, |&end| end as usize)
    }

    #[inline]
    fn bytes(&self, start: u32, end: u32) -> &'a [u8] {
        let (start, end, len) = (start as usize, end as usize, self.text.len());
        let bytes = if end <= len {
            self.text.get(start..end)
        } else {
            self.records.scratch.get(start.saturating_sub(len)..end - len)
        };
        bytes.unwrap_or(&[])
    }
}

/// Changes to the record at hand.
pub struct Changes<'a> {
    text: &'a [u8],
    records: &'a Records,
    patch: &'a mut Patch,
    index: usize,
}

impl Changes<'_> {
    /// Sets the severity, 0 (unspecified) to 24 (FATAL4). Its text is the number's
    /// name.
    #[inline]
    pub fn severity(&mut self, number: u8) {
        self.number(number);
        if !self.patch.severity_text_start.is_empty() {
            self.text(crate::severity_name(number).as_bytes());
        }
    }

    /// Sets the severity and a text for it. An enricher uses this or
    /// [`severity`](Self::severity) for all records alike where it can.
    pub fn severity_as(&mut self, number: u8, text: &[u8]) {
        self.number(number);
        if self.patch.severity_text_start.is_empty() {
            self.spell_earlier();
        }
        self.text(text);
    }

    #[inline]
    fn number(&mut self, number: u8) {
        let column = &mut self.patch.severity_number;
        if column.is_empty() {
            column.resize(self.records.origin.len(), UNCHANGED);
        }
        if let Some(severity) = column.get_mut(self.index) {
            *severity = number;
        }
    }

    fn text(&mut self, text: &[u8]) {
        let (start, end) = self.span(text);
        if let Some(place) = self.patch.severity_text_start.get_mut(self.index) {
            *place = start;
        }
        if let Some(place) = self.patch.severity_text_end.get_mut(self.index) {
            *place = end;
        }
    }

    /// Gives the records before this one, whose severity changed without a text,
    /// the text that they were meant to have.
    #[cold]
    fn spell_earlier(&mut self) {
        let count = self.records.origin.len();
        self.patch.severity_text_start = vec![0; count];
        self.patch.severity_text_end = vec![0; count];
        for index in 0..self.index {
            let number = self.patch.severity_number[index];
            if number != UNCHANGED {
                let (start, end) = self.span(crate::severity_name(number).as_bytes());
                self.patch.severity_text_start[index] = start;
                self.patch.severity_text_end[index] = end;
            }
        }
    }

    /// Sets an attribute, or replaces it. A value that is a part of the record costs
    /// an offset, any other is copied; bytes that are not UTF-8 become U+FFFD.
    pub fn set(&mut self, key: &str, value: &[u8]) {
        self.set_as(key, Kind::Text, value);
    }

    /// Sets an attribute that is to be delivered as a number, a boolean or a JSON
    /// value.
    pub fn set_as(&mut self, key: &str, kind: Kind, value: &[u8]) {
        self.set_of(Subject::Entry, key, kind, value);
    }

    /// Sets an attribute of the record or of its source.
    pub fn set_of(&mut self, subject: Subject, key: &str, kind: Kind, value: &[u8]) {
        let key = self.key(key, kind, subject);
        let (start, end) = self.span(value);
        self.patch.set_record.push(self.index as u32);
        self.patch.set_key.push(key);
        self.patch.set_start.push(start);
        self.patch.set_end.push(end);
    }

    /// Removes an attribute where there is one.
    pub fn remove(&mut self, key: &str) {
        let key = self.key(key, Kind::Text, Subject::Entry);
        self.patch.remove_record.push(self.index as u32);
        self.patch.remove_key.push(key);
    }

    /// Replaces the body, with text. The last one holds.
    pub fn body(&mut self, value: &[u8]) {
        let (start, end) = self.span(value);
        if self.patch.body_record.last() == Some(&(self.index as u32)) {
            self.patch.body_start.pop();
            self.patch.body_end.pop();
        } else {
            self.patch.body_record.push(self.index as u32);
        }
        self.patch.body_start.push(start);
        self.patch.body_end.push(end);
    }

    /// Drops the record. It is counted.
    pub fn drop_record(&mut self) {
        let index = self.index as u32;
        if self.patch.drop.last() != Some(&index) {
            self.patch.drop.push(index);
        }
    }

    fn key(&mut self, name: &str, kind: Kind, subject: Subject) -> u16 {
        let keys = &mut self.patch.keys;
        let known =
            keys.iter().position(|key| key.kind == kind && key.subject == subject && key.name == name);
        let index = known.unwrap_or_else(|| {
            keys.push(Key { name: name.into(), kind, subject });
            keys.len() - 1
        });
        index as u16
    }

    fn span(&mut self, value: &[u8]) -> (u32, u32) {
        let (text, scratch) = (self.text, self.records.scratch.as_slice());
        let place = place(text, value).or_else(|| place(scratch, value).map(|at| text.len() + at));
        if let Some(start) = place {
            return (start as u32, (start + value.len()) as u32);
        }
        let base = text.len() + scratch.len();
        let start = base + self.patch.scratch.len();
        for part in value.utf8_chunks() {
            self.patch.scratch.extend_from_slice(part.valid().as_bytes());
            if !part.invalid().is_empty() {
                self.patch.scratch.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
        (start as u32, (base + self.patch.scratch.len()) as u32)
    }
}

/// Where `part` lies in `whole`, if it does.
fn place(whole: &[u8], part: &[u8]) -> Option<usize> {
    let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
    (start <= whole.len() && part.len() <= whole.len() - start).then_some(start)
}

/// Runs an enricher over the records of a text. This is the component's `enrich`.
///
/// # Errors
/// None at present: the component's interface has room for one.
pub fn enrich<E: Enricher>(enricher: &E, text: &[u8], records: &Records) -> Result<Patch, String> {
    let names = enricher.reads();
    let which = |key: &Key| {
        let name = |name: &&str| *name == key.name;
        names.iter().position(name).filter(|_| key.subject == Subject::Entry)
    };
    let mut wanted: Vec<_> = records.keys.iter().map(which).collect();
    // No record has any of them, which is usual and then need not be found for each record and name.
    if wanted.iter().all(Option::is_none) {
        wanted.clear();
    }
    let mut patch = empty_patch();
    for index in 0..records.origin.len() {
        let item = Item { text, records, wanted: &wanted, index };
        enricher.record(&item, &mut Changes { text, records, patch: &mut patch, index });
    }
    Ok(patch)
}

fn empty_patch() -> Patch {
    Patch {
        set_record: Vec::new(),
        set_key: Vec::new(),
        set_start: Vec::new(),
        set_end: Vec::new(),
        remove_record: Vec::new(),
        remove_key: Vec::new(),
        keys: Vec::new(),
        severity_number: Vec::new(),
        severity_text_start: Vec::new(),
        severity_text_end: Vec::new(),
        body_record: Vec::new(),
        body_start: Vec::new(),
        body_end: Vec::new(),
        drop: Vec::new(),
        scratch: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parse_and_enrich;
    use crate::{Context, Line, Parser, Record};

    /// `word rest`, both of them attributes; `rest` as a copy.
    struct Words;

    impl Parser for Words {
        fn configure(_: &str) -> Result<Self, String> {
            Ok(Self)
        }

        fn line(&self, line: &[u8], _: &Context, out: &mut Record<'_>) -> Line {
            let space = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
            out.attribute("word", &line[..space]);
            if space < line.len() {
                out.attribute("rest", &line[space + 1..].to_ascii_uppercase());
            }
            Line::Entry
        }
    }

    /// Does what `word` says with `rest`.
    struct Obedient;

    impl Enricher for Obedient {
        fn configure(_: &str) -> Result<Self, String> {
            Ok(Self)
        }

        fn reads(&self) -> Vec<&str> {
            vec!["nobody has this", "word", "rest"]
        }

        fn record(&self, record: &Item<'_>, out: &mut Changes<'_>) {
            assert_eq!((record.attribute(0), record.attribute(3), record.time()), (None, None, 0));
            let rest = record.attribute(2).unwrap_or(b"none");
            match record.attribute(1) {
                Some(b"set") => out.set("new", rest),
                Some(b"replace") => {
                    out.remove("nobody has this");
                    out.set("word", &record.body()[8..]);
                    out.set_as("rest", Kind::Integer, b"5\xff");
                }
                Some(b"remove") => out.remove("rest"),
                Some(b"severity") => out.severity(rest.len() as u8),
                Some(b"drop") => {
                    out.drop_record();
                    out.drop_record();
                }
                _ => {}
            }
        }
    }

    #[test]
    fn records_are_read_and_changed() {
        let text = "set ü1\nset\nreplace x\nremove x\ndrop x\nseverity abcde\nleave it\n";
        let entries = parse_and_enrich(&Words, &Obedient, text);
        let attributes: Vec<Vec<_>> = entries
            .iter()
            .map(|entry| {
                entry.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
            })
            .collect();
        let expected = [
            vec![("word", "set"), ("rest", "ü1"), ("new", "ü1")],
            vec![("word", "set"), ("new", "none")],
            vec![("word", "x"), ("rest", "5\u{fffd}")],
            vec![("word", "remove")],
            vec![("word", "severity"), ("rest", "ABCDE")],
            vec![("word", "leave"), ("rest", "IT")],
        ];
        assert_eq!(attributes, expected);
        assert_eq!(entries.iter().map(|entry| entry.severity).collect::<Vec<_>>(), [0, 0, 0, 0, 5, 0]);
    }

    #[test]
    fn no_change_is_an_empty_patch() {
        let text = b"leave it\n";
        let context = Context::new("", crate::time::Clock::utc(0), true);
        let parsed = crate::parse(&Words, text, &context);
        let patch = enrich(&Obedient, text, &parsed.records).unwrap();
        assert!(patch.severity_number.is_empty() && patch.keys.is_empty() && patch.drop.is_empty());
        assert!(patch.set_record.is_empty() && patch.remove_record.is_empty() && patch.scratch.is_empty());
    }
}
