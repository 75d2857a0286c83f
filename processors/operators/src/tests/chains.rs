use super::*;

#[test]
fn values_move_about() {
    let operators = json!([
        {"type": "add", "field": "attributes.list", "value": [1, {"a": null}]},
        {"type": "add", "field": "attributes.n", "value": 5},
        {"type": "add", "field": "resource.who", "value": "EXPR(body + '!' )"},
        {"type": "copy", "from": "body", "to": "attributes.copy"},
        {"type": "move", "from": "attributes.n", "to": "resource[\"x.y\"]"},
        {"type": "add", "field": "attributes.gone", "value": true},
        {"type": "remove", "field": "attributes.gone"},
    ]);
    assert_eq!(
        one(operators, "b"),
        json!({"body": "b", "attributes": {"list": [1, {"a": null}], "copy": "b"}, "resource": {"who": "b!", "x.y": 5}})
    );
    for operator in [
        json!({"type": "remove", "field": "attributes.none"}),
        json!({"type": "move", "from": "attributes.none", "to": "body"}),
        json!({"type": "copy", "from": "attributes.none", "to": "body"}),
    ] {
        assert_eq!(one(json!([operator]), "b")["failed"], true);
    }
    let all = json!([{"type": "add", "field": "attributes.a", "value": 1}, {"type": "remove", "field": "attributes"}]);
    assert_eq!(one(all, "b"), json!({"body": "b", "attributes": {}}));
}

#[test]
fn a_body_may_go() {
    let record = one(json!([{"type": "remove", "field": "body"}]), "b");
    assert_eq!(record, json!({"body": null, "attributes": {}}));
}

