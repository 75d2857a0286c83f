//! A component's logic in native tests, without a sandbox: runs a [`Parser`], checks
//! its answer the way the host does, and turns columns into records to compare.

use crate::bindings::lifecycle::skidway::processor::types::Records;
use crate::time::Clock;
use crate::{ChunkParser, Context, Enricher, Kind, Parsed, Parser};

/// One record, to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The record's text.
    pub body: String,
    /// Nanoseconds since 1970-01-01T00:00:00Z, 0 when unknown.
    pub time_unix_nano: u64,
    /// OpenTelemetry severity number, 0 when unspecified.
    pub severity: u8,
    /// Its text.
    pub severity_text: String,
    /// Names and values, in the order in which they were set.
    pub attributes: Vec<(String, String)>,
    /// What kinds these values are to be delivered as.
    pub kinds: Vec<Kind>,
    /// Whether the parser knew the line.
    pub recognised: bool,
}

impl Entry {
    /// The value of an attribute.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The kind of an attribute.
    pub fn kind(&self, name: &str) -> Option<Kind> {
        self.attributes.iter().position(|(key, _)| key == name).map(|at| self.kinds[at])
    }

    /// All attributes, to compare with literals.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// 2026-11-22T12:00:00Z, what [`parse`] takes for the file's last change.
pub const REFERENCE_UNIX_NANO: u64 = 1_795_348_800_000_000_000;

/// Parses a whole text in UTC at [`REFERENCE_UNIX_NANO`]; see [`parse_at`].
///
/// # Panics
/// As [`parse_at`].
pub fn parse<P: Parser>(parser: &P, text: &str) -> Vec<Entry> {
    parse_at(parser, text, &Clock::utc(REFERENCE_UNIX_NANO))
}

/// Parses a text that is one entry; see [`parse`].
///
/// # Panics
/// As [`parse_at`], and where it is not one entry.
pub fn parse_one<P: Parser>(parser: &P, text: &str) -> Entry {
    let mut entries = parse(parser, text);
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}

/// Parses a whole text in one go, line by line, and cut into pieces in many ways,
/// as a file that is still being written is.
///
/// # Panics
/// Where the host would refuse an answer, and where the way the text is cut makes
/// a difference.
pub fn parse_at<P: Parser>(parser: &P, text: &str, clock: &Clock) -> Vec<Entry> {
    in_pieces(text, clock, &|piece, context| {
        let parsed = crate::parse(parser, piece.as_bytes(), context);
        check(piece, &parsed, context.flush).map(|()| parsed)
    })
}

/// As [`parse`], for a parser that sees whole texts: whether all lines are in bodies is
/// its own affair.
///
/// # Panics
/// As [`parse_at`], and where the parser refuses the text.
pub fn parse_chunks<P: ChunkParser>(parser: &P, text: &str) -> Vec<Entry> {
    in_pieces(text, &Clock::utc(REFERENCE_UNIX_NANO), &|piece, context| {
        let parsed = parser.parse(piece.as_bytes(), context)?;
        numbers(piece, &parsed, context.flush).map(|()| parsed)
    })
}

/// What is to be tested: an answer that the host would accept, or why it would not.
type Answer<'p> = &'p dyn Fn(&str, &Context) -> Result<Parsed, String>;

fn in_pieces(text: &str, clock: &Clock, parser: Answer<'_>) -> Vec<Entry> {
    let whole = pieces(parser, text, clock, &mut |_| false);
    assert_eq!(
        whole,
        pieces(parser, text, clock, &mut |_| true),
        "line by line it is not the same: {text:?}"
    );
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for rarity in [2, 3, 5, 11] {
        for _ in 0..8 {
            let mut cut = |_| {
                random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                (random >> 33).is_multiple_of(rarity)
            };
            assert_eq!(
                whole,
                pieces(parser, text, clock, &mut cut),
                "in pieces it is not the same: {text:?}"
            );
        }
    }
    whole.0
}

/// The records and the number of skipped lines of a text that arrives up to each
/// line end that `cut` says yes to.
fn pieces(
    parser: Answer<'_>,
    text: &str,
    clock: &Clock,
    cut: &mut dyn FnMut(usize) -> bool,
) -> (Vec<Entry>, u32) {
    let mut entries = Vec::new();
    let mut skipped = 0;
    let mut start = 0;
    let line_ends = text.match_indices('\n').map(|(at, _)| at + 1).filter(|&end| end < text.len());
    let ends: Vec<_> = line_ends.filter(|&end| cut(end)).chain([text.len()]).collect();
    for end in ends {
        let context = Context::new("test.log", clock.clone(), end == text.len());
        let piece = &text[start..end];
        let parsed = match parser(piece, &context) {
            Ok(parsed) => parsed,
            Err(wrong) => panic!("the host would refuse this: {wrong}: {piece:?}"),
        };
        start += parsed.consumed as usize;
        skipped += parsed.skipped_lines;
        entries.extend(read(piece, &parsed));
    }
    (entries, skipped)
}

/// Parses a whole text in UTC and applies an enricher to its records: severities,
/// attributes set and removed, records dropped.
///
/// # Panics
/// Where the host would refuse the parser's answer, or the enricher's.
pub fn parse_and_enrich<P: Parser, E: Enricher>(parser: &P, enricher: &E, text: &str) -> Vec<Entry> {
    let clock = Clock::utc(REFERENCE_UNIX_NANO);
    let parsed = crate::parse(parser, text.as_bytes(), &Context::new("test.log", clock, true));
    if let Err(wrong) = check(text, &parsed, true) {
        panic!("the host would refuse this: {wrong}: {text:?}: {parsed:?}");
    }
    let records = &parsed.records;
    let patch = crate::enrich(enricher, text.as_bytes(), records).expect("the enricher refused");
    let mut entries = read(text, &parsed);

    assert!([0, entries.len()].contains(&patch.severity_number.len()), "one severity per record");
    for (entry, &severity) in entries.iter_mut().zip(&patch.severity_number) {
        assert!(severity <= 24 || severity == 255, "severity {severity}");
        if severity != 255 {
            entry.severity = severity;
            entry.severity_text = crate::severity_name(severity).to_owned();
        }
    }
    for (&record, &key) in patch.remove_record.iter().zip(&patch.remove_key) {
        let name = &patch.keys[usize::from(key)].name;
        entries[record as usize].attributes.retain(|(known, _)| known != name);
    }
    let old: Vec<u8> = [text.as_bytes(), &records.scratch].concat();
    let old = String::from_utf8(old).expect("checked");
    let new = String::from_utf8(patch.scratch.clone()).expect("scratch must be UTF-8");
    assert!(patch.set_record.is_sorted() && patch.remove_record.is_sorted(), "records must ascend");
    for (at, &record) in patch.set_record.iter().enumerate() {
        let name = &patch.keys[usize::from(patch.set_key[at])].name;
        let value = span(&old, &new, patch.set_start[at], patch.set_end[at]).expect("a span");
        let attributes = &mut entries[record as usize].attributes;
        attributes.retain(|(known, _)| known != name);
        attributes.push((name.clone(), value.to_owned()));
    }
    for (record, &start) in patch.severity_text_start.iter().enumerate() {
        if patch.severity_number[record] != 255 {
            let text = span(&old, &new, start, patch.severity_text_end[record]).expect("a span");
            entries[record].severity_text = text.to_owned();
        }
    }
    for &record in patch.drop.iter().rev() {
        entries.remove(record as usize);
    }
    entries
}

/// Whether the host would accept an answer about `text`: `wit/v0.1.0` says what it
/// must be like. `flush` is what the parser was told.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(text: &str, parsed: &Parsed, flush: bool) -> Result<(), String> {
    numbers(text, parsed, flush)?;
    lines(&text[..parsed.consumed as usize], parsed)
}

