use super::*;

fn refused(config: Json) -> String {
    Operators::configure(&config.to_string()).unwrap_err()
}

#[test]
fn problems_have_their_place_and_what_to_write() {
    let ops = |operators: Json| refused(json!({"operators": operators}));
    let table = [
        (
            ops(json!([{"type": "regex_parsr"}])),
            "operators[0].type: there is no operator `regex_parsr`; did you mean `regex_parser`?",
        ),
        (
            ops(json!([{"type": "csv_parser"}])),
            "operators[0].type: `csv_parser` is not supported; use a regex_parser, or a component of your own with `parser: ./my.wasm`",
        ),
        (
            ops(json!([{}])),
            "operators[0].type: it is missing; name the operator, such as `type: regex_parser`",
        ),
        (ops(json!(["x"])), "operators[0]: it is text, not a map of settings"),
        (
            ops(json!([{"type": "regex_parser", "regx": "x"}])),
            "operators[0].regex: it is missing; write a pattern with named groups, such as `^(?P<level>\\w+) `",
        ),
        (
            ops(json!([{"type": "regex_parser", "regex": "(?P<a>x)", "pars_from": "body"}])),
            "operators[0].pars_from: unknown setting; did you mean `parse_from`?",
        ),
        (
            ops(json!([{"type": "regex_parser", "regex": "(x)"}])),
            "operators[0].regex: it has no named group; write at least one `(?P<name>...)`",
        ),
        (
            ops(json!([{"type": "regex_parser", "regex": "(?=x)"}])),
            "operators[0].regex: look-around is not part of RE2; match what stands around as well (at offset 0)",
        ),
        (ops(json!([{"type": "regex_parser", "regex": 5}])), "operators[0].regex: it is a number, not text"),
        (
            ops(json!([{"type": "noop"}, {"type": "time_parser", "parse_from": "attributes.t"}])),
            "operators[1].layout: it is missing; write how the time looks, such as `%Y-%m-%d %H:%M:%S`",
        ),
        (
            ops(json!([{"type": "time_parser", "layout": "%Y"}])),
            "operators[0].parse_from: it is missing; name a field, such as `attributes.level`",
        ),
        (
            ops(json!([{"type": "time_parser", "parse_from": "body", "layout": "%Y", "layout_type": "go"}])),
            "operators[0].layout_type: `go` is unknown; there are strptime, gotime and epoch",
        ),
        (
            ops(json!([{"type": "time_parser", "parse_from": "body", "layout": "%Y", "location": "Mars"}])),
            "operators[0].location: `Mars` is no time zone; write UTC, Local, or a name such as Europe/Berlin",
        ),
        (
            ops(json!([{"type": "json_parser", "timestamp": {"parse_from": "body", "layout": "%5"}}])),
            "operators[0].timestamp.layout: `%5` is no directive; there are %Y %y %m %b %B %d %e %a %A %H %I %l %M %S %p %L %f %s %z %j %Z %F %T %D %c and some more",
        ),
        (
            ops(json!([{"type": "add", "field": "attributes.a"}])),
            "operators[0].value: it is missing; write a value, or EXPR(...)",
        ),
        (
            ops(json!([{"type": "add", "field": "attributes[a]", "value": 1}])),
            "operators[0].field: `attributes[a]` is no field: a name in brackets needs quotes, as in `attributes[\"a.b\"]`",
        ),
        (
            ops(json!([{"type": "noop", "on_error": "ignore"}])),
            "operators[0].on_error: `ignore` is unknown; there are send, send_quiet, drop and drop_quiet",
        ),
        (
            ops(json!([{"type": "noop", "output": "nop"}, {"type": "noop", "id": "noop2"}])),
            "operators[0].output: no operator has the id `nop`; did you mean `noop`?",
        ),
        (
            ops(
                json!([{"type": "noop", "id": "a"}, {"type": "add", "id": "a", "field": "body", "value": 1}]),
            ),
            "operators[1].id: another operator has the id `a`",
        ),
        (
            ops(json!([{"type": "noop", "id": "a"}, {"type": "noop", "output": "a"}])),
            "operators[1].output: entries would go round in a circle through operators[0]",
        ),
        (
            ops(json!([{"type": "noop", "output": "noop"}])),
            "operators[0].output: entries would go round in a circle through operators[0]",
        ),
        (
            ops(json!([{"type": "router", "routes": []}])),
            "operators[0].routes: it is empty; write at least one `{expr, output}`",
        ),
        (
            ops(json!([{"type": "recombine", "combine_field": "body"}])),
            "operators[0].is_first_entry: write either it or `is_last_entry`",
        ),
        (
            ops(json!([{"type": "severity_parser", "parse_from": "body", "mapping": {"loud": "x"}}])),
            "operators[0].mapping.loud: it is no severity; write trace, debug, info, warn, error or fatal, with 2 to 4 behind it",
        ),
        (
            ops(json!([{"type": "filter", "expr": "true", "drop_ratio": 2}])),
            "operators[0].drop_ratio: it is 2, not a number from 0 to 1",
        ),
        (
            refused(json!({"multiline": {"line_start_pattern": "a", "line_end_pattern": "b"}})),
            "multiline.line_end_pattern: there is a line_start_pattern; keep one",
        ),
        (refused(json!({"attributes": {"a": 1}})), "attributes.a: it is a number, not text"),
        (refused(json!({"operator": []})), "operator: unknown setting; did you mean `operators`?"),
    ];
    for (message, expected) in table {
        assert_eq!(message, expected);
    }
}

