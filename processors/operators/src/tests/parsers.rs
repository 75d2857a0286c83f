use super::*;

#[test]
fn parsed_values_replace_attributes_that_are_there() {
    let operators = json!([
        {"type": "add", "field": "attributes.a", "value": "old"},
        {"type": "regex_parser", "regex": "(?P<a>x)(?P<b>y)?"},
    ]);
    assert_eq!(attributes(operators, "--x--"), json!({"a": "x", "b": ""}));
}

#[test]
fn a_parser_reads_and_writes_where_it_is_told() {
    let operators = json!([
        {"type": "regex_parser", "regex": "(?P<a>.)", "parse_to": "body"},
        {"type": "regex_parser", "regex": "(?P<b>.)", "parse_from": "body.a", "parse_to": "resource.x"},
        {"type": "regex_parser", "regex": "(?P<c>.)", "parse_from": "body.a", "parse_to": "attributes[\"d.e\"]"},
    ]);
    assert_eq!(
        one(operators, "z"),
        json!({"body": {"a": "z"}, "resource": {"x": {"b": "z"}}, "attributes": {"d.e": {"c": "z"}}})
    );
    let missing = json!([{"type": "regex_parser", "regex": "(?P<a>.)", "parse_from": "attributes.none"}]);
    assert_eq!(one(missing, "z"), json!({"body": "z", "attributes": {}, "failed": true}));
}

#[test]
fn time_and_severity_are_read_after_a_parser_each_by_itself() {
    let operator = |layout: &str| {
        json!([{"type": "regex_parser", "regex": "^(?P<t>\\S+) (?P<s>\\S+)",
            "timestamp": {"parse_from": "attributes.t", "layout": layout},
            "severity": {"parse_from": "attributes.s"}}])
    };
    assert_eq!(
        one(operator("%Y-%m-%d"), "2026-01-02 WARN x"),
        json!({"body": "2026-01-02 WARN x", "attributes": {"t": "2026-01-02", "s": "WARN"},
            "time": "2026-01-02T00:00:00Z", "severity": [13, "WARN"]})
    );
    let failed = one(operator("%H"), "2026-01-02 WARN x");
    assert_eq!(
        (&failed["failed"], &failed["severity"], failed.get("time")),
        (&json!(true), &json!([13, "WARN"]), None)
    );
    let mismatch = one(operator("%H"), "x");
    assert_eq!(mismatch, json!({"body": "x", "attributes": {}, "failed": true}));
}

#[test]
fn times_have_many_layouts() {
    let time = |kind: &str, layout: &str, text: &str| {
        one(
            json!([{"type": "time_parser", "parse_from": "body", "layout_type": kind, "layout": layout}]),
            text,
        )
        .get("time")
        .cloned()
    };
    assert_eq!(time("epoch", "s", "1700000000"), Some(json!("2023-11-14T22:13:20Z")));
    assert_eq!(time("epoch", "s.ms", "1700000000.250"), Some(json!("2023-11-14T22:13:20.25Z")));
    assert_eq!(time("gotime", "Jan 2 2006", "Mar 4 2025"), Some(json!("2025-03-04T00:00:00Z")));
    assert_eq!(
        time("strptime", "%d/%b/%Y:%H:%M:%S %z", "04/Mar/2025:01:02:03 +0100"),
        Some(json!("2025-03-04T00:02:03Z"))
    );
    assert_eq!(time("strptime", "%Y", "x"), None);
}

#[test]
fn zones_come_with_the_settings() {
    let config = |location: &str| {
        json!({
            "zones": {"Europe/Berlin": [[0, 3600, "CET"], [1_774_746_000, 7200, "CEST"]], "Local": [[0, -18000, "EST"]]},
            "operators": [{"type": "time_parser", "parse_from": "body", "layout": "%Y-%m-%d %H:%M:%S", "location": location}],
        })
    };
    let time = |location: &str, text: &str| records(&parse(&config(location), text), text)[0]["time"].clone();
    assert_eq!(time("Europe/Berlin", "2026-07-01 12:00:00"), "2026-07-01T10:00:00Z");
    assert_eq!(time("Europe/Berlin", "2026-01-01 12:00:00"), "2026-01-01T11:00:00Z");
    assert_eq!(time("UTC", "2026-01-01 12:00:00"), "2026-01-01T12:00:00Z");
    assert_eq!(time("", "2026-01-01 12:00:00"), "2026-01-01T17:00:00Z");
}

