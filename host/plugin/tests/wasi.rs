//! The empty world that components find which import WASI.
//!
//! Each is made by hand, so that it calls what it was made to call, and looks at the
//! answer itself: `unreachable` where it is not as it should be.
#![allow(clippy::unwrap_used, reason = "helpers of tests: a failure is the test's")]

mod made;

use skidway_plugin::{Limits, LoadError, inspect};

/// What of WASI these tests import, in the words of its own files.
const WASI: &str = "
package wasi:io@0.2.6 {
    interface error { resource error { to-debug-string: func() -> string; } }
    interface poll {
        resource pollable { ready: func() -> bool; block: func(); }
        poll: func(in: list<borrow<pollable>>) -> list<u32>;
    }
    interface streams {
        use error.{error};
        use poll.{pollable};
        variant stream-error { last-operation-failed(error), closed }
        resource input-stream {
            blocking-read: func(len: u64) -> result<list<u8>, stream-error>;
        }
        resource output-stream {
            check-write: func() -> result<u64, stream-error>;
            write: func(contents: list<u8>) -> result<_, stream-error>;
            subscribe: func() -> pollable;
        }
    }
}
package wasi:clocks@0.2.6 {
    interface monotonic-clock {
        use wasi:io/poll@0.2.6.{pollable};
        now: func() -> u64;
        subscribe-duration: func(when: u64) -> pollable;
    }
}
package wasi:random@0.2.6 {
    interface random { get-random-bytes: func(len: u64) -> list<u8>; get-random-u64: func() -> u64; }
}
package wasi:cli@0.2.6 {
    interface environment { get-environment: func() -> list<tuple<string, string>>; }
    interface exit { exit: func(status: result); }
    interface stdin { use wasi:io/streams@0.2.6.{input-stream}; get-stdin: func() -> input-stream; }
    interface stdout { use wasi:io/streams@0.2.6.{output-stream}; get-stdout: func() -> output-stream; }
}
package wasi:sockets@0.2.6 {
    interface tcp-create-socket {
        enum error-code { unknown, access-denied, not-supported }
        enum ip-address-family { ipv4, ipv6 }
        resource tcp-socket;
        create-tcp-socket: func(family: ip-address-family) -> result<tcp-socket, error-code>;
    }
}
package wasi:other@0.2.6 { interface thing { do-it: func(); odd: func() -> u32; } }
";

/// Calls a component that imports `interface`, has `imports` in its module, and does
/// `body`.
fn run(interfaces: &[&str], imports: &str, body: &str) -> Result<(), String> {
    made::call(&component(interfaces, imports, body), Limits::default())
}

fn component(interfaces: &[&str], imports: &str, body: &str) -> Vec<u8> {
    let world: String = interfaces.iter().map(|name| format!("import {name}@0.2.6;")).collect();
    made::parser_importing(&made::module(imports, "", body), WASI, &world)
}

const RANDOM: &str = r#"(import "wasi:random/random@0.2.6" "get-random-bytes" (func $bytes (param i64 i32)))
    (import "wasi:random/random@0.2.6" "get-random-u64" (func $number (result i64)))"#;
const STDOUT: &str = r#"(import "wasi:cli/stdout@0.2.6" "get-stdout" (func $stdout (result i32)))
    (import "wasi:io/streams@0.2.6" "[method]output-stream.check-write" (func $room (param i32 i32)))
    (import "wasi:io/streams@0.2.6" "[method]output-stream.write" (func $write (param i32 i32 i32 i32)))
    (import "wasi:io/streams@0.2.6" "[method]output-stream.subscribe" (func $subscribe (param i32) (result i32)))
    (import "wasi:io/streams@0.2.6" "[resource-drop]output-stream" (func $drop (param i32)))"#;

#[test]
fn there_is_no_environment() {
    let import = r#"(import "wasi:cli/environment@0.2.6" "get-environment" (func $environment (param i32)))"#;
    // The list is empty, where something else lay before.
    let body = "(i32.store (i32.const 4100) (i32.const 77)) (call $environment (i32.const 4096))
        (if (i32.load (i32.const 4100)) (then unreachable))";
    run(&["wasi:cli/environment"], import, body).unwrap();
}

#[test]
fn there_is_no_network() {
    let import = r#"(import "wasi:sockets/tcp-create-socket@0.2.6" "create-tcp-socket"
        (func $socket (param i32 i32)))"#;
    // An error, and the second one of them.
    let body = "(call $socket (i32.const 0) (i32.const 4096))
        (if (i32.ne (i32.load8_u (i32.const 4096)) (i32.const 1)) (then unreachable))
        (if (i32.ne (i32.load8_u (i32.const 4100)) (i32.const 1)) (then unreachable))";
    run(&["wasi:sockets/tcp-create-socket"], import, body).unwrap();
}

