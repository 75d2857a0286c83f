//! From records to changes of records: an [`Enricher`] sees one record at a time.

use crate::Kind;
use crate::bindings::enricher::exports::skidway::processor::enricher::Patch;
use crate::bindings::lifecycle::skidway::processor::types::{Key, Records};

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
    /// The key that each of the names in [`Enricher::reads`] has here.
    wanted: &'a [Option<u16>],
    index: usize,
}

impl<'a> Item<'a> {
    /// The whole entry, as the file has it.
    #[inline]
    pub fn body(&self) -> &'a [u8] {
        let span = self.records.body_start.get(self.index).zip(self.records.body_end.get(self.index));
        span.map_or(&[], |(&start, &end)| self.bytes(start, end))
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

    /// The value of the attribute with the name `reads()[name]`.
    #[inline]
    pub fn attribute(&self, name: usize) -> Option<&'a [u8]> {
        let key = (*self.wanted.get(name)?)?;
        let end = *self.records.attributes_end.get(self.index)? as usize;
        let start = match self.index {
            0 => 0,
            index => *self.records.attributes_end.get(index - 1)? as usize,
        };
        let at = start + self.records.attribute_key.get(start..end)?.iter().position(|&k| k == key)?;
        Some(self.bytes(*self.records.attribute_start.get(at)?, *self.records.attribute_end.get(at)?))
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
    /// Sets the severity, 0 (unspecified) to 24 (FATAL4).
    #[inline]
    pub fn severity(&mut self, number: u8) {
        let column = &mut self.patch.severity_number;
        if column.is_empty() {
            column.resize(self.records.origin.len(), UNCHANGED);
        }
        if let Some(severity) = column.get_mut(self.index) {
            *severity = number;
        }
    }

    /// Sets an attribute, or replaces it. A value that is a part of the record costs
    /// an offset, any other is copied; bytes that are not UTF-8 become U+FFFD.
    pub fn set(&mut self, key: &'static str, value: &[u8]) {
        self.set_as(key, Kind::Text, value);
    }

    /// Sets an attribute that is to be delivered as a number or a boolean.
    pub fn set_as(&mut self, key: &'static str, kind: Kind, value: &[u8]) {
        let key = self.key(key, kind);
        let (start, end) = self.span(value);
        self.patch.set_record.push(self.index as u32);
        self.patch.set_key.push(key);
        self.patch.set_start.push(start);
        self.patch.set_end.push(end);
    }

    /// Removes an attribute where there is one.
    pub fn remove(&mut self, key: &'static str) {
        let key = self.key(key, Kind::Text);
        self.patch.remove_record.push(self.index as u32);
        self.patch.remove_key.push(key);
    }

    /// Drops the record. It is counted.
    pub fn drop_record(&mut self) {
        let index = self.index as u32;
        if self.patch.drop.last() != Some(&index) {
            self.patch.drop.push(index);
        }
    }

    fn key(&mut self, name: &'static str, kind: Kind) -> u16 {
        let keys = &mut self.patch.keys;
        let known = keys.iter().position(|key| key.name == name);
        let index = known.unwrap_or_else(|| {
            keys.push(Key { name: name.into(), kind });
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
    let key = |name: &&str| records.keys.iter().position(|key| key.name == *name);
    let wanted: Vec<_> = names.iter().map(|name| key(name).map(|index| index as u16)).collect();
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
        let context = Context { path: String::new(), clock: crate::time::Clock::utc(0), flush: true };
        let parsed = crate::parse(&Words, text, &context);
        let patch = enrich(&Obedient, text, &parsed.records).unwrap();
        assert!(patch.severity_number.is_empty() && patch.keys.is_empty() && patch.drop.is_empty());
        assert!(patch.set_record.is_empty() && patch.remove_record.is_empty() && patch.scratch.is_empty());
    }
}