/// As [`check`], wherever the bodies are.
fn numbers(text: &str, parsed: &Parsed, flush: bool) -> Result<(), String> {
    let records = &parsed.records;
    lengths(records)?;
    spans(text, records)?;
    keys(records)?;
    let consumed = parsed.consumed as usize;
    let at_line_end = consumed == 0 || text.as_bytes().get(consumed - 1) == Some(&b'\n');
    if !(if flush { consumed == text.len() } else { at_line_end }) {
        return Err(format!("consumed {consumed} of {}", text.len()));
    }
    ascending("origin", records.origin.iter().map(|&o| o as usize), consumed)?;
    ascending("unrecognised", parsed.unrecognised.iter().map(|&u| u as usize), records.origin.len())?;
    if records.severity_number.iter().any(|&severity| severity > 24) {
        return Err("severity past 24".into());
    }
    Ok(())
}

fn lengths(records: &Records) -> Result<(), String> {
    let n = records.origin.len();
    let per_record = [
        records.time_unix_nano.len(),
        records.severity_number.len(),
        records.body_start.len(),
        records.body_end.len(),
        records.attributes_end.len(),
    ];
    let attributes = records.attribute_key.len();
    let per_attribute = [records.attribute_start.len(), records.attribute_end.len()];
    if per_record.iter().any(|&len| len != n) || per_attribute.iter().any(|&len| len != attributes) {
        return Err("columns of different lengths".into());
    }
    let last = records.attributes_end.last().map_or(0, |&end| end as usize);
    if last != attributes {
        return Err(format!("{attributes} attributes, the last attributes-end is {last}"));
    }
    ascending("attributes-end", records.attributes_end.iter().map(|&e| e as usize), attributes + 1)
}