#[test]
fn standard_input_has_ended() {
    let imports = r#"(import "wasi:cli/stdin@0.2.6" "get-stdin" (func $stdin (result i32)))
        (import "wasi:io/streams@0.2.6" "[method]input-stream.blocking-read"
            (func $read (param i32 i64 i32)))"#;
    // An error, and the one without a value.
    let body = "(call $read (call $stdin) (i64.const 100) (i32.const 4096))
        (if (i32.ne (i32.load8_u (i32.const 4096)) (i32.const 1)) (then unreachable))
        (if (i32.ne (i32.load8_u (i32.const 4100)) (i32.const 1)) (then unreachable))";
    run(&["wasi:cli/stdin", "wasi:io/streams"], imports, body).unwrap();
}

#[test]
fn what_is_written_is_taken() {
    let body = "(local $out i32) (local.set $out (call $stdout))
        (call $room (local.get $out) (i32.const 4096))
        (if (i64.eqz (i64.load (i32.const 4104))) (then unreachable))
        (call $write (local.get $out) (i32.const 0) (i32.const 100) (i32.const 4096))
        (if (i32.load8_u (i32.const 4096)) (then unreachable))
        (call $drop (local.get $out))";
    run(&["wasi:cli/stdout", "wasi:io/streams"], STDOUT, body).unwrap();
}

#[test]
fn a_handle_that_was_given_back_is_gone() {
    let body = "(local $out i32) (local.set $out (call $stdout)) (call $drop (local.get $out))
        (call $room (local.get $out) (i32.const 4096))";
    assert!(run(&["wasi:cli/stdout", "wasi:io/streams"], STDOUT, body).is_err());
}

#[test]
fn waiting_is_over_at_once_and_the_clock_has_moved() {
    let imports = r#"(import "wasi:clocks/monotonic-clock@0.2.6" "now" (func $now (result i64)))
        (import "wasi:clocks/monotonic-clock@0.2.6" "subscribe-duration"
            (func $wait (param i64) (result i32)))
        (import "wasi:io/poll@0.2.6" "[method]pollable.block" (func $block (param i32)))
        (import "wasi:io/poll@0.2.6" "poll" (func $poll (param i32 i32 i32)))"#;
    // An hour passes at once, and both pollables are ready.
    let body = "(local $before i64) (local.set $before (call $now))
        (i32.store (i32.const 4096) (call $wait (i64.const 3600000000000)))
        (i32.store (i32.const 4100) (i32.load (i32.const 4096)))
        (call $block (i32.load (i32.const 4096)))
        (if (i64.lt_u (call $now) (i64.add (local.get $before) (i64.const 3600000000000))) (then unreachable))
        (call $poll (i32.const 4096) (i32.const 2) (i32.const 4104))
        (if (i32.ne (i32.load (i32.const 4108)) (i32.const 2)) (then unreachable))
        (if (i32.ne (i32.load offset=4 (i32.load (i32.const 4104))) (i32.const 1)) (then unreachable))";
    run(&["wasi:clocks/monotonic-clock", "wasi:io/poll"], imports, body).unwrap();
}

#[test]
fn random_bytes_are_bounded() {
    let ask = |count: u64| {
        run(&["wasi:random/random"], RANDOM, &format!("(call $bytes (i64.const {count}) (i32.const 4096))"))
    };
    ask(65536).unwrap();
    for count in [65537, 1 << 40] {
        assert_eq!(
            ask(count).unwrap_err(),
            format!(
                "it trapped: it called wasi:random/random@0.2.6#get-random-bytes for {count} bytes, and 65536 \
                 at once are the most"
            )
        );
    }
}

#[test]
fn random_numbers_differ_but_not_from_instance_to_instance() {
    let body = "(if (i64.eq (call $number) (call $number)) (then unreachable))
        (i64.store (i32.const 4096) (call $number))";
    run(&["wasi:random/random"], RANDOM, body).unwrap();
}

#[test]
fn handles_are_bounded() {
    let body = "(loop $l (drop (call $stdout)) br $l)";
    let error = run(&["wasi:cli/stdout", "wasi:io/streams"], STDOUT, body).unwrap_err();
    assert_eq!(
        error,
        "it trapped: it called wasi:cli/stdout@0.2.6#get-stdout and holds 10000 handles already"
    );
    // Pollables count as well.
    let body = "(local $out i32) (local.set $out (call $stdout))
        (loop $l (drop (call $subscribe (local.get $out))) br $l)";
    let error = run(&["wasi:cli/stdout", "wasi:io/streams"], STDOUT, body).unwrap_err();
    assert!(error.contains("holds 10000 handles already"), "{error}");
}

