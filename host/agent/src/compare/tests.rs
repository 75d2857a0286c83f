use skidway_model::{Key, Records};

use super::*;

const TEXT: &str = "one 1\ntwo 2\nthree 3\n";

/// Name, kind and value of an attribute.
type Field<'a> = (&'a str, Kind, &'a str);

/// A record for each of the lines that begin there: the line is its body, its attributes are given.
fn records<'t>(text: &'t str, lines: &[(usize, &[Field<'_>])]) -> Checked<'t> {
    let mut columns = Records::default();
    for &(start, attributes) in lines {
        let end = start + text[start..].find('\n').unwrap();
        columns.origin.push(start as u32);
        columns.time_unix_nano.push(0);
        columns.severity_number.push(0);
        columns.body_start.push(start as u32);
        columns.body_end.push(end as u32);
        for &(name, kind, value) in attributes {
            let key = Key { kind, ..Key::text(name) };
            let known = columns.keys.iter().position(|known| *known == key);
            let index = known.unwrap_or_else(|| {
                columns.keys.push(key);
                columns.keys.len() - 1
            });
            let from = text.len() + columns.scratch.len();
            columns.scratch.extend_from_slice(value.as_bytes());
            columns.attribute_key.push(index as u16);
            columns.attribute_start.push(from as u32);
            columns.attribute_end.push((from + value.len()) as u32);
        }
        columns.attributes_end.push(columns.attribute_key.len() as u32);
    }
    Checked::new(text, columns).unwrap()
}

fn made<'p, 't>(records: &'p Checked<'t>) -> Made<'p, 't> {
    Made { pieces: vec![(0, records)], ..Made::default() }
}

fn found(old: &Checked<'_>, new: &Checked<'_>) -> (u64, Vec<String>) {
    let mut all = Vec::new();
    let equal = differences(TEXT, &made(old), &made(new), &mut |difference| all.push(difference.to_string()));
    (equal, all)
}

const UNIT: Field<'static> = ("unit", Kind::Text, "job");
const PID: Field<'static> = ("pid", Kind::Integer, "7");

#[test]
fn the_same_records_do_not_differ_wherever_their_bytes_stand() {
    let old = records(TEXT, &[(0, &[UNIT, PID]), (6, &[UNIT]), (12, &[])]);
    let new = records(TEXT, &[(0, &[PID, UNIT]), (6, &[UNIT]), (12, &[])]);
    assert_eq!(found(&old, &new), (3, vec![]));
}

#[test]
fn fields_are_missing_new_or_changed() {
    let old = records(TEXT, &[(0, &[UNIT, PID]), (6, &[PID])]);
    let new = records(TEXT, &[(0, &[("unit", Kind::Text, "other")]), (6, &[("pid", Kind::Text, "7"), UNIT])]);
    let expected = [
        r#"attributes.unit was "job" and is "other" in the line "one 1""#,
        r#"attributes.pid was 7 and is nothing in the line "one 1""#,
        r#"attributes.pid was 7 and is "7" in the line "two 2""#,
        r#"attributes.unit was nothing and is "job" in the line "two 2""#,
    ];
    assert_eq!(found(&old, &new), (0, expected.map(str::to_owned).to_vec()));
}

#[test]
fn severity_and_time_are_fields_where_they_say_something() {
    let plain = records(TEXT, &[(0, &[])]);
    let mut columns = plain.clone().into_columns();
    (columns.time_unix_nano[0], columns.severity_number[0]) = (5, 17);
    let stamped = Checked::new(TEXT, columns).unwrap();
    let fields = |old, new| {
        let mut all = Vec::new();
        differences(TEXT, &made(old), &made(new), &mut |difference| {
            all.push((difference.field.to_owned(), difference.old.is_some(), difference.new.is_some()));
        });
        all
    };
    let all = |old: bool| ["time", "severity", "severity_text"].map(|field| (field.to_owned(), old, !old));
    assert_eq!(fields(&plain, &stamped), all(false));
    assert_eq!(fields(&stamped, &plain), all(true));
}

#[test]
fn records_that_only_one_has_are_told() {
    let old = records(TEXT, &[(0, &[]), (6, &[]), (12, &[])]);
    let new = records(TEXT, &[(0, &[]), (0, &[]), (12, &[])]);
    let expected = [
        r#"record was nothing and is "one 1" in the line "one 1""#,
        r#"record was "two 2" and is nothing in the line "two 2""#,
    ];
    assert_eq!(found(&old, &new), (2, expected.map(str::to_owned).to_vec()));
}

#[test]
fn pieces_are_one_text() {
    let whole = records(TEXT, &[(0, &[UNIT]), (6, &[UNIT]), (12, &[UNIT])]);
    let (first, second) = TEXT.split_at(6);
    let pieces = (records(first, &[(0, &[UNIT])]), records(second, &[(0, &[UNIT]), (6, &[UNIT])]));
    let new = Made { pieces: vec![(0, &pieces.0), (6, &pieces.1)], ..Made::default() };
    let mut report = Report::default();
    report.add(TEXT, &made(&whole), &new);
    assert_eq!((report.equal, report.is_identical()), (3, true));
}

#[test]
fn a_report_tells_losses_from_gains() {
    let (poor, rich) = (records(TEXT, &[(0, &[UNIT])]), records(TEXT, &[(0, &[UNIT, PID])]));
    let mut gain = Report::default();
    gain.add(TEXT, &made(&poor), &made(&rich));
    assert!(!gain.is_identical());
    assert_eq!(gain.loss(), None);
    assert_eq!(gain.to_string(), "1 chunks, 0 records alike; attributes.pid: 1 new");

    let mut loss = Report::default();
    loss.add(TEXT, &made(&rich), &made(&poor));
    assert!(
        loss.loss().is_some_and(|why| why.contains("no attributes.pid any more") && why.contains("one 1"))
    );
}

#[test]
fn failures_and_lines_that_are_not_recognised_are_losses() {
    let same = records(TEXT, &[(0, &[])]);
    let counted = |unrecognised, failed| Made { unrecognised, failed, ..made(&same) };
    let report = |old, new| {
        let mut report = Report::default();
        report.add(TEXT, &old, &new);
        report
    };
    assert!(report(counted(1, 0), counted(2, 0)).loss().is_some());
    assert!(report(counted(0, 0), counted(0, 1)).loss().is_some());
    let better = report(counted(2, 1), counted(1, 0));
    assert_eq!((better.loss(), better.is_identical()), (None, false));
}

#[test]
fn names_without_end_are_counted_together() {
    let plain = records(TEXT, &[(0, &[])]);
    let mut report = Report::default();
    for number in 0..2 * MAX_FIELDS {
        let name = format!("field-{number}");
        let new = records(TEXT, &[(0, &[(&name, Kind::Text, "x")])]);
        report.add(TEXT, &made(&plain), &made(&new));
    }
    assert_eq!(report.fields.len(), MAX_FIELDS + 1);
    assert_eq!(report.fields[OTHERS].added, MAX_FIELDS as u64);
}
