//! Merging an enricher's answer into records.

use crate::check::{Checked, Invalid, Space, ascending, expansion, keys, length, strictly_ascending};
use crate::columns::{Patch, Records, SEVERITY_UNCHANGED};
use crate::severity::{MAX_SEVERITY, severity_text};

impl Checked<'_> {
    /// Applies an enricher's answer and tells how many records it dropped. The
    /// records are as they were where the answer is refused.
    pub fn apply(&mut self, patch: Patch) -> Result<usize, Invalid> {
        self.check(&patch)?;
        self.columns.scratch.extend_from_slice(&patch.scratch);
        self.set_severities(&patch);
        self.set_bodies(&patch);
        if patch.set_record.is_empty() && patch.remove_record.is_empty() && patch.drop.is_empty() {
            return Ok(0);
        }
        let keys = self.adopt_keys(&patch);
        self.columns = rebuild(std::mem::take(&mut self.columns), &patch, &keys);
        if !self.first_lines.is_empty() {
            let (mut drop, mut record) = (0, 0);
            self.first_lines.retain(|_| {
                record += 1;
                advance(&patch.drop, &mut drop, record - 1).is_empty()
            });
        }
        Ok(patch.drop.len())
    }

    fn set_severities(&mut self, patch: &Patch) {
        let own_texts = !patch.severity_text_start.is_empty();
        if own_texts && self.columns.severity_text_start.is_empty() {
            self.spell_severities();
        }
        let columns = &mut self.columns;
        for (record, &new) in patch.severity_number.iter().enumerate() {
            if new == SEVERITY_UNCHANGED {
                continue;
            }
            columns.severity_number[record] = new;
            if own_texts {
                columns.severity_text_start[record] = patch.severity_text_start[record];
                columns.severity_text_end[record] = patch.severity_text_end[record];
            } else if !columns.severity_text_start.is_empty() {
                let (start, end) = spell(self.text, &mut columns.scratch, new);
                columns.severity_text_start[record] = start;
                columns.severity_text_end[record] = end;
            }
        }
    }

    /// Gives every record the text that its severity number stands for.
    fn spell_severities(&mut self) {
        let columns = &mut self.columns;
        let mut spelled = [None; MAX_SEVERITY as usize + 1];
        for &number in &columns.severity_number {
            let (start, end) = *spelled[usize::from(number)]
                .get_or_insert_with(|| spell(self.text, &mut columns.scratch, number));
            columns.severity_text_start.push(start);
            columns.severity_text_end.push(end);
        }
    }

    fn set_bodies(&mut self, patch: &Patch) {
        let columns = &mut self.columns;
        for (i, &record) in patch.body_record.iter().enumerate() {
            columns.body_start[record as usize] = patch.body_start[i];
            columns.body_end[record as usize] = patch.body_end[i];
        }
        if !columns.body_json.is_empty() {
            columns.body_json.retain(|record| patch.body_record.binary_search(record).is_err());
        }
    }

    fn check(&self, patch: &Patch) -> Result<(), Invalid> {
        let n = self.len();
        if !patch.severity_text_start.is_empty() || !patch.severity_text_end.is_empty() {
            length("severity-number", patch.severity_number.len(), n)?;
            length("severity-text-start", patch.severity_text_start.len(), n)?;
            length("severity-text-end", patch.severity_text_end.len(), n)?;
        }
        length("body-start", patch.body_start.len(), patch.body_record.len())?;
        length("body-end", patch.body_end.len(), patch.body_record.len())?;
        strictly_ascending("body-record", &patch.body_record, n)?;
        length("set-key", patch.set_key.len(), patch.set_record.len())?;
        length("set-start", patch.set_start.len(), patch.set_record.len())?;
        length("set-end", patch.set_end.len(), patch.set_record.len())?;
        length("remove-key", patch.remove_key.len(), patch.remove_record.len())?;
        if !patch.severity_number.is_empty() {
            length("severity-number", patch.severity_number.len(), n)?;
        }
        ascending("set-record", &patch.set_record, n)?;
        ascending("remove-record", &patch.remove_record, n)?;
        strictly_ascending("drop", &patch.drop, n)?;
        for (column, indices) in [("set-key", &patch.set_key), ("remove-key", &patch.remove_key)] {
            if let Some(index) = indices.iter().position(|&key| usize::from(key) >= patch.keys.len()) {
                return Err(Invalid::Range { column, index });
            }
        }
        let severity = |&s: &u8| s > MAX_SEVERITY && s != SEVERITY_UNCHANGED;
        if let Some(index) = patch.severity_number.iter().position(severity) {
            return Err(Invalid::Severity { index, number: patch.severity_number[index] });
        }
        keys(&patch.keys)?;
        if self.columns.keys.len() + patch.keys.len() > usize::from(u16::MAX) {
            return Err(Invalid::Key { index: patch.keys.len() });
        }
        expansion(
            self.text,
            [
                (&patch.set_start, &patch.set_end),
                (&patch.body_start, &patch.body_end),
                (&patch.severity_text_start, &patch.severity_text_end),
            ],
        )?;
        self.check_spans("set", &patch.scratch, &patch.set_start, &patch.set_end)?;
        self.check_spans("body", &patch.scratch, &patch.body_start, &patch.body_end)?;
        self.check_spans(
            "severity text",
            &patch.scratch,
            &patch.severity_text_start,
            &patch.severity_text_end,
        )
    }

    /// Spans of a patch lie in the text, in the old scratch bytes, or in the
    /// patch's: each part is checked alone, for a span may not go from one into
    /// another.
    fn check_spans(
        &self,
        what: &'static str,
        scratch: &[u8],
        starts: &[u32],
        ends: &[u32],
    ) -> Result<(), Invalid> {
        let before = self.text.len() + self.columns.scratch.len();
        // Texts of severities may be added to the patch's bytes.
        let after = before + scratch.len() + SPELLED_BYTES;
        if u32::try_from(after).is_err() {
            return Err(Invalid::TooLarge);
        }
        let old = Space::new(self.text, &self.columns.scratch)?;
        let new = Space::new("", scratch)?;
        for (index, (&start, &end)) in starts.iter().zip(ends).enumerate() {
            if end as usize <= before {
                old.spans(what, &[start], &[end])?;
            } else if start as usize >= before {
                let base = before as u32;
                new.spans(what, &[start - base], &[end - base])?;
            } else {
                return Err(Invalid::Span { what, index, start, end });
            }
        }
        Ok(())
    }

    /// The patch's keys as indices into the records' own, which grow as needed.
    fn adopt_keys(&mut self, patch: &Patch) -> Vec<u16> {
        let own = &mut self.columns.keys;
        let place = |key: &crate::Key| {
            let index = own.iter().position(|known| known == key).unwrap_or_else(|| {
                own.push(key.clone());
                own.len() - 1
            });
            index as u16
        };
        patch.keys.iter().map(place).collect()
    }
}

