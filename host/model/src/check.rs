//! The border between what a component says and what the host uses.
//!
//! Invariant: a [`Checked`] can be read without a panic and without another
//! check. All columns of a group are equally long, every span lies in the text or
//! in the scratch bytes and starts and ends between characters, as do records, every key index
//! is in range, no record has a key twice. First lines are known of
//! all records or of none.

use crate::columns::{Key, MAX_KEY_BYTES, Records, Subject};
use crate::line::FirstLine;
use crate::severity::{MAX_SEVERITY, severity_text};

/// Why an answer was refused. The message names the column and the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it means")]
pub enum Invalid {
    #[error("column {column} has {len} entries where {expected} are due")]
    Length { column: &'static str, len: usize, expected: usize },
    #[error("column {column} does not ascend at entry {index}")]
    Order { column: &'static str, index: usize },
    #[error("column {column} points past its end at entry {index}")]
    Range { column: &'static str, index: usize },
    #[error("the {what} of entry {index}, {start}..{end}, lies outside of the text and the scratch bytes")]
    Span { what: &'static str, index: usize, start: u32, end: u32 },
    #[error("the {what} of entry {index}, {start}..{end}, begins or ends inside of a character")]
    Boundary { what: &'static str, index: usize, start: u32, end: u32 },
    #[error("record {index} begins at {at}, inside of a character")]
    Origin { index: usize, at: u32 },
    #[error("severity number {number} of record {index} is past 24")]
    Severity { index: usize, number: u8 },
    #[error("key {index} is empty, longer than 256 bytes, or there twice")]
    Key { index: usize },
    #[error("record {record} has key {name:?} twice")]
    KeyTwice { record: usize, name: String },
    #[error("the scratch bytes are not UTF-8")]
    Scratch,
    #[error("text and scratch bytes together are larger than 4 GiB")]
    TooLarge,
    #[error("the texts of its records have {bytes} bytes together, more than {max} for a text of that size")]
    Expands { bytes: u64, max: u64 },
    #[error("it consumed {consumed} of {len} bytes: {why}")]
    Consumed { consumed: u32, len: usize, why: &'static str },
}

/// What the spans of an answer may have together, besides four times its text: spans may overlap, so a small
/// answer could stand for any number of bytes, all of which are written when it is encoded.
const MAX_EXPANSION: u64 = 64 << 20;

/// Bounds what spans that are good stand for.
pub(crate) fn expansion<const N: usize>(text: &str, spans: [(&[u32], &[u32]); N]) -> Result<(), Invalid> {
    let sum = |(starts, ends): (&[u32], &[u32])| -> u64 {
        starts.iter().zip(ends).map(|(&start, &end)| u64::from(end.saturating_sub(start))).sum()
    };
    let (bytes, max) = (spans.into_iter().map(sum).sum(), MAX_EXPANSION + 4 * text.len() as u64);
    if bytes > max { Err(Invalid::Expands { bytes, max }) } else { Ok(()) }
}

/// Records that can be used, together with the text that they speak of.
#[derive(Debug, Clone)]
pub struct Checked<'t> {
    pub(crate) text: &'t str,
    pub(crate) columns: Records,
    pub(crate) first_lines: Vec<FirstLine>,
}

impl<'t> Checked<'t> {
    /// Believes `columns` about `text`, or says what is wrong with them.
    pub fn new(text: &'t str, columns: Records) -> Result<Self, Invalid> {
        let n = columns.origin.len();
        length("time-unix-nano", columns.time_unix_nano.len(), n)?;
        length("severity-number", columns.severity_number.len(), n)?;
        if !columns.severity_text_start.is_empty() || !columns.severity_text_end.is_empty() {
            length("severity-text-start", columns.severity_text_start.len(), n)?;
            length("severity-text-end", columns.severity_text_end.len(), n)?;
        }
        length("body-start", columns.body_start.len(), n)?;
        length("body-end", columns.body_end.len(), n)?;
        length("attributes-end", columns.attributes_end.len(), n)?;
        let attributes = columns.attribute_key.len();
        length("attribute-start", columns.attribute_start.len(), attributes)?;
        length("attribute-end", columns.attribute_end.len(), attributes)?;

        ascending("origin", &columns.origin, text.len())?;
        let inside = |&at: &u32| !text.is_char_boundary(at as usize);
        if let Some(index) = columns.origin.iter().position(inside) {
            return Err(Invalid::Origin { index, at: columns.origin[index] });
        }
        strictly_ascending("body-json", &columns.body_json, n)?;
        ascending("attributes-end", &columns.attributes_end, attributes + 1)?;
        if columns.attributes_end.last().map_or(0, |&end| end as usize) != attributes {
            return Err(Invalid::Length {
                column: "attribute-key",
                len: attributes,
                expected: columns.attributes_end.last().map_or(0, |&end| end as usize),
            });
        }
        if let Some(index) = columns.severity_number.iter().position(|&s| s > MAX_SEVERITY) {
            return Err(Invalid::Severity { index, number: columns.severity_number[index] });
        }
        let space = Space::new(text, &columns.scratch)?;
        space.spans("body", &columns.body_start, &columns.body_end)?;
        space.spans("severity text", &columns.severity_text_start, &columns.severity_text_end)?;
        space.spans("attribute", &columns.attribute_start, &columns.attribute_end)?;
        expansion(
            text,
            [
                (&columns.body_start, &columns.body_end),
                (&columns.severity_text_start, &columns.severity_text_end),
                (&columns.attribute_start, &columns.attribute_end),
            ],
        )?;
        keys(&columns.keys)?;
        key_use(&columns)?;
        Ok(Self { text, columns, first_lines: Vec::new() })
    }

    /// How many records there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.columns.origin.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.columns.origin.is_empty()
    }

    /// The text that the records were read from.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// Has the first line of each record found, by where in the text the record begins.
    pub fn locate(&mut self, mut first_line: impl FnMut(usize) -> FirstLine) {
        self.first_lines = self.columns.origin.iter().map(|&origin| first_line(origin as usize)).collect();
    }

    /// The first line of each record; none where nobody has looked for them.
    #[inline]
    pub fn first_lines(&self) -> &[FirstLine] {
        &self.first_lines
    }

    /// The columns, to read.
    #[inline]
    pub fn columns(&self) -> &Records {
        &self.columns
    }

    /// The columns, to send on to another component.
    pub fn into_columns(self) -> Records {
        self.columns
    }

    /// Takes the records from `at` on away, into one of its own.
    pub fn split_off(&mut self, at: usize) -> Self {
        let columns = &mut self.columns;
        let first = if at == 0 { 0 } else { columns.attributes_end[at - 1] };
        let texts_from = at.min(columns.severity_text_start.len());
        let json_from = columns.body_json.partition_point(|&record| (record as usize) < at);
        let mut second = Records {
            origin: columns.origin.split_off(at),
            time_unix_nano: columns.time_unix_nano.split_off(at),
            severity_number: columns.severity_number.split_off(at),
            severity_text_start: columns.severity_text_start.split_off(texts_from),
            severity_text_end: columns.severity_text_end.split_off(texts_from),
            body_start: columns.body_start.split_off(at),
            body_end: columns.body_end.split_off(at),
            body_json: columns.body_json.split_off(json_from),
            attributes_end: columns.attributes_end.split_off(at),
            attribute_key: columns.attribute_key.split_off(first as usize),
            attribute_start: columns.attribute_start.split_off(first as usize),
            attribute_end: columns.attribute_end.split_off(first as usize),
            keys: columns.keys.clone(),
            scratch: columns.scratch.clone(),
        };
        second.attributes_end.iter_mut().for_each(|end| *end -= first);
        second.body_json.iter_mut().for_each(|record| *record -= at as u32);
        let first_lines = self.first_lines.split_off(at.min(self.first_lines.len()));
        Self { text: self.text, columns: second, first_lines }
    }

    /// The attribute names in use.
    #[inline]
    pub fn keys(&self) -> &[Key] {
        &self.columns.keys
    }

    /// Whether attributes of sources may be among the attributes.
    pub fn describes_sources(&self) -> bool {
        self.columns.keys.iter().any(|key| key.subject == Subject::Source)
    }

    /// The body of record `i`: valid UTF-8, as bytes, because the encoder copies
    /// it and would only pay for a `str`.
    #[inline]
    pub fn body(&self, i: usize) -> &[u8] {
        self.bytes(self.columns.body_start[i], self.columns.body_end[i])
    }

    /// Whether the body of record `i` is JSON, not text.
    #[inline]
    pub fn body_is_json(&self, i: usize) -> bool {
        // Nearly always there is none.
        !self.columns.body_json.is_empty() && self.columns.body_json.binary_search(&(i as u32)).is_ok()
    }

    /// The text of record `i`'s severity: valid UTF-8, often empty.
    #[inline]
    pub fn severity_text(&self, i: usize) -> &[u8] {
        match (self.columns.severity_text_start.get(i), self.columns.severity_text_end.get(i)) {
            (Some(&start), Some(&end)) => self.bytes(start, end),
            _ => severity_text(self.columns.severity_number[i]).as_bytes(),
        }
    }

    /// The attributes of record `i`: index of the key, value (valid UTF-8).
    #[inline]
    pub fn attributes(&self, i: usize) -> impl Iterator<Item = (u16, &[u8])> {
        let first = if i == 0 { 0 } else { self.columns.attributes_end[i - 1] as usize };
        let range = first..self.columns.attributes_end[i] as usize;
        let columns = &self.columns;
        columns.attribute_key[range.clone()]
            .iter()
            .zip(&columns.attribute_start[range.clone()])
            .zip(&columns.attribute_end[range])
            .map(|((&key, &start), &end)| (key, self.bytes(start, end)))
    }

    #[inline]
    fn bytes(&self, start: u32, end: u32) -> &[u8] {
        let (start, end, len) = (start as usize, end as usize, self.text.len());
        if end <= len {
            &self.text.as_bytes()[start..end]
        } else {
            // An empty span may start anywhere; any other one starts past the text.
            self.columns.scratch.get(start.saturating_sub(len)..end - len).unwrap_or(&[])
        }
    }
}

/// The bytes that spans may point at: the text, then the scratch bytes.
pub(crate) struct Space<'a> {
    text: &'a str,
    scratch: &'a str,
}

impl<'a> Space<'a> {
    pub(crate) fn new(text: &'a str, scratch: &'a [u8]) -> Result<Self, Invalid> {
        let scratch = std::str::from_utf8(scratch).map_err(|_| Invalid::Scratch)?;
        match text.len().checked_add(scratch.len()) {
            Some(total) if u32::try_from(total).is_ok() => Ok(Self { text, scratch }),
            _ => Err(Invalid::TooLarge),
        }
    }

    pub(crate) fn spans(&self, what: &'static str, starts: &[u32], ends: &[u32]) -> Result<(), Invalid> {
        for (index, (&start, &end)) in starts.iter().zip(ends).enumerate() {
            self.span(start as usize, end as usize).map_err(|wrong| match wrong {
                Wrong::Outside => Invalid::Span { what, index, start, end },
                Wrong::Inside => Invalid::Boundary { what, index, start, end },
            })?;
        }
        Ok(())
    }

    fn span(&self, start: usize, end: usize) -> Result<(), Wrong> {
        let len = self.text.len();
        let (part, from, to) = if end <= len {
            (self.text, start, end)
        } else if start >= len {
            (self.scratch, start - len, end - len)
        } else {
            return Err(Wrong::Outside);
        };
        if from > to || to > part.len() {
            return Err(Wrong::Outside);
        }
        if !part.is_char_boundary(from) || !part.is_char_boundary(to) {
            return Err(Wrong::Inside);
        }
        Ok(())
    }
}

enum Wrong {
    Outside,
    Inside,
}

pub(crate) fn length(column: &'static str, len: usize, expected: usize) -> Result<(), Invalid> {
    if len == expected { Ok(()) } else { Err(Invalid::Length { column, len, expected }) }
}

/// Every entry is below `limit` and none is less than the one before it.
pub(crate) fn ascending(column: &'static str, entries: &[u32], limit: usize) -> Result<(), Invalid> {
    if let Some(index) = entries.windows(2).position(|pair| pair[0] > pair[1]) {
        return Err(Invalid::Order { column, index: index + 1 });
    }
    match entries.last() {
        Some(&last) if last as usize >= limit => Err(Invalid::Range {
            column,
            index: entries.iter().position(|&e| e as usize >= limit).unwrap_or(0),
        }),
        _ => Ok(()),
    }
}

/// As [`ascending`], and no entry is there twice.
pub(crate) fn strictly_ascending(column: &'static str, entries: &[u32], limit: usize) -> Result<(), Invalid> {
    ascending(column, entries, limit)?;
    match entries.windows(2).position(|pair| pair[0] == pair[1]) {
        Some(index) => Err(Invalid::Order { column, index: index + 1 }),
        None => Ok(()),
    }
}

pub(crate) fn keys(keys: &[Key]) -> Result<(), Invalid> {
    let mut seen = std::collections::HashSet::with_capacity(keys.len());
    for (index, key) in keys.iter().enumerate() {
        if key.name.is_empty() || key.name.len() > MAX_KEY_BYTES || !seen.insert(key) {
            return Err(Invalid::Key { index });
        }
    }
    Ok(())
}

/// Key indices are in range and no record has an attribute twice. `last_user`
/// holds, per attribute, the last record that had it: one pass, whatever the number
/// of keys.
fn key_use(columns: &Records) -> Result<(), Invalid> {
    let attribute_of = attributes(&columns.keys);
    let mut last_user = vec![usize::MAX; columns.keys.len()];
    let mut attribute = 0;
    for (record, &end) in columns.attributes_end.iter().enumerate() {
        for (index, &key) in columns.attribute_key[attribute..end as usize].iter().enumerate() {
            let Some(&which) = attribute_of.get(usize::from(key)) else {
                return Err(Invalid::Range { column: "attribute-key", index: attribute + index });
            };
            if std::mem::replace(&mut last_user[which], record) == record {
                return Err(Invalid::KeyTwice { record, name: columns.keys[usize::from(key)].name.clone() });
            }
        }
        attribute = end as usize;
    }
    Ok(())
}

/// For each key the first one that stands for the same attribute: keys of one name
/// may differ in kind.
pub(crate) fn attributes(keys: &[Key]) -> Vec<usize> {
    let mut first = std::collections::HashMap::with_capacity(keys.len());
    keys.iter()
        .enumerate()
        .map(|(index, key)| *first.entry((key.name.as_str(), key.subject)).or_insert(index))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use proptest::prelude::*;

    const TEXT: &str = "älpha beta\ngamma\n";

    fn one_record() -> Records {
        Records {
            origin: vec![0],
            time_unix_nano: vec![1],
            severity_number: vec![9],
            body_start: vec![0],
            body_end: vec![11],
            attributes_end: vec![2],
            attribute_key: vec![0, 1],
            attribute_start: vec![0, 18],
            attribute_end: vec![6, 21],
            keys: vec![key("first"), key("extra")],
            scratch: b"new".to_vec(),
            ..Records::default()
        }
    }

    fn key(name: &str) -> Key {
        Key::text(name)
    }

    fn refused(change: impl FnOnce(&mut Records)) -> Invalid {
        let mut records = one_record();
        change(&mut records);
        Checked::new(TEXT, records).unwrap_err()
    }

    #[test]
    fn good_columns_read_back() {
        let checked = Checked::new(TEXT, one_record()).unwrap();
        assert_eq!(checked.body(0), "älpha beta".as_bytes());
        let attributes: Vec<_> = checked.attributes(0).collect();
        assert_eq!(attributes, [(0, "älpha".as_bytes()), (1, b"new".as_slice())]);
        assert_eq!((checked.severity_text(0), checked.body_is_json(0)), (b"INFO".as_slice(), false));
    }

    #[test]
    fn a_name_may_describe_the_record_and_its_source() {
        let mut records = one_record();
        records.keys[1] = Key { subject: Subject::Source, ..key("first") };
        (records.severity_text_start, records.severity_text_end) = (vec![18], vec![21]);
        records.body_json = vec![0];
        let checked = Checked::new(TEXT, records).unwrap();
        assert_eq!((checked.severity_text(0), checked.body_is_json(0)), (b"new".as_slice(), true));
    }

    #[test]
    fn every_lie_is_named() {
        assert!(matches!(
            refused(|r| r.severity_number.push(1)),
            Invalid::Length { column: "severity-number", .. }
        ));
        assert!(matches!(
            refused(|r| r.attribute_end.clear()),
            Invalid::Length { column: "attribute-end", .. }
        ));
        assert!(matches!(
            refused(|r| r.attributes_end[0] = 1),
            Invalid::Length { column: "attribute-key", .. }
        ));
        assert!(matches!(
            refused(|r| r.attributes_end[0] = 3),
            Invalid::Range { column: "attributes-end", .. }
        ));
        assert!(matches!(refused(|r| r.origin[0] = 18), Invalid::Range { column: "origin", .. }));
        assert!(matches!(refused(|r| r.body_end[0] = 22), Invalid::Span { .. }));
        assert!(matches!(refused(|r| r.body_start[0] = 12), Invalid::Span { .. }));
        assert!(matches!(refused(|r| r.attribute_start[1] = 17), Invalid::Span { .. }));
        assert!(matches!(refused(|r| r.body_start[0] = 1), Invalid::Boundary { what: "body", .. }));
        assert!(matches!(refused(|r| r.severity_number[0] = 25), Invalid::Severity { .. }));
        assert!(matches!(
            refused(|r| r.severity_text_start.push(0)),
            Invalid::Length { column: "severity-text-end", .. }
        ));
        let text = |r: &mut Records| (r.severity_text_start, r.severity_text_end) = (vec![1], vec![2]);
        assert!(matches!(refused(text), Invalid::Boundary { what: "severity text", .. }));
        assert!(matches!(refused(|r| r.body_json = vec![1]), Invalid::Range { column: "body-json", .. }));
        assert!(matches!(refused(|r| r.body_json = vec![0, 0]), Invalid::Order { column: "body-json", .. }));
        assert!(matches!(
            refused(|r| r.attribute_key[1] = 2),
            Invalid::Range { column: "attribute-key", .. }
        ));
        assert!(matches!(refused(|r| r.attribute_key[1] = 0), Invalid::KeyTwice { record: 0, .. }));
        assert!(matches!(refused(|r| r.keys[1].name = "first".into()), Invalid::Key { index: 1 }));
        let other_kind = |r: &mut Records| r.keys[1] = Key { kind: Kind::Json, ..r.keys[0].clone() };
        assert!(matches!(refused(other_kind), Invalid::KeyTwice { record: 0, .. }));
        assert!(matches!(refused(|r| r.keys[0].name.clear()), Invalid::Key { index: 0 }));
        assert!(matches!(refused(|r| r.keys[0].name = "k".repeat(257)), Invalid::Key { index: 0 }));
        assert!(matches!(refused(|r| r.scratch = vec![0xff; 3]), Invalid::Scratch));
    }

    #[test]
    fn records_in_the_wrong_order_are_refused() {
        let mut records = one_record();
        records.origin = vec![5, 0];
        for column in [&mut records.body_start, &mut records.body_end] {
            column.push(0);
        }
        records.time_unix_nano.push(0);
        records.severity_number.push(0);
        records.attributes_end.push(2);
        assert_eq!(Checked::new(TEXT, records).unwrap_err(), Invalid::Order { column: "origin", index: 1 });
    }

    /// Numbers that are near the edges more often than chance has it.
    fn number() -> impl Strategy<Value = u32> {
        prop_oneof![0u32..40, Just(u32::MAX), any::<u32>()]
    }

    fn column<T: std::fmt::Debug>(entry: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
        prop::collection::vec(entry, 0..4)
    }

    prop_compose! {
        fn arbitrary_records()(
            origin in column(number()), time_unix_nano in column(any::<u64>()),
            severity_number in column(0u8..30), body_start in column(number()), body_end in column(number()),
            attributes_end in column(0u32..5), attribute_key in column(0u16..4),
            attribute_start in column(number()), attribute_end in column(number()),
            names in column(("[a-c]{0,2}", any::<bool>(), any::<bool>())), scratch in column(any::<u8>()),
            texts_and_json in (column(number()), column(number()), column(0u32..5)),
        ) -> Records {
            let (severity_text_start, severity_text_end, body_json) = texts_and_json;
            let keys = names.iter().map(|(name, json, source)| Key {
                name: name.clone(),
                kind: if *json { Kind::Json } else { Kind::Text },
                subject: if *source { Subject::Source } else { Subject::Entry },
            }).collect();
            Records { origin, time_unix_nano, severity_number, severity_text_start, severity_text_end,
                body_start, body_end, body_json, attributes_end, attribute_key, attribute_start,
                attribute_end, keys, scratch }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn arbitrary_columns_never_panic(text in "\\PC{0,12}", records in arbitrary_records()) {
            if let Ok(checked) = Checked::new(&text, records) {
                for i in 0..checked.len() {
                    prop_assert!(std::str::from_utf8(checked.body(i)).is_ok());
                    for (key, value) in checked.attributes(i) {
                        prop_assert!(usize::from(key) < checked.keys().len());
                        prop_assert!(std::str::from_utf8(value).is_ok());
                    }
                }
            }
        }
    }
}
