use proptest::prelude::*;

use super::*;

const MODERN: &str =
    r"^(?P<timestamp>\S+) (?P<hostname>\S+) (?P<unit>\S+?)(?:\[(?P<pid>\d+)\])?: (?P<message>.*)$";
const LEGACY: &str = r"^(?P<timestamp>\w+ \d+ \d{2}:\d{2}:\d{2}) (?P<hostname>\S+) (?P<unit>\S+?)(?:\[(?P<pid>\d+)\])?: (?P<message>.*)$";

fn groups(pattern: &str, text: &str) -> Option<Vec<Option<String>>> {
    let pattern = Pattern::new(pattern).unwrap();
    let mut slots = Slots::default();
    pattern.captures(text.as_bytes(), &mut slots).then(|| {
        let group = |group| slots.get(group).map(|(start, end)| text[start..end].to_owned());
        (0..pattern.names().len()).map(group).collect()
    })
}

fn found(pattern: &str, text: &str) -> Option<String> {
    groups(pattern, text).map(|groups| groups[0].clone().unwrap())
}

#[test]
fn syslog_lines_give_their_parts() {
    let some = |text: &str| Some(text.to_owned());
    let line = "2025-11-17T20:55:44.826796+00:00 ip-10-0-0-1 sshd[99]: Failed: x: y";
    let whole = some(line);
    assert_eq!(
        groups(MODERN, line).unwrap(),
        [
            whole,
            some("2025-11-17T20:55:44.826796+00:00"),
            some("ip-10-0-0-1"),
            some("sshd"),
            some("99"),
            some("Failed: x: y")
        ]
    );
    let line = "Nov 17 20:55:44 höst kernel: [ 1.2] up";
    assert_eq!(
        groups(LEGACY, line).unwrap(),
        [some(line), some("Nov 17 20:55:44"), some("höst"), some("kernel"), None, some("[ 1.2] up")]
    );
    assert_eq!(groups(LEGACY, "Nov  7 20:55:44 host kernel: up"), None);
    assert_eq!(groups(MODERN, "no syslog"), None);
    assert_eq!(groups(MODERN, ""), None);
    let odd = "t h a[b[7]: m";
    assert_eq!(groups(MODERN, odd).unwrap()[3..], [some("a[b"), some("7"), some("m")]);
}

#[test]
fn both_of_the_guides_patterns_are_programs() {
    for pattern in [MODERN, LEGACY] {
        assert!(Pattern::new(pattern).unwrap().program.is_some());
    }
}

#[test]
fn classes_are_those_of_go() {
    let table = [
        (r"^\d+$", "٣", None),
        (r"^\w+$", "ä", None),
        (r"^\W$", "ä", Some("ä")),
        (r"^\s$", "\u{b}", None),
        (r"^\S$", "\u{b}", Some("\u{b}")),
        (r"^[[:space:]]$", "\u{b}", Some("\u{b}")),
        (r"^\S$", "\u{a0}", Some("\u{a0}")),
        (r"\bx\b", "äxä", Some("x")),
        (r"^.$", "\n", None),
        (r"(?s)^.$", "\n", Some("\n")),
        (r"^[^a]$", "\n", Some("\n")),
        (r"(?i)^k$", "\u{212a}", Some("\u{212a}")),
        (r"(?i)^\w$", "\u{17f}", Some("\u{17f}")),
        (r"^[a&&b]+$", "a&b", Some("a&b")),
        (r"^[+--c]+$", ",c", Some(",c")),
        (r"^[[a]+$", "[a", Some("[a")),
        (r"^[]a]+$", "]a", Some("]a")),
        (r"^[^]a]+$", "b", Some("b")),
        (r"^[a-]+$", "a-", Some("a-")),
        (r"^[\d\-x]+$", "1-x", Some("1-x")),
        (r"^[\D]$", "1", None),
        (r"^a{,5}$", "a{,5}", Some("a{,5}")),
        (r"^a{2}$", "aa", Some("aa")),
        (r"^{$", "{", Some("{")),
        (r"^\Qa.b[\E+$", "a.b[[", Some("a.b[[")),
        (r"^\x41\x{e4}\101\0$", "AäA\0", Some("AäA\0")),
        (r"^\pL\p{Greek}\P{Lu}\p{^Lu}$", "aΩaa", Some("aΩaa")),
        (r"(?m)^b$", "a\nb\nc", Some("b")),
        (r"a$", "a\n", None),
        (r"a\z", "a", Some("a")),
        (r"(?U)a+", "aaa", Some("a")),
        (r"x#y z", "x#y z", Some("x#y z")),
        (r"a|ab", "ab", Some("a")),
        (r"(?:a|ab)(?:c|bcd)", "abcd", Some("abcd")),
    ];
    for (pattern, text, expected) in table {
        assert_eq!(found(pattern, text).as_deref(), expected, "{pattern} on {text:?}");
    }
}

