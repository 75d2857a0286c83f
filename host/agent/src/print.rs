//! Records for people and for pipes.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table as Grid, presets};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;
use skidway_model::{Checked, Kind, Subject};

/// One JSON object a record, in the order of the lines.
pub(crate) struct Jsonl<W: Write> {
    out: W,
}

impl<W: Write> Jsonl<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out }
    }

    pub(crate) fn write(&mut self, records: &Checked<'_>) -> io::Result<()> {
        for index in 0..records.len() {
            serde_json::to_writer(&mut self.out, &Record::new(records, index))?;
            self.out.write_all(b"\n")?;
        }
        // Once a chunk: whoever follows a pipe sees what there is.
        self.out.flush()
    }
}

/// A record in the order in which people read one.
#[derive(Serialize)]
struct Record<'r> {
    /// As text: JSON's numbers are not that exact everywhere (OTLP JSON rule).
    time_unix_nano: String,
    severity_number: u8,
    severity_text: String,
    body: Value,
    attributes: Attributes<'r>,
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    resource: Attributes<'r>,
}

/// In the parser's order.
struct Attributes<'r> {
    records: &'r Checked<'r>,
    index: usize,
    subject: Subject,
}

impl<'r> Record<'r> {
    fn new(records: &'r Checked<'r>, index: usize) -> Self {
        let severity_number = records.columns().severity_number[index];
        let body_kind = if records.body_is_json(index) { Kind::Json } else { Kind::Text };
        Self {
            time_unix_nano: records.columns().time_unix_nano[index].to_string(),
            severity_number,
            severity_text: text(records.severity_text(index)),
            body: value_of(body_kind, records.body(index)),
            attributes: Attributes { records, index, subject: Subject::Entry },
            resource: Attributes { records, index, subject: Subject::Source },
        }
    }
}

impl Attributes<'_> {
    fn pairs(&self) -> impl Iterator<Item = (&str, Value)> {
        self.records.attributes(self.index).filter_map(|(key, value)| {
            let key = &self.records.keys()[usize::from(key)];
            (key.subject == self.subject).then(|| (key.name.as_str(), value_of(key.kind, value)))
        })
    }

    fn is_empty(&self) -> bool {
        self.pairs().next().is_none()
    }
}

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.pairs())
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn value_of(kind: Kind, bytes: &[u8]) -> Value {
    let text = text(bytes);
    let typed = match kind {
        Kind::Text => None,
        Kind::Integer => text.parse::<i64>().ok().map(Value::from),
        Kind::Float => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
        Kind::Boolean => text.parse::<bool>().ok().map(Value::from),
        Kind::Json => serde_json::from_str(&text).ok(),
    };
    typed.unwrap_or(Value::String(text))
}

/// Records in columns, as wide as the terminal. All of them are kept until the end.
pub(crate) struct Table<W: Write> {
    out: W,
    grid: Grid,
}

/// The columns besides time, severity and message.
const COLUMNS: [&str; 3] = ["hostname", "unit", "pid"];

impl<W: Write> Table<W> {
    pub(crate) fn new(out: W) -> Self {
        let mut grid = Grid::new();
        grid.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        grid.set_header(["time", "severity", "hostname", "unit", "pid", "message"]);
        Self { out, grid }
    }

    pub(crate) fn add(&mut self, records: &Checked<'_>) -> io::Result<()> {
        for i in 0..records.len() {
            let find = |name: &str| {
                let value = |(key, value): (u16, &[u8])| {
                    (records.keys()[usize::from(key)].name == name).then(|| text(value))
                };
                records.attributes(i).find_map(value)
            };
            let [host, unit, pid] = COLUMNS.map(|name| find(name).unwrap_or_default());
            let message = find("message").unwrap_or_else(|| text(records.body(i)));
            let severity = text(records.severity_text(i));
            let time = time(records.columns().time_unix_nano[i]);
            self.grid.add_row([time, severity, host, unit, pid, printable(&message)]);
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        writeln!(self.out, "{}", self.grid)?;
        self.out.flush()
    }
}

fn time(unix_nano: u64) -> String {
    match Timestamp::from_nanosecond(i128::from(unix_nano)) {
        Ok(time) if unix_nano > 0 => time.to_string(),
        _ => "-".to_owned(),
    }
}

/// A message without what a terminal would act on.
fn printable(message: &str) -> String {
    let shown = |c: char| match c {
        '\t' => ' ',
        '\n' => c,
        _ if c.is_control() => '\u{fffd}',
        _ => c,
    };
    message.chars().map(shown).collect()
}
