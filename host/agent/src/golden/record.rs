//! A line of an `.expected.jsonl` file: one record as people write it.
//!
//! ```json
//! {"time":"2026-03-04T05:06:07.5Z","severity_number":17,"severity_text":"ERROR","attributes":{"pid":842}}
//! ```
//!
//! - `time`: RFC 3339, to the nanosecond. Left out: the record has none.
//! - `severity_number` and `severity_text`: left out: unspecified. A number without a text has
//!   OpenTelemetry's name for it.
//! - `unrecognised`: true for lines that the parser did not know.
//! - `body`: left out where it is what it mostly is, the record's own lines, without the
//!   blanks around them: they stand in the log beside it, and an attribute shows what is in them.
//! - `attributes`, `resource`: what describes the record, and what wrote it; names in order,
//!   values of JSON's types.
//!
//! Anything else is an error. Invariant: what a parser makes, written and read, is equal.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use skidway_model::{Kind, MAX_SEVERITY, Subject, severity_text};

use crate::bare::Seen;
use crate::print::{text, value_of};
use crate::show::Difference;

/// A record as far as it is compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Golden {
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Timestamp>,
    #[serde(skip_serializing_if = "is_default")]
    severity_number: u8,
    #[serde(skip_serializing_if = "is_default")]
    severity_text: String,
    #[serde(skip_serializing_if = "is_default")]
    unrecognised: bool,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    body: Option<Value>,
    #[serde(skip_serializing_if = "is_default")]
    attributes: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "is_default")]
    resource: BTreeMap<String, Value>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A body may be `null`, which is not the same as none.
fn present<'d, D: Deserializer<'d>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

impl Golden {
    /// A record with all there is.
    pub(crate) fn of(seen: &Seen<'_>) -> Self {
        let Seen { records, index, recognised, .. } = *seen;
        let attributes = |subject| {
            let attribute = |(key, value): (u16, &[u8])| {
                let key = &records.keys()[usize::from(key)];
                (key.subject == subject).then(|| (key.name.clone(), value_of(key.kind, value)))
            };
            records.attributes(index).filter_map(attribute).collect()
        };
        let body_kind = if records.body_is_json(index) { Kind::Json } else { Kind::Text };
        Self {
            time: time(records.columns().time_unix_nano[index]),
            severity_number: records.columns().severity_number[index],
            severity_text: text(records.severity_text(index)),
            unrecognised: !recognised,
            body: Some(value_of(body_kind, records.body(index))),
            attributes: attributes(Subject::Entry),
            resource: attributes(Subject::Source),
        }
    }

    /// Without its body, where that is its `lines`.
    pub(crate) fn leave_out_body(&mut self, lines: &str) {
        self.body.take_if(|body| body == lines);
    }

    /// A line of the file.
    pub(crate) fn read(line: &str) -> Result<Self, String> {
        let mut golden: Self = serde_json::from_str(line).map_err(|error| error.to_string())?;
        if golden.severity_number > MAX_SEVERITY {
            return Err(format!("severity_number {} is past {MAX_SEVERITY}", golden.severity_number));
        }
        if golden.severity_text.is_empty() {
            golden.severity_text = severity_text(golden.severity_number).to_owned();
        }
        Ok(golden)
    }