/// More than all texts of severities take, should each be spelled once a record.
const SPELLED_BYTES: usize = 16 << 20;

/// Adds the short name of a severity to the scratch bytes.
fn spell(text: &str, scratch: &mut Vec<u8>, number: u8) -> (u32, u32) {
    let start = text.len() + scratch.len();
    scratch.extend_from_slice(severity_text(number).as_bytes());
    (start as u32, (text.len() + scratch.len()) as u32)
}

/// The records with `patch` applied, `keys` being its keys' indices in `records.keys`. Columns
/// that stay as they are are not copied.
fn rebuild(mut records: Records, patch: &Patch, keys: &[u16]) -> Records {
    let attributes = records.attribute_key.len() + patch.set_key.len();
    let (mut ends, mut key_column) =
        (Vec::with_capacity(records.origin.len()), Vec::with_capacity(attributes));
    let (mut start_column, mut end_column) = (Vec::with_capacity(attributes), Vec::with_capacity(attributes));
    let (mut set, mut remove, mut drop) = (0, 0, 0);
    let attribute_of = crate::check::attributes(&records.keys);
    let same = |a: u16, b: u16| attribute_of[usize::from(a)] == attribute_of[usize::from(b)];
    let mut first = 0;
    for (record, &end) in records.attributes_end.iter().enumerate() {
        let number = record as u32;
        let sets = advance(&patch.set_record, &mut set, number);
        let removes = advance(&patch.remove_record, &mut remove, number);
        let dropped = !advance(&patch.drop, &mut drop, number).is_empty();
        let own = first..end as usize;
        first = own.end;
        if dropped {
            continue;
        }
        let replaced = |key: u16| {
            patch.set_key[sets.clone()].iter().any(|&k| same(keys[usize::from(k)], key))
                || patch.remove_key[removes.clone()].iter().any(|&k| same(keys[usize::from(k)], key))
        };
        for i in own.filter(|&i| !replaced(records.attribute_key[i])) {
            key_column.push(records.attribute_key[i]);
            start_column.push(records.attribute_start[i]);
            end_column.push(records.attribute_end[i]);
        }
        for i in sets.clone() {
            // Set twice: the last one holds.
            let key = keys[usize::from(patch.set_key[i])];
            if patch.set_key[i + 1..sets.end].iter().any(|&k| same(keys[usize::from(k)], key)) {
                continue;
            }
            key_column.push(key);
            start_column.push(patch.set_start[i]);
            end_column.push(patch.set_end[i]);
        }
        ends.push(key_column.len() as u32);
    }
    records.attributes_end = ends;
    records.attribute_key = key_column;
    records.attribute_start = start_column;
    records.attribute_end = end_column;
    if !patch.drop.is_empty() {
        drop_records(&mut records, &patch.drop);
    }
    records
}

