//! What arrived, for people.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use comfy_table::Cell;
use jiff::Timestamp;
use skidway_test_support::sink::Record;

use crate::books::Books;
use crate::lines::Lines;
use crate::process::Ended;
use crate::tables::{cut, fitted, grouped, megabytes, number, table};

/// Records shown of each file.
const SHOWN: usize = 14;
/// Units shown by name; the others are added up.
const UNITS: usize = 16;

/// Some records of each file.
pub(crate) fn records(records: &[Record]) {
    let mut files: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in records {
        files.entry(record.attr("log.file.name").unwrap_or("?")).or_default().push(record);
    }
    for (file, records) in files {
        println!("\n{file}: {} records, some of them", records.len());
        let rows = choose(&records).into_iter().map(|record| {
            let text = |key| record.attr(key).unwrap_or("").to_owned();
            let unit = cut(&text("unit"), 28);
            let severity = record.severity_text.clone();
            [time(record.time_unix_nano), text("hostname"), unit, text("pid"), severity, message(record)]
        });
        let head = ["time (UTC)", "host", "unit", "pid", "severity", "message"];
        println!("{}", fitted(head, rows.collect()));
    }
}

/// One line for a record that has just come.
pub(crate) fn line(record: &Record) -> String {
    let unit = record.attr("unit").unwrap_or("-");
    let pid = record.attr("pid").map(|pid| format!("[{pid}]")).unwrap_or_default();
    let file = record.attr("log.file.name").unwrap_or("?");
    let time = time(record.time_unix_nano);
    format!("{file}  {time}  {:<7} {unit}{pid}: {}", record.severity_text, message(record))
}

/// The resources that records came with: one, unless the host's identity came late.
pub(crate) fn resources(records: &[Record]) {
    let mut resources: Vec<(&Record, usize)> = Vec::new();
    for record in records {
        match resources.iter_mut().find(|(first, _)| first.resource == record.resource) {
            Some((_, count)) => *count += 1,
            None => resources.push((record, 1)),
        }
    }
    for (first, count) in resources {
        println!("\nresource of {} records", grouped(count as u64));
        for (name, value) in first.resource.iter() {
            println!("  {name:<26} {value}");
        }
    }
}

/// How many records each unit and each severity has.
pub(crate) fn counts(records: &[Record]) {
    let count = |of: &dyn Fn(&Record) -> String| {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for record in records {
            *counts.entry(of(record)).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| Reverse(*count));
        counts
    };
    let units = count(&|record| record.attr("unit").unwrap_or("(no unit)").to_owned());
    let severities = count(&|record| {
        if record.severity_text.is_empty() { "(none)".into() } else { record.severity_text.clone() }
    });
    println!("\nrecords per unit and per severity");
    let mut table = table(&["unit", "records", "severity", "records"]);
    for i in 0..UNITS.min(units.len()).max(severities.len()) {
        let pair = |counts: &[(String, u64)]| match counts.get(i) {
            Some((name, count)) => [Cell::new(name), number(count)],
            None => [Cell::new(""), Cell::new("")],
        };
        let cells: Vec<Cell> = pair(&units).into_iter().chain(pair(&severities)).collect();
        table.add_row(cells);
    }
    println!("{table}");
    if let Some(rest) = units.get(UNITS..).filter(|rest| !rest.is_empty()) {
        let sum: u64 = rest.iter().map(|(_, count)| count).sum();
        println!("and {} more units with {sum} records", rest.len());
    }
}

/// What became of every line.
pub(crate) fn books(books: &Books, in_files: &Lines, arrived: u64) {
    println!("\nbalance");
    let say = |what: &str, count: u64| println!("  {what:<44} {:>10}", grouped(count));
    say("lines in the files", in_files.all);
    say("lines read by the agent", books.lines_read);
    say("records delivered, by the agent's count", books.records_delivered);
    say("records that arrived, by the receiver's", arrived);
    say("lines joined to the entry before them", books.lines_joined);
    say("blank lines skipped", books.lines_skipped);
    if books.records_extra > 0 {
        say("records beyond the first of their line", books.records_extra);
    }
    say("records left out by a processor", books.records_dropped);
    say("records refused by the receiver", books.records_dead_lettered);
    say("records in flight at the end", books.in_flight);
}

/// What it took.
pub(crate) fn speed(lines: u64, delivered_after: Duration, ended: &Ended) {
    println!("\nspeed");
    let seconds = delivered_after.as_secs_f64();
    println!("  all delivered after      {seconds:.2} s, the agent's start and the EC2 look-up included");
    println!("  lines a second           {}", grouped((lines as f64 / seconds) as u64));
    println!(
        "  processor time           {:.2} s, compiling the components included",
        ended.cpu.as_secs_f64()
    );
    println!("  memory at the most       {}", megabytes(ended.peak_memory));
    println!("  `cargo xtask bench` measures with a million lines");
}

/// Of each of the most frequent units the gravest record, and every record without a unit up to that number;
/// in the order of arrival.
fn choose<'a>(records: &[&'a Record]) -> Vec<&'a Record> {
    let mut units: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, record) in records.iter().enumerate() {
        units.entry(record.attr("unit").unwrap_or(&record.body)).or_default().push(i);
    }
    let mut units: Vec<Vec<usize>> = units.into_values().collect();
    units.sort_by_key(|of_unit| Reverse(of_unit.len()));
    let gravest = |of_unit: &Vec<usize>| {
        let severity = of_unit.iter().map(|&i| records[i].severity_number).max();
        let such: Vec<usize> =
            of_unit.iter().copied().filter(|&i| Some(records[i].severity_number) == severity).collect();
        such[such.len() / 2]
    };
    let mut chosen: Vec<usize> = units.iter().take(SHOWN).map(gravest).collect();
    chosen.sort_unstable();
    chosen.into_iter().map(|i| records[i]).collect()
}

fn time(unix_nano: u64) -> String {
    match Timestamp::from_nanosecond(unix_nano.into()) {
        Ok(time) if unix_nano > 0 => time.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        _ => "-".to_owned(),
    }
}

/// The message, or the body where there is none, on one line.
fn message(record: &Record) -> String {
    let text = record.attr("message").unwrap_or(&record.body);
    text.replace("\r\n", "\n").replace('\n', " ⏎ ").replace('\t', " ")
}