#[test]
fn what_go_refuses_is_refused_with_a_reason() {
    let table = [
        ("(?=a)", "look-around is not part of RE2; match what stands around as well (at offset 0)"),
        (r"x\1", "back-references are not part of RE2 (at offset 1)"),
        (r"\Z", r"`\Z` is no escape of RE2 (at offset 0)"),
        ("a**", "`*` repeats a repetition; write a group around it (at offset 2)"),
        ("a{1001}", "a repetition goes to 1000 at the most (at offset 1)"),
        ("a{3,2}", "a repetition ends below its beginning (at offset 1)"),
        ("(?x)a", "`(?x` is unknown; the flags are i, m, s and U (at offset 0)"),
        ("(?P<a>x)(?P<a>y)", "there are two groups with the name `a` (at offset 8)"),
        ("(?P<a-b>x)", "a group's name is letters, digits and _, as in `(?P<name>...)` (at offset 0)"),
        ("[a", "the class has no `]` (at offset 0)"),
        ("[b-a]", "the range b-a ends below its beginning (at offset 1)"),
        ("[a--c]", "the range a-- ends below its beginning (at offset 1)"),
        ("[[:nope:]]", "`[:nope:]` is no class (at offset 1)"),
        (r"a\", "a backslash ends the pattern (at offset 1)"),
        ("(a", "unclosed group"),
        ("*a", "repetition operator missing expression"),
        (r"\p{Nope}", "Unicode property not found"),
        ("(?:(?:a{1000}){1000}){1000}", "it is too large: repeat less, or smaller things"),
    ];
    for (pattern, expected) in table {
        assert_eq!(Pattern::new(pattern).unwrap_err().to_string(), expected, "{pattern}");
    }
}

#[test]
fn a_pattern_that_explodes_is_answered_all_the_same() {
    let pattern = Pattern::new("^(?:a|a|aa)*(b)$").unwrap();
    assert!(pattern.program.is_some());
    let text = "a".repeat(2_000);
    let mut slots = Slots::default();
    assert!(!pattern.captures(text.as_bytes(), &mut slots));
    let mut offsets = [UNSET; 4];
    let program = pattern.program.as_ref().unwrap();
    assert_eq!(run::search(program, text.as_bytes(), 0, &mut offsets, &mut Memory::default()), None);
    let text = text + "b";
    assert!(pattern.captures(text.as_bytes(), &mut slots));
    assert_eq!(slots.get(1), Some((2_000, 2_001)));
}

#[test]
fn a_search_goes_on_from_where_it_is_told() {
    let pattern = Pattern::new("(?m)^x(y)?").unwrap();
    let mut slots = Slots::default();
    let text = b"xy\n x\nx";
    assert_eq!(pattern.find_at(text, 0, &mut slots), Some((0, 2)));
    assert_eq!(pattern.find_at(text, 1, &mut slots), Some((6, 7)));
    assert_eq!(slots.get(1), None);
    assert_eq!(pattern.find_at(text, 7, &mut slots), None);
    assert_eq!(Pattern::new("^x").unwrap().find_at(b"xx", 1, &mut slots), None);
}

/// Pieces of patterns, put together at random.
fn pattern() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => prop::sample::select(vec![
            "a", "b", "ä", " ", ":", r"\[", r"\S", r"\s", r"\d", r"\w", r"\W", ".", "[ab]", "[^a ]", "[ä-ü]", "[^ä]",
            r"\S+", r"\S*?", r"\w+?", ".*", ".+?", r"\d{2}", r"\w{1,3}", "[^:]*", r"[ä-ü]+", "ab", "(?i)a", r"\b", r"\B",
        ]).prop_map(str::to_owned),
        1 => prop::sample::select(vec!["^", "$", "(?m:^)", "(?m:$)", ""]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 1..5).prop_map(|parts| parts.concat()),
            2 => inner.clone().prop_map(|sub| format!("({sub})")),
            2 => (inner.clone(), prop::sample::select(vec!["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?"]))
                .prop_map(|(sub, operator)| format!("(?:{sub}){operator}")),
            1 => (inner.clone(), inner).prop_map(|(a, b)| format!("(?:{a}|{b})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn program_and_automaton_agree(pattern in pattern(), texts in prop::collection::vec("[abä ü:\\[\\]1\n]{0,12}", 1..6), from in 0usize..4) {
        let Ok(pattern) = Pattern::new(&pattern) else { return Ok(()) };
        let Some(program) = &pattern.program else { return Ok(()) };
        for text in texts {
            let from = (0..=from.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            if pattern.anchored && from > 0 {
                continue;
            }
            let slots = 2 * pattern.names.len();
            let (mut ours, mut theirs) = (vec![UNSET; slots], vec![UNSET; slots]);
            let memory = &mut Memory::default();
            let Some(answer) = run::search(program, text.as_bytes(), from, &mut ours, memory) else { continue };
            prop_assert_eq!(answer, pattern.fallback.search(text.as_bytes(), from, &mut theirs), "{:?}", text);
            if answer {
                prop_assert_eq!(ours, theirs, "{:?}", text);
            }
        }
    }

    #[test]
    fn anything_is_a_pattern_or_an_error(pattern in "\\PC{0,24}", text in "\\PC{0,24}") {
        if let Ok(pattern) = Pattern::new(&pattern) {
            pattern.is_match(text.as_bytes());
        }
    }

    #[test]
    fn syntax_of_go_is_translated_or_refused(
        pattern in prop::collection::vec(prop::sample::select(vec![
            "a", "(", ")", "(?:", "(?P<n>", "[", "]", "^", "$", "*", "+", "?", "{", "}", "{2,3}", "\\", "\\Q", "\\E", "-", "&&",
            "\\d", "\\x41", "|", ".", ",", "[:alpha:]", "(?i)", "ä",
        ]), 0..10),
        text in "[a-c&\\[\\-ä{}]{0,10}",
    ) {
        if let Ok(pattern) = Pattern::new(&pattern.concat()) {
            pattern.is_match(text.as_bytes());
        }
    }
}