    /// It as a line of the file.
    pub(crate) fn line(&self) -> String {
        // None of its keys and values can be refused.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The fields in which `got` differs from this, in their order, and the number of those in
    /// which it does not. `lines` are those of `got`.
    pub(crate) fn differences(&self, got: &Self, lines: &str) -> (Vec<Difference>, usize) {
        let own = || Some(Value::from(lines));
        let (expected_body, got_body) = match (&self.body, &got.body) {
            (None, None) => (None, None),
            (expected, got) => (expected.clone().or_else(own), got.clone().or_else(own)),
        };
        let mut fields = vec![
            ("time".to_owned(), self.time.map(shown), got.time.map(shown)),
            pair("severity_number", &self.severity_number, &got.severity_number),
            pair("severity_text", &self.severity_text, &got.severity_text),
            pair("unrecognised", &self.unrecognised, &got.unrecognised),
            ("body".to_owned(), expected_body, got_body),
        ];
        for (of, expected, got) in
            [("attributes", &self.attributes, &got.attributes), ("resource", &self.resource, &got.resource)]
        {
            let names: BTreeSet<_> = expected.keys().chain(got.keys()).collect();
            let values = |name| (format!("{of}.{name}"), expected.get(name).cloned(), got.get(name).cloned());
            fields.extend(names.into_iter().map(values));
        }
        fields.retain(|(_, left, right)| left.is_some() || right.is_some());
        let all = fields.len();
        let differences: Vec<_> = fields
            .into_iter()
            .filter(|(_, left, right)| left != right)
            .map(|(field, left, right)| Difference { field, left, right })
            .collect();
        let same = all - differences.len();
        (differences, same)
    }
}

fn pair<T: Clone + Default + PartialEq + Into<Value>>(
    name: &str,
    left: &T,
    right: &T,
) -> (String, Option<Value>, Option<Value>) {
    let value = |value: &T| (!is_default(value)).then(|| value.clone().into());
    (name.to_owned(), value(left), value(right))
}

fn shown(time: Timestamp) -> Value {
    Value::from(time.to_string())
}

fn time(unix_nano: u64) -> Option<Timestamp> {
    Timestamp::from_nanosecond(i128::from(unix_nano)).ok().filter(|_| unix_nano > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_matters_and_reads_back() {
        let golden = Golden {
            time: time(1_772_600_767_500_000_000),
            severity_number: 17,
            severity_text: "ERROR".to_owned(),
            attributes: BTreeMap::from([
                ("b".to_owned(), Value::from(1.0)),
                ("a".to_owned(), Value::from(1)),
            ]),
            ..Golden::default()
        };
        let line = golden.line();
        let expected = r#"{"time":"2026-03-04T05:06:07.5Z","severity_number":17,"severity_text":"ERROR","attributes":{"a":1,"b":1.0}}"#;
        assert_eq!(line, expected);
        assert_eq!(Golden::read(&line).unwrap(), golden);
        assert_eq!(Golden::read("{}").unwrap(), Golden::default());
        let null = Golden { body: Some(Value::Null), ..Golden::default() };
        assert_eq!((null.line().as_str(), Golden::read(&null.line()).unwrap()), (r#"{"body":null}"#, null));
    }

    #[test]
    fn what_people_write_may_be_shorter() {
        let read = |line| Golden::read(line).unwrap();
        assert_eq!(read(r#"{"severity_number":9}"#), read(r#"{"severity_number":9,"severity_text":"INFO"}"#));
        assert_eq!(
            read(r#"{"time":"2026-03-04T06:06:07+01:00"}"#),
            read(r#"{"time":"2026-03-04T05:06:07Z"}"#)
        );
        for (line, complaint) in [
            (r#"{"severty_number":9}"#, "unknown field `severty_number`"),
            (r#"{"severity_number":25}"#, "past 24"),
            (r#"{"time":"yesterday"}"#, "failed to parse"),
            ("[", "EOF"),
        ] {
            let said = Golden::read(line).unwrap_err();
            assert!(said.contains(complaint), "{said}");
        }
    }

    #[test]
    fn differences_name_the_field() {
        let expected = Golden::read(r#"{"attributes":{"a":"1","b":2},"resource":{"r":true}}"#).unwrap();
        let got = Golden::read(r#"{"severity_number":9,"attributes":{"a":1,"b":2}}"#).unwrap();
        let (differences, same) = expected.differences(&got, "the line");
        let text = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
        let shown: Vec<_> = differences
            .iter()
            .map(|one| format!("{} {} {}", one.field, text(&one.left), text(&one.right)))
            .collect();
        assert_eq!(
            shown,
            ["severity_number - 9", "severity_text - \"INFO\"", "attributes.a \"1\" 1", "resource.r true -"]
        );
        assert_eq!(same, 1, "attributes.b");
    }

    #[test]
    fn a_body_may_be_written_where_it_is_the_line_itself() {
        let (written, left_out) = (Golden::read(r#"{"body":"the line"}"#).unwrap(), Golden::default());
        assert!(written.differences(&left_out, "the line").0.is_empty());
        let (differences, _) = written.differences(&left_out, "another line");
        assert_eq!(differences[0].right, Some(Value::from("another line")));
        let (differences, _) = left_out.differences(&written, "another line");
        assert_eq!(differences[0].left, Some(Value::from("another line")));
    }
}