#[test]
fn handles_that_are_given_back_do_not_count() {
    let body = "(local $n i32) (loop $l (call $drop (call $stdout))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $n) (i32.const 30000))))";
    run(&["wasi:cli/stdout", "wasi:io/streams"], STDOUT, body).unwrap();
}

#[test]
fn lists_of_pollables_are_bounded() {
    let imports = r#"(import "wasi:io/poll@0.2.6" "poll" (func $poll (param i32 i32 i32)))"#;
    // A list of as many as the memory has room for, and of more.
    for length in [60_000, 0x4000_0000u32] {
        let body = format!("(call $poll (i32.const 0) (i32.const {length}) (i32.const 4096))");
        assert!(run(&["wasi:io/poll"], imports, &body).is_err());
    }
}

#[test]
fn what_is_written_at_once_is_bounded_by_the_output_limit() {
    let body = "(call $write (call $stdout) (i32.const 0) (i32.const 262144) (i32.const 4096))";
    let bytes = component(&["wasi:cli/stdout", "wasi:io/streams"], STDOUT, body);
    let error = made::call(&bytes, Limits { output: 1 << 20, ..Limits::default() }).unwrap_err();
    assert_eq!(error, "its answer takes more than 1048576 bytes");
}

#[test]
fn to_exit_is_to_trap() {
    let import = r#"(import "wasi:cli/exit@0.2.6" "exit" (func $exit (param i32)))"#;
    let error = run(&["wasi:cli/exit"], import, "(call $exit (i32.const 0))").unwrap_err();
    assert_eq!(error, "it trapped: it called wasi:cli/exit@0.2.6#exit, which ends it");
}

#[test]
fn what_is_not_known_traps_when_it_is_called_and_only_then() {
    let import = r#"(import "wasi:other/thing@0.2.6" "do-it" (func $do))"#;
    run(&["wasi:other/thing"], import, "").unwrap();
    assert_eq!(
        run(&["wasi:other/thing"], import, "(call $do)").unwrap_err(),
        "it trapped: it called wasi:other/thing@0.2.6#do-it, which is not there in an empty world"
    );
}

#[test]
fn a_function_of_another_type_than_wasis_traps() {
    let packages = "package wasi:random@0.2.6 { interface random { get-random-u64: func() -> string; } }";
    let import = r#"(import "wasi:random/random@0.2.6" "get-random-u64" (func $number (param i32)))"#;
    let module = made::module(import, "", "(call $number (i32.const 4096))");
    let bytes = made::parser_importing(&module, packages, "import wasi:random/random@0.2.6;");
    assert!(made::call(&bytes, Limits::default()).unwrap_err().starts_with("it trapped: "));
}

#[test]
fn an_answer_of_a_million_parts_is_not_made() {
    let steps: String = (1..12).map(|n| format!("type t{n} = tuple<t{m}, t{m}, t{m}>;", m = n - 1)).collect();
    let packages = format!(
        "package wasi:cli@0.2.6 {{ interface environment {{ type t0 = u8; {steps} get-environment: func() -> t11; }} }}"
    );
    let import = r#"(import "wasi:cli/environment@0.2.6" "get-environment" (func $environment (param i32)))"#;
    let module = made::module(import, "", "(call $environment (i32.const 4096))");
    let bytes = made::parser_importing(&module, &packages, "import wasi:cli/environment@0.2.6;");
    assert_eq!(
        made::call(&bytes, Limits::default()).unwrap_err(),
        "it trapped: it called wasi:cli/environment@0.2.6#get-environment, whose type is not WASI's"
    );
}

#[test]
fn it_is_said_what_a_component_imports() {
    let bytes = component(&["wasi:random/random"], RANDOM, "");
    let inspection = inspect(&bytes).unwrap();
    assert!(!inspection.is_pure());
    assert_eq!(inspection.wasi_imports().collect::<Vec<_>>(), ["wasi:random/random@0.2.6"]);
    assert_eq!(inspection.foreign_imports().count(), 0);
}

#[test]
fn what_is_neither_ours_nor_wasis_is_refused() {
    let packages = "package other:thing@0.1.0 { interface harm { do-it: func(); } }";
    let import = r#"(import "other:thing/harm@0.1.0" "do-it" (func $do))"#;
    let bytes =
        made::parser_importing(&made::module(import, "", ""), packages, "import other:thing/harm@0.1.0;");
    let error = made::load(&bytes).unwrap_err();
    assert!(
        matches!(&error, LoadError::Imports { foreign } if foreign == &["other:thing/harm@0.1.0"]),
        "{error}"
    );
}