#[test]
fn expressions_that_cannot_be_are_refused_with_what_can() {
    let table = [
        ("body ==", "it ends where a value is due"),
        (
            "nope(body)",
            "the function `nope` is unknown; there are len, lower, upper, trim, trimPrefix, trimSuffix, hasPrefix, hasSuffix, indexOf, replace, split, join, int, float, string, type",
        ),
        ("nope == 1", "the name `nope` is unknown"),
        ("body matchs 'x'", "`matchs` stands where nothing more can"),
        (
            "body matches '(?=x)'",
            "look-around is not part of RE2; match what stands around as well (at offset 0)",
        ),
        ("(body", "it ends where `)` is due"),
        ("body == 'x", "a text has no closing '"),
        ("len()", "`len` takes 1 arguments, not 0"),
        ("body # 1", "`#` is no part of an expression"),
        ("attributes.", "a point needs a name behind it"),
        (
            "env('HOME') == ''",
            "`env` is not there, because a component sees no environment; write `${env:NAME}` in the config",
        ),
    ];
    for (written, why) in table {
        let message = refused(json!({"operators": [{"type": "noop", "if": written}]}));
        let start = format!("operators[0].if: `{written}` cannot be read: {why}; expressions use body, ");
        assert!(message.starts_with(&start), "{message}");
    }
    let deep = "(".repeat(10_000);
    assert!(refused(json!({"operators": [{"type": "noop", "if": deep}]})).contains("nested deeper than 64"));
}

#[test]
fn odd_expressions_never_panic() {
    use proptest::prelude::*;
    let word = prop::sample::select(vec![
        "body",
        "attributes",
        "nil",
        "1",
        "2.5",
        "'a'",
        "[",
        "]",
        "(",
        ")",
        ".",
        "?.",
        "==",
        "<",
        "in",
        "not",
        "matches",
        "and",
        "+",
        "%",
        "-",
        "/",
        ":",
        "?",
        "??",
        ",",
        "len(",
        "split(",
        "type",
        "0",
    ]);
    proptest!(|(words in prop::collection::vec(word, 0..12))| {
        let config = json!({"operators": [{"type": "add", "field": "attributes.x", "value": format!("EXPR({})", words.join(" "))}]});
        if let Ok(operators) = Operators::configure(&config.to_string()) {
            prop_assert!(operators.parse(b"a b\n", &context(true)).is_ok());
        }
    });
}

#[test]
fn odd_settings_never_panic() {
    use proptest::prelude::*;
    let leaf = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!(1e99)),
        Just(json!("")),
        Just(json!("body")),
        Just(json!("attributes")),
        Just(json!("(?P<a>.*)")),
        Just(json!("EXPR(")),
        Just(json!("%Y")),
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            prop::collection::vec((key(), inner), 0..4)
                .prop_map(|pairs| Json::Object(pairs.into_iter().collect())),
        ]
    });
    fn key() -> impl Strategy<Value = String> {
        prop::sample::select(vec![
            "type",
            "id",
            "output",
            "if",
            "on_error",
            "regex",
            "parse_from",
            "parse_to",
            "layout",
            "field",
            "value",
            "from",
            "to",
            "fields",
            "routes",
            "expr",
            "default",
            "mapping",
            "timestamp",
            "severity",
            "combine_field",
            "is_first_entry",
        ])
        .prop_map(str::to_owned)
    }
    let kind = prop::sample::select(crate::operators::TYPES.to_vec());
    proptest!(|(kind in kind, settings in prop::collection::vec((key(), value), 0..5), text in "\\PC{0,30}\n\\PC{0,9}")| {
        let mut operator: serde_json::Map<_, _> = settings.into_iter().collect();
        operator.insert("type".into(), kind.into());
        if let Ok(operators) = Operators::configure(&json!({"operators": [operator]}).to_string()) {
            prop_assert!(operators.parse(text.as_bytes(), &context(true)).is_ok());
        }
    });
}