#[test]
fn retained_is_what_is_named_where_something_is() {
    let operators = json!([
        {"type": "json_parser"},
        {"type": "add", "field": "resource.r", "value": "kept"},
        {"type": "retain", "fields": ["attributes.a", "attributes.none", "attributes.m.x"]},
    ]);
    assert_eq!(
        one(operators, r#"{"a":"1","b":"2","m":{"x":"3","y":"4"}}"#),
        json!({"body": r#"{"a":"1","b":"2","m":{"x":"3","y":"4"}}"#, "resource": {"r": "kept"},
            "attributes": {"a": "1", "m": {"x": "3"}}})
    );
}

#[test]
fn conditions_decide_who_is_worked_on() {
    let operators =
        |condition: &str| json!([{"type": "add", "field": "attributes.hit", "value": true, "if": condition}]);
    let hits = |condition: &str| {
        attributes(operators(condition), "sshd: Failed password for root") == json!({"hit": true})
    };
    for condition in [
        "body contains 'Failed'",
        "body matches '^sshd: '",
        "body startsWith 'ssh' and not (body endsWith 'x')",
        "attributes.none == nil",
        "attributes[\"log.file.name\"] == 'test.log'",
        "'b' in ['a', 'b']",
        "len(body) > 10 && true",
        "(attributes.none ?? 'x') == 'x'",
        "resource.x == nil or false",
        "severity_number == 0",
        "1 + 2 * 3 == 7 and -1 < 0.5 and 7 % 4 == 3",
        "'a' + 'b' == \"ab\"",
        "true ? true : false",
        "body[0:4] == `sshd`",
        "body[-4:] == 'root'",
        "split(body, ' ')[1] == 'Failed'",
        "'log.file.name' in attributes",
        "'x' not in ['y']",
        "attributes?.none?.none == nil",
        "not (attributes.none matches 'x')",
        "int('5') == 5.0",
        "type(body) == 'string'",
        "lower('A') == trim(' a ') and upper('a') == 'A'",
        "join(['a', 'b'], '-') == replace('a+b', '+', '-')",
        "body matches '(?i)FAILED \\\\w+'",
    ] {
        assert!(hits(condition), "{condition}");
    }
    for condition in ["body == 'x'", "not (body contains 'Failed')", "false"] {
        assert!(!hits(condition), "{condition}");
    }
    let failed = one(operators("attributes.none contains 'x'"), "b");
    assert_eq!(failed, json!({"body": "b", "attributes": {}, "failed": true}));
}

#[test]
fn on_error_says_what_becomes_of_entries() {
    let run = |on_error: &str| {
        let config = json!({"operators": [
            {"type": "regex_parser", "regex": "^(?P<a>x)$", "on_error": on_error},
            {"type": "add", "field": "attributes.after", "value": "1"},
        ]});
        parse(&config, "x\ny\n")
    };
    for (on_error, records, dropped, unrecognised) in
        [("send", 2, 0, 1), ("send_quiet", 2, 0, 0), ("drop", 1, 1, 0), ("drop_quiet", 1, 1, 0)]
    {
        let parsed = run(on_error);
        let counts = (parsed.records.origin.len(), parsed.dropped, parsed.unrecognised.len());
        assert_eq!(counts, (records, dropped, unrecognised), "{on_error}");
    }
}

#[test]
fn routers_and_outputs_send_entries_about() {
    let operators = json!([
        {"type": "router", "default": "other", "routes": [
            {"expr": "body contains 'a'", "output": "a", "attributes": {"route": "EXPR(body)-a"}},
            {"expr": "body contains 'b'", "output": ["b", "other"]},
            {"expr": "body.none.none contains 'x'", "output": "b"},
        ]},
        {"type": "add", "id": "a", "field": "attributes.at", "value": "a", "output": "end"},
        {"type": "add", "id": "b", "field": "attributes.at", "value": "b", "output": "end"},
        {"type": "add", "id": "other", "field": "attributes.at", "value": "other"},
        {"type": "noop", "id": "end"},
    ]);
    let at: Vec<_> = run(operators, "a\nb\nc\n").iter().map(|r| r["attributes"].clone()).collect();
    assert_eq!(
        at,
        [
            json!({"route": "a-a", "at": "a"}),
            json!({"at": "b"}),
            json!({"at": "other"}),
            json!({"at": "other"})
        ]
    );
    let nowhere = json!({"operators": [{"type": "router", "routes": [{"expr": "false", "output": "n"}]}, {"type": "noop", "id": "n"}]});
    assert_eq!(parse(&nowhere, "a\n").dropped, 1);
}

#[test]
fn filtered_entries_are_dropped_and_counted() {
    let config = |ratio: f64| json!({"operators": [{"type": "filter", "expr": "body contains 'x'", "drop_ratio": ratio}]});
    let parsed = parse(&config(1.0), "a\nx\nbx\n");
    assert_eq!((parsed.records.origin.len(), parsed.dropped), (1, 2));
    let many: String = (0..2000).map(|i| format!("x {i}\n")).collect();
    let dropped = parse(&config(0.25), &many).dropped;
    assert!((350..650).contains(&dropped), "{dropped}");
}

#[test]
fn entries_are_combined() {
    let operators = |settings: Json| {
        let mut operator = json!({"type": "recombine", "combine_field": "body"});
        operator.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        json!([{"type": "regex_parser", "regex": "(?P<n>.)$"}, operator, {"type": "add", "field": "attributes.after", "value": "1"}])
    };
    let text = "> a 1\nb 2\nc 3\n> d 4\n";
    let bodies = |settings: Json| -> Vec<_> {
        run(operators(settings), text)
            .iter()
            .map(|r| (r["body"].clone(), r["attributes"]["n"].clone()))
            .collect()
    };
    let pair = |body: &str, n: &str| (json!(body), json!(n));
    assert_eq!(
        bodies(json!({"is_first_entry": "body startsWith '>'"})),
        [pair("> a 1\nb 2\nc 3", "3"), pair("> d 4", "4")]
    );
    assert_eq!(
        bodies(
            json!({"is_last_entry": "body startsWith 'c'", "combine_with": "|", "overwrite_with": "oldest"})
        ),
        [pair("> a 1|b 2|c 3", "1"), pair("> d 4", "4")]
    );
    assert_eq!(
        bodies(json!({"is_first_entry": "body startsWith '>'", "max_batch_size": 2})),
        [pair("> a 1\nb 2", "2"), pair("c 3", "3"), pair("> d 4", "4")]
    );
    assert_eq!(
        bodies(json!({"is_last_entry": "false", "max_unmatched_batch_size": 3})),
        [pair("> a 1\nb 2\nc 3", "3"), pair("> d 4", "4")]
    );
    assert_eq!(
        bodies(json!({"is_first_entry": "body startsWith '>'", "max_log_size": 6})),
        [pair("> a 1\nb 2", "2"), pair("c 3", "3"), pair("> d 4", "4")]
    );
    assert_eq!(bodies(json!({"is_first_entry": "true", "source_identifier": "attributes.n"})).len(), 4);
}