/// Takes records out of all columns but those of attributes.
fn drop_records(records: &mut Records, drop: &[u32]) {
    let is_kept = |record: u32| drop.binary_search(&record).is_err();
    keep(&mut records.origin, is_kept);
    keep(&mut records.time_unix_nano, is_kept);
    keep(&mut records.severity_number, is_kept);
    keep(&mut records.severity_text_start, is_kept);
    keep(&mut records.severity_text_end, is_kept);
    keep(&mut records.body_start, is_kept);
    keep(&mut records.body_end, is_kept);
    records.body_json.retain(|&record| is_kept(record));
    for record in &mut records.body_json {
        *record -= drop.partition_point(|dropped| dropped < record) as u32;
    }
}

fn keep<T>(column: &mut Vec<T>, is_kept: impl Fn(u32) -> bool) {
    let mut record = 0;
    column.retain(|_| {
        record += 1;
        is_kept(record - 1)
    });
}

/// The entries of an ascending column that name `record`, moving `next` past them.
fn advance(column: &[u32], next: &mut usize, record: u32) -> std::ops::Range<usize> {
    let start = *next;
    *next += column[start..].iter().take_while(|&&r| r == record).count();
    start..*next
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FirstLine, Key, Kind, Subject};
    use proptest::prelude::*;

    const TEXT: &str = "one\ntwo\nthree\n";

    fn key(name: &str) -> Key {
        Key::text(name)
    }

    /// Three records, their line as body and as attribute `line`.
    fn three() -> Checked<'static> {
        let (starts, ends) = (vec![0, 4, 8], vec![3, 7, 13]);
        let records = Records {
            origin: starts.clone(),
            time_unix_nano: vec![1, 2, 3],
            severity_number: vec![0, 9, 0],
            body_start: starts.clone(),
            body_end: ends.clone(),
            attributes_end: vec![1, 2, 3],
            attribute_key: vec![0, 0, 0],
            attribute_start: starts,
            attribute_end: ends,
            keys: vec![key("line")],
            scratch: b"old".to_vec(),
            ..Records::default()
        };
        Checked::new(TEXT, records).unwrap()
    }

    fn attributes(records: &Checked<'_>, i: usize) -> Vec<(String, String)> {
        let name = |k: u16| records.keys()[usize::from(k)].name.clone();
        records.attributes(i).map(|(k, v)| (name(k), String::from_utf8_lossy(v).into_owned())).collect()
    }

    #[test]
    fn sets_replaces_removes_and_drops() {
        let mut records = three();
        let patch = Patch {
            set_record: vec![0, 0, 2],
            set_key: vec![0, 1, 1],
            set_start: vec![14, 17, 8],
            set_end: vec![17, 20, 13],
            remove_record: vec![2],
            remove_key: vec![0],
            keys: vec![key("line"), key("extra")],
            severity_number: vec![17, SEVERITY_UNCHANGED, 0],
            drop: vec![1],
            scratch: b"new".to_vec(),
            ..Patch::default()
        };
        assert_eq!(records.apply(patch), Ok(1));
        assert_eq!(records.len(), 2);
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(attributes(&records, 0), [pair("line", "old"), pair("extra", "new")]);
        assert_eq!(attributes(&records, 1), [pair("extra", "three")]);
        assert_eq!(records.columns().severity_number, [17, 0]);
    }

    #[test]
    fn a_name_is_replaced_whatever_its_kind_but_not_of_another_subject() {
        let mut records = three();
        let json = Key { kind: Kind::Json, ..key("line") };
        let source = Key { subject: Subject::Source, ..key("line") };
        let patch = Patch {
            set_record: vec![0, 1],
            set_key: vec![0, 1],
            set_start: vec![14, 14],
            set_end: vec![17, 17],
            keys: vec![json.clone(), source.clone()],
            ..Patch::default()
        };
        assert_eq!(records.apply(patch), Ok(0));
        let keys =
            |i| records.attributes(i).map(|(k, _)| &records.keys()[usize::from(k)]).collect::<Vec<_>>();
        assert_eq!(keys(0), [&json]);
        assert_eq!(keys(1), [&key("line"), &source]);
    }

    #[test]
    fn bodies_and_texts_of_severities_change() {
        let mut records = three();
        records.columns.body_json = vec![0, 1];
        let patch = Patch {
            body_record: vec![1],
            body_start: vec![17],
            body_end: vec![20],
            severity_number: vec![SEVERITY_UNCHANGED, 9, 17],
            severity_text_start: vec![0, 17, 17],
            severity_text_end: vec![0, 20, 20],
            drop: vec![0],
            scratch: b"new".to_vec(),
            ..Patch::default()
        };
        assert_eq!(records.apply(patch), Ok(1));
        assert_eq!((records.body(0), records.body_is_json(0)), (b"new".as_slice(), false));
        assert_eq!([records.severity_text(0), records.severity_text(1)], [b"new", b"new"]);
        let again = Patch { severity_number: vec![SEVERITY_UNCHANGED, 13], ..Patch::default() };
        assert_eq!(records.apply(again), Ok(0));
        assert_eq!([records.severity_text(0), records.severity_text(1)], [b"new".as_slice(), b"WARN"]);
        assert!(Checked::new(TEXT, records.into_columns()).is_ok());
    }

    #[test]
    fn split_halves_hold_together() {
        for at in 0..=3 {
            let mut first = three();
            let second = first.split_off(at);
            assert_eq!((first.len(), second.len()), (at, 3 - at));
            let halves = [&first, &second]
                .map(|half| (0..half.len()).map(|i| attributes(half, i)).collect::<Vec<_>>());
            assert_eq!(halves.concat(), (0..3).map(|i| attributes(&three(), i)).collect::<Vec<_>>());
            assert!(Checked::new(TEXT, first.into_columns()).is_ok());
            assert!(Checked::new(TEXT, second.into_columns()).is_ok());
        }
    }

    #[test]
    fn first_lines_stay_with_their_records() {
        let of = |records: &Checked<'_>| -> Vec<(u64, u32)> {
            records.first_lines().iter().map(|line| (line.offset, line.nth)).collect()
        };
        let mut records = three();
        assert_eq!(of(&records), [], "nobody has looked");
        records.locate(|origin| FirstLine { offset: 100 + origin as u64, hash: 1, nth: origin as u32 });
        assert_eq!(records.apply(Patch { drop: vec![1], ..Patch::default() }), Ok(1));
        assert_eq!(of(&records), [(100, 0), (108, 8)]);
        let body = Patch { body_record: vec![0], body_start: vec![0], body_end: vec![1], ..Patch::default() };
        assert_eq!(records.apply(body), Ok(0));
        let second = records.split_off(1);
        assert_eq!((of(&records), of(&second)), (vec![(100, 0)], vec![(108, 8)]));
    }

    #[test]
    fn spans_that_overlap_stand_for_a_bounded_number_of_bytes() {
        let text = "a".repeat(1 << 20);
        let n = 100;
        let records = |end: u32| Records {
            origin: vec![0; n],
            time_unix_nano: vec![0; n],
            severity_number: vec![0; n],
            body_start: vec![0; n],
            body_end: vec![end; n],
            attributes_end: vec![0; n],
            ..Records::default()
        };
        assert!(matches!(Checked::new(&text, records(1 << 20)), Err(Invalid::Expands { .. })));
        let mut good = Checked::new(&text, records(1 << 10)).unwrap();
        let patch = Patch {
            body_record: (0..n as u32).collect(),
            body_start: vec![0; n],
            body_end: vec![1 << 20; n],
            ..Patch::default()
        };
        assert!(matches!(good.apply(patch), Err(Invalid::Expands { .. })));
        assert_eq!(good.body(0).len(), 1 << 10);
    }

    #[test]
    fn a_refused_patch_changes_nothing() {
        let mut records = three();
        let before = records.columns().clone();
        for patch in [
            Patch { severity_number: vec![1], ..Patch::default() },
            Patch { severity_number: vec![25, 0, 0], ..Patch::default() },
            Patch { drop: vec![3], ..Patch::default() },
            Patch { drop: vec![1, 1], ..Patch::default() },
            Patch { drop: vec![2, 1], ..Patch::default() },
            Patch { remove_record: vec![0], remove_key: vec![0], ..Patch::default() },
            Patch {
                set_record: vec![0],
                set_key: vec![0],
                set_start: vec![16],
                set_end: vec![18],
                keys: vec![key("k")],
                scratch: b"x".to_vec(),
                ..Patch::default()
            },
        ] {
            assert!(records.apply(patch).is_err());
            assert_eq!(records.columns(), &before);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn arbitrary_patches_never_panic_and_leave_good_columns(
            set_record in prop::collection::vec(0u32..4, 0..4),
            set_key in prop::collection::vec(0u16..3, 0..4),
            set_start in prop::collection::vec(0u32..24, 0..4),
            set_end in prop::collection::vec(0u32..24, 0..4),
            remove_record in prop::collection::vec(0u32..4, 0..2),
            remove_key in prop::collection::vec(0u16..3, 0..2),
            names in prop::collection::vec("[a-c]|line", 0..3),
            severity_number in prop::collection::vec(any::<u8>(), 0..4),
            drop in prop::collection::vec(0u32..4, 0..3),
            scratch in prop::collection::vec(any::<u8>(), 0..4),
            (severity_text, bodies) in (
                prop::collection::vec((0u32..24, 0u32..24), 0..4),
                prop::collection::vec((0u32..4, 0u32..24, 0u32..24), 0..3),
            ),
        ) {
            let keys = names.iter().map(|n| key(n)).collect();
            let severity_text_start = severity_text.iter().map(|&(start, _)| start).collect();
            let severity_text_end = severity_text.iter().map(|&(_, end)| end).collect();
            let body_record = bodies.iter().map(|&(record, ..)| record).collect();
            let body_start = bodies.iter().map(|&(_, start, _)| start).collect();
            let body_end = bodies.iter().map(|&(_, _, end)| end).collect();
            let patch = Patch { severity_text_start, severity_text_end, body_record, body_start, body_end, set_record, set_key, set_start, set_end, remove_record, remove_key,
                keys, severity_number, drop, scratch };
            let mut records = three();
            if records.apply(patch).is_ok() {
                prop_assert!(Checked::new(TEXT, records.into_columns()).is_ok());
            }
        }
    }
}
