use super::*;
use proptest::prelude::*;

#[test]
fn objects_and_only_objects() {
    let read = object(r#" {"a": "b", "c": [1, {"d": null}], "a": -2.50e+3} "#).unwrap();
    assert_eq!(read.get("a"), Some(&Value::Number("-2.50e+3".into())));
    assert_eq!(read.0[0].1.as_str(), Some("b"));
    assert_eq!(read.get("d"), None);
    for other in ["[]", "null", "5", "\"{}\""] {
        assert_eq!(object(other).unwrap_err(), "it is no JSON object");
    }
}

#[test]
fn errors_say_what_and_where() {
    for (text, error) in [
        ("", "a value is missing at byte 0"),
        ("{} {}", "there is more behind the value at byte 3"),
        ("{a: 1}", "a key in quotes is missing at byte 1"),
        ("{\"a\": 1,}", "a key in quotes is missing at byte 8"),
        ("{\"a\" 1}", "a colon is missing at byte 5"),
        ("{\"a\": 1", "a comma or } is missing at byte 7"),
        ("[1 2]", "a comma or ] is missing at byte 3"),
        ("\"a\nb\"", "a string does not end at byte 2"),
        (r#""\x""#, "an escape is not known at byte 2"),
        (r#""\ud800""#, "half a surrogate pair at byte 7"),
    ] {
        assert_eq!(parse(text).unwrap_err(), error, "{text}");
    }
}

#[test]
fn depth_has_a_limit() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(&nested(MAX_DEPTH + 1)).is_ok());
    assert!(parse(&nested(MAX_DEPTH + 2)).unwrap_err().starts_with("it is nested too deeply"));
    assert!(parse(&"{\"a\":".repeat(1_000_000)).unwrap_err().starts_with("it is nested too deeply"));
}

#[test]
fn an_unknown_key_is_named_with_those_that_are_known() {
    assert!(settings(r#"{"window": 1}"#, &["from", "window"]).is_ok());
    let error = settings(r#"{"window": 1, "wndow": 1}"#, &["from", "window"]).unwrap_err();
    assert_eq!(error, "unknown key `wndow`: there is from, window");
}

/// Whether both are the same, numbers apart from how they are written.
fn same(ours: &Value, theirs: &serde_json::Value) -> bool {
    use serde_json::Value as Theirs;
    match (ours, theirs) {
        (Value::Null, Theirs::Null) => true,
        (Value::Boolean(a), Theirs::Bool(b)) => a == b,
        // Without a feature of its own serde_json may miss the nearest float by one.
        (Value::Number(a), Theirs::Number(b)) => match (a.parse::<f64>(), b.as_f64()) {
            (Ok(a), Some(b)) => (a - b).abs() <= a.abs() * f64::EPSILON,
            _ => false,
        },
        (Value::String(a), Theirs::String(b)) => a == b,
        (Value::Array(a), Theirs::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Theirs::Object(b)) => {
            a.0.iter().all(|(key, _)| b.contains_key(key))
                && b.iter().all(|(key, b)| a.get(key).is_some_and(|a| same(a, b)))
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Near misses of JSON, most of them short enough to be right by chance.
    #[test]
    fn agrees_with_serde_json(
        text in r#"([\[\]{},: ]|"[a\\"bnu0dé/ -]{0,4}"|"\\u[0dDeE89][0-9a-fA-F]{3}(\\ud[c-f][0-9]{2})?"|"a": ?|-?[0-9]{1,3}|0?\.[0-9]|[1-9]e[+-]?[0-9]|true|null){0,9}"#,
    ) {
        let (ours, theirs) = (parse(&text), serde_json::from_str::<serde_json::Value>(&text));
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert!(same(ours, theirs), "{}: {:?} {:?}", text, ours, theirs),
            // Its numbers are floats, ours are text.
            (Ok(_), Err(error)) if error.to_string().contains("out of range") => {}
            _ => prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{}: {:?} {:?}", text, ours, theirs),
        }
    }

    #[test]
    fn agrees_with_serde_json_on_strings(text in "\\PC{0,12}|[\u{0}-\u{ff}]{0,6}") {
        let written = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(parse(&written), Ok(Value::String(text)));
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,20}") {
        let _ = parse(&text);
    }
}
