//! Where a text is cut makes no difference.

use proptest::prelude::*;

use super::*;

/// All records of a text that arrives up to each of `ends`.
fn pieces(operators: &Operators, text: &str, ends: &[usize]) -> Vec<Json> {
    let mut all = Vec::new();
    let (mut start, mut entries) = (0, 0);
    for &end in ends.iter().chain([&text.len()]) {
        if end < start {
            continue;
        }
        let context = Context { entries_before: entries, offset: start as u64, ..context(end == text.len()) };
        let piece = &text[start..end];
        let parsed = operators.parse(piece.as_bytes(), &context).unwrap();
        let consumed = parsed.consumed as usize;
        assert!(
            consumed == 0
                || consumed == piece.len() && context.flush
                || piece.as_bytes()[consumed - 1] == b'\n'
        );
        assert!(parsed.records.origin.iter().all(|&origin| (origin as usize) < consumed));
        all.extend(records(&parsed, piece));
        start += consumed;
        entries += u64::from(parsed.entries);
    }
    assert_eq!(start, text.len());
    all
}

fn configs() -> Vec<Json> {
    vec![
        json!({"include_file_record_number": true, "include_file_record_offset": true}),
        json!({"multiline": {"line_start_pattern": "^>"}}),
        json!({"multiline": {"line_start_pattern": ">", "omit_pattern": true}}),
        json!({"multiline": {"line_end_pattern": ";$"}}),
        json!({"multiline": {"line_end_pattern": ";", "omit_pattern": true}, "max_log_size": 5}),
        json!({"operators": [{"type": "recombine", "combine_field": "body", "is_first_entry": "body startsWith '>'"}]}),
        json!({"operators": [{"type": "recombine", "combine_field": "body", "is_last_entry": "body endsWith ';'", "if": "not (body contains 'b')"}]}),
        json!({"operators": [{"type": "recombine", "combine_field": "body", "is_first_entry": "body startsWith '>'"},
            {"type": "filter", "expr": "body contains 'b'"}]}),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn pieces_give_what_the_whole_gives(
        lines in prop::collection::vec("(>)?[ab ]{0,3}(;)?(\r)?", 0..12),
        cuts in prop::collection::vec(any::<bool>(), 12),
        ended in any::<bool>(),
    ) {
        let mut text = lines.join("\n");
        if ended {
            text.push('\n');
        }
        let line_ends = text.match_indices('\n').map(|(at, _)| at + 1).filter(|&end| end < text.len());
        let ends: Vec<_> = line_ends.zip(&cuts).filter(|(_, cut)| **cut).map(|(end, _)| end).collect();
        for config in configs() {
            let operators = make(&config);
            prop_assert_eq!(pieces(&operators, &text, &ends), pieces(&operators, &text, &[]), "{} {:?}", config, text);
        }
    }
}

#[test]
fn entries_of_several_lines_are_the_collectors() {
    let bodies = |config: Json, text: &str| -> Vec<Json> {
        records(&parse(&config, text), text).iter().map(|record| record["body"].clone()).collect()
    };
    let start = json!({"multiline": {"line_start_pattern": r"^\d{4}"}});
    assert_eq!(bodies(start, "lost\n2026 a\n  b\n\n2026 c\n"), ["lost", "2026 a\n  b", "2026 c"]);
    let omit = json!({"multiline": {"line_start_pattern": "LOG ", "omit_pattern": true}});
    assert_eq!(bodies(omit, "LOG a\nb LOG c\n"), ["a\nb", "c"]);
    let end = json!({"multiline": {"line_end_pattern": "END$"}});
    assert_eq!(bodies(end, "a\nb END\nc END\nd\n"), ["a\nb END", "c END", "d"]);
    let small = json!({"multiline": {"line_start_pattern": "^>"}, "max_log_size": 4});
    assert_eq!(bodies(small, "> abcdefgh\n> b\n"), ["> ab", "cdef", "gh", "> b"]);
    let truncated = json!({"multiline": {"line_start_pattern": "^>"}, "max_log_size": 4, "max_log_size_behavior": "truncate"});
    assert_eq!(bodies(truncated, "> abcdefgh\n> b\n"), ["> ab", "> b"]);
}

#[test]
fn the_last_entry_of_several_lines_waits() {
    let operators = make(&json!({"multiline": {"line_start_pattern": "^>"}}));
    let parsed = operators.parse(b"> a\nb\n> c\n", &context(false)).unwrap();
    assert_eq!((parsed.records.origin.len(), parsed.consumed), (1, 6));
}
