//! Answers that no compiler would produce: a core module written by hand claims
//! lists that are not there.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]

mod made;

use skidway_plugin::{CallError, Component, Context, Engine, Limits, Parser, Program};

/// Where in the answer (`result<parsed, string>`, see the WIT file) things stand:
/// the lists of `records` in their order, eight bytes each, behind the discriminant.
const FIRST_LIST: u32 = 4;
const KEYS: u32 = FIRST_LIST + 12 * 8;
const UNRECOGNISED: u32 = FIRST_LIST + 14 * 8 + 16;

/// A parser whose answer has `length` in the place of the list at `list`.
fn forger(list: u32, pointer: u32, length: u32) -> Component {
    let module = format!(
        r#"(module
            (memory (export "memory") 2)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 65536)
            (func (export "skidway:processor/lifecycle@0.1.0#configure") (param i32 i32) (result i32)
                i32.const 1024)
            (func (export "skidway:processor/parser@0.1.0#owns-file-attributes") (result i32) i32.const 0)
            (func (export "skidway:processor/parser@0.1.0#parse")
                (param i32 i32 i32 i32 i64 i32 i32 i32 i64 i64 i32 i32) (result i32)
                (i32.store (i32.const {at}) (i32.const {pointer}))
                (i32.store (i32.const {behind}) (i32.const {length}))
                i32.const 2048))"#,
        at = 2048 + list,
        behind = 2048 + list + 4,
    );
    let bytes = made::parser(&module);
    Engine::new(None, Program::this(&[])).unwrap().load_bundled("forger", &bytes).unwrap()
}

fn refused(list: u32, pointer: u32, length: u32) -> CallError {
    let mut parser = Parser::new(&forger(list, pointer, length), "{}", Limits::default()).unwrap();
    parser.parse("a line\n", &Context { zone: vec![(0, 0)], ..Context::default() }).unwrap_err()
}

#[test]
fn lists_that_do_not_fit_into_memory_are_refused_before_anything_is_allocated() {
    for list in [FIRST_LIST, FIRST_LIST + 8, KEYS, UNRECOGNISED] {
        assert!(matches!(refused(list, 0, u32::MAX), CallError::Trap(_)), "2^32-1 at {list}");
        assert!(matches!(refused(list, 0, 1 << 30), CallError::Trap(_)), "an overflow at {list}");
        assert!(matches!(refused(list, u32::MAX - 7, 1), CallError::Trap(_)), "past the end at {list}");
    }
}

#[test]
fn a_list_that_fits_but_has_no_match_is_refused() {
    assert!(matches!(refused(FIRST_LIST, 4096, 8), CallError::Invalid(_)));
    assert!(matches!(refused(UNRECOGNISED, 4096, 1), CallError::Invalid(_)));
}

#[test]
fn columns_that_all_point_at_the_same_memory_are_bounded_by_the_output_limit() {
    let limits = Limits { output: 1024, ..Limits::default() };
    let mut parser = Parser::new(&forger(FIRST_LIST, 4096, 1024), "{}", limits).unwrap();
    let error = parser.parse("a line\n", &Context { zone: vec![(0, 0)], ..Context::default() });
    assert_eq!(error.unwrap_err(), CallError::OutOfOutput(1024));
}