#[test]
fn severities_come_from_words_numbers_and_mappings() {
    let severity = |settings: Json, line: &str| {
        let mut operator = json!({"type": "severity_parser", "parse_from": "body"});
        operator.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        one(json!([operator]), line).get("severity").cloned()
    };
    assert_eq!(severity(json!({}), "Warning"), Some(json!([13, "Warning"])));
    assert_eq!(severity(json!({}), "what"), Some(json!([0, "what"])));
    assert_eq!(severity(json!({"overwrite_text": true}), "err"), Some(json!([17, "ERROR"])));
    assert_eq!(severity(json!({"overwrite_text": true}), "what"), Some(json!([0, "what"])));
    let mapping =
        json!({"mapping": {"error": ["oops", {"min": 500, "max": 599}, 7], "fatal": "ARGH", "info2": "2xx"}});
    for (line, expected) in [("OOPS", 17), ("503", 17), ("7", 17), ("argh", 21), ("204", 10), ("info", 9)] {
        assert_eq!(severity(mapping.clone(), line), Some(json!([expected, line])));
    }
    assert_eq!(severity(json!({"preset": "none"}), "info"), Some(json!([0, "info"])));
}

#[test]
fn json_objects_become_attributes() {
    let operators = json!([{"type": "json_parser"}]);
    assert_eq!(
        attributes(
            operators.clone(),
            r#"{"s":"x","n":1,"f":1.5,"b":true,"z":null,"l":[1,"a"],"m":{"k":"v"}}"#
        ),
        json!({"s": "x", "n": 1.0, "f": 1.5, "b": true, "z": null, "l": [1.0, "a"], "m": {"k": "v"}})
    );
    for line in ["[1]", "{", "text", "{}x"] {
        assert_eq!(one(operators.clone(), line)["failed"], true, "{line}");
    }
    let integers = json!([{"type": "json_parser", "parse_ints": true, "parse_to": "body",
        "timestamp": {"parse_from": "body.t", "layout_type": "epoch", "layout": "ms"},
        "severity": {"parse_from": "body.level"}}]);
    assert_eq!(
        one(integers, r#"{"t":1700000000000,"level":17,"f":2.0}"#),
        json!({"body": {"t": 1_700_000_000_000_i64, "level": 17, "f": 2.0}, "attributes": {},
            "time": "2023-11-14T22:13:20Z", "severity": [17, "17"]})
    );
}

#[test]
fn pairs_become_attributes() {
    let operators = json!([{"type": "key_value_parser"}]);
    assert_eq!(
        attributes(operators.clone(), r#"a=1  b="x y" c='=' d=e=f"#),
        json!({"a": "1", "b": "x y", "c": "=", "d": "e=f"})
    );
    for line in ["a", "a=\"x"] {
        assert_eq!(one(operators.clone(), line)["failed"], true, "{line}");
    }
    let other = json!([{"type": "key_value_parser", "delimiter": ":", "pair_delimiter": "||"}]);
    assert_eq!(attributes(other, "a: 1 ||b:2||"), json!({"a": "1", "b": "2"}));
}

#[test]
fn syslog_messages_of_both_kinds_are_read() {
    let old = json!([{"type": "syslog_parser", "protocol": "rfc3164", "location": "UTC"}]);
    assert_eq!(
        one(old.clone(), "<34>Oct 11 22:14:15 mymachine su[12]: 'su root' failed"),
        json!({"body": "<34>Oct 11 22:14:15 mymachine su[12]: 'su root' failed", "time": "2026-10-11T22:14:15Z",
            "severity": [18, "crit"], "attributes": {"hostname": "mymachine", "appname": "su", "proc_id": "12",
                "message": "'su root' failed", "priority": 34, "facility": 4}})
    );
    for line in ["Oct 11 22:14:15 mymachine su: x", "<192>Oct 11 22:14:15 m su: x", "<34>x"] {
        assert_eq!(one(old.clone(), line)["failed"], true, "{line}");
    }
    let optional = json!([{"type": "syslog_parser", "protocol": "rfc3164", "allow_skip_pri_header": true}]);
    assert_eq!(
        one(optional, "Oct 11 22:14:15 mymachine su: x"),
        json!({"body": "Oct 11 22:14:15 mymachine su: x", "time": "2026-10-11T22:14:15Z",
            "attributes": {"hostname": "mymachine", "appname": "su", "message": "x"}})
    );
    let new = json!([{"type": "syslog_parser", "protocol": "rfc5424"}]);
    let line = r#"<165>1 2003-10-11T22:14:15.003Z host evntslog - ID47 [exampleSDID@32473 iut="3" e="\"\]"] An event"#;
    assert_eq!(
        one(new.clone(), line),
        json!({"body": line, "time": "2003-10-11T22:14:15.003Z", "severity": [10, "notice"], "attributes": {
            "hostname": "host", "appname": "evntslog", "msg_id": "ID47", "message": "An event", "version": 1,
            "priority": 165, "facility": 20, "structured_data": {"exampleSDID@32473": {"iut": "3", "e": "\"]"}}}})
    );
    assert_eq!(
        attributes(new.clone(), "<0>1 - - - - - -"),
        json!({"version": 1, "priority": 0, "facility": 0})
    );
    for line in ["<0>1 - - - - -", "<0>x - - - - - -", "<0>1 - - - - - [a", "<1>1 yesterday - - - - -"] {
        assert_eq!(one(new.clone(), line)["failed"], true, "{line}");
    }
}
