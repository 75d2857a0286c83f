use super::*;

fn modern() -> Json {
    json!({"operators": [
        {"type": "regex_parser", "parse_from": "body", "parse_to": "attributes",
         "regex": r"^(?P<timestamp>\S+) (?P<hostname>\S+) (?P<unit>\S+?)(?:\[(?P<pid>\d+)\])?: (?P<message>.*)$"},
        {"type": "time_parser", "parse_from": "attributes.timestamp", "layout_type": "gotime",
         "layout": "2006-01-02T15:04:05.999999-07:00"},
        {"type": "add", "field": "attributes.source", "value": "ec2-host-logs"},
    ]})
}

#[test]
fn lines_of_the_modern_config_are_the_collectors() {
    let text = "2025-11-17T20:55:44.826796+00:00 ip-10-0-0-1 sshd[99]: Failed: x\r\n\
                2025-11-17T20:55:45+00:00 ip-10-0-0-1 kernel:  up \n\
                \n  no syslog\n\
                2025-11-17T20:55:44Z host unit: zulu\n";
    let parsed = parse(&modern(), text);
    let expected = [
        json!({"body": "2025-11-17T20:55:44.826796+00:00 ip-10-0-0-1 sshd[99]: Failed: x",
            "time": "2025-11-17T20:55:44.826796Z",
            "attributes": {"log.file.name": "test.log", "timestamp": "2025-11-17T20:55:44.826796+00:00",
                "hostname": "ip-10-0-0-1", "unit": "sshd", "pid": "99", "message": "Failed: x", "source": "ec2-host-logs"}}),
        json!({"body": "2025-11-17T20:55:45+00:00 ip-10-0-0-1 kernel:  up",
            "time": "2025-11-17T20:55:45Z",
            "attributes": {"log.file.name": "test.log", "timestamp": "2025-11-17T20:55:45+00:00",
                "hostname": "ip-10-0-0-1", "unit": "kernel", "pid": "", "message": " up", "source": "ec2-host-logs"}}),
        json!({"body": "no syslog", "failed": true,
            "attributes": {"log.file.name": "test.log", "source": "ec2-host-logs"}}),
        json!({"body": "2025-11-17T20:55:44Z host unit: zulu", "failed": true,
            "attributes": {"log.file.name": "test.log", "timestamp": "2025-11-17T20:55:44Z",
                "hostname": "host", "unit": "unit", "pid": "", "message": "zulu", "source": "ec2-host-logs"}}),
    ];
    assert_eq!(records(&parsed, text), expected);
    assert_eq!((parsed.skipped_lines, parsed.entries, parsed.dropped), (1, 5, 0));
    assert_eq!(parsed.unrecognised_reason, "regex_parser: regex pattern does not match: \"no syslog\"");
}

#[test]
fn lines_of_the_legacy_config_are_the_collectors() {
    let operators = json!([
        {"type": "regex_parser",
         "regex": r"^(?P<timestamp>\w+ \d+ \d{2}:\d{2}:\d{2}) (?P<hostname>\S+) (?P<unit>\S+?)(?:\[(?P<pid>\d+)\])?: (?P<message>.*)$"},
        {"type": "time_parser", "parse_from": "attributes.timestamp", "layout": "%b %d %H:%M:%S"},
        {"type": "add", "field": "attributes.source", "value": "ec2-host-logs"},
    ]);
    let record = one(operators.clone(), "Nov 17 20:55:44 höst systemd[1]: Started é.");
    assert_eq!(record["time"], "2026-11-17T20:55:44Z");
    assert_eq!(record["attributes"]["message"], "Started é.");
    let padded = one(operators, "Nov  7 20:55:44 host systemd[1]: Started.");
    assert_eq!(
        padded,
        json!({"body": "Nov  7 20:55:44 host systemd[1]: Started.", "failed": true,
        "attributes": {"source": "ec2-host-logs"}})
    );
}

#[test]
fn without_operators_a_line_is_a_body() {
    let text = "  one \r\n\n{\"a\":1}";
    let parsed = parse(&json!({}), text);
    let record = |body: &str| json!({"body": body, "attributes": {"log.file.name": "test.log"}});
    assert_eq!(records(&parsed, text), [record("one"), record("{\"a\":1}")]);
    assert!(make(&json!({})).owns_file_attributes());
    let parsed =
        parse(&json!({"preserve_leading_whitespaces": true, "preserve_trailing_whitespaces": true}), text);
    let bodies: Vec<_> = records(&parsed, text).iter().map(|r| r["body"].clone()).collect();
    assert_eq!(bodies, ["  one ", "{\"a\":1}"]);
}

#[test]
fn entries_have_what_the_receiver_says_of_them() {
    let config = json!({
        "attributes": {"env": "prod", "first": "EXPR(body)!"}, "resource": {"team": "x"},
        "include_file_record_number": true, "include_file_record_offset": true,
    });
    let text = "\na\nb\n";
    let parsed = parse(&config, text);
    let record = |body: &str, number: u64, offset: u64| {
        json!({"body": body, "resource": {"team": "x"}, "attributes": {"log.file.name": "test.log", "env": "prod",
            "first": format!("{body}!"), "log.file.record_number": number, "log.file.record_offset": offset}})
    };
    assert_eq!(records(&parsed, text), [record("a", 2, 1), record("b", 3, 3)]);
}
