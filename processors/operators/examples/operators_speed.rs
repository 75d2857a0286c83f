//! Nanoseconds per line for the configs of ClickStack's guide, outside of the
//! sandbox: `cargo run --release -p skidway-processor-operators --example operators_speed`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::time::Instant;

use skidway_processor_operators::Operators;
use skidway_sdk::time::Clock;
use skidway_sdk::{Attribute, ChunkParser, Context};

fn main() {
    let tail = r"(?P<hostname>\S+) (?P<unit>\S+?)(?:\[(?P<pid>\d+)\])?: (?P<message>.*)$";
    let cases = [
        (
            r"^(?P<timestamp>\S+) ",
            "gotime",
            "2006-01-02T15:04:05.999999-07:00",
            "2025-11-17T20:55:44.826796+00:00",
        ),
        (r"^(?P<timestamp>\w+ \d+ \d{2}:\d{2}:\d{2}) ", "strptime", "%b %d %H:%M:%S", "Nov 17 20:55:44"),
    ];
    for (head, kind, layout, stamp) in cases {
        let config = serde_json::json!({"operators": [
            {"type": "regex_parser", "regex": format!("{head}{tail}"), "parse_from": "body", "parse_to": "attributes"},
            {"type": "time_parser", "parse_from": "attributes.timestamp", "layout_type": kind, "layout": layout},
            {"type": "add", "field": "attributes.source", "value": "ec2-host-logs"},
        ]});
        let operators = Operators::configure(&config.to_string()).expect("a good config");
        let line = format!(
            "{stamp} ip-10-0-0-1 sshd[1234]: Accepted publickey for ubuntu from 10.0.0.7 port 51514 ssh2: ED25519\n"
        );
        let lines = (256 << 10) / line.len();
        let text = line.repeat(lines);
        let mut context = Context::new("/var/log/syslog", Clock::utc(1_795_348_800_000_000_000), false);
        context.file_attributes = vec![Attribute { name: "log.file.name".into(), value: "syslog".into() }];
        let best = (0..50).map(|_| {
            let start = Instant::now();
            let parsed = operators.parse(text.as_bytes(), &context).expect("an answer");
            assert_eq!((parsed.records.origin.len(), parsed.unrecognised.len()), (lines, 0));
            start.elapsed().as_nanos() as usize / lines
        });
        println!("{} bytes: {} ns", line.len(), best.min().unwrap_or(0));
    }
}
