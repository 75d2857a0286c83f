//! Lines that no component could parse, as records: the body and nothing else.

use skidway_model::{Attribute, Checked, Key, Patch, Records};

/// The attribute that marks records which a component failed on: its value is the
/// component's name and what went wrong.
pub const ERROR_KEY: &str = "skidway.error";

/// One record a line, trimmed as parsers trim; blank lines become none. Returns
/// the number of those too.
pub fn raw_records(text: &str) -> (Checked<'_>, u32) {
    let mut records = Records::default();
    let (mut start, mut blank) = (0, 0);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_matches([' ', '\t', '\r', '\n']);
        if trimmed.is_empty() {
            blank += 1;
        } else {
            let body = start + (line.len() - line.trim_start_matches([' ', '\t', '\r', '\n']).len());
            records.origin.push(start as u32);
            records.time_unix_nano.push(0);
            records.severity_number.push(0);
            records.body_start.push(body as u32);
            records.body_end.push((body + trimmed.len()) as u32);
            records.attributes_end.push(0);
        }
        start += line.len();
    }
    match Checked::new(text, records) {
        Ok(records) => (records, blank),
        Err(invalid) => unreachable!("columns made by this function: {invalid}"),
    }
}

/// Puts [`ERROR_KEY`] on every one of `records`, and these attributes.
pub(crate) fn mark(
    records: &mut Checked<'_>,
    component: &str,
    error: &dyn std::fmt::Display,
    attributes: &[Attribute],
) {
    let base = records.text().len() + records.columns().scratch.len();
    let reason = Attribute::new(ERROR_KEY, format!("{component}: {error}"));
    let mut patch = Patch::default();
    let mut spans = Vec::new();
    for attribute in attributes.iter().chain([&reason]) {
        let start = (base + patch.scratch.len()) as u32;
        patch.scratch.extend_from_slice(attribute.value.as_bytes());
        spans.push((start, (base + patch.scratch.len()) as u32));
        patch.keys.push(Key::text(&attribute.name));
    }
    for record in 0..records.len() as u32 {
        for (key, &(start, end)) in spans.iter().enumerate() {
            patch.set_record.push(record);
            patch.set_key.push(key as u16);
            patch.set_start.push(start);
            patch.set_end.push(end);
        }
    }
    if let Err(invalid) = records.apply(patch) {
        tracing::warn!("records that a component failed on are not marked: {invalid}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_is_not_blank_is_a_record() {
        let (mut records, blank) = raw_records("  one\r\n\n \t\nzwö\0\nlast");
        let bodies = |records: &Checked<'_>| -> Vec<String> {
            (0..records.len()).map(|i| String::from_utf8(records.body(i).to_vec()).unwrap()).collect()
        };
        assert_eq!(bodies(&records), ["one", "zwö\0", "last"]);
        assert_eq!(records.columns().origin, [0, 11, 17]);
        assert_eq!(blank, 2);
        mark(&mut records, "x", &"why", &[Attribute::new("log.file.name", "syslog")]);
        let marks = [(0, b"syslog".as_slice()), (1, b"x: why")];
        assert_eq!(records.attributes(2).collect::<Vec<_>>(), marks);
    }
}