fn spans(text: &str, records: &Records) -> Result<(), String> {
    let scratch = std::str::from_utf8(&records.scratch).map_err(|_| "scratch is not UTF-8")?;
    let bodies = records.body_start.iter().zip(&records.body_end);
    let attributes = records.attribute_start.iter().zip(&records.attribute_end);
    for (&start, &end) in bodies.chain(attributes) {
        if span(text, scratch, start, end).is_none() {
            return Err(format!("{start}..{end} is no span"));
        }
    }
    Ok(())
}

fn span<'t>(text: &'t str, scratch: &'t str, start: u32, end: u32) -> Option<&'t str> {
    let (start, end) = (start as usize, end as usize);
    if end <= text.len() {
        text.get(start..end)
    } else {
        scratch.get(start.checked_sub(text.len())?..end - text.len())
    }
}

fn keys(records: &Records) -> Result<(), String> {
    for (index, key) in records.keys.iter().enumerate() {
        let again = records.keys[..index]
            .iter()
            .any(|other| (&other.name, other.kind, other.subject) == (&key.name, key.kind, key.subject));
        if again || key.name.is_empty() || key.name.len() > 256 {
            return Err(format!("key {:?} is empty, too long or there twice", key.name));
        }
    }
    let mut first = 0;
    for &end in &records.attributes_end {
        let own = &records.attribute_key[first..end as usize];
        for (index, &key) in own.iter().enumerate() {
            let Some(this) = records.keys.get(usize::from(key)) else {
                return Err(format!("key {key} is out of range"));
            };
            let same = |&other: &u16| {
                let other = &records.keys[usize::from(other)];
                (&other.name, other.subject) == (&this.name, this.subject)
            };
            if own[..index].iter().any(same) {
                return Err(format!("key {:?} is there twice in a record", this.name));
            }
        }
        first = end as usize;
    }
    Ok(())
}

fn ascending(what: &str, entries: impl Iterator<Item = usize>, limit: usize) -> Result<(), String> {
    let mut least = 0;
    for entry in entries {
        if entry < least || entry >= limit {
            return Err(format!("{what} does not ascend below {limit}: {entry} after {least}"));
        }
        least = entry;
    }
    Ok(())
}

/// Every line that is not skipped is in a record's body.
fn lines(consumed: &str, parsed: &Parsed) -> Result<(), String> {
    let records = &parsed.records;
    let bodies: Vec<_> = records.body_start.iter().zip(&records.body_end).collect();
    let mut skipped = 0;
    let mut start = 0;
    for line in consumed.split_inclusive('\n') {
        let trimmed = line.trim_matches([' ', '\t', '\r', '\n']);
        let from = start + (line.len() - line.trim_start_matches([' ', '\t', '\r', '\n']).len());
        let to = from + trimmed.len();
        let inside = |&(&s, &e): &(&u32, &u32)| s as usize <= from && to <= e as usize;
        if trimmed.is_empty() || !bodies.iter().any(inside) {
            skipped += 1;
        }
        start += line.len();
    }
    if skipped != parsed.skipped_lines {
        return Err(format!("{skipped} lines are in no body, {} were skipped", parsed.skipped_lines));
    }
    Ok(())
}

/// The records of an answer that [`check`] accepts.
fn read(text: &str, parsed: &Parsed) -> Vec<Entry> {
    let records = &parsed.records;
    let scratch = std::str::from_utf8(&records.scratch).unwrap_or_default();
    let text = |start, end| span(text, scratch, start, end).unwrap_or_default().to_owned();
    let mut first = 0;
    (0..records.origin.len())
        .map(|index| {
            let own = first..records.attributes_end[index] as usize;
            first = own.end;
            let attribute = |at: usize| {
                let name = &records.keys[usize::from(records.attribute_key[at])].name;
                (name.clone(), text(records.attribute_start[at], records.attribute_end[at]))
            };
            Entry {
                body: text(records.body_start[index], records.body_end[index]),
                time_unix_nano: records.time_unix_nano[index],
                severity: records.severity_number[index],
                severity_text: match records.severity_text_start.get(index) {
                    Some(&start) => text(start, records.severity_text_end[index]),
                    None => crate::severity_name(records.severity_number[index]).to_owned(),
                },
                kinds: records.attribute_key[own.clone()]
                    .iter()
                    .map(|&key| records.keys[usize::from(key)].kind)
                    .collect(),
                attributes: own.map(attribute).collect(),
                recognised: parsed.unrecognised.binary_search(&(index as u32)).is_err(),
            }
        })
        .collect()
}
